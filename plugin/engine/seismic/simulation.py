"""Catalogs simulated from ETAS, where the truth is known.

References
----------
Felzer, Becker, Abercrombie, Ekström & Rice 2002, doi:10.1029/2001JB000911 (generations of
aftershocks, each from the one before).
"""

from dataclasses import dataclass

import numpy as np

from .catalog import Catalog
from .kernels import KM_PER_DEGREE

_MOST_EVENTS = 2_000_000


@dataclass(frozen=True)
class Region:
    """Where and when events are simulated.

    Attributes
    ----------
    west, east, south, north : float
        Degrees; background events fall inside.
    start_days, end_days : float
    completeness, largest : float
        Smallest and largest magnitude.
    b : float
        Slope of the Gutenberg-Richter law.
    """

    west: float
    east: float
    south: float
    north: float
    start_days: float
    end_days: float
    completeness: float = 2.5
    largest: float = 7.0
    b: float = 1.0


def simulate(parameters, region, seed, background=None):
    """Simulate a catalog, generation after generation.

    Parameters
    ----------
    parameters : etas.EtasParameters
    region : Region
    seed : int
    background : array, shape (row, column), optional
        Shares of the background in cells that tile the region, row 0 northernmost; even if not
        given.

    Returns
    -------
    Catalog
        All events of the span; aftershocks may lie outside the region.

    Raises
    ------
    ValueError
        If the parameters make more than two million events: every event triggers too many.
    """
    chance = np.random.default_rng(seed)
    generation = _background(parameters, region, background, chance)
    events = [generation]
    while generation.shape[1]:
        generation = _aftershocks(generation, parameters, region, chance)
        events.append(generation)
        if sum(part.shape[1] for part in events) > _MOST_EVENTS:
            raise ValueError("every event triggers too many others")
    days, longitude, latitude, magnitude = np.concatenate(events, axis=1)
    return Catalog.of(days, longitude, latitude, np.full(len(days), 10.0), magnitude)


def magnitudes(count, region, chance):
    """Magnitudes of a Gutenberg-Richter law between two ends."""
    rate = region.b * np.log(10)
    most = -np.expm1(-rate * (region.largest - region.completeness))
    return region.completeness - np.log1p(-most * chance.random(count)) / rate


def _background(parameters, region, shares, chance):
    count = chance.poisson(parameters.mu * (region.end_days - region.start_days))
    shares = np.ones((1, 1)) if shares is None else shares
    cell = chance.choice(shares.size, count, p=shares.ravel() / shares.sum())
    row, column = np.divmod(cell, shares.shape[1])
    height = (region.north - region.south) / shares.shape[0]
    width = (region.east - region.west) / shares.shape[1]
    return np.stack(
        [
            chance.uniform(region.start_days, region.end_days, count),
            region.west + (column + chance.random(count)) * width,
            region.north - (row + chance.random(count)) * height,
            magnitudes(count, region, chance),
        ]
    )


def _aftershocks(parents, parameters, region, chance):
    """Direct aftershocks of all parents until the end of the span."""
    above = parents[3] - region.completeness
    first = parameters.c ** (1 - parameters.p)
    last = (region.end_days - parents[0] + parameters.c) ** (1 - parameters.p)
    expected = parameters.K * 10 ** (parameters.a * above) * (first - last) / (parameters.p - 1)
    counts = chance.poisson(expected)
    days, longitude, latitude = np.repeat(parents[:3], counts, axis=1)
    share, last = chance.random(counts.sum()), np.repeat(last, counts)
    lag = (first - share * (first - last)) ** (1 / (1 - parameters.p)) - parameters.c
    scale = np.repeat(parameters.d * 10 ** (parameters.gamma * above), counts)
    distance = scale * np.sqrt((1 - chance.random(len(lag))) ** (1 / (1 - parameters.q)) - 1)
    angle = chance.uniform(0, 2 * np.pi, len(lag))
    north = np.clip(latitude + distance * np.sin(angle) / KM_PER_DEGREE, -89.9, 89.9)
    east = distance * np.cos(angle) / (KM_PER_DEGREE * np.cos(np.radians(latitude)))
    return np.stack([days + lag, longitude + east, north, magnitudes(len(lag), region, chance)])
