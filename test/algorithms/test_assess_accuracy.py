"""Assessing maps from QGIS."""

import os

import numpy as np
import pytest
from qgis.core import NULL, QgsRasterLayer, QgsVectorLayer

from qgis_truth import (
    NORTH,
    PIXEL,
    SIDE,
    WEST,
    label_points,
    memory_points,
    memory_squares,
    save,
    write_raster,
)

NAMES = "1=granite, 2=schist"


@pytest.fixture(scope="session")
def classes(qgis, tmp_path_factory):
    """A perfect class raster of the two-rock landscape: 1 granite in the west, 2 schist."""
    values = np.ones((1, SIDE, SIDE), np.uint8)
    values[:, :, SIDE // 2 :] = 2
    return write_raster(tmp_path_factory.mktemp("classes") / "classes.tif", values, nodata=0)


def table_of(outputs):
    """Rows of the confusion table by class."""
    layer = outputs["CONFUSION"]
    layer = QgsVectorLayer(layer, "t", "ogr") if isinstance(layer, str) else layer
    return {feature["class"]: feature for feature in layer.getFeatures()}


@pytest.mark.parametrize("kind", ["memory", "gpkg", "shp", "geojson"])
def test_perfect_map_is_perfect_with_every_kind_of_layer(run, classes, tmp_path, kind):
    reference = memory_points(label_points(40))
    if kind != "memory":
        reference = save(reference, tmp_path / f"checked.{kind}")
    outputs = run(
        "assessaccuracy",
        CLASSIFIED=QgsRasterLayer(classes, "classes"),
        REFERENCE=reference,
        CLASS_FIELD="rock",
        CLASS_NAMES=NAMES,
        DESIGN="stratified",
        REPORT=str(tmp_path / "r.html"),
        CONFUSION="memory:" if kind == "memory" else str(tmp_path / "t.gpkg"),
    )
    assert outputs["ACCURACY"] == outputs["KAPPA"] == outputs["ADJUSTED_ACCURACY"] == 1
    table = table_of(outputs)
    assert table["granite"]["mapped_granite"] == 20 and table["granite"]["mapped_schist"] == 0
    assert table["schist"]["area"] == pytest.approx(PIXEL**2 * SIDE**2 / 2)
    assert os.path.getsize(tmp_path / "r.html") > 10_000 and outputs["AUC"] is None


def test_wrong_places_lower_the_accuracy_by_their_share(run, classes, tmp_path):
    places = label_points(40)
    turned = {"granite": "schist", "schist": "granite"}
    places = [(x, y, turned[rock] if n < 10 else rock) for n, (x, y, rock) in enumerate(places)]
    outputs = run(
        "assessaccuracy",
        CLASSIFIED=classes,
        REFERENCE=memory_points(places, crs="EPSG:4326"),
        CLASS_FIELD="rock",
        CLASS_NAMES=NAMES,
        REPORT="TEMPORARY_OUTPUT",
    )
    assert outputs["ACCURACY"] == pytest.approx(0.75) and outputs["CONFUSION"] is None
    assert outputs["ADJUSTED_ACCURACY"] is None


def test_polygons_count_their_whole_pixels_and_the_log_warns(run, classes, feedback):
    outputs = run(
        "assessaccuracy",
        feedback,
        CLASSIFIED=classes,
        REFERENCE=memory_squares(label_points(6), side=205.0),
        CLASS_FIELD="rock",
        CLASS_NAMES=NAMES,
        REPORT="TEMPORARY_OUTPUT",
        CONFUSION="memory:",
    )
    places = sum(row["places"] for row in table_of(outputs).values())
    assert 6 * 19**2 <= places <= 6 * 20**2
    assert any("intervals are too narrow" in warning for warning in feedback.warnings)


def test_null_classes_and_places_outside_are_counted(run, classes, feedback):
    places = [*label_points(10), (WEST - 500, NORTH, "schist"), (WEST + 100, NORTH - 100, None)]
    outputs = run(
        "assessaccuracy",
        feedback,
        CLASSIFIED=classes,
        REFERENCE=memory_points(places),
        CLASS_FIELD="rock",
        CLASS_NAMES=NAMES,
        REPORT="TEMPORARY_OUTPUT",
        CONFUSION="memory:",
    )
    assert sum(row["places"] for row in table_of(outputs).values()) == 10
    said = " ".join(feedback.warnings)
    assert "left out: outside the map" in said and "left out: without a class" in said


def test_map_of_polygons_has_its_areas(run, tmp_path):
    half = PIXEL * SIDE / 2
    squares = [(WEST + half / 2, NORTH - half / 2, "granite"), (WEST + 1.5 * half, NORTH - half / 2, "schist")]  # fmt: skip
    places = [(x, y, rock) for x, y, rock in label_points(60) if y > NORTH - half]
    outputs = run(
        "assessaccuracy",
        CLASSIFIED_FEATURES=memory_squares(squares, side=half),
        CLASSIFIED_FIELD="rock",
        REFERENCE=save(memory_points(places), tmp_path / "checked.gpkg"),
        CLASS_FIELD="rock",
        DESIGN="simple_random",
        REPORT="TEMPORARY_OUTPUT",
        CONFUSION="memory:",
    )
    assert outputs["ACCURACY"] == 1
    assert table_of(outputs)["schist"]["area"] == pytest.approx(half**2)


def test_one_layer_can_hold_both_classes(run):
    layer = memory_points(label_points(12))
    outputs = run(
        "assessaccuracy",
        CLASSIFIED_FEATURES=layer,
        CLASSIFIED_FIELD="rock",
        REFERENCE=layer,
        CLASS_FIELD="rock",
        REPORT="TEMPORARY_OUTPUT",
        CONFUSION="memory:",
    )
    assert outputs["ACCURACY"] == 1 and table_of(outputs)["granite"]["area"] == NULL


def test_probability_gives_the_success_rate(run, tmp_path):
    values = np.tile(np.arange(SIDE, dtype=np.uint8), (SIDE, 1))[None]
    raster = write_raster(tmp_path / "favorability.tif", values)
    deposits = [(x, y, "gold") for x, y, rock in label_points(20) if rock == "schist"]
    outputs = run(
        "assessaccuracy",
        CLASSIFIED=raster,
        CONTENT="probability",
        REFERENCE=memory_points(deposits),
        REPORT=str(tmp_path / "r.html"),
        CONFUSION="memory:",
    )
    ranks = [(int((x - WEST) / PIXEL) + 0.5) / SIDE for x, _, _ in deposits]
    assert outputs["AUC"] == pytest.approx(np.mean(ranks)) and outputs["ACCURACY"] is None
    assert outputs["CONFUSION"].fields().names() == ["area_share", "captured"]


@pytest.mark.parametrize(
    "change, sentence",
    [
        ({"CLASSIFIED": None}, "No map is given. Give either CLASSIFIED or CLASSIFIED_FEATURES."),
        ({"CLASS_FIELD": "lithology"}, 'has no field "lithology"'),
        ({"CLASSIFIED_FIELD": "rock"}, "Field of the mapped class"),
        ({"CLASS_NAMES": ""}, "No class of the reference (granite, schist) is a class of the map"),
        ({"CLASS_NAMES": "granite"}, "which is not a value with a name"),
        ({"BAND": 2}, '"classes" has 1 band; band 2 is asked for.'),
        ({"DESIGN": "clever"}, "Sampling design"),
        ({"REPORT": "report.txt"}, "which does not end in .html"),
    ],
)
def test_bad_values_are_refused_in_one_sentence(refused, classes, tmp_path, change, sentence):
    asked = {
        "CLASSIFIED": classes,
        "REFERENCE": memory_points(label_points(6)),
        "CLASS_FIELD": "rock",
        "CLASS_NAMES": NAMES,
        "REPORT": str(tmp_path / "r.html"),
    }
    said = refused("assessaccuracy", **{**asked, **change})
    assert sentence in said and "\n" not in said.strip()
    assert os.listdir(tmp_path) == []


def test_reference_elsewhere_is_refused(refused, classes, tmp_path):
    far = memory_points([(9.0, 9.0, "granite")])
    said = refused(
        "assessaccuracy", CLASSIFIED=classes, REFERENCE=far, CLASS_FIELD="rock",
        REPORT=str(tmp_path / "r.html"),
    )  # fmt: skip
    assert '"labels" and "classes" have no ground in common' in said
