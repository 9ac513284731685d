"""Time and memory of a whole-raster job, for rasters of growing size.

Run with the engine's Python from the repository: ``python test/benchmarks/growth_with_size.py
[SIDES ...]``; ``4096 8192 16384 32768`` takes half an hour. The job of every larger raster takes turns of
ten seconds with jobs of the smallest one, again and again, until it is done: while one runs the other
is halted. A machine that others make slow for minutes is then as slow for both; but a job that fits
into a turn is never halted midway, and going on costs, so the growth is rather overstated. One thread each, a
network of single pixels, three bands of 8 bits, classes and confidence. Overviews, and reading
back what was written, are part of it; starting Python and loading the libraries are not. The status is 1
if a pixel of a raster takes a tenth more than one of the smallest, or its job a tenth more memory.
"""

import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "test")]

from timing import WAITING, ground, machine

SHORT, MOST_MORE, TURN_SECONDS = (4096, 8192), 0.1, 10.0
RUN = """
import sys
sys.path.append("test")
from peak_memory import kilobytes
from plugin.engine.progress import Silent
from plugin.engine.tasks import classify_pixels
from plugin.jobs import ClassifyPixels
from plugin.jobs.declare import from_values
given, model, made = sys.argv[1:]
values = {"rasters": [given], "model": model, "output": made, "confidence": made + ".c.tif"}
job = from_values(ClassifyPixels, values)
print("ready", flush=True)
while True:
    classify_pixels.run(job, Silent())
    print(kilobytes() / 1024, flush=True)
"""


class Jobs:
    """A process that does one job again and again, and is halted but for its turns."""

    def __init__(self, given, model, made):
        self._process = subprocess.Popen(
            [sys.executable, "-c", RUN, given, model, made], cwd=ROOT, bufsize=0,
            stdout=subprocess.PIPE, env={**os.environ, **WAITING, "OMP_NUM_THREADS": "1"},
        )  # fmt: skip
        self._process.stdout.readline()
        self._process.send_signal(signal.SIGSTOP)
        self._turns, self._said, self.peak, self.done, self.seconds = 0.0, b"", 0.0, 0, 0.0

    def turn(self):
        """Run for a turn, or to the end of a job."""
        start = time.monotonic()
        self._process.send_signal(signal.SIGCONT)
        said, _, _ = select.select([self._process.stdout], [], [], TURN_SECONDS)
        self._process.send_signal(signal.SIGSTOP)
        self._turns += time.monotonic() - start
        self._said += os.read(self._process.stdout.fileno(), 4096) if said else b""
        if self._said.count(b"\n") > self.done:
            self.done += 1
            self.seconds = self._turns / self.done
            self.peak = float(self._said.split()[0])

    def end(self):
        self._process.kill()
        self._process.wait()


def compared(small, large, model, folder):
    """Seconds and megabytes of a job of each of two rasters, that took turns."""
    pair = [Jobs(given, model, str(folder / f"made_{name}.tif"))
            for name, given in (("small", small), ("large", large))]  # fmt: skip
    try:
        while not all(jobs.done for jobs in pair):
            for jobs in pair:
                jobs.turn()
    finally:
        for jobs in pair:
            jobs.end()
    return [(jobs.seconds, jobs.peak) for jobs in pair]


def main(words):
    from plain_pixels import save_model

    sides = sorted(int(word) for word in words if word.isdigit()) or SHORT
    status, first = 0, sides[0]
    print(f"machine: {machine()}")
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as place:
        folder = Path(place)
        model = save_model(folder / "m.safetensors", "pixel_mlp", dtype="uint8")
        small = ground(folder / "small.tif", first)
        for side in sides[1:]:
            large = ground(folder / "large.tif", side)
            (seconds, peak), (more, most) = compared(small, large, model, folder)
            each, every = 1e9 * seconds / first**2, 1e9 * more / side**2
            print(
                f"Classify pixels, {side:,} x {side:,}: {every:.0f} ns a pixel, {more:.1f} s, peak "
                f"{most:.0f} MB; {first:,} x {first:,} in turns with it: {each:.0f} ns, "
                f"{peak:.0f} MB; {every / each - 1:+.1%} time a pixel, {most / peak - 1:+.1%} memory",
                flush=True,
            )
            status |= max(every / each, most / peak) > 1 + MOST_MORE
    return int(status)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
