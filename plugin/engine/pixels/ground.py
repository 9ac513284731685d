"""Labeled ground: the labeled pixels, and the values around them, held ready for training.

The raster is held in square blocks, only those that a patch around a label can touch: sparse labels
on a large raster take little memory, and many go to a file that the system pages.
"""

import tempfile
from dataclasses import dataclass, field

import numpy as np

from ...jobs.errors import JobError
from .burning import NOTHING, burn

BLOCK = 128
_IN_MEMORY_BYTES = 2**30
_MOST_BYTES = 2**32
_MOST_LABELED_BLOCKS = 2000


@dataclass
class Pixels:
    """Labeled pixels.

    Attributes
    ----------
    rows, columns : int32 array, shape (n,)
    labels : int16 array, shape (n,)
        Class, counted from 0.
    units : int32 array, shape (n,)
        Number of the label that each belongs to.
    """

    rows: np.ndarray
    columns: np.ndarray
    labels: np.ndarray
    units: np.ndarray

    def __len__(self):
        return len(self.rows)

    def take(self, chosen):
        """Some of them."""
        return Pixels(*(part[chosen] for part in vars(self).values()))


@dataclass
class Ground:
    """Values of a stack of rasters around labels.

    Attributes
    ----------
    pixels : Pixels
        All labeled pixels that hold data.
    height, width : int
        Of the rasters.
    slots : int32 array, shape (block row, block column)
        Where in `values` a block lies; -1 if it is not held.
    values : float32 array, shape (slot, band, BLOCK, BLOCK)
        NaN where a pixel holds no data.
    notes : list of str
        What was left out, a sentence each.
    """

    pixels: Pixels
    height: int
    width: int
    slots: np.ndarray
    values: np.ndarray
    notes: list = field(default_factory=list)

    def label_store(self, chosen):
        """Labels of some of the pixels by block, as `cut_labels` wants them.

        Parameters
        ----------
        chosen : int array
            Numbers of the pixels whose labels show.

        Returns
        -------
        int16 array, shape (slot, BLOCK, BLOCK)
            Class, or -1.
        """
        store = np.full((len(self.values), BLOCK, BLOCK), NOTHING, np.int16)
        some = self.pixels.take(chosen)
        slots = self.slots[some.rows // BLOCK, some.columns // BLOCK]
        store[slots, some.rows % BLOCK, some.columns % BLOCK] = some.labels
        return store

    def cut(self, row, column, side):
        """Values (band, side, side) of a square; NaN where nothing is held."""
        square = np.full((self.values.shape[1], side, side), np.nan, np.float32)
        for slot, block, there in self._parts(row, column, side):
            square[(slice(None), *there)] = self.values[slot][(slice(None), *block)]
        return square

    def cut_labels(self, store, row, column, side):
        """Labels (side, side) of a square, -1 where there is none."""
        square = np.full((side, side), NOTHING, np.int16)
        for slot, block, there in self._parts(row, column, side):
            square[there] = store[slot][block]
        return square

    def at(self, chosen):
        """Values (m, band) of some of the labeled pixels."""
        some = self.pixels.take(chosen)
        slots = self.slots[some.rows // BLOCK, some.columns // BLOCK]
        return np.asarray(self.values[slots, :, some.rows % BLOCK, some.columns % BLOCK])

    def _parts(self, row, column, side):
        """The blocks that a square touches: slot, where in the block, where in the square."""
        for block_row in range(row // BLOCK, (row + side - 1) // BLOCK + 1):
            for block_column in range(column // BLOCK, (column + side - 1) // BLOCK + 1):
                slot = self.slots[block_row, block_column]
                if slot >= 0:
                    rows = _shared(block_row, row, side)
                    columns = _shared(block_column, column, side)
                    yield slot, (rows[0], columns[0]), (rows[1], columns[1])


def _shared(block, start, side):
    """Where a block and a square share an axis: the slice in the block and that in the square."""
    first, last = max(block * BLOCK, start), min((block + 1) * BLOCK, start + side)
    return slice(first - block * BLOCK, last - block * BLOCK), slice(first - start, last - start)


def gather(stack, shapes, brush, reach, seed, progress):
    """Burn labels and read the values around them.

    Parameters
    ----------
    stack : Stack
    shapes : list of burning.Shape
    brush : burning.Brush
    reach : int
        Pixels around a label that training may look at.
    seed : int
    progress : Progress

    Returns
    -------
    Ground

    Raises
    ------
    JobError
        If no label lies on pixels that hold data.
    Stopped
        If the user cancels.
    """
    size = stack.grid.height, stack.grid.width
    by_block, notes = _shapes_by_block(shapes, size), []
    if not by_block:
        raise JobError(
            f'No label lies on "{stack.name}".',
            "Choose the rasters that the labels belong to, and check the CRS of both.",
        )
    by_block = _fewer(by_block, _affordable(stack), seed, notes)
    pixels, contested = _burn_all(by_block, brush, size, progress.part(0.0, 0.4))
    if contested:
        notes.append(
            f"{contested:,} pixels are labeled with two classes; they are left without label."
        )
    if not len(pixels):
        raise JobError(
            "The labels cover no pixel: the inner buffer leaves nothing of them, or labels of two "
            "classes cover each other.",
            "Choose a smaller INNER_BUFFER, or mend the labels.",
        )
    slots = _number(pixels, reach, size)
    values = _read_all(stack, slots, progress.part(0.4, 1.0))
    return _with_data(Ground(pixels, *size, slots, values, notes), stack)


def _shapes_by_block(shapes, size):
    """The shapes that touch each block of the raster, by (block row, block column)."""
    by_block = {}
    for shape in shapes:
        top, left, bottom, right = shape.box
        rows = range(max(int(top), 0) // BLOCK, -(-min(int(bottom) + 1, size[0]) // BLOCK))
        columns = range(max(int(left), 0) // BLOCK, -(-min(int(right) + 1, size[1]) // BLOCK))
        for row in rows:
            for column in columns:
                by_block.setdefault((row, column), []).append(shape)
    return by_block


def _affordable(stack):
    """How many blocks may hold labels."""
    return min(_MOST_LABELED_BLOCKS, _MOST_BYTES // (4 * BLOCK**2 * len(stack.bands)))


def _fewer(by_block, most, seed, notes):
    """Keep some of the blocks by chance if there are too many, the rarest classes' first."""
    if len(by_block) <= most:
        return by_block
    chance = np.random.default_rng(seed)
    order = [list(by_block)[i] for i in chance.permutation(len(by_block))]
    classes = {shape.label for shapes in by_block.values() for shape in shapes}
    kept = dict.fromkeys(())
    for label in classes:
        having = [b for b in order if any(shape.label == label for shape in by_block[b])]
        kept.update(dict.fromkeys(having[: most // (2 * len(classes))]))
    for block in order:
        if len(kept) >= most:
            break
        kept[block] = None
    notes.append(
        f"The labels cover {len(by_block):,} blocks of {BLOCK} x {BLOCK} pixels; {len(kept):,} of "
        "them, chosen by chance, are learned from."
    )
    return {block: by_block[block] for block in kept}


def _burn_all(by_block, brush, size, progress):
    parts, contested = [], 0
    for number, ((row, column), shapes) in enumerate(sorted(by_block.items()), 1):
        progress(number / len(by_block), f"Labels: block {number:,} of {len(by_block):,}")
        top, left = row * BLOCK, column * BLOCK
        window = top, left, min(BLOCK, size[0] - top), min(BLOCK, size[1] - left)
        labels, units, twice = burn(shapes, *window, brush)
        contested += twice
        rows, columns = np.nonzero(labels != NOTHING)
        values = rows + top, columns + left, labels[rows, columns], units[rows, columns]
        parts.append([np.asarray(v, t) for v, t in zip(values, _TYPES, strict=True)])
    return Pixels(*(np.concatenate(part) for part in zip(*parts, strict=True))), contested


_TYPES = (np.int32, np.int32, np.int16, np.int32)


def _number(pixels, reach, size):
    """Number the blocks that lie within reach of a labeled pixel; -1 for all others."""
    shape = tuple(-(-side // BLOCK) for side in size)
    needed = np.zeros(shape, bool)
    blocks = np.stack([pixels.rows // BLOCK, pixels.columns // BLOCK], axis=1)
    order = np.lexsort((blocks[:, 1], blocks[:, 0]))
    starts = np.flatnonzero(np.diff(blocks[order], axis=0, prepend=-1).any(axis=1))
    for members in np.split(order, starts[1:]):
        rows, columns = pixels.rows[members], pixels.columns[members]
        first = (
            max(int(rows.min()) - reach, 0) // BLOCK,
            max(int(columns.min()) - reach, 0) // BLOCK,
        )
        last = (int(rows.max()) + reach) // BLOCK, (int(columns.max()) + reach) // BLOCK
        needed[first[0] : last[0] + 1, first[1] : last[1] + 1] = True
    slots = np.full(shape, NOTHING, np.int32)
    slots[needed] = np.arange(needed.sum())
    return slots


def _read_all(stack, slots, progress):
    places = np.argwhere(slots >= 0)
    values = _room_for((len(places), len(stack.bands), BLOCK, BLOCK))
    for number, (row, column) in enumerate(places):
        progress(number / len(places), f"Reading block {number + 1:,} of {len(places):,}")
        read, valid = stack.read(row * BLOCK, column * BLOCK, BLOCK, BLOCK, border="empty")
        block = read.astype(np.float32)
        if valid is not None:
            block[:, ~valid] = np.nan
        values[number] = block
    return values


def _room_for(shape):
    """An array in memory, or in a file the system pages if it is large."""
    if np.prod(shape, dtype=float) * 4 <= _IN_MEMORY_BYTES:
        return np.zeros(shape, np.float32)
    with tempfile.TemporaryFile(prefix="deep_geology_") as file:  # the map keeps it open
        return np.memmap(file, np.float32, "w+", shape=shape)


def _with_data(ground, stack):
    """Only the labeled pixels that hold data."""
    held = np.isfinite(ground.at(np.arange(len(ground.pixels)))).all(axis=1)
    if not held.any():
        raise JobError(
            f'"{stack.name}" holds no data where the labels are.',
            "Choose rasters that hold data there, and check their nodata values.",
        )
    if not held.all():
        ground.notes.append(f"{(~held).sum():,} labeled pixels hold no data and are left out.")
    ground.pixels = ground.pixels.take(held)
    return ground
