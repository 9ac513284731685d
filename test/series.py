"""Made-up time series of grids whose rules are known."""

import numpy as np

from landscapes import NORTH_UP, write_raster

SHAPE = (9, 11)


def averaging(steps=90, seed=0):
    """Noise around a level that swings slowly: the mean of the last grids beats the last one."""
    chance = np.random.default_rng(seed)
    swing = 6 * np.sin(2 * np.pi * np.arange(steps)[:, None, None] / 70)
    level = swing + chance.normal(0, 2, SHAPE)
    return (level + chance.normal(0, 1, (steps, *SHAPE))).astype(np.float32)


def walking(steps=90, seed=0):
    """Every cell a random walk: nothing beats the last grid."""
    chance = np.random.default_rng(seed)
    return np.cumsum(chance.normal(0, 1, (steps, *SHAPE)), axis=0).astype(np.float32)


def seasons(steps=96, seed=0):
    """A yearly cycle of months, other in every cell, and noise."""
    chance = np.random.default_rng(seed)
    height = chance.uniform(1, 5, SHAPE)
    angle = 2 * np.pi * np.arange(steps)[:, None, None] / 12
    return (height * np.sin(angle) + chance.normal(0, 0.3, (steps, *SHAPE))).astype(np.float32)


def trending(steps=90, seed=0):
    """A linear trend in every cell, and noise."""
    chance = np.random.default_rng(seed)
    slope = chance.uniform(-0.2, 0.2, SHAPE)
    along = slope * np.arange(steps)[:, None, None]
    return (along + chance.normal(0, 0.5, (steps, *SHAPE))).astype(np.float32)


def months(count, year=2000):
    """The first days of months as ISO texts."""
    return [f"{year + n // 12}-{n % 12 + 1:02d}-01" for n in range(count)]


def write_series(path, values, names=(), transform=NORTH_UP, **known):
    """Write a series as a GeoTIFF with a band per step; gives its path."""
    return write_raster(path, values, transform, names=names, nodata=np.nan, **known)
