"""The upscaled raster while it is written: from the network's range back to measurements."""

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import numpy as np

from ..rasters import new_raster, read_likeness
from .whole_numbers import cast, next_whole


@dataclass(frozen=True)
class Form:
    """How results are stored.

    Attributes
    ----------
    dtype : str
    nodata : float or None
        Value that means no data.
    masked : bool
        Whether a mask says where there is no data, because no value can.
    honest : bool
        Whether one band may have that value in a pixel that holds data: all have it where not.
    """

    dtype: str
    nodata: float = None
    masked: bool = False
    honest: bool = False


def form_of(raster, output_type, nodata, has_holes):
    """Choose the form of a result.

    Parameters
    ----------
    raster : Raster
    output_type : str
        A data type, or ``"same"``.
    nodata : float or None
        What the user said means no data.
    has_holes : bool
        Whether pixels without data may come.

    Returns
    -------
    Form
    """
    dtype = np.dtype(raster.dtype if output_type == "same" else output_type)
    said = raster.nodata if nodata is None else nodata
    if said is not None and not _fits(said, dtype):
        said = None
    if said is None and dtype.kind == "f" and has_holes:
        said = np.nan
    masked = said is None and has_holes
    honest = len(raster.bands) > 1 and (said == 0 or np.dtype(raster.dtype).itemsize == 1)
    return Form(dtype.name, said, masked, honest)


def _fits(value, dtype):
    if dtype.kind == "f":
        return not np.isfinite(value) or abs(value) <= np.finfo(dtype).max
    known = np.iinfo(dtype)
    return bool(np.isfinite(value)) and value == int(value) and known.min <= value <= known.max


class FineRaster:
    """Takes the pieces of `predict_dense`; `open_fine_raster` makes it.

    Attributes
    ----------
    form : Form
    pixels, holes : int
        Fine pixels written so far, and those of them without data, counted once for all bands.
    invented : float array, shape (band,)
        Sums over coarse pixels of what was synthesized, in the raster's unit.
    """

    def __init__(self, rasters, form, ranges, factor):
        self._raster, self._beside = rasters
        self.form, self._ranges, self._factor = form, ranges, factor
        self.pixels = self.holes = 0
        self.invented = np.zeros(len(ranges.mean))

    def of(self, group):
        """What takes the pieces of a group of bands, a slice."""
        return _Group(self, group)

    def prepare(self, group, piece):
        """What will be written of a piece of a group of bands."""
        count = len(self._ranges.mean[group])
        holes = np.isnan(piece.values[0])
        some = holes if holes.any() else None
        invented = None
        if self._beside is not None:
            invented = self._coarse(piece.values[count:], group)
        return {
            "row": piece.row,
            "column": piece.column,
            "values": self._measurements(piece.values[:count], group, some),
            "holes": some,
            "invented": invented,
        }

    def put(self, group, prepared):
        """Write what `prepare` gave."""
        values, holes = prepared["values"], prepared["holes"]
        row, column = prepared["row"], prepared["column"]
        self._raster.write(values, row, column, group.start + 1)
        if not group.start:
            self._count(values[0].size, holes)
            if self.form.masked:
                self._raster.write_mask(_valid(holes, values[0].shape), row, column)
        if prepared["invented"] is not None:
            coarse, step = prepared["invented"], self._factor
            self._beside.write(coarse, row // step, column // step, group.start + 1)
            self.invented[group] += np.nansum(coarse, axis=(1, 2), dtype=np.float64)

    def _count(self, pixels, holes):
        self.pixels += pixels
        self.holes += 0 if holes is None else int(holes.sum())

    def _measurements(self, values, group, holes):
        """Fine values (band, row, column) in the form of the result."""
        form, made = self.form, np.empty(values.shape, self.form.dtype)
        avoided = None if form.honest or form.nodata is None else form.nodata
        for band, numbers in enumerate(self._numbers(group)):
            fine = np.where(holes, 0, values[band]) if holes is not None else values[band]
            made[band] = cast(fine[None], form.dtype, self._factor, avoided, [numbers])[0]
        if form.honest and form.nodata is not None and not group.start:
            _keep_one_band(made, form.nodata)  # one of the first group is enough
        if holes is not None:
            made[:, holes] = 0 if form.nodata is None else form.nodata
        return made

    def _numbers(self, group):
        return zip(self._ranges.scale[group], self._ranges.mean[group], strict=True)

    def _coarse(self, values, group):
        """What was invented, a pixel for each coarse one."""
        step = self._factor
        scale = self._ranges.scale[group, None, None]
        return (values[:, ::step, ::step] * scale).astype(np.float32)


class _Group:
    """A group of the bands of a fine raster."""

    def __init__(self, fine, group):
        self._fine, self._group = fine, group

    def prepare(self, piece):
        return self._fine.prepare(self._group, piece)

    def put(self, prepared):
        self._fine.put(self._group, prepared)


def _valid(holes, shape):
    return np.ones(shape, bool) if holes is None else ~holes


def _keep_one_band(made, nodata):
    """A pixel whose bands all happen to be what means no data gets the next value in one."""
    unlucky = (made == made.dtype.type(nodata)).all(axis=0)
    if unlucky.any():
        step = np.nextafter if made.dtype.kind == "f" else next_whole
        made[0][unlucky] = step(made.dtype.type(nodata), made.dtype.type(nodata <= 0))


@contextmanager
def open_fine_raster(job, raster, area, factor, form, ranges, tags, progress):
    """Begin the rasters of a job; they appear at the end, if nothing went wrong.

    Parameters
    ----------
    job : UpscaleRaster
    raster : Raster
    area : tuple of int
        Row, column, height, width.
    factor : int
    form : Form
    ranges : Ranges
    tags : dict of str
    progress : Progress
        Of what is done when all is written.

    Yields
    ------
    FineRaster

    Raises
    ------
    JobError
        If one cannot be written, or the disk has no room for it.
    """
    likeness = read_likeness(raster.path, raster.bands)
    coarse, inputs = raster.grid.part(*area), [raster.path, *([job.model] if job.model else [])]
    known = {"tags": tags, "inputs": inputs}
    first, second = progress.last_first(2)
    with ExitStack() as whole:
        fine = whole.enter_context(
            new_raster(
                job.output, coarse.finer(factor), form.dtype, raster.names, form.nodata,
                likeness=likeness.finer(factor, *area[:2]), progress=first, **known,
            )
        )  # fmt: skip
        beside = None
        if job.synthesized_detail:
            names = [name or f"band {n}" for n, name in zip(raster.bands, raster.names)]
            beside = whole.enter_context(
                new_raster(
                    job.synthesized_detail, coarse, "float32",
                    [f"synthesized detail of {name}" for name in names], np.nan,
                    progress=second, **known,
                )
            )  # fmt: skip
        yield FineRaster((fine, beside), form, ranges, factor)
