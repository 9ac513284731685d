"""A job and its task for tests of the real engine: each act is one thing that tasks do."""

import errno
import os
import subprocess
import sys
import time
import types
from dataclasses import dataclass

from plugin.jobs import JOBS
from plugin.jobs.declare import integer, new_file, result_text, text
from plugin.jobs.errors import JobError
from plugin.jobs.places import part_path


@dataclass(frozen=True)
class TryOut:
    """Do one thing that a task may do."""

    act: str = text("Act", help="What to do.")
    number: int = integer("Number", 0, minimum=0, help="How often, or how long.")
    output: str = new_file("Output", "txt", help="Where to write.", optional=True)
    pid: str = result_text("Process id")


def register():
    """Make the job and its task known, as those of the package are."""
    JOBS["try_out"] = TryOut
    task = types.ModuleType("plugin.engine.tasks.try_out")
    task.run = run
    sys.modules[task.__name__] = task


def run(job, progress):
    return globals()[job.act](job, progress)


def tell(job, progress):
    progress.note("a note")
    progress.warning("a warning")
    progress.metric("loss", 0.25, 1)
    progress(1.0, "all of it")
    return {"PID": os.getpid(), "OUTPUT": job.output}


def report_often(job, progress):
    for number in range(2000):
        progress(number / 2000, f"image {number + 1} of 2000")
    return {"SECONDS": 0}


def print_a_lot(job, progress):
    print("a library prints", flush=True)
    os.write(1, b'{"say": "done", "id": 1, "outputs": {"FALSE": 1}}\n')
    subprocess.run([sys.executable, "-c", "print('and its child prints')"], check=True)
    return {"INPUT": sys.stdin.read()}


def give_odd_values(job, progress):
    import numpy

    progress.metric("loss", numpy.float32("nan"), numpy.int64(1))
    return {
        "NAN": float("nan"),
        "FLOAT": numpy.float32(0.5),
        "INT": numpy.int64(3),
        "ARRAY": numpy.array([[1, 2], [3, 4]]),
        "FLAG": numpy.bool_(True),
    }


def wait(job, progress):
    """Work as a task should: half-written file, a look at cancel at every step."""
    write_part(job)
    for step in range(600):
        progress(step / 600, str(os.getpid()))
        time.sleep(0.05)


def wait_shortly(job, progress):
    """Be at work for as long as a test may take to kill the engine."""
    write_part(job)
    for step in range(160):
        progress(step / 160)
        time.sleep(0.05)
    os.remove(part_path(job.output))
    return {}


def wait_deaf(job, progress):
    """Work as a task should not: never look at cancel, and have children."""
    write_part(job)
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    progress(0.0, f"{os.getpid()} {child.pid}")
    time.sleep(60)


def write_part(job):
    with open(part_path(job.output), "w") as file:
        file.write("half")


def refuse(job, progress):
    write_part(job)
    raise JobError("The raster is empty.", "Choose another.")


def divide(job, progress):
    write_part(job)
    return 1 / job.number


def exit(job, progress):
    sys.exit(3)


def use_all_memory(job, progress):
    raise MemoryError()


def use_all_memory_of_torch(job, progress):
    import torch

    return {"X": torch.empty(2**50)}


def fill_the_disk(job, progress):
    raise OSError(errno.ENOSPC, "No space left on device", job.output)


def be_refused_by_the_disk(job, progress):
    raise PermissionError(errno.EACCES, "Permission denied", job.output)


def crash(job, progress):
    import ctypes

    ctypes.string_at(0)


def tell_libraries(job, progress):
    names = ("torch", "torchvision", "rasterio", "qgis")
    return {
        "LOADED": [name for name in names if name in sys.modules],
        "NAMES": {name: os.environ.get(name) for name in ("PROJ_LIB", "GDAL_DATA", "MPLBACKEND")},
        "UTF8": sys.flags.utf8_mode,
    }


def reproject(job, progress):
    from rasterio.warp import transform

    (easting,), (northing,) = transform("EPSG:4326", "EPSG:32632", [9.0], [0.0])
    return {"EASTING": easting, "NORTHING": northing}
