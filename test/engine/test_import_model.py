"""Imported models: they give what the networks gave where they come from."""

import json
import os

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from brightness import Said
from plain_pixels import chance_network, pixel_card, save_model
from plugin.engine import model_file
from plugin.engine.classifier import load_classifier
from plugin.engine.networks import build_classifier
from plugin.engine.pixels.predictor import load_predictor
from plugin.engine.progress import Silent
from plugin.engine.tasks import export_onnx, import_model
from plugin.jobs import ExportOnnx, ImportModel
from plugin.jobs.declare import from_values
from plugin.jobs.errors import JobError
from plugin.jobs.model_card import CLASSIFICATION, PIXELS, ModelCard

onnx = pytest.importorskip("onnx", reason="The engine has no library for ONNX: make engine")


def brought_in(tmp_path, source, progress=None, **values):
    """Import a file; the path of the model."""
    place = str(tmp_path / "imported.safetensors")
    asked = {"input": str(source), "output": place, **values}
    made = import_model.run(from_values(ImportModel, asked), progress or Silent())
    assert made["OUTPUT"] == place
    return place


def tiles(side, count=1, bands=3):
    return np.random.default_rng(0).integers(0, 256, (count, bands, side, side)).astype(np.float32)


def chances(model, values):
    return load_predictor(model, "cpu")(torch.from_numpy(values)).numpy()


def filled(network, spread=0.05):
    """A network with other numbers than those it begins with, the same every time."""
    torch.manual_seed(0)
    for name, value in network.state_dict().items():
        if value.is_floating_point():
            low = 0.5 if name.endswith("running_var") else 0.0
            value.copy_(
                low + spread * torch.randn(value.shape).abs()
                if low
                else spread * torch.randn(value.shape) + value
            )
    return network.eval()


@pytest.mark.parametrize("name", ["unet_mobilenet_v2", "unet_resnet18", "pixel_mlp"])
def test_exported_pixel_classifier_comes_back_the_same(tmp_path, name):
    model = save_model(tmp_path / "m.safetensors", name, temperature=1.7)
    exported = str(tmp_path / "m.onnx")
    asked = {"model": model, "output": exported, "tile_size": 0 if name == "pixel_mlp" else 368}
    export_onnx.run(from_values(ExportOnnx, asked), Silent())
    back = brought_in(tmp_path, exported)
    card, network = model_file.load(back, PIXELS)
    ours = chance_network(name)
    assert network.stride == ours.stride and network.sees_all == ours.sees_all
    assert 0 <= network.receptive_radius - ours.receptive_radius <= 16
    assert [entry["name"] for entry in card.classes] == ["chalk", "marl", "basalt"]
    assert card.gsd == pytest.approx(10.0)
    for side in (96, 144):
        values = tiles(side, count=2)
        assert np.abs(chances(back, values) - chances(model, values)).max() < 1e-4


def image_model(path):
    """A model file of an image classifier with weights by chance."""
    torch.manual_seed(0)
    network = build_classifier("small_cnn", 3, 3).eval()
    nn.init.normal_(network.head[1].weight, std=1.0)
    card = pixel_card("small_cnn", patch=32, chip=64, temperature=0.8)
    model_file.save(str(path), ModelCard(**{**vars(card), "task": CLASSIFICATION}), network)
    return str(path)


def test_exported_image_classifier_comes_back_the_same(tmp_path):
    model, exported = image_model(tmp_path / "m.safetensors"), str(tmp_path / "m.onnx")
    export_onnx.run(from_values(ExportOnnx, {"model": model, "output": exported}), Silent())
    back = brought_in(tmp_path, exported)
    card = model_file.load(back, CLASSIFICATION)[0]
    assert (card.patch, card.gsd) == (32, pytest.approx(20.0))
    values = tiles(32, count=4)
    ours = load_classifier(model, "cpu").probabilities(values)
    theirs = load_classifier(back, "cpu").probabilities(values)
    assert np.abs(theirs - ours).max() < 1e-4 and ours.std() > 0.05


class PlainUNet(nn.Module):
    """As many people write it: transposed and bilinear steps up, a size taken from the image."""

    def __init__(self, outputs, last=None):
        super().__init__()
        self.first = self.block(4, 8)
        self.second, self.third = self.block(8, 16), self.block(16, 16)
        self.up = nn.ConvTranspose2d(16, 16, 2, 2)
        self.join, self.end = self.block(32, 8), nn.Conv2d(16, outputs, 1)
        self.last = last

    @staticmethod
    def block(before, after):
        return nn.Sequential(nn.Conv2d(before, after, 3, padding=1), nn.BatchNorm2d(after),
                             nn.LeakyReLU(0.1), nn.Hardswish())  # fmt: skip

    def forward(self, images):
        first = self.first(images)
        second = self.second(functional.max_pool2d(first, 2))
        below = functional.avg_pool2d(second, 3, 2, 1)
        up = self.join(torch.cat([self.up(self.third(below)), second], 1))
        up = functional.interpolate(up, images.shape[2:], mode="bilinear", align_corners=False)
        logits = self.end(torch.cat([up, first], 1))
        return logits if self.last is None else self.last(logits)


def written(path, network, side=64, bands=4, texts=None, open_sides=False, **options):
    """A network as an ONNX file, as programs other than ours write it."""
    sides = {0: "n", 2: "rows", 3: "columns"} if open_sides else {}
    torch.onnx.export(
        network, (torch.zeros(1, bands, side, side),), str(path), dynamo=False, opset_version=17,
        input_names=["input"], output_names=["output"],
        dynamic_axes={"input": sides, "output": sides} if sides else None, **options,
    )  # fmt: skip
    if texts:
        model = onnx.load(str(path))
        onnx.helper.set_model_props(model, {k: json.dumps(v) for k, v in texts.items()})
        onnx.save(model, str(path))
    return str(path)


DEEPNESS = {
    "model_type": "Segmentor",
    "class_names": {"0": "_background", "1": "landslide", "2": "road"},
    "resolution": 50,
    "tiles_size": 64,
    "standardization_mean": [0.5, 0.4, 0.3, 0.2],
    "standardization_std": [0.2, 0.2, 0.25, 0.25],
}


@pytest.mark.parametrize("open_sides", [True, False])
def test_network_made_for_deepness_gives_its_probabilities(tmp_path, open_sides):
    network = filled(PlainUNet(3, nn.Softmax(1)), 0.3)
    source = written(tmp_path / "m.onnx", network, texts=DEEPNESS, open_sides=open_sides)
    model = brought_in(tmp_path, source)
    card = model_file.load(model, PIXELS)[0]
    assert [entry["name"] for entry in card.classes] == ["_background", "landslide", "road"]
    assert (card.gsd, card.patch) == (0.5, 64)
    values = tiles(96, 2, 4)
    mean, sd = (np.array(DEEPNESS[f"standardization_{n}"], np.float32)[:, None, None]
                for n in ("mean", "std"))  # fmt: skip
    with torch.no_grad():
        truth = network(torch.from_numpy((values / 255 - mean) / sd)).numpy()
    assert np.abs(chances(model, values) - truth).max() < 1e-4 and truth.std() > 0.1


@pytest.mark.parametrize(
    "texts, mean, sd",
    [
        ({"model_type": "segmentor"}, 0, 255),
        ({"model_type": "Segmentor", "standardization_mean": [0.5], "standardization_std": [0.2]},
         127.5, 51),
    ],
)  # fmt: skip
def test_deepness_divides_by_255_and_does_no_more_than_the_file_says(tmp_path, texts, mean, sd):
    source = written(tmp_path / "m.onnx", filled(PlainUNet(3)), texts=texts)
    said = Said()
    normalization = model_file.read_card(brought_in(tmp_path, source, said.progress)).normalization
    assert np.allclose(normalization["mean"], [mean] * 4)
    assert np.allclose(normalization["sd"], [sd] * 4)
    assert not any("does not say how values are normalized" in text for text in said.warnings)


def test_halo_covers_what_an_imported_network_sees(tmp_path):
    model = brought_in(tmp_path, written(tmp_path / "m.onnx", filled(PlainUNet(2), 0.3)))
    network = model_file.load(model, PIXELS)[1]
    assert (network.stride, network.sees_all) == (4, False)
    side, radius = 96, network.receptive_radius
    images = torch.randn(1, 4, side, side, requires_grad=True)
    network(images)[0, :, side // 2, side // 2].sum().backward()
    seen = images.grad.abs().sum((0, 1)).nonzero()
    assert (seen - side // 2).abs().max() <= radius <= (seen - side // 2).abs().max() + 8


def test_single_probability_stands_against_its_background(tmp_path):
    network = filled(PlainUNet(1, nn.Sigmoid()), 0.3)
    source = written(tmp_path / "m.onnx", network)
    model = brought_in(tmp_path, source, class_names="landslide", mean="0", sd="255")
    card = model_file.load(model, PIXELS)[0]
    assert [entry["name"] for entry in card.classes] == ["background", "landslide"]
    values = tiles(64, 1, 4)
    with torch.no_grad():
        truth = network(torch.from_numpy(values / 255)).numpy()
    assert np.abs(chances(model, values)[:, 1:] - truth).max() < 1e-4


def test_coarse_result_is_enlarged_and_said(tmp_path):
    network = nn.Sequential(nn.Conv2d(4, 3, 3, 2, 1), nn.Softmax(1)).eval()
    said = Said()
    model = brought_in(tmp_path, written(tmp_path / "m.onnx", network), said.progress)
    assert chances(model, tiles(64, 1, 4)).shape == (1, 3, 64, 64)
    assert any("enlarged to every pixel" in text for text in said.notes)


class Strange(nn.Module):
    """Sorts channels, which no step of ours does."""

    def forward(self, images):
        return torch.sort(images, dim=1)[0]


@pytest.mark.parametrize(
    "network, texts, sentence",
    [
        (Strange(), None, "has the operation TopK, which is not known here"),
        (PlainUNet(2), {"model_type": "Detector"}, "only classifiers"),
        (nn.Flatten(2), None, "the form 1 x 4 x 4096, which is not one of a classifier"),
    ],
)
def test_other_networks_are_refused_by_name(tmp_path, network, texts, sentence):
    source = written(tmp_path / "m.onnx", network.eval(), texts=texts)
    with pytest.raises(JobError) as caught:
        brought_in(tmp_path, source)
    assert sentence in caught.value.found and caught.value.remedy
    assert not os.path.exists(tmp_path / "imported.safetensors")


def test_damaged_onnx_file_is_refused(tmp_path):
    for content in (b"", b"no onnx", os.urandom(3000)):
        (tmp_path / "m.onnx").write_bytes(content)
        with pytest.raises(
            JobError, match=r"is no ONNX file, or it is damaged|does not take tiles"
        ):
            brought_in(tmp_path, tmp_path / "m.onnx")


@pytest.mark.parametrize(
    "change",
    [
        lambda s: s["steps"][0].update(op="System"),
        lambda s: s["steps"][0].update(size=[10**9, 10**9, 3, 3]),
        lambda s: s["steps"].append({"op": "Resize", "in": ["image"], "out": "x",
                                     "side": [10**9, 10**9], "mode": "nearest"}),
        lambda s: s.update(constants={"c0": [10**12]}),
        lambda s: s.update(steps=[{"op": "Relu", "in": ["image"], "out": "x"}] * 6000),
        lambda s: s.update(stride=-1),
        lambda s: s.pop("result"),
    ],
)  # fmt: skip
def test_list_of_steps_that_was_tampered_with_is_refused(tmp_path, change):
    model = brought_in(tmp_path, written(tmp_path / "m.onnx", filled(PlainUNet(2), 0.3)))
    card, network = model_file.load(model, PIXELS)
    change(card.arguments["structure"])
    model_file.save(model, card, network)
    with pytest.raises(JobError, match="is damaged"):
        model_file.load(model, PIXELS)
