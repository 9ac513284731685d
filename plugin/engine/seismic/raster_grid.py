"""A space-time grid as a raster in EPSG:4326; over the antimeridian it is split on writing."""

from affine import Affine
from rasterio.crs import CRS

from ..rasters import Grid
from .moments import to_iso

_TINY = 1e-6


def unwrapped_grid(grid):
    """The raster grid of the cells as they are: beyond 180 degrees over the antimeridian."""
    side = grid.cell_degrees
    transform = Affine(side, 0.0, grid.west, 0.0, -side, round(grid.north, 10))
    return Grid(grid.columns, grid.rows, transform, CRS.from_epsg(4326))


def written_grid(grid):
    """Where the columns lie in a raster between -180 and 180 degrees.

    A grid over the antimeridian becomes a raster around the Earth with a gap, so that all of it
    lies on the map; if no edge of a column is at 180 degrees, it stays as it is.

    Returns
    -------
    Grid
    parts : list of (slice, int)
        Columns of the space-time grid, and the column of the raster where they begin.
    """
    whole = unwrapped_grid(grid)
    first = round(360 / grid.cell_degrees)
    start = grid.west + 360 if grid.west < -180 - _TINY else grid.west
    start = start - 360 if start >= 180 - _TINY else start
    west = round((180 - start) / grid.cell_degrees)  # columns west of the antimeridian
    aligned = _is_whole((180 - start) / grid.cell_degrees) and _is_whole(360 / grid.cell_degrees)
    if west >= grid.columns or not aligned:
        moved = Affine.translation(start - grid.west, 0) @ whole.transform
        keep = whole.transform if west < grid.columns else moved
        return Grid(grid.columns, grid.rows, keep, whole.crs), [(slice(0, grid.columns), 0)]
    around = Affine.translation(-180 - grid.west, 0) @ whole.transform
    parts = [(slice(0, west), first - west), (slice(west, grid.columns), 0)]
    return Grid(first, grid.rows, around, whole.crs), parts


def window_names(grid):
    """What each window is called: its first day, or its start and end."""
    days = [_short(edge) for edge in grid.edges]
    if grid.window_days == 1:
        return days[:-1]
    return [f"{start} to {end}" for start, end in zip(days, days[1:])]


def window_tags(grid):
    """Metadata of each window: START and END in UTC, the end not in it."""
    edges = [to_iso(edge) + "Z" for edge in grid.edges]
    return [{"START": start, "END": end} for start, end in zip(edges, edges[1:])]


def _short(days):
    text = to_iso(days)
    return text.removesuffix("T00:00:00")


def _is_whole(number):
    return abs(number - round(number)) < _TINY
