"""Run every suite of tests with the Python it needs, and add up what they say.

    python test/run_suites.py [--marks EXPRESSION] [SUITE ...]

Style is checked first. The house's rules run with this Python, the engine's tests with the engine's Python, and the
tests of the algorithms inside QGIS. A suite that fails does not keep the next from running; the
last line has the totals, and the exit status is not 0 if anything failed.
"""

import argparse
import os
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / ".build"
IN_QGIS = ("algorithms", "desktop")
LONGEST_TEST_SECONDS = 900
DEFAULT_MARKS = "not soak and not desktop"
NO_TESTS = 5  # pytest's exit status when the marks fit no test


def suites():
    """What to run: name to (program, folders and files, what the environment adds)."""
    rooms = [p for p in sorted((ROOT / "test").iterdir()) if any(p.glob("**/test_*.py"))]
    house = sorted((ROOT / "test").glob("test_*.py"))
    engine = {"PYTHONPATH": str(BUILD / "engine_tools"), "OMP_NUM_THREADS": "1"}
    return {
        "house": (sys.executable, house, {}),
        "engine": (engine_python(), [p for p in rooms if p.name not in IN_QGIS], engine),
        "qgis": (sys.executable, [p for p in rooms if p.name in IN_QGIS], qgis_environment()),
    }


def engine_python():
    """The Python that `make engine` made, or an empty text."""
    note = BUILD / "engine_python"
    return note.read_text(encoding="utf-8").strip() if note.exists() else ""


def qgis_environment():
    """Variables with which QGIS runs without a screen, with a profile of its own."""
    return {
        "PYTHONPATH": "/usr/share/qgis/python/plugins",
        "QT_QPA_PLATFORM": "offscreen",
        "QGIS_PLUGINPATH": str(BUILD / "plugins"),
        "QGIS_CUSTOM_CONFIG_PATH": str(BUILD / "profile"),
    }


def check_style():
    """Check form and rules with ruff; two checks, counted as tests."""
    print("\n=== style ===", flush=True)
    checks = (["format", "--check", "-q", "."], ["check", "-q", "."])
    ruff = [sys.executable, "-m", "ruff"]
    failed = sum(subprocess.run([*ruff, *words], cwd=ROOT).returncode != 0 for words in checks)
    if failed:
        print("Run `make format`.")
    return len(checks) - failed, failed, 0


def run(name, program, places, variables, marks):
    """Run one suite; give back the counts of passed, failed and skipped tests."""
    print(f"\n=== {name} ===", flush=True)
    if not program:
        print("The engine's Python is missing: run `make engine`.")
        return 0, 1, 0
    report = BUILD / f"{name}.xml"
    report.unlink(missing_ok=True)
    command = [program, "-m", "pytest", "-q", f"--junit-xml={report}", "-p", "no:cacheprovider"]
    command += [f"--timeout={LONGEST_TEST_SECONDS}", "-m", marks, *map(str, places)]
    status = subprocess.run(command, cwd=ROOT, env={**os.environ, **variables}).returncode
    passed, failed, skipped = counts(report)
    if status == NO_TESTS and marks != DEFAULT_MARKS:
        return 0, 0, 0
    if status and not failed:
        print(f"The {name} suite ended with status {status}.")
        failed = 1
    return passed, failed, skipped


def counts(report):
    """Passed, failed and skipped tests in a JUnit file; nothing if there is no such file."""
    if not report.exists() or not report.stat().st_size:  # the run died before its end
        return 0, 0, 0
    suite = ElementTree.parse(report).getroot().find("testsuite")
    total, errors, failures, skipped = (
        int(suite.get(key)) for key in ("tests", "errors", "failures", "skipped")
    )
    return total - errors - failures - skipped, errors + failures, skipped


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--marks", default=DEFAULT_MARKS)
    parser.add_argument("suite", nargs="*", help="style, house, engine or qgis; none: all")
    arguments = parser.parse_args()
    started = time.monotonic()
    BUILD.mkdir(exist_ok=True)
    known = suites()
    results = [
        check_style() if name == "style" else run(name, *known[name], arguments.marks)
        for name in arguments.suite or ["style", *known]
    ]
    passed, failed, skipped = (sum(column) for column in zip(*results))
    seconds = time.monotonic() - started
    line = f"{passed} passed, {failed} failed, {skipped} skipped in {seconds:.0f}s"
    (BUILD / "summary.txt").write_text(line + "\n", encoding="utf-8")
    print(f"\n=== all suites ===\n{line}", flush=True)
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
