"""A program that runs a job as QGIS does, to be killed in the middle by a test.

``python parent.py fake|real ACT LOGS OUTPUT``; what the engine says goes to standard output.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "test")]

from worker.helpers import Listener, fake_worker, never, real_worker  # noqa: E402
from worker.try_out import register  # noqa: E402


class Teller(Listener):
    """Prints the text of every progress."""

    def progress(self, fraction, text):
        print(text, flush=True)


if __name__ == "__main__":
    kind, act, logs, output = sys.argv[1:]
    register()
    worker = (real_worker if kind == "real" else fake_worker)(logs)
    worker.run("try_out", {"act": act, "output": output}, Teller(), never)
