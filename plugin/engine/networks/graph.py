"""A network from a written list of steps, for networks that came as ONNX files.

The list is data, not code: each step is an operation of the tables below with its numbers, and
what is not in the tables is refused. The operations have the names and the meaning of ONNX.
"""

import torch
from torch import nn
from torch.nn import functional

IMAGE = "image"
_MOST_STEPS, _LARGEST, _WIDEST = 5000, 8192, 100_000
# The numbers that are held at one time: for a tile, and for each of its pixels beside its bands.
_MOST_HELD, _MOST_HELD_A_PIXEL = 2**30, 4096


class TooLargeError(ValueError):
    """Steps that hold more numbers at one time than any network needs."""


class Graph(nn.Module):
    """Steps that turn images into logits.

    Parameters
    ----------
    structure : dict
        ``steps``, each with ``op``, ``in``, ``out`` (names of values) and its numbers; ``constants``,
        shape by name; ``result``, the name of the last value; ``width``, its channels; ``stride``,
        ``radius`` and ``sees_all``, see `PixelNetwork`; ``side``, of the tiles it was made with.
    bands : int
        Of the images.

    Raises
    ------
    ValueError
        If a step is not known or its numbers make no sense; `TooLargeError` if it would fill the
        memory.
    RuntimeError, TypeError, LookupError, AttributeError, ArithmeticError
        If a step does not fit those before it.
    """

    def __init__(self, structure, bands):
        super().__init__()
        self._steps, self._result = structure["steps"], structure["result"]
        self.width, self.stride = int(structure["width"]), int(structure["stride"])
        self.receptive_radius = int(structure["radius"])
        self.sees_all, self._side = bool(structure["sees_all"]), int(structure["side"])
        numbers = (self.stride, self.receptive_radius + 1, self._side)
        known = 0 < self.width <= _WIDEST and all(0 < n <= _LARGEST for n in numbers)
        if len(self._steps) > _MOST_STEPS or not known:
            raise ValueError("the list of steps is too long or its numbers make no sense")
        with torch.device("meta"):  # the numbers come from the file, and so does their size
            for name, shape in structure["constants"].items():
                self.register_buffer(name, torch.empty(shape))
            self.layers = nn.ModuleDict(
                {str(place): LAYERS[step["op"]](step) for place, step in self._known()}
            )
        self._last_use = {
            name: place for place, step in enumerate(self._steps) for name in step["in"]
        }
        self._try_out(bands)

    @torch.no_grad()
    def _try_out(self, bands):
        """Let it see a tile that has sizes but no numbers, so that it can fill no memory."""
        side = self._side
        most = min(_MOST_HELD, (_MOST_HELD_A_PIXEL + bands) * side**2)
        tile = torch.empty((1, bands, side, side), device="meta")
        for values in self.eval()._follow(tile):  # in training a single pixel has no spread
            held = sum(value.numel() for value in values.values())
            if held > most:
                raise TooLargeError(f"a tile of {side:,} pixels becomes {held:,} numbers")
        shape = values[self._result].shape
        if shape[1] != self.width or shape[2:] not in ((), (side, side)):
            raise ValueError(f"the result of a tile of {side} is {tuple(shape)}")

    def _known(self):
        """The steps with weights; a step that is in no table is refused."""
        for place, step in enumerate(self._steps):
            if step["op"] in LAYERS:
                yield place, step
            elif step["op"] not in OPERATIONS:
                raise ValueError(f"no operation {step['op']}")
            if step["op"] == "Resize" and not all(0 < s <= 4 * self._side for s in step["side"]):
                raise ValueError(f"a tile of {self._side} grows to {step['side']}")
            if step["op"] == "Pad" and not all(0 <= pad <= self._side for pad in step["pads"]):
                raise ValueError(f"a tile of {self._side} is padded by {step['pads']}")

    def forward(self, images):
        """Images (N, bands, row, column) to logits, (N, width, row, column) or (N, width)."""
        *_, values = self._follow(images)
        return values[self._result]

    def _follow(self, images):
        """The values that are held, by name: at first, and after every step."""
        values = {IMAGE: images}
        yield values
        shares = [side / self._side for side in images.shape[-2:]]
        for place, step in enumerate(self._steps):
            given = [values[n] if n in values else getattr(self, n) for n in step["in"]]
            if step["op"] in LAYERS:
                made = self.layers[str(place)](*given)
            else:
                made = OPERATIONS[step["op"]](given, step, shares)
            values[step["out"]] = made
            yield values
            for name in step["in"]:
                if self._last_use[name] == place and name != self._result:
                    values.pop(name, None)  # a large network would else fill the memory

    def longest_path(self):
        """Nothing: how far it looks is written in its structure."""
        return ()


def _convolution(step):
    before, after, *kernel = step["size"]
    return nn.Conv2d(
        before, after, kernel, step["stride"], step["pad"], step["dilation"], step["groups"],
        step["bias"],
    )  # fmt: skip


def _transposed(step):
    before, after, *kernel = step["size"]
    return nn.ConvTranspose2d(
        before, after, kernel, step["stride"], step["pad"], step["extra"], step["groups"],
        step["bias"], step["dilation"],
    )  # fmt: skip


class _ChannelsLast(nn.LayerNorm):
    """Normalization over the last axis."""


LAYERS = {
    "Conv": _convolution,
    "ConvTranspose": _transposed,
    "BatchNormalization": lambda step: nn.BatchNorm2d(step["size"], step["eps"]),
    "InstanceNormalization": lambda step: nn.InstanceNorm2d(step["size"], step["eps"], affine=True),
    "LayerNormalization": lambda step: _ChannelsLast(step["size"], step["eps"]),
    "Gemm": lambda step: nn.Linear(*step["size"], bias=step["bias"]),
    "PRelu": lambda step: nn.PReLU(step["size"]),
}


def _plain(function):
    """An operation on its values alone."""
    return lambda given, step, shares: function(*given)


def _resize(given, step, shares):
    """To a size that was so many pixels for tiles of the usual side."""
    size = [round(side * share) for side, share in zip(step["side"], shares, strict=True)]
    aligned = {"align_corners": step["aligned"]} if step["mode"] in ("bilinear", "bicubic") else {}
    return functional.interpolate(given[0], size, mode=step["mode"], **aligned)


def _max_pool(given, step, shares):
    return functional.max_pool2d(
        given[0], step["kernel"], step["stride"], step["pad"], step["dilation"], step["ceil"]
    )


def _average_pool(given, step, shares):
    return functional.avg_pool2d(
        given[0], step["kernel"], step["stride"], step["pad"], step["ceil"], step["with_pad"]
    )


def _clip(given, step, shares):
    return given[0].clamp(step["low"], step["high"])


def _reduce(function):
    return lambda given, step, shares: function(given[0], step["axes"], step["keep"])


def _to_space(given, step, shares):
    values, block = given[0], step["block"]
    if step["columns_first"]:  # ONNX's CRD is what PyTorch shuffles
        return functional.pixel_shuffle(values, block)
    count, channels, rows, columns = values.shape
    values = values.view(count, block, block, channels // block**2, rows, columns)
    values = values.permute(0, 3, 4, 1, 5, 2)
    return values.reshape(count, -1, rows * block, columns * block)


def _global(function):
    return lambda given, step, shares: function(given[0], (2, 3), True)


OPERATIONS = {
    "Identity": _plain(lambda value: value),
    "Relu": _plain(functional.relu),
    "LeakyRelu": lambda given, step, shares: functional.leaky_relu(given[0], step["alpha"]),
    "Elu": lambda given, step, shares: functional.elu(given[0], step["alpha"]),
    "HardSigmoid": lambda given, step, shares: (given[0] * step["alpha"] + step["beta"]).clamp(
        0, 1
    ),
    "HardSwish": _plain(functional.hardswish),
    "Sigmoid": _plain(torch.sigmoid),
    "Tanh": _plain(torch.tanh),
    "Softplus": _plain(functional.softplus),
    "Gelu": lambda given, step, shares: functional.gelu(given[0], approximate=step["form"]),
    "Clip": _clip,
    **{
        name: _plain(getattr(torch, name.lower()))
        for name in ("Erf", "Exp", "Log", "Sqrt", "Abs", "Neg", "Add", "Sub", "Mul", "Div", "Pow")
    },
    "Max": _plain(torch.maximum),
    "Min": _plain(torch.minimum),
    "Concat": lambda given, step, shares: torch.cat(given, step["axis"]),
    "Softmax": lambda given, step, shares: torch.softmax(given[0], step["axis"]),
    "MaxPool": _max_pool,
    "AveragePool": _average_pool,
    "GlobalAveragePool": _global(torch.mean),
    "GlobalMaxPool": _global(torch.amax),
    "ReduceMean": _reduce(torch.mean),
    "ReduceSum": _reduce(torch.sum),
    "ReduceMax": _reduce(torch.amax),
    "Resize": _resize,
    "Pad": lambda given, step, shares: functional.pad(
        given[0], step["pads"], step["mode"], step["value"]
    ),
    "Flatten": _plain(lambda value: value.flatten(1)),
    "Squeeze": lambda given, step, shares: given[0].squeeze(tuple(step["axes"])),
    "Unsqueeze": lambda given, step, shares: given[0].unsqueeze(step["axis"]),
    "Transpose": lambda given, step, shares: given[0].permute(step["order"]),
    "Slice": lambda given, step, shares: given[0].narrow(1, step["start"], step["count"]),
    "DepthToSpace": _to_space,
}
