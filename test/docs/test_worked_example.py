"""The page on adding a tool and a network is right: what it says is done there, and runs."""

import ast
import json
import os
import subprocess
import sys

import numpy as np
import pytest
import rasterio

from landscapes import box, regions, textured, write_labels, write_raster
from worked_example import added, blocks, follow


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """A copy of the package with the tool and the network of the page."""
    return follow(tmp_path_factory.mktemp("copy"))


def python(folder, *words):
    """Run a module with this Python in a folder."""
    done = subprocess.run(
        [sys.executable, "-m", *words], cwd=folder, capture_output=True, text=True,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def do(copy, tmp_path, name, values):
    """Do a job in the engine of the copy; give back its outputs."""
    job = tmp_path / f"{name}.json"
    job.write_text(json.dumps({"do": name, "values": values}), encoding="utf-8")
    return json.loads(python(copy, "plugin.engine", "run", str(job)))


@pytest.fixture(scope="module")
def survey(tmp_path_factory):
    """A raster of fields of three rocks, and the rocks."""
    truth = regions(96, 128, 16)
    path = tmp_path_factory.mktemp("survey") / "survey.tif"
    return write_raster(path, textured(truth)), truth


def test_new_tool_runs_in_the_engine(copy, survey, tmp_path):
    output = str(tmp_path / "ratio.tif")
    outputs = do(copy, tmp_path, "band_ratio", {"input": str(survey[0]), "output": output})
    with rasterio.open(survey[0]) as scene, rasterio.open(output) as ratio:
        above, below = scene.read([1, 2]).astype(np.float32)
        there = below > 0
        np.testing.assert_allclose(ratio.read(1)[there], above[there] / below[there], rtol=1e-6)
        assert outputs["MEAN"] == pytest.approx(float(np.nanmean(ratio.read(1))), rel=1e-5)


def test_new_network_is_trained_and_maps(copy, survey, tmp_path):
    raster, truth = str(survey[0]), survey[1]
    squares = [
        (box(row + 4, column + 4, row + 12, column + 12), f"rock {truth[row, column]}")
        for row in range(0, 96, 16)
        for column in range(0, 128, 16)
    ]
    labels = write_labels(tmp_path / "labels.geojson", squares)
    model, classes = str(tmp_path / "rocks.safetensors"), str(tmp_path / "classes.tif")
    training = {
        "rasters": [raster], "labels": labels, "class_field": "rock", "network": "neighborhood",
        "start_from": "scratch", "patch_size": 32, "epochs": 3, "folds": 2, "model": model,
        "report": str(tmp_path / "rocks.html"), "device": "cpu",
    }  # fmt: skip
    do(copy, tmp_path, "train_pixel_classifier", training)
    do(copy, tmp_path, "classify_pixels", {"rasters": [raster], "model": model, "output": classes})
    with rasterio.open(classes) as made:
        assert set(np.unique(made.read(1))) <= {1, 2, 3}


def test_copy_keeps_the_rules_of_the_house_and_its_own_tests_pass(copy):
    mine = ["test/test_rooms.py", "test/engine/test_band_ratio.py"]
    said = python(copy, "pytest", "-q", "-p", "no:cacheprovider", *mine)
    assert "passed" in said and "skipped" not in said


def test_every_block_of_code_reads():
    for place, is_added, text in blocks():
        if place.endswith(".py") and not is_added:
            ast.parse(text)
        if place.endswith(".json"):
            json.loads(text)
    assert len(blocks()) == 13


def test_a_line_is_added_where_the_page_says_it_and_nowhere_else():
    before = 'from .old import Old\n\nLIST = {\n    "old": Old,\n}\n'
    after = added(before, 'from .new import New\n\nLIST = {\n    "new": New,\n')
    assert (
        after
        == 'from .new import New\nfrom .old import Old\n\nLIST = {\n    "new": New,\n    "old": Old,\n}\n'
    )
    with pytest.raises(ValueError, match="not once"):
        added(before, "NO_LIST = {\n    1,\n")
