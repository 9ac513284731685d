"""Run the tests of the algorithms in several versions of QGIS; as root, on Debian 12.

    python test/run_matrix.py [--suites trixie,sid] [--marks EXPRESSION] [TEST ...]

QGIS 3.22 is Debian 12's own; newer ones come from newer Debians, each in a folder that debootstrap
makes once in `.build/debian` (2.5 GB). There QGIS has its own Python; the engine is that of
this machine, whose files are shown to it in the same places.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from run_suites import BUILD, DEFAULT_MARKS, LONGEST_TEST_SECONDS, ROOT, counts, engine_python

SUITES = {"bookworm": "3.22", "trixie": "3.40", "sid": "3.44"}
MIRROR = "http://deb.debian.org/debian"
PACKAGES = (
    "qgis", "python3-qgis", "qgis-providers", "python3-gdal", "python3-venv", "python3-pytest",
    "python3-pytest-timeout", "python3-hypothesis", "git", "make", "procps", "xvfb", "xauth",
)  # fmt: skip
TESTS = ["test/algorithms"]
APART = "unshare", "--mount", "--propagation", "private"  # mounts that no other program sees
REPOSITORY = "/repository"
SAY_VERSIONS = """
import platform
from osgeo import gdal
from qgis.core import Qgis
from qgis.PyQt.QtCore import QT_VERSION_STR
print("QGIS", Qgis.QGIS_VERSION, "- Qt", QT_VERSION_STR, "- Python", platform.python_version(),
      "- GDAL", gdal.__version__, flush=True)
"""


def say(text):
    print(text, flush=True)


def folder_of(suite):
    """The folder of a Debian; made if it is not there, or lacks a package."""
    folder = BUILD / "debian" / suite
    note = folder / "etc" / "qgis-is-installed"
    if not note.exists() or note.read_text().split() != list(PACKAGES):
        say(f"Installing QGIS in Debian {suite} in {folder} (some minutes) ...")
        make(suite, folder)
    return folder


def make(suite, folder):
    """Install a Debian with QGIS into a folder."""
    if shutil.which("debootstrap") is None:
        subprocess.run(["apt-get", "install", "-qq", "-y", "debootstrap"], check=True)
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "usr" / "bin" / "apt-get").exists():
        # What it mounts vanishes with it, so that `make clean` finds files alone.
        command = [*APART, "debootstrap", "--variant=minbase", suite, str(folder), MIRROR]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    shutil.copy("/etc/resolv.conf", folder / "etc" / "resolv.conf")
    for known in Path("/etc/apt/apt.conf.d").iterdir():  # such as a proxy
        shutil.copy(known, folder / "etc" / "apt" / "apt.conf.d")
    install = "apt-get install -qq -y --no-install-recommends " + " ".join(PACKAGES)
    command = f"export DEBIAN_FRONTEND=noninteractive; apt-get update -qq && {install}"
    inside(folder, command, [], stdout=subprocess.DEVNULL)
    (folder / "etc" / "qgis-is-installed").write_text("\n".join(PACKAGES))


def inside(folder, command, shown, variables=None, check=True, **known):
    """Run a command in a Debian, where some folders of this machine are shown.

    The mounts are in a name space of their own and vanish with the command.

    Parameters
    ----------
    folder : Path
    command : str
        For a shell.
    shown : list of (str, str)
        Place on this machine, and there.
    variables : dict, optional
        Environment of the command, beside the path of programs.
    """
    mounts = ["set -e", f"mount -t proc proc {folder}/proc", f"mount --rbind /dev {folder}/dev"]
    for here, there in shown:
        place = f"{folder}{there}"
        kind = "mkdir -p" if os.path.isdir(here) else f"mkdir -p {Path(place).parent}; touch"
        mounts += [f"{kind} '{place}'", f"mount --bind '{here}' '{place}'"]
    script = "; ".join([*mounts, f'exec chroot {folder} /bin/bash -c "$0"'])
    whole = [*APART, "/bin/bash", "-c", script, command]
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", **(variables or {})}
    return subprocess.run(whole, check=check, env=environment, **known).returncode


def engine_places():
    """Folders of this machine that the engine is made of: its environment and its Python."""
    python = Path(engine_python())
    home = python.parents[2]
    base = Path(json.loads((home / "engine.json").read_text(encoding="utf-8"))["base"])
    places = [home, base.parent]
    if base.parent == Path("/usr"):  # Debian's own; only what a newer Debian lacks
        program = python.resolve()
        places = [home, program, Path("/usr/lib") / program.name]
    return home, [(str(place), str(place)) for place in places]


def run(suite, marks, tests):
    """Run tests in the QGIS of a Debian; give back the counts of passed, failed and skipped."""
    say(f"\n=== QGIS {SUITES[suite]} (Debian {suite}) ===")
    report = BUILD / f"qgis_{suite}.xml"
    report.unlink(missing_ok=True)
    options = (
        f"-q --junit-xml=.build/{report.name} -p no:cacheprovider --timeout={LONGEST_TEST_SECONDS}"
    )
    home, places = engine_places()
    variables = {
        "DEEPGEOLOGY_HOME": str(home), "QT_QPA_PLATFORM": "offscreen", "LANG": "C.UTF-8",
        "PYTHONPATH": "/usr/share/qgis/python/plugins", "PYTHONDONTWRITEBYTECODE": "1",
        "OMP_NUM_THREADS": "1",
    }  # fmt: skip
    command = (
        f"cd {REPOSITORY} && python3 -c '{SAY_VERSIONS}' && "
        f'python3 -m pytest {options} -m "{marks}" {" ".join(tests)}'
    )
    shown = [(str(ROOT), REPOSITORY), *places]
    status = inside(folder_of(suite), command, shown, variables, check=False)
    passed, failed, skipped = counts(report)
    return passed, failed or int(status != 0), skipped


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--suites", default=",".join(SUITES), help="such as trixie,sid")
    parser.add_argument("--marks", default=DEFAULT_MARKS)
    parser.add_argument("tests", nargs="*", default=TESTS)
    arguments = parser.parse_args()
    if os.geteuid() != 0:
        parser.error("Other Debians are made and entered as root.")
    failures, table = 0, []
    for suite in arguments.suites.split(","):
        began = time.monotonic()
        if suite == "bookworm":
            passed, failed, skipped = native(arguments.marks, arguments.tests)
        else:
            passed, failed, skipped = run(suite, arguments.marks, arguments.tests)
        failures += failed
        table.append(
            f"QGIS {SUITES[suite]}: {passed} passed, {failed} failed, {skipped} skipped in "
            f"{time.monotonic() - began:.0f}s"
        )
    say("\n=== all versions ===\n" + "\n".join(table))
    return 1 if failures else 0


def native(marks, tests):
    """Run tests in the QGIS of this machine."""
    from run_suites import qgis_environment, run as run_here

    environment = qgis_environment()
    known = {**os.environ, **environment}
    subprocess.run([sys.executable, "-c", SAY_VERSIONS], check=True, env=known)
    return run_here("qgis", sys.executable, tests, environment, marks)


if __name__ == "__main__":
    sys.exit(main())
