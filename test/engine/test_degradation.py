"""A coarse raster is what a sensor sees of a fine one."""

import math

import numpy as np
import pytest
import torch

from plugin.engine.degradation import (
    DETECTOR,
    back_project,
    cubic,
    degrade,
    gaussian_sigma,
)
from plugin.engine.upscaling.holes import fill
from plugin.engine.upscaling.whole_numbers import cast


def texture(height=64, width=64, seed=0):
    chance = torch.Generator().manual_seed(seed)
    rough = torch.randn(1, 1, height // 4, width // 4, generator=chance)
    return cubic(rough, 4) + 0.1 * torch.randn(1, 1, height, width, generator=chance)


@pytest.mark.parametrize("blur", [0.15, 0.3, 0.5, DETECTOR])
@pytest.mark.parametrize("factor", [2, 4, 8])
def test_a_wave_at_the_nyquist_frequency_keeps_the_share_that_the_blur_says(blur, factor):
    columns = torch.arange(512) + 0.5
    wave = torch.sin(math.pi * columns / factor)[None, None, None].expand(1, 1, factor, -1)
    seen = degrade(wave, factor, blur)[..., 20:-20]
    pixel = DETECTOR * factor * math.sin(math.pi / (2 * factor))  # of a sum, not an integral
    # A Gaussian of less than half a pixel, as for factor 2, is coarsely sampled.
    assert float(seen.abs().max()) == pytest.approx(blur / pixel, rel=0.12 if factor == 2 else 0.03)


def test_an_area_keeps_its_mean_when_it_is_made_coarse():
    fine = torch.zeros(1, 1, 64, 64)
    fine[..., 24:40, 24:40] = 1
    assert float(degrade(fine, 4, 0.3).sum()) == pytest.approx(float(fine.sum()) / 16, rel=1e-5)


def test_cubic_interpolation_is_exact_on_a_plane_and_keeps_the_place():
    rows, columns = torch.meshgrid(torch.arange(12.0), torch.arange(12.0), indexing="ij")
    fine = cubic((3 * rows - 2 * columns)[None, None], 4)[0, 0]
    centers = (torch.arange(48.0) + 0.5) / 4 - 0.5
    truth = 3 * centers[:, None] - 2 * centers[None]
    assert (fine - truth)[12:-12, 12:-12].abs().max() < 1e-4


def test_cubic_interpolation_is_that_of_gdal():
    from rasterio.enums import Resampling
    from rasterio.transform import Affine
    from rasterio.warp import reproject

    coarse = texture(32, 32)[0, 0].numpy()
    theirs = np.zeros((128, 128), np.float32)
    crs, scale = "EPSG:32612", Affine.scale(1 / 4)
    reproject(
        coarse, theirs, src_transform=Affine.identity(), dst_transform=scale,
        src_crs=crs, dst_crs=crs, resampling=Resampling.cubic,
    )  # fmt: skip
    ours = cubic(torch.from_numpy(coarse)[None, None], 4)[0, 0].numpy()
    assert np.abs(ours - theirs)[12:-12, 12:-12].max() < 1e-5


def test_back_projection_with_the_detector_alone_is_exact_at_once():
    coarse = texture(32, 32)
    fine = back_project(cubic(coarse, 4), coarse, 4, DETECTOR, 5)
    assert (degrade(fine, 4, DETECTOR) - coarse).abs().max() < 1e-5


def test_back_projection_comes_nearer_to_the_measurements_with_every_iteration():
    coarse = degrade(texture(128, 128), 4, 0.3)
    start = cubic(coarse, 4)
    missed = [
        float((degrade(back_project(start, coarse, 4, 0.3, n), 4, 0.3) - coarse).abs().mean())
        for n in (0, 1, 5, 20)
    ]
    assert missed == sorted(missed, reverse=True)
    assert missed[-1] < 0.02 * missed[0]


def test_a_softer_blur_has_a_wider_gaussian_and_the_detector_none():
    widths = [gaussian_sigma(blur, 4) for blur in (0.15, 0.3, 0.5, DETECTOR)]
    assert widths == sorted(widths, reverse=True) and widths[-1] == 0
    assert widths[1] == pytest.approx(1.56, abs=0.01)


@pytest.mark.parametrize("factor", [2, 4])
def test_rounding_keeps_the_mean_of_each_coarse_pixel(factor):
    fine = np.random.default_rng(0).uniform(20, 200, (2, 32, 32))
    whole = cast(fine, "uint8", factor)
    means = [
        part.reshape(2, 32 // factor, factor, 32 // factor, factor).mean(axis=(2, 4))
        for part in (fine, whole.astype(float))
    ]
    assert np.abs(means[0] - means[1]).max() <= 0.5 / factor**2 + 1e-9
    assert np.abs(whole - fine).max() <= 1


def test_values_beyond_the_type_are_held_at_its_limits():
    fine = np.array([[[-40.0, 300.0], [255.0, 0.0]]])
    assert cast(fine, "uint8", 1).tolist() == [[[0, 255], [255, 0]]]
    assert cast(fine * 1e9, "int32", 1).min() == -(2**31)


@pytest.mark.parametrize("dtype, nodata", [("uint8", 0), ("uint8", 255), ("float32", -9999.0)])
def test_a_measured_pixel_never_becomes_nodata(dtype, nodata):
    fine = np.full((1, 4, 4), float(nodata))
    assert (cast(fine, dtype, 2, nodata) != nodata).all()


def test_a_hole_is_filled_from_around_it_and_the_rest_stays():
    values = np.tile(np.arange(20.0), (1, 20, 1))
    valid = np.ones((20, 20), bool)
    valid[5:15, 5:15] = False
    damaged = np.where(valid, values, np.nan)
    filled = fill(damaged, valid)
    assert (filled[:, valid] == values[:, valid]).all()
    assert np.abs(filled - values).max() < 6
