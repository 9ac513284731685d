"""The real engine with one more job: ``python engine_with_try_out.py [run job.json]``."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "test")]

from plugin.engine.__main__ import main  # noqa: E402
from worker.try_out import register  # noqa: E402

if __name__ == "__main__":
    register()
    sys.exit(main(sys.argv[1:]))
