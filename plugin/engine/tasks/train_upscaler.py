"""Train a generator that makes rasters finer."""

import math

from ...jobs.errors import JobError
from ...jobs.model_card import UPSCALING, ModelCard
from .. import model_file
from ..countdown import Countdown
from ..device import choose_device, describe
from ..facts import versions
from ..upscaling.contrast import check_contrast
from ..upscaling.crops import cut_crops
from ..upscaling.generator import Generator
from ..upscaling.ground import (
    LEFT_OUT,
    VALIDATION,
    blocks_of,
    close_scenes,
    divide,
    open_scenes,
    scored_places,
)
from ..upscaling.judging import (
    CORRECTED,
    OURS,
    TEXTURED,
    by_generator,
    judge,
    trace_texture,
    usual_methods,
)
from ..upscaling.learning import TILES, Budget, learn
from ..upscaling.lessons import training_images, watched_patches
from ..upscaling.simulation import Sensor
from ..upscaling.starting import SCRATCH, learned_before, make_start
from ..upscaling.training_report import training_warnings, write_training_report

_USUAL_BLUR = 0.3
_NOISE, _NOISE_SAME_SIZE = 0.0025, 0.03
_HALO, _MOST_BANDS = 24, 32
_NEAR = 1.5  # pixels that much larger or smaller show ground that looks the same


def run(job, progress):
    """Train and validate; write the model and its report.

    Returns
    -------
    dict
        MODEL, REPORT, PSNR_GAIN over cubic interpolation in dB and SSIM of the faithful generator,
        on ground that took no part in the training.

    Raises
    ------
    JobError
        If there is too little ground, or nothing on it, or rasters do not belong together.
    """
    device, factor = choose_device(job.device), int(job.factor)
    budget, tile = Budget.of(job.minutes, device, progress.started), TILES[factor]
    scenes = open_scenes(job, progress.part(0, 0.03))
    try:
        bands = _bands(scenes)
        blocks = divide(scenes, tile, job.validation_share, job.seed)
        check_contrast(scenes, blocks, tile, job.seed, progress)
        sensor, blur = _sensor(job, scenes)
        _say(progress, scenes, blocks, sensor, device)
        kinds = training_images(scenes, blocks, tile, job.seed, progress.part(0.03, 0.06))
        _check_images(kinds)
        watched = watched_patches(scenes, blocks, tile, bands, blur)
        network, start = make_start(job, bands, progress)
        learned = learn(network, start, kinds, watched, sensor, job, device, budget,
                        progress.part(0.06, 0.9))  # fmt: skip
        judged = _judged(job, scenes, blocks, learned, blur, device, progress.part(0.9, 0.99))
        card = _card(job, scenes, learned, judged, sensor, start)
        progress.check()
        if job.model:
            model_file.save(job.model, card, learned.network)
        if job.report:
            ground = _ground(scenes, blocks)
            facts, before = _facts(job, card, describe(device)), card.training["before"]
            told = list(training_warnings(judged, learned))
            write_training_report(job.report, judged, learned, ground, facts, told, before)
    finally:
        close_scenes(scenes)
    for text in training_warnings(judged, learned):
        progress.warning(text)
    progress(1.0)
    outputs = {"MODEL": job.model, "REPORT": job.report}
    numbers = {"PSNR_GAIN": judged.gain(OURS)[0], "SSIM": judged.scores(OURS)["ssim"]}
    return {**{name: path for name, path in outputs.items() if path}, **numbers}


def _bands(scenes):
    bands = len(scenes[0].raster.bands)
    if bands > _MOST_BANDS:
        raise JobError(
            f"{bands} bands are chosen; an upscaler takes at most {_MOST_BANDS} together.",
            "Choose one band: a model of one band suits any raster, each band by itself.",
        )
    return bands


def _sensor(job, scenes):
    """How coarse rasters come about, and the blur with which the model is judged."""
    factor = int(job.factor)
    noise = _NOISE_SAME_SIZE if factor == 1 else _NOISE
    pairs = [scene.pair for scene in scenes if scene.pair]
    if pairs:
        blur = sum(pair.blur for pair in pairs) / len(pairs)
        return Sensor(factor, blur, blur, noise), blur
    blur = min(max(_USUAL_BLUR, job.softest_blur), job.blur)
    return Sensor(factor, job.softest_blur, job.blur, noise), blur


def _say(progress, scenes, blocks, sensor, device):
    validation = len(blocks_of(blocks, VALIDATION))
    kind = "raster or image" if len(scenes) == 1 else "rasters or images"
    progress.note(
        f"{len(scenes):,} {kind} in {len(blocks):,} blocks; "
        f"{validation:,} of them are kept for the scores."
    )
    left_out = len(blocks_of(blocks, LEFT_OUT))
    if left_out:
        progress.note(
            f"{left_out:,} blocks show some ground of these in another raster: they train nothing."
        )
    for scene in scenes:
        if scene.pair:
            moved = math.hypot(*scene.pair.moved)
            progress.note(
                f'"{scene.pair.coarse.name}" is {scene.name} with a blur of about '
                f"{scene.pair.blur:.2f}, {moved:.2f} px shifted; {scene.pair.error:.0%} of its "
                "standard deviation is not explained by that."
            )
    progress.note(f"Training on {describe(device)}.")


def _check_images(kinds):
    if not kinds:
        raise JobError(
            "No block of the ground is left to train on: all are kept for the scores, or show the "
            "same ground as those.",
            "Choose larger rasters, images of more places, or a smaller validation share.",
        )


def _judged(job, scenes, blocks, learned, blur, device, progress):
    """Scores on the validation blocks, beside methods that learn nothing."""
    generator = Generator.of(learned.network, None, device)
    methods = usual_methods(generator.factor, blur)
    methods[OURS] = by_generator(generator, blur)
    if generator.has_detail:
        methods[TEXTURED] = by_generator(generator, blur, 1.0)
    places = scored_places(blocks, TILES[generator.factor], job.seed)
    countdown = Countdown(progress.part(0, 0.7), len(places), "Square")
    judged = judge(scenes, places, methods, OURS, blur, _HALO, countdown)
    names = [name for name in (judged.base, CORRECTED, OURS, TEXTURED) if name in methods]
    shown = {name: methods[name] for name in names}
    judged.crops = cut_crops(judged, scenes, shown, _HALO, job.seed)
    if generator.has_detail:
        trace_texture(judged, scenes, generator, _HALO, progress.part(0.7, 1.0))
    return judged


def _card(job, scenes, learned, judged, sensor, start):
    first, network = scenes[0].raster, learned.network
    fidelity = network.fidelity
    names = [
        name or f"band {number}" for number, name in zip(first.bands, first.names, strict=True)
    ]
    bands = [{"name": name, "unit": ""} for name in names] if fidelity.bands > 1 else []
    sizes = [scene.raster.gsd for scene in scenes if scene.raster.gsd]
    gained, between = judged.gain(OURS)
    return ModelCard(
        task=UPSCALING, network="upscaler",
        arguments={
            "bands": fidelity.bands, "factor": fidelity.factor,
            "width": fidelity.first.out_channels, "blocks": len(fidelity.body),
            "detail": network.detail is not None,
        },
        bands=bands, dtype=first.dtype, gsd=min(sizes, default=None),
        normalization=scenes[0].scale.as_card(), halo=fidelity.receptive_radius,
        training={
            "blur": [sensor.softest, sensor.sharpest], "start": start, "steps": learned.steps,
            "before": learned_before(job, start),
            "rasters": [scene.name for scene in scenes[:20]], "count": len(scenes),
            "gsd": [min(sizes) / _NEAR, max(sizes) * _NEAR] if sizes else [],
            "paired": bool(job.coarse), "minutes": job.minutes,
            "adversarial": _said_stage(learned.tutored),
        },
        scores={
            "validated": f"{len(judged.places)} squares of blocks that no patch of this training "
            f"touches, blur {judged.blur:.2f}; cubic interpolation beside"
            + (f"; began from {start}, which had learned before" if start != SCRATCH else ""),
            "psnr_gain": gained, "psnr_gain_interval": [v for v in between if math.isfinite(v)],
            "cubic": _plain(judged.scores(judged.base)), "generator": _plain(judged.scores(OURS)),
            **({"texture": _plain(judged.scores(TEXTURED))} if network.detail is not None else {}),
        },
        seed=job.seed, versions=versions(),
    )  # fmt: skip


def _said_stage(tutored):
    if tutored is None:
        return "none"
    return tutored.stopped or f"step {tutored.best_step}, {len(tutored.rollbacks)} times back"


def _plain(scores):
    return {name: value if math.isfinite(value) else None for name, value in scores.items()}


def _ground(scenes, blocks):
    """Name, size and blocks of every scene, for the map."""
    by_scene = {}
    for block in blocks:
        by_scene.setdefault(block.scene, []).append((block.place, block.part))
    return [
        (scene.name, (scene.height, scene.width), by_scene[number])
        for number, scene in enumerate(scenes)
    ]


def _facts(job, card, device):
    known, training = card.arguments, card.training
    return [
        ("Fine rasters or images", f"{training['count']:,}"),
        ("Bands", str(known["bands"])),
        ("Network", f"{known['width']} channels, {known['blocks']} blocks"),
        ("Began from", training["start"]),
        ("What that had learned from", training["before"] or "–"),
        ("Blur of the coarse rasters", " to ".join(f"{blur:.2f}" for blur in training["blur"])),
        ("Coarse rasters", "given" if training["paired"] else "simulated"),
        ("Length", f"{job.steps:,} steps" if job.steps else f"{job.minutes:g} min"),
        ("Adversarial stage", training["adversarial"]),
        ("Seed", str(job.seed)),
        ("Computed on", device),
    ]
