"""Who may import what: the table of CONVENTIONS.md, held over the syntax trees of the files."""

import ast
import sys
from pathlib import Path

import pytest

from plugin.jobs import JOBS

ROOT = Path(__file__).resolve().parent.parent
STANDARD = frozenset(sys.stdlib_module_names)
ENGINE = {"numpy", "rasterio", "torch", "torchvision", "safetensors", "sklearn", "matplotlib"}
ENGINE |= {"PIL", "affine", "scipy", "onnx"}
QGIS = {"qgis", "processing"}
BORDER = {"plugin.jobs", "plugin.worker", "plugin.proxy", "plugin.environment"}

# Room: (libraries beside the standard one, rooms of the package). The longest name that fits
# a file is its room.
ROOMS = {
    "": (QGIS, {"plugin"}),
    "algorithms": (QGIS, {"algorithms", *BORDER}),
    "plugin": (set(), {"plugin"}),
    "plugin.deep_geology": (QGIS, {"plugin", "algorithms"}),
    "plugin.desktop": (QGIS, {"plugin", "algorithms"}),
    "plugin.provider": (QGIS, {"plugin", "algorithms"}),
    "plugin.proxy": (QGIS, set()),
    "plugin.library_folder": (QGIS, {"plugin.jobs"}),
    "plugin.settings": (QGIS, {"plugin", "algorithms"}),
    "plugin.jobs": (set(), {"plugin.jobs"}),
    "plugin.engine": (ENGINE, {"plugin.engine", "plugin.jobs"}),
    "plugin.engine.windows": ({"numpy"}, set()),
    "plugin.engine.metrics": ({"numpy", "scipy", "sklearn"}, {"plugin.engine.metrics"}),
    "plugin.engine.networks": ({"torch", "torchvision"}, {"plugin.engine.networks"}),
    "plugin.engine.tasks": (ENGINE, {"plugin.engine", "plugin.jobs"}),
}
# Where a file may not import its neighbors; the list in __init__.py may.
LONELY = ("plugin.engine.networks", "plugin.engine.tasks")
OPENS_RASTERS = ("plugin.engine.rasters", "plugin.engine.self_check")
PLUGIN_NEVER = (
    "plugin.engine",
    "plugin.deep_geology",
    "plugin.desktop",
    "plugin.library_folder",
    "plugin.provider",
    "plugin.proxy",
    "plugin.settings",
)


def modules():
    """Every Python file of the package with its dotted name."""
    paths = [ROOT / "__init__.py", *(ROOT / "algorithms").rglob("*.py")]
    for path in [*paths, *(ROOT / "plugin").rglob("*.py")]:
        yield path, ".".join(path.relative_to(ROOT).with_suffix("").parts)


def is_in(name, rooms):
    return any(name == room or name.startswith(room + ".") for room in rooms)


def room_of(name):
    """The longest room that a module lies in."""
    return max((r for r in ROOMS if not r or name == r or name.startswith(r + ".")), key=len)


def imports(path, name):
    """Every import of a file as (level, dotted name, line); relative names are made whole."""
    parents = name.split(".")
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((0, alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = parents[: len(parents) - node.level] if node.level else []
            whole = ".".join([*base, *(node.module or "").split(".")]).strip(".")
            names = [f"{whole}.{alias.name}".strip(".") for alias in node.names]
            yield from ((node.level, n if node.level else whole, node.lineno) for n in names)


def may_import(name, room, level, target):
    """Whether a module of a room may import a target."""
    libraries, rooms = ROOMS[room]
    if target == "rasterio" and not is_in(name, OPENS_RASTERS):
        return False  # its parts, such as rasterio.crs, open nothing
    if not level:
        return target.split(".")[0] in STANDARD | libraries
    if room in LONELY and not name.endswith("__init__") and is_in(target, [room]):
        return False
    if room == "plugin" and is_in(target, PLUGIN_NEVER):
        return False
    return is_in(target, rooms)


@pytest.mark.parametrize("path, name", [pytest.param(p, n, id=n) for p, n in modules()])
def test_file_imports_only_what_its_room_may(path, name):
    room = room_of(name)
    wrong = [
        f"{path.name}:{line} imports {target}"
        for level, target, line in imports(path, name)
        if not may_import(name, room, level, target)
    ]
    assert wrong == []


def test_table_refuses_what_it_should():
    refused = [
        ("plugin.jobs.declare", 0, "numpy"),
        ("plugin.worker", 0, "torch"),
        ("plugin.worker", 0, "qgis.core"),
        ("plugin.worker", 1, "plugin.engine.device"),
        ("plugin.engine.device", 0, "qgis.core"),
        ("plugin.engine.device", 2, "plugin.worker"),
        ("plugin.engine.windows", 0, "rasterio"),
        ("plugin.engine.prediction", 0, "rasterio"),
        ("plugin.engine.metrics.classification", 0, "torch"),
        ("plugin.engine.networks.small_cnn", 1, "plugin.engine.networks.mobilenet_v2"),
        ("plugin.engine.networks.small_cnn", 3, "plugin.jobs.errors"),
        ("plugin.engine.tasks.classify_raster", 1, "plugin.engine.tasks.classify_images"),
        ("algorithms.classify_raster", 0, "torch"),
        ("algorithms.classify_raster", 2, "plugin.engine.rasters"),
        ("algorithms.classify_raster", 0, "deep_geology.plugin.jobs"),
    ]
    assert [r for r in refused if may_import(r[0], room_of(r[0]), *r[1:])] == []


@pytest.mark.parametrize(
    "path", [pytest.param(p, id=n) for p, n in modules() if not is_in(n, ["plugin.engine"])]
)
def test_qgis_side_reads_on_python_3_9(path):
    tree = ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 9))
    newer = [node.lineno for node in ast.walk(tree) if is_newer_than_3_9(node)]
    assert newer == []


def is_newer_than_3_9(node):
    """Whether a part of a program fails on Python 3.9 only when it runs."""
    if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "zip":
        return any(keyword.arg == "strict" for keyword in node.keywords)
    said = [getattr(node, "annotation", None), getattr(node, "returns", None)]
    return any(isinstance(annotation, ast.BinOp) for annotation in said)


def test_every_job_has_its_task_its_algorithm_and_its_test():
    without_engine = {"prepare_engine", "download_engine"}  # plugin/environment.py does these
    missing = [
        str(path)
        for job in JOBS
        for path in (f"algorithms/{job}.py", f"test/algorithms/test_{job}.py")
        + (() if job in without_engine else (f"plugin/engine/tasks/{job}.py",))
        if not (ROOT / path).is_file()
    ]
    assert missing == []


def test_every_algorithm_is_in_the_written_list():
    tree = ast.parse((ROOT / "algorithms" / "__init__.py").read_text(encoding="utf-8"))
    listed = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert set(JOBS) <= listed
