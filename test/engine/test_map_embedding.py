"""Embeddings of images and rasters whose groups are known."""

import json
import os

import numpy as np
import pytest
import rasterio
import torch

from brightness import Said
from images import write_image
from landscapes import LEVELS, NORTH_UP, regions, textured, write_raster
from plugin.engine import model_file, networks
from plugin.engine.progress import Silent
from plugin.engine.tasks import map_embedding
from plugin.jobs import MapEmbedding, raster_sizes
from plugin.jobs.declare import from_values
from plugin.jobs.errors import JobError, Stopped
from plugin.jobs.model_card import CLASSIFICATION, UPSCALING, ModelCard

ROCKS = ("chalk", "marl", "basalt")
TRUTH = regions(96, 128, 32)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return save(tmp_path_factory.mktemp("model") / "rocks.safetensors")


def save(path, **values):
    """An untrained network: the features of brightness differ all the same."""
    torch.manual_seed(0)
    known = {
        "arguments": {"bands": 3, "classes": 3},
        "bands": [{"name": f"band {n}", "unit": ""} for n in (1, 2, 3)],
        "normalization": {"mean": [120.0] * 3, "sd": [60.0] * 3},
        "classes": [
            {"value": n, "name": name, "color": f"#{n}0{n}0{n}0"} for n, name in enumerate(ROCKS, 1)
        ],
        "patch": 32,
        "chip": 32,
    }
    card = ModelCard(**{"task": CLASSIFICATION, "network": "small_cnn", **known, **values})
    model_file.save(str(path), card, networks.build_classifier("small_cnn", 3, 3))
    return str(path)


@pytest.fixture
def raster(tmp_path):
    return write_raster(tmp_path / "survey.tif", textured(TRUTH))


def embed(tmp_path, source, model, progress=None, **values):
    asked = {
        "input": source,
        "model": model,
        "output": str(tmp_path / "e.geojson"),
        "plot": str(tmp_path / "p.png"),
        **values,
    }
    outputs = map_embedding.run(from_values(MapEmbedding, asked), progress or Silent())
    made = json.loads((tmp_path / "e.geojson").read_text(encoding="utf-8"))
    return outputs, made["features"], made["crs"]


def coordinates_of(features):
    return np.array([[f["properties"][f"embedding_{n}"] or 0.0 for n in (1, 2)] for f in features])


def nearest_agree(points, labels):
    gaps = ((points[:, None] - points[None]) ** 2).sum(axis=2)
    np.fill_diagonal(gaps, np.inf)
    return (labels[gaps.argmin(axis=1)] == labels).mean()


def test_patches_of_one_rock_lie_together_and_where_they_are(tmp_path, raster, model):
    outputs, features, crs = embed(
        tmp_path, raster, model, components=str(tmp_path / "c.tif"), stride=32
    )
    assert len(features) == 12 and crs["properties"]["name"] == "EPSG:32633"
    truth = TRUTH[16::32, 16::32].ravel()
    assert nearest_agree(coordinates_of(features), truth) == 1
    assert features[5]["geometry"]["coordinates"] == pytest.approx(list(NORTH_UP @ (48, 48)))
    assert features[5]["properties"]["path"] == "1,1" and 0 < outputs["EXPLAINED"] <= 1.0001
    with rasterio.open(outputs["COMPONENTS"]) as file:
        colors = file.read().reshape(3, -1).T.astype(float)
        assert file.transform == NORTH_UP @ rasterio.Affine.scale(32) and file.nodata == 0
    assert nearest_agree(colors, truth) == 1 and colors.min() >= 1
    with rasterio.open(outputs["PLOT"]) as file:
        assert file.width > 1000 and np.ptp(file.read()) == 255


def test_patches_without_data_are_left_out(tmp_path, model):
    values = textured(TRUTH, dtype="float32")
    values[:, :32] = np.nan
    raster = write_raster(tmp_path / "a.tif", values)
    outputs, features, _ = embed(tmp_path, raster, model, components=str(tmp_path / "c.tif"))
    assert len(features) == 8
    with rasterio.open(outputs["COMPONENTS"]) as file:
        assert not file.read()[:, 0].any() and file.read()[:, 1:].all()


@pytest.fixture
def folder(tmp_path):
    """Eight images of each of two rocks, in subfolders of names that the model does not know."""
    random = np.random.default_rng(0)
    for number in range(16):
        values = random.integers(-20, 21, (3, 32, 32)) + LEVELS[2 * (number % 2)]
        place = tmp_path / "chips" / ("dark", "bright")[number % 2] / f"{number:02d}.png"
        write_image(place, values.astype(np.uint8))
    return str(tmp_path / "chips")


@pytest.mark.parametrize("method", ["pca", "tsne"])
def test_images_lie_by_what_they_show_and_have_the_class_of_their_folder(
    tmp_path, folder, model, method
):
    _, features, crs = embed(tmp_path, folder, model, method=method)
    classes = np.array([f["properties"]["class"] for f in features])
    assert sorted(set(classes)) == ["bright", "dark"] and crs is None
    points = coordinates_of(features)
    assert nearest_agree(points, classes) == 1
    assert features[3]["geometry"]["coordinates"] == pytest.approx(points[3].tolist())
    assert (features[0]["properties"]["embedding_3"] is None) == (method == "tsne")
    assert os.path.isfile(features[0]["properties"]["path"])


def test_georeferenced_images_lie_on_the_map(tmp_path, model):
    for number in range(4):
        values = textured(TRUTH[:32, 32 * number : 32 * number + 32])
        (tmp_path / "chips").mkdir(exist_ok=True)
        moved = NORTH_UP @ rasterio.Affine.translation(32 * number, 0)
        write_raster(tmp_path / "chips" / f"{number}.tif", values, moved)
    _, features, crs = embed(tmp_path, str(tmp_path / "chips"), model)
    assert crs["properties"]["name"] == "EPSG:32633"
    assert features[2]["geometry"]["coordinates"] == pytest.approx(list(NORTH_UP @ (80, 16)))
    assert features[2]["properties"]["class"] in ROCKS


def test_probability_of_a_class_is_told(tmp_path, folder, model):
    _, features, _ = embed(tmp_path, folder, model, class_name="marl")
    for feature in features:
        known = feature["properties"]
        assert 0 <= known["probability"] <= 1
        assert (known["predicted"] == "marl") <= (known["probability"] > 1 / 3)


def test_tsne_of_many_takes_some_evenly_and_says_so(tmp_path, raster, model, monkeypatch):
    monkeypatch.setattr(map_embedding, "MOST_TSNE", 20)
    said = Said()
    _, features, _ = embed(tmp_path, raster, model, said.progress, method="tsne", stride=16)
    assert len(features) == 20 and "t-SNE maps 20 of 48, evenly taken." in said.notes


def refused(tmp_path, source, model, **values):
    with pytest.raises(JobError) as caught:
        embed(tmp_path, source, model, **values)
    assert caught.value.remedy and not {"e.geojson", "p.png", "c.tif"} & set(os.listdir(tmp_path))
    return str(caught.value)


def test_components_of_a_folder_are_refused_by_the_dialog(folder, model, tmp_path):
    asked = {"input": folder, "model": model, "components": str(tmp_path / "c.tif")}
    with pytest.raises(JobError, match="no components raster") as caught:
        from_values(MapEmbedding, asked)
    assert caught.value.remedy == "Skip COMPONENTS."


def test_bad_asks_are_refused(tmp_path, raster, folder, model):
    parts = str(tmp_path / "c.tif")
    assert "no components raster" in refused(tmp_path, folder, model, components=parts)
    assert 'no class "gneiss"' in refused(tmp_path, raster, model, class_name="gneiss")
    assert "does not touch" in refused(tmp_path, raster, model, extent=[0, 1, 0, 1])
    assert "trained on 3 bands" in refused(tmp_path, raster, model, bands=[1])
    other = save(tmp_path / "other.safetensors", task=UPSCALING)
    assert "The model is for upscaling" in refused(tmp_path, raster, other)
    (tmp_path / "empty").mkdir()
    assert "has no image" in refused(tmp_path, str(tmp_path / "empty"), model)
    corner, side = NORTH_UP @ (0, 0), 10 * 32
    extent = [corner[0], corner[0] + side, corner[1] - side, corner[1]]
    assert "at least 3 images or patches with data; there is 1." in refused(
        tmp_path, raster, model, extent=extent
    )


@pytest.mark.parametrize("most", [1, 11, 47, 48, 12_287])
def test_stride_that_is_told_is_the_least_that_fits(monkeypatch, most):
    monkeypatch.setattr(raster_sizes, "MOST_PATCHES", most)
    with pytest.raises(JobError) as caught:
        raster_sizes.check_patches_held("survey", 128, 96, 1)
    told = int(caught.value.remedy.split()[3])
    raster_sizes.check_patches_held("survey", 128, 96, told)
    with pytest.raises(JobError, match=f"at most {most:,} can"):
        raster_sizes.check_patches_held("survey", 128, 96, told - 1)


def test_too_many_patches_are_refused_before_any_is_looked_at(tmp_path, raster, model, monkeypatch):
    monkeypatch.setattr(raster_sizes, "MOST_PATCHES", 100)
    said = Said()
    asked = {"model": model, "progress": said.progress, "components": str(tmp_path / "c.tif")}
    found = refused(tmp_path, raster, stride=4, **asked)
    assert 'A stride of 4 cuts "survey.tif" in 768 patches; at most 100 can be laid out.' in found
    assert "Set STRIDE to 12 or more" in refused(tmp_path, raster, stride=11, **asked)
    assert said.texts == []
    assert len(embed(tmp_path, raster, model, stride=12)[1]) == 88


def test_cancelling_leaves_nothing(tmp_path, raster, model):
    with pytest.raises(Stopped):
        embed(tmp_path, raster, model, Said(stop_at=0.1).progress, stride=4)
    assert os.listdir(tmp_path) == ["survey.tif"]
