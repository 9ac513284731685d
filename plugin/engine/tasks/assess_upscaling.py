"""Judge an upscaled raster, or a model, against a fine raster."""

import math
import os
from contextlib import ExitStack

from ...jobs.errors import JobError
from ...jobs.upscaling import SHARPEST, SOFTEST, check_model_bands, check_upscaler
from ..countdown import Countdown
from ..device import choose_device
from ..rasters import Raster, read_tags
from ..upscaling.assessment_report import write_assessment
from ..upscaling.comparison import UPSCALED, at_same_place, common_window, upscaled_method
from ..upscaling.crops import cut_crops
from ..upscaling.generator import Generator
from ..upscaling.judging import (
    CORRECTED,
    ITERATIONS,
    OURS,
    TEXTURED,
    by_generator,
    judge,
    trace_texture,
    usual_methods,
)
from ..upscaling.scenes import Scene, chosen_places
from ..upscaling.scoring import COLUMNS
from ..vectors import Feature, write_features

_USUAL_BLUR, _BLUR_TAG = 0.3, "DEEP_GEOLOGY_RHO"
_HALO = 24  # what more surroundings would change is under a thousandth of the values' range
_LEAST = 16


def run(job, progress):
    """Compare with the reference; write the report and the table of scores.

    Returns
    -------
    dict
        REPORT, SCORES, PSNR, SSIM, SAM (None for a single band) and CONSISTENCY of what is judged.

    Raises
    ------
    JobError
        If reference and result do not meet, or the model is of another factor.
    """
    blur, source = _blur(job)
    with ExitStack() as stack:
        reference = stack.enter_context(Raster(job.reference, job.bands))
        scene = _scene(job, reference)
        generator = None if job.upscaled else _generator(job, scene)
        methods, main = _methods(job, scene, blur, generator, stack)
        halo = min(generator.halo(blur, ITERATIONS), _HALO) if generator else _HALO
        places = [(0, place) for place in chosen_places(scene)]
        countdown = Countdown(progress.part(0.02, 0.9), len(places), "Square")
        judged = judge([scene], places, methods, main, blur, halo, countdown)
        shown = [name for name in (judged.base, CORRECTED, main, TEXTURED) if name in methods]
        judged.crops = cut_crops(judged, [scene], {name: methods[name] for name in shown}, halo)
        if generator and generator.has_detail:
            trace_texture(judged, [scene], generator, halo, progress.part(0.9, 0.99))
    if job.report:
        subject = os.path.basename(job.upscaled or job.model or "the bundled upscaler")
        facts = _facts(reference, judged, source)
        write_assessment(
            job.report, judged, f"{subject} on {reference.name}", facts, _warnings(judged)
        )
    if job.scores:
        write_scores(job.scores, judged)
    progress(1.0)
    return {**_written(job), **_numbers(judged)}


def _blur(job):
    """The blur of the coarse raster and where it is from: given, or in the upscaled raster's tags."""
    if job.blur:
        return job.blur, ""
    text = read_tags(job.upscaled)[0].get(_BLUR_TAG, "") if job.upscaled else ""
    try:
        blur = float(text)
    except ValueError:
        blur = 0.0
    if SOFTEST <= blur <= SHARPEST:
        return blur, " (as the upscaled raster says)"
    return _USUAL_BLUR, " (not given)"


def _scene(job, reference):
    """The reference, or its part that the upscaled raster covers."""
    factor, window = int(job.factor), None
    if job.upscaled:
        with at_same_place(job.upscaled, reference, job.bands):
            window = common_window(job.upscaled, reference, factor)
    scene = Scene(reference, factor, window=window)
    if min(scene.height, scene.width) < _LEAST:
        where = "Where both lie there are" if job.upscaled else f'"{reference.name}" makes'
        raise JobError(
            f"{where} {scene.width} x {scene.height} coarse pixels of factor {factor}; at least "
            f"{_LEAST} x {_LEAST} are needed.",
            "Choose a larger reference, or a smaller factor.",
        )
    if scene.scale is None:
        raise JobError(f'"{reference.name}" holds no data.', "Choose another reference.")
    return scene


def _methods(job, scene, blur, generator, stack):
    """The methods by name, and the name of the one that is judged."""
    methods = usual_methods(scene.factor, blur)
    if generator is None:
        made = stack.enter_context(at_same_place(job.upscaled, scene.raster, job.bands))
        return {**methods, UPSCALED: upscaled_method(made, scene)}, UPSCALED
    methods[OURS] = by_generator(generator, blur, job.detail)
    if generator.has_detail and job.detail < 1:
        methods[TEXTURED] = by_generator(generator, blur, 1.0)
    return methods, OURS


def _generator(job, scene):
    device = choose_device(job.device)
    if not job.model:
        return Generator.bundled(scene.factor, device)
    generator = Generator.load(job.model, device)
    check_upscaler(generator.card, job.model, scene.factor)
    check_model_bands(generator.card, scene.raster.name, len(scene.raster.bands))
    return generator


def _warnings(judged):
    if judged.left_out:
        yield f"{judged.left_out} squares with pixels without data were left out."
    if judged.scores(judged.main)["shift"] > 0.3:
        yield (
            f"The result lies {judged.scores(judged.main)['shift']:.2f} pixels off the reference: "
            "the scores tell of the shift more than of the detail."
        )


def _facts(reference, judged, source):
    return [
        ("Reference", f"{reference.name}, {reference.grid.width} x {reference.grid.height} px"),
        ("Bands", ", ".join(map(str, reference.bands))),
        ("Factor", str(judged.factor)),
        ("Blur of the coarse raster", f"{judged.blur:.2g}{source}"),
        ("Squares judged", str(len(judged.places))),
        ("Iterations of back-projection", str(ITERATIONS)),
    ]


def write_scores(path, judged):
    """Write the table of scores: a row for each method; see `write_features` for the errors."""
    columns = [("method", "text"), *((name, "real") for name in COLUMNS)]
    rows = [
        Feature(number, None, {"method": name, **_plain(judged.scores(name))})
        for number, name in enumerate(judged.tables, 1)
    ]
    write_features(path, rows, columns)


def _plain(scores):
    return {name: value if math.isfinite(value) else None for name, value in scores.items()}


def _numbers(judged):
    scores = _plain(judged.scores(judged.main))
    names = {"PSNR": "psnr", "SSIM": "ssim", "SAM": "sam", "CONSISTENCY": "consistency_mae"}
    return {name: scores[key] for name, key in names.items()}


def _written(job):
    paths = {"REPORT": job.report, "SCORES": job.scores}
    return {name: path for name, path in paths.items() if path}
