"""Square patches to train on, cut around objects and between them, and varied."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

_LEAST_VISIBLE = 0.4
_LEAST_SIDE = 2.0
_AROUND_BOXES = 0.5
_MOST_PATCHES = 4000
_ZOOM = 1.25


@dataclass(frozen=True)
class Patch:
    """A patch to train on.

    Attributes
    ----------
    values : float32 array, shape (band, side, side)
        NaN where nothing is known.
    boxes : float32 array, shape (n, 4)
    labels : int64 array, shape (n,)
    """

    values: np.ndarray
    boxes: np.ndarray
    labels: np.ndarray


class Patches:
    """Patches of some units; what lies in no training unit is never shown.

    Parameters
    ----------
    collection : Collection
    units : list of Unit
        That train.
    side : int
        Of a patch in pixels.
    augment : {"overhead", "photo", "none"}
    """

    def __init__(self, collection, units, side, augment):
        self.collection, self.units, self.side, self.augment = collection, units, side, augment
        self.counts = [max(1, round(u.height * u.width / side**2)) for u in units]
        boxes = [collection.scenes[u.scene].boxes for u in units]
        self._inside = [np.flatnonzero(u.holds(some)) for u, some in zip(units, boxes, strict=True)]

    def __len__(self):
        """Patches of one epoch."""
        return min(sum(self.counts), _MOST_PATCHES)

    def epoch(self, chance):
        """Numbers of the units of one epoch in a random order."""
        places = np.repeat(np.arange(len(self.units)), self.counts)
        return chance.permutation(places)[: len(self)]

    def cut(self, place, chance):
        """Cut a patch of a unit at random.

        Parameters
        ----------
        place : int
            Number of the unit.
        chance : numpy.random.Generator

        Returns
        -------
        Patch
        """
        unit = self.units[place]
        scene = self.collection.scenes[unit.scene]
        zoom = 1.0
        if self.augment == "overhead":
            zoom = math.exp(chance.uniform(-1, 1) * math.log(_ZOOM))
        reach = round(self.side / zoom)
        row, column = self._corner(place, scene, reach, chance)
        values = scene.read(row, column, reach, reach)
        self._hide(values, unit, row, column)
        boxes = scene.boxes - [column, row, column, row]
        boxes, labels = _visible(boxes, scene.labels, values)
        values, boxes = _zoomed(values, boxes, self.side)
        values, boxes = _turned(values, boxes, self.augment, chance)
        return Patch(values, boxes.astype(np.float32), labels.astype(np.int64))

    def _corner(self, place, scene, reach, chance):
        """Upper left pixel of a patch, around an object or anywhere in the unit."""
        unit, inside = self.units[place], self._inside[place]
        if len(inside) and chance.random() < _AROUND_BOXES:
            left, top, right, bottom = scene.boxes[chance.choice(inside)]
            middle = np.array([(top + bottom) / 2, (left + right) / 2])
            middle += chance.uniform(-0.4, 0.4, 2) * reach
        else:
            middle = [unit.row, unit.column] + chance.random(2) * [unit.height, unit.width]
        sides = scene.height, scene.width
        return tuple(
            _start(center - reach / 2, reach, side, chance)
            for center, side in zip(middle, sides, strict=True)
        )

    def _hide(self, values, unit, row, column):
        """Blank out what is not in any training unit of the scene."""
        shown = np.zeros(values.shape[1:], bool)
        for other in self.units:
            if other.scene == unit.scene:
                top, left = max(other.row - row, 0), max(other.column - column, 0)
                bottom, right = other.row + other.height - row, other.column + other.width - column
                if bottom > top and right > left:
                    shown[top:bottom, left:right] = True
        values[:, ~shown] = np.nan


def _start(wished, reach, side, chance):
    """Where a patch starts on an axis: inside the scene, or around it if the scene is smaller."""
    if reach >= side:
        return int(chance.integers(side - reach, 1))
    return int(np.clip(round(wished), 0, side - reach))


def _visible(boxes, labels, values):
    """Boxes cut to a patch, of which enough can be seen."""
    side = values.shape[1]
    cut = np.clip(boxes, 0, side)
    sides = cut[:, 2:] - cut[:, :2]
    keep = (sides >= _LEAST_SIDE).all(axis=1)
    whole = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    known = np.isfinite(values).all(axis=0)
    for number in np.flatnonzero(keep):
        left, top, right, bottom = cut[number]
        window = known[int(top) : math.ceil(bottom), int(left) : math.ceil(right)]
        share = sides[number].prod() / whole[number] * window.mean()
        keep[number] = share >= _LEAST_VISIBLE
    return cut[keep], labels[keep]


def _zoomed(values, boxes, side):
    """Resample a patch to its side; pixels that are not known stay so."""
    if values.shape[1] == side:
        return values, boxes
    image = torch.from_numpy(values)[None]
    holes = ~torch.isfinite(image)
    size = (side, side)
    filled = torch.where(holes, 0.0, image)
    mean = functional.interpolate(filled, size, mode="bilinear", antialias=True)
    if holes.any():
        weight = functional.interpolate((~holes).float(), size, mode="bilinear", antialias=True)
        mean = torch.where(weight > 0.5, mean / weight.clamp_min(1e-6), torch.nan)
    return mean[0].numpy(), boxes * (side / values.shape[1])


def _turned(values, boxes, augment, chance):
    """Mirror a patch, and turn it by a quarter, with its boxes."""
    side = values.shape[1]
    left, top, right, bottom = boxes.T
    if augment != "none" and chance.random() < 0.5:
        values, left, right = values[:, :, ::-1], side - right, side - left
    if augment == "overhead" and chance.random() < 0.5:
        values, top, bottom = values[:, ::-1], side - bottom, side - top
    if augment == "overhead" and chance.random() < 0.5:
        values = values.swapaxes(1, 2)
        left, top, right, bottom = top, left, bottom, right
    return np.ascontiguousarray(values), np.stack([left, top, right, bottom], axis=1)
