"""What the benchmarks of speed share: a ground, models, rounds, and the machine."""

import os
import platform
import subprocess
import sys
import time

import numpy as np
import rasterio
import torch
from rasterio.transform import from_origin

SCALES = (1, 4, 16, 64, 256)
# As the engine's own door sets it.
WAITING = {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "3000"}


def in_processes(script, words):
    """Run ``script measure THREADS`` for every number of threads in words, or for 1 and 2."""
    for threads in [word for word in words if word.isdigit()] or ["1", "2"]:
        known = {**os.environ, **WAITING, "OMP_NUM_THREADS": threads}
        subprocess.run([sys.executable, script, "measure", threads], env=known, check=True)


def alternately(actions, rounds):
    """Run actions in turn, some rounds; the shortest time of each, in seconds.

    Parameters
    ----------
    actions : dict of str to callable
    rounds : int
    """
    spent = {name: [] for name in actions}
    for _ in range(rounds):
        for name, action in actions.items():
            start = time.monotonic()
            action()
            spent[name].append(time.monotonic() - start)
    return {name: min(times) for name, times in spent.items()}


def ground(path, side, bands=3, seed=0):
    """Write a raster of 8 bits with ground of all scales, tiled and compressed; gives its path."""
    profile = {
        "driver": "GTiff", "count": bands, "height": side, "width": side, "dtype": "uint8",
        "crs": "EPSG:32614", "transform": from_origin(5e5, 4e6, 10, 10), "tiled": True,
        "compress": "DEFLATE", "photometric": "MINISBLACK", "BIGTIFF": "IF_SAFER",
    }  # fmt: skip
    part = _tile(bands, min(side, 2048), np.random.default_rng(seed))
    with rasterio.open(path, "w", **profile) as raster:
        for row in range(0, side, part.shape[1]):
            for column in range(0, side, part.shape[2]):
                some = part[:, : side - row, : side - column]
                window = rasterio.windows.Window(column, row, some.shape[2], some.shape[1])
                raster.write(some, window=window)
    return str(path)


def _tile(bands, side, chance):
    values = np.zeros((bands, side, side), np.float32)
    for scale in SCALES:
        coarse = chance.normal(size=(bands, -(-side // scale), -(-side // scale)))
        coarse = coarse.astype(np.float32).repeat(scale, 1).repeat(scale, 2)
        values += scale**0.5 * coarse[:, :side, :side]
    return np.clip(128 + 8 * values, 1, 255).astype("uint8")


def machine():
    """The processor and the versions, for the head of a table."""
    name = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo", encoding="ascii") as file:
            name = next(line.split(":")[1].strip() for line in file if "model name" in line)
    except (OSError, StopIteration):
        pass
    return f"{name}, {os.cpu_count()} cores, PyTorch {torch.__version__}, {platform.system()}"
