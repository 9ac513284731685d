"""What a pixel classifier learns from, batch after batch: patches around labels, or pixels."""

import math

import numpy as np

_FEWEST, _MOST = 24, 256  # patches in an epoch
_MOST_PIXELS = 30_000  # single pixels in an epoch
_WATCHED_PATCHES, _COVERING = 32, 4000
# A class is drawn as often as the power of its number of pixels. Single pixels of rare classes need
# not be drawn more often, they weigh more; a patch must be drawn to show any.
_POWERS = {"none": 1.0, "weights": 0.5, "sampling": 0.0}
_SINGLE_POWERS = {**_POWERS, "weights": 1.0}


class Patches:
    """Square patches around labeled pixels.

    A patch is drawn around a pixel of a class that chance draws, rare classes more often than they
    are (`balance`); its middle half holds the pixel.

    Parameters
    ----------
    ground : Ground
    chosen : int array
        Numbers of the labeled pixels that are learned from; other labels do not show.
    side : int
        Of a patch, in pixels.
    balance : {"weights", "sampling", "none"}
    turned : bool
        Whether patches are turned by quarters and mirrored, by chance.
    """

    def __init__(self, ground, chosen, side, balance="none", turned=False):
        self._ground, self._chosen, self._side, self._turned = ground, chosen, side, turned
        self._store = ground.label_store(chosen)
        self._chances = _class_chances(ground.pixels.labels[chosen], _POWERS[balance])
        self._members = _by_class(ground.pixels.labels[chosen])
        pixels = ground.pixels.take(chosen)
        half = max(side // 2, 1)
        cells = np.unique(np.stack([pixels.rows // half, pixels.columns // half]), axis=1)
        self._length = int(np.clip(cells.shape[1], _FEWEST, _MOST))

    def __len__(self):
        return self._length

    def batches(self, size, chance):
        """One epoch.

        Parameters
        ----------
        size : int
            Patches in a batch.
        chance : numpy.random.Generator

        Yields
        ------
        values : float32 array, shape (n, band, side, side)
        labels : int64 array, shape (n, side, side)
        """
        for start in range(0, self._length, size):
            count = max(min(size, self._length - start), 2)  # batch normalization needs a spread
            cut = [self._cut(self._draw(chance), chance) for _ in range(count)]
            yield tuple(np.stack(part) for part in zip(*cut, strict=True))

    def _draw(self, chance):
        members = self._members[chance.choice(len(self._members), p=self._chances)]
        pixel = self._chosen[members[chance.integers(len(members))]]
        return int(self._ground.pixels.rows[pixel]), int(self._ground.pixels.columns[pixel])

    def _cut(self, place, chance):
        side = self._side
        low = side // 4
        offset = chance.integers(low, max(side - low, low + 1), 2)
        size = self._ground.height, self._ground.width
        row, column = (
            int(np.clip(p - o, 0, s - side)) for p, o, s in zip(place, offset, size, strict=True)
        )
        values = self._ground.cut(row, column, side)
        labels = self._ground.cut_labels(self._store, row, column, side).astype(np.int64)
        return _turn(values, labels, int(chance.integers(8))) if self._turned else (values, labels)


class Singles:
    """Labeled pixels, each alone: images of one pixel; see `Patches`."""

    def __init__(self, ground, chosen, balance="none"):
        self._labels = ground.pixels.labels[chosen].astype(np.int64)
        self._ground, self._chosen = ground, chosen
        self._chances, self._members = (
            _class_chances(self._labels, _SINGLE_POWERS[balance]),
            _by_class(self._labels),
        )

    def __len__(self):
        return min(len(self._chosen), _MOST_PIXELS)

    def batches(self, size, chance):
        """One epoch; see `Patches.batches`."""
        kinds = chance.choice(len(self._members), len(self), p=self._chances)
        drawn = [
            self._members[k][chance.integers(len(self._members[k]), size=(kinds == k).sum())]
            for k in range(len(self._members))
        ]
        order = chance.permutation(np.concatenate(drawn))
        for start in range(0, len(order), size):
            some = order[start : start + size]
            if len(some) > 1 or len(order) == 1:
                values = self._ground.at(self._chosen[some])
                yield values[:, :, None, None], self._labels[some][:, None, None]


class Watched:
    """Fixed patches that show the watched labels.

    Parameters
    ----------
    ground : Ground
    chosen : int array
        Numbers of the watched pixels; may be empty.
    side : int
        Of a patch; 1 for single pixels.
    seed : int
    """

    def __init__(self, ground, chosen, side, seed):
        self._ground, self._side, self._chosen = ground, side, chosen
        self._store = ground.label_store(chosen) if side > 1 and len(chosen) else None
        chance = np.random.default_rng([seed, 3])
        some = chosen[chance.permutation(len(chosen))[: _MOST_PIXELS if side == 1 else _COVERING]]
        self._some = some
        self._corners = _cover(ground, some, side) if side > 1 else []

    def __len__(self):
        return len(self._some)

    def batches(self, size):
        """All of them; see `Patches.batches`."""
        if self._side == 1:
            labels = self._ground.pixels.labels[self._some].astype(np.int64)
            values = self._ground.at(self._some)
            for start in range(0, len(self._some), 4096):
                part = slice(start, start + 4096)
                yield values[part, :, None, None], labels[part, None, None]
            return
        for start in range(0, len(self._corners), size):
            corners = self._corners[start : start + size]
            values = [self._ground.cut(*corner, self._side) for corner in corners]
            labels = [self._ground.cut_labels(self._store, *c, self._side) for c in corners]
            yield np.stack(values), np.stack(labels).astype(np.int64)


def _cover(ground, chosen, side):
    """Upper left corners of patches that cover the chosen pixels, within a number."""
    rows, columns = ground.pixels.rows[chosen], ground.pixels.columns[chosen]
    left, corners = np.ones(len(chosen), bool), []
    while left.any() and len(corners) < _WATCHED_PATCHES:
        first = int(np.argmax(left))
        row = int(np.clip(rows[first] - side // 2, 0, ground.height - side))
        column = int(np.clip(columns[first] - side // 2, 0, ground.width - side))
        corners.append((row, column))
        left &= ~(
            (rows >= row) & (rows < row + side) & (columns >= column) & (columns < column + side)
        )
    return corners


def _by_class(labels):
    return [np.flatnonzero(labels == label) for label in np.unique(labels)]


def _class_chances(labels, power):
    """The chance to draw each class that there is."""
    counts = np.unique(labels, return_counts=True)[1].astype(float) ** power
    return counts / counts.sum()


def _turn(values, labels, number):
    """One of the eight turns and mirrorings of a square."""
    values, labels = (np.rot90(part, number % 4, axes=(-2, -1)) for part in (values, labels))
    if number >= 4:
        values, labels = values[..., ::-1], labels[..., ::-1]
    return values, labels


def automatic_epochs(length, batch_size, is_single):
    """Epochs from their length: about 1,600 patches in all, or 20 epochs of single pixels.

    Networks of single pixels are soon past their best: on land cover of Zion from terrain and on
    landslides, 15 to 20 epochs were as good as a random forest, and 60 and more clearly worse.
    """
    if is_single:
        return int(np.clip(math.ceil(100 * batch_size / length), 20, 200))
    return int(np.clip(math.ceil(1600 / length), 10, 60))
