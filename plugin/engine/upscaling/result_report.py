"""The report on an upscaled raster."""

import os

from ..degradation import DETECTOR
from ..device import describe
from ..report import METHOD, NUMBERS, PICTURES, Report
from .result_pictures import before_and_after, draw_held, draw_spectra

_MOST_ROWS = 40
# Mean difference from the input, in parts of its range, of a result that is true to it.
_TRUE, _NEARLY = 0.01, 0.05


def write_result_report(job, made, check, model):
    """Write the report on an upscaled raster as one HTML file: before and after come first.

    Parameters
    ----------
    job : UpscaleRaster
    made : tuple
        Raster, Ranges, Settings, Generator, FineRaster and the area of the run.
    check : Check
    model : str
        What the model is called.

    Raises
    ------
    JobError
        If it cannot be written.
    """
    raster, ranges, settings, generator, fine, area = made
    factor = generator.factor
    title = os.path.basename(job.output)
    report = Report(title, f"{raster.name}, {_times(factor)}, {model}", [title, raster.name])
    report.verdict(
        _headline(check, ranges, factor),
        _sizes(area, factor),
        *_sentences(check, ranges, settings, fine),
    )
    _add_pictures(report, check, factor)
    _add_measurements(report, check, raster, ranges, settings)
    if factor > 1 and check.pairs:
        report.section(
            "What was added",
            PICTURES,
            "Right of the dotted line lies what is finer than the input: interpolation leaves "
            "next to nothing there; what the result has is inferred.",
        ).figure(draw_spectra(check, factor), "", "Power spectra of interpolation and result")
    report.section("Settings", METHOD).facts(_facts(job, made, model))
    report.write(job.report)


def _times(factor):
    return "made sharper" if factor == 1 else f"{factor} times finer"


def _headline(check, ranges, factor):
    what = _times(factor)[0].upper() + _times(factor)[1:]
    if not check.input.size:
        return f"{what}; whether it still is what was measured cannot be told."
    off = check.missed(ranges)[0].mean()
    if off <= _TRUE:
        return f"{what}, and true to what was measured: made coarse again it is the input."
    word = "and nearly true to" if off <= _NEARLY else "but far from"
    return f"{what}, {word} what was measured."


def _sizes(area, factor):
    height, width = area[2:]
    if factor == 1:
        return f"{width:,} × {height:,} pixels, made sharper."
    return f"{width:,} × {height:,} pixels became {width * factor:,} × {height * factor:,}."


def _sentences(check, ranges, settings, fine):
    said = []
    if check.input.size:
        mean, most = check.missed(ranges)
        said.append(
            f"Made coarse again, the result differs from the input by {_share(mean.mean())} of its "
            f"range on average, {_share(most.max())} at most, {check.where}."
        )
    if settings.detail:
        said.append(
            f"Texture {settings.detail:g} was added: it looks natural but is inferred, not measured."
        )
    else:
        said.append("No texture was added: this is the most faithful result.")
    if fine.holes:
        said.append(f"{fine.holes / fine.pixels:.1%} of the pixels hold no data, as in the input.")
    said.append(
        "How near it is to the truth cannot be told without a finer raster: Assess upscaling does "
        "that where you have one."
    )
    return said


def _share(value):
    return "less than 0.01%" if value < 1e-4 else f"{value:.2%}"


def _add_pictures(report, check, factor):
    report.section("Before and after", PICTURES)
    heads = ["Before", "Cubic interpolation", "After"]
    if factor == 1:
        heads.pop(1)
    report.table(heads, [before_and_after(pair, factor) for pair in check.pairs])
    report.paragraph("The same stretch of values in all pictures of a row.")


def _add_measurements(report, check, raster, ranges, settings):
    times = "at once" if settings.blur >= DETECTOR else f"in {settings.iterations} steps"
    held = f"It was corrected to it {times}." if settings.iterations else ""
    report.section(
        "Is it still the measurements?",
        PICTURES if check.input.size else NUMBERS,
        f"The result was made coarse again, with a sensor's response of {settings.blur:.2f} at the "
        f"finest frequency of the input ({settings.found}), and compared with the input {check.where}. {held}",
    )
    if not check.input.size:
        report.paragraph("No pixel lies far enough from holes and borders to tell.")
        return
    report.figure(
        draw_held(check, ranges),
        "Left: every point a pixel; on the line the input comes back. Right: the share of the "
        "pixels that are at most so far from it.",
        "Result made coarse again against input",
    )
    mean, most = check.missed(ranges)
    bias = (check.again - check.input).mean(axis=1)
    rows = [
        [
            raster.names[place] or f"Band {raster.bands[place]}",
            *(f"{value:.6g}" for value in (ranges.low[place], ranges.high[place])),
            f"{bias[place] / max(ranges.high[place] - ranges.low[place], 1e-300):+.4%}",
            f"{mean[place]:.3%}",
            f"{most[place]:.2%}",
        ]
        for place in range(min(len(raster.bands), _MOST_ROWS))
    ]
    report.section("Band by band", NUMBERS)
    report.table(["Band", "Least", "Greatest", "Bias", "Mean difference", "Largest"], rows)


def _facts(job, made, model):
    raster, _, settings, generator, fine, _ = made
    in_all = settings.detail and settings.intensity_only
    detail = f"{settings.detail:g}" + (", the same in all bands" if in_all else "")
    facts = [
        ("Raster", raster.name),
        ("Model", model),
        ("Factor", str(generator.factor)),
        ("Texture", detail),
        ("Sensor blur", f"{settings.blur:.2f} (MTF at Nyquist), {settings.found}"),
        ("Consistency", f"{settings.iterations} iterations"),
        ("Data type", fine.form.dtype),
        ("Nodata", _nodata(fine.form)),
        ("Device", describe(generator.device)),
        (
            "Numerical precision",
            "bfloat16 products, single-precision sums" if settings.narrow else "single",
        ),
    ]
    if job.synthesized_detail and settings.detail and fine.pixels > fine.holes:
        count = (fine.pixels - fine.holes) / generator.factor**2
        means = ", ".join(f"{value / count:.4g}" for value in fine.invented[:_MOST_ROWS])
        facts.insert(4, ("Synthesized detail, mean of each band", means))
    return facts


def _nodata(form):
    if form.masked:
        return "a mask in the file"
    return "none" if form.nodata is None else f"{form.nodata:g}"
