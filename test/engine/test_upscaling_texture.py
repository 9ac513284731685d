"""Texture of the bundled upscaler: not beside straight lines, where it would be a lattice."""

import numpy as np
import pytest
import torch

from plugin.engine.degradation import degrade
from plugin.engine.upscaling import generator as generators
from plugin.engine.upscaling.generator import Generator
from plugin.engine.upscaling.texture import texture_share
from upscalers import ground, natural

FACTOR, BLUR = 4, 0.3
CPU = torch.device("cpu")
NEAR = 1.5, 8.0  # coarse pixels from the line's middle


@pytest.fixture(scope="module")
def bundled():
    return Generator.bundled(FACTOR, CPU)


def line(angle, width=4.0, offset=0.0, side=256):
    """A road of contrast 1 over calm ground, and how far each fine pixel is from it, in coarse ones."""
    rows, columns = np.mgrid[:side, :side] - (side - 1) / 2
    away = np.abs(np.cos(np.radians(angle)) * rows - np.sin(np.radians(angle)) * columns - offset)
    return np.clip(width / 2 - away + 0.5, 0, 1), away / FACTOR


def lattice(made, away):
    """Deviation from the truth, which is 0, on the calm ground beside the line, in parts of its contrast."""
    inside = np.s_[8 * FACTOR : -8 * FACTOR, 8 * FACTOR : -8 * FACTOR]
    beside = (away[inside] > NEAR[0]) & (away[inside] < NEAR[1])
    return float(np.sqrt(np.square(made[inside][beside]).mean()))


def upscaled(generator, fine, detail, **known):
    coarse = degrade(torch.from_numpy(fine).float()[None], FACTOR, BLUR)
    return generator.upscale(coarse, BLUR, 5, detail, **known)[0].numpy()


@pytest.mark.parametrize(("width", "offset"), [(4.0, 0.0), (4.0, 2.0), (2.0, 0.0)])
@pytest.mark.parametrize("angle", [0, 90, 5, 17, 45])
@pytest.mark.parametrize("bands", [1, 3])
def test_texture_makes_no_lattice_beside_a_straight_line(bundled, angle, width, offset, bands):
    fine, away = line(angle, width, offset)
    fine = np.stack([fine] * bands)
    plain, textured = (
        lattice(upscaled(bundled, fine, detail, intensity_only=True)[0], away) for detail in (0, 1)
    )
    assert plain < 0.007  # of the line's contrast; the network alone makes .01 to .04 of texture
    assert textured < max(1.5 * plain, 0.007)


def test_without_the_bound_there_is_a_lattice(bundled, monkeypatch):
    fine, away = line(90, 4.0, 2.0)
    monkeypatch.setattr(generators, "texture_share", lambda image, *known: torch.ones_like(image))
    assert lattice(upscaled(bundled, fine[None], 1)[0], away) > 0.03


def test_texture_of_varied_ground_is_kept(bundled):
    fine = natural(512, 512, 1)
    fine = (fine - fine.mean()) / (4 * fine.std())
    coarse = degrade(torch.from_numpy(fine).float()[None], FACTOR, BLUR)[0]
    assert texture_share(coarse, False, 19).mean() > 0.9


def test_the_share_does_not_depend_on_brightness_contrast_and_direction():
    coarse = torch.from_numpy(0.03 * ground(64, 64) + line(30, side=64)[0]).float()
    share = texture_share(coarse, False, 19)
    assert 0.05 < share.mean() < 0.95
    for other in (3 * coarse + 1, 0.2 * coarse - 7):
        assert torch.allclose(texture_share(other, False, 19), share, atol=1e-3)
    turned = texture_share(coarse.rot90(1, (1, 2)), False, 19)
    assert torch.allclose(turned.rot90(-1, (1, 2)), share, atol=1e-3)


@pytest.mark.parametrize("bands", [1, 3])
def test_windows_with_enough_around_are_the_same_as_the_whole(bundled, bands):
    fine = np.stack([natural(480, 480, 1, seed)[0] for seed in range(bands)])
    coarse = degrade(torch.from_numpy((fine - fine.mean()) / fine.std() / 4).float()[None], 4, BLUR)
    whole = bundled.upscale(coarse, BLUR, 1, 1.0, intensity_only=True)
    halo = bundled.halo(BLUR, 1)
    part = bundled.upscale(
        coarse[..., 10 : 40 + 2 * halo, 5:115], BLUR, 1, 1.0, intensity_only=True, cut=halo
    )
    top, left = FACTOR * (10 + halo), FACTOR * (5 + halo)
    same = whole[..., top : top + part.shape[2], left : left + part.shape[3]]
    assert (part - same).abs().max() < 1e-4
