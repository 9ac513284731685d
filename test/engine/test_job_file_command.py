"""A job file that cannot be read is refused in words that a user knows."""

import json
import os
import subprocess

import pytest

from plugin.engine import command
from plugin.jobs import places
from plugin.jobs.errors import JobError

JOB = {"do": "upscale_raster", "values": {"input": "a.tif", "output": "b.tif", "factor": "2"}}


def written(folder, content):
    path = folder / "job.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return str(path)


def refused(path):
    with pytest.raises(JobError) as caught:
        command.read_job(path)
    assert "Errno" not in str(caught.value) and caught.value.remedy
    return caught.value.found


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("hello", "what it holds is not JSON (line 1, column 1: Expecting value)."),
        ('{"do": "x",\n "values": {},}', "not JSON (line 2, column "),
        (
            '{"values": {"input": "C:\\data\\dem.tif"}}',
            "; in a path write / or a double backslash.",
        ),
        (b"\xff\xfe\xff", "it is not a text in UTF-8."),
        ("[" * 100_000, "it nests too deep."),
        ('{"do": "x", "values": {"factor": "4", "factor": "2"}}', '"factor" stands there 2 times.'),
    ],
)
def test_job_file_that_cannot_be_read_is_told_without_words_of_programmers(tmp_path, content, why):
    path = written(tmp_path, content)
    found = refused(path)
    assert found.startswith(f'The job file "{path}" cannot be read: ') and why in found


def test_job_file_that_is_not_there_is_refused(tmp_path):
    path = str(tmp_path / "job.json")
    assert refused(path) == f'The job file "{path}" cannot be read: No such file or directory.'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_job_file_of_any_editor_is_read(tmp_path, encoding):
    path = written(tmp_path, json.dumps(JOB).replace("\n", "\r\n").encode(encoding))
    assert command.read_job(path) == (JOB["do"], JOB["values"], "")


def test_names_may_be_written_as_in_the_dialogs_help(tmp_path):
    values = {key.upper(): value for key, value in JOB["values"].items()}
    path = written(tmp_path, json.dumps({**JOB, "values": values}))
    assert command.read_job(path)[1] == JOB["values"]


def test_job_file_may_name_the_language_of_its_report(tmp_path):
    path = written(tmp_path, json.dumps({**JOB, "language": "zh_CN"}))
    assert command.read_job(path) == (JOB["do"], JOB["values"], "zh_CN")


@pytest.mark.parametrize("language", ["zh-cn", "ZH_cn", "zh_Hans", "en", "en_US", "", None])
def test_language_is_known_however_it_is_written(tmp_path, language):
    path = written(tmp_path, json.dumps({**JOB, "language": language}))
    assert command.read_job(path)[2] == (language or "")


@pytest.mark.parametrize("language", [5, True, ["zh_CN"], {"a": 1}, "xx", "zh_TW", "../../etc"])
def test_language_without_a_translation_is_refused(tmp_path, language):
    path = written(tmp_path, json.dumps({**JOB, "language": language}))
    said = refused(path)
    assert said.startswith('"language" is ') and said.endswith(f'in the job file "{path}".')


def test_value_beside_the_values_is_refused(tmp_path):
    path = written(tmp_path, json.dumps({**JOB, "device": "cuda"}))
    assert '"device" stands beside "values"' in refused(path)


def test_job_does_not_write_over_its_own_file(tmp_path):
    path = written(tmp_path, "{}")
    values = {**JOB["values"], "report": str(tmp_path / "." / "job.json")}
    with pytest.raises(JobError, match="REPORT is the job file itself"):
        command.refuse_itself(path, JOB["do"], values)
    command.refuse_itself(path, JOB["do"], JOB["values"])


def test_what_a_killed_process_left_half_written_is_removed_and_nothing_else(tmp_path, monkeypatch):
    monkeypatch.setattr(places, "_machine", "@node-07")
    with subprocess.Popen(["true"]) as dead:
        pass
    values = {**JOB["values"], "output": str(tmp_path / "b.tif")}
    gone = [f"b.tif.{dead.pid}@node-07.part", f"b.tif.{dead.pid}@node-07.part.aux.xml"]
    others = (f"b.tif.{dead.pid}@node-08.part", f"c.tif.{dead.pid}@node-07.part")
    stay = ["b.tif", f"b.tif.{os.getpid()}@node-07.part", "b.tif.old.part", *others]
    for name in gone + stay:
        (tmp_path / name).write_text("x")
    command.sweep_dead(JOB["do"], values, places.sign("node 07"))
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(stay)


@pytest.mark.parametrize("name", [None, ["upscale_raster"], 7, "unknown"])
def test_job_without_a_known_name_is_refused(tmp_path, name):
    from plugin.engine import work
    from plugin.engine.progress import Silent

    command.sweep_dead(name, {}, "")
    with pytest.raises(JobError, match="knows no job"):
        work.do(name, {}, Silent())
