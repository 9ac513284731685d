"""Explaining a model from rasters and images, with a model that sees one planted mark."""

import json
import os

import numpy as np
import pytest
import rasterio
import torch

from brightness import Said
from images import write_image
from landscapes import NORTH_UP, point, write_labels, write_raster
from plugin.engine import model_file, networks
from plugin.engine.progress import Silent
from plugin.engine.tasks import explain_classification
from plugin.jobs import ExplainClassification
from plugin.jobs.declare import from_values
from plugin.jobs.errors import JobError, Stopped
from plugin.jobs.model_card import CLASSIFICATION, SERIES, ModelCard

SIDE, MARK = 32, 8


def ground(rows, columns, seed=0, bands=3):
    return np.random.default_rng(seed).normal(120, 20, (bands, rows, columns))


def put_mark(values, top, left):
    """A checkered mark in the second band alone."""
    row, column = np.indices((MARK, MARK))
    values[1, top : top + MARK, left : left + MARK] = np.where((row + column) % 2, 180, 60)


def as_bytes(values):
    return values.clip(0, 255).astype(np.uint8)


def training_set(count=256):
    random, images = np.random.default_rng(5), []
    for number in range(count):
        image = ground(SIDE, SIDE, seed=100 + number)
        if number % 2:
            put_mark(image, *random.integers(0, SIDE - MARK, 2))
        images.append(as_bytes(image))
    return torch.from_numpy(np.stack(images)).float(), torch.arange(count) % 2


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """Path of a model that learned to see the mark."""
    torch.manual_seed(0)
    network = networks.build_classifier("small_cnn", 3, 2)
    images, labels = training_set()
    optimizer = torch.optim.AdamW(network.parameters(), 3e-3)
    network.train()
    for step in range(60):
        some = torch.arange(step * 32, step * 32 + 32) % len(images)
        loss = torch.nn.functional.cross_entropy(network((images[some] - 120) / 20), labels[some])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return save(tmp_path_factory.mktemp("model") / "marks.safetensors", network.eval())


def save(path, network, **values):
    known = {
        "arguments": {"bands": 3, "classes": 2},
        "bands": [{"name": name, "unit": ""} for name in ("tmi", "k", "th")],
        "normalization": {"mean": [120.0] * 3, "sd": [20.0] * 3},
        "classes": [
            {"value": 1, "name": "plain", "color": "#808080"},
            {"value": 2, "name": "mark", "color": "#d01010"},
        ],
        "patch": SIDE,
        "chip": SIDE,
    }
    card = ModelCard(**{"task": CLASSIFICATION, "network": "small_cnn", **known, **values})
    model_file.save(str(path), card, network)
    return str(path)


@pytest.fixture
def raster(tmp_path):
    """A raster of 96 x 128 pixels with one mark at row 40, column 70."""
    values = ground(96, 128, seed=7)
    put_mark(values, 40, 70)
    return write_raster(tmp_path / "survey.tif", as_bytes(values))


def explain(tmp_path, source, model, progress=None, **values):
    asked = {"input": source, "model": model, "report": str(tmp_path / "r.html"), **values}
    job = from_values(ExplainClassification, asked)
    return explain_classification.run(job, progress or Silent())


@pytest.mark.parametrize("method", ["gradcam", "occlusion", "integrated_gradients"])
def test_heat_of_a_raster_lies_on_the_mark(tmp_path, raster, model, method):
    outputs = explain(
        tmp_path, raster, model, method=method, class_name="mark", output=str(tmp_path / "h.tif")
    )
    with rasterio.open(outputs["OUTPUT"]) as file:
        heat = file.read(1)
        assert file.transform == NORTH_UP and file.crs.to_epsg() == 32633
    assert heat.shape == (96, 128) and np.isfinite(heat).all()
    hottest = np.argsort(heat.ravel())[-int(0.005 * heat.size) :]
    rows, columns = np.unravel_index(hottest, heat.shape)
    near = (rows >= 39) & (rows < 41 + MARK) & (columns >= 69) & (columns < 71 + MARK)
    chance = (MARK + 2) ** 2 / heat.size
    assert near.mean() > 60 * chance  # a hundred of 12,288 pixels: 0.8 % by chance
    text = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "patches" in text and "hottest tenth" in text


def test_extent_gives_the_heat_of_its_pixels(tmp_path, raster, model):
    left, top = NORTH_UP @ (50, 20)
    box = [left, left + 600, top - 400, top]
    outputs = explain(tmp_path, raster, model, extent=box, class_name="mark", output=str(tmp_path / "h.tif"))  # fmt: skip
    with rasterio.open(outputs["OUTPUT"]) as file:
        heat = file.read(1)
        assert heat.shape == (40, 60) and file.transform @ (0, 0) == pytest.approx((left, top))
    row, column = np.unravel_index(heat.argmax(), heat.shape)
    assert 18 <= row <= 30 and 18 <= column <= 30


def test_nodata_has_no_heat(tmp_path, model):
    values = ground(96, 96, seed=3).astype(np.float32)
    values[:, :, :48] = np.nan
    raster = write_raster(tmp_path / "a.tif", values)
    outputs = explain(tmp_path, raster, model, output=str(tmp_path / "h.tif"))
    with rasterio.open(outputs["OUTPUT"]) as file:
        heat = file.read(1)
    assert np.isnan(heat[:, :48]).all() and np.isfinite(heat[:, 64:]).all()


@pytest.fixture
def folder(tmp_path):
    """Images in a folder per class; one mark each in those of the class mark."""
    for number in range(12):
        image = ground(SIDE, SIDE, seed=50 + number)
        if number % 2:
            put_mark(image, 12, 12)
        name = ("plain", "mark")[number % 2]
        write_image(tmp_path / "chips" / name / f"c{number:02d}.png", as_bytes(image))
    return str(tmp_path / "chips")


def test_pictures_show_the_heat_over_every_image(tmp_path, folder, model):
    explain(tmp_path, folder, model, class_name="mark", pictures=str(tmp_path / "out"))
    names = sorted(os.listdir(tmp_path / "out"))
    assert len(names) == 12 and names[0] == "mark_c01.png"
    with rasterio.open(tmp_path / "out" / "mark_c01.png") as file:
        picture = file.read().astype(float)
    colored = picture.max(axis=0) - picture.min(axis=0)  # the rest is gray
    assert picture.shape == (3, SIDE, SIDE)
    assert colored[12 : 12 + MARK, 12 : 12 + MARK].mean() > 4 * colored[:, 24:].mean()


def test_single_image_is_explained(tmp_path, folder, model):
    image = os.path.join(folder, "mark", "c01.png")
    outputs = explain(tmp_path, image, model, pictures=str(tmp_path / "out"))
    assert os.listdir(tmp_path / "out") == ["c01.png"] and outputs["TOP_BAND"] == ""


def rows_of(path):
    with open(path, encoding="utf-8") as file:
        return [entry["properties"] for entry in json.load(file)["features"]]


def test_planted_band_matters_most_by_the_folders_classes(tmp_path, folder, model):
    table = str(tmp_path / "t.geojson")
    outputs = explain(tmp_path, folder, model, method="band_importance", table=table)
    rows = rows_of(table)
    assert outputs["TOP_BAND"] == "k" == rows[0]["band"]
    assert rows[0]["loss"] > 0.3 > 5 * max(abs(row["loss"]) for row in rows[1:])
    assert "accuracy" in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_planted_band_matters_most_without_and_with_labels(tmp_path, model):
    values, random = ground(160, 160, seed=9), np.random.default_rng(2)
    entries = []
    for row in range(0, 160, 32):
        for column in range(0, 160, 32):
            has = random.random() < 0.5
            if has:
                put_mark(values, row + 12, column + 12)
            entries.append((point(row + 16, column + 16), ("Plain", "Mark")[has]))
    raster = write_raster(tmp_path / "a.tif", as_bytes(values))
    labels = write_labels(tmp_path / "l.geojson", entries)
    for given in ({}, {"labels": labels, "class_field": "rock"}):
        outputs = explain(tmp_path, raster, model, method="band_importance", **given)
        assert outputs["TOP_BAND"] == "k"


def refused(tmp_path, source, model, **values):
    before = sorted(os.listdir(tmp_path))
    with pytest.raises(JobError) as caught:
        explain(tmp_path, source, model, **values)
    assert sorted(os.listdir(tmp_path)) == before and caught.value.remedy
    return str(caught.value)


def test_bad_asks_are_refused_before_work(tmp_path, raster, folder, model):
    heat, out = str(tmp_path / "h.tif"), str(tmp_path / "out")
    assert 'no class "gneiss"' in refused(tmp_path, raster, model, class_name="gneiss")
    assert "no heat" in refused(tmp_path, raster, model, method="band_importance", output=heat)
    assert "they lie nowhere" in refused(tmp_path, folder, model, output=heat)
    assert "both are asked" in refused(tmp_path, raster, model, output=heat, pictures=out)
    assert "Only band importance" in refused(tmp_path, raster, model, table=heat)
    assert "does not touch" in refused(tmp_path, raster, model, extent=[0, 1, 0, 1])
    assert "trained on 3 bands (tmi, k, th)" in refused(tmp_path, raster, model, bands=[1, 2])


def test_model_of_another_task_is_refused(tmp_path, raster):
    network = networks.build_classifier("small_cnn", 3, 2)
    other = save(tmp_path / "other.safetensors", network, task=SERIES)
    assert "The model is for grid forecast" in refused(tmp_path, raster, other)


def test_empty_folder_and_broken_images_are_refused(tmp_path, model):
    (tmp_path / "empty").mkdir()
    assert "has no image" in refused(tmp_path, str(tmp_path / "empty"), model)
    (tmp_path / "empty" / "a.png").write_bytes(b"nothing")
    assert '"a.png" cannot be read' in refused(tmp_path, str(tmp_path / "empty"), model)


def test_odd_images_are_left_out_and_named(tmp_path, folder, model):
    write_image(tmp_path / "chips" / "mark" / "gray.png", as_bytes(ground(40, 40, bands=1)))
    said = Said()
    explain(tmp_path, folder, model, said.progress)
    assert any('"gray.png" has 1' in text for text in said.warnings)


def test_cancelling_leaves_nothing(tmp_path, raster, model):
    with pytest.raises(Stopped):
        explain(
            tmp_path, raster, model, Said(stop_at=0.05).progress, method="occlusion",
            output=str(tmp_path / "h.tif"),
        )  # fmt: skip
    assert os.listdir(tmp_path) == ["survey.tif"]


def test_result_does_not_depend_on_the_batch_size(tmp_path, raster, model):
    heats = []
    for size in (1, 5):
        explain(tmp_path, raster, model, batch_size=size, output=str(tmp_path / "h.tif"))
        with rasterio.open(tmp_path / "h.tif") as file:
            heats.append(file.read(1))
    assert np.allclose(*heats, atol=1e-4)
