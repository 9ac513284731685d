"""Wall time of classifying, detecting and upscaling from file to file, against the network alone.

Run with the engine's Python from the repository: ``python test/benchmarks/prediction_speed.py
[THREADS ...]``. The reference is the same prepared network, which is given the same batches of
windows again, from memory and normalized, one after the other; nothing is read, put together or
written. Both take turns in one process, and the best of some rounds counts.
"""

import sys
import tempfile
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "test")]

from timing import in_processes

ROUNDS = 3


def measure(threads):
    from plugin.engine import device
    from timing import machine

    device.choose_device("cpu")
    if threads == "1":
        print(f"machine: {machine()}")
    said = f"{threads} thread{'s' * (threads != '1')}"
    with tempfile.TemporaryDirectory() as folder:
        for case in (_pixels, _cells, _objects, *_UPSCALED):
            report(*case(Path(folder)), said)


def report(what, network, methods, run, amount, unit, said):
    """Record what the network is asked during a first run; then time the runs and the asking."""
    from timing import alternately

    asked = recorded(network, methods, run)
    best = alternately({"job": run, "network": partial(replay, asked)}, ROUNDS)
    print(
        f"{what}, {said}: {best['network'] / best['job']:.2f} of the network alone "
        f"({amount / best['job']:.3g} {unit} a second, {len(asked)} calls)",
        flush=True,
    )


def recorded(network, methods, run):
    """The calls of a network's or module's functions while `run` runs: (function, arguments), copied."""
    asked = []

    def keep(method, *arguments, **into):
        asked.append((method, [_copy(value) for value in arguments]))
        return method(*arguments, **into)

    with ExitStack() as kept:
        for name in methods:
            watched = partial(keep, getattr(network, name))
            kept.enter_context(mock.patch.object(network, name, watched))
        run()
    return asked


def _copy(value):
    return value.clone() if hasattr(value, "clone") else value


def replay(asked):
    import torch

    with torch.inference_mode():
        for method, arguments in asked:
            method(*arguments)


def _pixels(folder):
    """Classify pixels with the default network."""
    from plain_pixels import save_model
    from plugin.engine.pixels.predictor import load_predictor
    from plugin.engine.tasks import classify_pixels
    from plugin.jobs import ClassifyPixels
    from timing import ground

    side = 4096
    model = save_model(folder / "pixels.safetensors", "unet_mobilenet_v2", dtype="uint8")
    known = load_predictor(model, "cpu")
    classify_pixels.load_predictor = lambda *ignored: known
    values = {"rasters": [ground(folder / "g4.tif", side)], "model": model}
    run = _job(classify_pixels, ClassifyPixels, {**values, "output": str(folder / "map.tif")})
    methods = ("features", "classify")
    return "Classify pixels", known.network, methods, run, side**2 / 1e6, "million pixels"


def _cells(folder):
    """Slide the default image classifier."""
    import torch

    from plain_pixels import pixel_card
    from plugin.engine import model_file
    from plugin.engine.classifier import load_classifier
    from plugin.engine.networks import build_classifier
    from plugin.engine.tasks import classify_raster
    from plugin.jobs import ClassifyRaster
    from plugin.jobs.model_card import CLASSIFICATION
    from timing import ground

    side, patch, stride = 2048, 64, 32
    torch.manual_seed(0)
    network = build_classifier("mobilenet_v2", 3, 3)
    card = pixel_card("mobilenet_v2", patch=patch, chip=patch, dtype="uint8")
    card = type(card)(**{**vars(card), "task": CLASSIFICATION})
    model = str(folder / "images.safetensors")
    model_file.save(model, card, network)
    known = load_classifier(model, "cpu")
    classify_raster.load_classifier = lambda *ignored: known
    values = {"input": ground(folder / "g2.tif", side), "model": model, "stride": stride}
    outputs = {"output": str(folder / "cells.tif"), "confidence": str(folder / "sure.tif")}
    run = _job(classify_raster, ClassifyRaster, {**values, **outputs})
    return "Classify raster", known.network, ("forward",), run, (side / stride) ** 2, "patches"


def _objects(folder):
    """Find objects with the default detector."""
    import torch

    from plain_pixels import pixel_card
    from plugin.engine import model_file
    from plugin.engine.detection.finder import load_finder
    from plugin.engine.networks import build_detector
    from plugin.engine.tasks import detect_objects
    from plugin.jobs import DetectObjects
    from plugin.jobs.model_card import DETECTION
    from timing import ground

    side = 2048
    torch.manual_seed(0)
    network = build_detector("fcos_mobilenet_v2_fpn", 3, 3)
    card = pixel_card("fcos_mobilenet_v2_fpn", patch=512, dtype="uint8")
    card = type(card)(**{**vars(card), "task": DETECTION})
    model = str(folder / "objects.safetensors")
    model_file.save(model, card, network)
    known = load_finder(model, "cpu")
    detect_objects.load_finder = lambda *ignored: known
    values = {"input": ground(folder / "g3.tif", side), "model": model}
    run = _job(detect_objects, DetectObjects, {**values, "output": str(folder / "o.geojson")})
    return "Detect objects", known[1].network, ("forward",), run, side**2 / 1e6, "million pixels"


def _finer(folder, size):
    """Upscale with the bundled model, or with a network of three bands, of some size."""
    from upscaling_speed import SIZES, save, write

    from plugin.engine.tasks import upscale_raster
    from plugin.engine.upscaling import neighbors
    from plugin.jobs import UpscaleRaster

    side = 2048
    model = "" if size == "bundled" else save(folder, *SIZES[size], size)
    values = {
        "input": write(folder / "g1.tif", side, 3),
        "model": model,
        "factor": "4",
        "blur": 0.3,
    }
    run = _job(upscale_raster, UpscaleRaster, {**values, "output": str(folder / "fine.tif")})
    amount = side**2 / 1e6
    return f"Upscale raster, {size}", neighbors, ("added_planes",), run, amount, "million pixels"


_UPSCALED = [partial(_finer, size=size) for size in ("bundled", "balanced", "fast")]


def _job(task, declared, values):
    from plugin.engine.progress import Silent
    from plugin.jobs.declare import from_values

    return lambda: task.run(from_values(declared, values), Silent())


if __name__ == "__main__":
    if sys.argv[1:2] == ["measure"]:
        measure(sys.argv[2])
    else:
        in_processes(__file__, sys.argv[1:])
