"""What a model file holds beside the network's weights."""

import json
from dataclasses import replace

import pytest
import torch

import peak_memory
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


def with_hole(path, added, promised):
    """Make a file longer by bytes that take no disk, and maybe promise them in its header."""
    content = path.read_bytes()
    begin = 8 + int.from_bytes(content[:8], "little")
    header, held = json.loads(content[8:begin]), len(content) - begin
    if promised:
        span = [held, held + added]
        header["extras.hole"] = {"dtype": "F32", "shape": [added // 4], "data_offsets": span}
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text + content[begin:])
        file.truncate(8 + len(text) + held + added)
    return str(path)


@pytest.mark.parametrize("promised", [False, True])
def test_a_file_of_gigabytes_beside_a_small_network_is_not_read(tmp_path, network, promised):
    path = tmp_path / "m.safetensors"
    model_file.save(str(path), CARD, network)
    place = with_hole(path, 2**31, promised)
    peak_memory.forget()
    before = peak_memory.kilobytes()
    with pytest.raises(JobError, match="is damaged"):
        model_file.load(place)
    assert peak_memory.kilobytes() - before < 100_000
