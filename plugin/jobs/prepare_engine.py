"""The job that makes the engine's Python environment; done by `plugin.environment`."""

from dataclasses import dataclass

from .declare import choice, file, folder, result_text

BACKENDS = (("cpu", "CPU: runs on every computer"), ("cuda", "CUDA: needs an NVIDIA GPU"))


@dataclass(frozen=True)
class PrepareEngine:
    """Install PyTorch and the other libraries of the engine in a place of their own."""

    backend: str = choice(
        "Computing device",
        "cpu",
        BACKENDS,
        help="What the networks run on. CUDA needs an NVIDIA graphics card and a larger download.",
    )
    python: str = file(
        "Use this Python",
        optional=True,
        help="The python program of an environment of your own that already has the engine's "
        "libraries; it is checked by running it. A plain Python 3.10 to 3.14 without them serves to "
        "make the environment from. Empty: QGIS's own Python does.",
    )
    wheels: str = folder(
        "Folder of wheels (offline)",
        optional=True,
        help="A folder of packages made by Download engine packages on a connected computer. "
        "Empty: packages are downloaded.",
    )
    torch: str = result_text("PyTorch version")
    devices: str = result_text("Devices, separated by commas")
    location: str = result_text("Folder of the environment")
