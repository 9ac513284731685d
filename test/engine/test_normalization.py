"""Values reach the network's range by the card's numbers alone."""

import numpy as np
import torch

from plugin.engine.normalization import fit, measure, to_network_range


def test_training_images_get_mean_zero_and_the_wished_spread():
    values = np.random.default_rng(0).normal(3000, 200, (50, 2, 16, 16)).astype("float32")
    numbers = measure(values, np.arange(50), spread=0.5)
    seen = to_network_range(torch.from_numpy(values), numbers)
    assert abs(float(seen.mean())) < 0.01
    assert abs(float(seen.std()) - 0.5) < 0.02


def test_a_few_wild_pixels_do_not_dim_a_band():
    values = np.random.default_rng(0).normal(0, 1, (50, 1, 16, 16)).astype("float32")
    wild = values.copy()
    wild[0, 0, :3, :3] = 1e6
    calm, hurt = (measure(part, np.arange(50))["sd"][0] for part in (values, wild))
    assert abs(hurt / calm - 1) < 0.05


def test_only_the_images_that_train_are_measured():
    values = np.zeros((10, 1, 4, 4), "float32")
    values[5:] = 100
    values[::2] += 1
    assert measure(values, np.arange(5))["mean"][0] < 1


def test_pixels_that_are_not_valid_are_seen_as_the_mean():
    images = torch.full((1, 1, 2, 2), 7.0)
    images[0, 0, 0, 0] = torch.nan
    seen = to_network_range(images, {"mean": [5.0], "sd": [2.0]})
    assert seen[0, 0].tolist() == [[0.0, 1.0], [1.0, 1.0]]


def test_a_constant_band_is_no_error():
    numbers = measure(np.full((4, 1, 8, 8), 9, "uint8"), np.arange(4))
    assert numbers == {"mean": [9.0], "sd": [1.0]}


def test_fitting_keeps_the_middle_and_stretches_nothing():
    wide = np.zeros((1, 64, 128), "uint8")
    wide[:, 24:40, 56:72] = 255
    square = fit(wide, 32)
    bright = np.argwhere(square[0] > 128)
    assert square.shape == (1, 32, 32)
    assert bright.min(0).tolist() == [12, 12] and bright.max(0).tolist() == [19, 19]


def test_holes_do_not_bleed_into_their_neighbors():
    values = np.full((1, 64, 64), 200, "uint8")
    valid = np.ones((64, 64), bool)
    values[:, :, :20], valid[:, :20] = 0, False
    square = fit(values, 32, valid=valid)
    assert np.isnan(square[0, :, :9]).all()
    assert np.nanmin(square) > 199


def test_an_undeclared_nodata_value_cannot_drown_the_others():
    images = torch.full((1, 1, 2, 2), 7.0)
    images[0, 0, 0, 0] = -3.4e38
    seen = to_network_range(images, {"mean": [5.0], "sd": [0.1]})
    assert torch.isfinite(seen).all() and float(seen.abs().max()) == 20.0
