"""Importing models from QGIS."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CODE = """
import sys, torch, torchvision
torch.manual_seed(0)
network = torchvision.models.segmentation.lraspp_mobilenet_v3_large(
    weights=None, weights_backbone=None, num_classes=2)
torch.save(network.state_dict(), sys.argv[1])
"""


@pytest.fixture(scope="module")
def weights(qgis, tmp_path_factory):
    """A state dict that PyTorch wrote, of a network of pixels that knows nothing yet."""
    from deep_geology.plugin import environment

    path = str(tmp_path_factory.mktemp("weights") / "lraspp.pth")
    subprocess.run([environment.engine_python(), "-c", CODE, path], check=True)
    return path


def test_imported_weights_make_a_map(run, landscape, weights, tmp_path, feedback):
    outputs = run(
        "importmodel", feedback, INPUT=weights, CLASS_NAMES="granite, schist", PATCH=128,
        OUTPUT=str(tmp_path / "lraspp.safetensors"),
    )  # fmt: skip
    assert outputs["TASK"] == "pixel classification"
    assert (outputs["CLASSES"], outputs["BANDS"]) == ("granite, schist", "red, green, blue")
    assert any("the usual numbers were taken" in line for line in feedback.warnings)
    made = run("classifypixels", RASTERS=[landscape], MODEL=outputs["OUTPUT"],
               OUTPUT=str(tmp_path / "map.tif"))  # fmt: skip
    assert os.path.getsize(made["OUTPUT"]) > 0


@pytest.mark.parametrize(
    "change, sentence",
    [
        ({"INPUT": "gone.pth"}, "is not a file that exists."),
        ({"NETWORK": "transformer"}, "is not one of the choices"),
        ({"NETWORK": "resnet18"}, "are not of resnet18"),
        ({"CLASS_NAMES": "a, b, c"}, "CLASS_NAMES has 3 entries; the network has 2 classes."),
        ({"MEAN": "a, b, c"}, "which is no list of numbers."),
        ({"OUTPUT": "m.pt"}, "which does not end in .safetensors"),
    ],
)
def test_bad_values_are_refused_in_one_sentence(refused, weights, tmp_path, change, sentence):
    asked = {"INPUT": weights, "OUTPUT": str(tmp_path / "m.safetensors")}
    said = refused("importmodel", **{**asked, **change})
    assert sentence in said and "\n" not in said.strip()
    assert os.listdir(tmp_path) == []
