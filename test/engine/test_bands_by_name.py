"""Bands left empty are those with the names of the model's, in the tools with a model."""

import json
from pathlib import Path

import numpy as np
import pytest
import rasterio

from brightness import Said
from landscapes import NORTH_UP, UTM, write_raster
from plugin.engine.classification import chosen_bands, describe_for
from plugin.engine.detection.scenes import ImageCache, image_scene
from plugin.engine.tasks import (
    classify_features,
    classify_images,
    classify_raster,
    explain_classification,
    map_embedding,
)
from plugin.jobs import JOBS
from plugin.jobs.declare import from_values
from plugin.jobs.model_bands import bands_by_name
from plugin.jobs.model_card import ModelCard

SAMPLE = str(Path(__file__).resolve().parents[2] / "resources/samples/prairie/image.tif")
MODEL = "sentinel2_land_cover"
SENTENCE = "Bands 1, 2, 3 are taken, by their names in the model: red, green, blue."
CARD = ModelCard("pixel classification", "pixel_mlp", bands=[{"name": n} for n in ("red", "nir")])


def run(task, place, **values):
    """Run a task with the model of red, green and blue; what it said, and the outputs."""
    name = task.__name__.rpartition(".")[2]
    said = Said()
    given = {"output": str(place), "model": MODEL, "device": "cpu", **values}
    made = task.run(from_values(JOBS[name], given), said.progress)
    return said.notes + said.warnings, made


def extent():
    """A corner of the sample of 128 pixels, in its CRS."""
    with rasterio.open(SAMPLE) as file:
        west, north = file.transform @ (0, 0)
        east, south = file.transform @ (128, 128)
    return [west, east, south, north]


@pytest.mark.parametrize("more", [{}, {"bands": [1, 2, 3]}])
def test_raster_with_one_band_more_is_classified_by_the_three_that_are_named(tmp_path, more):
    told, made = run(
        classify_raster, tmp_path / "c.tif", input=SAMPLE, extent=extent(), stride=64, **more
    )
    assert (SENTENCE in told) == (not more)
    with rasterio.open(made["OUTPUT"]) as file:
        assert (file.read(1) > 0).all()


@pytest.mark.parametrize(
    "task, name, values",
    [(explain_classification, "heat.tif", {}), (map_embedding, "map.geojson", {"stride": 32})],
)
def test_explanation_takes_the_named_bands(tmp_path, task, name, values):
    told, made = run(task, tmp_path / name, input=SAMPLE, extent=extent(), **values)
    assert told.count(SENTENCE) == 1 and Path(made["OUTPUT"]).stat().st_size > 0


def test_features_are_classified_by_the_named_bands(tmp_path):
    place = Path(SAMPLE).with_name("labels.geojson")
    told, _ = run(classify_features, tmp_path / "f.geojson", input=str(place), raster=SAMPLE)
    assert told.count(SENTENCE) == 1


def test_image_with_a_band_more_gets_the_class_of_its_colors(tmp_path):
    """The fourth band comes first in one file; both images are one and the same."""
    values = np.random.default_rng(0).integers(30, 90, (3, 64, 64)).astype(np.uint8)
    extra = np.full((1, 64, 64), 250, np.uint8)
    folder = tmp_path / "images"
    folder.mkdir()
    names = ("near infrared", "red", "green", "blue")
    write_raster(folder / "a.tif", np.concatenate([extra, values]), names=names)
    write_raster(folder / "b.tif", values, names=names[1:])
    told, made = run(classify_images, tmp_path / "c.geojson", input=str(folder))
    assert "Bands 2, 3, 4 are taken, by their names in the model: red, green, blue." in told
    assert not any("Left out" in text for text in told)
    first, second = chances_of(made["OUTPUT"])
    assert first == second


def chances_of(path):
    features = json.loads(Path(path).read_text(encoding="utf-8"))["features"]
    return [
        {key: value for key, value in one["properties"].items() if key != "path"}
        for one in features
    ]


def test_scene_of_an_image_holds_the_named_bands(tmp_path):
    values = np.stack([np.full((8, 8), level, np.uint8) for level in (10, 20, 30)])
    path = write_raster(tmp_path / "a.tif", values, names=("nir", "green", "red"))
    scene, known = image_scene(path, ImageCache(), "", describe_for(CARD, path).numbers)
    assert known.names == ("red", "nir")
    assert scene.read(0, 0, 1, 1).ravel().tolist() == [30, 10]


def test_bands_are_found_through_all_rasters_by_name_or_color(tmp_path):
    colored = str(tmp_path / "b.tif")
    with rasterio.open(
        colored, "w", driver="GTiff", width=8, height=8, count=3, dtype="uint8",
        photometric="RGB", transform=NORTH_UP, crs=UTM,
    ) as file:  # fmt: skip
        file.write(np.ones((3, 8, 8), np.uint8))
    named = write_raster(tmp_path / "a.tif", np.ones((2, 8, 8), np.uint8), names=("x", "NIR"))
    said = Said()
    assert chosen_bands(CARD, [named, colored], [], said.progress) == [3, 2]
    assert said.notes == ["Bands 3, 2 are taken, by their names in the model: red, nir."]
    assert chosen_bands(CARD, [named, colored], [1, 2], said.progress) == [1, 2]
    assert len(said.notes) == 1


@pytest.mark.parametrize(
    "names",
    [("red", "nir"), ("red", "green", "blue"), ("red", "nir", "Red"), ("", "", "")],
    ids=["in order", "one is missing", "one comes twice", "no names"],
)
def test_nothing_is_taken_by_name_where_it_is_not_sure(names):
    assert bands_by_name(CARD, dict(enumerate(names, 1))) == []


def test_names_that_only_count_bands_say_nothing():
    card = ModelCard("upscaling", "none", bands=[{"name": "band 1"}, {"name": "band 2"}])
    assert bands_by_name(card, {1: "band 2", 2: "band 1"}) == []
