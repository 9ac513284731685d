"""From the nodes of an ONNX graph to the steps of our `Graph`; what has no step is refused."""

import numpy as np

from ...jobs.errors import JobError
from . import onnx_layers as layers, onnx_shapes as shapes
from .onnx_refusal import refuse

_ELEMENTWISE = {
    "Relu", "HardSwish", "Sigmoid", "Tanh", "Softplus", "Erf", "Exp", "Log", "Sqrt", "Abs", "Neg",
    "Add", "Sub", "Mul", "Div", "Pow", "Max", "Min", "GlobalAveragePool", "GlobalMaxPool",
}  # fmt: skip
_SAME = {"Identity", "Dropout", "Cast"}
_MAKERS = {
    "Conv": layers.convolve, "ConvTranspose": layers.convolve, "Pad": shapes.pad,
    "BatchNormalization": layers.normalize, "InstanceNormalization": layers.normalize,
    "LayerNormalization": layers.normalize, "Gemm": layers.line, "MatMul": layers.line,
    "MaxPool": layers.pool, "AveragePool": layers.pool, "Resize": shapes.resize,
    "Upsample": shapes.resize, "Clip": shapes.clip, "LeakyRelu": shapes.slope,
    "Elu": shapes.slope, "HardSigmoid": shapes.slope, "PRelu": layers.parametric,
    "Gelu": shapes.gelu, "Concat": shapes.join,
    "Softmax": shapes.soften, "ReduceMean": shapes.reduce, "ReduceSum": shapes.reduce,
    "ReduceMax": shapes.reduce, "Flatten": shapes.flatten, "Reshape": shapes.flatten,
    "Squeeze": shapes.squeeze, "Unsqueeze": shapes.squeeze, "Transpose": shapes.turn,
    "Slice": shapes.part, "Split": shapes.split, "DepthToSpace": shapes.to_space,
}  # fmt: skip


class Steps:
    """Turns nodes into steps, one after the other.

    Parameters
    ----------
    values : Values

    Attributes
    ----------
    steps : list of dict
        As `Graph` takes them.
    weights : dict of str to array
        Of the layers, by the names that they have in `Graph`.
    constants : dict of str to array
    """

    def __init__(self, values):
        self.values = values
        self.steps, self.weights, self.constants, self._names = [], {}, {}, {}

    def call(self, name):
        """What a value is called here; a constant is kept."""
        if name in self._names:
            return self._names[name]
        if name not in self.values.known:
            raise JobError("The ONNX file uses a value that nothing makes.", "Export it again.")
        kept = f"c{len(self.constants)}"
        self.constants[kept] = np.asarray(self.values.known[name], np.float32)
        self._names[name] = kept
        return kept

    def names(self):
        """Pairs of what a value is called in the file and here."""
        return [pair for pair in self._names.items() if "\0" not in pair[0]]

    def name_as(self, name, same):
        """Let a value be another one."""
        self._names[name] = same

    def add(self, node):
        """Add what a node does."""
        numbers = self.values.attributes(node)
        if node.op_type in _SAME or self._does_nothing(node, numbers):
            self.name_as(node.output[0], self.call(node.input[0]))
        elif node.op_type in _ELEMENTWISE:
            self.step(node, list(node.input))
        elif node.op_type in _MAKERS:
            _MAKERS[node.op_type](self, node, numbers)
        else:
            refuse(node)

    def _does_nothing(self, node, numbers):
        """Whether a node only says again what the shape is."""
        before, after = self.values.shape(node.input[0]), self.values.shape(node.output[0])
        if node.op_type in ("Slice", "Reshape", "Expand", "Resize", "Pad"):
            plain = node.op_type != "Pad" or not np.any(self.numbers(node, 1, numbers, "pads"))
            return before is not None and before == after and plain
        return False

    def numbers(self, node, place, numbers, name, default=None):
        """Numbers that are an input in newer files, an attribute in older ones."""
        if len(node.input) > place and node.input[place]:
            known = self.values.known.get(node.input[place])
            if known is None:
                refuse(node, f"whose {name} is computed from the image")
            return known
        return np.asarray(numbers[name]) if name in numbers else default

    def step(self, node, inputs, layer=None, **numbers):
        """Add one step, with the weights of its layer by name."""
        place = str(len(self.steps))
        for name, value in (layer or {}).items():
            self.weights[f"layers.{place}.{name}"] = np.asarray(value, np.float32)
        out = f"v{place}"
        step = {"op": numbers.pop("op", node.op_type), "in": [self.call(n) for n in inputs]}
        self.steps.append({**step, "out": out, **numbers})
        self.name_as(node.output[0], out)

    def weight(self, node, place):
        """The weights that are an input of a node, or None."""
        if len(node.input) <= place or not node.input[place]:
            return None
        value = self.values.known.get(node.input[place])
        return refuse(node, "with weights that are computed") if value is None else value

    def rank(self, node):
        """How many axes the first input of a node has."""
        shape = self.values.shape(node.input[0])
        return refuse(node, "of a value of unknown shape") if shape is None else len(shape)

    def padded(self, node, name, pads, mode="constant", value=0.0):
        """Add a step that pads the input of a node (top, left, bottom, right); `name` is made."""
        top, left, bottom, right = pads
        out = f"v{len(self.steps)}"
        step = {"op": "Pad", "in": [self.call(node.input[0])], "out": out}
        self.steps.append(
            {**step, "pads": [left, right, top, bottom], "mode": mode, "value": value}
        )
        self.name_as(name, out)
