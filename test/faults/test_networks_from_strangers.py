"""ONNX files from strangers: refused in a sentence, or brought in; the memory stays bounded."""

import math
import random

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

import peak_memory
from faults.importing import brought_in, changed_bytes

onnx = pytest.importorskip("onnx", reason="The engine has no library for ONNX: make engine")
from onnx import helper, numpy_helper  # noqa: E402 - only where there is one

TIMES = [100, pytest.param(3000, marks=pytest.mark.soak)]
NUMBERS = (-(2**63), -5, -1, 0, 1, 2, 3, 64, 1000, 65_536, 2**31, 2**40, 2**62, 2**63 - 1)
KINDS = (
    "Conv", "ConvTranspose", "BatchNormalization", "InstanceNormalization", "LayerNormalization",
    "Gemm", "MatMul", "MaxPool", "AveragePool", "Resize", "Clip", "PRelu", "Concat", "Softmax",
    "ReduceMean", "Flatten", "Reshape", "Squeeze", "Unsqueeze", "Transpose", "Slice", "Split",
    "DepthToSpace", "Gather", "Shape", "Constant", "ConstantOfShape", "Expand", "Cast", "Relu",
    "Add", "Div", "Pad", "Max", "Pow", "Identity", "ReduceProd", "GlobalAveragePool", "Nothing",
)  # fmt: skip


class Small(nn.Module):
    """A bit of everything: sizes computed from the image, halves of channels, uneven padding."""

    def __init__(self, of_images):
        super().__init__()
        self.first, self.norm = nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4)
        self.up, self.last = nn.ConvTranspose2d(4, 4, 2, 2), nn.Conv2d(8, 2, 1)
        self.line = nn.Linear(8, 2) if of_images else None

    def forward(self, images):
        first = functional.leaky_relu(self.norm(self.first(images)))
        below = functional.max_pool2d(functional.pad(first, (0, 1, 0, 1)), 2)
        up = functional.interpolate(self.up(below[:, :4]), images.shape[2:], mode="bilinear")
        joined = torch.cat([up, first.clamp(-1, 5)], 1)
        if self.line is None:
            return torch.softmax(self.last(joined), 1)
        return self.line(joined.mean((2, 3)).reshape(images.shape[0], 8))


@pytest.fixture(scope="module", params=["pixels", "images"])
def content(request, tmp_path_factory):
    """The bytes of a small network."""
    path, sides = tmp_path_factory.mktemp("onnx") / "n.onnx", {0: "n", 2: "rows", 3: "columns"}
    torch.manual_seed(0)
    torch.onnx.export(
        Small(request.param == "images").eval(), (torch.zeros(1, 3, 16, 16),), str(path), dynamo=False,
        opset_version=17, input_names=["input"], dynamic_axes={"input": sides},
    )  # fmt: skip
    model = onnx.load(str(path))
    texts = {"class_names": '{"0": "a", "1": "b"}', "resolution": "50", "tiles_size": "16"}
    helper.set_model_props(model, {**texts, "model_type": '"Segmentor"'})
    assert brought_in(path) == ""
    return model.SerializeToString()


def changed_node(chance, graph):
    node = chance.choice(graph.node)
    what = chance.choice(("kind", "input", "no input", "output", "gone", "number", "no number"))
    if what == "kind":
        node.op_type = chance.choice(KINDS)
    elif what == "input" and node.input:
        names = ["", "nothing", *node.input, *(one.name for one in graph.initializer)]
        node.input[chance.randrange(len(node.input))] = chance.choice(names)
    elif what == "no input" and node.input:
        del node.input[chance.randrange(len(node.input)) :]
    elif what == "output":
        del node.output[:]
    elif what == "gone":
        graph.node.remove(node)
    elif what == "number" and node.attribute:
        changed_number(chance, chance.choice(node.attribute))
    elif node.attribute:
        del node.attribute[chance.randrange(len(node.attribute))]


def changed_number(chance, number):
    if number.ints and chance.randrange(4):
        number.ints[chance.randrange(len(number.ints))] = chance.choice(NUMBERS)
    elif number.HasField("t"):
        changed_tensor(chance, number.t)
    else:
        number.i, number.f = chance.choice(NUMBERS), chance.choice((math.nan, -math.inf, 1e30, 0.0))
        number.s = chance.choice((b"", b"linear", b"cubic", b"reflect", b"SAME_UPPER", b"\xff"))
        del number.ints[:]
        number.ints.extend(chance.choice(NUMBERS) for _ in range(chance.randrange(5)))
        number.type = chance.randrange(1, 9)


def changed_tensor(chance, tensor):
    what = chance.randrange(4)
    if what == 0:
        tensor.raw_data = tensor.raw_data[: chance.randrange(len(tensor.raw_data) + 1)]
    elif what == 1 and tensor.dims:
        tensor.dims[chance.randrange(len(tensor.dims))] = chance.choice(NUMBERS)
    elif what == 2:
        tensor.data_type = chance.randrange(25)
    else:
        tensor.raw_data = bytes(chance.randrange(256) for _ in tensor.raw_data)


def changed_frame(chance, model):
    sizes = model.graph.input[0].type.tensor_type.shape.dim
    what = chance.randrange(5)
    if what == 0:
        sizes[chance.randrange(len(sizes))].dim_value = chance.choice(NUMBERS)
    elif what == 1:
        model.opset_import[0].version = chance.choice(
            (-1, 0, 1, 7, 9, 10, 12, 13, 18, 21, 99, 2**40)
        )
    elif what == 2:
        model.graph.output[0].name = chance.choice(
            [name for node in model.graph.node for name in node.output] + [""]
        )
    elif what == 3:
        model.graph.node.extend(model.graph.node[:3])
    else:
        text = chance.choice(('"\\ud800"', "1" * 5000, '{"²": "a"}', "[" * 90_000, '["\\ud800"]',
                              '{"0": "\\ud800", "1": "b"}', "1e400", "9" * 400, "{}", '{"0": [], "1": ""}'))  # fmt: skip
        chance.choice(model.metadata_props).value = text


def changed_network(chance, content):
    model = onnx.load_model_from_string(content)
    for _ in range(chance.choice((1, 1, 2, 3, 6))):
        kind = chance.randrange(6)
        if kind == 0 and model.graph.initializer:
            changed_tensor(chance, chance.choice(model.graph.initializer))
        elif kind == 1:
            changed_frame(chance, model)
        elif model.graph.node:
            changed_node(chance, model.graph)
    return model.SerializeToString()


@pytest.mark.parametrize("times", TIMES)
@pytest.mark.parametrize("how", [changed_network, changed_bytes])
def test_changed_networks_are_refused_in_a_sentence_or_brought_in(how, times, content, tmp_path):
    chance, path, said = random.Random(0), tmp_path / "n.onnx", set()
    peak_memory.forget()
    before = peak_memory.kilobytes()
    for _ in range(times):
        path.write_bytes(how(chance, content))
        said.add(brought_in(path))
    assert len(said) > 2 and peak_memory.kilobytes() - before < 1_000_000


def network_of(nodes, weights=(), outputs=("out",)):
    """A network of nodes on tiles of 16 pixels, as the bytes of a file."""
    tile = helper.make_tensor_value_info("in", 1, [1, 3, 16, 16])
    ends = [helper.make_tensor_value_info(name, 1, None) for name in outputs]
    held = [numpy_helper.from_array(value, name) for name, value in dict(weights).items()]
    graph = helper.make_graph(nodes, "g", [tile], ends, held)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    return model


def joined(times):
    names = ["in", *(f"v{place}" for place in range(times - 1)), "out"]
    return [
        helper.make_node("Concat", [one, one], [two], axis=1) for one, two in zip(names, names[1:])
    ]


CONV = helper.make_node("Conv", ["in", "w"], ["out"], kernel_shape=[1, 1])
WEIGHT = {"w": np.zeros((2, 3, 1, 1), np.float32)}


def cut():
    model = network_of([CONV], WEIGHT)
    model.graph.initializer[0].raw_data = b"\0" * 3
    return model


def node(kind, *inputs, **numbers):
    """A node before a convolution, which makes its weights or its image."""
    return network_of([helper.make_node(kind, list(inputs), ["made"], **numbers), CONV,
                       helper.make_node("Add", ["out", "made"], ["end"])],
                      {**WEIGHT, "far": np.array([99], np.int64), "many": np.array([7, 7], np.int64),
                       "less": np.array([-5], np.int64)}, ["end"])  # fmt: skip


CRAFTED = {
    "a cut weight": cut,
    "numbers out of range": lambda: node("Gather", "many", "far", axis=0),
    "another form": lambda: node("Reshape", "far", "many"),
    "less than nothing": lambda: node("ConstantOfShape", "less"),
    "no inputs": lambda: node("Slice"),
    "no inputs of a join": lambda: node("Concat", axis=0),
    "constant of nothing": lambda: node("Constant"),
    "words": lambda: node("Constant", value_strings=[b"a"]),
    "spread to nothing": lambda: node("DepthToSpace", "in", blocksize=0),
    "joined with itself": lambda: network_of([*joined(12)]),
    "joined with itself for ever": lambda: network_of([*joined(40)]),
    "more axes than there are atoms": lambda: network_of(
        [helper.make_node("ConstantOfShape", ["size"], ["sizes"], value=numpy_helper.from_array(np.ones(1, np.int64))),
         helper.make_node("Reshape", ["in", "sizes"], ["out"])], {"size": np.array([2**40])}),
    "sizes that multiply": lambda: network_of(
        [helper.make_node("Gather", ["row", "places"], ["many"], axis=1),
         helper.make_node("Add", ["in", "many"], ["out"])],
        {"row": np.zeros((4096, 1), np.float32), "places": np.zeros(4096, np.int64)}),
    "padded": lambda: network_of([helper.make_node("Conv", ["in", "w"], ["out"], pads=[50_000] * 4)], WEIGHT),
    "spread": lambda: network_of([helper.make_node("ConvTranspose", ["in", "w"], ["out"], strides=[60_000] * 2)],
                                 {"w": np.zeros((3, 2, 1, 1), np.float32)}),
}  # fmt: skip


@pytest.mark.parametrize("name", CRAFTED)
def test_crafted_networks_are_refused_and_take_no_memory(name, tmp_path):
    onnx.save(CRAFTED[name](), str(tmp_path / "n.onnx"))
    brought_in(tmp_path / "n.onnx")
    peak_memory.forget()
    before = peak_memory.kilobytes()
    assert '"n.onnx"' in brought_in(tmp_path / "n.onnx")
    assert peak_memory.kilobytes() - before < 300_000


@pytest.mark.parametrize("name", ["joined with itself", "padded", "spread"])
def test_networks_that_fill_the_memory_are_refused_with_what_they_take(name, tmp_path):
    onnx.save(CRAFTED[name](), str(tmp_path / "n.onnx"))
    assert "fills the memory: a tile of 16 pixels becomes" in brought_in(tmp_path / "n.onnx")
