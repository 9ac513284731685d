"""Weights of other programs: they fit, give what they gave there, and can run no code."""

import collections
import io
import os
import pickle
import struct
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
import torchvision
from safetensors.torch import save_file

from brightness import Said
from plugin.engine import model_file
from plugin.engine.classifier import load_classifier
from plugin.engine.importing.weight_files import read_weights
from plugin.engine.networks.smp_unet import SmpUnet
from plugin.engine.networks.torchvision_map import NAMES
from plugin.engine.pixels.predictor import load_predictor
from plugin.engine.progress import Silent
from plugin.engine.tasks import import_model
from plugin.jobs import ImportModel
from plugin.jobs.declare import from_values
from plugin.jobs.errors import JobError
from plugin.jobs.model_card import CLASSIFICATION, PIXELS
from plugin.jobs.model_library import BUNDLED

MOBILENET = Path(__file__).resolve().parents[3] / "shared/data/weights/mobilenet_v2_imagenet.pth"


def brought_in(tmp_path, source, progress=None, **values):
    """Import a file; the path of the model, and what was told of it."""
    place = str(tmp_path / "imported.safetensors")
    asked = {"input": str(source), "output": place, **values}
    return place, import_model.run(from_values(ImportModel, asked), progress or Silent())


def waves(network):
    """A network whose weights are waves, the same on every computer."""
    with torch.no_grad():
        for place, (name, value) in enumerate(network.state_dict().items()):
            if not value.is_floating_point():
                continue
            wave = torch.sin(torch.arange(value.numel()) * (0.37 + place % 7)).view(value.shape)
            if name.endswith(("running_var", "bn1.weight")):
                value.copy_(1 + 0.3 * wave)
            elif value.ndim > 1:
                value.copy_(wave * (1.5 / max(value[0].numel(), 1)) ** 0.5)
            else:
                value.copy_(0.2 * wave)
    return network.eval()


def saved(tmp_path, tensors, name="weights.pth", **options):
    torch.save(tensors, tmp_path / name, **options)
    return tmp_path / name


def test_unet_of_segmentation_models_gives_what_it_gives_there(tmp_path):
    structure = {"encoder": "resnet18", "decoder": [32, 16, 16, 8, 8], "width": 3}
    state = waves(with_bands(SmpUnet(structure), 2)).state_dict()
    source = saved(
        tmp_path, {"state_dict": {f"model.{k}": v for k, v in state.items()}, "epoch": 3}
    )
    place, told = brought_in(tmp_path, source, mean="0", sd="1", class_names="a, b, c")
    assert told["TASK"] == PIXELS and told["CLASSES"] == "a, b, c"
    network = model_file.load(place, PIXELS)[1]
    assert (network.stride, network.receptive_radius) == (32, 311)
    images = torch.sin(torch.arange(2 * 64 * 64) * 0.01).view(1, 2, 64, 64)
    with torch.no_grad():
        logits = network(images)[0, :, [0, 20, 40, 63], [5, 30, 11, 63]]
    # Of segmentation-models-pytorch 0.6.0 with these weights.
    truth = [
        [-0.019383, 0.041363, 0.041363, 0.018662],
        [0.039740, -0.014789, -0.014789, -0.003329],
        [0.010263, 0.055849, 0.055849, 0.056199],
    ]
    assert np.allclose(logits.numpy(), truth, atol=1e-5)


# With what segmentation-models-pytorch 0.6.0 gives for it with these weights.
VARIANTS = (
    (
        {"encoder": "resnet18", "decoder": [32, 16, 16], "width": 3, "normalized": False},
        [[-0.315525, -0.411941, -0.41196, -0.14422],
         [-0.225649, -0.309916, -0.309933, -0.056808],
         [-0.144297, -0.216063, -0.216078, 0.021361]],
    ),
    (
        {"encoder": "mobilenet_v2", "decoder": [32, 16, 16, 16], "width": 2, "attention": "scse"},
        [[-0.002143, -0.006652, -0.006652, 0.012311],
         [-0.03724, -0.035058, -0.035058, -0.041218]],
    ),
)  # fmt: skip


@pytest.mark.parametrize("structure, truth", VARIANTS)
def test_unet_of_another_build_gives_what_it_gives_there(tmp_path, structure, truth):
    said = Said()
    source = saved(tmp_path, waves(with_bands(SmpUnet(structure), 2)).state_dict())
    place, _ = brought_in(tmp_path, source, said.progress, mean="0", sd="1")
    assert model_file.read_card(place).arguments["structure"] == structure
    network = model_file.load(place, PIXELS)[1]
    assert network.stride == 2 ** len(structure["decoder"])
    assert network.sees_all == ("attention" in structure)
    images = torch.sin(torch.arange(2 * 64 * 64) * 0.01).view(1, 2, 64, 64)
    with torch.no_grad():
        logits = network(images)[0, :, [0, 20, 40, 63], [5, 30, 11, 63]]
    assert np.allclose(logits.numpy(), truth, atol=1e-5)
    assert any("another decoder_interpolation" in text for text in said.notes)


@pytest.mark.parametrize(
    "prefix, beside",
    [
        ("encoder.", "decoder.p5.skip_conv.weight"),
        ("backbone.body.", "rpn.head.conv.0.0.weight"),
        ("model.encoder.", "model.segmentation_head.0.weight"),
    ],
)
def test_part_of_a_larger_network_is_taken_only_if_it_is_asked_for(tmp_path, prefix, beside):
    state = torchvision.models.resnet18(num_classes=4).state_dict()
    state = {prefix + key: value for key, value in state.items() if not key.startswith("fc.")}
    source = saved(tmp_path, {**state, beside: torch.zeros(4, 8, 3, 3)})
    with pytest.raises(JobError, match="a network that is not known here"):
        brought_in(tmp_path, source)
    place, _ = brought_in(tmp_path, source, network="resnet18")
    assert model_file.read_card(place).arguments["headless"]


def with_bands(network, bands):
    """A network whose first convolution takes a number of bands."""
    first = next(m for m in network.modules() if isinstance(m, torch.nn.Conv2d))
    first.in_channels = bands
    first.weight = torch.nn.Parameter(
        torch.zeros(len(first.weight), bands, *first.weight.shape[2:])
    )
    return network


@pytest.mark.parametrize("encoder", ["resnet34", "resnet50", "mobilenet_v2"])
def test_encoder_of_a_unet_is_told_by_its_weights(tmp_path, encoder):
    structure = {"encoder": encoder, "decoder": [64, 32, 16, 8, 8], "width": 1}
    source = saved(tmp_path, SmpUnet(structure).state_dict(), "weights.pt")
    place, told = brought_in(tmp_path, source, class_names="landslide")
    assert told["CLASSES"] == "background, landslide"
    assert model_file.read_card(place).arguments["structure"] == structure


@pytest.mark.parametrize("name", ["resnet18", "resnet34", "efficientnet_b0", "mobilenet_v2"])
@pytest.mark.parametrize("form", ["safetensors", "pth"])
def test_torchvision_classifier_gives_what_it_gave(tmp_path, name, form):
    network = waves(torchvision.models.get_model(name, weights=None, num_classes=4))
    if form == "pth":
        source = saved(tmp_path, network.state_dict())
    else:
        source = tmp_path / "weights.safetensors"
        save_file(network.state_dict(), source)
    place, told = brought_in(tmp_path, source, class_names="a,b,c,d", patch=64)
    assert told == {"OUTPUT": place, "TASK": CLASSIFICATION, "CLASSES": "a, b, c, d",
                    "BANDS": "red, green, blue"}  # fmt: skip
    images = np.random.default_rng(0).integers(0, 256, (3, 3, 64, 64)).astype(np.float32)
    mean = torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)
    sd = torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)
    with torch.no_grad():
        truth = torch.softmax(network((torch.from_numpy(images) / 255 - mean) / sd), 1).numpy()
    assert np.abs(load_classifier(place, "cpu").probabilities(images) - truth).max() < 1e-4


@pytest.mark.parametrize("name", [NAMES[1], NAMES[3]])
def test_torchvision_map_gives_what_it_gave(tmp_path, name):
    network = torchvision.models.get_model(
        name, weights=None, weights_backbone=None, num_classes=3,
        **({"aux_loss": True} if name.startswith("deeplab") else {}),
    )  # fmt: skip
    source = saved(tmp_path, waves(network).state_dict())
    place, _ = brought_in(tmp_path, source, mean="0", sd="255", patch=128)
    images = torch.rand(1, 3, 128, 128)
    with torch.no_grad():
        truth = torch.softmax(network(images)["out"], 1)
    assert (load_predictor(place, "cpu")(255 * images) - truth).abs().max() < 1e-4


@pytest.mark.skipif(not MOBILENET.exists(), reason="The weights beside the project are not there.")
def test_real_weights_give_what_the_bundled_model_gives(tmp_path):
    said = Said()
    place, told = brought_in(tmp_path, MOBILENET, said.progress, network="mobilenet_v2")
    assert told["BANDS"] == "red, green, blue" and told["CLASSES"].endswith(" and 970 more")
    ours = load_classifier(place, "cpu")
    bundled = load_classifier(os.path.join(BUNDLED, "mobilenet_v2_imagenet.safetensors"), "cpu")
    images = torchvision.io.read_image(str(next(Path(BUNDLED, "../samples").rglob("*.jpg"))))
    images = torch.nn.functional.interpolate(images[None].float(), 224, mode="bilinear")
    difference = np.abs(ours.probabilities(images) - bundled.probabilities(images)).max()
    assert difference < 0.01  # the bundled weights have half the digits


@pytest.mark.skipif(not MOBILENET.exists(), reason="The weights beside the project are not there.")
def test_padding_that_weights_do_not_tell_is_said(tmp_path):
    said = Said()
    brought_in(tmp_path, MOBILENET, said.progress)
    assert any("set NETWORK to mobilenet_v2" in text for text in said.notes)


@pytest.mark.parametrize("prefix", ["", "module.encoder_q.", "backbone."])
def test_sentinel_2_backbone_is_something_to_train_from(tmp_path, prefix):
    network = with_bands(torchvision.models.resnet18(), 13)
    state = {k: v for k, v in network.state_dict().items() if not k.startswith("fc.")}
    source = saved(tmp_path, {prefix + key: value for key, value in state.items()})
    said = Said()
    place, told = brought_in(tmp_path, source, said.progress)
    assert told["BANDS"].startswith("B1, B2, B3") and told["BANDS"].endswith(
        "B8A, B9, B10, B11, B12"
    )
    card = model_file.read_card(place)
    assert card.dtype == "uint16" and card.normalization["sd"] == [10_000.0] * 13
    assert any("Train image classifier" in text for text in said.notes)
    with pytest.raises(JobError, match="has no last layer"):
        load_classifier(place, "cpu")


def test_wrong_counts_of_names_and_numbers_are_refused(tmp_path):
    source = saved(tmp_path, torchvision.models.resnet18(num_classes=4).state_dict())
    for values, found in (
        ({"class_names": "a, b"}, "CLASS_NAMES has 2 entries; the network has 4 classes"),
        ({"band_names": "a, b"}, "BAND_NAMES has 2 entries; the network has 3 bands"),
        ({"mean": "1, 2"}, "MEAN has 2 entries"),
        ({"sd": "1, 0, 1"}, "SD holds a number that is not above 0"),
        ({"mean": "one"}, "no list of numbers"),
        ({"class_names": "a,,b"}, "nothing between two commas"),
        ({"network": "vgg16"}, "are not of vgg16"),
    ):
        with pytest.raises(JobError) as caught:
            brought_in(tmp_path, source, **values)
        assert found in caught.value.found and caught.value.remedy
    assert not os.path.exists(tmp_path / "imported.safetensors")


def test_unknown_network_is_refused_with_those_that_are_known(tmp_path):
    source = saved(tmp_path, torch.nn.Linear(3, 4).state_dict())
    with pytest.raises(JobError) as caught:
        brought_in(tmp_path, source)
    assert "2 tensors, from weight to bias" in caught.value.found
    assert "segmentation-models-pytorch" in caught.value.remedy


class Harmful:
    """Makes a file when it is loaded by a program that runs what is in it."""

    def __init__(self, place):
        self._place = str(place)

    def __reduce__(self):
        return os.mkdir, (self._place,)


def archived(path, records, files=(), compression=zipfile.ZIP_STORED):
    """A file like those of torch.save with given records."""
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr("archive/data.pkl", records)
        archive.writestr("archive/byteorder", "little")
        for name, content in dict(files).items():
            archive.writestr("archive/data/" + name, content)
    return path


def refused(path):
    with pytest.raises(JobError) as caught:
        read_weights(str(path))
    assert caught.value.remedy
    return caught.value.found


def test_code_in_a_file_is_named_and_not_run(tmp_path):
    trap = tmp_path / "trapped"
    for place, value in enumerate((Harmful(trap), {"a": torch.zeros(2), "b": Harmful(trap)})):
        path = saved(tmp_path, value, f"{place}.pth")
        assert 'calls "posix.mkdir"' in refused(path) or 'calls "nt.mkdir"' in refused(path)
    whole = saved(tmp_path, torch.nn.Linear(2, 2), "whole.pth")
    assert 'calls "torch.nn.modules.linear.Linear"' in refused(whole)
    old = saved(tmp_path, {"a": torch.zeros(2)}, "old.pth", _use_new_zipfile_serialization=False)
    assert "before version 1.6" in refused(old)
    plain = tmp_path / "plain.pth"
    plain.write_bytes(pickle.dumps(Harmful(trap)))
    assert "neither .safetensors nor a file of torch.save" in refused(plain)
    assert not trap.exists()


@pytest.mark.parametrize("step", [b"i", b"o", b"\x81", b"\x92", b"\x82", b"P", b"I1\n", b"B"])
def test_steps_that_no_tensor_needs_are_refused(tmp_path, step):
    path = archived(tmp_path / "x.pth", b"\x80\x02" + step + b"os\nsystem\n(tR.")
    assert "which no tensor needs" in refused(path)


def tensor_records(size, stride=(1,), offset=0, count=4, key="0", kind="FloatStorage"):
    """The records of one tensor, step by step."""

    def text(word):
        return b"X" + struct.pack("<I", len(word)) + word.encode()

    def number(value):
        return b"\x8a\x08" + struct.pack("<q", value)

    def numbers(values):
        return b"(" + b"".join(map(number, values)) + b"t"

    storage = b"(" + text("storage") + f"ctorch\n{kind}\n".encode() + text(key) + text("cpu")
    storage += number(count) + b"tQ"
    made = b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + number(offset) + numbers(size)
    made += numbers(stride) + b"\x89}tR"
    return b"\x80\x02}(" + text("weight") + made + b"u."


FOUR = np.arange(4, dtype="<f4").tobytes()


def test_handmade_records_are_read(tmp_path):
    path = archived(tmp_path / "x.pth", tensor_records((2, 2), (1, 2)), {"0": FOUR})
    assert read_weights(str(path))["weight"].tolist() == [[0, 2], [1, 3]]


@pytest.mark.parametrize(
    "records, files, found",
    [
        (tensor_records((2**40,), (0,)), {"0": FOUR}, "larger than its numbers"),
        (tensor_records((5,)), {"0": FOUR}, "larger than its numbers"),
        (tensor_records((2,), (1,), 3), {"0": FOUR}, "larger than its numbers"),
        (tensor_records((2,), (-1,)), {"0": FOUR}, "damaged"),
        (tensor_records((2, 2)), {"0": FOUR}, "damaged"),
        (tensor_records((4,), count=2**60), {"0": FOUR}, "cut off"),
        (tensor_records((4,), key="../../secret"), {"0": FOUR}, "it is damaged"),
        (tensor_records((4,), kind="EvilStorage"), {"0": FOUR}, "numbers of type Evil"),
        (tensor_records((4,))[:-20], {"0": FOUR}, "cut off"),
        (b"\x80\x02" + b"(" * 300_000 + b"t" * 300_000 + b".", {}, "nested|holds no weights"),
        (b"\x80\x02" + b"]" * 300_000 + b".", {}, "nested too deeply"),
        (b"\x80\x02N.", {}, "holds no weights"),
        (b"\x80\x02h\x05.", {}, "damaged"),
        (b"", {}, "cut off"),
    ],
)
def test_crafted_files_are_refused_at_once(tmp_path, records, files, found):
    path = archived(tmp_path / "x.pth", records, files)
    tracemalloc.start()
    said = refused(path)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert any(word in said for word in found.split("|"))
    assert most < 50_000_000


def test_packed_archives_cannot_fill_the_memory(tmp_path):
    big = io.BytesIO(b"\0" * 50_000_000).getvalue()
    path = archived(
        tmp_path / "x.pth", tensor_records((12_500_000,), count=12_500_000), {"0": big},
        zipfile.ZIP_DEFLATED,
    )  # fmt: skip
    assert os.path.getsize(path) < 100_000
    assert "packed in a way that torch.save does not use" in refused(path)


def test_numbers_that_many_names_share_cannot_fill_the_memory(tmp_path):
    one = tensor_records((4000,), count=4000, kind="DoubleStorage")
    body = one[3:-2]
    many = b"\x80\x02}(" + b"".join(
        body[1:].replace(b"weight", f"{place:06d}".encode()) for place in range(3000)
    ) + b"u."  # fmt: skip
    path = archived(tmp_path / "x.pth", many, {"0": np.zeros(4000).tobytes()})
    assert "share their numbers" in refused(path)


def test_every_kind_of_plain_file_is_read(tmp_path):
    state = torchvision.models.squeezenet1_1(num_classes=3).state_dict()
    tied = collections.OrderedDict(state, tied=next(iter(state.values())))
    half = {key: value.half() for key, value in state.items()}
    for place, tensors in enumerate((state, tied, dict(state), half)):
        for protocol in (2, 4):
            path = saved(tmp_path, tensors, f"{place}.pth", pickle_protocol=protocol)
            found = read_weights(str(path))
            assert found.keys() == tensors.keys()
            assert all(torch.equal(found[key], tensors[key].float()) for key in tensors)
