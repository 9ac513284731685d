"""Speed and memory of upscaling, against the convolutions that it is made of and against gdalwarp.

Run with the engine's Python from the repository: ``python test/benchmarks/upscaling_speed.py
[one core] [memory]``; gdalwarp must be installed. The models have three bands, as the raster has.

Networks and gdalwarp's resampling run on one thread each; both may read, compress and write beside it
(``gdalwarp -multi``, with the same compression). With ``one core`` neither may: all processes are held on
the first core. Rounds of all are interleaved, and the best of each counts. Times are from file to file with
the libraries loaded, as they are in QGIS after the first tool. With ``memory`` a raster of 20,000 x 20,000
pixels and three bands is made with the network of size balanced, which takes some minutes.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"
ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import numpy as np
import rasterio
import torch
from rasterio.transform import from_origin
from torch.nn import functional

from plugin.engine import model_file
from plugin.engine.networks.upscaler import Upscalers
from plugin.engine.upscaling.rolling import added_planes
from plugin.jobs.model_card import UPSCALING, ModelCard

SIDE, FACTOR, BANDS, ROUNDS = 512, 4, 3, 3
GIVEN_SIDE, LARGE_SIDE = 1536, 5000
SIZES = {"fast": (32, 6), "balanced": (48, 8)}
RUN = """
import json, sys, time
sys.path.append("test")
from peak_memory import kilobytes
from plugin.engine import work
from plugin.engine.progress import Silent
import plugin.engine.tasks.upscale_raster
values = json.loads(sys.argv[1])
start = time.monotonic()
work.do("upscale_raster", values, Silent())
seconds = time.monotonic() - start
print(seconds, kilobytes() / 1024)
"""


def main(words):
    torch.set_num_threads(1)
    if "core" in words:
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    with tempfile.TemporaryDirectory() as folder:
        if "memory" in words:
            given = write(Path(folder) / "large.tif", LARGE_SIDE, BANDS)
            seconds, peak = job(folder, given, save(folder, *SIZES["balanced"]))
            print(f"20,000 x 20,000 pixels made: {seconds:.0f} s, peak {peak:.0f} MB")
            return
        given = write(Path(folder) / "given.tif", GIVEN_SIDE, BANDS)
        measure(given, folder, "core" in words)


def measure(given, folder, alone):
    """Run everything in turns, and print millions of pixels of the input a second."""
    pixels, times = GIVEN_SIDE**2, {}

    def note(name, seconds):
        times[name] = min(seconds, times.get(name, seconds))

    models = {size: save(folder, *form, size) for size, form in SIZES.items()}
    for _ in range(ROUNDS):
        for how in ("cubic", "lanczos"):
            note(how, timed(warp, given, folder, how, alone))
        for size, form in SIZES.items():
            note(f"{size} bound", cost(*form) / convolution(form[0]))
            note(f"{size} network", timed(pure, models[size]) / SIDE**2)
            note(f"{size} job", job(folder, given, models[size])[0])
    warps = {how: pixels / times[how] for how in ("cubic", "lanczos")}
    for how, speed in warps.items():
        print(f"gdalwarp {how}: {speed / 1e6:.3f} million pixels of the input a second")
    for size in SIZES:
        bound, network = 1 / times[f"{size} bound"], 1 / times[f"{size} network"]
        whole = pixels / times[f"{size} job"]
        print(
            f"{size}: bound of the convolutions {bound / 1e6:.3f}, network alone {network / 1e6:.3f} "
            f"({network / bound:.2f} of it), Upscale raster from file to file {whole / 1e6:.3f} "
            f"({whole / bound:.2f} of the bound, {whole / network:.2f} of the network, against "
            f"gdalwarp cubic {whole / warps['cubic']:.2f}, lanczos {whole / warps['lanczos']:.2f})"
        )


def timed(action, *arguments):
    start = time.monotonic()
    action(*arguments)
    return time.monotonic() - start


def best(action, *arguments):
    """The shortest of some runs, in seconds."""
    spent = []
    for _ in range(ROUNDS):
        start = time.monotonic()
        action(*arguments)
        spent.append(time.monotonic() - start)
    return min(spent)


def convolution(width):
    """Multiplications and additions a second of one convolution between `width` channels."""
    images = torch.rand(1, width, SIDE, SIDE).to(memory_format=torch.channels_last)
    weight = torch.rand(width, width, 3, 3).to(memory_format=torch.channels_last)
    with torch.no_grad():
        functional.conv2d(images, weight, padding=1)
        seconds = best(lambda: functional.conv2d(images, weight, padding=1))
    return 2 * 9 * width**2 * SIDE**2 / seconds


def cost(width, blocks):
    """Multiplications and additions for a pixel of the input."""
    ends = (BANDS + 1) * width + width * BANDS * FACTOR**2
    return 2 * 9 * (ends + (2 * blocks + 1) * width**2)


@torch.no_grad()
def pure(path):
    """The network as the job runs it, over an image with what it sees around."""
    _, pair = model_file.load(path, UPSCALING)
    network = pair.fidelity.eval().to(memory_format=torch.channels_last)
    side = SIDE + 2 * network.receptive_radius
    added_planes(network, torch.rand(BANDS, side, side), 0.3, narrow=True)


def warp(given, folder, how, alone):
    made = str(Path(folder) / f"{how}.tif")
    with rasterio.open(given) as raster:
        size = [str(FACTOR * raster.width), str(FACTOR * raster.height)]
    beside = [] if alone else ["-multi"]
    subprocess.run(
        ["gdalwarp", "-q", "-overwrite", *beside, "-wo", "NUM_THREADS=1", "-r", how, "-ts", *size,
         "-co", "TILED=YES", "-co", "COMPRESS=DEFLATE", "-co", "PREDICTOR=2", "-co", "ZLEVEL=1",
         given, made], check=True,
    )  # fmt: skip


def job(folder, given, model):
    """Run the job in a process of its own; gives seconds and the peak of memory in MB."""
    values = {"input": given, "factor": str(FACTOR), "output": str(Path(folder) / "made.tif"),
              "detail": 0.0, "blur": 0.3, "model": model}  # fmt: skip
    said = subprocess.run(
        [sys.executable, "-c", RUN, json.dumps(values)], cwd=ROOT, stdout=subprocess.PIPE,
        text=True, check=True,
    )  # fmt: skip
    return tuple(map(float, said.stdout.split()[-2:]))


def save(folder, width, blocks, name="model"):
    torch.manual_seed(0)
    pair = Upscalers(BANDS, FACTOR, width, blocks, detail=False)
    arguments = {
        "bands": BANDS,
        "factor": FACTOR,
        "width": width,
        "blocks": blocks,
        "detail": False,
    }
    names = [{"name": f"band {number}", "unit": ""} for number in range(1, BANDS + 1)]
    card = ModelCard(
        UPSCALING, "upscaler", arguments=arguments, bands=names, halo=pair.receptive_radius
    )
    path = str(Path(folder) / f"{name}.safetensors")
    model_file.save(path, card, pair)
    return path


def write(path, side, bands):
    """A raster with ground of all scales and the contrast of an aerial image."""
    chance, values = np.random.default_rng(0), np.zeros((bands, side, side))
    for scale in (1, 4, 16, 64, 256):
        coarse = chance.normal(size=(bands, -(-side // scale), -(-side // scale)))
        values += scale**0.5 * coarse.repeat(scale, 1).repeat(scale, 2)[:, :side, :side]
    values = np.clip(128 + 2.5 * values, 0, 255).astype("uint8")
    profile = {"driver": "GTiff", "count": bands, "height": side, "width": side, "dtype": "uint8",
               "crs": "EPSG:32614", "transform": from_origin(0, 0, 4, 4), "tiled": True,
               "photometric": "MINISBLACK"}  # fmt: skip
    with rasterio.open(path, "w", **profile) as raster:
        raster.write(values)
    return str(path)


if __name__ == "__main__":
    main(sys.argv[1:])
