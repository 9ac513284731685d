"""Explaining and embedding with a classifier of pixels."""

import json
from dataclasses import replace

import numpy as np
import pytest
import rasterio
import torch

from brightness import Said
from landscapes import NORTH_UP, textured, write_raster
from plugin.engine import model_file, networks
from plugin.engine.progress import Silent
from plugin.engine.tasks import explain_classification, map_embedding
from plugin.jobs import ExplainClassification, MapEmbedding
from plugin.jobs.declare import from_values
from plugin.jobs.errors import JobError
from plugin.jobs.model_card import PIXELS, ModelCard

SIDE = 32
TRUTH = np.kron(np.random.default_rng(3).integers(0, 2, (4, 6)), np.ones((32, 32), int))


def ground(seed, truth=TRUTH):
    """Three bands of noise; the second is bright where class 1 is."""
    values = np.random.default_rng(seed).normal(0, 1, (3, *truth.shape)).astype(np.float32)
    values[1] += 6 * truth
    return values


@pytest.fixture(scope="module", params=["pixel_mlp", "unet_mobilenet_v2"])
def model(request, tmp_path_factory):
    """Path of a model that learned the classes from the second band."""
    torch.manual_seed(0)
    network = networks.build_pixel_network(request.param, 3, 2)
    optimizer = torch.optim.AdamW(network.parameters(), 5e-3)
    network.train()
    for step in range(40 if request.param == "pixel_mlp" else 25):
        images = torch.from_numpy(ground(step)[None])
        labels = torch.from_numpy(TRUTH[None])
        loss = torch.nn.functional.cross_entropy(network(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    card = ModelCard(
        task=PIXELS,
        network=request.param,
        arguments={"bands": 3, "classes": 2},
        bands=[{"name": name, "unit": ""} for name in ("tmi", "k", "th")],
        dtype="float32",
        normalization={"mean": [0.0] * 3, "sd": [1.0] * 3},
        classes=[{"value": 1, "name": "low", "color": "#2040c0"},
                 {"value": 2, "name": "high", "color": "#c04020"}],
        patch=SIDE,
    )  # fmt: skip
    path = str(tmp_path_factory.mktemp("model") / f"{request.param}.safetensors")
    model_file.save(path, card, network.eval())
    return path


@pytest.fixture
def raster(tmp_path):
    return write_raster(tmp_path / "survey.tif", ground(1000), names=("tmi", "k", "th"))


@pytest.mark.parametrize("method", ["gradcam", "integrated_gradients", "occlusion"])
def test_heat_of_a_class_lies_where_the_class_is(tmp_path, raster, model, method):
    left, top = NORTH_UP @ (0, 0)
    job = from_values(ExplainClassification, {
        "input": raster, "model": model, "method": method, "class_name": "high", "window": 16,
        "extent": [left, left + 1280, top - 960, top],
        "output": str(tmp_path / "h.tif"), "report": str(tmp_path / "r.html"),
    })  # fmt: skip
    explain_classification.run(job, Silent())
    with rasterio.open(tmp_path / "h.tif") as file:
        heat = file.read(1)
    truth = TRUTH[:96, :128] == 1
    assert heat.shape == (96, 128)
    assert heat[truth].mean() > 1.5 * max(heat[~truth].mean(), 0)


def test_planted_band_matters_most(tmp_path, raster, model):
    job = from_values(ExplainClassification, {
        "input": raster, "model": model, "method": "band_importance", "repeats": 1, "report": str(tmp_path / "r.html"),
    })  # fmt: skip
    assert explain_classification.run(job, Silent())["TOP_BAND"] == "k"


def test_band_matters_for_one_class_as_for_all(tmp_path, raster, model):
    """Shuffling what alone tells a class gives it to other places: only its own places count."""
    values = {"input": raster, "model": model, "method": "band_importance", "class_name": "high",
              "repeats": 1, "report": str(tmp_path / "r.html"), "table": str(tmp_path / "t.geojson")}  # fmt: skip
    explain_classification.run(from_values(ExplainClassification, values), Silent())
    made = json.loads((tmp_path / "t.geojson").read_text(encoding="utf-8"))["features"]
    loss = {row["properties"]["band"]: row["properties"]["loss"] for row in made}
    assert loss["k"] > 0.2 > 2 * max(abs(loss["tmi"]), abs(loss["th"]))


def test_class_that_is_nowhere_has_no_important_band(tmp_path, model):
    values = np.zeros((3, *TRUTH.shape), np.float32)
    low = write_raster(tmp_path / "low.tif", values, names=("tmi", "k", "th"))
    values = {"input": low, "model": model, "method": "band_importance", "class_name": "high",
              "repeats": 1, "report": str(tmp_path / "r.html")}  # fmt: skip
    with pytest.raises(JobError, match='The model gives class "high" nowhere there'):
        explain_classification.run(from_values(ExplainClassification, values), Silent())
    assert not (tmp_path / "r.html").exists()


def test_pixels_without_data_do_not_count(tmp_path, model):
    values = ground(1000)
    values[:, :, :100] = np.nan
    raster = write_raster(tmp_path / "half.tif", values, nodata=np.nan, names=("tmi", "k", "th"))
    job = {"input": raster, "model": model, "method": "band_importance", "repeats": 1, "report": str(tmp_path / "r.html")}  # fmt: skip
    assert explain_classification.run(from_values(ExplainClassification, job), Silent())["TOP_BAND"] == "k"  # fmt: skip


@pytest.mark.parametrize("method", ["gradcam", "occlusion", "band_importance"])
def test_raster_smaller_than_the_patch_is_explained(tmp_path, model, method):
    small = np.kron(np.array([[0, 1]]), np.ones((24, 20), int))
    raster = write_raster(tmp_path / "small.tif", ground(7, small), names=("tmi", "k", "th"))
    heat = {"output": str(tmp_path / "h.tif")} if method != "band_importance" else {}
    job = from_values(ExplainClassification, {
        "input": raster, "model": model, "method": method, "class_name": "high", "window": 4,
        "repeats": 1, "report": str(tmp_path / "r.html"), **heat,
    })  # fmt: skip
    found = explain_classification.run(job, Silent())
    if not heat:
        assert found["TOP_BAND"] == "k"
        return
    with rasterio.open(tmp_path / "h.tif") as file:
        values = file.read(1)
    assert values.shape == (24, 40) and np.isfinite(values).all()
    assert values[small == 1].mean() > values[small == 0].mean()


def test_raster_smaller_than_the_patch_is_embedded(tmp_path, model):
    small = np.repeat([[0] * 48, [1] * 48], 24, axis=0)
    raster = write_raster(tmp_path / "small.tif", ground(7, small), names=("tmi", "k", "th"))
    job = from_values(MapEmbedding, {
        "input": raster, "model": model, "output": str(tmp_path / "e.geojson"),
        "plot": str(tmp_path / "p.png"), "stride": 12,
    })  # fmt: skip
    map_embedding.run(job, Silent())
    made = json.loads((tmp_path / "e.geojson").read_text(encoding="utf-8"))["features"]
    assert len(made) == 16


@pytest.fixture
def layers(tmp_path):
    """The bands of the survey in three rasters: one of another size, one in another CRS."""
    bands, names = ground(1000), ("tmi", "k", "th")
    paths = [write_raster(tmp_path / "tmi.tif", bands[:1], names=names[:1])]
    half = NORTH_UP @ NORTH_UP.scale(0.5)
    fine = np.kron(bands[1:2], np.ones((1, 2, 2), np.float32))
    paths.append(write_raster(tmp_path / "k.tif", fine, half, names=("k",)))
    wide = np.concatenate([bands[2:], bands[:1]])
    paths.append(write_raster(tmp_path / "th.tif", wide, names=("th", "dose")))
    return paths


def test_model_of_several_rasters_is_explained_on_them(tmp_path, layers, model):
    extra = write_raster(tmp_path / "th only.tif", ground(1000)[2:], names=("th",))
    said = Said()
    job = from_values(ExplainClassification, {
        "input": layers[0], "more_rasters": [layers[1], extra], "model": model,
        "method": "band_importance", "repeats": 1, "report": str(tmp_path / "r.html"),
    })  # fmt: skip
    assert explain_classification.run(job, said.progress)["TOP_BAND"] == "k"
    assert any('"k.tif" is warped to the grid of "tmi.tif"' in text for text in said.notes)
    job = replace(job, method="gradcam", class_name="high", output=str(tmp_path / "h.tif"))
    explain_classification.run(job, Silent())
    with rasterio.open(tmp_path / "h.tif") as file:
        heat = file.read(1)
    assert heat.shape == TRUTH.shape
    assert heat[TRUTH == 1].mean() > 1.5 * max(heat[TRUTH == 0].mean(), 0)


def test_bands_are_those_of_the_first_raster(tmp_path, layers, model):
    job = from_values(MapEmbedding, {
        "input": layers[2], "more_rasters": layers[:2], "bands": [1], "model": model,
        "output": str(tmp_path / "e.geojson"), "plot": str(tmp_path / "p.png"), "stride": 32,
    })  # fmt: skip
    said = Said()
    with pytest.raises(JobError, match="in the order th, tmi, k; the model was trained on tmi, k"):
        map_embedding.run(job, said.progress)


def test_who_gives_too_few_rasters_learns_where_the_others_go(tmp_path, layers, model):
    job = from_values(MapEmbedding, {"input": layers[0], "model": model, "plot": str(tmp_path / "p.png")})  # fmt: skip
    with pytest.raises(JobError, match="Further rasters go into MORE_RASTERS"):
        map_embedding.run(job, Silent())
    with pytest.raises(JobError, match="Leave MORE_RASTERS empty"):
        from_values(MapEmbedding, {"input": str(tmp_path), "more_rasters": layers, "model": model})


def test_patches_are_embedded_by_their_features(tmp_path, model):
    """Half of the raster is of one class: its patches lie apart from the others."""
    values = textured(np.repeat([[0] * 192, [1] * 192], 64, axis=0)).astype(np.float32) / 100
    raster = write_raster(tmp_path / "a.tif", values)
    job = from_values(MapEmbedding, {
        "input": raster, "model": model, "output": str(tmp_path / "e.geojson"),
        "plot": str(tmp_path / "p.png"), "stride": 64,
    })  # fmt: skip
    map_embedding.run(job, Silent())
    made = json.loads((tmp_path / "e.geojson").read_text(encoding="utf-8"))["features"]
    first = np.array([entry["properties"]["embedding_1"] for entry in made])
    assert len(made) == 6 and (np.sign(first[:3]) != np.sign(first[3:])).all()
