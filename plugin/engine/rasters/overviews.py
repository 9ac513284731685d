"""Smaller copies inside of a large raster, made by a process of its own.

GDAL keeps Python's lock while it makes them, for minutes where the raster is huge: nobody would hear
that the engine lives, and it would hear no cancel. Meanwhile the raster is read by others: what is
made is only added to its file.
"""

import json
import os
import signal
import subprocess  # nosec B404 - to run this very file
import sys
from contextlib import contextmanager

from rasterio.errors import RasterioError

_FROM = 2048  # pixels of the longer side
_THREADS = 2
_WAIT_SECONDS = 0.05


def factors(height, width):
    """How many times smaller the copies of a raster are; none for a small one."""
    side, known = max(height, width), []
    while side > _FROM and side // 2 ** len(known) > _FROM // 2:
        known.append(2 ** (len(known) + 1))
    return known


@contextmanager
def being_made(path, scales, of_classes, options):
    """Make overviews while the block goes on; its end ends what was not waited for.

    Parameters
    ----------
    path : str
        GeoTIFF.
    scales : list of int
        As `factors` gives; nothing is done without any.
    of_classes : bool
        Whether the most frequent value is taken, and not the mean.
    options : dict
        GDAL's.

    Yields
    ------
    callable
        ``wait(check)`` waits for them and calls ``check()`` meanwhile.

    Raises
    ------
    RasterioError
        From ``wait``, if they cannot be made.
    """
    if not scales:
        yield lambda check: None
        return
    asked = {"path": path, "scales": scales, "method": "mode" if of_classes else "average"}
    asked["options"] = {**options, "ZLEVEL_OVERVIEW": 1, "GDAL_NUM_THREADS": _THREADS}
    hidden = getattr(subprocess, "CREATE_NO_WINDOW", 0)
    made = subprocess.Popen(  # nosec B603 - a written command, no shell
        [sys.executable, "-X", "utf8", "-s", os.path.abspath(__file__), json.dumps(asked)],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        creationflags=hidden,
    )  # fmt: skip
    with made:
        try:
            yield lambda check: _wait(made, check)
        finally:
            made.kill()


def _wait(made, check):
    while True:
        check()
        try:
            _, said = made.communicate(timeout=_WAIT_SECONDS)
        except subprocess.TimeoutExpired:
            continue
        if made.returncode:
            text = said.decode("utf-8", "replace").strip()
            raise RasterioError(text.splitlines()[-1] if text else f"code {made.returncode}")
        return


def _make(asked):
    import rasterio
    from rasterio.enums import Resampling

    with rasterio.Env(**asked["options"]), rasterio.open(asked["path"], "r+") as dataset:
        dataset.build_overviews(asked["scales"], Resampling[asked["method"]])


def _end_with_parent():
    """Where Linux can tell: end when the process that asked ends, however it does."""
    if sys.platform == "linux":
        import ctypes

        end_when_parent_does = 1  # PR_SET_PDEATHSIG
        ctypes.CDLL(None).prctl(end_when_parent_does, signal.SIGKILL)


if __name__ == "__main__":
    _end_with_parent()
    _make(json.loads(sys.argv[1]))
