"""Labels that name no classes to learn are refused in the dialog, before the engine starts."""

import pytest
from qgis.core import (
    QgsApplication,
    QgsFeature,
    QgsGeometry,
    QgsProcessingContext,
    QgsVectorLayer,
)

from qgis_truth import label_points, memory_points, memory_squares, rock_values, write_raster

TRAINING = {"CLASS_FIELD": "rock", "MODEL": "TEMPORARY_OUTPUT", "REPORT": "TEMPORARY_OUTPUT"}


@pytest.fixture
def said(qgis, tmp_path):
    """What the dialog of a tool says to labels on a raster of two rocks; nothing if it may run."""
    raster = write_raster(tmp_path / "survey.tif", rock_values(bands=3))

    def say(name, **values):
        algorithm = QgsApplication.processingRegistry().algorithmById(f"deepgeology:{name}")
        rasters = {"RASTERS": [raster]} if name.startswith("train") else {"INPUT": raster}
        return algorithm.create().checkParameterValues(
            {**rasters, **values}, QgsProcessingContext()
        )[1]

    return say


def named(*names):
    """Points with these classes, in turn, where the raster is."""
    points = label_points(12)
    return [(*place[:2], names[n % len(names)]) for n, place in enumerate(points)]


@pytest.mark.parametrize("empty", [None, "", "  "])
def test_labels_without_any_class_are_refused_by_every_tool_that_reads_classes(said, empty):
    squares, points = memory_squares(named(empty)), memory_points(named(empty))
    chips = {"OUTPUT": "TEMPORARY_OUTPUT", "CLASS_FIELD": "rock"}
    answers = (
        said("trainpixelclassifier", LABELS=squares, **TRAINING),
        said("trainobjectdetector", BOXES=squares, **TRAINING),
        said("exporttrainingchips", LABELS=points, **chips),
    )
    for sentence in answers:
        assert 'Field "rock" of "' in sentence and "is empty in all features." in sentence
        assert "Choose the field that names the class, or fill it in." in sentence


def test_some_labels_without_a_class_may_run(said):
    squares = memory_squares(named(None, "chalk", "marl"))
    assert said("trainpixelclassifier", LABELS=squares, **TRAINING) == ""


def test_a_class_of_every_label_or_of_all_is_refused(said):
    each = memory_squares([(*place[:2], f"outcrop {n}") for n, place in enumerate(named("a"))])
    asked = {"LABELS": each, **TRAINING}
    sentence = said("trainpixelclassifier", **asked)
    assert "Every one of the 12 labels has a class of its own." in sentence
    second = {"VALIDATION": "layer", "VALIDATION_LABELS": each}
    assert said("trainpixelclassifier", **asked, **second) == ""  # these may be told apart
    asked["LABELS"] = memory_squares(named("chalk"))
    assert 'All labels are of one class, "chalk".' in said("trainpixelclassifier", **asked)
    assert said("trainpixelclassifier", BACKGROUND="unlabeled", **asked) == ""


def test_a_class_in_several_parts_of_one_feature_may_run(said):
    squares = memory_squares(named("chalk", "marl"))
    parts = QgsVectorLayer("MultiPolygon?crs=EPSG:32633&field=rock:string", "parts", "memory")
    parts.setCrs(squares.crs())
    for name in ("chalk", "marl"):
        whole = QgsFeature(parts.fields())
        shapes = [one.geometry() for one in squares.getFeatures() if one["rock"] == name]
        whole.setGeometry(QgsGeometry.collectGeometry(shapes))
        whole.setAttributes([name])
        parts.dataProvider().addFeature(whole)
    parts.updateExtents()
    assert said("trainpixelclassifier", LABELS=parts, **TRAINING) == ""
