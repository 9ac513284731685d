"""ONNX nodes that look at neighborhoods or have weights, as steps of our `Graph`."""

import numpy as np

from .onnx_refusal import refuse


def convolve(steps, node, numbers):
    """A convolution; padding that differs between sides comes before it."""
    weight, bias = steps.weight(node, 1), steps.weight(node, 2)
    if weight.ndim != 4:
        refuse(node, "along one or three axes")
    kernel, known = (
        list(weight.shape[2:]),
        _sizes(numbers, steps.values.shape(node.input[0]), weight),
    )
    inputs, pads = [node.input[0]], known["pads"]
    if pads[:2] != pads[2:]:
        if node.op_type == "ConvTranspose":
            refuse(node, "with uneven padding")
        padded = node.output[0] + "\0padded"
        steps.padded(node, padded, pads)
        inputs, pads = [padded], [0, 0, 0, 0]
    groups = int(numbers.get("group", 1))
    transposed = node.op_type == "ConvTranspose"
    extra = {"extra": [int(v) for v in numbers.get("output_padding", [0, 0])]} if transposed else {}
    sides = [weight.shape[0], weight.shape[1] * groups]
    layer = {"weight": weight} if bias is None else {"weight": weight, "bias": bias}
    steps.step(
        node, inputs, layer, size=[*(sides if transposed else sides[::-1]), *kernel],
        stride=known["strides"], pad=pads[:2], dilation=known["dilations"], groups=groups,
        bias=bias is not None, **extra,
    )  # fmt: skip


def normalize(steps, node, numbers):
    """Batch, instance or layer normalization."""
    scale, shift = steps.weight(node, 1), steps.weight(node, 2)
    layer = {"weight": scale, "bias": np.zeros_like(scale) if shift is None else shift}
    if node.op_type == "BatchNormalization":
        layer |= {"running_mean": steps.weight(node, 3), "running_var": steps.weight(node, 4)}
        layer["num_batches_tracked"] = 0
    if node.op_type == "LayerNormalization" and numbers.get("axis", -1) not in (
        -1,
        steps.rank(node) - 1,
    ):
        refuse(node, "over several axes")
    eps = float(numbers.get("epsilon", 1e-5))
    steps.step(node, [node.input[0]], layer, size=len(scale), eps=eps)


def line(steps, node, numbers):
    """A product with a matrix of weights."""
    weight, bias = steps.weight(node, 1), steps.weight(node, 2)
    if weight.ndim != 2 or numbers.get("transA", 0):
        refuse(node, "of two values")
    weight = weight if numbers.get("transB", 0) else weight.T
    layer = {"weight": weight * numbers.get("alpha", 1.0)}
    if bias is not None:
        layer["bias"] = np.broadcast_to(bias * numbers.get("beta", 1.0), weight.shape[:1])
    size = [weight.shape[1], weight.shape[0]]
    steps.step(node, [node.input[0]], layer, op="Gemm", size=size, bias=bias is not None)


def pool(steps, node, numbers):
    """The largest or the mean of a neighborhood."""
    kernel = [int(v) for v in numbers["kernel_shape"]]
    known = _sizes(numbers, steps.values.shape(node.input[0]), np.empty((1, 1, *kernel)))
    inputs, pads = [node.input[0]], known["pads"]
    if pads[:2] != pads[2:] or any(2 * p > k for p, k in zip(pads, kernel * 2, strict=True)):
        if node.op_type == "AveragePool" and not numbers.get("count_include_pad", 0):
            refuse(node, "with uneven padding")
        lowest = -3.0e38 if node.op_type == "MaxPool" else 0.0
        padded = node.output[0] + "\0padded"
        steps.padded(node, padded, pads, "constant", lowest)
        inputs, pads = [padded], [0, 0, 0, 0]
    more = {"dilation": known["dilations"]} if node.op_type == "MaxPool" else {
        "with_pad": bool(numbers.get("count_include_pad", 0))
    }  # fmt: skip
    steps.step(
        node, inputs, kernel=kernel, stride=known["strides"], pad=pads[:2],
        ceil=bool(numbers.get("ceil_mode", 0)), **more,
    )  # fmt: skip


def parametric(steps, node, numbers):
    """A slope for every channel."""
    slope = np.ravel(steps.weight(node, 1))
    steps.step(node, [node.input[0]], {"weight": slope}, size=len(slope))


def _sizes(numbers, shape, weight):
    """Strides, dilations and pads (top, left, bottom, right) of a neighborhood."""
    kernel = weight.shape[2:]
    strides = [int(v) for v in numbers.get("strides", [1, 1])]
    dilations = [int(v) for v in numbers.get("dilations", [1, 1])]
    pads = [int(v) for v in numbers.get("pads", [0, 0, 0, 0])]
    word = numbers.get("auto_pad", b"NOTSET").decode()
    if word in ("SAME_UPPER", "SAME_LOWER"):
        total = [
            max((-(-side // s) - 1) * s + d * (k - 1) + 1 - side, 0)
            for side, s, d, k in zip(shape[2:], strides, dilations, kernel, strict=True)
        ]
        less, more = [t // 2 for t in total], [t - t // 2 for t in total]
        pads = less + more if word == "SAME_UPPER" else more + less
    return {"strides": strides, "dilations": dilations, "pads": pads}
