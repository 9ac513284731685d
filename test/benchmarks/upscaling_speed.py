"""Speed and memory of upscaling, against the convolutions that it is made of and against gdalwarp.

Run with the engine's Python from the repository: ``python test/benchmarks/upscaling_speed.py
[memory]``; gdalwarp must be installed. The models have three bands, as the raster has. Everything runs on
one thread, one after the other, in the best of three rounds. With ``memory`` a raster of 20,000 x 20,000
pixels is made, which takes a quarter of an hour.
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
from plugin.engine.networks.upscaler import Upscaler, Upscalers
from plugin.jobs.model_card import UPSCALING, ModelCard

SIDE, FACTOR, BANDS, ROUNDS = 512, 4, 3, 3
SIZES = {"fast": (32, 6), "balanced": (48, 8)}
RUN = """
import json, resource, sys, time
from plugin.engine import work
from plugin.engine.progress import Silent
import plugin.engine.tasks.upscale_raster
values = json.loads(sys.argv[1])
start = time.monotonic()
work.do("upscale_raster", values, Silent())
seconds = time.monotonic() - start
print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def main(words):
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        if "memory" in words:
            given = write(Path(folder) / "large.tif", 5000, 1)
            seconds, peak = job(folder, given, None)
            print(f"20,000 x 20,000 pixels made: {seconds:.0f} s, peak {peak:.0f} MB")
            return
        given = write(Path(folder) / "given.tif", 2 * SIDE, BANDS)
        pixels = (2 * SIDE) ** 2
        warps = {how: pixels / best(warp, given, folder, how) for how in ("cubic", "lanczos")}
        for how, speed in warps.items():
            print(f"gdalwarp {how}: {speed / 1e6:.3f} million pixels of the input a second")
        for size, (width, blocks) in SIZES.items():
            report(size, width, blocks, given, folder, pixels, warps)


def report(size, width, blocks, given, folder, pixels, warps):
    network = Upscaler(BANDS, FACTOR, width, blocks).eval().to(memory_format=torch.channels_last)
    bound = convolution(width) / cost(width, blocks)
    alone = SIDE**2 / best(pure, network)
    model = save(folder, width, blocks)
    whole = pixels / min(job(folder, given, model)[0] for _ in range(ROUNDS))
    print(
        f"{size}: bound of the convolutions {bound / 1e6:.3f} million pixels a second; network alone "
        f"{alone / bound:.2f} of it, Upscale raster from file to file {whole / bound:.2f}; against "
        f"gdalwarp cubic {whole / warps['cubic']:.2f}, lanczos {whole / warps['lanczos']:.2f}"
    )


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
def pure(network):
    network(torch.rand(1, BANDS, SIDE, SIDE).to(memory_format=torch.channels_last), torch.zeros(1))


def warp(given, folder, how):
    made = str(Path(folder) / f"{how}.tif")
    with rasterio.open(given) as raster:
        size = [str(FACTOR * raster.width), str(FACTOR * raster.height)]
    subprocess.run(
        ["gdalwarp", "-q", "-overwrite", "-r", how, "-ts", *size, "-co", "TILED=YES",
         "-co", "COMPRESS=DEFLATE", given, made], check=True,
    )  # fmt: skip


def job(folder, given, model):
    """Run the job in a process of its own; gives seconds and the peak of memory in MB."""
    values = {"input": given, "factor": str(FACTOR), "output": str(Path(folder) / "made.tif"),
              "detail": 0.0, "blur": 0.3, **({"model": model} if model else {})}  # fmt: skip
    said = subprocess.run(
        [sys.executable, "-c", RUN, json.dumps(values)], cwd=ROOT, stdout=subprocess.PIPE,
        text=True, check=True,
    )  # fmt: skip
    return tuple(map(float, said.stdout.split()[-2:]))


def save(folder, width, blocks):
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
    path = str(Path(folder) / "model.safetensors")
    model_file.save(path, card, pair)
    return path


def write(path, side, bands):
    """A raster with ground of all scales."""
    chance, values = np.random.default_rng(0), np.zeros((bands, side, side))
    for scale in (1, 4, 16, 64, 256):
        coarse = chance.normal(size=(bands, -(-side // scale), -(-side // scale)))
        values += scale**0.5 * coarse.repeat(scale, 1).repeat(scale, 2)[:, :side, :side]
    values = np.clip(128 + 8 * values, 0, 255).astype("uint8")
    profile = {"driver": "GTiff", "count": bands, "height": side, "width": side, "dtype": "uint8",
               "crs": "EPSG:32614", "transform": from_origin(0, 0, 4, 4), "tiled": True,
               "photometric": "MINISBLACK"}  # fmt: skip
    with rasterio.open(path, "w", **profile) as raster:
        raster.write(values)
    return str(path)


if __name__ == "__main__":
    main(sys.argv[1:])
