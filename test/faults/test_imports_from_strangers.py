"""Weights and networks of other programs from strangers: refused in a sentence, or brought in."""

import io
import random
import struct
import zipfile

import numpy as np
import pytest
import torch
from torch import nn

from faults.importing import brought_in, changed_bytes

TIMES = [150, pytest.param(5000, marks=pytest.mark.soak)]
NOT_KNOWN = "holds the weights of a network that is not known here"


def archived(path, files):
    """A zip as `torch.save` makes it, whose sums are right."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)


def saved_weights():
    """The files in what `torch.save` writes, by name."""
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Linear(4, 2))
    state = {"state_dict": {**network.state_dict(), "half": torch.ones(2, 3).half().T}, "epoch": 3}
    whole = io.BytesIO()
    torch.save(state, whole)
    with zipfile.ZipFile(whole) as archive:
        return whole.getvalue(), {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize("times", TIMES)
@pytest.mark.parametrize("which", ["records", "archive"])
def test_changed_weights_of_pytorch_are_refused_in_a_sentence(which, times, tmp_path):
    chance, (whole, files) = random.Random(0), saved_weights()
    path, said = tmp_path / "w.pth", set()
    records = next(name for name in files if name.endswith("data.pkl"))
    for _ in range(times):
        if which == "records":
            archived(path, {**files, records: changed_bytes(chance, files[records])})
        else:
            path.write_bytes(changed_bytes(chance, whole))
        said.add(brought_in(path))
    assert "" not in said and any(NOT_KNOWN in text for text in said) and len(said) > 2


TENSOR = b"\x80\x02}X\x01\x00\x00\x00wctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storagectorch\nFloatStorage\n"  # fmt: skip
TENSOR += b"X\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x04tQK\x00"


def whole_number(value):
    content = value.to_bytes(20, "little", signed=True)
    return b"\x8a" + bytes([len(content)]) + content


def tensor_of(size, stride):
    parts = (b"(" + b"".join(map(whole_number, values)) + b"t" for values in (size, stride))
    return TENSOR + b"".join(parts) + b"\x89}tRs."


@pytest.mark.parametrize("records", [
    b"\x80\x02c.", b"\x80\x02cos", b"\x80\x02K\x01K\x02K\x03\x87Q.", b"\x80\x02}(K\x01u.", b"\x80\x02K\x01Q.",
    tensor_of((0, 10**30), (1, 1)), tensor_of((0, 2**62, 2**62), (1, 1, 1)), tensor_of((1,), (10**30,)),
    tensor_of((0, -1), (1, 1)), tensor_of((1,) * 100, (1,) * 100), tensor_of((0,) * 100, (1,) * 100),
    tensor_of((10**30, 10**30), (0, 0)), b"\x80\x02G" + struct.pack(">d", np.nan) + b"}s.",
])  # fmt: skip
def test_crafted_records_are_refused_in_a_sentence(records, tmp_path):
    archived(tmp_path / "w.pth", {"a/data.pkl": records, "a/data/0": b"\0" * 16})
    assert '"w.pth"' in brought_in(tmp_path / "w.pth")


def test_locked_and_odd_archives_are_refused_in_a_sentence(tmp_path):
    path = tmp_path / "w.pth"
    whole, _ = saved_weights()
    for mark in (b"PK\x03\x04", b"PK\x01\x02"):
        place = whole.index(mark)
        while place >= 0:  # the bit that says that a file is locked with a password
            flags = place + (6 if mark == b"PK\x03\x04" else 8)
            whole = whole[:flags] + bytes([whole[flags] | 1]) + whole[flags + 1 :]
            place = whole.find(mark, place + 4)
    path.write_bytes(whole)
    assert '"w.pth" cannot be read' in brought_in(path)


@pytest.mark.parametrize("shape", [(), (0,), (5,), (0, 0, 0, 0), (10, 0, 7, 7), (3, 3)])
@pytest.mark.parametrize("name", [
    "conv1.weight", "layer1.0.conv1.weight", "decoder.blocks.0.conv1.0.weight", "features.0.0.weight",
    "encoder.conv1.weight", "backbone.0.0.weight", "classifier.4.weight",
])  # fmt: skip
def test_tensors_of_odd_sizes_are_of_no_network(name, shape, tmp_path):
    names = (name, "layer1.0.conv1.weight", "encoder.conv1.weight", "segmentation_head.0.weight",
             "backbone.layer1.0.conv1.weight", "backbone.conv1.weight", "fc.weight", "fc.bias",
             *(f"decoder.blocks.{step}.conv1.0.weight" for step in range(5)))  # fmt: skip
    torch.save({one: torch.zeros(shape) for one in names}, tmp_path / "w.pth")
    assert '"w.pth"' in brought_in(tmp_path / "w.pth")


def test_a_long_name_in_a_file_is_said_in_short(tmp_path):
    torch.save({"x" * 100_000: torch.zeros(2)}, tmp_path / "w.pth")
    assert NOT_KNOWN in brought_in(tmp_path / "w.pth")
    torch.save({"w": torch.zeros(2)}, tmp_path / "w.pth")
    archived(tmp_path / "w.pth", {"a/data.pkl": TENSOR.replace(b"FloatS", b"x" * 9000 + b"S") + b".",
                                  "a/data/0": b""})  # fmt: skip
    assert brought_in(tmp_path / "w.pth")
