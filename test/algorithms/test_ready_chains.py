"""The ready-made models of scenes, objects, series and upscaling run as they are: minutes together."""

import os

import numpy as np
import pytest

from qgis_seismicity import QUICK, write_clusters
from qgis_truth import (
    NORTH,
    PIXEL,
    WEST,
    label_points,
    memory_points,
    memory_squares,
    read_raster,
    write_raster,
)
from qgis_upscaling import coarse_values, fine_values, write_ground


@pytest.fixture
def chain(qgis, tmp_path):
    """Run a ready-made model: ``chain(name, {"step:output": ".tif"}, input=...)`` gives the files."""
    import processing

    def run_model(name, outputs, **inputs):
        files = {key: str(tmp_path / (key.split(":")[1] + end)) for key, end in outputs.items()}
        done = processing.run(f"deepgeology:{name}", {**inputs, **files})
        assert set(files) <= set(done)
        assert all(os.path.getsize(path) > 0 for path in files.values())
        return {key.split(":")[1]: path for key, path in files.items()}

    return run_model


@pytest.mark.soak
def test_scenes_are_named_from_labels(chain, landscape):
    outputs = {"train:model": ".safetensors", "train:training_report": ".html",
               "classify:classes": ".tif", "classify:confidence": ".tif"}  # fmt: skip
    made = chain(
        "Scenes from labels", outputs, image=landscape, labels_field="rock",
        labels=memory_points(label_points(60)), chip_size=16, minutes=0.5,
    )  # fmt: skip
    west, east = np.array_split(read_raster(made["classes"])[0], 2, axis=1)
    assert np.mean(west == 1) > 0.8 and np.mean(east == 2) > 0.8


@pytest.mark.soak
def test_objects_are_sought_from_outlines(chain, tmp_path):
    middles = [(row, column) for row in range(16, 150, 26) for column in range(16, 150, 26)]
    values = np.random.default_rng(0).normal(90, 8, (1, 160, 160))
    for row, column in middles:
        values[:, row - 8 : row + 8, column - 8 : column + 8] = 200
    ground = write_raster(tmp_path / "pits.tif", values.clip(0, 255).astype("uint8"))
    points = [(WEST + PIXEL * column, NORTH - PIXEL * row, "pit") for row, column in middles]
    outputs = {"train:model": ".safetensors", "train:training_report": ".html",
               "detect:objects": ".gpkg"}  # fmt: skip
    chain(
        "Objects from outlines", outputs, drawn=ground, searched=ground, minutes=0.2,
        outlines=memory_squares(points, 16 * PIXEL),
    )  # fmt: skip


@pytest.mark.soak
def test_forecast_is_written_for_pycsep(chain, tmp_path):
    outputs = {"train:model": ".safetensors", "train:training_report": ".html",
               "forecast:forecast": ".tif", "export:csep": ""}  # fmt: skip
    made = chain(
        "Forecast for pyCSEP from a catalog", outputs, window_days=5, cell_size=0.5,
        catalog=write_clusters(tmp_path / "events.csv"), extent=QUICK["EXTENT"],
    )  # fmt: skip
    assert "forecast.dat" in os.listdir(made["csep"])
    assert (read_raster(made["forecast"])[0] > 0).all()


def test_next_grids_of_a_series_are_made(chain, tmp_path):
    steps = np.arange(40)[:, None, None]
    swing = 120 + 60 * np.sin(2 * np.pi * steps / 20)
    values = swing + np.random.default_rng(0).normal(0, 3, (40, 8, 10))
    series = write_raster(tmp_path / "series.tif", values.astype("uint8"))
    outputs = {"train:model": ".safetensors", "train:training_report": ".html",
               "forecast:forecast": ".tif"}  # fmt: skip
    made = chain("Next grids of a series", outputs, series=[series], minutes=0.1)
    assert read_raster(made["forecast"]).shape[1:] == (8, 10)


@pytest.fixture
def grounds(tmp_path):
    """A coarse raster, a fine one of the same ground, and a fine one of another ground."""
    return (
        write_ground(tmp_path / "coarse.tif", coarse_values(), 2 * PIXEL),
        write_ground(tmp_path / "fine.tif", fine_values()),
        write_ground(tmp_path / "other.tif", fine_values(seed=1)),
    )


def test_raster_is_made_finer_and_judged(chain, grounds):
    coarse, fine, _ = grounds
    outputs = {"upscale:finer": ".tif", "upscale:synthesized": ".tif",
               "assess:quality_report": ".html"}  # fmt: skip
    made = chain("Finer raster and its quality", outputs, coarse=coarse, reference=fine, factor="2")
    assert read_raster(made["finer"]).shape == fine_values().shape


@pytest.mark.soak
def test_own_upscaler_is_trained_judged_and_used(chain, grounds):
    coarse, fine, other = grounds
    outputs = {"train:model": ".safetensors", "train:training_report": ".html",
               "assess:quality_report": ".html", "upscale:finer": ".tif"}  # fmt: skip
    made = chain(
        "Upscaler of your own", outputs, fine=[other], reference=fine, coarse=coarse, factor="2",
        minutes=0.2,
    )  # fmt: skip
    assert read_raster(made["finer"]).shape == fine_values().shape


@pytest.mark.soak
def test_map_has_the_finer_pixels(chain, landscape):
    outputs = {"upscale:finer": ".tif", "train:model": ".safetensors",
               "train:training_report": ".html", "classify:classes": ".tif",
               "classify:trust": ".tif"}  # fmt: skip
    made = chain(
        "Map at finer pixels", outputs, imagery=landscape, labels_field="rock", factor="2",
        labels=memory_squares(label_points(16)), minutes=0.5,
    )  # fmt: skip
    classes = read_raster(made["classes"])[0]
    assert classes.shape == tuple(2 * side for side in read_raster(landscape).shape[1:])
    west, east = np.array_split(classes, 2, axis=1)
    assert np.mean(west == 1) > 0.8 and np.mean(east == 2) > 0.8
