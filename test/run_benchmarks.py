"""Run every benchmark in its short form, and write a table of what they say.

    python test/run_benchmarks.py [TABLE]

Each runs with the engine's Python in a process of its own; the data lie beside the project (see
CONTRIBUTING). TABLE is a Markdown file, ``.build/benchmarks.md`` if none is named. What a line says
before and after its first colon becomes a row; indented lines are for who looks on.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PLACE = ROOT / "test" / "benchmarks"
# A file, and what makes it short: a minute or some for each.
SHORT = (
    ("against_onnxruntime.py", ("1",)),
    ("growth_with_size.py", ()),
    ("memory_of_a_map.py", ()),
    ("prediction_speed.py", ("1",)),
    ("real_maps.py", ("landslides", "minutes=1")),
    ("seismic_models.py", ("japan",)),
    ("training_speed.py", ("1",)),
    ("upscaling_quality.py", ("2",)),
    ("upscaling_speed.py", ()),
)


def engine_python():
    """The Python that `make engine` made."""
    return (ROOT / ".build" / "engine_python").read_text(encoding="utf-8").strip()


def rows(name, said):
    """What a benchmark said as rows of the table.

    Parameters
    ----------
    name : str
    said : str
        Lines such as ``4000 x 4000, halo: 612 MB``.

    Returns
    -------
    list of (str, str, str)
        Benchmark, what was measured, result.
    """
    lines = [line for line in said.splitlines() if ": " in line and line[0] not in " \t{}[]\"'-"]
    return [(name, *line.split(": ", 1)) for line in lines]


def table(entries):
    """Rows as a table in Markdown."""
    heads = ("benchmark", "what", "result")
    cells = [heads, ("---",) * 3, *entries]
    return "".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |\n" for row in cells
    )


def run(python, name, arguments):
    """Run a benchmark; its rows, the last of them with how long it took."""
    print(f"=== {name} {' '.join(arguments)}", flush=True)
    start, path = time.monotonic(), os.pathsep.join([str(ROOT), str(ROOT / "test")])
    with subprocess.Popen(
        [python, str(PLACE / name), *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": path},
    ) as process:  # fmt: skip
        said = ""
        for line in process.stdout:
            print(line, end="", flush=True)
            said += line
    seconds = f"{time.monotonic() - start:.0f} s"
    end = seconds if process.returncode == 0 else f"FAILED with status {process.returncode}"
    return [*rows(name, said), (name, "all of it", end)], process.returncode == 0


def main(arguments):
    place = Path(arguments[0]) if arguments else ROOT / ".build" / "benchmarks.md"
    entries, whole = [], True
    for name, short in SHORT:
        found, is_done = run(engine_python(), name, short)
        entries, whole = entries + found, whole and is_done
        place.write_text(table(entries), encoding="utf-8")
    print(f"\n{table(entries)}\nWritten to {place}.")
    return 0 if whole else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
