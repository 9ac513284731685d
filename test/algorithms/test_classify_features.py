"""Classifying mapped features from QGIS."""

import pytest
from qgis.core import QgsVectorLayer

from qgis_truth import label_points, memory_points, memory_squares, save


@pytest.mark.parametrize("kind", ["memory", "gpkg", "shp", "geojson"])
def test_features_get_the_class_of_the_rock_they_lie_on(run, landscape, model, tmp_path, kind):
    points = memory_points(label_points(20, seed=7), name="outcrops")
    layer = points if kind == "memory" else save(points, tmp_path / f"outcrops.{kind}")
    outputs = run("classifyfeatures", INPUT=layer, RASTER=landscape, MODEL=model, OUTPUT="memory:")
    classified = list(outputs["OUTPUT"].getFeatures())
    assert len(classified) == 20
    assert sum(f["rock"] == f["class"] for f in classified) >= 18
    assert all(0.5 <= f["confidence"] <= 1 for f in classified)
    assert all(abs(f["p_granite"] + f["p_schist"] - 1) < 1e-3 for f in classified)


def test_attributes_and_geometry_are_kept(run, landscape, model):
    points = memory_points(label_points(5), crs="EPSG:4326")
    outputs = run(
        "classifyfeatures", INPUT=points, RASTER=landscape, MODEL=model, OUTPUT="memory:"
    )["OUTPUT"]
    assert outputs.crs().authid() == "EPSG:4326"
    before, after = list(points.getFeatures()), list(outputs.getFeatures())
    assert [f["n"] for f in before] == [f["n"] for f in after]
    assert [f.geometry().asWkt() for f in before] == [f.geometry().asWkt() for f in after]


def test_own_field_called_class_is_kept_beside_the_new_one(run, landscape, model):
    points = memory_points(label_points(6, seed=7), field="Class")
    layer = run("classifyfeatures", INPUT=points, RASTER=landscape, MODEL=model, OUTPUT="memory:")[
        "OUTPUT"
    ]
    assert layer.fields().names()[:4] == ["Class", "n", "class_2", "confidence"]
    assert [f["Class"] for f in layer.getFeatures()] == ["granite", "schist"] * 3


def test_feature_outside_the_raster_is_kept_with_no_class(run, landscape, model):
    from qgis.core import NULL

    points = memory_points([*label_points(4), (9.0, 9.0, "far away")])
    layer = run("classifyfeatures", INPUT=points, RASTER=landscape, MODEL=model, OUTPUT="memory:")[
        "OUTPUT"
    ]
    far = [f for f in layer.getFeatures() if f["rock"] == "far away"]
    assert len(far) == 1 and far[0]["class"] == NULL
    assert layer.featureCount() == 5


def test_polygons_go_into_a_table_of_a_geopackage_beside_their_source(
    run, landscape, model, tmp_path
):
    package = tmp_path / "field work.gpkg"
    source = save(memory_squares(label_points(6, seed=7)), package, "mapped")
    target = f"ogr:dbname='{package}' table=\"classified\" (geom)"
    outputs = run("classifyfeatures", INPUT=source, RASTER=landscape, MODEL=model, OUTPUT=target)
    classified = QgsVectorLayer(outputs["OUTPUT"], "c", "ogr")
    assert classified.featureCount() == 6
    assert QgsVectorLayer(source, "m", "ogr").featureCount() == 6
    assert {f["class"] for f in classified.getFeatures()} == {"granite", "schist"}


def test_output_over_the_input_is_refused(refused, landscape, model, tmp_path):
    path = save(memory_points(label_points(4)), tmp_path / "outcrops.gpkg")
    said = refused("classifyfeatures", INPUT=path, RASTER=landscape, MODEL=model, OUTPUT=path)
    assert said.startswith("Classified features would overwrite Features: both are ")
    assert QgsVectorLayer(path, "o", "ogr").featureCount() == 4


def test_table_without_geometry_is_refused_before_work(refused, landscape, model, tmp_path):
    table = QgsVectorLayer("NoGeometry?field=rock:string", "notes", "memory")
    target = tmp_path / "c.gpkg"
    said = refused(
        "classifyfeatures", INPUT=table, RASTER=landscape, MODEL=model, OUTPUT=str(target)
    )
    assert said.startswith('Features "notes" is a table: it has no geometry. Choose a layer')
    assert not target.exists()


def test_all_features_outside_are_refused(refused, landscape, model):
    points = memory_points([(9.0, 9.0, "far away")])
    said = refused(
        "classifyfeatures", INPUT=points, RASTER=landscape, MODEL=model, OUTPUT="memory:"
    )
    assert '"labels" and "rocks" have no ground in common' in said
