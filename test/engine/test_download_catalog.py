"""Catalogs from an event service that does what real ones do: nothing is lost, nothing is double."""

import json
import socket
import threading
import time
from collections import Counter

import numpy as np
import pytest

from fake_event_service import EventService, event
from plugin.engine.progress import Progress, Silent
from plugin.engine.seismic import download, web
from plugin.engine.seismic.catalog import CatalogFields, read_catalog
from plugin.engine.tasks import download_catalog
from plugin.jobs.declare import from_values
from plugin.jobs.download_catalog import DownloadCatalog
from plugin.jobs.errors import JobError, Stopped

DAY = 14_000.0  # 2008-05-01


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Short pauses and small pages; no proxy of this computer."""
    monkeypatch.setattr(web, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(web, "STALL_SECONDS", 1.0)
    monkeypatch.setattr(download, "PAGE_EVENTS", 50)
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


def many(count=300, days=30.0, seed=0):
    """Events at random, several of them at the very same time."""
    chance = np.random.default_rng(seed)
    times = np.round(chance.uniform(0, days, count) * 86_400, 3) / 86_400
    times[10:15] = times[9]
    return [
        event(n, DAY + t, round(chance.uniform(5, 15), 3), round(chance.uniform(40, 50), 3))
        for n, t in enumerate(times)
    ]


def job(service, tmp_path, **values):
    known = {
        "extent": [0.0, 20.0, 30.0, 60.0],
        "start": "2008-05-01T00:00:00",
        "end": "2008-06-01T00:00:00",
        "minimum_magnitude": 2.0,
        "service": service if isinstance(service, str) else service.address,
        "resume_folder": str(tmp_path / "kept"),
        "output": str(tmp_path / "events.geojson"),
    }
    return from_values(DownloadCatalog, {**known, **values})


def ids_of(tmp_path):
    collection = json.loads((tmp_path / "events.geojson").read_text(encoding="utf-8"))
    return Counter(entry["properties"]["id"] for entry in collection["features"])


def once(events):
    return Counter(entry["id"] for entry in events)


def kept_files(tmp_path):
    return list((tmp_path / "kept").iterdir()) if (tmp_path / "kept").exists() else []


def test_events_come_sorted_with_all_that_is_known_of_them(tmp_path):
    events = [event(2, DAY + 1.5, 11, 46, 4.25), event(1, DAY + 0.25, 10, 45, 3.0, "quarry blast")]
    with EventService(events) as service:
        made = download_catalog.run(job(service, tmp_path), Silent())
    assert made == {"EVENTS": 2, "OUTPUT": str(tmp_path / "events.geojson")}
    collection = json.loads((tmp_path / "events.geojson").read_text(encoding="utf-8"))
    first, second = collection["features"]
    assert first["geometry"] == {"type": "Point", "coordinates": [10.0, 45.0]}
    assert first["properties"] == {
        "id": "ev1", "time": "2008-05-01T06:00:00Z", "date_time": "2008-05-01T06:00:00Z",
        "latitude": 45.0, "longitude": 10.0, "depth": 10.0, "mag": 3.0, "magType": "mw", "place": "12 km N of|somewhere",
        "type": "quarry blast",
    }  # fmt: skip
    assert second["properties"]["mag"] == 4.25
    assert collection["crs"]["properties"]["name"] == "EPSG:4326"


@pytest.mark.parametrize(
    "limits",
    [
        {},
        {"most": 40},
        {"most": 40, "silent": True},
        {"most": 7, "silent": True},
        {"most": 40, "silent": True, "order": "desc"},
        {"order": "desc"},
        {"order": "none"},
    ],
)
def test_limits_of_the_service_lose_and_double_nothing(tmp_path, limits):
    events = many()
    with EventService(events, **limits) as service:
        download_catalog.run(job(service, tmp_path), Silent())
        assert len(service.requests) > 6
    assert ids_of(tmp_path) == once(events)


@pytest.mark.parametrize("limits", [{}, {"most": 30}])
def test_more_events_of_one_moment_than_a_page_are_all_found(tmp_path, limits):
    events = many(40)
    events += [event(1000 + n, DAY + 3.0, 5 + n / 20, 45.0) for n in range(120)]
    with EventService(events, **limits) as service:
        download_catalog.run(job(service, tmp_path), Silent())
    assert ids_of(tmp_path) == once(events)


def test_mishaps_on_the_way_lose_and_double_nothing(tmp_path):
    events = many()
    with EventService(events) as service:
        service.mishaps.extend(
            ["503", "fine", "break", "fine", "drop", "short", "fine", "stall", "502", "fine", "429"]
        )
        download_catalog.run(job(service, tmp_path), Silent())
        assert not service.mishaps
    assert ids_of(tmp_path) == once(events)


def test_interrupted_download_goes_on_where_it_was(tmp_path):
    events = many()
    with EventService(events) as service:
        service.mishaps.extend(["fine"] * 4 + ["503"] * web.TRIES)
        with pytest.raises(JobError) as caught:
            download_catalog.run(job(service, tmp_path), Silent())
        assert "failed with status 503" in str(caught.value)
        assert "events are kept, and it will go on from there." in str(caught.value)
        assert not (tmp_path / "events.geojson").exists() and len(kept_files(tmp_path)) == 1
        before = len(service.requests)
        ears = []
        told = Progress(lambda kind, **words: ears.append(words.get("text", "")))
        download_catalog.run(job(service, tmp_path), told)
        assert any(text.startswith("Going on from 19") for text in ears)
        assert len(service.requests) - before == 4  # 6 pages and the last look, less 4 and a try
    assert ids_of(tmp_path) == once(events) and kept_files(tmp_path) == []


@pytest.mark.parametrize("damage", [b'{"n": 2, "events": [{"id"', b"\x00\xff\n", b""])
def test_partial_file_that_was_cut_is_used_as_far_as_it_is_whole(tmp_path, damage):
    events = many()
    with EventService(events) as service:
        service.mishaps.extend(["fine"] * 4 + ["503"] * web.TRIES)
        with pytest.raises(JobError):
            download_catalog.run(job(service, tmp_path), Silent())
        (kept,) = kept_files(tmp_path)
        lines = kept.read_bytes().splitlines(keepends=True)
        kept.write_bytes(b"".join(lines[:2]) + damage + b"".join(lines[3:]))
        download_catalog.run(job(service, tmp_path), Silent())
    assert ids_of(tmp_path) == once(events)


def test_another_query_does_not_go_on_from_this_one(tmp_path):
    events = many()
    with EventService(events) as service:
        service.mishaps.extend(["fine"] * 4 + ["503"] * web.TRIES)
        with pytest.raises(JobError):
            download_catalog.run(job(service, tmp_path), Silent())
        download_catalog.run(job(service, tmp_path, extent=[9.0, 11.0, 30.0, 60.0]), Silent())
    inside = [entry for entry in events if 9 <= entry["longitude"] <= 11]
    assert ids_of(tmp_path) == once(inside)


@pytest.mark.parametrize("mishap", ["stall", "503"])
def test_cancel_ends_within_two_seconds_and_keeps_what_there_is(tmp_path, monkeypatch, mishap):
    monkeypatch.setattr(web, "STALL_SECONDS", 60.0)
    monkeypatch.setattr(web, "FIRST_PAUSE", 30.0)
    events, stop = many(), threading.Event()
    with EventService(events) as service:
        service.mishaps.extend(["fine"] * 3 + [mishap] * 9)
        timer = threading.Timer(1.5, stop.set)
        timer.start()
        started = time.monotonic()
        with pytest.raises(Stopped):
            progress = Progress(lambda kind, **words: None, stop.is_set)
            download_catalog.run(job(service, tmp_path), progress)
        assert 1.4 < time.monotonic() - started < 3.5
        service.mishaps.clear()
        assert len(kept_files(tmp_path)) == 1 and not (tmp_path / "events.geojson").exists()
        monkeypatch.setattr(web, "FIRST_PAUSE", 0.01)
        download_catalog.run(job(service, tmp_path), Silent())
    assert ids_of(tmp_path) == once(events)


def test_extent_over_the_antimeridian_asks_on_both_sides(tmp_path):
    places = [-179.5, 179.5, -170.5, 170.5, 0.0, 180.0, -180.0]
    events = [event(n, DAY + n, place) for n, place in enumerate(places)]
    with EventService(events) as service:
        download_catalog.run(job(service, tmp_path, extent=[175, 185, 30, 60]), Silent())
        assert {(r["minlongitude"], r["maxlongitude"]) for r in service.requests} == {
            ("175", "180"),
            ("-180", "-175"),
        }
    assert ids_of(tmp_path) == Counter(["ev0", "ev1", "ev5", "ev6"])


def test_end_is_not_included(tmp_path):
    with EventService([event(1, DAY), event(2, DAY + 31)]) as service:
        assert download_catalog.run(job(service, tmp_path), Silent())["EVENTS"] == 1


def refusal(tmp_path, service, **values):
    with pytest.raises(JobError) as caught:
        download_catalog.run(job(service, tmp_path, **values), Silent())
    return str(caught.value)


def test_no_network_gives_one_clear_sentence(tmp_path, monkeypatch):
    def unknown(*where, **options):
        raise socket.gaierror(-3, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    started = time.monotonic()
    said = refusal(tmp_path, "https://earthquake.example/fdsnws/event/1")
    assert said == (
        "The event service at earthquake.example cannot be reached: its name is not known here; "
        "there may be no network. Check the connection, and the proxy under Settings > Options > "
        "Network; then run it again."
    )
    assert time.monotonic() - started < 5


def test_service_that_is_not_there_is_named(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}/fdsnws/event/1"
    assert "127.0.0.1 cannot be reached: the connection was refused." in refusal(tmp_path, address)


def test_service_that_stays_silent_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(web, "STALL_SECONDS", 0.2)
    with EventService(many()) as service:
        service.mishaps.extend(["stall"] * web.TRIES)
        assert "did not answer within 0.2 seconds" in refusal(tmp_path, service)


def test_wrong_address_is_told_from_no_events(tmp_path):
    with EventService(many()) as service:
        said = refusal(tmp_path, service.address.replace("event", "dataselect"))
        assert "refused the request (status 404)" in said and "Check SERVICE" in said
        said = refusal(tmp_path, service, minimum_magnitude=9.0)
        assert said.startswith("The service has no event of magnitude 9 or larger there")


def test_page_of_a_login_is_no_list_of_events(tmp_path, monkeypatch):
    monkeypatch.setattr("fake_event_service.HEADER", "<html><title>Log in first</title>")
    with EventService(many()) as service:
        said = refusal(tmp_path, service)
    assert "answered with something else than a list of events: “<html>" in said


@pytest.mark.parametrize(
    "service", ["ftp://x.example/1", "file:///etc/passwd", "x.example", "https://a:b@x.example/1"]
)
def test_only_addresses_of_the_web_are_asked(tmp_path, service):
    with pytest.raises(JobError) as caught:
        job(service, tmp_path)
    assert "which is not an address of the web" in str(caught.value)


def test_redirection_away_from_the_web_is_not_followed(tmp_path):
    class Away(EventService):
        pass

    with Away(many()) as service:
        handler = service._server.RequestHandlerClass
        handler.give = lambda self, asked, mishap: self.answer(
            302, b"", {"Location": "ftp://127.0.0.1/events"}
        )
        assert "cannot be reached" in refusal(tmp_path, service)


def test_proxy_that_was_given_is_asked_and_no_other(tmp_path):
    with EventService(many()) as proxy:
        paths = []
        handler = proxy._server.RequestHandlerClass
        whole = handler.do_GET

        def through(self):
            paths.append((self.path, self.headers["Proxy-Authorization"]))
            self.path = self.path.split("events.example", 1)[-1]
            whole(self)

        handler.do_GET = through
        address = proxy.address.split("//")[1].split("/")[0]
        asked = job(
            "http://events.example/fdsnws/event/1", tmp_path, proxy=f"http://ann:secret@{address}"
        )
        download_catalog.run(asked, Silent())
    assert all(path.startswith("http://events.example/") for path, _ in paths)
    assert paths[0][1] == "Basic YW5uOnNlY3JldA=="
    assert ids_of(tmp_path) == once(many())


def test_proxy_of_the_environment_is_used(tmp_path, monkeypatch):
    with EventService(many()) as service:
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
        monkeypatch.delenv("no_proxy", raising=False)
        assert "the connection was refused" in refusal(tmp_path, service)


def test_socks_proxy_is_refused_in_words(tmp_path):
    with pytest.raises(JobError, match="PROXY is a SOCKS proxy"):
        job("https://x.example/fdsnws/event/1", tmp_path, proxy="socks5h://127.0.0.1:1080")


def test_layer_of_a_download_is_a_catalog(tmp_path):
    """What comes out goes into the other tools, after QGIS wrote it as CSV."""
    events = many(20)
    with EventService(events) as service:
        download_catalog.run(job(service, tmp_path), Silent())
    collection = json.loads((tmp_path / "events.geojson").read_text(encoding="utf-8"))
    names = [column["name"] for column in collection["columns"]]
    rows = [[entry["properties"][name] for name in names] for entry in collection["features"]]
    text = "\n".join(",".join(f'"{"" if v is None else v}"' for v in row) for row in [names, *rows])
    (tmp_path / "events.csv").write_text(text)
    catalog = read_catalog(str(tmp_path / "events.csv"), CatalogFields(), Silent())
    assert len(catalog) == 20 and (catalog.magnitude == 3.0).all()
    truth = sorted(entry["days"] for entry in events)
    assert np.abs(catalog.days - truth).max() < 1e-8
