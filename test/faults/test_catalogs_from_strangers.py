"""Catalogs from strangers: mutated bytes give a sentence or the right events, in bounded memory."""

import csv
import os

import pytest
from hypothesis import given, strategies as st

import peak_memory
from faults.small_settings import few
from plugin.engine import work
from plugin.engine.progress import Silent
from plugin.engine.seismic.catalog import CatalogFields, read_catalog
from plugin.jobs.errors import JobError
from small_world import World

FIELDS = CatalogFields("", "", "")


@pytest.fixture(scope="module")
def content(tmp_path_factory):
    path = World(tmp_path_factory.mktemp("world")).catalog
    with open(path, "rb") as file:
        return b"".join(file.readlines()[:120])


def read(path):
    """The events of a file; a refusal must be ours."""
    try:
        return read_catalog(str(path), FIELDS, Silent())
    except JobError as error:
        assert error.found and error.remedy and len(str(error)) < 1000
        return None
    except Exception as error:
        why = work.explain(error, "check_catalog")
        raise AssertionError(f"{why}\n{why.trace}") from error


PIECES = st.sampled_from((
    b"\0", b'"', b'"' * 3, b"\r", b"\r\r\n", b"\xff\xfe", b"\xef\xbb\xbf", b",,,,,", b"\n\n", b"'", b"\\",
    b"9" * 500, b"-", b"1e400", b"nan", b"inf", b"=cmd|'/c calc'!A1", b"\x1a", b"\xc3\x28", b";", b"\t",
    b"0x10", b"1,5", b"24:00:00", b"60", b"T", b"Z", b"+99:99", b"0000-00-00", b"99999-01-01",
))  # fmt: skip


def test_mutated_catalogs_are_read_or_refused(content, tmp_path):
    path, whole = tmp_path / "events.csv", content

    @few(150)
    @given(st.data())
    def attempts(data):
        changed = bytearray(whole)
        for _ in range(data.draw(st.integers(1, 8))):
            place = data.draw(st.integers(0, len(changed)))
            cut = data.draw(st.sampled_from((0, 0, 1, 5, 60)))
            changed[place : place + cut] = data.draw(PIECES)
        path.write_bytes(bytes(changed))
        events = read(path)
        if events is not None:
            assert len(events) <= changed.count(b"\n") + changed.count(b"\r") + 1
            assert ((events.latitude >= -90) & (events.latitude <= 90)).all()
            assert ((events.longitude >= -180) & (events.longitude <= 180)).all()

    attempts()


def test_a_field_of_many_megabytes_is_refused_or_skipped_in_little_memory(content, tmp_path):
    path = tmp_path / "events.csv"
    head, _, rest = content.partition(b"\n")
    path.write_bytes(head + b"\n" + b"x" * 50_000_000 + b"\n" + rest)
    peak_memory.forget()
    before = peak_memory.kilobytes()
    read(path)
    assert peak_memory.kilobytes() - before < 700_000


def test_a_quote_that_never_ends_does_not_swallow_the_events_without_a_word(content, tmp_path):
    path = tmp_path / "events.csv"
    lines = content.split(b"\n")
    lines[5] = b'"' + lines[5]
    path.write_bytes(b"\n".join(lines))
    events = read(path)
    assert events is None or len(events) >= 100


@pytest.mark.parametrize("text", ["", "\n", ",", "time", "time,latitude,longitude,mag\n", "\0" * 500,
                                  "a" * 300_000, '"' * 9999, ",".join("abc" * 3000)])  # fmt: skip
def test_what_is_no_catalog_is_refused(text, tmp_path):
    (tmp_path / "events.csv").write_text(text, encoding="utf-8")
    assert read(tmp_path / "events.csv") is None


def test_pipes_and_folders_are_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    made = str(tmp_path / "events.geojson")
    for path in (tmp_path, tmp_path / "pipe.csv"):
        with pytest.raises(JobError, match="not a file that exists"):
            work.do("check_catalog", {"catalog": str(path), "output": made}, Silent())
    assert csv.field_size_limit() <= 2**31
