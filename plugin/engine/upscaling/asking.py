"""What was asked of an upscaling: refused where it cannot be done, completed where left open."""

import os

import numpy as np

from ...jobs.errors import JobError
from ...jobs.upscaling import check_model_bands, check_size, palette_refused
from ..device import choose_device
from ..rasters import read_class_names
from .blur import USUAL, estimate, load_estimator
from .generator import Generator
from .windowed import Settings

_FEWEST_STEPS = 10
_DETAIL_OF_IMAGES = 0.5
_LEAST_BANDS_OF_COLOR = 3


def load_generator(job):
    """Load what a job upscales with.

    Raises
    ------
    JobError
        If there is no such model or device.
    """
    device = choose_device(job.device)
    if job.method == "classical":
        return Generator.classical(int(job.factor), device)
    if job.model:
        return Generator.load(job.model, device)
    return Generator.bundled(int(job.factor), device)


def check_raster(raster, generator):
    """Refuse a raster that cannot be upscaled, or not with this generator.

    Raises
    ------
    JobError
    """
    name, grid = raster.name, raster.grid
    if raster.is_palette:
        raise palette_refused(name)
    if read_class_names(raster.path):
        raise JobError(
            f'"{name}" holds classes, and there is no class between two of them.',
            "Resample it with nearest neighbor (Warp), or upscale what it was made of.",
        )
    check_size(name, grid.width, grid.height)
    if generator.bands > 1:
        check_model_bands(generator.card, name, len(raster.bands))


def area_of(raster, extent):
    """The part that an extent asks for: row, column, height, width.

    Raises
    ------
    JobError
        If it does not touch the raster.
    """
    if not extent:
        return 0, 0, raster.grid.height, raster.grid.width
    area = raster.grid.window_of(extent)
    if not (area[2] and area[3]):
        raise JobError(
            f'The extent does not touch "{raster.name}".', "Choose an extent on the raster."
        )
    return area


def check_ranges(raster, ranges, progress):
    """Say what is special about the values; refuse to work on none.

    Raises
    ------
    JobError
        If the area holds no data.
    """
    if ranges.empty:
        raise JobError(
            f'Nodata covers 100 % of "{raster.name}" there: nothing to do.',
            "Choose another extent or raster, or correct its nodata value.",
        )
    _warn_of_infinite(raster, ranges, progress)
    for number, band in enumerate(raster.bands):
        if ranges.scale[number] == 0:
            value = f"{ranges.mean[number]:.6g}"
            progress.warning(f"Band {band} is constant (value {value}): copied without the model.")


def _warn_of_infinite(raster, ranges, progress):
    shares = {
        band: share for band, share in zip(raster.bands, ranges.not_finite, strict=True) if share
    }
    if not shares:
        return
    most = max(shares.values())
    text = "< 0.1%" if most < 0.001 else f"{most:.1%}"
    if len(shares) == 1:
        said = f"Band {next(iter(shares))} contains NaN, infinite or huge values (1e37 and more) in {text} of the pixels"
    else:
        listed = ", ".join(map(str, shares))
        said = f"Bands {listed} contain NaN, infinite or huge values (1e37 and more), in up to {text} of the pixels"
    progress.warning(f"{said}: treated as nodata.")


def warn_of_type(raster, ranges, dtype, progress):
    """Say that values will be cut or hardly told apart in another data type.

    Parameters
    ----------
    raster : Raster
    ranges : Ranges
    dtype : str
        Of the result.
    progress : Progress
    """
    if np.dtype(dtype).kind == "f" or np.dtype(dtype) == np.dtype(raster.dtype):
        return
    known, is_real = np.iinfo(dtype), np.dtype(raster.dtype).kind == "f"
    for band, low, high in zip(raster.bands, ranges.low, ranges.high, strict=True):
        text = f"Band {band} holds values from {low:.6g} to {high:.6g}"
        if low < known.min or high > known.max:
            progress.warning(
                f"{text}, and {dtype} those from {known.min} to {known.max}: what lies outside is "
                "cut. Choose another OUTPUT_TYPE to keep it."
            )
        elif is_real and 0 < high - low < _FEWEST_STEPS:
            progress.warning(
                f"{text}; as whole numbers hardly any are left. Choose float32 as OUTPUT_TYPE to "
                "keep them."
            )


def settle(job, raster, readings, generator, progress):
    """Decide what the job left open.

    Parameters
    ----------
    job : UpscaleRaster
    raster : Raster
    readings : Readings
        Of the raster.
    generator : Generator
    progress : Progress

    Returns
    -------
    Settings
    """
    blur, told, found = _blur(job, raster, readings, progress)
    if generator.factor == 1 and not job.blur:
        told = 0.0  # the estimator knows coarse pixels, not the same ones made sharper
    detail = _detail(job, raster, generator, progress)
    color = job.intensity_only and len(raster.bands) >= _LEAST_BANDS_OF_COLOR
    # At the same size back-projection would bring back the noise that was removed.
    iterations = job.consistency if generator.factor > 1 else 0
    keeps_ratios = color and np.dtype(raster.dtype).kind == "u"
    made = np.dtype(raster.dtype if job.output_type == "same" else job.output_type)
    # What is lost is a thousandth of what the network adds: nothing beside the rounding.
    narrow = generator.can_be_narrow and made.kind in "iu" and made.itemsize <= 2
    return Settings(blur, told, iterations, detail, color, found, keeps_ratios, narrow)


def _blur(job, raster, readings, progress):
    if job.blur:
        return job.blur, job.blur, "named by you"
    estimator = load_estimator()
    if estimator is None:
        progress.note(
            f"The estimator of the sensor's blur does not come with this version: {USUAL} is "
            "taken, as is usual for satellites."
        )
        return USUAL, 0.0, "usual for satellites"
    blur, why = estimate(readings, estimator, progress, is_field=_is_field(raster))
    if blur is None:
        progress.note(
            f"Nothing in the raster shows its blur, as {why}: {USUAL} is taken, as is usual for "
            "satellites. Name BLUR if you know it."
        )
        return USUAL, 0.0, "nothing in the raster shows it"
    progress.note(f"The sensor's blur is estimated as {blur:.2f} (MTF at Nyquist).")
    return blur, blur, "estimated from the raster"


def _is_field(raster):
    """Whether a raster is more likely a measured field, such as elevation, than an image."""
    return len(raster.bands) == 1 and np.dtype(raster.dtype).itemsize > 1


def _detail(job, raster, generator, progress):
    if not generator.has_detail:
        if job.detail > 0 and job.method == "model":
            progress.note("The model has no texture: the faithful result is made.")
        return 0.0
    asked = job.detail >= 0
    detail = job.detail if asked else _DETAIL_OF_IMAGES * (np.dtype(raster.dtype).itemsize == 1)
    known = generator.card.training.get("gsd") if generator.card else None
    if not detail or not known or raster.gsd is None or known[0] <= raster.gsd <= known[1]:
        return float(detail)
    progress.warning(
        f"A pixel of {raster.gsd:.3g} m is outside of what the model was trained on, {known[0]:.3g} "
        f"to {known[1]:.3g} m: {'its texture may be wrong' if asked else 'no texture is added'}."
    )
    return float(detail) if asked else 0.0


def model_name(job):
    """What the tags and the report call the model."""
    if job.method == "classical":
        return "classical: cubic interpolation with back-projection"
    return os.path.basename(job.model) if job.model else "bundled"
