"""A trained detector at work: windows of a scene in, objects out."""

import math
import time
from contextlib import closing
from dataclasses import dataclass

import numpy as np
import torch

from ...jobs.model_card import DETECTION
from .. import model_file
from ..device import choose_device, sent
from ..folding import folded
from ..metrics.detection import Objects
from ..normalization import to_network_range
from ..portions import Portions
from ..reading_ahead import ahead
from ..schedule import minutes
from .merging import merge, touches

_LEAST_KNOWN = 0.3
_STEP = 32
_UNIT = 16  # windows that are looked into together, where several processes share a search
_BATCH = {"cpu": 1, "cuda": 8, "mps": 2}


@dataclass(frozen=True)
class Sighting:
    """What was seen in a batch of windows.

    Attributes
    ----------
    strip : int
        The unit of work that it belongs to.
    found : tuple of arrays
        Boxes (n, 4), scores, labels, and the sides at which a window cuts them (n, 4).
    with_data : int
        Windows that hold a pixel with data.
    """

    strip: int
    found: tuple
    with_data: int


class Finder:
    """A detector with what it needs to be used.

    Parameters
    ----------
    network : detectors.Detector
    numbers : dict
        Normalization, see `normalization.measure`.
    patch, overlap : int
        Side of a window, and how far neighbors overlap, in pixels.
    device : torch.device
    batch_size : int
        Windows in one step; 0 for automatic.
    """

    def __init__(self, network, numbers, patch, overlap, device, batch_size=0):
        self.network = network.eval().to(device, memory_format=torch.channels_last)
        self.numbers, self.patch, self.overlap, self.device = numbers, patch, overlap, device
        self.batch_size = batch_size or _BATCH[device.type]
        self._portions = Portions()

    def find(self, scene, area, share, progress, least=0.0, seen=None):
        """Find the objects whose middle lies in an area of a scene, each once.

        Parameters
        ----------
        scene : Scene
        area : (row, column, height, width)
        share : float
            Boxes that share more of their union are one object.
        progress : Progress
        least : float
            Confidence under which boxes are left out.
        seen : collections.Counter, optional
            Under ``"with data"`` the windows that hold a pixel with data are counted.

        Returns
        -------
        Objects
            In pixels of the scene.
        """
        units = self.units(scene, area)
        parts = list(self.look(scene, units, range(len(units)), progress, least))
        if seen is not None:
            seen["with data"] += sum(part.with_data for part in parts)
        return self.gather(parts, area, share, progress.check)

    def units(self, scene, area):
        """The windows of a search, a list for every unit of work; batches never span two units."""
        windows = lay_windows(scene, area, self.patch, self.overlap)
        size = self.batch_size * math.ceil(_UNIT / self.batch_size)
        return [windows[start : start + size] for start in range(0, len(windows), size)]

    def look(self, scene, units, numbers, progress, least=0.0):
        """Look into the windows of some units.

        Parameters
        ----------
        scene : Scene
        units : list of list
            See `units`.
        numbers : sequence of int
            Which of them.
        progress : Progress
        least : float

        Yields
        ------
        Sighting
        """
        total = sum(len(units[number]) for number in numbers)
        done, started = 0, time.monotonic()
        read = _read(scene, units, numbers, self.batch_size)
        with closing(ahead(read, progress.check)) as coming:
            for number, some, values in coming:
                found = list(self._in_windows(scene, some, values, least))
                yield Sighting(number, _together(found), int(_with_data(values).sum()))
                done += len(some)
                progress(done / total, _say(done, total, started) if total > 1 else "")

    def gather(self, parts, area, share, check=lambda: None):
        """The objects of all sightings of a scene, each once."""
        boxes, scores, labels, cut = _together([part.found for part in parts])
        boxes, scores, labels = merge(boxes, scores, labels, cut, self.overlap, share, check)
        inside = _middles_in(boxes, area)
        return Objects(boxes[inside], labels[inside], scores[inside])

    @staticmethod
    def nothing():
        """No objects."""
        return Objects(*_nothing()[:1], _nothing()[2], _nothing()[1])

    def _in_windows(self, scene, windows, values, least):
        for window, patch, (boxes, scores, labels) in zip(
            windows, values, self._detect(values), strict=True
        ):
            keep = (scores >= least) & _on_data(boxes, patch)
            boxes = boxes[keep] + np.array([window[1], window[0]] * 2, float)
            cut = touches(boxes, window, (scene.height, scene.width))
            limits = [scene.width, scene.height] * 2
            yield np.clip(boxes, 0, limits), scores[keep], labels[keep], cut

    @torch.no_grad()
    def _detect(self, values):
        """Boxes, scores and labels of windows (N, band, row, column) that hold data."""
        found = [_nothing()[:3]] * len(values)
        used = np.flatnonzero(_with_data(values))
        if not len(used):
            return found
        images = to_network_range(sent(torch.from_numpy(values[used]), self.device), self.numbers)
        seen = images.contiguous(memory_format=torch.channels_last)
        results = [one for some in self._portions.each(self.network, seen) for one in some]
        for place, (boxes, scores, labels) in zip(used, results, strict=True):
            found[place] = (
                boxes.double().cpu().numpy(), scores.double().cpu().numpy(), labels.cpu().numpy(),
            )  # fmt: skip
        return found


def load_finder(path, device="auto", batch_size=0):
    """Load a detector from a model file.

    Returns
    -------
    card : ModelCard
    finder : Finder

    Raises
    ------
    JobError
        As `model_file.load` and `device.choose_device`.
    """
    card, network = model_file.load(path, DETECTION)
    overlap = int(_known(card, "overlap", card.patch // 4, card.patch // 2))
    patch = max(card.patch // _STEP, 1) * _STEP
    small = torch.zeros(1, len(card.bands), 2 * _STEP, 2 * _STEP)
    network.network.backbone = folded(network.backbone, small)
    chosen = choose_device(device)
    return card, Finder(network, card.normalization, patch, overlap, chosen, batch_size)


def usual_confidence(card):
    """The least confidence that the model's validation chose."""
    return _known(card, "confidence", 0.5, 1.0)


def _known(card, name, usual, most):
    """A number of the card between 0 and the most; the usual one if it holds none."""
    value = card.arguments.get(name)
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return min(max(value, 0), most) if is_number and math.isfinite(value) else usual


def lay_windows(scene, area, patch, overlap):
    """Windows that cover an area and, as far as the scene goes, what surrounds it.

    Returns
    -------
    list of (row, column, height, width)
        All of one size: the patch, or less if the scene is smaller.
    """
    row, column, height, width = area
    rows, high = _along(row, height, scene.height, patch, overlap)
    columns, wide = _along(column, width, scene.width, patch, overlap)
    return [(top, left, high, wide) for top in rows for left in columns]


def _along(start, length, limit, patch, overlap):
    """Starts of the windows on an axis, and their length."""
    side = min(patch, math.ceil(limit / _STEP) * _STEP)
    first = max(start - overlap, 0)
    last = min(start + length + overlap, limit)
    step = max(side - overlap, 1)
    if last - first <= side:
        return [max(min(first, limit - side), 0)], side
    count = math.ceil((last - first - side) / step)
    return [min(first + i * step, limit - side) for i in range(count + 1)], side


def _say(done, total, started):
    spent = time.monotonic() - started
    left = f", {minutes(spent * (total - done) / done)} left" if spent > 1 else ""
    return f"Window {done:,} of {total:,}{left}"


def _read(scene, units, numbers, size):
    for number in numbers:
        windows = units[number]
        for start in range(0, len(windows), size):
            some = windows[start : start + size]
            yield number, some, np.stack([scene.read(*window) for window in some])


def _together(parts):
    """Boxes, scores, labels and cuts of several windows."""
    return tuple(np.concatenate(part) for part in zip(_nothing(), *parts, strict=True))


def _with_data(values):
    """Which windows (N, band, row, column) hold a pixel with data."""
    return np.isfinite(values).all(axis=1).any(axis=(1, 2))


def _on_data(boxes, patch):
    """Which boxes lie on pixels that hold data, at least in part."""
    known = np.isfinite(patch).all(axis=0)
    if known.all():
        return np.ones(len(boxes), bool)
    sums = np.zeros((known.shape[0] + 1, known.shape[1] + 1))
    sums[1:, 1:] = known.cumsum(0).cumsum(1)
    left, top = np.floor(boxes[:, :2]).astype(int).T
    right, bottom = np.ceil(boxes[:, 2:]).astype(int).T
    held = sums[bottom, right] - sums[top, right] - sums[bottom, left] + sums[top, left]
    return held >= _LEAST_KNOWN * np.maximum((right - left) * (bottom - top), 1)


def _middles_in(boxes, area):
    row, column, height, width = area
    columns, rows = (boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2
    across = (columns >= column) & (columns <= column + width)
    return across & (rows >= row) & (rows <= row + height)


def _nothing():
    return np.zeros((0, 4)), np.zeros(0), np.zeros(0, int), np.zeros((0, 4), bool)
