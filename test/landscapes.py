"""Small made-up landscapes whose truth is known."""

import json

import numpy as np
import rasterio
from affine import Affine

UTM = "EPSG:32633"
LEVELS = (40, 120, 200)
NORTH_UP = Affine(10.0, 0.0, 500_000.0, 0.0, -10.0, 5_400_000.0)
SOUTH_UP = Affine(10.0, 0.0, 500_000.0, 0.0, 10.0, 5_300_000.0)
ROTATED = NORTH_UP @ Affine.rotation(30.0)


def regions(rows, columns, side, classes=3):
    """A map of square regions: class 0, 1, 2, ... in a pattern where neighbors differ."""
    row, column = np.indices((rows, columns)) // side
    return (row + 2 * column) % classes


def textured(truth, bands=3, seed=0, dtype="uint8"):
    """A raster (band, row, column) of noise around the level of every pixel's class."""
    noise = np.random.default_rng(seed).integers(-20, 21, (bands, *truth.shape))
    return (np.array(LEVELS)[truth] + noise).astype(dtype)


def write_raster(path, values, transform=NORTH_UP, crs=UTM, names=(), mask=None, **profile):
    """Write an array (band, row, column) as a GeoTIFF; return its path as text."""
    count, height, width = values.shape
    known = {"driver": "GTiff", "photometric": "MINISBLACK", "ALPHA": "NO", **profile}
    with rasterio.open(
        path, "w", width=width, height=height, count=count, dtype=values.dtype,
        transform=transform, crs=crs, **known,
    ) as raster:  # fmt: skip
        raster.write(values)
        if names:
            raster.descriptions = names
        if mask is not None:
            raster.write_mask(mask)
    return str(path)


def write_labels(path, entries, crs=UTM, field="rock"):
    """Write (geometry, class) pairs as GeoJSON with ids 1, 2, ...; return the path as text."""
    features = [
        {"type": "Feature", "id": number, "geometry": shape, "properties": {field: value}}
        for number, (shape, value) in enumerate(entries, 1)
    ]
    member = {"type": "name", "properties": {"name": crs}} if crs else None
    collection = {"type": "FeatureCollection", "crs": member, "features": features}
    path.write_text(json.dumps(collection), encoding="utf-8")
    return str(path)


def point(row, column, transform=NORTH_UP):
    """A GeoJSON point at a row and column (0.5 is the middle of a pixel)."""
    return {"type": "Point", "coordinates": list(transform @ (column, row))}


def box(top, left, bottom, right, transform=NORTH_UP):
    """A GeoJSON polygon along rows and columns."""
    corners = ((left, top), (right, top), (right, bottom), (left, bottom), (left, top))
    return {"type": "Polygon", "coordinates": [[list(transform @ corner) for corner in corners]]}
