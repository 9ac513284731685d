"""Which rasters cannot be made finer, learned from, or paired."""

from ..plugin.jobs.errors import JobError
from ..plugin.jobs.model_card import read_card
from ..plugin.jobs.upscaling import check_model_bands, check_pair, check_size, palette_refused

_CLOSE = 0.05  # a turned raster tells its pixels' size less exactly


def check_finer(asked):
    """Refuse rasters that cannot be made finer, nor learned from."""
    for header in asked.headers.get("input") or asked.headers.get("fine") or ():
        if header.width:
            check_size(header.name, header.width, header.height)
        if header.is_palette:
            raise palette_refused(header.name)


def check_upscaler_bands(asked):
    job, header = asked.job, asked.stack()[0]
    least, most = header.chosen(asked.numbers())
    if job.model and header.is_file and least == most:
        check_model_bands(read_card(job.model), header.name, most)


def check_fine_and_coarse(asked):
    job, factor = asked.job, int(asked.job.factor)
    fine = asked.headers["fine"]
    for one, other in zip(asked.headers["coarse"], fine):
        if one.crs.isValid() and other.crs.isValid() and one.crs != other.crs:
            raise JobError(
                f'"{one.name}" and "{other.name}" have different coordinate reference systems.',
                "Warp one of them to the system of the other.",
            )
        is_close = other.side and abs(one.side / other.side / factor - 1) < _CLOSE
        bands = [_count(asked, header) for header in (one, other)]
        if all(bands) and other.side:
            sizes = (factor, 1) if is_close else (one.side, other.side)
            check_pair((one.name, other.name), bands, sizes, factor)
    count = _count(asked, fine[0]) if fine else 0
    if job.start_from == "model" and count:
        check_model_bands(read_card(job.base_model), fine[0].name, count, "training")


def _count(asked, header):
    """How many bands are read of a raster; 0 if the header leaves it open."""
    least, most = header.chosen(asked.numbers())
    return most if least == most and header.is_file else 0


def check_alike(asked):
    """Refuse rasters of a training that have different numbers of bands."""
    counts = [_count(asked, header) for header in asked.stack()]
    odd = [place for place, count in enumerate(counts) if count != counts[0]]
    if all(counts) and odd:
        first, other = asked.stack()[0], asked.stack()[odd[0]]
        raise JobError(
            f'"{other.name}" has {counts[odd[0]]} bands, "{first.name}" has {counts[0]}.',
            "Choose rasters with the same bands, or the bands that all of them have.",
        )
