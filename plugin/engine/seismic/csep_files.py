"""Forecasts and catalogs in pyCSEP's files, and a script that evaluates them.

References
----------
Savran et al. 2022, pyCSEP, doi:10.1785/0220220033.
"""

from datetime import datetime, timedelta

import numpy as np

MAGNITUDE_STEP = 0.1
_EPOCH = datetime(1970, 1, 1)
_SCRIPT = '''"""Evaluate a forecast of {title} with pyCSEP: pip install pycsep; python evaluate.py."""

import os
from datetime import datetime

import csep
from csep.core import poisson_evaluations as poisson

HERE = os.path.dirname(os.path.abspath(__file__))
START, END = datetime.fromisoformat("{start}"), datetime.fromisoformat("{end}")


def load(name):
    path = os.path.join(HERE, name)
    return csep.load_gridded_forecast(path, start_date=START, end_date=END, name=name[:-4])


forecast = load("forecast.dat")
catalog = csep.load_catalog(os.path.join(HERE, "catalog.csv"), region=forecast.region)
print(f"{{catalog.event_count}} events, {{forecast.event_count:.6f}} expected")
print("N", poisson.number_test(forecast, catalog).quantile)
if catalog.event_count:
    for name in ("likelihood", "conditional_likelihood", "spatial", "magnitude"):
        test = getattr(poisson, name + "_test")(forecast, catalog, num_simulations=1000, seed=1)
        print(name, "log-likelihood", test.observed_statistic, "quantile", test.quantile)
if catalog.event_count > 1 and os.path.exists(os.path.join(HERE, "reference.dat")):
    test = poisson.paired_t_test(forecast, load("reference.dat"), catalog)
    print("T, gain per earthquake over the reference", test.observed_statistic, test.test_distribution)
'''


def magnitude_edges(target, last):
    """Lower edges of bins of 0.1 from the target magnitude to the last; that one is open."""
    count = max(round((last - target) / MAGNITUDE_STEP), 0) + 1
    return np.round(target + MAGNITUDE_STEP * np.arange(count), 6)


def magnitude_shares(b_value, count):
    """Share of the events in each of `count` bins by Gutenberg and Richter's law."""
    above = 10.0 ** (-b_value * MAGNITUDE_STEP * np.arange(count))
    return above - np.append(above[1:], 0.0)


def forecast_lines(rates, grid, edges, shares, depths_km):
    """Lines of a ``.dat`` file: ``lon0 lon1 lat0 lat1 z0 z1 mag0 mag1 rate flag``.

    Cells go from south to north, then from west to east; magnitudes are fastest.

    Parameters
    ----------
    rates : array, shape (row, column)
        Row 0 is the northernmost; NaN cells are left out.
    grid : SpaceTimeGrid
    edges, shares : array, shape (bin,)
        Lower edge and share of the events of every magnitude bin.
    depths_km : (float, float)
    """
    ends = np.round(edges + MAGNITUDE_STEP, 6)
    for column in range(grid.columns):
        west, east = _sides(grid.west, column, grid.cell_degrees)
        for row in range(grid.rows - 1, -1, -1):
            if np.isnan(rates[row, column]):
                continue
            low = grid.rows - 1 - row
            south, north = (_edge(grid.south, low + n, grid.cell_degrees) for n in (0, 1))
            cell = f"{west:.10g} {east:.10g} {south:.10g} {north:.10g}"
            cell += f" {depths_km[0]:g} {depths_km[1]:g}"
            for place, edge in enumerate(edges):
                rate = float(rates[row, column]) * float(shares[place])
                yield f"{cell} {edge:.6g} {ends[place]:.6g} {rate!r} 1\n"


def _sides(west, column, side):
    """The edges of a column in -180 to 180 degrees."""
    left, right = (_edge(west, column + n, side) for n in (0, 1))
    turn = 360.0 * np.floor((left + 180.0 + 1e-9) / 360.0)
    return left - turn, right - turn


def _edge(origin, number, side):
    return round(origin + number * side, 10) + 0.0  # no minus zero


def catalog_lines(catalog):
    """Lines of a catalog in csep_ascii."""
    yield "lon,lat,mag,time_string,depth,catalog_id,event_id\n"
    for place in range(len(catalog)):
        moment = _EPOCH + timedelta(microseconds=round(float(catalog.days[place]) * 86_400e6))
        depth = float(catalog.depth_km[place])
        name = str(catalog.ids[place]).replace(",", " ").replace("\n", " ").replace('"', "")
        yield (
            f"{float(catalog.longitude[place])!r},{float(catalog.latitude[place])!r},"
            f"{float(catalog.magnitude[place])!r},{moment:%Y-%m-%dT%H:%M:%S.%f},"
            f"{depth if depth == depth else 0.0!r},-1,{name}\n"
        )


def script(title, start, end):
    """A short Python program that evaluates the files beside it.

    Parameters
    ----------
    title : str
        What is forecast.
    start, end : str
        ISO texts without zone.
    """
    return _SCRIPT.format(title=title.replace('"', "'").replace("\\", "/"), start=start, end=end)
