"""What a model file holds beside the network's weights."""

from dataclasses import replace

import pytest
import torch

from brightness import card
from plugin.engine import model_file, networks
from plugin.jobs.errors import JobError

CARD = replace(
    card(),
    network="small_cnn",
    arguments={"bands": 3, "classes": 3},
    normalization={"mean": [0.0] * 3, "sd": [1.0] * 3},
)


@pytest.fixture
def network():
    torch.manual_seed(0)
    return networks.build_classifier("small_cnn", 3, 3).eval()


def test_extras_come_back_as_they_were_saved(tmp_path, network):
    extras = {"reference": torch.rand(5, 4).half(), "center": torch.rand(4)}
    model_file.save(str(tmp_path / "m.safetensors"), CARD, network, extras)
    read, again, found = model_file.load_with_extras(str(tmp_path / "m.safetensors"))
    assert read == CARD and found.keys() == extras.keys()
    for name, value in extras.items():
        assert found[name].dtype == value.dtype and torch.equal(found[name], value)
    for name, value in network.state_dict().items():
        assert torch.equal(again.state_dict()[name], value)


def test_model_without_extras_has_none(tmp_path, network):
    model_file.save(str(tmp_path / "m.safetensors"), CARD, network)
    assert model_file.load_with_extras(str(tmp_path / "m.safetensors"))[2] == {}
    assert len(model_file.load(str(tmp_path / "m.safetensors"))) == 2


def test_extras_that_are_not_finite_are_damage(tmp_path, network):
    extras = {"reference": torch.tensor([1.0, torch.nan])}
    model_file.save(str(tmp_path / "m.safetensors"), CARD, network, extras)
    with pytest.raises(JobError, match="is damaged"):
        model_file.load(str(tmp_path / "m.safetensors"))
