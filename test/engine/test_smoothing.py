"""Smoothed seismicity."""

from dataclasses import replace

import numpy as np
import pytest

from plugin.engine.progress import Silent
from plugin.engine.seismic.catalog import Catalog
from plugin.engine.seismic.cells import Cells, Targets
from plugin.engine.seismic.grid import SpaceTimeGrid
from plugin.engine.seismic.kernels import cell_masses
from plugin.engine.seismic.smoothing import (
    SmoothedSeismicity,
    Smoothing,
    bandwidths_km,
    shares_at,
)

GRID = SpaceTimeGrid(10.0, 40.0, 0.2, 10, 10, 0.0, 1.0, 1500)
CELLS = Cells(GRID)
FIXED, ADAPTIVE = Smoothing("fixed", 15.0, 0.01), Smoothing("adaptive", 2, 0.01)


def some_events(count=120, seed=0):
    chance = np.random.default_rng(seed)
    longitude = 11 + 0.2 * chance.standard_normal(count)
    latitude = 41 + 0.2 * chance.standard_normal(count)
    days = chance.uniform(0, 1500, count)
    return Catalog.of(days, longitude, latitude, np.zeros(count), np.full(count, 3.0))


@pytest.mark.parametrize("smoothing", [FIXED, ADAPTIVE])
def test_shares_add_up_to_one_and_are_nowhere_zero(smoothing):
    stream = SmoothedSeismicity(some_events(), CELLS, smoothing)
    for day in (0.0, 300.0, 1400.0):
        stream.advance(day)
        assert stream.shares().sum() == pytest.approx(1)
        assert stream.shares().min() > 0


def test_before_any_event_the_shares_are_those_of_area():
    stream = SmoothedSeismicity(some_events(), CELLS, FIXED)
    stream.advance(-5.0)
    np.testing.assert_array_equal(stream.shares(), CELLS.area_shares)


def test_fixed_map_is_the_sum_of_gaussians_of_the_past():
    events, day = some_events(), 700.0
    stream = SmoothedSeismicity(events, CELLS, FIXED)
    for step in (100.0, 400.0, day):  # the way there does not matter
        stream.advance(step)
    past = events.between(-np.inf, day)
    rows, columns = cell_masses(past.longitude, past.latitude, CELLS, np.array([15.0]))
    mass = np.einsum("nr,nc->rc", rows[:, 0].astype(float), columns[:, 0])
    truth = 0.99 * mass / mass.sum() + 0.01 * CELLS.area_shares
    np.testing.assert_allclose(stream.shares(), truth, rtol=1e-6)


@pytest.mark.parametrize("smoothing", [FIXED, ADAPTIVE])
def test_changing_the_future_leaves_the_map_bit_identical(smoothing):
    events, day = some_events(), 800.0
    later = events.days >= day
    moved = replace(
        events,
        longitude=np.where(later, events.longitude + 0.3, events.longitude),
        latitude=np.where(later, events.latitude - 0.4, events.latitude),
    )
    maps = []
    for catalog in (events, moved, events.between(-np.inf, day)):
        stream = SmoothedSeismicity(catalog, CELLS, smoothing)
        stream.advance(day)
        maps.append(stream.shares())
    np.testing.assert_array_equal(maps[0], maps[1])
    np.testing.assert_array_equal(maps[0], maps[2])


def test_adaptive_bandwidth_is_the_distance_to_the_kth_neighbor():
    longitude, latitude = np.array([11.0, 11.1, 11.4, 12.0]), np.full(4, 41.0)
    known = longitude, latitude
    found = bandwidths_km(longitude, latitude, known, CELLS, Smoothing("adaptive", 2))
    degree = 111.195 * np.cos(np.radians(41.0))
    np.testing.assert_allclose(found, np.array([0.4, 0.3, 0.4, 0.9]) * degree, rtol=2e-3)


def test_events_at_one_place_keep_the_width_of_their_uncertainty():
    places = np.full(5, 11.0), np.full(5, 41.0)
    found = bandwidths_km(*places, places, CELLS, Smoothing("adaptive", 2))
    assert (found >= 0.5).all()


def test_shares_at_targets_are_those_of_the_map():
    events = some_events()
    targets = Targets.of(GRID, events)
    found = shares_at(events, CELLS, ADAPTIVE, GRID.edges[:-1], targets, Silent())
    place = len(targets) // 2
    stream = SmoothedSeismicity(events, CELLS, ADAPTIVE)
    stream.advance(float(targets.window[place]))
    cell = targets.row[place], targets.column[place]
    assert found[place] == pytest.approx(stream.shares()[cell], rel=1e-9)
