"""Bad and odd values for every kind of field, drawn with hypothesis and written to a folder.

Each function takes `draw` (of hypothesis), a folder for files and the usual value, and gives what
a person, a script or a stranger's file may put in its place.
"""

import json
import math

import numpy as np
import rasterio
from hypothesis import strategies as st
from rasterio.enums import ColorInterp

from landscapes import NORTH_UP, ROTATED, SOUTH_UP, UTM, write_raster

NAMES = (
    "plain", "with space", "naïve Ünïcode ☃ 地質", "it's 100% & <b>bold", "a.b.c", "-dash", "#1",
    "semi;colon,comma", "[0]", "{x}", "*", "a" * 100,
)  # fmt: skip
TEXTS = (
    "", " ", "x" * 5000, "nul\0byte", "../../up", "<script>alert(1)</script>", "ünï ☃", "\ud800",
    "'; DROP TABLE x; --", "0", "-1", "nan", "1e999", "1 = a; 2 = b", "=", ";", "a\nb", "[]", "{}",
    "https://127.0.0.1:9/", "file:///etc/passwd", "%s%n", "__class__", "None", "/dev/null",
)  # fmt: skip
SCRAPS = (None, True, False, 0, -1, 3, 2.5, math.nan, math.inf, -math.inf, 10**30, 1e308, [], {},
          [None], ["a", 1], {"a": 1}, [[]], "")  # fmt: skip
CRSS = (UTM, None, "EPSG:4326", "EPSG:3857", "EPSG:4978", "EPSG:2154", "EPSG:3995")
PLACES = {
    "north up": NORTH_UP,
    "south up": SOUTH_UP,
    "rotated": ROTATED,
    "none": rasterio.Affine.identity(),
    "degrees": rasterio.Affine(0.001, 0, 10.0, 0, -0.001, 45.0),
    "over the date line": rasterio.Affine(0.01, 0, 179.7, 0, -0.01, 10.0),
    "tiny pixels": rasterio.Affine(1e-9, 0, 0.0, 0, -1e-9, 0.0),
    "huge pixels": rasterio.Affine(1e7, 0, 0.0, 0, -1e7, 0.0),
    "far away": rasterio.Affine(10, 0, 1e15, 0, -10, -1e15),
    "oblong": rasterio.Affine(10, 0, 500_000.0, 0, -1, 5_400_000.0),
    "mirrored": rasterio.Affine(-10, 0, 501_000.0, 0, -10, 5_400_000.0),
}
DTYPES = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64", "complex64")
SIZES = ((1, 1), (1, 50), (50, 1), (2, 2), (7, 9), (33, 65), (96, 112), (130, 70))
CONTENTS = (
    "texture",
    "zeros",
    "one value",
    "holes",
    "all nodata",
    "nan",
    "inf",
    "huge",
    "extremes",
)
NODATA = (None, None, 0, 255, -9999, -32768, math.nan, 1e38)


def file_name(draw, ending):
    return draw(st.sampled_from(NAMES)) + ending


def scrap(draw, folder, usual):
    """Something of another type."""
    return draw(st.sampled_from(SCRAPS) | st.sampled_from(TEXTS) | st.text(max_size=20))


def raster(draw, folder, usual):
    """A raster as they come: any size, type, place and content; its path."""
    bands = draw(st.sampled_from((1, 2, 3, 3, 3, 4, 7, 300)))
    height, width = draw(st.sampled_from(SIZES if bands < 300 else SIZES[:5]))
    dtype = draw(st.sampled_from(DTYPES))
    nodata = draw(st.sampled_from(NODATA))
    if nodata is not None and not _holds(dtype, nodata):
        nodata = None
    values = _content(draw, (bands, height, width), dtype, nodata)
    place = PLACES[draw(st.sampled_from(list(PLACES)))]
    more = _extras(draw, bands, dtype)
    path = folder / file_name(draw, ".tif")
    crs = draw(st.sampled_from(CRSS))
    write_raster(path, values, place, crs, nodata=nodata, **more.pop("profile", {}))
    _mark(path, more)
    return str(path)


def _holds(dtype, value):
    kind = np.dtype(dtype)
    if kind.kind in "fc":
        return abs(value) < 1e38 or math.isnan(value)
    return math.isfinite(value) and np.iinfo(kind).min <= value <= np.iinfo(kind).max


def _content(draw, shape, dtype, nodata):
    what = draw(st.sampled_from(CONTENTS))
    values = np.random.default_rng(draw(st.integers(0, 3))).normal(120, 40, shape)
    kind = np.dtype(dtype)
    whole = kind.kind in "iu"
    if what == "zeros":
        values[:] = 0
    elif what == "one value":
        values[:] = 7
    elif what == "holes" and nodata is not None:
        values[:, ::2, 1::3] = nodata
    elif what == "all nodata" and nodata is not None:
        values[:] = nodata
    elif what == "nan" and not whole:
        values[:, ::3] = math.nan
    elif what == "inf" and not whole:
        values[:, 1::4] = math.inf
    elif what == "huge" and not whole:
        values *= 1e35
    elif what == "extremes":
        low, high = (np.iinfo(kind).min, np.iinfo(kind).max) if whole else (-1e30, 1e30)
        values = np.where(values > 120, float(high), float(low))
    if whole:
        info = np.iinfo(kind)
        values = np.clip(values, info.min, info.max)
    with np.errstate(all="ignore"):
        return values.astype(kind)


def _extras(draw, bands, dtype):
    what = draw(st.sampled_from(("", "", "", "alpha", "palette", "names", "mask", "tiles")))
    if what == "tiles":
        return {"profile": {"tiled": True, "blockxsize": 16, "blockysize": 16, "compress": "LZW"}}
    if what == "palette" and dtype != "uint8":
        return {}
    return {what: True} if what else {}


def _mark(path, more):
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True), rasterio.open(path, "r+") as dataset:
        if "alpha" in more and dataset.count > 1:
            dataset.colorinterp = [*dataset.colorinterp[:-1], ColorInterp.alpha]
        if "palette" in more:
            dataset.write_colormap(1, {n: (n, 0, 255 - n, 255) for n in range(256)})
        if "names" in more:
            names = [NAMES[band % len(NAMES)] for band in range(dataset.count)]
            dataset.descriptions = tuple(names)
        if "mask" in more:
            mask = np.zeros(dataset.shape, bool)
            mask[::2] = True
            dataset.write_mask(mask)


def broken_file(draw, folder, usual, ending=".tif"):
    """A path where there is nothing, a folder, an empty file, noise, or half of the usual file."""
    what = draw(st.sampled_from(("missing", "folder", "empty", "noise", "text", "half", "nul")))
    path = folder / file_name(draw, f" {what}{ending}")
    if what == "nul":
        return str(path) + "\0x"
    if what == "folder":
        path.mkdir(exist_ok=True)
    elif what in ("empty", "noise", "text"):
        content = {"empty": b"", "noise": bytes(range(256)) * 9, "text": b'{"type": "Nothing"}'}
        path.write_bytes(content[what])
    elif what == "half":
        path.write_bytes(_half(usual))
    return str(path)


def _half(usual):
    first = usual[0] if isinstance(usual, list) and usual else usual
    try:
        with open(first, "rb") as file:
            content = file.read()
    except (OSError, TypeError, ValueError):
        return b""
    return content[: len(content) // 2]


def odd_raster(draw, folder, usual):
    one = draw(st.sampled_from((raster, raster, raster, raster, broken_file, scrap)))
    return one(draw, folder, usual)


def odd_rasters(draw, folder, usual):
    what = draw(st.sampled_from(("one", "one", "beside", "two", "same twice", "scrap")))
    if what == "scrap":
        return scrap(draw, folder, usual)
    if what == "same twice":
        return list(usual) * 2 if isinstance(usual, list) else usual
    others = [odd_raster(draw, folder, usual) for _ in range(2 if what == "two" else 1)]
    return [*usual, *others] if what == "beside" and isinstance(usual, list) else others


COORDINATES = st.sampled_from((0.0, 1.0, -1.0, 500_100.0, 5_399_900.0, 1e15, -1e300, 1e308, 1e-300))
POSITION = st.lists(COORDINATES | st.none() | st.text(max_size=2), max_size=4)
SHAPES = st.one_of(
    st.none(),
    st.builds(lambda c: {"type": "Point", "coordinates": c}, POSITION),
    st.builds(lambda c: {"type": "LineString", "coordinates": c}, st.lists(POSITION, max_size=3)),
    st.builds(
        lambda c: {"type": "Polygon", "coordinates": c},
        st.lists(st.lists(POSITION, max_size=5), max_size=2),
    ),
    st.sampled_from((
        {"type": "Polygon", "coordinates": []},
        {"type": "MultiPolygon", "coordinates": [[]]},
        {"type": "GeometryCollection", "geometries": []},
        {"type": "Nonsense", "coordinates": [0, 0]},
        {"coordinates": [0, 0]},
        {"type": "Point"},
        # A bow tie, a polygon without an area, and one over everything.
        {"type": "Polygon", "coordinates": [[[500_100, 5_399_900], [500_500, 5_399_500],
         [500_500, 5_399_900], [500_100, 5_399_500], [500_100, 5_399_900]]]},
        {"type": "Polygon", "coordinates": [[[500_100, 5_399_900]] * 4]},
        {"type": "Polygon", "coordinates": [[[-1e9, -1e9], [1e9, -1e9], [1e9, 1e9], [-1e9, 1e9],
         [-1e9, -1e9]]]},
        {"type": "MultiPoint", "coordinates": [[500_200, 5_399_800], [500_300, 5_399_700]]},
    )),
)  # fmt: skip
VALUES = st.sampled_from((None, "", 0, 1, 2, -1, 2.5, 1e300, True, "granite", "地質 ☃", "<b>x</b>",
                          "../../x", "a/b\\c", "CON", ".", "x" * 300, [], {"a": 1}, "nul\0"))  # fmt: skip


def odd_features(draw, folder, usual):
    what = draw(st.sampled_from(("features", "features", "mixed", "mixed", "broken", "whole")))
    if what == "broken":
        return draw(st.sampled_from((broken_file, scrap)))(draw, folder, usual)
    path = folder / file_name(draw, ".geojson")
    if what == "whole":
        odd = ({}, [], None, {"type": "FeatureCollection"}, {"type": "Feature"}, "text",
               {"type": "FeatureCollection", "features": None},
               {"type": "FeatureCollection", "features": [None, 1, "a", []]},
               {"type": "FeatureCollection", "features": []})  # fmt: skip
        path.write_text(json.dumps(draw(st.sampled_from(odd))), encoding="utf-8")
        return str(path)
    collection = _own(usual) if what == "mixed" else {"type": "FeatureCollection"}
    features = collection.setdefault("features", [])
    for number in range(draw(st.integers(0, 4))):
        shape, value = draw(SHAPES), draw(VALUES)
        features.append({"type": "Feature", "id": 1000 + number, "geometry": shape,
                         "properties": {"rock": value}})  # fmt: skip
    path.write_text(json.dumps(collection), encoding="utf-8")
    return str(path)


def _own(usual):
    """The usual features, so that the odd ones are among good ones."""
    try:
        with open(usual, encoding="utf-8") as file:
            return json.load(file)
    except (OSError, TypeError, ValueError):
        return {"type": "FeatureCollection"}


CELLS = st.sampled_from(("", "nan", "-1", "1e999", "2020-13-45", "1973-01-01T00:00:00Z", "x" * 200_000,
                         "95", "-181", "abc", '"', "0", "1e-400", "9999-12-31", "☃", "-0"))  # fmt: skip


def odd_catalog(draw, folder, usual):
    what = draw(st.sampled_from(("cells", "cells", "header", "cut", "coding", "broken", "few")))
    if what == "broken":
        return draw(st.sampled_from((broken_file, scrap)))(draw, folder, usual)
    if usual is None:
        return scrap(draw, folder, usual)
    with open(usual, encoding="utf-8") as file:
        rows = [line.rstrip("\n").split(",") for line in file]
    if what == "few":
        rows = rows[: draw(st.integers(0, 5))]
    elif what == "header":
        rows[0] = draw(st.lists(st.sampled_from(("time", "mag", "latitude", "longitude", "depth",
                                                 "", "a", "time")), max_size=7))  # fmt: skip
    for _ in range(draw(st.integers(1, 6)) if what == "cells" and len(rows) > 1 else 0):
        row = rows[draw(st.integers(1, len(rows) - 1))]
        row[draw(st.integers(0, len(row) - 1))] = draw(CELLS)
    text = "\n".join(draw(st.sampled_from((",", ",", ",", ";", "\t"))).join(row) for row in rows)
    path = folder / file_name(draw, ".csv")
    content = text.encode("utf-8")
    if what == "coding":
        content = text.encode(draw(st.sampled_from(("utf-16", "utf-8-sig", "cp1252")))) + b"\xff\0"
    elif what == "cut":
        content = content[: draw(st.integers(0, 400))]
    path.write_bytes(content)
    return str(path)


def odd_integer(draw, folder, usual, part=None):
    if draw(st.booleans()):
        return scrap(draw, folder, usual)
    return draw(st.integers(-3, 70) | st.integers(-(2**70), 2**70))


def odd_number(draw, folder, usual, part=None):
    if draw(st.booleans()):
        return scrap(draw, folder, usual)
    return draw(st.floats(-2, 2) | st.floats() | st.integers(-5, 5))


def odd_choice(draw, folder, usual, part=None):
    values = [value for value, _ in part.options]
    return draw(st.sampled_from(values)) if draw(st.integers(0, 3)) else scrap(draw, folder, usual)


def odd_boolean(draw, folder, usual):
    return draw(st.booleans()) if draw(st.booleans()) else scrap(draw, folder, usual)


def odd_bands(draw, folder, usual):
    if not draw(st.integers(0, 3)):
        return scrap(draw, folder, usual)
    return draw(st.lists(st.integers(-1, 5) | st.just(2**40), max_size=5))


def odd_extent(draw, folder, usual):
    if not draw(st.integers(0, 3)):
        return scrap(draw, folder, usual)
    corner = st.sampled_from((500_000.0, 500_333.3, 501_120.0, 5_399_040.0, 5_399_555.5, 5_400_000.0,
                              0.0, 1e-9, -1e308, 1e308, -180.0, 180.0, 90.0, 10**400, math.nan))  # fmt: skip
    whole = [500_000.0, 501_120.0, 5_399_040.0, 5_400_000.0]
    return [draw(corner) if draw(st.booleans()) else value for value in whole]


def odd_moment(draw, folder, usual):
    odd = ("2020-01-01", "2020-01-01T00:00:00Z", "0001-01-01T00:00:00", "9999-12-31T23:59:59", "now",
           "2020-02-30T00:00:00", "1972-06-01T00:00:00", "1973-01-01T00:00:00+05:00", "20200101")  # fmt: skip
    return draw(st.sampled_from(odd)) if draw(st.booleans()) else scrap(draw, folder, usual)


def odd_text(draw, folder, usual):
    return scrap(draw, folder, usual)


def odd_folder(draw, folder, usual):
    """Another folder: empty, of broken images, of one class, or with odd names."""
    what = draw(st.sampled_from(("scrap", "broken", "empty", "one image", "odd images", "file")))
    if what in ("scrap", "broken"):
        return {"scrap": scrap, "broken": broken_file}[what](draw, folder, usual)
    place = folder / file_name(draw, " folder")
    place.mkdir(exist_ok=True)
    if what == "file":
        (place / "image.png").write_bytes(b"no image")
    for number in range({"one image": 1, "odd images": 5}.get(what, 0)):
        inside = place / f"class {number % 2}"
        inside.mkdir(exist_ok=True)
        raster(draw, inside, usual)
    return str(place)


def odd_model(draw, folder, usual, models=()):
    """A model for something else, or a file that is none."""
    if models and draw(st.integers(0, 2)):
        return draw(st.sampled_from(models))
    one = draw(st.sampled_from((scrap, broken_file)))
    return one(draw, folder, usual)


def odd_output(draw, folder, usual):
    """Another place to write to; never outside `folder`."""
    what = draw(st.sampled_from(("odd name", "deep", "folder", "below a file", "nul", "scrap", "long",
                                 "there")))  # fmt: skip
    path = folder / file_name(draw, f" {what}.tif")
    if what == "scrap":
        return draw(st.sampled_from((None, 3, True, [], {}, 2.5, "")))
    if what == "deep":
        return str(folder / "new" / "folders" / "ünï" / "out")
    if what == "folder":
        path.mkdir(exist_ok=True)
    elif what == "below a file":
        path.write_text("a file")
        return str(path / "out.tif")
    elif what == "there":
        path.write_text("of before")
    elif what == "nul":
        return str(path) + "\0"
    elif what == "long":
        return str(folder / ("long" * 100))
    return str(path)


ODD = {
    "raster": odd_raster, "rasters": odd_rasters, "raster_or_images": odd_raster,
    "bands": odd_bands, "stack_bands": odd_bands, "features": odd_features,
    "catalog": odd_catalog, "attribute": odd_text, "folder": odd_folder, "images": odd_folder,
    "file": broken_file, "text": odd_text, "boolean": odd_boolean, "extent": odd_extent,
    "moment": odd_moment, "new_raster": odd_output, "new_features": odd_output,
    "new_folder": odd_output, "new_file": odd_output,
}  # fmt: skip
OF_PART = {"integer": odd_integer, "number": odd_number, "choice": odd_choice}


def odd_value(draw, part, folder, usual, models=()):
    """Something bad or odd for a field; `models` are paths of models of every task."""
    folder.mkdir(exist_ok=True)
    if part.kind == "model_file":
        return odd_model(draw, folder, usual, models)
    if part.kind in OF_PART:
        return OF_PART[part.kind](draw, folder, usual, part)
    return ODD.get(part.kind, scrap)(draw, folder, usual)
