"""Make the engine's Python environment as Prepare engine does, unless it stands already.

    python test/make_engine.py FILE

The path of the engine's Python is written into FILE. The variables BACKEND (cpu, cuda), PYTHON
and WHEELS are the parameters of Prepare engine.
"""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from plugin import environment  # noqa: E402
from plugin.jobs import JOBS  # noqa: E402
from plugin.jobs.declare import from_values  # noqa: E402
from plugin.jobs.errors import JobError  # noqa: E402


class Telling:
    """Prints what is found and every stage once; leaves the flow of progress out."""

    def __init__(self):
        self._stage = ""

    def progress(self, fraction, text):
        stage = text.split(":")[0]
        if stage != self._stage:
            self._stage = stage
            print(f"{fraction:4.0%}  {text}", flush=True)

    def note(self, text):
        print(text, flush=True)

    def warning(self, text):
        print(text, file=sys.stderr, flush=True)

    def log(self, line):
        """The lines of pip are in the log file of the engine's folder."""


def asked_for():
    """Values of the job from the variables that are set."""
    names = ("BACKEND", "PYTHON", "WHEELS")
    return {name.lower(): os.environ[name] for name in names if os.environ.get(name)}


def main(path):
    try:
        if environment.engine_python() is None or asked_for():
            job = from_values(JOBS["prepare_engine"], asked_for())
            environment.prepare(job, Telling(), lambda: False)
    except JobError as error:
        return str(error)
    Path(path).write_text(str(environment.engine_python()) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
