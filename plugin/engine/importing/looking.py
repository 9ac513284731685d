"""How far the result of a list of steps looks, and how coarse its coarsest value is.

A pixel `i` of a value covers the image from ``i * side - before`` to
``(i + 1) * side - 1 + after``, along rows and along columns; see `receptive_radius` for the same of
layers that follow each other.
"""

import math
from dataclasses import dataclass, replace
from fractions import Fraction

from ..networks.graph import IMAGE

_WHOLE = {"GlobalAveragePool", "GlobalMaxPool", "InstanceNormalization", "Flatten", "Gemm"}
_REDUCE = {"ReduceMean", "ReduceSum", "ReduceMax"}
_WINDOWS = {"Conv", "MaxPool", "AveragePool"}


@dataclass(frozen=True)
class Look:
    """What a value of the graph sees along one axis."""

    side: Fraction = Fraction(1)
    before: Fraction = Fraction(0)
    after: Fraction = Fraction(0)

    def joined(self, other):
        """Where two values of the same resolution meet."""
        before, after = max(self.before, other.before), max(self.after, other.after)
        return Look(max(self.side, other.side), before, after)


@dataclass(frozen=True)
class Reach:
    """What the result of a graph sees: see `PixelNetwork`."""

    stride: int
    radius: int
    sees_all: bool


def reach(steps, result, shape_of):
    """Follow the image through the steps.

    Parameters
    ----------
    steps : list of dict
    result : str
    shape_of : callable
        The shape of the first input of a step by its place, as it is on the usual tile.

    Returns
    -------
    Reach
        `sees_all` also where the result is not as fine as the image.
    """
    seen, sees_all, coarsest = {IMAGE: (Look(), Look())}, False, 1
    for place, step in enumerate(steps):
        sees_all |= _looks_everywhere(step)
        given = [seen[name] for name in step["in"] if seen.get(name) is not None]
        sides = {tuple(look.side for look in pair) for pair in given}
        if not given or step["op"] in _WHOLE or len(shape_of(place) or ()) == 2:
            seen[step["out"]] = None  # the same everywhere in the window
            continue
        sees_all |= len(sides) > 1
        joined = [given[0][axis] for axis in (0, 1)]
        for pair in given[1:]:
            joined = [one.joined(other) for one, other in zip(joined, pair, strict=True)]
        seen[step["out"]] = tuple(
            _through(step, look, axis, shape_of(place)) for axis, look in enumerate(joined)
        )
        coarsest = math.lcm(coarsest, *(math.ceil(look.side) for look in seen[step["out"]]))
    last = seen.get(result)
    if last is None or any(look.side != 1 for look in last):
        return Reach(coarsest, 0, True)
    radius = max(math.ceil(value) for look in last for value in (look.before, look.after))
    return Reach(coarsest, radius, sees_all)


def _looks_everywhere(step):
    along = step["op"] in _REDUCE and not set(step["axes"]) <= {1}
    softened = step["op"] == "Softmax" and step["axis"] != 1
    return step["op"] in _WHOLE or along or softened or bool(step.get("aligned"))


def _through(step, look, axis, shape):
    """What a step makes of what its input sees, along rows (0) or columns (1)."""
    if step["op"] in _WINDOWS:
        kernel = (step["size"][2:] if step["op"] == "Conv" else step["kernel"])[axis]
        dilation = step.get("dilation", (1, 1))[axis]
        stride, pad = step["stride"][axis], step["pad"][axis]
        after = look.after + (dilation * (kernel - 1) - pad + 1 - stride) * look.side
        return Look(look.side * stride, look.before + pad * look.side, after)
    if step["op"] == "ConvTranspose":
        kernel, stride, pad = step["size"][2 + axis], step["stride"][axis], step["pad"][axis]
        side = look.side / stride
        before = look.before + (step["dilation"][axis] * (kernel - 1) - pad) * side
        return Look(side, before, look.after + look.side + (pad - 1) * side)
    if step["op"] == "Pad":
        top = step["pads"][2 - 2 * axis]
        shift = top * look.side
        return replace(look, before=look.before + shift, after=look.after - shift)
    if step["op"] == "Resize":
        return _resized(look, Fraction(step["side"][axis], shape[2 + axis]), step["mode"])
    if step["op"] == "DepthToSpace":
        return _resized(look, Fraction(step["block"]), "nearest")
    return look


def _resized(look, factor, mode):
    side = look.side / factor
    more = {"nearest": side * (factor - 1), "bilinear": (3 * look.side - side) / 2}
    wide = max(more.get(mode, (5 * look.side - side) / 2), side if factor < 1 else 0)
    return Look(side, look.before + wide, look.after + wide)
