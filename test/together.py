"""Run job files as torchrun does, with several processes on this machine."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SECONDS = 600


def write_job(path, name, values):
    """Write a job file; its path as text."""
    path.write_text(json.dumps({"do": name, "values": values}), encoding="utf-8")
    return str(path)


def command(job, processes, restarts=0):
    """The command line that does a job with so many processes."""
    return [
        sys.executable, "-m", "torch.distributed.run", "--standalone",
        "--nproc-per-node", str(processes), "--max-restarts", str(restarts),
        "-m", "plugin.engine", "run", job,
    ]  # fmt: skip


def environment(**more):
    """One thread a process, and nothing of the test's own."""
    return {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT / "test"), **more}


def together(job, processes=2, restarts=0, **more):
    """Do a job file; exit code, outputs (None if there are none) and what was said."""
    done = subprocess.run(
        command(job, processes, restarts), capture_output=True, text=True, cwd=ROOT,
        env=environment(**more), timeout=SECONDS,
    )  # fmt: skip
    outputs = json.loads(done.stdout) if done.stdout.strip() else None
    return done.returncode, outputs, done.stderr
