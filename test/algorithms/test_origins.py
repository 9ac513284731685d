"""A report names what the user gave, not the temporary file that the engine got."""

import html
import json
import os
import re
import subprocess

import numpy as np
import pytest
from qgis.core import QgsProcessingFeatureSourceDefinition, QgsRasterLayer, QgsVectorLayer

from qgis_truth import SIDE, label_points, memory_points, save, write_raster

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


@pytest.fixture
def assessed(run, tmp_path):
    """Assess a perfect map with a reference; the page of the report and the job in it."""
    values = np.ones((1, SIDE, SIDE), np.uint8)
    values[:, :, SIDE // 2 :] = 2
    classes = write_raster(tmp_path / "classes.tif", values, nodata=0)

    def assess(reference, raster=classes):
        run(
            "assessaccuracy", CLASSIFIED=raster, REFERENCE=reference, CLASS_FIELD="rock",
            CLASS_NAMES="1=granite, 2=schist", REPORT=str(tmp_path / "r.html"),
        )  # fmt: skip
        page = (tmp_path / "r.html").read_text(encoding="utf-8")
        return page, json.loads(html.unescape(re.search(r"<pre.*?>(.*?)</pre>", page, re.S)[1]))

    return assess


@pytest.fixture
def outcrops(qgis, tmp_path):
    """Reference points in a GeoJSON file."""
    return save(memory_points(label_points(40)), tmp_path / "outcröps.geojson")


def test_job_in_a_report_runs_on_the_users_geojson(assessed, outcrops, tmp_path, engine):
    page, job = assessed(QgsVectorLayer(f"{outcrops}|layername=outcröps", "o", "ogr"))
    assert job["values"]["reference"] == outcrops and "QGIS alone reads" not in page
    assert not re.search(r"processing_\w+/\w+/reference", page)
    (tmp_path / "r.html").unlink()
    path = tmp_path / "job.json"
    path.write_text(json.dumps(job), encoding="utf-8")
    command = [engine, "-m", "plugin.engine", "run", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=120)
    assert done.returncode == 0 and json.loads(done.stdout)["ACCURACY"] == 1, done.stderr
    assert (tmp_path / "r.html").is_file()


def layer_of(kind, outcrops, tmp_path):
    """What is chosen, and what the report calls it."""
    layer = QgsVectorLayer(outcrops, "o", "ogr")
    if kind == "memory":
        return memory_points(label_points(40), name="points"), "memory: points"
    if kind == "gpkg":
        path = save(layer, tmp_path / "a.gpkg", "field trip")
        return path, path
    if kind == "filter":
        layer.setSubsetString("\"rock\" = 'granite'")
        return layer, f"{outcrops}|subset=\"rock\" = 'granite'"
    first = QgsProcessingFeatureSourceDefinition(outcrops, featureLimit=20)
    return first, f"{outcrops}|selection"


@pytest.mark.parametrize("kind", ["memory", "gpkg", "filter", "first features"])
def test_report_names_layers_that_must_be_exported(assessed, outcrops, tmp_path, kind):
    reference, name = layer_of(kind, outcrops, tmp_path)
    page, job = assessed(reference)
    assert job["values"]["reference"] == name
    assert "layers that QGIS alone reads" in page
    assert f"{html.escape(name)} as " in page


def test_report_names_a_raster_that_qgis_exported(assessed, outcrops, tmp_path):
    values = np.ones((1, SIDE, SIDE), np.uint8)
    values[:, :, SIDE // 2 :] = 2
    raster = QgsRasterLayer(write_raster("/vsimem/c.tif", values), "in memory", "gdal")
    page, job = assessed(outcrops, raster)
    assert job["values"]["classified"] == "gdal: in memory"
    assert job["values"]["reference"] == outcrops and "layers that QGIS alone reads" in page


def test_report_never_holds_the_password_of_a_database(qgis):
    from deep_geology.algorithms.origins import origin_of

    uri = "dbname='survey' host=db.example port=5432 user='me' password='secret' table=\"geo\".\"faults\" (geom)"  # fmt: skip
    layer = QgsVectorLayer(uri.replace("db.example", "127.0.0.1"), "faults", "postgres")
    assert origin_of(layer) == "postgres: survey.geo.faults"


def test_catalog_in_a_report_is_the_csv_of_the_user(run, tmp_path):
    rows = [f"2010-01-01T{n // 60:02}:{n % 60:02}:00Z,45,10,{2 + n % 7 / 10}" for n in range(300)]
    path, page = tmp_path / "events.csv", tmp_path / "r.html"
    path.write_text("\n".join(["time,latitude,longitude,mag", *rows]))
    run("checkcatalog", CATALOG=str(path), OUTPUT="TEMPORARY_OUTPUT", REPORT=str(page))
    text = page.read_text(encoding="utf-8")
    job = json.loads(html.unescape(re.search(r"<pre.*?>(.*?)</pre>", text, re.S)[1]))
    assert job["values"]["catalog"] == str(path) and "QGIS alone reads" not in text


def rows_of_one_kind(kind, magnitude):
    """A catalog of 40 events, as lines."""
    rows = [f"2010-01-01T00:{n:02}:00Z,45,10,{magnitude},{kind}" for n in range(40)]
    return "\n".join(["time,latitude,longitude,mag,type", *rows])


def test_refusal_names_the_layer_of_a_catalog_not_the_file_that_stands_for_it(refused, tmp_path):
    (tmp_path / "raw.csv").write_text(rows_of_one_kind("explosion", 2))
    place = f"file://{tmp_path}/raw.csv?xField=longitude&yField=latitude&crs=EPSG:4326"
    layer = QgsVectorLayer(place, "Quarries: 2010/11", "delimitedtext")
    text = refused("checkcatalog", CATALOG=layer, OUTPUT="TEMPORARY_OUTPUT",
                   REPORT="TEMPORARY_OUTPUT")  # fmt: skip
    assert text.startswith('No event of "Quarries: 2010/11" can be used')


def test_only_whole_names_of_files_become_names_of_layers(qgis):
    from deep_geology.algorithms.origins import naming_layers

    named = naming_layers({"/tmp/a/catalog/events.csv": "Events", "/tmp/a/dem/1.tif": "DEM 1"})
    assert named('"events.csv" holds no events.') == '"Events" holds no events.'
    assert named("Read events.csv. /tmp/a/dem/1.tif is flat.") == "Read Events. DEM 1 is flat."
    for other in ("my-events.csv", "/data/events.csv", "events.csv.gz", "11.tif", "1.tiff"):
        assert named(f'"{other}" holds nothing.') == f'"{other}" holds nothing.'
    assert naming_layers({})("events.csv") == "events.csv"
