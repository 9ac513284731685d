"""Checking catalogs from QGIS."""

import csv
import os

import numpy as np
import pytest
from qgis.core import QgsGraduatedSymbolRenderer, QgsProcessingContext, QgsVectorLayer


@pytest.fixture(scope="session")
def events_csv(tmp_path_factory):
    """Path of a catalog that is complete from M 2.0 on, with b = 1, as the USGS writes it."""
    chance = np.random.default_rng(0)
    magnitude = np.round(1.95 + chance.exponential(1 / np.log(10), 3000), 1)
    seconds = np.sort(chance.uniform(0, 300 * 86_400, 3000)).round(2)
    start = np.datetime64("2008-05-01T00:00:00.000")
    times = start + (1000 * seconds).astype("timedelta64[ms]")
    path = tmp_path_factory.mktemp("catalog") / "events.csv"
    with open(path, "w", encoding="utf-8-sig", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["time", "latitude", "longitude", "depth", "mag", "id", "type"])
        for number, (time, size) in enumerate(zip(times, magnitude)):
            latitude, longitude = 45 + chance.uniform(0, 2), 10 + chance.uniform(0, 2)
            kind = "quarry blast" if number == 7 else "earthquake"
            rows.writerow([f"{time}Z", latitude, longitude, 8.5, size, f"e{number}", kind])
    return str(path)


@pytest.fixture
def layers(events_csv):
    """The catalog as users load it: a table, a layer of points, and one in a plane's CRS."""
    import processing

    uri = f"file://{events_csv}?delimiter=,"
    points = QgsVectorLayer(f"{uri}&xField=longitude&yField=latitude&crs=EPSG:4326", "p",
                            "delimitedtext")  # fmt: skip
    plane = processing.run(
        "native:reprojectlayer",
        {"INPUT": points, "TARGET_CRS": "EPSG:32632", "OUTPUT": "TEMPORARY_OUTPUT"},
    )["OUTPUT"]
    table = QgsVectorLayer(f"{uri}&geomType=none", "t", "delimitedtext")
    return {"path": events_csv, "table": table, "points": points, "plane": plane}


@pytest.mark.parametrize("kind", ["path", "table", "points", "plane"])
def test_a_catalog_of_any_kind_tells_its_completeness(run, layers, tmp_path, kind):
    outputs = run(
        "checkcatalog",
        CATALOG=layers[kind],
        OUTPUT=str(tmp_path / "events.gpkg"),
        REPORT=str(tmp_path / "report.html"),
    )
    assert outputs["MC"] == pytest.approx(2.2)
    assert outputs["B_VALUE"] == pytest.approx(1.0, abs=0.08)
    assert outputs["EVENTS"] == 2999
    events = QgsVectorLayer(outputs["OUTPUT"], "events")
    assert events.featureCount() == 2999 and events.crs().authid() == "EPSG:4326"
    first = next(events.getFeatures())
    assert first["time"].startswith("2008-05-01T") and first["complete"] in (0, 1)
    place = first.geometry().asPoint()
    assert (first["longitude"], first["latitude"]) == pytest.approx((place.x(), place.y()))
    with open(outputs["REPORT"], encoding="utf-8") as report:
        assert "Complete from magnitude 2.2 on" in report.read()


def test_dialog_without_completeness_estimates_and_zero_is_taken_as_zero(run, layers, feedback):
    given = {"CATALOG": layers["points"], "OUTPUT": "TEMPORARY_OUTPUT"}
    places = {"REPORT": "TEMPORARY_OUTPUT"}
    for empty in (None, ""):
        outputs = run("checkcatalog", COMPLETENESS=empty, **given, **places)
        assert outputs["MC"] == pytest.approx(2.2)
    outputs = run("checkcatalog", feedback, COMPLETENESS=0, **given, **places)
    assert outputs["MC"] == 0
    assert "Your magnitude of completeness, 0, is below the estimate of 2.2." in " ".join(
        feedback.warnings
    )


def test_extent_in_another_crs_and_dates_choose_events(run, layers):
    outputs = run(
        "checkcatalog",
        CATALOG=layers["table"],
        EXTENT="10,11,45,47 [EPSG:4326]",
        START="2008-06-01",
        OUTPUT="TEMPORARY_OUTPUT",
        REPORT="TEMPORARY_OUTPUT",
    )
    assert 1150 < outputs["EVENTS"] < 1550
    assert outputs["OUTPUT"].featureCount() == outputs["EVENTS"]
    assert os.path.getsize(outputs["REPORT"]) > 10_000
    extent = outputs["OUTPUT"].extent()
    assert extent.xMaximum() <= 11


def test_larger_events_are_drawn_larger(run, layers):
    from deep_geology.algorithms.seismic_style import style_events

    outputs = run(
        "checkcatalog",
        context=QgsProcessingContext(),
        CATALOG=layers["points"],
        OUTPUT="TEMPORARY_OUTPUT",
        REPORT="TEMPORARY_OUTPUT",
    )
    layer = outputs["OUTPUT"]
    style_events(layer)
    assert isinstance(layer.renderer(), QgsGraduatedSymbolRenderer)
    sizes = [item.symbol().size() for item in layer.renderer().ranges()]
    assert sizes == sorted(sizes) and sizes[0] < sizes[-1]
    covered = [(item.lowerValue(), item.upperValue()) for item in layer.renderer().ranges()]
    values = [feature["magnitude"] for feature in layer.getFeatures()]
    assert all(any(low <= value <= high for low, high in covered) for value in values)


@pytest.mark.parametrize(
    "output", ["TEMPORARY_OUTPUT", "events.gpkg", "events.geojson", "events.csv"]
)
def test_checked_events_play_in_time_and_can_be_checked_again(run, layers, tmp_path, output):
    from deep_geology.algorithms.seismic_style import style_events

    place = output if output == "TEMPORARY_OUTPUT" else str(tmp_path / output)
    wishes = {"REPORT": "TEMPORARY_OUTPUT", "COMPLETENESS": 2.2}
    first = run("checkcatalog", CATALOG=layers["path"], OUTPUT=place, **wishes)
    layer = first["OUTPUT"]
    if isinstance(layer, str):
        layer = QgsVectorLayer(layer, "events")
    style_events(layer)
    properties, field = layer.temporalProperties(), layer.fields().field("date_time")
    if output != "events.csv":  # which knows text alone
        assert field.isDateOrTime() and properties.isActive()
        assert properties.startField() == "date_time"
        first_moment = min(event["date_time"] for event in layer.getFeatures())
        with open(layers["path"], encoding="utf-8-sig") as file:
            written = next(iter(csv.DictReader(file)))["time"]
        assert first_moment.toString("yyyy-MM-ddTHH:mm:ss") == written[:19]
    again = run("checkcatalog", CATALOG=layer, OUTPUT="TEMPORARY_OUTPUT", **wishes)
    for name in ("EVENTS", "B_VALUE", "MC"):
        assert again[name] == first[name]


@pytest.mark.parametrize(
    "change, sentence",
    [
        ({"MAGNITUDE_FIELD": "size"}, 'has no field "size"'),
        ({"START": "2009-01-01", "END": "2008-01-01"}, "END is 2008-01-01T00:00:00, which is not"),
        ({"MINIMUM_DEPTH": 80}, "MINIMUM_DEPTH is 80 km, MAXIMUM_DEPTH 70 km."),
        ({"MAGNITUDE_FIELD": "type"}, 'Field "type", row 1'),
        ({"EXTENT": "50,60,45,47 [EPSG:4326]"}, "No event lies in the extent."),
        ({"START": "2020-01-01"}, "No event lies in the time span."),
    ],
)
def test_bad_values_are_refused_in_one_sentence(refused, layers, tmp_path, change, sentence):
    asked = {
        "CATALOG": layers["points"],
        "OUTPUT": str(tmp_path / "events.gpkg"),
        "REPORT": str(tmp_path / "report.html"),
    }
    said = refused("checkcatalog", **{**asked, **change})
    assert sentence in said and "\n" not in said.strip()
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("only_selected", [False, True])
def test_result_never_takes_the_place_of_its_own_catalog(
    run, layers, project, tmp_path, only_selected
):
    import processing
    from qgis.core import QgsProcessingException, QgsProcessingFeatureSourceDefinition

    path = str(tmp_path / "mine.gpkg")
    processing.run("native:savefeatures", {"INPUT": layers["points"], "OUTPUT": path})
    layer = QgsVectorLayer(path, "mine", "ogr")
    project.addMapLayer(layer)
    layer.selectByExpression("mag > 2.5")
    given = QgsProcessingFeatureSourceDefinition(layer.id(), only_selected)
    before = os.path.getsize(path), layer.featureCount()
    with pytest.raises(QgsProcessingException, match=r"mine\.gpkg"):
        run("checkcatalog", CATALOG=given, OUTPUT=path, REPORT="TEMPORARY_OUTPUT")
    assert (os.path.getsize(path), QgsVectorLayer(path, "m", "ogr").featureCount()) == before
