"""The job that collects the engine's packages for a computer with no connection."""

from dataclasses import dataclass

from .declare import choice, new_folder, result_number
from .prepare_engine import BACKENDS

PLATFORMS = (
    ("this", "This computer"),
    ("linux", "Linux, 64-bit Intel or AMD"),
    ("windows", "Windows, 64-bit Intel or AMD"),
    ("macos", "macOS, Apple silicon"),
)
PYTHONS = (("this", "As on this computer"),) + tuple(
    (version, f"Python {version}") for version in ("3.10", "3.11", "3.12", "3.13", "3.14")
)


@dataclass(frozen=True)
class DownloadEngine:
    """Collect the engine's packages in a folder, for a computer with no connection."""

    backend: str = choice(
        "Computing device", "cpu", BACKENDS, help="What the networks will run on there."
    )
    platform: str = choice(
        "Computer", "this", PLATFORMS, help="The system of the computer that has no connection."
    )
    python_version: str = choice(
        "Python", "this", PYTHONS, help="The version of Python on that computer."
    )
    output: str = new_folder(
        "Folder of wheels", help="Carry it over and give it to Prepare engine."
    )
    packages: float = result_number("Number of packages")
