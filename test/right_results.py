"""Is what a job wrote right? What can be told of any result, and more of some jobs."""

import json
import math
import os

import numpy as np
import rasterio
from rasterio.enums import ColorInterp

from plugin.jobs import JOBS
from plugin.jobs.declare import declared
from plugin.jobs.model_card import read_card


def check_results(name, values, made, said):
    """Check the outputs of a job that was done.

    Parameters
    ----------
    name, values : str, dict
        The job.
    made : dict
        Output by name in upper case, as it gave it back.
    said : list of (kind, words)
        What it told meanwhile.
    """
    parts = {part.name: part for part in declared(JOBS[name])}
    for key, value in made.items():
        part = parts[key.lower()]
        if part.kind in _CHECKS and value:
            _CHECKS[part.kind](value)
    for part in parts.values():
        wished = values.get(part.name)
        if part.is_output and wished and not part.optional:
            assert os.path.exists(wished), f"{part.name} is missing"
    json.dumps(made, default=_plain)
    if name in _OWN:
        _OWN[name](values, made, said)


def _plain(value):
    assert isinstance(value, (np.generic, np.ndarray)), value
    return value.tolist()


def _raster(path):
    with rasterio.open(path) as dataset:
        dataset.read(1)
        assert dataset.width > 0 and dataset.height > 0


def _features(path):
    with open(path, encoding="utf-8") as file:
        made = json.load(file, parse_constant=_no_constant)
    assert made["type"] == "FeatureCollection"


def _no_constant(word):
    raise AssertionError(f"{word} is no JSON")


def _file(path):
    assert os.path.getsize(path) > 0
    if path.endswith(".safetensors"):
        read_card(path)
    elif path.endswith(".html"):
        with open(path, encoding="utf-8") as file:
            page = file.read()
        for bad in ("<script>alert", "<b>x</b>", "<b>bold", "Traceback"):
            assert bad not in page, bad


def _number(value):
    assert isinstance(value, (int, float, np.number)) or value is None, value


_CHECKS = {
    "new_raster": _raster, "new_features": _features, "new_file": _file, "result_number": _number,
}  # fmt: skip


def _same_ground(path, source):
    """A result covers the ground of its source; gives both datasets' facts."""
    with rasterio.open(source) as wanted, rasterio.open(path) as made:
        assert made.crs == wanted.crs
        corners = wanted.transform * (0, 0), wanted.transform * (wanted.width, wanted.height)
        ends = made.transform * (0, 0), made.transform * (made.width, made.height)
        side = math.hypot(*(b - a for a, b in zip(*corners)))
        return [math.dist(a, b) / max(side, 1e-300) for a, b in zip(corners, ends)]


def _whole(values):
    return not values.get("extent")


def _classes(path, model):
    with rasterio.open(path) as made:
        found = set(np.unique(made.read(1)).tolist())
    known = {entry["value"] for entry in read_card(model).classes}
    assert found <= known | {0}, (found, known)


def _classify_raster(values, made, said):
    _classes(made["OUTPUT"], values["model"])
    with rasterio.open(values["input"]) as wanted, rasterio.open(made["OUTPUT"]) as raster:
        assert raster.crs == wanted.crs


def _classify_pixels(values, made, said):
    _classes(made["OUTPUT"], values["model"])
    if _whole(values):
        assert max(_same_ground(made["OUTPUT"], values["rasters"][0])) < 1e-9
    for key in ("CONFIDENCE", "PROBABILITIES"):
        if made.get(key):
            with rasterio.open(made[key]) as raster:
                found = raster.read()
            known = found[np.isfinite(found)]
            assert ((known >= 0) & (known <= 1 + 1e-5)).all()


def _upscale(values, made, said):
    if not _whole(values):
        return
    assert max(_same_ground(made["OUTPUT"], values["input"])) < 1e-6
    with rasterio.open(values["input"]) as coarse, rasterio.open(made["OUTPUT"]) as fine:
        factor = round(fine.width / coarse.width)
        assert (fine.height, fine.width) == (factor * coarse.height, factor * coarse.width)
        assert fine.count in _counts_of_bands(values, coarse), (fine.count, coarse.count)


def _counts_of_bands(values, coarse):
    """As many bands as were asked for; else all, or all but those marked as alpha."""
    if values.get("bands"):
        return [len(values["bands"])]
    marked = coarse.colorinterp.count(ColorInterp.alpha)
    return [coarse.count, coarse.count - marked]


def _grid(values, made, said):
    with rasterio.open(made["OUTPUT"]) as raster:
        counts = raster.read()
    assert np.nansum(counts) == made["EVENTS"]


def _one_feature_each(values, made, said):
    with open(values["input"], encoding="utf-8") as file:
        asked = json.load(file)["features"]
    with open(made["OUTPUT"], encoding="utf-8") as file:
        answered = json.load(file)["features"]
    assert len(answered) == len(asked) or _warned(said), (len(answered), len(asked))


def _chips(values, made, said):
    names = [name for _, _, files in os.walk(made["OUTPUT"]) for name in files]
    assert made["CHIPS"] == sum(name.endswith((".tif", ".png")) for name in names)
    _inside(made["OUTPUT"])


def _images(values, made, said):
    names = [name for _, _, files in os.walk(made["OUTPUT"]) for name in files]
    assert len(names) == values["count"]
    _inside(made["OUTPUT"])


def _inside(folder):
    """Nothing in a folder is a link, which could lead elsewhere."""
    for place, folders, files in os.walk(folder):
        assert not any(os.path.islink(os.path.join(place, name)) for name in folders + files)


def _warned(said):
    return any(kind == "warning" for kind, _ in said)


_OWN = {
    "classify_raster": _classify_raster,
    "classify_pixels": _classify_pixels,
    "upscale_raster": _upscale,
    "grid_catalog": _grid,
    "classify_features": _one_feature_each,
    "export_training_chips": _chips,
    "generate_images": _images,
}
