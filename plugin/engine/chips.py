"""Which chips to cut for which label, and what their folders and files are called."""

import re
from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from .class_names import classes_of
from .vectors import lattice_inside, middle, pieces

_LONGEST_NAME = 80
_LEAST_SIDE, _USUAL_SIDE = 16, 64  # pixels of a chip
# Windows gives these names to devices.
_DEVICES = {"con", "prn", "aux", "nul"}
_DEVICES |= {f"{device}{i}" for device in ("com", "lpt") for i in range(1, 10)}


@dataclass(frozen=True)
class Chip:
    """A chip to cut: its label's number and class, and its upper left pixel."""

    feature: int
    class_name: str
    row: int
    column: int

    def file_name(self, stem):
        """``<raster>_f<feature>_<row>_<column>.tif``."""
        return f"{stem}_f{self.feature}_{self.row}_{self.column}.tif"


@dataclass
class Plan:
    """The chips of all labels, and how many labels and chips were left out, and why."""

    chips: list = field(default_factory=list)
    left_out: Counter = field(default_factory=Counter)


def usual_side(features, grid):
    """Side of chips that suit labels: of polygons it is at most half of what a usual one measures.

    Parameters
    ----------
    features : list of Feature
        In the grid's CRS.
    grid : Grid

    Returns
    -------
    int
        Pixels, a multiple of 8 from 16 to 64; less only where the raster is smaller.
    """
    areas = [
        abs(_area(part[0]))
        for feature in features
        for kind, part in pieces(feature.geometry)
        if kind == "Polygon" and part
    ]
    side = _USUAL_SIDE
    if areas:
        pixels = np.median(areas) / abs(grid.transform.determinant)
        side = min(max(int(np.sqrt(pixels) / 2) // 8 * 8, _LEAST_SIDE), _USUAL_SIDE)
    return min(side, grid.width, grid.height)


def _area(ring):
    """Area of a ring in map units, by Gauss."""
    places = np.array([place[:2] for place in ring], float)
    east, north = (places - places[0]).T
    return float(np.dot(east, np.roll(north, 1)) - np.dot(north, np.roll(east, 1))) / 2


def plan_chips(features, class_field, grid, side, step, progress):
    """Find the chips of all labels.

    A chip is cut around every point. A polygon is covered with the chips of one lattice for the
    whole raster whose center it holds, so that chips of neighboring polygons do not overlap; a
    polygon that holds no center gets one chip around its middle.

    Parameters
    ----------
    features : list of Feature
        In the grid's CRS.
    class_field : str
    grid : Grid
    side, step : int
        Side of a chip, and step of the lattice, in pixels.
    progress : Progress

    Returns
    -------
    Plan
        With ``left_out`` for "NULL", "no geometry", "outside", "border".
    """
    plan, planned = Plan(), set()
    names = classes_of(features, class_field)
    for number, (feature, name) in enumerate(zip(features, names, strict=True), 1):
        progress(number / len(features), f"Label {number:,} of {len(features):,}")
        parts = pieces(feature.geometry)
        if not name or not parts:
            plan.left_out["NULL" if not name else "no geometry"] += 1
            continue
        for row, column in _corners(parts, grid, side, step, plan.left_out):
            chip = Chip(feature.id, name, int(row), int(column))
            if chip not in planned:
                planned.add(chip)
                plan.chips.append(chip)
    return plan


def _corners(parts, grid, side, step, left_out):
    """Upper left pixels (n, 2) of the chips of a label; counts what does not fit."""
    covering = [
        np.stack(lattice_inside(coordinates, grid, side / 2, step), axis=1) * step
        for kind, coordinates in parts
        if kind == "Polygon"
    ]
    corners = np.concatenate(covering) if covering else np.zeros((0, 2), int)
    if not len(corners):
        corners = _around_middles(parts, grid, side, left_out)
    fits = (corners >= 0).all(axis=1)
    fits &= (corners + side <= (grid.height, grid.width)).all(axis=1)
    left_out["border"] += int((~fits).sum())
    return corners[fits]


def _around_middles(parts, grid, side, left_out):
    points = np.array([middle(*part) for part in parts], float)
    pixels = np.stack(grid.to_pixels(points[:, 0], points[:, 1]), axis=1)
    on_it = (pixels >= 0).all(axis=1) & (pixels < (grid.height, grid.width)).all(axis=1)
    left_out["outside"] += int((~on_it).sum())
    return np.floor(pixels[on_it]).astype(int) - side // 2


def folder_names(classes):
    """Give every class a folder name that all systems allow, and no two classes the same.

    >>> folder_names(["Dune", "dune", "a/b", "a:b"])
    {'Dune': 'Dune', 'dune': 'dune_2', 'a/b': 'a_b', 'a:b': 'a_b_2'}

    Parameters
    ----------
    classes : iterable of str

    Returns
    -------
    dict of str to str
        Folder by class.
    """
    folders, taken = {}, set()
    for name in classes:
        folder = safe_name(name)
        number = 2
        # Windows and macOS do not tell capital letters from small ones.
        while folder.lower() in taken:
            folder = f"{safe_name(name)}_{number}"
            number += 1
        taken.add(folder.lower())
        folders[name] = folder
    return folders


def safe_name(text):
    """A name that every file system allows, and that does not hide the file."""
    name = re.sub(r'[<>:"/\\|?*\x00-\x1f]', "_", text).strip(" .")[:_LONGEST_NAME].rstrip(" .")
    if not name or name.split(".")[0].lower() in _DEVICES:
        name = f"_{name}"
    return name
