"""Fine rasters as a score or a training sees them: in whole coarse pixels, and holes filled."""

from dataclasses import dataclass

import numpy as np
import torch

from ..degradation import degrade
from .holes import fill
from .scale import scale_of

_STATISTICS_SIDE, _STATISTICS_PLACES = 512, 64
_BORDER = 8
_SIDES = 512, 256, 128, 64
_ENOUGH_PLACES, _MOST_PLACES = 12, 36


@dataclass(frozen=True)
class Piece:
    """A rectangle of a scene with its surroundings.

    Attributes
    ----------
    truth : array of float64, shape (band, factor * H, factor * W)
        The rectangle itself in the raster's unit.
    coarse : torch.Tensor, shape (1, band, h, w)
        The coarse raster of the rectangle and of what is around it, in the network's range.
    inner : tuple of int
        Row, column, height and width of the rectangle in `coarse`, in coarse pixels.
    place : tuple of int
        The same in the scene, in coarse pixels.
    whole : tuple of int
        Row, column, height and width of all of `coarse` in the scene.
    levels : list of float, or None
        See `Generator.upscale`.
    """

    truth: np.ndarray
    coarse: torch.Tensor
    inner: tuple
    place: tuple
    whole: tuple
    levels: list = None

    def crop(self, fine, factor):
        """The rectangle of a tensor (1, band, factor * h, factor * w)."""
        row, column, height, width = (factor * side for side in self.inner)
        return fine[..., row : row + height, column : column + width]


class Scene:
    """A fine raster that is read in whole coarse pixels.

    Parameters
    ----------
    raster : Raster or Held
    factor : int
    scale : Scale, optional
        To the network's range; measured if not given.
    pair : Pair, optional
        The coarse raster of the same ground; without one it is simulated.
    window : tuple of int, optional
        Row, column, height and width of the part of the raster that is used, in its pixels.
    noise : float
        Standard deviation of what is added to simulated coarse values, in the network's range.

    Attributes
    ----------
    height, width : int
        In coarse pixels.
    """

    def __init__(self, raster, factor, scale=None, pair=None, window=None, noise=0.0):
        self.raster, self.factor, self.pair, self.noise = raster, factor, pair, noise
        self.name = raster.name
        window = pair.window if pair else window
        self._top, self._left, *size = window or (0, 0, raster.grid.height, raster.grid.width)
        self.height, self.width = (side // factor for side in size)
        self.scale = scale or self._measured()

    def fine(self, row, column, height, width):
        """Read a rectangle given in coarse pixels.

        Returns
        -------
        values : array of float64, shape (band, factor * height, factor * width)
            Holes are filled from their surroundings.
        valid : bool array, shape (factor * height, factor * width), or None
        """
        values, valid = self._read(row, column, height, width)
        values = values.astype(np.float64)
        if self.pair:
            values = values * self.pair.gain[:, None, None] + self.pair.offset[:, None, None]
        return fill(values, valid), valid

    def piece(self, place, halo, blur):
        """Cut a piece; None if it has a hole.

        Parameters
        ----------
        place : tuple of int
            Row, column, height and width in coarse pixels.
        halo : int
            Coarse pixels around it that are cut too, as far as there are any.
        blur : float
            With which the coarse raster is simulated.

        Returns
        -------
        Piece or None
        """
        row, column, height, width = place
        top, left = max(row - halo, 0), max(column - halo, 0)
        bottom, right = (
            min(row + height + halo, self.height),
            min(column + width + halo, self.width),
        )
        whole = top, left, bottom - top, right - left
        inner = row - top, column - left, height, width
        values, valid = self.fine(*whole)
        rows, columns = (
            slice(self.factor * start, self.factor * (start + length))
            for start, length in ((inner[0], height), (inner[1], width))
        )
        if valid is not None and not valid[rows, columns].all():
            return None
        coarse, seen = self._coarse(whole, values, blur)
        if seen is not None and not seen[_inside(inner)].all():
            return None
        return Piece(values[:, rows, columns], coarse, inner, place, whole, self._levels())

    def _levels(self):
        """What 0 is in the network's range, negated, if there are no values below it."""
        if np.dtype(self.raster.dtype).kind != "u":
            return None
        return (self.scale.mean / self.scale.steps.ravel()).tolist()

    def _coarse(self, whole, values, blur):
        if self.pair:
            values, valid = self.pair.read(*whole)
            return self.scale.to_network(values), valid
        seen = degrade(self.scale.to_network(values), self.factor, blur)
        if self.noise:
            chance = torch.Generator().manual_seed(whole[0] * self.width + whole[1])
            seen = seen + self.noise * torch.randn(seen.shape, generator=chance)
        if np.dtype(self.raster.dtype).kind in "iu":  # a file of whole numbers would be rounded
            seen = self.scale.to_network(np.rint(self.scale.to_unit(seen)))
        return seen, None

    def in_raster(self, row, column, height, width):
        """A rectangle in coarse pixels as one in pixels of the raster."""
        corner = self._top + self.factor * row, self._left + self.factor * column
        return *corner, self.factor * height, self.factor * width

    def _read(self, *place):
        return self.raster.read(*self.in_raster(*place))

    def _measured(self):
        """The scale of a sample of windows: of all of them if the raster is small."""
        side = max(1, _STATISTICS_SIDE // self.factor)
        rows, columns = range(0, self.height, side), range(0, self.width, side)
        places = [(row, column) for row in rows for column in columns]
        count = min(_STATISTICS_PLACES, len(places))
        # By chance: even steps may always meet the same column.
        chosen = np.random.default_rng(0).choice(len(places), count, replace=False)
        return scale_of(self._valid(*places[number], side) for number in sorted(chosen))

    def _valid(self, row, column, side):
        height, width = min(side, self.height - row), min(side, self.width - column)
        values, valid = self._read(row, column, height, width)
        values = values.astype(np.float64)
        if self.pair:
            values = values * self.pair.gain[:, None, None] + self.pair.offset[:, None, None]
        return values if valid is None else np.where(valid, values, np.nan)


def _inside(rectangle):
    row, column, height, width = rectangle
    return slice(row, row + height), slice(column, column + width)


def division(height, width, side, border=0):
    """Divide a scene into rectangles of nearly the same size.

    Parameters
    ----------
    height, width, side : int
        In coarse pixels; no rectangle is shorter than `side`, unless the scene is.
    border : int
        Coarse pixels that are left out all around.

    Returns
    -------
    list of tuple of int
        Row, column, height and width of each, row by row.
    """
    rows, columns = _cuts(height, side, border), _cuts(width, side, border)
    return [
        (top, left, bottom - top, right - left)
        for top, bottom in zip(rows[:-1], rows[1:], strict=True)
        for left, right in zip(columns[:-1], columns[1:], strict=True)
    ]


def _cuts(length, side, border):
    border = min(border, (length - 1) // 2)
    inside = length - 2 * border
    return (
        border + np.linspace(0, inside, max(1, inside // side) + 1).round().astype(int)
    ).tolist()


def chosen_places(scene, side=0, most=_MOST_PLACES, seed=0):
    """Choose the rectangles of a scene that are judged.

    Small scenes are judged whole, but for a border of 8 fine pixels; of large ones rectangles
    are drawn.

    Parameters
    ----------
    scene : Scene
    side : int
        Of a rectangle in coarse pixels; 0 for as large as there are a dozen of them.
    most : int
        Rectangles that are drawn.
    seed : int

    Returns
    -------
    list of tuple of int
    """
    border = -(-_BORDER // scene.factor)
    sides = [side] if side else [most_wide // scene.factor for most_wide in _SIDES]
    for size in sides:
        places = division(scene.height, scene.width, max(size, 8), border)
        if len(places) >= _ENOUGH_PLACES:
            break
    if len(places) > most:
        chance = np.random.default_rng(seed)
        places = [places[n] for n in sorted(chance.choice(len(places), most, replace=False))]
    return places
