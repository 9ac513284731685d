"""How windows cover an area of a raster, as numbers of rows and columns.

A window is a core, whose results are kept, with a halo around it, which the network only looks
at. Where the halo is as wide as the network sees, and corners lie on multiples of the
network's stride, every pixel gets the same result whatever the size of the windows. Else
neighbors share a margin, in which `seams` blends them.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Window:
    """A window of a layout, in pixels of the raster.

    Attributes
    ----------
    row, column, height, width : int
        The core; sides are multiples of the stride, so it may reach beyond the area.
    halo : int
        Pixels that are read around it.
    first_row, first_column, last_row, last_column : bool
        Whether there is no neighbor on that side.
    strip : int
        Number of the row of windows, from 0.
    """

    row: int
    column: int
    height: int
    width: int
    halo: int
    first_row: bool
    first_column: bool
    last_row: bool
    last_column: bool
    strip: int = 0

    @property
    def box(self):
        """What is read: row, column, height, width."""
        wide = 2 * self.halo
        return self.row - self.halo, self.column - self.halo, self.height + wide, self.width + wide


@dataclass(frozen=True)
class Layout:
    """Windows over an area, in strips from above, each from the left.

    Attributes
    ----------
    area : tuple of int
        Row, column, height and width of what is wanted.
    core : int
        Side of a core, a multiple of `stride`.
    halo : int
        A multiple of `stride`.
    stride : int
        Of the network: corners of windows lie on its multiples, counted from the raster's corner.
    scale : int
        Pixels of the result along a pixel of the raster.
    blended : bool
        Whether the results of neighbors are blended where both reach, halos and all; else the
        cores are laid side by side.
    """

    area: tuple
    core: int
    halo: int
    stride: int = 1
    scale: int = 1
    blended: bool = False

    @classmethod
    def over(cls, area, core, halo, stride=1, scale=1, blended=False):
        """A layout with core and halo rounded up to multiples of the stride.

        A core is at least two halos where they are blended, and no larger than the area.
        """
        halo = up(halo, stride)
        core = max(up(core, stride), 2 * halo if blended else stride)
        longest = max(
            up(start + size, stride) - down(start, stride)
            for start, size in ((area[0], area[2]), (area[1], area[3]))
        )
        return cls(tuple(area), min(core, longest), halo, stride, scale, blended)

    @property
    def margin(self):
        """Pixels by which a window's result reaches beyond its core."""
        return self.halo if self.blended else 0

    @property
    def cut(self):
        """Pixels of a window that give no result, at every side."""
        return self.halo - self.margin

    @property
    def rows(self):
        """First row of every strip."""
        return self._starts(self.area[0], self.area[2])

    @property
    def columns(self):
        """First column of the windows of a strip."""
        return self._starts(self.area[1], self.area[3])

    def __len__(self):
        return len(self.rows) * len(self.columns)

    def _starts(self, start, size):
        return range(down(start, self.stride), start + size, self.core)

    def windows(self, strips=None):
        """Every window, strip after strip.

        Parameters
        ----------
        strips : sequence of int, optional
            Numbers of the strips that are wanted, in their order. Where results are blended, a
            strip that follows none of them comes after the one above, which it shares a margin with.

        Yields
        ------
        Window
        """
        before = None
        for strip in range(len(self.rows)) if strips is None else strips:
            if self.blended and strip and strip - 1 != before:
                yield from self._strip(strip - 1, is_first=True)
            yield from self._strip(strip, is_first=strip == 0)
            before = strip

    def _strip(self, strip, is_first):
        bottom, right = self.area[0] + self.area[2], self.area[1] + self.area[3]
        row = self.rows[strip]
        height = min(self.core, up(bottom - row, self.stride))
        for column in self.columns:
            width = min(self.core, up(right - column, self.stride))
            yield Window(
                row, column, height, width, self.halo,
                is_first, column == self.columns[0],
                row == self.rows[-1], column == self.columns[-1], strip,
            )  # fmt: skip


def up(value, stride):
    """Round up to a multiple."""
    return -(-value // stride) * stride


def down(value, stride):
    """Round down to a multiple."""
    return value // stride * stride
