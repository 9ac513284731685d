"""Upscaling in strips and with shared borders: the same numbers as the plain way, in less time."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from plugin.engine.degradation import back_project, cubic
from plugin.engine.device import computes_bfloat16
from plugin.engine.layout import Layout
from plugin.engine.networks.upscaler import Upscaler
from plugin.engine.upscaling import rolling
from plugin.engine.upscaling.generator import Generator
from plugin.engine.upscaling.held import complete
from plugin.engine.upscaling.neighbors import Neighbors
from plugin.engine.upscaling.whole_numbers import cast


def network(bands=1, factor=4, width=8):
    torch.manual_seed(0)
    made = Upscaler(bands, factor, width, blocks=2).eval()
    torch.nn.init.normal_(made.last.weight, std=0.05)
    return made.requires_grad_(False)


def image(bands, height, width):
    return torch.from_numpy(np.random.default_rng(1).normal(size=(bands, height, width))).float()


@pytest.mark.parametrize("bands", [1, 2])
@pytest.mark.parametrize("pixels", [1, 2**9, 2**20])
def test_strips_give_what_the_network_gives_at_once(monkeypatch, bands, pixels):
    monkeypatch.setattr(rolling, "_PIXELS", pixels)
    net, given = network(bands), image(2, 61, 40)
    planes = rolling.added_planes(net, given, 0.3)
    told = torch.full((2 // bands,), 0.3)
    whole = net(given.view(2 // bands, bands, 61, 40), told).view(1, 2, 244, 160)
    radius = net.receptive_radius
    truth = functional.pixel_unshuffle(whole, 4).view(2, 16, 61, 40)
    truth = truth[..., radius:-radius, radius:-radius]
    assert planes.shape == truth.shape and (planes - truth).abs().max() <= 1e-6


@pytest.mark.skipif(not computes_bfloat16(), reason="this processor multiplies no bfloat16")
def test_products_in_bfloat16_differ_by_little():
    net, given = network(2, width=16), image(2, 61, 40)
    truth, made = (rolling.added_planes(net, given, 0.3, narrow) for narrow in (False, True))
    wrong = (made - truth).square().mean().sqrt() / truth.std()
    assert 0 < wrong < 0.005


@pytest.mark.parametrize("factor", [2, 4])
@pytest.mark.parametrize(("blur", "iterations"), [(0.15, 5), (0.3, 5), (0.64, 5), (0.3, 0)])
@pytest.mark.parametrize("learned", [True, False])
def test_completed_window_is_the_back_projected_one(factor, blur, iterations, learned):
    net, given = network(2, factor), image(2, 90, 70)
    maker = Generator([], factor, torch.device("cpu"))
    cut = maker.projected(blur, iterations) + (net.receptive_radius if learned else 2)
    added = net(given[None], torch.tensor([blur])) if learned else 0.0
    truth = back_project(cubic(given[None], factor) + added, given[None], factor, blur, iterations)
    planes = rolling.added_planes(net, given, blur) if learned else None
    made = complete(planes, given, (factor, blur), iterations, None, cut)
    truth = truth[0, :, factor * cut : -factor * cut, factor * cut : -factor * cut]
    assert made.shape == truth.shape and (made - truth).abs().max() <= 1e-5


@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize(("bands", "factor", "width"), [(1, 4, 16), (3, 2, 16), (1, 4, 48)])
def test_windows_that_share_borders_give_the_same_bits_and_compute_less(
    bands, factor, width, narrow
):
    net, given, counted = network(bands, factor, width), image(bands, 120, 140), []
    margin, radius = 6, net.receptive_radius
    layout = Layout.over((20, 20, 75, 90), 32, margin + radius)
    neighbors = Neighbors(margin)
    rolled = rolling.added_planes

    def count(network, part, *others, **into):
        counted.append(part[0].numel())
        return rolled(network, part, *others, **into)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("plugin.engine.upscaling.neighbors.added_planes", count)
        for window in layout.windows():
            row, column, height, width = window.box
            part = given[:, row : row + height, column : column + width]
            made = neighbors(net, part, 0.3, window, narrow)
            assert torch.equal(made, rolled(net, part, 0.3, narrow))
    plain = sum(window.box[2] * window.box[3] for window in layout.windows())
    assert sum(counted) < 0.8 * plain


@pytest.mark.parametrize("factor", [2, 4, 8])
def test_largest_remainders_go_up_and_no_sum_is_missed(factor):
    fine = np.random.default_rng(2).uniform(3, 250, (1, 8 * factor, 6 * factor)).astype("float32")
    made = cast(fine, "uint8", factor).astype(float)

    def blocks(values):
        parts = values.reshape(8, factor, 6, factor).transpose(0, 2, 1, 3)
        return parts.reshape(48, factor**2)

    given, rounded = blocks(fine.astype(float)), blocks(made)
    assert np.abs(rounded.sum(1) - given.sum(1)).max() <= 0.5 + 1e-3
    left, up = given - np.floor(given), rounded > np.floor(given)
    least = np.where(up, left, 1).min(1)
    most = np.where(up, 0, left).max(1)
    # Remainders are compared in steps of a 65,536th of the pixels of a coarse one.
    assert (most <= least + factor**2 / 2**16 + 1e-4).all()
