"""A made-up catalog for QGIS: mainshocks at a few places, each with decaying aftershocks."""

import numpy as np

QUICK = {
    "EXTENT": "10,14,40,43 [EPSG:4326]", "CELL_SIZE": 0.5, "WINDOW_DAYS": 5, "SEEDS": 1,
    "COMPLETENESS": 3.0,
}  # fmt: skip
DAYS = 1500


def clustered_rows(seed=0):
    """Rows of (time, longitude, latitude, depth, magnitude), in the order of time."""
    chance = np.random.default_rng(seed)
    places = chance.uniform((10.5, 40.5), (13.5, 42.5), (6, 2))
    days, place = chance.uniform(0, DAYS, 260), chance.integers(0, 6, 260)
    size = 3 + chance.exponential(0.43, len(days))
    children = chance.poisson(0.6 * 10 ** (0.7 * (size - 3)))
    lags = 0.01 * (chance.random(children.sum()) ** -5 - 1)
    days = np.concatenate([days, np.repeat(days, children) + lags])
    place = np.concatenate([place, np.repeat(place, children)])
    size = np.concatenate([size, 3 + chance.exponential(0.43, len(lags))])
    spots = places[place] + 0.1 * chance.standard_normal((len(place), 2))
    rows = [
        (day, *spot, 10.0, magnitude)
        for day, spot, magnitude in zip(days, spots, size)
        if day < DAYS
    ]
    return sorted(rows)


def write_clusters(path, seed=0):
    """Write them as a CSV such as users download; gives its path."""
    lines = ["time,longitude,latitude,depth,mag"]
    for day, longitude, latitude, depth, magnitude in clustered_rows(seed):
        moment = np.datetime64("2000-01-01") + np.timedelta64(round(day * 86_400_000), "ms")
        lines.append(f"{moment}Z,{longitude:.4f},{latitude:.4f},{depth:.1f},{magnitude:.1f}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)
