"""Peak memory of making a map, for rasters of several sizes.

Run with the engine's Python from the repository: ``python test/benchmarks/memory_of_a_map.py``, and
with ``--large`` for a raster of 20,000 x 20,000 pixels against one of 4,000 x 4,000. Other sizes can be
named. Every size runs in a process of its own, with a small network and all outputs but trust; the
status is 1 if the largest needs 10 % more than the smallest, or 2 GB.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import rasterio

ROOT = Path(__file__).resolve().parents[2]
SHORT, LARGE = (3000, 7000), (4000, 20000)
MOST_MORE_PERCENT, MOST_MEGABYTES = 10, 2000
RUN = """
import sys
from peak_memory import kilobytes
from plain_pixels import level_network, pixel_card
from plugin.engine import device
from plugin.engine.pixels.predictor import PixelPredictor
from plugin.engine.progress import Silent
from plugin.engine.tasks import classify_pixels
from plugin.jobs import ClassifyPixels
cpu, blended = device.choose_device("cpu"), int(sys.argv[3])
known = PixelPredictor(pixel_card("levels"), level_network(radius=4), cpu)
classify_pixels.load_predictor = lambda *ignored: known
path, kinds = sys.argv[1], sys.argv[2].split(",")
places = {kind: f"{path}.{kind}.tif" for kind in kinds}
job = ClassifyPixels(rasters=[path], model="m", bands=[], extent=None, overlap=2 * blended,
                     confidence=places.get("confidence"), output=places["output"],
                     probabilities=places.get("probabilities"), trust=None)
classify_pixels.run(job, Silent())
print(kilobytes() / 1024)
"""


def megabytes(folder, side, kinds=("output", "confidence"), blended=False):
    """Peak memory in MB of a process that maps a raster of so many rows and columns."""
    path = os.path.join(folder, f"{side}.tif")
    shape = {"width": side, "height": side, "count": 3, "dtype": "uint8"}
    place = {"transform": rasterio.Affine(10, 0, 5e5, 0, -10, 5.4e6), "crs": "EPSG:32633"}
    tiles = {"tiled": True, "blockxsize": 512, "blockysize": 512, "compress": "DEFLATE"}
    with rasterio.open(path, "w", driver="GTiff", **shape, **place, **tiles) as raster:
        part = np.random.default_rng(0).integers(20, 220, (3, 512, 1)).astype(np.uint8)
        part = np.ascontiguousarray(np.broadcast_to(part, (3, 512, 512)))
        for _, window in raster.block_windows(1):
            raster.write(part[:, : window.height, : window.width], window=window)
    said = subprocess.run(
        [sys.executable, "-c", RUN, path, ",".join(kinds), str(int(blended))],
        cwd=ROOT, capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([".", "test"])},
    )  # fmt: skip
    with rasterio.open(f"{path}.output.tif") as classes:
        if classes.shape != (side, side) or not classes.read(1).all():
            raise ValueError("the map is not whole")
    return float(said.stdout)


def compare(sizes, blended):
    """Say the memory of every size; tells whether it stays the same."""
    peaks, how = [], "blended" if blended else "halo"
    for size in sizes:
        start = time.monotonic()
        with tempfile.TemporaryDirectory() as place:
            peaks.append(megabytes(place, size, blended=blended))
        seconds = time.monotonic() - start
        print(f"{size:,} x {size:,}, {how}: {peaks[-1]:.0f} MB, {seconds:.0f} s", flush=True)
    more = 100 * (peaks[-1] / peaks[0] - 1)
    print(f"from the first to the last, {how}: {more:+.1f} % of memory", flush=True)
    return more < MOST_MORE_PERCENT and max(peaks) < MOST_MEGABYTES


def main(arguments):
    usual = LARGE if "--large" in arguments else SHORT
    sizes = [int(word) for word in arguments if word.isdigit()] or usual
    is_even = [compare(sizes, blended) for blended in (False, True)]
    return 0 if all(is_even) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
