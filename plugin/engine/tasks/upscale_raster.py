"""Make a raster finer."""

from functools import partial

from .. import ranks, strips
from ..dense_prediction import predict_dense
from ..layout import Layout
from ..rasters import Raster
from ..upscaling.asking import (
    area_of,
    check_ranges,
    check_raster,
    load_generator,
    model_name,
    settle,
    warn_of_type,
)
from ..upscaling.bands import InNetworkRange, Ranges, Readings, measure
from ..upscaling.checking import check_result
from ..upscaling.fine_raster import form_of, open_fine_raster
from ..upscaling.result_report import write_result_report
from ..upscaling.windowed import Settings, Upscaling, band_groups, plan

_MEASURED, _FILLED, _MADE = 0.1, 0.92, 0.97


def run(job, progress):
    """Upscale a raster, window by window; no window shows in the result.

    Returns
    -------
    dict
        OUTPUT, and SYNTHESIZED_DETAIL and REPORT if they were asked for.

    Raises
    ------
    JobError
        If the raster or the extent cannot be upscaled, or not with this model.
    """
    generator = load_generator(job)
    with Raster(job.input, job.bands) as raster:
        check_raster(raster, generator)
        area, readings = area_of(raster, job.extent), Readings(raster, job.nodata)
        measuring = partial(measure, readings, area, progress.part(0, _MEASURED))
        ranges = ranks.once(measuring, Ranges)
        check_ranges(raster, ranges, progress)
        settings = ranks.once(lambda: settle(job, raster, readings, generator, progress), Settings)
        form = form_of(raster, job.output_type, job.nodata, ranges.holes)
        warn_of_type(raster, ranges, form.dtype, progress)
        tags = _tags(job, generator, settings, raster)
        _say(job, generator, settings, len(raster.bands), progress)
        known = form, ranges, tags, progress.part(_FILLED, _MADE)
        made = open_fine_raster(job, raster, area, generator.factor, *known)
        with made as fine:
            _fill(fine, (generator, settings), (readings, ranges, area), job, progress)
        _say_what_came(fine, raster, progress)
        if job.report:
            progress(_MADE, "Writing the report")
            given = job.output, readings, area, settings, generator.factor
            check = check_result(*given, progress)
            made = raster, ranges, settings, generator, fine, area
            write_result_report(job, made, check, model_name(job))
    return _outputs(job)


def _fill(fine, means, source, job, progress):
    """Upscale group after group of bands."""
    generator, settings = means
    readings, ranges, area = source
    groups = band_groups(generator, len(readings.bands))
    for number, group in enumerate(groups):
        bands = InNetworkRange(readings, ranges, group)
        invents, levels = bool(job.synthesized_detail), bands.levels
        levels = levels if settings.keeps_ratios else None
        work = Upscaling(generator, settings, len(bands.bands), invents, levels)
        known = generator, settings, area, work.channels, ranges.holes, job.window_size
        layout, count = _agreed_plan(*known)
        if not number:
            progress.note(
                f"{len(layout):,} window{'s' * (len(layout) > 1)} of {layout.core} pixel{'s' * (layout.core > 1)}, with {layout.halo} around each: "
                "the result does not depend on the size of the windows."
            )
        part = progress.part(_MEASURED, _FILLED).part(
            number / len(groups), (number + 1) / len(groups)
        )
        pieces = partial(predict_dense, work, bands, layout, part, count, None)
        strips.fill(fine.of(group), len(layout.rows), pieces, part, (layout, count, settings))
    strips.finish()


def _agreed_plan(*known):
    """The plan that suits the memory of the first process, in all of them."""
    layout, count = plan(*known)
    return Layout(**ranks.agreed(vars(layout))), ranks.agreed(count)


def _tags(job, generator, settings, raster):
    gsd = f"{raster.gsd:.3g} m" if raster.gsd else "a pixel of the source"
    return {
        "DEEP_GEOLOGY_MODEL": model_name(job),
        "DEEP_GEOLOGY_FACTOR": str(generator.factor),
        "DEEP_GEOLOGY_ALPHA": f"{settings.detail:g}",
        "DEEP_GEOLOGY_RHO": f"{settings.blur:.3f}",
        "DEEP_GEOLOGY_CONSISTENCY": str(settings.iterations),
        "DEEP_GEOLOGY_SEED": str(job.seed),
        "DEEP_GEOLOGY_SOURCE": raster.name,
        "DEEP_GEOLOGY_NOTE": f"super-resolved; detail below {gsd} is inferred",
    }


def _say(job, generator, settings, bands, progress):
    if job.method == "model" and job.model and int(job.factor) != generator.factor:
        progress.note(
            f"The model makes rasters {generator.factor} times finer: FACTOR is not used."
        )
    if job.synthesized_detail and not settings.detail:
        progress.note("No texture is added, so the raster of synthesized detail is 0 everywhere.")
    groups = band_groups(generator, bands)
    if settings.detail and settings.intensity_only and len(groups) > 1:
        progress.warning(
            f"{bands} bands are too many at once: the texture is the same in {groups[0].stop} bands at "
            "a time, and the ratios of bands of different groups change."
        )


def _say_what_came(fine, raster, progress):
    if fine.holes == fine.pixels:
        progress.warning(f'"{raster.name}" holds no data there; every pixel is nodata.')
    elif fine.holes:
        progress.note(f"No data: {fine.holes / fine.pixels:.1%} of the pixels.")


def _outputs(job):
    known = {"OUTPUT": job.output, "SYNTHESIZED_DETAIL": job.synthesized_detail}
    return {name: path for name, path in {**known, "REPORT": job.report}.items() if path}
