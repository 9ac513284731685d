"""Classify pixels, against the tile loop that users run an ONNX file with.

Run with the engine's Python from the repository, after ``make onnx_runtime``: ``python
test/benchmarks/against_onnxruntime.py [THREADS ...]``. Network, weights, raster, number of threads
and output are the same: the default U-Net, exported by Export model to ONNX. The loop is the one of
the plugin Deepness and of most scripts: read a tile with rasterio, divide by 255, run, take the
most probable class, write, one after the other. It is run with three layouts, in turn with our job:

- tiles and overlap as the exported file says, which Deepness takes over; their corners do not lie
  on the network's stride, so the map differs a little from ours;
- the windows that our own job takes: the same map;
- 512 pixels with 15 % of overlap, Deepness's usual ones: faster, but pixels near the seams do not
  see all that the network looks at.
"""

import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "test")]

from timing import in_processes

SIDE, ROUNDS = 4096, 3


def measure(threads):
    from plain_pixels import save_model
    from plugin.engine.pixels.planning import plan
    from plugin.engine.pixels.predictor import load_predictor
    from timing import alternately, ground, machine

    said = f"{threads} thread{'s' * (threads != '1')}"
    if threads == "1":
        print(f"machine: {machine()}, ONNX Runtime {_runtime().__version__}")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        model = save_model(folder / "m.safetensors", "unet_mobilenet_v2", dtype="uint8")
        given, ours = ground(folder / "given.tif", SIDE), str(folder / "ours.tif")
        predictor = load_predictor(model, "cpu")
        layout = plan(predictor, (0, 0, SIDE, SIDE))
        loops = {"tiles as the file says": export(folder, model)}
        loops["our windows"] = export(folder, model, layout.core + 2 * layout.halo, layout.halo)
        loops["512 pixels, 15 % overlap"] = export(folder, model, 512, 38)
        actions = {"ours": job(given, model, ours)}
        for name, (path, side, halo) in loops.items():
            made = str(folder / f"{name}.tif")
            actions[name] = loop(session(path, int(threads)), given, made, side, halo)
        best = alternately(actions, ROUNDS)
        speed = SIDE**2 / best["ours"] / 1e6
        print(f"Classify pixels, {said}: {speed:.2f} million pixels a second")
        for name, (_, side, halo) in loops.items():
            other = other_class(ours, str(folder / f"{name}.tif"))
            print(
                f"against ONNX Runtime, {name}, {said}: {best[name] / best['ours']:.2f} times as "
                f"fast (tiles of {side} pixels, {halo} around the core; {other:.3%} of its pixels "
                "get another class)",
                flush=True,
            )


def _runtime():
    sys.path.append(str(ROOT / ".build" / "onnx_runtime"))
    import onnxruntime

    return onnxruntime


def export(folder, model, side=0, halo=None):
    """Export the model with tiles of a side; its path, the side, and the halo of a tile."""
    import json

    import onnx

    from plugin.engine.progress import Silent
    from plugin.engine.tasks import export_onnx
    from plugin.jobs import ExportOnnx
    from plugin.jobs.declare import from_values

    path = str(folder / f"{side}.onnx")
    values = {"model": model, "output": path, "tile_size": side}
    export_onnx.run(from_values(ExportOnnx, values), Silent())
    known = {entry.key: json.loads(entry.value) for entry in onnx.load(path).metadata_props}
    side = known["tile_size"]
    if halo is None:
        halo = int(side * known["tiles_overlap"] / 100) // 2
    return path, side, halo


def session(path, threads):
    runtime = _runtime()
    options = runtime.SessionOptions()
    options.intra_op_num_threads = threads
    return runtime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def job(given, model, made):
    from plugin.engine.progress import Silent
    from plugin.engine.tasks import classify_pixels
    from plugin.jobs import ClassifyPixels
    from plugin.jobs.declare import from_values

    values = {"rasters": [given], "model": model, "output": made, "device": "cpu"}
    return lambda: classify_pixels.run(from_values(ClassifyPixels, values), Silent())


def loop(network, given, made, side, halo):
    """The usual tile loop from file to file."""
    import numpy as np
    import rasterio
    from rasterio.windows import Window

    name, core = network.get_inputs()[0].name, side - 2 * halo

    def run():
        with rasterio.open(given) as raster:
            profile = {**raster.profile, "count": 1, "nodata": 0}
            with rasterio.open(made, "w", **profile) as result:
                for row in range(0, raster.height, core):
                    for column in range(0, raster.width, core):
                        tile = np.zeros((raster.count, side, side), np.float32)
                        top, left = max(row - halo, 0), max(column - halo, 0)
                        bottom = min(row - halo + side, raster.height)
                        right = min(column - halo + side, raster.width)
                        window = Window(left, top, right - left, bottom - top)
                        inner = tile[:, top - row + halo : bottom - row + halo,
                                     left - column + halo : right - column + halo]  # fmt: skip
                        inner[:] = raster.read(window=window)
                        tile = tile[None] / np.float32(255)
                        chances = network.run(None, {name: tile})[0][0]
                        high, wide = (
                            min(core, raster.height - row),
                            min(core, raster.width - column),
                        )
                        inside = chances[:, halo : halo + high, halo : halo + wide]
                        classes = inside.argmax(0).astype(np.uint8) + 1
                        result.write(classes, 1, window=Window(column, row, wide, high))

    return run


def other_class(first, second):
    """Share of the pixels that two maps give another class, away from the raster's border."""
    import rasterio

    with rasterio.open(first) as one, rasterio.open(second) as two:
        inside = slice(512, -512)
        return float((one.read(1)[inside, inside] != two.read(1)[inside, inside]).mean())


if __name__ == "__main__":
    if sys.argv[1:2] == ["measure"]:
        measure(sys.argv[2])
    else:
        in_processes(__file__, sys.argv[1:])
