"""ONNX nodes that have no weights, as steps of our `Graph`."""

import numpy as np

from .onnx_refusal import refuse

_MODES = {"linear": "bilinear", "nearest": "nearest", "cubic": "bicubic"}
_PADS = {"constant": "constant", "reflect": "reflect", "edge": "replicate"}


def pad(steps, node, numbers):
    """Rows and columns around an image."""
    pads = [int(v) for v in steps.numbers(node, 1, numbers, "pads")]
    value = steps.numbers(node, 2, numbers, "value", 0.0)
    half = len(pads) // 2
    if half != 4 or any(pads[:2] + pads[4:6]) or min(pads) < 0:
        refuse(node, "of other axes than rows and columns")
    mode = numbers.get("mode", b"constant").decode()
    if mode not in _PADS:
        refuse(node, mode)
    steps.padded(
        node, node.output[0], pads[2:4] + pads[6:8], _PADS[mode], float(np.ravel(value)[0])
    )


def resize(steps, node, numbers):
    """To another size, which grows and shrinks with the image."""
    before, after = steps.values.shape(node.input[0]), steps.values.shape(node.output[0])
    if before is None or after is None or before[:2] != after[:2] or len(after) != 4:
        refuse(node, "to a size that is not known")
    mode = numbers.get("mode", b"nearest").decode()
    placed = numbers.get("coordinate_transformation_mode", b"half_pixel").decode()
    whole = all(a % b == 0 for a, b in zip(after[2:], before[2:], strict=True))
    if mode not in _MODES or (mode == "nearest" and not whole) or placed == "tf_crop_and_resize":
        refuse(node, f"({mode}, {placed})")
    if mode != "nearest" and placed == "asymmetric":
        refuse(node, f"({mode}, {placed})")
    aligned = placed == "align_corners" and mode != "nearest"
    steps.step(node, [node.input[0]], op="Resize", side=list(after[2:]), mode=_MODES[mode],
               aligned=aligned)  # fmt: skip


def clip(steps, node, numbers):
    """Between two limits."""
    low = steps.numbers(node, 1, numbers, "min")
    high = steps.numbers(node, 2, numbers, "max")
    limits = {"low": low, "high": high}
    limits = {key: None if v is None else float(np.ravel(v)[0]) for key, v in limits.items()}
    if limits["low"] is None and limits["high"] is None:
        return steps.name_as(node.output[0], steps.call(node.input[0]))
    return steps.step(node, [node.input[0]], **limits)


def slope(steps, node, numbers):
    """Functions with one number."""
    usual = {"LeakyRelu": 0.01, "Elu": 1.0, "HardSigmoid": 0.2}[node.op_type]
    known = {"alpha": float(numbers.get("alpha", usual))}
    if node.op_type == "HardSigmoid":
        known["beta"] = float(numbers.get("beta", 0.5))
    steps.step(node, [node.input[0]], **known)


def gelu(steps, node, numbers):
    """The Gaussian error linear unit."""
    form = numbers.get("approximate", b"none").decode()
    steps.step(node, [node.input[0]], form=form)


def join(steps, node, numbers):
    """Channels side by side."""
    axis = int(numbers["axis"]) % steps.rank(node)
    if axis != 1:
        refuse(node, "along other axes than channels")
    steps.step(node, list(node.input), axis=1)


def soften(steps, node, numbers):
    """Probabilities of logits."""
    rank = steps.rank(node)
    steps.step(node, [node.input[0]], axis=int(numbers.get("axis", -1)) % rank)


def reduce(steps, node, numbers):
    """The mean, sum or largest along axes."""
    axes = steps.numbers(node, 1, numbers, "axes")
    rank = steps.rank(node)
    axes = range(rank) if axes is None else [int(axis) % rank for axis in axes]
    if 0 in axes:
        refuse(node, "over the images")
    steps.step(node, [node.input[0]], axes=list(axes), keep=bool(numbers.get("keepdims", 1)))


def flatten(steps, node, numbers):
    """All that belongs to an image in one row."""
    after = steps.values.shape(node.output[0])
    if after is None or len(after) != 2 or after[0] != 1:
        refuse(node, "to another form than one row for each image")
    steps.step(node, [node.input[0]], op="Flatten")


def squeeze(steps, node, numbers):
    """Without axes of length 1, or with new ones."""
    axes = steps.numbers(node, 1, numbers, "axes")
    if axes is None:
        refuse(node, "of axes that are not named")
    after = steps.values.shape(node.output[0])
    rank = steps.rank(node) if node.op_type == "Squeeze" or after is None else len(after)
    axes = sorted(int(axis) % rank for axis in axes)
    if 0 in axes:
        refuse(node, "of the images")
    if node.op_type == "Squeeze":
        return steps.step(node, [node.input[0]], axes=axes)
    if len(axes) > 1:
        refuse(node, "of several axes")
    return steps.step(node, [node.input[0]], axis=axes[0])


def turn(steps, node, numbers):
    """Axes in another order."""
    order = [int(axis) for axis in numbers.get("perm", [])]
    if not order or order[0] != 0:
        refuse(node, "of the images")
    steps.step(node, [node.input[0]], order=order)


def part(steps, node, numbers):
    """Some of the channels."""
    starts, ends, axes, jumps = (
        steps.numbers(node, place, numbers, name, usual)
        for place, name, usual in ((1, "starts", None), (2, "ends", None), (3, "axes", None),
                                   (4, "steps", np.ones(1)))
    )  # fmt: skip
    shape = steps.values.shape(node.input[0])
    if shape is None or axes is None or [int(a) % len(shape) for a in axes] != [1] or jumps[0] != 1:
        refuse(node, "of other axes than channels")
    first, last, _ = slice(int(starts[0]), int(ends[0])).indices(shape[1])
    steps.step(node, [node.input[0]], start=first, count=last - first)


def split(steps, node, numbers):
    """The channels in parts."""
    shape = steps.values.shape(node.input[0])
    axis = int(numbers.get("axis", 0))
    if shape is None or axis % len(shape) != 1:
        refuse(node, "of other axes than channels")
    counts = steps.numbers(
        node, 1, numbers, "split", np.full(len(node.output), shape[1] // len(node.output))
    )
    start = 0
    for name, count in zip(node.output, counts, strict=True):
        out = f"v{len(steps.steps)}"
        step = {"op": "Slice", "in": [steps.call(node.input[0])], "out": out}
        steps.steps.append({**step, "start": start, "count": int(count)})
        steps.name_as(name, out)
        start += int(count)


def to_space(steps, node, numbers):
    """Channels that become finer pixels."""
    first = numbers.get("mode", b"DCR").decode() == "CRD"
    steps.step(node, [node.input[0]], block=int(numbers["blocksize"]), columns_first=first)
