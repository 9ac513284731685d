"""An output layer is whole, or there is none and a sentence."""

import json
import os
import resource
from contextlib import contextmanager

import pytest
from osgeo import gdal
from qgis.core import QgsVectorLayer

from qgis_truth import QUICK_TRAINING, label_points, memory_points, memory_squares, save

FORMATS = ["gpkg", "geojson", "shp", "fgb", "csv", "tab", "kml"]


@pytest.fixture
def full_disk(run, landscape, model, monkeypatch):
    """The disk is full at a number of bytes a file, from when the engine has done its work.

    Only inside ``with full_disk(size):``, for the limit holds for the tests' own log too.
    """
    from deep_geology.algorithms import job_algorithm

    run("classifyraster", INPUT=landscape, MODEL=model, OUTPUT="TEMPORARY_OUTPUT")  # starts it
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    read = job_algorithm.read_collection

    @contextmanager
    def fill(size):
        def read_and_fill(path):
            collection = read(path)
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
            return collection

        monkeypatch.setattr(job_algorithm, "read_collection", read_and_fill)
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

    return fill


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("size", [0, 5000])
def test_full_disk_is_a_sentence_and_no_file(
    refused, full_disk, landscape, model, tmp_path, kind, size
):
    squares = memory_squares(label_points(400))
    (tmp_path / "mine.csvt").write_text("", encoding="utf-8")
    (tmp_path / "mine.html").write_text("", encoding="utf-8")
    target = tmp_path / f"mine.{kind}"
    asked = {"INPUT": squares, "RASTER": landscape, "MODEL": model, "OUTPUT": str(target)}
    with full_disk(size):
        said = refused("classifyfeatures", **asked)
    assert said.startswith(f'Classified features "{target}" could not be written completely: ')
    assert said.endswith("Free some space, or choose GeoPackage (.gpkg).") and len(said) < 400
    assert sorted(os.listdir(tmp_path)) == ["mine.csvt", "mine.html"]


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("size", [0, 5000])
def test_full_disk_leaves_the_older_files_byte_for_byte(
    refused, full_disk, landscape, model, tmp_path, kind, size
):
    target = tmp_path / f"mine.{kind}"
    save(memory_points(label_points(7)), target)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    squares = memory_squares(label_points(400))
    asked = {"INPUT": squares, "RASTER": landscape, "MODEL": model, "OUTPUT": str(target)}
    with full_disk(size):
        said = refused("classifyfeatures", **asked)
    assert f'"{target}" could not be written completely' in said
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_full_disk_leaves_the_other_tables_of_a_geopackage(
    refused, full_disk, landscape, model, tmp_path
):
    package = tmp_path / "field work.gpkg"
    source = save(memory_squares(label_points(300)), package, "mapped")
    target = f"ogr:dbname='{package}' table=\"classified\" (geom)"
    asked = {"INPUT": source, "RASTER": landscape, "MODEL": model, "OUTPUT": target}
    with full_disk(9000):
        said = refused("classifyfeatures", **asked)
    assert "could not be written completely" in said
    assert QgsVectorLayer(source, "m", "ogr").featureCount() == 300


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_that_is_offered_holds_the_features(run, landscape, model, tmp_path, kind):
    points = memory_points(label_points(6))
    target = str(tmp_path / f"classified.{kind}")
    place = run("classifyfeatures", INPUT=points, RASTER=landscape, MODEL=model, OUTPUT=target)
    layer = QgsVectorLayer(place["OUTPUT"], "c", "ogr")
    assert layer.featureCount() == 6
    if kind == "kml" and gdal.GetDriverByName("LIBKML") is None:
        pytest.skip("this GDAL reads no attributes of KML, for it lacks LIBKML")
    assert {f["class"] for f in layer.getFeatures()} <= {"granite", "schist"}


@pytest.mark.parametrize("ending, row", [(".csv", 20), (".dbf", 3), (".dat", 3)])
def test_last_row_that_is_cut_is_found(qgis, tmp_path, ending, row):
    from deep_geology.algorithms.written_files import is_cut

    kind = {".dbf": ".shp", ".dat": ".tab"}.get(ending, ending)
    save(memory_points(label_points(9)), tmp_path / ("o" + kind))
    assert not is_cut(tmp_path / ("o" + ending))
    os.truncate(tmp_path / ("o" + ending), os.path.getsize(tmp_path / ("o" + ending)) - row)
    assert is_cut(tmp_path / ("o" + ending))


@pytest.mark.parametrize("kind", ["fgb", "shp"])
def test_format_that_drops_rows_without_position_is_named(refused, chips, model, tmp_path, kind):
    target = tmp_path / f"photos.{kind}"
    said = refused("classifyimages", INPUT=chips, MODEL=model, OUTPUT=str(target))
    assert f".{kind} cannot hold rows without a position" in said and "(.gpkg)" in said
    assert os.listdir(tmp_path) == []


def test_trace_of_the_format_goes_to_the_log(
    refused, full_disk, landscape, model, tmp_path, feedback
):
    points = memory_points(label_points(6))
    asked = {"INPUT": points, "RASTER": landscape, "MODEL": model}
    with full_disk(0):
        said = refused("classifyfeatures", feedback, **asked, OUTPUT=str(tmp_path / "c.gpkg"))
    assert "sqlite" not in said.lower() and "OGR" not in said
    assert any("c.gpkg" in text for text in feedback.debug)


def test_folder_of_a_layer_is_made(run, landscape, model, tmp_path):
    points = memory_points(label_points(6))
    target = tmp_path / "new" / "deeper" / "classified.geojson"
    run("classifyfeatures", INPUT=points, RASTER=landscape, MODEL=model, OUTPUT=str(target))
    assert len(json.loads(target.read_text(encoding="utf-8"))["features"]) == 6


@pytest.mark.parametrize("kind", ["gpx", "dxf", "sqlite", "foo"])
def test_format_that_cannot_hold_the_columns_is_refused_before_work(
    refused, chips, model, tmp_path, feedback, kind
):
    target = tmp_path / "new" / f"photos.{kind}"
    said = refused("classifyimages", feedback, INPUT=chips, MODEL=model, OUTPUT=str(target))
    assert f".{kind} cannot hold these features with their columns. Choose GeoPackage" in said
    assert feedback.steps == [] and os.listdir(tmp_path) == []


@pytest.mark.parametrize("kind", ["shp", "fgb"])
def test_table_of_predictions_in_a_format_for_maps_is_refused_before_training(
    refused, chips, tmp_path, kind
):
    asked = {
        **QUICK_TRAINING,
        "INPUT": chips,
        "MODEL": str(tmp_path / "m.safetensors"),
        "REPORT": str(tmp_path / "m.html"),
    }
    said = refused("trainimageclassifier", **asked, PREDICTIONS=str(tmp_path / f"p.{kind}"))
    assert f".{kind} cannot hold a table. Choose GeoPackage" in said
    assert os.listdir(tmp_path) == []


def test_folders_of_predictions_and_footprints_are_made(run, landscape, chips, tmp_path):
    table, footprints = tmp_path / "a" / "b" / "p.csv", tmp_path / "c" / "d" / "f.fgb"
    asked = {
        **QUICK_TRAINING,
        "INPUT": chips,
        "MODEL": str(tmp_path / "m.safetensors"),
        "REPORT": str(tmp_path / "m.html"),
    }
    run("trainimageclassifier", **asked, PREDICTIONS=str(table))
    cut = {"INPUT": landscape, "CLASS_FIELD": "rock", "CHIP_SIZE": 32}
    labels = memory_points(label_points(6))
    place = str(tmp_path / "chips")
    run("exporttrainingchips", **cut, LABELS=labels, OUTPUT=place, FOOTPRINTS=str(footprints))
    assert table.exists() and QgsVectorLayer(str(footprints), "f", "ogr").featureCount() == 6


def test_dialogs_offer_the_formats_that_are_taken(qgis):
    from qgis.core import QgsApplication

    provider = QgsApplication.processingRegistry().providerById("deepgeology")
    assert sorted(provider.supportedOutputVectorLayerExtensions()) == sorted(FORMATS)
    assert not {"shp", "fgb"} & set(provider.supportedOutputTableExtensions())


def test_file_as_the_folder_of_a_layer_is_refused_before_work(refused, chips, model, tmp_path):
    (tmp_path / "notes").write_text("mine", encoding="utf-8")
    target = str(tmp_path / "notes" / "photos.gpkg")
    said = refused("classifyimages", INPUT=chips, MODEL=model, OUTPUT=target)
    assert 'notes" is a file, not a folder' in said


def test_output_replaces_a_layer_and_a_name_without_ending_gets_one(run, chips, model, tmp_path):
    for _ in range(2):
        place = run("classifyimages", INPUT=chips, MODEL=model, OUTPUT=str(tmp_path / "photos"))
    assert QgsVectorLayer(place["OUTPUT"], "p", "ogr").featureCount() == 24
    assert os.listdir(tmp_path) == ["photos.gpkg"]
