"""The engine's door.

``python -m plugin.engine`` serves QGIS: one JSON message a line, as `plugin.jobs.protocol` says.
``python -m plugin.engine run job.json`` does one job without QGIS.
"""

import faulthandler
import gc
import os
import sys

from ..jobs import protocol
from ..jobs.errors import JobError
from . import command, facts, work
from .channel import Channel, private_handles
from .service import Service, end_now

# Another program's data folders; the wheels of rasterio bring PROJ's and GDAL's own.
FOREIGN = ("PROJ_LIB", "PROJ_DATA", "GDAL_DATA", "GDAL_DRIVER_PATH")


def main(arguments):
    """Serve, or run one job file.

    Parameters
    ----------
    arguments : list of str
        Nothing, or ``["run", "job.json"]``.

    Returns
    -------
    int
        Exit code.
    """
    if len(arguments) not in (0, 2) or arguments[:1] not in ([], ["run"]):
        print("Usage: python -m plugin.engine [run job.json]", file=sys.stderr)
        return command.FAILED
    settle_environment()
    asks, answers = private_handles()
    faulthandler.enable()  # a crash inside a library leaves its Python trace in the log
    if arguments:
        # Threads of the libraries may still be at work, and would abort an exit in order.
        return end_now(command.run(arguments[1], answers))
    return serve(asks, answers)


def settle_environment():
    """Set what the libraries read from the environment, before they are imported."""
    for name in FOREIGN:
        os.environ.pop(name, None)
    os.environ["MPLBACKEND"] = "Agg"
    os.environ.setdefault("PYTORCH_ENABLE_MPS_FALLBACK", "1")
    # Threads that wait must sleep: with spinning ones a second busy program, such as QGIS
    # itself, makes a training step ten times slower. But not at once: most waits are for another
    # thread that is nearly done, and waking up costs more. Measured on two threads: a training
    # step of MobileNetV2 took 71 ms instead of 118 alone, 200 instead of 344 beside a busy program.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("GOMP_SPINCOUNT", "3000")


def serve(asks, answers):
    """Serve QGIS until it asks to leave or is gone."""
    channel = Channel(answers)
    service = Service(asks, channel)
    service.listen()
    try:
        facts.import_libraries()
    except JobError as error:
        why = work.explain(error, "start")
        channel.send(protocol.failed(None, why.found, why.remedy, why.trace))
        return end_now(command.FAILED)
    gc.freeze()  # the libraries stay: looking through them after every job would take 0.3 s
    channel.send(protocol.ready(facts.versions(), facts.devices(), os.getpid()))
    service.serve()
    return end_now()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
