"""What this engine is made of."""

import configparser
import platform
from importlib import import_module
from pathlib import Path

from ..jobs.errors import JobError

LIBRARIES = ("torch", "torchvision", "rasterio", "numpy")
_METADATA = Path(__file__).resolve().parents[2] / "metadata.txt"


def import_libraries():
    """Import what every job needs, so that a waiting engine starts computing at once.

    Raises
    ------
    JobError
        If a library is missing or broken.
    """
    try:
        versions()
    except Exception as error:
        said = str(error).strip().splitlines()
        raise JobError(
            f"The engine's libraries cannot be loaded: {said[0] if said else type(error).__name__}.",
            'Run "Prepare engine" again.',
        ) from error


def versions():
    """Version by name: the plugin's, Python's and the libraries'."""
    return {
        "deep_geology": _own_version(),
        "python": platform.python_version(),
        **{name: import_module(name).__version__ for name in LIBRARIES},
    }


def _own_version():
    """As QGIS is told; nothing tells it where only the folder of the engine was copied."""
    known = configparser.ConfigParser(interpolation=None)
    known.read(_METADATA, encoding="utf-8")
    return known.get("general", "version", fallback="unknown")


def devices():
    """List the devices that torch can compute on, such as ``["cpu", "cuda:0"]``."""
    import torch

    found = ["cpu"] + [f"cuda:{number}" for number in range(torch.cuda.device_count())]
    return found + ["mps"] if torch.backends.mps.is_available() else found
