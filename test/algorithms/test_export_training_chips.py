"""Exporting chips from QGIS."""

import os

import pytest
from qgis.core import (
    QgsFeature,
    QgsFeatureRequest,
    QgsProcessingContext,
    QgsProcessingFeatureSourceDefinition,
    QgsVectorLayer,
)

from qgis_truth import (
    QUICK_TRAINING,
    label_points,
    memory_points,
    memory_squares,
    read_raster,
    save,
)


def count_files(folder, name):
    """Number of chips of a class."""
    return len([f for f in os.listdir(os.path.join(folder, name)) if f.endswith(".tif")])


@pytest.fixture
def asked(landscape):
    """Parameters without labels."""
    return {
        "INPUT": landscape,
        "CLASS_FIELD": "rock",
        "CHIP_SIZE": 32,
        "OUTPUT": "TEMPORARY_OUTPUT",
    }


@pytest.mark.parametrize("kind", ["memory", "geojson", "gpkg", "shp", "table of a GeoPackage"])
def test_chips_of_points_are_sorted_by_class(run, asked, tmp_path, kind):
    labels = memory_points(label_points(10))
    if kind == "table of a GeoPackage":
        labels = save(labels, tmp_path / "two tables.gpkg", "my labels")
    elif kind != "memory":
        labels = save(labels, tmp_path / f"labels.{kind}")
    outputs = run("exporttrainingchips", **asked, LABELS=labels)
    assert outputs["CHIPS"] == 10
    assert (
        count_files(outputs["OUTPUT"], "granite") == count_files(outputs["OUTPUT"], "schist") == 5
    )
    assert outputs["FOOTPRINTS"] is None


def test_labels_in_another_crs_give_the_same_chips(run, asked):
    points = label_points(6)
    here = run("exporttrainingchips", **asked, LABELS=memory_points(points))
    there = run("exporttrainingchips", **asked, LABELS=memory_points(points, "EPSG:4326"))
    for name in ("granite", "schist"):
        files = sorted(os.listdir(os.path.join(here["OUTPUT"], name)))
        assert files == sorted(os.listdir(os.path.join(there["OUTPUT"], name)))
        for file in files:
            one, two = (read_raster(os.path.join(o["OUTPUT"], name, file)) for o in (here, there))
            assert (one == two).all()


def test_footprints_lie_around_their_points(run, asked):
    points = label_points(8)
    labels = memory_points(points)
    outputs = run("exporttrainingchips", **asked, LABELS=labels, FOOTPRINTS="memory:")
    footprints = outputs["FOOTPRINTS"]
    assert footprints.crs().authid() == "EPSG:32717" and footprints.featureCount() == 8
    for label in labels.getFeatures():
        inside = [
            f["class"] for f in footprints.getFeatures() if f.geometry().contains(label.geometry())
        ]
        assert label["rock"] in inside
    assert {round(f.geometry().area()) for f in footprints.getFeatures()} == {320 * 320}


def test_polygons_are_covered(run, asked):
    squares = memory_squares(label_points(2), side=960.0)
    outputs = run("exporttrainingchips", **asked, LABELS=squares)
    assert outputs["CHIPS"] >= 2 * 4


def test_labels_without_a_class_are_left_out_and_told(run, asked, feedback):
    points = label_points(6)
    labels = memory_points([*points, (points[0][0] + 50, points[0][1], None)])
    outputs = run("exporttrainingchips", feedback, **asked, LABELS=labels)
    assert outputs["CHIPS"] == 6
    assert any("1 " in text for text in feedback.info + feedback.warnings)


def test_labels_outside_the_raster_are_left_out_and_told(run, asked, feedback):
    points = [*label_points(6), (0.0, 0.0, "granite")]
    outputs = run("exporttrainingchips", feedback, **asked, LABELS=memory_points(points))
    assert outputs["CHIPS"] == 6
    assert any("outside" in text for text in feedback.info + feedback.warnings)


def test_all_labels_outside_are_refused(refused, asked):
    said = refused("exporttrainingchips", **asked, LABELS=memory_points([(9.0, 9.0, "granite")]))
    assert '"labels" and "rocks" have no ground in common' in said


def test_filter_of_a_layer_holds(run, asked, tmp_path):
    path = save(memory_points(label_points(10)), tmp_path / "labels.gpkg", "labels")
    layer = QgsVectorLayer(path, "labels", "ogr")
    assert layer.setSubsetString("\"rock\" = 'schist'")
    outputs = run("exporttrainingchips", **asked, LABELS=layer)
    assert os.listdir(outputs["OUTPUT"]) == ["schist"] and outputs["CHIPS"] == 5


def test_only_selected_features_are_used_if_asked(run, asked, project):
    layer = memory_points(label_points(10))
    project.addMapLayer(layer)
    layer.selectByExpression('"n" < 4')
    source = QgsProcessingFeatureSourceDefinition(layer.id(), selectedFeaturesOnly=True)
    assert run("exporttrainingchips", **asked, LABELS=source)["CHIPS"] == 4


def test_class_may_be_a_number(run, asked):
    asked["CLASS_FIELD"] = "n"
    outputs = run("exporttrainingchips", **asked, LABELS=memory_points(label_points(3)))
    assert sorted(os.listdir(outputs["OUTPUT"])) == ["0", "1", "2"]


def test_unknown_field_is_refused_with_the_fields_there_are(refused, asked):
    asked["CLASS_FIELD"] = "lithology"
    said = refused("exporttrainingchips", **asked, LABELS=memory_points(label_points(2)))
    assert said == '"labels" has no field "lithology". Choose one of: rock, n.'


def test_layer_without_features_is_refused(refused, asked):
    said = refused("exporttrainingchips", **asked, LABELS=memory_points([]))
    assert said == (
        '"labels" has no features. Check its filter and selection, or choose another layer.'
    )


@pytest.mark.parametrize("check, chips", [("NoCheck", None), ("SkipInvalid", 4)])
def test_invalid_geometry_follows_the_users_setting(run, asked, check, chips, feedback):
    context = QgsProcessingContext()
    context.setInvalidGeometryCheck(getattr(QgsFeatureRequest, "Geometry" + check))
    squares = with_bow_tie()
    outputs = run("exporttrainingchips", feedback, context, **asked, LABELS=squares)
    assert outputs["CHIPS"] > 0
    told = any("invalid" in text for text in feedback.warnings)
    assert told == (check == "SkipInvalid")


def test_invalid_geometry_stops_with_a_remedy(run, asked):
    context = QgsProcessingContext()
    context.setInvalidGeometryCheck(QgsFeatureRequest.InvalidGeometryCheck.GeometryAbortOnInvalid)
    with pytest.raises(Exception, match=r'of "squares" has invalid geometry. Run "Fix geometries"'):
        run("exporttrainingchips", None, context, **asked, LABELS=with_bow_tie())


def with_bow_tie():
    """Two squares and a polygon that crosses itself."""
    squares = memory_squares(label_points(2), side=960.0)
    feature = QgsFeature(squares.fields())
    west = next(squares.getFeatures()).geometry().boundingBox()
    text = (
        f"POLYGON(({west.xMinimum()} {west.yMinimum()}, {west.xMaximum()} {west.yMaximum()}, "
        f"{west.xMaximum()} {west.yMinimum()}, {west.xMinimum()} {west.yMaximum()}, "
        f"{west.xMinimum()} {west.yMinimum()}))"
    )
    from qgis.core import QgsGeometry

    feature.setGeometry(QgsGeometry.fromWkt(text))
    feature.setAttributes(["granite"])
    squares.dataProvider().addFeatures([feature])
    return squares


def test_chips_train_a_classifier(run, asked, tmp_path):
    chips = run("exporttrainingchips", **asked, LABELS=memory_points(label_points(24)))
    outputs = run(
        "trainimageclassifier",
        **QUICK_TRAINING,
        INPUT=chips["OUTPUT"],
        MODEL=str(tmp_path / "m.safetensors"),
        REPORT=str(tmp_path / "m.html"),
    )
    assert os.path.exists(outputs["MODEL"])


def test_folder_with_files_is_refused(refused, asked, tmp_path):
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    asked["OUTPUT"] = str(tmp_path)
    said = refused("exporttrainingchips", **asked, LABELS=memory_points(label_points(4)))
    assert tmp_path.name in said and os.listdir(tmp_path) == ["notes.txt"]
