"""A job file instead of a run: the same job, to be done by an engine anywhere."""

import json
import os
import subprocess

import numpy as np
import pytest
from qgis.core import (
    QgsApplication,
    QgsProcessingException,
    QgsProcessingParameterDefinition,
    QgsRasterLayer,
)

from qgis_program import call
from qgis_truth import label_points, memory_points, read_raster, rock_values, write_raster

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def job_in(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def do(engine, path):
    """Let the engine do a job file; its outputs."""
    command = [engine, "-m", "plugin.engine", "run", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_job_file_gives_the_map_that_a_run_gives(run, landscape, model, tmp_path, engine, feedback):
    asked = {"INPUT": landscape, "MODEL": model, "STRIDE": 32}
    place, job = str(tmp_path / "there.tif"), str(tmp_path / "job.json")
    outputs = run("classifyraster", feedback, **asked, OUTPUT=place, JOB_FILE=job)
    assert outputs["JOB_FILE"] == job and not os.path.exists(place)
    assert any("nothing was run" in text for text in feedback.info)
    known = job_in(job)
    assert known["do"] == "classify_raster" and known["values"]["stride"] == 32
    assert do(engine, job)["OUTPUT"] == place
    here = run("classifyraster", **asked, OUTPUT=str(tmp_path / "here.tif"))["OUTPUT"]
    assert np.array_equal(read_raster(here), read_raster(place))
    assert sorted(os.listdir(tmp_path)) == sorted(
        ["job.json", "there.tif", "there.tif.aux.xml", "here.tif", "here.tif.aux.xml"]
    )


def test_layers_that_are_no_files_are_written_beside(run, model, tmp_path, engine):
    path = write_raster("/vsimem/rocks.tif", rock_values())
    raster = QgsRasterLayer(path, "in memory", "gdal")
    points = memory_points(label_points(20, seed=7), name="outcrops")
    points.setSubsetString("\"rock\" = 'granite'")
    job = str(tmp_path / "work" / "job.json")
    run(
        "classifyfeatures", INPUT=points, RASTER=raster, MODEL=model,
        OUTPUT=str(tmp_path / "o.gpkg"), JOB_FILE=job,
    )  # fmt: skip
    values = job_in(job)["values"]
    for name in ("input", "raster"):
        assert values[name].startswith(str(tmp_path / "work" / "job_inputs"))
    assert values["output"] == str(tmp_path / "o.geojson")
    do(engine, job)
    with open(values["output"], encoding="utf-8") as file:
        made = json.load(file)["features"]
    assert {one["properties"]["class"] for one in made} <= {"granite", "schist"}
    assert len(made) == points.featureCount()


def test_temporary_outputs_get_places_beside_the_job_file(run, landscape, model, tmp_path):
    job = str(tmp_path / "job.json")
    run("classifyraster", INPUT=landscape, MODEL=model, OUTPUT="TEMPORARY_OUTPUT", JOB_FILE=job)
    values = job_in(job)["values"]
    assert values["output"] == str(tmp_path / "job_output.tif") and "confidence" not in values
    assert os.listdir(tmp_path) == ["job.json"]


def test_job_file_takes_no_other_file_and_no_other_ending(run, landscape, model, tmp_path):
    asked = {"INPUT": landscape, "MODEL": model, "OUTPUT": str(tmp_path / "o.tif")}
    with pytest.raises(QgsProcessingException, match=r"a name that ends in \.json"):
        run("classifyraster", **asked, JOB_FILE=str(tmp_path / "job.txt"))
    assert os.listdir(tmp_path) == []


def test_every_algorithm_of_the_engine_writes_job_files(qgis):
    provider = QgsApplication.processingRegistry().providerById("deepgeology")
    ours = [one for one in provider.algorithms() if hasattr(one, "job_name")]
    flag = QgsProcessingParameterDefinition.Flag.FlagAdvanced
    for one in ours:
        parameter = one.parameterDefinition("JOB_FILE")
        assert bool(parameter) == one.needs_engine, one.name()
        assert not parameter or parameter.flags() & flag
    assert len(ours) > 20


def test_qgis_process_writes_one(enabled, landscape, model, tmp_path):
    job = tmp_path / "job.json"
    call("run", "deepgeology:classifyraster", "--", f"INPUT={landscape}", f"MODEL={model}",
         f"OUTPUT={tmp_path / 'o.tif'}", f"JOB_FILE={job}")  # fmt: skip
    assert job_in(job)["values"]["output"] == str(tmp_path / "o.tif")
    assert os.listdir(tmp_path) == ["job.json"]
