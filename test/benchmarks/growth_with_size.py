"""Time and memory of a whole-raster job, for rasters of growing size.

Run with the engine's Python from the repository: ``python test/benchmarks/growth_with_size.py
[SIDES ...]``; ``4096 8192 16384 32768`` takes half an hour. Every size runs on one thread in a process
of its own, with a network of single pixels, three bands of 8 bits, classes and confidence; the best
of some rounds counts, in which the sizes take turns. Overviews, and reading back what was written,
are part of it; starting Python and loading the libraries are not. The status is 1 if a pixel of the
largest raster takes a tenth more than one of the smallest, or its job a tenth more memory.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "test")]

from timing import WAITING, ground, machine

SHORT, MOST_MORE = (4096, 8192), 0.1
RUN = """
import sys, time
sys.path.append("test")
from peak_memory import kilobytes
from plugin.engine.progress import Silent
from plugin.engine.tasks import classify_pixels
from plugin.jobs import ClassifyPixels
from plugin.jobs.declare import from_values
given, model, made = sys.argv[1:]
values = {"rasters": [given], "model": model, "output": made, "confidence": made + ".c.tif"}
start = time.monotonic()
classify_pixels.run(from_values(ClassifyPixels, values), Silent())
seconds = time.monotonic() - start
print(seconds, kilobytes() / 1024)
"""


def once(given, model, made):
    """Seconds and megabytes of one run."""
    said = subprocess.run(
        [sys.executable, "-c", RUN, given, model, made], cwd=ROOT, text=True, check=True,
        stdout=subprocess.PIPE, env={**os.environ, **WAITING, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    return tuple(map(float, said.stdout.split()[-2:]))


def main(words):
    from plain_pixels import save_model

    sides = [int(word) for word in words if word.isdigit()] or SHORT
    rounds = 3 if max(sides) < 10_000 else 2
    best, peaks = {}, {}
    print(f"machine: {machine()}")
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as place:
        folder = Path(place)
        model = save_model(folder / "m.safetensors", "pixel_mlp", dtype="uint8")
        rasters = {side: ground(folder / f"{side}.tif", side) for side in sides}
        for _ in range(rounds):
            for side, given in rasters.items():
                seconds, peak = once(given, model, str(folder / "made.tif"))
                print(f"  {side:,}: {seconds:.1f} s, {peak:.0f} MB", flush=True)
                best[side] = min(best.get(side, seconds), seconds)
                peaks[side] = max(peaks.get(side, peak), peak)
    return tell(best, peaks)


def tell(best, peaks):
    """Say what was measured; the status."""
    per_pixel = {side: 1e9 * seconds / side**2 for side, seconds in best.items()}
    for side in best:
        print(
            f"Classify pixels, {side:,} x {side:,}: {per_pixel[side]:.0f} ns a pixel, "
            f"{best[side]:.1f} s, peak {peaks[side]:.0f} MB"
        )
    first, last = min(best), max(best)
    time, memory = per_pixel[last] / per_pixel[first] - 1, peaks[last] / peaks[first] - 1
    print(
        f"from {first:,} to {last:,} pixels a side: {time:+.1%} time a pixel, {memory:+.1%} memory"
    )
    return int(max(time, memory) > MOST_MORE)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
