"""Classifying image files from QGIS."""

import os
import shutil

import pytest
from qgis.core import QgsVectorLayer

from qgis_truth import label_points, memory_points


def test_a_row_per_image_with_its_class(run, chips, model):
    layer = run("classifyimages", INPUT=chips, MODEL=model, OUTPUT="memory:")["OUTPUT"]
    rows = list(layer.getFeatures())
    assert len(rows) == 24 and not layer.isSpatial()
    right = [os.path.basename(os.path.dirname(r["path"])) == r["class"] for r in rows]
    assert sum(right) >= 22
    assert {"path", "class", "confidence", "p_granite", "p_schist"} <= set(layer.fields().names())


def test_one_image_is_a_row(run, chips, model, tmp_path):
    image = shutil.copy(os.path.join(chips, "schist", "p00.png"), tmp_path / "naïve photo.png")
    target = str(tmp_path / "one.gpkg")
    outputs = run("classifyimages", INPUT=str(image), MODEL=model, OUTPUT=target)
    rows = list(QgsVectorLayer(outputs["OUTPUT"], "t", "ogr").getFeatures())
    assert [r["class"] for r in rows] == ["schist"]


def test_georeferenced_chips_become_points_on_the_map(run, landscape, model):
    points = memory_points(label_points(6))
    chips = run(
        "exporttrainingchips",
        INPUT=landscape,
        LABELS=points,
        CLASS_FIELD="rock",
        CHIP_SIZE=32,
        OUTPUT="TEMPORARY_OUTPUT",
    )["OUTPUT"]
    layer = run("classifyimages", INPUT=chips, MODEL=model, OUTPUT="memory:")["OUTPUT"]
    assert layer.isSpatial() and layer.featureCount() == 6
    from qgis.core import QgsCoordinateTransform, QgsProject

    back = QgsCoordinateTransform(layer.crs(), points.crs(), QgsProject.instance())
    for feature in layer.getFeatures():
        place = feature.geometry()
        place.transform(back)
        nearest = min(place.distance(label.geometry()) for label in points.getFeatures())
        assert nearest < 20  # meters: two pixels


@pytest.mark.parametrize("content", ["nothing", "no image"])
def test_folder_without_images_is_refused(refused, model, tmp_path, content):
    (tmp_path / "photos").mkdir()
    if content == "no image":
        (tmp_path / "photos" / "notes.txt").write_text("no photograph", encoding="utf-8")
    said = refused("classifyimages", INPUT=str(tmp_path / "photos"), MODEL=model, OUTPUT="memory:")
    assert "photos" in said and said.endswith(".")
