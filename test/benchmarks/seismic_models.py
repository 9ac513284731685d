"""Time, memory and scores of training, forecasting and testing on the two catalogs of the data.

Run with the engine's Python from the repository: ``python test/benchmarks/seismic_models.py japan
california``. Every step runs in a process of its own, with as many threads as OMP_NUM_THREADS says.
The data lie in ``../shared/data/earthquakes``.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data" / "earthquakes"
CASES = {
    "japan": {
        "catalog": "japan_1990_2019.csv", "completeness": 4.5, "window_days": 7, "cell_size": 0.5,
        "start": "1992-01-01", "train_end": "2007-01-01", "validation_end": "2011-01-01",
        "test_end": "2020-01-01",
    },
    "california": {
        "catalog": "scedc_1932_2024_m2.csv", "completeness": 2.5, "window_days": 1,
        "cell_size": 0.1, "start": "1993-01-01", "train_end": "2007-01-01",
        "validation_end": "2011-01-01", "test_end": "2019-01-01",
    },
}  # fmt: skip
RUN = """
import json, os, sys, time
sys.path.append("test")
from peak_memory import kilobytes
from plugin.engine.progress import Progress
from plugin.engine.tasks import forecast_seismic_grid, test_seismic_forecast, train_seismic_forecast
from plugin.jobs import JOBS
name, values = sys.argv[1], json.loads(sys.argv[2])
tell = lambda kind, **words: kind in ("note", "warning") and print(words["text"], file=sys.stderr)
start, used = time.monotonic(), os.times()
outputs = sys.modules["plugin.engine.tasks." + name].run(JOBS[name](**values), Progress(tell))
now, memory = os.times(), kilobytes()
spent = now.user + now.system - used.user - used.system
print(json.dumps([outputs, time.monotonic() - start, spent, memory / 1024]))
"""


def measure(name, **values):
    """Run a job in a process of its own; prints time and memory, gives its outputs."""
    start = time.monotonic()
    said = subprocess.run(
        [sys.executable, "-c", RUN, name, json.dumps(values)], cwd=ROOT, stdout=subprocess.PIPE,
        text=True, check=True,
    )  # fmt: skip
    outputs, seconds, spent, peak = json.loads(said.stdout.splitlines()[-1])
    whole = time.monotonic() - start
    print(f"{name}: {seconds:.1f} s ({spent:.1f} s of processor, {whole:.1f} s with imports), "
          f"peak {peak:.0f} MB", flush=True)  # fmt: skip
    return outputs


def go_through(case, folder):
    """Train, forecast and test one case; prints the scores beside those of the references."""
    asked = dict(CASES[case], catalog=str(DATA / CASES[case]["catalog"]))
    for key in ("start", "train_end", "validation_end", "test_end"):
        asked[key] += "T00:00:00"
    model, scores = os.path.join(folder, f"{case}.safetensors"), os.path.join(folder, "s.json")
    catalog, report = asked["catalog"], os.path.join(folder, f"{case}.html")
    trained = measure("train_seismic_forecast", **asked, model=model, report=report)
    print(json.dumps(trained))
    output = os.path.join(folder, "f.tif")
    measure("forecast_seismic_grid", model=model, catalog=catalog, output=output)
    tested = measure(
        "test_seismic_forecast", model=model, catalog=catalog, report=report, scores=scores
    )
    print(json.dumps(tested))
    return json.loads(Path(scores).read_text(encoding="utf-8"))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        folder = os.environ.get("KEEP_IN", place)
        for wanted in sys.argv[1:] or list(CASES):
            print(f"--- {wanted}")
            found = go_through(wanted, folder)
            found.pop("windows", None)
            print(json.dumps(found, indent=1))
