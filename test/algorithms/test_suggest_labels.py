"""Suggestions of labels from QGIS."""

import pytest
from qgis.core import QgsVectorLayer, QgsWkbTypes

from qgis_truth import BORDER, NORTH, PIXEL, SIDE, WEST, label_points, memory_squares


def opened(output):
    return QgsVectorLayer(output, "s", "ogr") if isinstance(output, str) else output


@pytest.mark.parametrize("place", ["memory:", "s.gpkg"])
def test_points_lie_on_the_map_with_rank_class_and_doubt(
    run, landscape, pixel_model, tmp_path, place
):
    outputs = run(
        "suggestlabels",
        RASTERS=[landscape],
        MODEL=pixel_model,
        COUNT=6,
        DEVICE="cpu",
        OUTPUT=place if place == "memory:" else str(tmp_path / place),
    )
    layer = opened(outputs["OUTPUT"])
    assert layer.wkbType() == QgsWkbTypes.Type.Point and layer.crs().authid() == "EPSG:32717"
    found = sorted(layer.getFeatures(), key=lambda feature: feature["rank"])
    assert [feature["rank"] for feature in found] == [1, 2, 3, 4, 5, 6]
    for feature in found:
        place = feature.geometry().asPoint()
        assert WEST < place.x() < WEST + SIDE * PIXEL and NORTH - SIDE * PIXEL < place.y() < NORTH
        assert feature["class"] in ("granite", "schist") and 0 <= feature["doubt"] <= 1


def test_suggestions_keep_away_from_labels(run, landscape, pixel_model):
    labels = memory_squares([(WEST + 640, NORTH - 1280, "granite")], side=1280)
    outputs = run(
        "suggestlabels", RASTERS=[landscape], MODEL=pixel_model, COUNT=8, LABELS=labels,
        DISTANCE=50.0, DEVICE="cpu", OUTPUT="memory:",
    )  # fmt: skip
    for feature in opened(outputs["OUTPUT"]).getFeatures():
        place = feature.geometry().asPoint()
        assert place.x() >= BORDER or abs(place.y() - (NORTH - 1280)) > 640


@pytest.mark.parametrize(
    "change, sentence",
    [
        ({"RASTERS": ["gone.tif"]}, "gone.tif"),
        ({"MODEL": "gone.safetensors"}, "is not a file that exists."),
        ({"COUNT": 0}, "is under the minimum of 1 points."),
        ({"DISTANCE": -1.0}, "is under the minimum of 0"),
        ({"EXTENT": "0,10,0,10 [EPSG:32717]"}, "The extent does not touch"),
        ({"BANDS": "1,2"}, "band"),
    ],
)
def test_bad_values_are_refused_in_one_sentence(refused, landscape, pixel_model, change, sentence):
    asked = {"RASTERS": [landscape], "MODEL": pixel_model, "DEVICE": "cpu", "OUTPUT": "memory:"}
    said = refused("suggestlabels", **{**asked, **change})
    assert sentence in said and "\n" not in said.strip()


def test_labels_far_from_the_map_change_nothing(run, landscape, pixel_model):
    far = memory_squares([(x + 1e5, y, name) for x, y, name in label_points(4)])
    asked = {"RASTERS": [landscape], "MODEL": pixel_model, "DEVICE": "cpu", "OUTPUT": "memory:"}
    without = opened(run("suggestlabels", **asked)["OUTPUT"])
    beside = opened(run("suggestlabels", LABELS=far, **asked)["OUTPUT"])
    places = [
        [feature.geometry().asWkt() for feature in layer.getFeatures()]
        for layer in (without, beside)
    ]
    assert places[0] == places[1]
