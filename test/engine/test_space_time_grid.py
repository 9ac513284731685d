"""Events counted on cells of degrees and windows of days."""

import numpy as np
import pytest

from csep_truth import load_pycsep
from plugin.engine.seismic.catalog import Catalog, to_days
from plugin.engine.seismic.grid import SpaceTimeGrid, extent_of, lay_out
from plugin.engine.seismic.selection import at_depths, within
from plugin.jobs.errors import JobError


def grid(west=10.0, south=45.0, cell=0.5, rows=2, columns=4, start=0.0, window=7.0, periods=3):
    return SpaceTimeGrid(west, south, cell, rows, columns, start, window, periods)


def catalog(longitude, latitude=None, days=None):
    longitude = np.atleast_1d(np.asarray(longitude, float))
    latitude = np.full(len(longitude), 45.2) if latitude is None else latitude
    days = np.arange(len(longitude)) if days is None else days
    depth, magnitude = np.full(len(longitude), 5.0), np.full(len(longitude), 4.0)
    return Catalog.of(days, longitude, latitude, depth, magnitude)


def test_rows_begin_in_the_north_and_columns_in_the_west():
    cells = grid().cell_of([10.1, 10.1, 11.9], [45.9, 45.1, 45.1])
    assert cells.tolist() == [0, 4, 7]
    longitude, latitude = grid().centers()
    assert longitude.shape == latitude.shape == (2, 4)
    assert (longitude[0, 0], latitude[0, 0]) == (10.25, 45.75)
    assert grid().cell_of(longitude.ravel(), latitude.ravel()).tolist() == list(range(8))


def test_cells_hold_their_west_and_south_and_not_their_east_and_north():
    assert grid().cell_of([10.0, 10.5, 12.0], [45.0, 45.0, 45.0]).tolist() == [4, 5, -1]
    assert grid().cell_of([10.0, 10.0, 10.0], [45.5, 46.0, 44.999]).tolist() == [0, -1, -1]


@pytest.mark.parametrize(
    "west, cell, columns, digits",
    [(-122, 0.1, 80, 3), (122, 0.5, 56, 3), (-47, 0.2, 700, 4), (170, 0.05, 400, 3),
     (13.3, 0.05, 200, 3), (-179.9, 0.01, 3000, 3), (5.7, 0.3, 99, 2)],
)  # fmt: skip
def test_every_decimal_coordinate_falls_where_whole_numbers_put_it(west, cell, columns, digits):
    whole = np.arange(round(west * 10**digits), round((west + cell * columns) * 10**digits))
    side = round(cell * 10**digits)
    truth = (whole - round(west * 10**digits)) // side
    cells = grid(west, 45, cell, 1, columns).cell_of(whole / 10**digits, np.full(len(whole), 45.0))
    assert (cells == truth).all()
    plain = ((whole / 10**digits - west) / cell).astype(int)
    assert (plain != truth).any() or cell == 0.5  # what a plain division would have done


def test_positions_on_an_edge_stay_there_after_a_change_of_coordinates():
    edges = -122 + 0.1 * np.arange(80)
    there_and_back = np.degrees(np.radians(np.round(edges, 1)))
    cells = grid(-122, 45, 0.1, 1, 80).cell_of(there_and_back, np.full(80, 45.0))
    assert cells.tolist() == list(range(80))


def test_binning_agrees_with_pycsep():
    load_pycsep()
    from csep.core.regions import CartesianGrid2D

    ours = grid(-122, 32, 0.1, 50, 80)
    longitude, latitude = ours.centers()
    origins = np.round(np.stack([longitude - 0.05, latitude - 0.05], axis=-1).reshape(-1, 2), 6)
    theirs = CartesianGrid2D.from_origins(origins, dh=0.1)
    along = np.round(np.arange(-121.999, -114.001, 0.001), 3)
    across = np.round(np.resize(np.arange(32, 37, 0.001), len(along)), 3)
    cells = ours.cell_of(along, across)
    assert (cells >= 0).all() and (cells == theirs.get_index_of(along, across)).all()


@pytest.mark.parametrize("turn", [-360, 0, 360])
def test_grid_over_the_antimeridian_finds_events_of_any_turn(turn):
    across = grid(west=179.0, cell=0.5, rows=2, columns=4)
    longitude = np.array([179.0, 179.9, -180.0, -179.6, -179.0]) + turn
    assert across.cell_of(longitude, np.full(5, 45.1)).tolist() == [4, 5, 6, 6, -1]


def test_windows_hold_their_start_and_not_their_end():
    assert grid().period_of([-0.1, 0.0, 6.999, 7.0, 20.999, 21.0]).tolist() == [-1, 0, 0, 1, 2, -1]
    months = grid(start=to_days("2011-03-11"), window=1, periods=30)
    assert months.period_of([to_days("2011-03-11T05:46:24.12Z")]).tolist() == [0]
    assert months.end_days == to_days("2011-04-10")


def test_counts_are_those_of_a_plain_loop():
    chance = np.random.default_rng(0)
    many = catalog(
        chance.uniform(9.5, 12.5, 3000), chance.uniform(44.5, 46.5, 3000),
        chance.uniform(-3, 24, 3000),
    )  # fmt: skip
    truth = np.zeros((3, 2, 4), int)
    for day, longitude, latitude in zip(many.days, many.longitude, many.latitude):
        if 0 <= day < 21 and 10 <= longitude < 12 and 45 <= latitude < 46:
            row, column = int((46 - latitude) / 0.5), int((longitude - 10) / 0.5)
            truth[int(day // 7), row, column] += 1
    assert (grid().count(many) == truth).all() and truth.sum() > 700


def test_areas_of_all_cells_are_those_of_the_ellipsoid():
    whole = grid(-180, -90, 1.0, 180, 360)
    assert whole.cell_areas_km2().sum() == pytest.approx(510_065_621.7, rel=1e-9)
    areas = grid(0, 0, 1.0, 60, 1).cell_areas_km2()[:, 0]
    # 1 by 1 degree at the equator by Snyder (1987), meridian 110.574 km and parallel 111.320 km.
    assert areas[-1] == pytest.approx(110.574 * 111.319, rel=2e-4)
    assert areas[0] / areas[-1] == pytest.approx(np.cos(np.radians(59.5)), rel=0.015)


def test_layout_covers_the_extent_with_cells_on_multiples_of_their_side():
    made = lay_out([-121.97, -114.02, 32.01, 36.99], 0.1, 0.0, 30.0, 7)
    assert (made.west, made.south, made.columns, made.rows) == (-122.0, 32.0, 80, 50)
    assert made.periods == 4 and made.end_days == 28
    exact = lay_out([-122, -114, 32, 37], 0.1, 0.0, 30.0, 1)
    assert (exact.west, exact.south, exact.columns, exact.rows) == (-122.0, 32.0, 80, 50)
    assert exact.east == pytest.approx(-114) and exact.north == pytest.approx(37)


def test_layout_of_the_whole_earth_has_every_cell_once():
    made = lay_out([-180, 180, -90, 90], 1.0, 0.0, 1.0, 1)
    assert (made.columns, made.rows) == (360, 180)
    assert made.cell_of([-180, 180, 179.99], [0, 0, 0]).tolist() == [
        89 * 360,
        89 * 360,
        90 * 360 - 1,
    ]


def test_cells_that_would_reach_beyond_a_pole_are_refused():
    with pytest.raises(JobError, match=r"beyond the pole, to 90\.3") as caught:
        lay_out([0, 10, 80, 90], 0.7, 0.0, 1.0, 1)
    assert "ends at 89.6" in str(caught.value)
    with pytest.raises(JobError, match=r"to -90\.3"):
        lay_out([0, 10, -90, -80], 0.7, 0.0, 1.0, 1)
    assert lay_out([0, 10, 80, 89.6], 0.7, 0.0, 1.0, 1).north == pytest.approx(89.6)


def test_cells_around_the_earth_must_close():
    with pytest.raises(JobError, match="do not divide 360"):
        lay_out([-180, 180, -60, 60], 0.7, 0.0, 1.0, 1)
    off = lay_out([-179.95, 180.05, -60, 60], 0.1, 0.0, 1.0, 1)
    assert off.columns == 3600
    longitude = np.arange(-180, 180, 0.05)
    assert (off.cell_of(longitude, np.zeros(len(longitude))) >= 0).all()


@pytest.mark.parametrize("west, east", [(-200, 160), (0, 360), (-180, 180), (170, 530)])
def test_the_whole_earth_from_anywhere_has_every_event_once(west, east):
    made = lay_out([west, east, -90, 90], 10.0, 0.0, 1.0, 1)
    longitude = np.arange(-180, 180, 10) + 5.0
    cells = made.cell_of(longitude, np.full(36, 5.0))
    assert sorted(cells % made.columns) == list(range(36))


def test_span_shorter_than_a_window_is_refused():
    with pytest.raises(JobError, match="5 days, less than one window of 7 days"):
        lay_out([10, 12, 45, 46], 0.5, 0.0, 5.0, 7)


def test_extent_off_the_earth_is_refused():
    with pytest.raises(JobError, match="is not on the Earth"):
        lay_out([500000, 510000, 4000000, 4100000], 0.5, 0.0, 5.0, 1)


def test_extent_of_events_goes_over_the_antimeridian_if_that_is_shorter():
    assert extent_of(catalog([179.0, -179.0, 178.0], [1.0, 2.0, 3.0])) == (178.0, 181.0, 1.0, 3.0)
    assert extent_of(catalog([-10.0, 20.0], [1.0, 2.0])) == (-10.0, 20.0, 1.0, 2.0)


def test_events_lie_within_an_extent_of_any_turn():
    events = catalog([179.5, -179.5, 0.0, 179.0, -179.0])
    assert within(events, (179, 181, 45, 46)).tolist() == [True, True, False, True, True]
    assert within(events, (-181, -179, 45, 46)).tolist() == [True, True, False, True, True]
    assert not within(events, (179, 181, 46, 47)).any()


def test_depths_of_the_range_unknown_ones_and_those_above_the_sea_count():
    depth = np.array([-2.0, 0.0, 70.0, 70.1, np.nan])
    events = Catalog.of(np.arange(5), np.zeros(5), np.zeros(5), depth, np.zeros(5))
    assert at_depths(events, 0, 70).tolist() == [True, True, True, False, True]
    assert at_depths(events, 10, 70).tolist() == [False, False, True, False, True]
    assert at_depths(events, -1, 70).tolist() == [False, True, True, False, True]
