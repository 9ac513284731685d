"""What was asked in a dialog, a model or a script becomes the plain values of a job."""

import csv
from dataclasses import dataclass

import pytest


@pytest.fixture
def survey(qgis):
    """An algorithm over a job that asks for layers of every kind; it is only read, never run."""
    from deep_geology.algorithms.job_algorithm import JobAlgorithm
    from deep_geology.plugin.jobs import declare

    @dataclass(frozen=True)
    class Survey:
        """Ask for everything."""

        rasters: list = declare.rasters("Rasters")
        bands: list = declare.bands("Bands", "rasters")
        photos: str = declare.raster_or_images("Raster or images", optional=True)
        photo_bands: list = declare.bands("Bands of the photos", "photos")
        catalog: str = declare.catalog("Catalog", optional=True)
        start: str = declare.moment("Start", optional=True)
        extent: list = declare.extent("Extent")

    class Algorithm(JobAlgorithm):
        job_name = "describe_model"
        title = "Survey"
        job = Survey

    algorithm = Algorithm()
    algorithm.initAlgorithm()
    return algorithm


@pytest.fixture
def rasters(tmp_path):
    from osgeo import gdal

    paths = []
    for name in ("dem", "slope"):
        path = str(tmp_path / f"{name}.tif")
        raster = gdal.GetDriverByName("GTiff").Create(path, 4, 3, 2)
        raster.SetProjection("EPSG:32612")
        raster.SetGeoTransform((500000, 10, 0, 4000000, 0, -10))
        del raster
        paths.append(path)
    return paths


def _ask(algorithm, **parameters):
    from deep_geology.algorithms.values import read_inputs
    from qgis.core import QgsProcessingContext, QgsProject

    context = QgsProcessingContext()
    context.setProject(QgsProject.instance())
    return read_inputs(algorithm, parameters, context)


def _accepts(algorithm, **parameters):
    from qgis.core import QgsProcessingContext

    return algorithm.checkParameterValues(parameters, QgsProcessingContext())


def test_several_rasters_are_read_in_their_order_whatever_stands_for_them(survey, rasters, project):
    from qgis.core import QgsRasterLayer

    layer = QgsRasterLayer(rasters[0], "dem")
    project.addMapLayer(layer)
    for given in ([layer, rasters[1]], [layer.id(), rasters[1]], rasters):
        assert _ask(survey, RASTERS=given)["rasters"] == rasters
    assert _ask(survey, RASTERS=rasters[0])["rasters"] == rasters[:1]


def test_a_raster_of_several_that_does_not_open_is_named(survey, rasters):
    from deep_geology.plugin.jobs.errors import JobError

    with pytest.raises(JobError, match=r"nowhere\.tif"):
        _ask(survey, RASTERS=[rasters[0], "nowhere.tif"])
    accepted, sentence = _accepts(survey, RASTERS=[])
    assert not accepted and "Rasters is missing. Choose at least one raster layer." in sentence


def test_bands_of_a_stack_are_a_list_or_spans_in_a_text(survey, rasters):
    assert _ask(survey, RASTERS=rasters, BANDS="1, 3-4")["bands"] == [1, 3, 4]
    assert _ask(survey, RASTERS=rasters, BANDS=[2, 1])["bands"] == [2, 1]
    assert _ask(survey, RASTERS=rasters)["bands"] == []
    assert _accepts(survey, RASTERS=rasters, BANDS=[2, 1]) == (True, "")
    accepted, sentence = _accepts(survey, RASTERS=rasters, BANDS="red")
    assert not accepted and "1,2,5-7" in sentence
    for wrong in (["x"], [1.7]):
        accepted, sentence = _accepts(survey, RASTERS=rasters, BANDS=wrong)
        assert not accepted and "is not the number of a band" in sentence


@pytest.mark.parametrize("text", ["array(3, 1)", "'3;1'", "'3,1'", "array('3', 2 / 2)"])
def test_bands_may_be_an_expression(survey, rasters, text):
    from qgis.core import QgsProperty

    given = QgsProperty.fromExpression(text)
    assert _ask(survey, RASTERS=rasters, BANDS=given)["bands"] == [3, 1]
    assert _ask(survey, RASTERS=rasters, PHOTOS=rasters[0], PHOTO_BANDS=given)["photo_bands"] == [
        3,
        1,
    ]


def test_a_folder_stands_in_the_place_of_a_raster(survey, rasters, tmp_path):
    folder = str(tmp_path)
    assert _ask(survey, RASTERS=rasters, PHOTOS=folder)["photos"] == folder
    assert _ask(survey, RASTERS=rasters, PHOTOS_FOLDER=folder)["photos"] == folder
    assert _ask(survey, RASTERS=rasters, PHOTOS=rasters[1])["photos"] == rasters[1]
    assert _accepts(survey, RASTERS=rasters, PHOTOS=folder) == (True, "")


def test_moments_are_utc(survey, rasters):
    from qgis.PyQt.QtCore import QDate, QDateTime, Qt, QTime

    clock = QDateTime(QDate(2011, 3, 11), QTime(5, 46, 24))
    offset = QDateTime(QDate(2011, 3, 11), QTime(14, 46, 24), Qt.TimeSpec.OffsetFromUTC, 9 * 3600)
    given = (clock, offset, "2011-03-11T05:46:24Z", "2011-03-11 14:46:24+09:00")
    for moment in given:
        assert _ask(survey, RASTERS=rasters, START=moment)["start"] == "2011-03-11T05:46:24"
    assert _ask(survey, RASTERS=rasters)["start"] == ""
    accepted, sentence = _accepts(survey, RASTERS=rasters, START="the day before")
    assert not accepted and "2011-01-01T00:00:00" in sentence


def _points(kind, rows):
    from qgis.core import QgsFeature, QgsGeometry, QgsVectorLayer

    fields = "&field=time:datetime&field=mag:double&field=place:string"
    layer = QgsVectorLayer(f"{kind}{fields}", "events", "memory")
    for geometry, values in rows:
        feature = QgsFeature(layer.fields())
        feature.setAttributes(values)
        if geometry:
            feature.setGeometry(QgsGeometry.fromWkt(geometry))
        layer.dataProvider().addFeature(feature)
    return layer


def _written(layer, path):
    from deep_geology.algorithms.catalogs import write_catalog
    from qgis.core import QgsProcessingContext, QgsProcessingFeatureSource, QgsProcessingFeedback

    context = QgsProcessingContext()
    source = QgsProcessingFeatureSource(layer, context)
    write_catalog(source, str(path), context, QgsProcessingFeedback())
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_point_layer_becomes_a_catalog_with_longitude_and_latitude(qgis, tmp_path):
    from qgis.PyQt.QtCore import QDate, QDateTime, Qt, QTime

    known = QDateTime(QDate(2011, 3, 11), QTime(5, 46, 24, 120), Qt.TimeSpec.UTC)
    unknown = QDateTime(QDate(2011, 3, 12), QTime(0, 0))
    layer = _points(
        "point?crs=EPSG:32654",
        [("Point(500000 4000000)", [known, 9.1, "Tōhoku, off"]), (None, [unknown, None, None])],
    )
    first, second = _written(layer, tmp_path / "events.csv")
    assert float(first["_longitude"]) == pytest.approx(141.0, abs=1e-9)
    assert float(first["_latitude"]) == pytest.approx(36.1441, abs=1e-3)
    assert first["time"] == "2011-03-11T05:46:24.120Z"
    assert first["mag"] == "9.1" and first["place"] == "Tōhoku, off"
    assert second["time"] == "2011-03-12T00:00:00.000" and second["mag"] == ""
    assert second["_longitude"] == ""


def test_a_table_becomes_a_catalog_of_its_fields(qgis, tmp_path):
    (row,) = _written(_points("none?", [(None, [None, 4.5, "x"])]), tmp_path / "table.csv")
    assert list(row) == ["id", "time", "mag", "place"] and row["mag"] == "4.5"


def test_lines_are_no_catalog(qgis, tmp_path):
    from deep_geology.plugin.jobs.errors import JobError

    layer = _points("linestring?crs=EPSG:4326", [("LineString(0 0, 1 1)", [None, 1.0, ""])])
    with pytest.raises(JobError, match="holds no points"):
        _written(layer, tmp_path / "lines.csv")
