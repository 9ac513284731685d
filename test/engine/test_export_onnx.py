"""Exported networks, run by onnxruntime: they give what our own give."""

import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from brightness import Said
from plain_pixels import chance_network, pixel_card, save_model
from plugin.engine import model_file
from plugin.engine.classifier import load_classifier
from plugin.engine.networks import build_classifier
from plugin.engine.pixels.predictor import load_predictor
from plugin.engine.progress import Silent
from plugin.engine.tasks import export_onnx
from plugin.jobs import ExportOnnx
from plugin.jobs.declare import from_values
from plugin.jobs.errors import JobError
from plugin.jobs.export_onnx import check_exportable
from plugin.jobs.model_card import CLASSIFICATION, DETECTION, ModelCard

# `make onnx_runtime` puts it behind the engine's own libraries, such as its numpy.
sys.path.append(str(Path(__file__).resolve().parents[2] / ".build" / "onnx_runtime"))
runtime = pytest.importorskip("onnxruntime", reason="not there: make onnx_runtime")
pytest.importorskip("onnx", reason="the engine is older than its list of libraries: make engine")


def export(tmp_path, model, progress=None, **values):
    """Export a model; the session of onnxruntime that runs it."""
    asked = {"model": model, "output": str(tmp_path / "m.onnx"), **values}
    made = export_onnx.run(from_values(ExportOnnx, asked), progress or Silent())
    return runtime.InferenceSession(made["OUTPUT"], providers=["CPUExecutionProvider"])


def read(session):
    """The metadata, as Deepness parses it."""
    texts = session.get_modelmeta().custom_metadata_map
    return {key: json.loads(text) for key, text in texts.items()}


def tiles(side, count=1, bands=3):
    return np.random.default_rng(0).integers(0, 256, (count, bands, side, side)).astype(np.float32)


def result(session, values):
    """What Deepness gets: it divides by 255, then standardizes by the metadata."""
    known = read(session)
    mean, deviation = (
        np.array(known[f"standardization_{name}"], np.float32)[:, None, None]
        for name in ("mean", "std")
    )
    given = (values / np.float32(255) - mean) / deviation
    return session.run(None, {session.get_inputs()[0].name: given})[0]


@pytest.mark.parametrize("name", ["unet_mobilenet_v2", "unet_resnet18", "pixel_mlp"])
def test_pixel_classifier_gives_our_probabilities(tmp_path, name):
    model = save_model(tmp_path / "m.safetensors", name, temperature=1.7)
    tile = 0 if name == "pixel_mlp" else 384
    session = export(tmp_path, model, tile_size=tile)
    side = session.get_inputs()[0].shape[-1]
    values = tiles(side)
    ours = load_predictor(model, "cpu")(torch.from_numpy(values)).numpy()
    assert np.abs(result(session, values) - ours).max() < 1e-4
    assert ours.std() > 0.05


@pytest.mark.slow
def test_deeplab_gives_our_probabilities(tmp_path):
    model = save_model(tmp_path / "m.safetensors", "deeplabv3_resnet50", patch=128)
    session, values = export(tmp_path, model), tiles(128)
    ours = load_predictor(model, "cpu")(torch.from_numpy(values)).numpy()
    assert np.abs(result(session, values) - ours).max() < 1e-4
    assert read(session)["tiles_overlap"] == 25


def image_model(path, **values):
    """A model file of an image classifier with weights by chance."""
    torch.manual_seed(0)
    network = build_classifier("small_cnn", 3, 3).eval()
    torch.nn.init.normal_(network.head[1].weight, std=1.0)
    card = pixel_card("small_cnn", **{"patch": 32, "chip": 64, "temperature": 0.8, **values})
    card = ModelCard(**{**vars(card), "task": CLASSIFICATION})
    model_file.save(str(path), card, network)
    return str(path)


def test_image_classifier_gives_its_probabilities_everywhere_in_the_tile(tmp_path):
    model = image_model(tmp_path / "m.safetensors")
    session, values = export(tmp_path, model), tiles(32, count=3)
    ours = load_classifier(model, "cpu").probabilities(values)
    theirs = result(session, values)
    assert theirs.shape == (3, 3, 32, 32) and ours.std() > 0.05
    assert np.abs(theirs - ours[:, :, None, None]).max() < 1e-5
    assert read(session)["resolution"] == 2000.0  # 64 pixels of 10 m in 32


def test_image_classifier_gives_features_for_recognition(tmp_path):
    model = image_model(tmp_path / "m.safetensors")
    session, values = export(tmp_path, model, content="features"), tiles(32, count=2)
    network = model_file.load(model)[1]
    with torch.no_grad():
        ours = network.backbone((torch.from_numpy(values) - 120) / 60).numpy()
    assert read(session)["model_type"] == "Recognition"
    assert np.allclose(result(session, values), ours, atol=1e-4)


def test_metadata_is_what_deepness_reads(tmp_path):
    session = export(tmp_path, save_model(tmp_path / "m.safetensors", "unet_mobilenet_v2"))
    known = read(session)
    assert known["model_type"] == "Segmentor"
    assert known["class_names"] == {"0": "chalk", "1": "marl", "2": "basalt"}
    assert known["resolution"] == 1000.0  # centimeters
    side = session.get_inputs()[0].shape[-1]
    assert side % 16 == 0 and known["tile_size"] == side
    radius = chance_network("unet_mobilenet_v2").receptive_radius
    assert 2 * radius <= side * known["tiles_overlap"] / 100 <= 0.41 * side
    assert session.get_inputs()[0].shape[1:] == [3, side, side]
    assert len(session.get_inputs()) == len(session.get_outputs()) == 1
    assert session.get_outputs()[0].shape[1:] == [3, side, side]


def test_what_other_programs_must_know_is_said(tmp_path):
    said = Said()
    model = save_model(tmp_path / "m.safetensors", dtype="float32", gsd=None)
    assert "resolution" not in read(export(tmp_path, model, said.progress))
    assert any("type float32" in text for text in said.warnings)
    assert any("set the resolution" in text for text in said.warnings)


def refused(tmp_path, model, **values):
    with pytest.raises(JobError) as caught:
        export(tmp_path, model, **values)
    assert caught.value.remedy and not os.path.exists(tmp_path / "m.onnx")
    return str(caught.value)


def test_bad_input_is_refused_in_a_sentence(tmp_path):
    pixels = save_model(tmp_path / "pixels.safetensors", "unet_mobilenet_v2")
    images = image_model(tmp_path / "images.safetensors")
    assert "Set TILE_SIZE to 512" in refused(tmp_path, pixels, tile_size=500)
    assert "a pixel depends on 177 pixels on every side" in refused(tmp_path, pixels, tile_size=64)
    assert "takes images of 32 pixels" in refused(tmp_path, images, tile_size=64)
    assert "Set CONTENT to classes" in refused(tmp_path, pixels, content="features")
    (tmp_path / "x.safetensors").write_bytes(b"no model")
    assert "is not a model file" in refused(tmp_path, str(tmp_path / "x.safetensors"))
    card = ModelCard(**{**vars(pixel_card("small_cnn")), "task": DETECTION})
    with pytest.raises(JobError, match="is for object detection, which cannot be exported"):
        check_exportable(card, "classes")


def test_engine_without_the_library_says_so(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    model, said = save_model(tmp_path / "m.safetensors", dtype="float32"), Said()
    with pytest.raises(JobError, match="has no library for ONNX") as caught:
        export(tmp_path, model, said.progress)
    said.progress.flush()
    assert caught.value.remedy and not said.texts and not said.notes and not said.warnings
