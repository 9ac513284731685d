"""Layers that the engine cannot open become files; features cross the border whole."""

import json

import pytest
from qgis.core import (
    NULL,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransformContext,
    QgsFeature,
    QgsField,
    QgsGeometry,
    QgsProcessingContext,
    QgsRasterLayer,
    QgsRectangle,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QDate, QVariant

from qgis_truth import (
    CRS,
    NORTH,
    WEST,
    Ears,
    label_points,
    memory_points,
    read_raster,
    rock_values,
    write_raster,
)

TRANSFORMS = QgsCoordinateTransformContext()


@pytest.fixture
def written(qgis, tmp_path):
    """Write a layer for the engine and read the file: ``written(layer, attributes, crs)``."""
    from deep_geology.algorithms.features import write_features
    from qgis.core import QgsProcessingFeatureSource

    def write(layer, attributes=(), crs=CRS, ears=None):
        context = QgsProcessingContext()
        source = QgsProcessingFeatureSource(layer, context, False)
        path = tmp_path / "features.geojson"
        target = QgsCoordinateReferenceSystem(crs) if crs else QgsCoordinateReferenceSystem()
        write_features(source, str(path), list(attributes), target, context, ears or Ears())
        return json.loads(path.read_text(encoding="utf-8"))

    return write


def test_only_the_needed_attributes_are_written(written):
    collection = written(memory_points(label_points(3)), ["rock"])
    assert [set(f["properties"]) for f in collection["features"]] == [{"rock"}] * 3
    assert collection["crs"]["properties"]["name"] == CRS


def test_feature_ids_are_those_of_the_layer(written):
    layer = memory_points(label_points(4))
    layer.dataProvider().deleteFeatures([2])
    ids = [feature["id"] for feature in written(layer)["features"]]
    assert ids == [feature.id() for feature in layer.getFeatures()] == [1, 3, 4]


def test_coordinates_are_turned_into_the_rasters_crs(written):
    there = written(memory_points(label_points(5), "EPSG:4326"))
    for feature, (easting, northing, _) in zip(there["features"], label_points(5)):
        assert feature["geometry"]["coordinates"] == pytest.approx([easting, northing], abs=0.01)


def test_values_become_plain(written):
    layer = QgsVectorLayer("Point", "odd", "memory")
    kinds = [QVariant.String, QVariant.Double, QVariant.Date, QVariant.Bool, QVariant.LongLong]
    layer.dataProvider().addAttributes([QgsField(f"f{i}", k) for i, k in enumerate(kinds)])
    layer.updateFields()
    feature = QgsFeature(layer.fields())
    feature.setAttributes([NULL, float("nan"), QDate(2024, 2, 29), True, 2**40])
    feature.setGeometry(QgsGeometry.fromWkt("Point(1 2)"))
    layer.dataProvider().addFeatures([feature])
    names = layer.fields().names()
    properties = written(layer, names, crs="")["features"][0]["properties"]
    assert [properties[name] for name in names][:2] == [None, None]
    assert properties["f3"] in (True, 1) and properties["f4"] == 2**40
    assert "29" in properties["f2"]


def test_layer_without_crs_is_taken_as_the_rasters_and_told(written):
    layer = memory_points(label_points(2))
    layer.setCrs(QgsCoordinateReferenceSystem())
    ears = Ears()
    collection = written(layer, ears=ears)
    assert collection["features"][0]["geometry"]["coordinates"][0] == pytest.approx(
        label_points(2)[0][0]
    )
    assert ears.warnings == [
        "Only the raster has a coordinate reference system; both are taken to be in it."
    ]


def test_custom_crs_crosses_as_wkt(qgis, written):
    from deep_geology.algorithms.features import _crs_of

    local = QgsCoordinateReferenceSystem.fromProj(
        "+proj=tmerc +lat_0=-3.6 +lon_0=-78 +k=1 +x_0=5000 +y_0=5000 +ellps=GRS80 +units=m"
    )
    collection = written(memory_points(label_points(1)), crs=local.toWkt())
    name = collection["crs"]["properties"]["name"]
    assert name.startswith("PROJCS") and _crs_of(name).isValid()


def test_geometry_of_every_kind_comes_back(qgis):
    from deep_geology.algorithms.sinks import geometry_of

    for text in (
        "Point (1 2)",
        "LineString (0 0, 1 1)",
        "Polygon ((0 0, 4 0, 4 4, 0 0),(2 1, 3 1, 3 2, 2 1))",
        "MultiPoint ((1 2),(3 4))",
        "MultiLineString ((0 0, 1 1),(2 2, 3 3))",
        "MultiPolygon (((0 0, 1 0, 1 1, 0 0)))",
    ):
        shape = QgsGeometry.fromWkt(text)
        assert geometry_of(json.loads(shape.asJson())).equals(shape)
    assert geometry_of(None).isNull()


def test_names_that_differ_in_case_alone_get_a_number(qgis):
    from deep_geology.algorithms.sinks import fields_of

    columns = [{"name": name, "type": "real"} for name in ("class", "Class", "CLASS", "class_2")]
    assert fields_of(columns).names() == ["class", "Class_2", "CLASS_3", "class_2_2"]


def web_layer(tmp_path):
    """An XYZ layer of one local tile that covers the world, as a web layer without pixels."""
    tile = tmp_path / "tiles" / "0" / "0"
    tile.mkdir(parents=True)
    from osgeo import gdal

    source = write_raster("/vsimem/tile.tif", rock_values())
    gdal.Translate(str(tile / "0.png"), source, format="PNG")
    url = "file://" + str(tmp_path / "tiles") + "/{z}/{x}/{y}.png"
    return QgsRasterLayer(f"type=xyz&url={url}&zmin=0&zmax=3", "world tiles", "wms")


def test_web_layer_is_copied_over_the_asked_extent(qgis, tmp_path):
    from deep_geology.algorithms.layers import RasterSource

    layer = web_layer(tmp_path)
    assert layer.isValid()
    source = RasterSource(layer)
    box, ears = QgsRectangle(-1e7, -1e7, 0, 1e7), Ears()
    path = source.file(str(tmp_path / "copy.tif"), box, ears, TRANSFORMS)
    values = read_raster(path)
    assert values.shape[0] in (3, 4) and values.shape[1] == pytest.approx(
        2 * values.shape[2], abs=2
    )
    assert ears.info[0].startswith('"world tiles" is copied to a file of ')


def test_web_layer_without_an_extent_is_refused(qgis, tmp_path):
    from deep_geology.algorithms.layers import RasterSource
    from deep_geology.plugin.jobs.errors import JobError

    source = RasterSource(web_layer(tmp_path))
    with pytest.raises(JobError, match="is a web layer with no pixels of its own"):
        source.file(str(tmp_path / "copy.tif"), None, Ears(), TRANSFORMS)


def test_canceled_copy_stops(qgis, tmp_path):
    from deep_geology.algorithms.layers import RasterSource
    from deep_geology.plugin.jobs.errors import Stopped

    layer = QgsRasterLayer(write_raster("/vsimem/stop.tif", rock_values()), "stop", "gdal")
    ears = Ears()
    ears.cancel()
    with pytest.raises(Stopped):
        RasterSource(layer).file(str(tmp_path / "copy.tif"), None, ears, TRANSFORMS)


def test_box_around_features_covers_them_in_the_rasters_crs(qgis):
    from deep_geology.algorithms.layers import box_of
    from qgis.core import QgsProcessingFeatureSource

    layer = memory_points(label_points(20), "EPSG:4326")
    context = QgsProcessingContext()
    source = QgsProcessingFeatureSource(layer, context, False)
    box = box_of([source], QgsCoordinateReferenceSystem(CRS), TRANSFORMS)
    for easting, northing, _ in label_points(20):
        assert box.contains(QgsRectangle(easting - 1, northing - 1, easting + 1, northing + 1))
    assert box.xMinimum() > WEST - 1000 and box.yMaximum() < NORTH + 1000
    assert box_of([], QgsCoordinateReferenceSystem(CRS), TRANSFORMS) is None
