"""Downloading catalogs from QGIS, from an event service on this computer."""

import os

import pytest
from qgis.core import QgsApplication, QgsProcessingContext, QgsSettings, QgsVectorLayer

from fake_event_service import EventService, event

DAY = 14_000.0
ASKED = {"EXTENT": "0,20,30,60 [EPSG:4326]", "START": "2008-05-01", "END": "2008-06-01"}


@pytest.fixture(autouse=True)
def apart(tmp_path, monkeypatch):
    """No proxy of this computer; what is kept of a broken download lies in the test's folder."""
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def service():
    events = [event(n, DAY + n / 20, 10 + n / 100, 45.0, 5.0 + n % 3) for n in range(200)]
    with EventService(events) as running:
        yield running


def test_events_become_a_layer_that_the_other_tools_take(run, service, tmp_path):
    outputs = run(
        "downloadcatalog",
        SERVICE=service.address,
        RESUME_FOLDER=str(tmp_path / "kept"),
        OUTPUT=str(tmp_path / "events.gpkg"),
        **ASKED,
    )
    assert outputs["EVENTS"] == 200
    layer = QgsVectorLayer(outputs["OUTPUT"], "events")
    assert layer.featureCount() == 200 and layer.crs().authid() == "EPSG:4326"
    counted = run(
        "gridcatalog", CATALOG=layer, COMPLETENESS=5, WINDOW_DAYS=7, OUTPUT="TEMPORARY_OUTPUT"
    )
    assert counted["EVENTS"] == 200


def test_minimum_magnitude_reaches_the_service(run, service, tmp_path):
    outputs = run(
        "downloadcatalog",
        SERVICE=service.address,
        MINIMUM_MAGNITUDE=6.5,
        RESUME_FOLDER=str(tmp_path / "kept"),
        OUTPUT="TEMPORARY_OUTPUT",
        **ASKED,
    )
    assert sorted({feature["mag"] for feature in outputs["OUTPUT"].getFeatures()}) == [7.0]


def test_proxy_of_qgis_is_asked(run, service, tmp_path):
    settings = QgsSettings()
    host, port = service.address.split("//")[1].split("/")[0].split(":")
    known = {"proxyEnabled": True, "proxyType": "HttpProxy", "proxyHost": host, "proxyPort": port}
    for name, value in known.items():
        settings.setValue(f"proxy/{name}", value)
    seen = []
    handler = service._server.RequestHandlerClass
    whole = handler.do_GET

    def through(self):
        seen.append(self.path)
        self.path = self.path.split("events.example", 1)[-1]
        whole(self)

    handler.do_GET = through
    try:
        outputs = run(
            "downloadcatalog",
            SERVICE="http://events.example/fdsnws/event/1",
            RESUME_FOLDER=str(tmp_path / "kept"),
            OUTPUT="TEMPORARY_OUTPUT",
            **ASKED,
        )
    finally:
        for name in known:
            settings.remove(f"proxy/{name}")
    assert outputs["EVENTS"] == 200
    assert all(path.startswith("http://events.example/") for path in seen) and seen


@pytest.mark.parametrize(
    "change, sentence",
    [
        ({"SERVICE": "ftp://x.example"}, "which is not an address of the web"),
        ({"START": "2008-07-01"}, "END is 2008-06-01T00:00:00, which is not after START"),
        ({"START": ""}, "Start is missing."),
        ({"START": "2999-01-01", "END": ""}, "which is still to come"),
        ({"PROXY": "socks5://127.0.0.1:1"}, "PROXY is a SOCKS proxy"),
        ({"SERVICE": "http://127.0.0.1:9/fdsnws/event/1"}, "127.0.0.1 cannot be reached"),
    ],
)
def test_what_cannot_be_downloaded_is_told_in_one_sentence(
    refused, service, tmp_path, change, sentence
):
    asked = {
        "SERVICE": service.address,
        "RESUME_FOLDER": str(tmp_path / "kept"),
        "OUTPUT": str(tmp_path / "events.gpkg"),
        **ASKED,
    }
    said = refused("downloadcatalog", **{**asked, **change})
    assert sentence in said and "\n" not in said.strip()
    assert not os.path.exists(tmp_path / "events.gpkg")


def test_dialog_proposes_a_span_of_time_with_events(qgis):
    from deep_geology.algorithms.checks import checked_inputs
    from processing.gui.AlgorithmDialog import AlgorithmDialog

    registry = QgsApplication.processingRegistry()
    tool = registry.algorithmById("deepgeology:downloadcatalog").create()
    dialog = AlgorithmDialog(tool, False, None)
    asked = {
        name: wrapper.parameterValue()
        for name, wrapper in dialog.mainWidget().wrappers.items()
        if name in ("START", "END")
    }
    asked["OUTPUT"] = "TEMPORARY_OUTPUT"
    dialog.deleteLater()
    inputs = checked_inputs(tool, asked, QgsProcessingContext())
    assert (inputs["start"], inputs["end"]) == ("2000-01-01T00:00:00", "")
