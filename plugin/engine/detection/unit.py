"""A whole image, or a block of ground of a raster: what a split does not part."""

from dataclasses import dataclass, replace

_LEAST_PIECE = 16  # a narrower one shows no object


@dataclass(frozen=True)
class Unit:
    """A rectangle of a scene, in pixels.

    Attributes
    ----------
    scene : int
        Number of the scene.
    row, column, height, width : int
    group : int
        Units of one group are never split.
    """

    scene: int
    row: int
    column: int
    height: int
    width: int
    group: int

    @property
    def place(self):
        """Row, column, height and width."""
        return self.row, self.column, self.height, self.width

    def holds(self, boxes):
        """Which of boxes (n, 4) have their middle in this unit."""
        columns, rows = (boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2
        across = (columns >= self.column) & (columns < self.column + self.width)
        return across & (rows >= self.row) & (rows < self.row + self.height)

    def without(self, window):
        """The rectangles that are left of it, but for narrow ones, without a window of the scene."""
        ends = self.row + self.height, self.column + self.width
        top, left = max(window[0], self.row), max(window[1], self.column)
        bottom, right = min(window[0] + window[2], ends[0]), min(window[1] + window[3], ends[1])
        if top >= bottom or left >= right:
            return [self]
        pieces = (
            (self.row, self.column, top - self.row, self.width),
            (bottom, self.column, ends[0] - bottom, self.width),
            (top, self.column, bottom - top, left - self.column),
            (top, right, bottom - top, ends[1] - right),
        )
        return [
            replace(self, row=row, column=column, height=height, width=width)
            for row, column, height, width in pieces
            if min(height, width) >= _LEAST_PIECE
        ]
