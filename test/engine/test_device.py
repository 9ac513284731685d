"""What goes to a GPU and comes from it; there is none in the tests, so a stand-in takes its place."""

import numpy as np
import pytest
import torch

from plugin.engine import device
from plugin.engine.dense_prediction import predict_dense
from plugin.engine.layout import Layout
from plugin.engine.progress import Silent


@pytest.fixture
def copied_late(monkeypatch):
    """A stand-in for a GPU: copies that it begins arrive when somebody waits for them."""
    begun, kept = [], torch.empty

    class Event:
        def record(self):
            begun.append(self)

        def synchronize(self):
            for place, values in self.late:
                place.as_subclass(torch.Tensor).copy_(values)
            self.late = []

    class Late(torch.Tensor):
        def copy_(self, values, non_blocking):
            assert non_blocking
            Event.late = [*getattr(Event, "late", []), (self, values)]

    def empty(*shape, pin_memory=False, **known):
        made = kept(*shape, **known)
        return made.fill_(-1).as_subclass(Late) if pin_memory else made

    monkeypatch.setattr(device.torch, "empty", empty)
    monkeypatch.setattr(device.torch.cuda, "Event", Event)
    return begun


def test_results_are_given_when_their_copy_has_arrived(copied_late):
    values = torch.arange(12.0).view(3, 4).double()
    waits = device.fetched(values)
    assert len(copied_late) == 1
    assert [wait().tolist() for wait in waits] == values.tolist()
    assert waits[0]().dtype == np.float32


def test_nothing_changes_on_its_way_to_the_processor():
    values = torch.rand(2, 3)
    assert device.sent(values, torch.device("cpu")) is values


class Raster:
    """Pixels that count themselves."""

    def read(self, row, column, height, width):
        rows, columns = np.mgrid[row : row + height, column : column + width]
        return (rows * 1000 + columns)[None].astype(np.float32), None


class OnCard:
    """A network on a card: its results say so, and are told to come late."""

    channels = 1

    def __init__(self):
        self.asked = 0

    def __call__(self, images, cut):
        self.asked += 1
        made = images[..., cut : images.shape[2] - cut, cut : images.shape[3] - cut] * 2
        return made.as_subclass(_Cuda)


class _Cuda(torch.Tensor):
    is_cuda = True


def test_a_map_is_the_same_when_results_come_late(monkeypatch):
    asked_at, network = [], OnCard()

    def fetched(values):
        plain = values.as_subclass(torch.Tensor).numpy()
        return [lambda n=n: asked_at.append(network.asked) or plain[n] for n in range(len(plain))]

    monkeypatch.setattr("plugin.engine.frugal.fetched", fetched)
    layout, made = Layout.over((0, 0, 64, 80), 16, 2), np.zeros((64, 80), np.float32)
    for piece in predict_dense(network, Raster(), layout, Silent(), batch_size=2):
        high, wide = piece.values.shape[1:]
        made[piece.row : piece.row + high, piece.column : piece.column + wide] = piece.values[0]
    rows, columns = np.mgrid[:64, :80]
    assert (made == 2 * (rows * 1000 + columns)).all()
    assert len(asked_at) == len(layout)  # every window was waited for, and once


@pytest.mark.parametrize("does_itself", [True, False])
def test_half_precision_is_left_to_cards_that_do_not_emulate_it(monkeypatch, does_itself):
    supported = lambda including_emulation=True: does_itself or including_emulation  # noqa: E731
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", supported)
    asked = []
    monkeypatch.setattr(torch, "autocast", lambda *kind, enabled: asked.append((*kind, enabled)))
    device.half_precision(torch.device("cuda"))
    device.half_precision(torch.device("cpu"))
    assert asked == [("cuda", torch.bfloat16, does_itself), ("cpu", torch.bfloat16, False)]
