"""Networks from a list of steps: they hold no more numbers than a network needs."""

import time

import pytest
import torch

import peak_memory
from plugin.engine.networks.graph import IMAGE, Graph, TooLargeError

SIDE = 64


def steps_of(*steps, width=3, **more):
    """A structure: every step takes what the one before it made, unless it says otherwise."""
    chain, last = [], IMAGE
    for place, step in enumerate(steps):
        chain.append({"in": [last], "out": f"v{place}", **step})
        last = chain[-1]["out"]
    usual = {"constants": {}, "stride": 1, "radius": 0, "sees_all": False, "side": SIDE}
    return {**usual, "steps": chain, "result": last, "width": width, **more}


def convolution(before=3, after=3, kernel=1, stride=1, pad=0):
    pairs = {"stride": [stride] * 2, "pad": [pad] * 2, "dilation": [1, 1]}
    size = [before, after, kernel, kernel]
    return {"op": "Conv", "size": size, **pairs, "groups": 1, "bias": True}


def doubled(times):
    """Values that are joined with themselves."""
    names = [IMAGE, *(f"v{place}" for place in range(times))]
    return [{"op": "Concat", "in": [name, name], "axis": 1} for name in names[:-1]]


LARGER = {"op": "ConvTranspose", "size": [3, 3, 1, 1], "stride": [60_000] * 2, "pad": [0, 0],
          "extra": [0, 0], "dilation": [1, 1], "groups": 1, "bias": True}  # fmt: skip


@pytest.mark.parametrize("steps", [
    doubled(40), doubled(12), [convolution(pad=50_000), convolution(stride=50_000)], [LARGER],
    [convolution(pad=2000)], [convolution(after=10_000)], doubled(12) + [{"op": "Relu"}] * 3000,
    [convolution()] + [{"op": "Relu", "in": ["v0"]}] * 1500
    + [{"op": "Max", "in": [f"v{place}" for place in range(1500)]}],
], ids=["joined 40 times", "joined 12 times", "padded and thinned", "spread", "padded", "channels",
        "joined and long", "all held"])  # fmt: skip
def test_steps_that_would_fill_the_memory_are_refused_before_they_take_any(steps):
    peak_memory.forget()
    before, begun = peak_memory.kilobytes(), time.monotonic()
    with pytest.raises(TooLargeError, match=r"a tile of 64 pixels becomes [0-9,]+ numbers"):
        Graph(steps_of(*steps), 3)
    assert peak_memory.kilobytes() - before < 200_000 and time.monotonic() - begun < 20


@pytest.mark.parametrize("side", [1, 8, 64, 512])
def test_a_wide_network_is_made_for_any_tile(side):
    wide = [convolution(3, 512, 3, pad=1), {"op": "Relu"}, convolution(512, 3)]
    graph = Graph(steps_of(*wide, side=side), 3)
    assert graph.state_dict().keys() == {
        f"layers.{n}.{k}" for n in (0, 2) for k in ("weight", "bias")
    }


@pytest.mark.parametrize("steps, more", [
    ([convolution(after=4)], {}), ([convolution(before=4)], {}), ([convolution(stride=2)], {}),
    ([convolution(), {"op": "DepthToSpace", "block": 0, "columns_first": False}], {}),
    ([{"op": "Relu", "in": ["forward"]}], {}), ([{"op": "Relu", "in": ["nothing"]}], {}),
    ([convolution()], {"side": 100_000}), ([convolution()], {"stride": 100_000}),
    ([convolution()], {"radius": 100_000}), ([convolution()], {"result": "v7"}),
], ids=str)  # fmt: skip
def test_steps_that_do_not_fit_each_other_are_refused(steps, more):
    kinds = (ValueError, RuntimeError, TypeError, LookupError, AttributeError, ArithmeticError)
    with pytest.raises(kinds):
        Graph(steps_of(*steps, **more), 3)


def test_steps_that_fit_are_run_as_they_are_written():
    graph = Graph(steps_of({"op": "Neg"}, {"op": "Relu"}), 3)
    images = torch.randn(2, 3, 32, 48)
    assert torch.equal(graph(images), torch.relu(-images))
