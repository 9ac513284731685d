"""A layer that is there already stays until the new one is whole, with all of its files."""

import os
from contextlib import nullcontext

import pytest
from osgeo import ogr
from qgis.core import (
    QgsGeometry,
    QgsPointXY,
    QgsProcessingContext,
    QgsProcessingOutputLayerDefinition,
    QgsProperty,
    QgsRemappingSinkDefinition,
    QgsVectorLayer,
)

from qgis_truth import label_points, memory_points, save


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture(params=["gpkg", "geojson", "shp", "fgb", "csv", "tab", "kml"])
def older(request, qgis, tmp_path):
    """A layer of seven points, in every format."""
    target = tmp_path / f"mine.{request.param}"
    save(memory_points(label_points(7)), target)
    if request.param == "shp":
        ogr.Open(str(target), 1).ExecuteSQL("CREATE SPATIAL INDEX ON mine")
    return target


def test_success_replaces_the_older_files_and_leaves_no_others(qgis, older, tmp_path):
    (tmp_path / "mine.html").write_text("mine", encoding="utf-8")
    before = contents(tmp_path)
    assert ("mine.qix" in before) == (older.suffix == ".shp")
    write(str(older), rows_until(None))
    assert QgsVectorLayer(str(older), "new", "ogr").featureCount() == 3
    assert contents(tmp_path)["mine.html"] == b"mine" and "mine.qix" not in contents(tmp_path)
    assert set(contents(tmp_path)) <= {*before, "mine.cpg", "mine.prj"}


@pytest.mark.parametrize("error", [KeyError("type"), KeyboardInterrupt()])
def test_whatever_ends_the_writing_leaves_the_older_files(qgis, older, error):
    """As features of the engine that cannot be read, or a stop."""
    with pytest.raises(type(error)):
        write(str(older), rows_until(error))
    assert QgsVectorLayer(str(older), "old", "ogr").featureCount() == 7
    assert not [name for name in contents(older.parent) if "part" in name]


def rows_until(error, fine=3):
    for number in range(fine):
        yield QgsGeometry.fromPointXY(QgsPointXY(number, number)), [f"new {number}"]
    if error:
        raise error


def write(target, rows, context=None):
    """Write rows as an algorithm does."""
    from deep_geology.algorithms.layer_output import LayerOutput
    from deep_geology.algorithms.sinks import fields_of
    from qgis.core import QgsApplication, QgsCoordinateReferenceSystem, QgsWkbTypes

    name = "deepgeology:classifyfeatures"
    algorithm = QgsApplication.processingRegistry().createAlgorithmById(name)
    (part,) = [part for part in algorithm.parts() if part.kind == "new_features"]
    context = context or QgsProcessingContext()
    output = LayerOutput(algorithm, part, {"OUTPUT": target}, context)
    fields = fields_of([{"name": "class", "type": "text"}])
    crs = QgsCoordinateReferenceSystem("EPSG:32717")
    return output.write(fields, QgsWkbTypes.Type.Point, crs, rows)


@pytest.mark.parametrize("fails", [True, False])
def test_layer_of_the_older_file_in_the_project_does_not_break(project, older, fails):
    layer = QgsVectorLayer(str(older), "loaded", "ogr")
    project.addMapLayer(layer)
    assert len(list(layer.getFeatures())) == 7
    with pytest.raises(KeyError) if fails else nullcontext():
        write(str(older), rows_until(KeyError() if fails else None))
    layer.reload()
    layer.dataProvider().reloadData()
    assert layer.isValid() and len(list(layer.getFeatures())) == (7 if fails else 3)


@pytest.mark.parametrize("kind", ["geojson", "shp"])
def test_older_files_that_may_not_be_replaced_are_named_and_stay(qgis, tmp_path, monkeypatch, kind):
    from deep_geology.algorithms import written_files
    from deep_geology.plugin.jobs.errors import JobError

    target = tmp_path / f"mine.{kind}"
    save(memory_points(label_points(7)), target)
    before, replace, calls = contents(tmp_path), os.replace, []

    def refuse_last(source, place):
        calls.append(place)
        if source.endswith(os.path.join("new", target.name)):
            raise PermissionError(13, "Permission denied", source)
        replace(source, place)

    monkeypatch.setattr(written_files.os, "replace", refuse_last)
    with pytest.raises(JobError, match=r"cannot replace .* Permission denied\.") as caught:
        write(str(target), rows_until(None))
    assert str(target) in str(caught.value) and "choose another name" in caught.value.remedy
    assert calls and contents(tmp_path) == before


def test_older_files_that_cannot_be_put_back_stay_aside(qgis, tmp_path, monkeypatch):
    from deep_geology.algorithms import written_files
    from deep_geology.plugin.jobs.errors import JobError

    target = tmp_path / "mine.shp"
    save(memory_points(label_points(7)), target)
    before, replace = contents(tmp_path), os.replace

    def refuse(source, place):
        if os.path.basename(os.path.dirname(source)) in ("new", "old"):
            raise PermissionError(13, "Permission denied", source)
        replace(source, place)

    monkeypatch.setattr(written_files.os, "replace", refuse)
    with pytest.raises(JobError, match=r"cannot replace .* Permission denied\.") as caught:
        write(str(target), rows_until(None))
    (folder,) = tmp_path.iterdir()
    assert contents(folder / "old") == before and [*folder.iterdir()] == [folder / "old"]
    assert f'"{folder / "old"}"' in caught.value.remedy


@pytest.mark.parametrize("kind", ["gpkg", "shp"])
def test_layer_that_is_held_open_is_refused_before_anything_is_replaced(
    refused, tmp_path, monkeypatch, kind
):
    from deep_geology.algorithms import job_algorithm, written_files

    catalog, report, target = (tmp_path / name for name in ("c.csv", "r.html", f"mine.{kind}"))
    catalog.write_text("time,latitude,longitude,mag\n2010-01-01,45,10,3\n", encoding="utf-8")
    report.write_text("of before", encoding="utf-8")
    save(memory_points(label_points(7)), target)
    before, rename = contents(tmp_path), os.rename

    def as_windows(source, place):
        if source == str(target.with_suffix(".dbf" if kind == "shp" else ".gpkg")):
            raise PermissionError(13, "Permission denied", source)
        rename(source, place)

    monkeypatch.setattr(written_files.os, "rename", as_windows)
    monkeypatch.setattr(job_algorithm.worker, "run", pytest.fail)
    asked = {"CATALOG": str(catalog), "OUTPUT": str(target), "REPORT": str(report)}
    said = refused("checkcatalog", **asked)
    assert f'cannot replace "{target}": Permission denied.' in said and "close programs" in said
    assert contents(tmp_path) == before


def test_layer_is_loaded_from_its_place(project, tmp_path):
    context, target = QgsProcessingContext(), str(tmp_path / "mine.gpkg")
    context.setProject(project)
    asked = QgsProcessingOutputLayerDefinition(target, project)
    asked.destinationName = "Mine"
    placed = write(asked, rows_until(None), context)
    assert list(context.layersToLoadOnCompletion()) == [placed]
    assert context.layerToLoadOnCompletionDetails(placed).name == "Mine"
    assert placed.startswith(target) and asked.sink.staticValue() == target
    package = ogr.Open(target)
    assert [(table.GetName(), table.GetFeatureCount()) for table in package] == [("mine", 3)]


@pytest.mark.parametrize("kind", ["gpkg", "geojson"])
def test_layer_that_features_are_added_to_stays_when_that_fails(qgis, tmp_path, kind):
    target = tmp_path / f"mine.{kind}"
    source = save(memory_points(label_points(7), field="class"), target)
    asked = QgsProcessingOutputLayerDefinition(source)
    added = QgsRemappingSinkDefinition()
    added.setDestinationFields(QgsVectorLayer(source, "m", "ogr").fields())
    added.addMappedField("class", QgsProperty.fromField("class"))
    asked.setRemappingDefinition(added)
    with pytest.raises(KeyError):
        write(asked, rows_until(KeyError()))
    assert QgsVectorLayer(source, "old", "ogr").featureCount() >= 7
