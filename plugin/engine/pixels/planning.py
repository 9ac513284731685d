"""Which windows a map is made of, and whether the model suits the rasters."""

import re
from dataclasses import replace

import numpy as np

from ...jobs.errors import JobError
from ..classification import check_bands, warn_of_bands, warn_of_scale
from ..device import spare_memory
from ..layout import Layout, down, up

_MOST_WINDOWS = 64
_SHARED_OF_PATCH = 8
_MOST_AT_ONCE, _CPU_PIXELS = 16, 2**18
# Sides of cores, the best first: a larger one has less halo for its pixels, but takes memory.
_CORES, _USUAL_CORE, _HALOS = (2048, 1536, 1280, 1024, 768, 512, 256), 512, 8


def area_of(stack, extent):
    """The window (row, column, height, width) of an extent; all if it is empty.

    Raises
    ------
    JobError
        If the extent lies outside.
    """
    if not extent:
        return 0, 0, stack.grid.height, stack.grid.width
    area = stack.grid.window_of(extent)
    if 0 in area[2:]:
        raise JobError(
            f'The extent does not touch "{stack.name}".',
            "Draw it over the raster, in the raster's coordinate reference system.",
        )
    return area


def check_stack(card, stack, progress):
    """Refuse rasters that the model cannot take; warn where they may not suit.

    Raises
    ------
    JobError
        As `check_bands`.
    """
    for note in stack.notes:
        progress.note(note)
    check_bands(card, stack.name, stack.names)
    # A band without a name goes by its file's, which is another one on other ground.
    plain = [{**band, "name": _plain(band["name"])} for band in card.bands]
    names = [_plain(name) for name in stack.names]
    warn_of_bands(replace(card, bands=plain), stack.name, names, progress)
    if stack.dtype != card.dtype:
        progress.warning(
            f'"{stack.name}" has values of type {stack.dtype}, the model was trained on '
            f"{card.dtype}: check that they have the same unit."
        )
    warn_of_scale(card, stack.name, stack.gsd, progress)


def _plain(name):
    """``band 2`` for ``survey band 2``."""
    return re.sub(r"^.* (band \d+)$", r"\1", name)


def plan(predictor, area, overlap=0, window_size=0):
    """Lay out the windows of a map.

    Parameters
    ----------
    predictor : PixelPredictor
    area : tuple of int
    overlap : int
        Pixels that neighbors share; 0 for what makes the map independent of the windows.
    window_size : int
        Side of a core; 0 for what the memory affords.

    Returns
    -------
    Layout
        Blended if the overlap is less than the network sees, or if it sees the whole window.
    """
    stride, asked = predictor.stride, up(-(-overlap // 2), predictor.stride)
    if predictor.sees_all:
        # It must see windows as large as in training.
        patch = predictor.card.patch
        halo = asked or max(down(patch // _SHARED_OF_PATCH, stride), stride)
        core = window_size or max(patch - 2 * halo, stride)
        return Layout.over(area, core, halo, stride, blended=True)
    blended = 0 < asked < predictor.halo
    halo = asked if blended else predictor.halo
    core = window_size or _automatic_core(predictor, halo, blended)
    return Layout.over(area, core, halo, stride, blended=blended)


def _automatic_core(predictor, halo, blended):
    """The largest of some sides of a core that is of use, and whose window the memory affords."""
    halo, budget = up(halo, predictor.stride), spare_memory(predictor.device)
    useful = max(_USUAL_CORE, _HALOS * halo)
    for core in (side for side in _CORES if side <= useful):
        if predictor.window_bytes(core, halo, 0 if blended else halo) <= budget:
            break
    return up(core, predictor.stride)


def windows_at_once(predictor, layout, batch_size=0):
    """Windows in one step: what the memory affords, if the user did not say."""
    if batch_size:
        return batch_size
    if predictor.device.type == "cpu":  # which gains nothing from more at once
        affordable = _CPU_PIXELS / (layout.core + 2 * layout.halo) ** 2
    else:
        one = predictor.window_bytes(layout.core, layout.halo, layout.cut)
        affordable = spare_memory(predictor.device) / one
    return max(min(int(affordable), _MOST_AT_ONCE), 1)


class Disagreement:
    """How far neighbors differ where they overlap, before they are blended.

    Parameters
    ----------
    classes : int
        The first channels, whose probabilities are compared.
    """

    def __init__(self, classes):
        self._classes, self._pairs = classes, 0
        self._pixels = self._other = self._apart = 0.0

    def __call__(self, first, second):
        """Look at one overlap; after some, there is enough to tell."""
        if self._pairs >= _MOST_WINDOWS:
            return
        first, second = first[: self._classes], second[: self._classes]
        known = ~(np.isnan(first[0]) | np.isnan(second[0]))
        self._pairs += bool(known.any())
        self._pixels += known.sum()
        self._other += (first.argmax(0) != second.argmax(0))[known].sum()
        self._apart += np.abs(first - second).max(0)[known].sum()

    def text(self):
        """What the user reads; empty if no windows overlapped."""
        if not self._pixels:
            return ""
        return (
            f"Windows are blended: where two of them overlap, they give "
            f"{self._other / self._pixels:.2%} of the pixels another class, and their "
            f"probabilities differ by {self._apart / self._pixels:.3f} on average "
            f"(measured in {self._pairs} overlaps)."
        )
