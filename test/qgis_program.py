"""QGIS's program for algorithms without a screen."""

import json
import shutil
import subprocess

PROGRAM = shutil.which("qgis_process.bin") or shutil.which("qgis_process")


def call(*words, code=0):
    """Run qgis_process and give what it printed."""
    done = subprocess.run([PROGRAM, *words], capture_output=True, text=True, timeout=300)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + ("" if code == 0 else done.stderr)


def results(name, *words):
    """What an algorithm of ours gives, by output."""
    text = call("--json", "run", f"deepgeology:{name}", "--", *map(str, words))
    return json.loads(text[text.index("{") :])["results"]
