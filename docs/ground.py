"""Real ground for a visit to the desktop: Zion with its derivatives and labels, and craters.

The data lie beside the project, see CONTRIBUTING; they are copied where the imagined user works.
"""

import shutil
from pathlib import Path

import numpy as np
from osgeo import gdal, ogr, osr

from desktop import ROOT, WORK

DATA = ROOT.parent / "shared" / "data"
ZION, CRATERS = WORK / "zion", WORK / "craters"
COVER = {3: "Barren", 4: "Forest", 5: "Shrubland"}  # of the numbers of the land cover
DERIVED = ("slope", "roughness", "TPI")
SHEET = (
    "ESP_011623_2100_RED-0115", "ESP_012494_2050_RED-0029", "ESP_013267_2085_RED-0053",
    "ESP_019559_1390_RED-0244", "ESP_020606_1445_RED-0134", "ESP_026472_1410_RED-0064",
    "ESP_026472_1410_RED-0093", "PSP_009754_2205_RED-0137",
)  # fmt: skip
_DEGREE_METERS = 111_120
_SIDE, _LABELS_EACH, _PLACES = 10, 40, 400  # pixels of the land cover, and how many


def is_there():
    """Whether the data lie beside the project."""
    return (DATA / "rasters" / "srtm.tif").exists() and (DATA / "craters_yolo.zip").exists()


def prepare_zion():
    """Elevation, what is derived from it, labels, and reference points that took no part."""
    ZION.mkdir(parents=True, exist_ok=True)
    gdal.UseExceptions()
    elevation = str(ZION / "elevation.tif")
    shutil.copy(DATA / "rasters" / "srtm.tif", elevation)
    for kind in DERIVED:
        scale = {"scale": _DEGREE_METERS} if kind == "slope" else {}
        gdal.DEMProcessing(str(ZION / f"{kind.lower()}.tif"), elevation, kind, **scale)
    cover = gdal.Open(str(DATA / "rasters" / "nlcd.tif"))
    values, labeled = cover.ReadAsArray(), _squares(cover.ReadAsArray())
    _write(ZION / "labels.geojson", cover, labeled, _SIDE)
    chance, places = np.random.default_rng(1), []
    inside = np.argwhere(np.isin(values, list(COVER)))
    taken = np.zeros(values.shape, bool)
    for row, column, _ in labeled:
        taken[row : row + _SIDE, column : column + _SIDE] = True
    for row, column in chance.permutation(inside)[: 2 * _PLACES]:
        if not taken[row, column]:
            places.append((int(row), int(column), COVER[int(values[row, column])]))
    _write(ZION / "reference.geojson", cover, places[:_PLACES], 0)


def _squares(values):
    """Corners (row, column) of squares of nearly one class each, with its name."""
    chance, taken, counts, found = np.random.default_rng(0), set(), dict.fromkeys(COVER, 0), []
    starts = np.argwhere(np.isin(values[:-30, :-30], list(COVER))) + 10
    for row, column in chance.permutation(starts)[:200_000]:
        square = values[row : row + _SIDE, column : column + _SIDE]
        kind, place = int(square[5, 5]), (row // 20, column // 20)
        if counts.get(kind, _LABELS_EACH) >= _LABELS_EACH or place in taken:
            continue
        if (square == kind).mean() >= 0.8:
            taken.add(place)
            counts[kind] += 1
            found.append((int(row), int(column), COVER[kind]))
    return found


def _write(path, cover, places, side):
    """Write squares (or points, with a side of 0) of the land cover as GeoJSON, in EPSG:4326."""
    origin, width, _, top, _, height = cover.GetGeoTransform()
    own, crs = osr.SpatialReference(wkt=cover.GetProjection()), osr.SpatialReference()
    crs.ImportFromEPSG(4326)
    for one in (own, crs):
        one.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    change = osr.CoordinateTransformation(own, crs)
    file = ogr.GetDriverByName("GeoJSON").CreateDataSource(str(path))
    kind = ogr.wkbPolygon if side else ogr.wkbPoint
    layer = file.CreateLayer("places", crs, kind)
    layer.CreateField(ogr.FieldDefn("cover", ogr.OFTString))
    for row, column, name in places:
        west, north = origin + column * width, top + row * height
        east, south = west + side * width, north + side * height
        corners = ((west, north), (west, south), (east, south), (east, north), (west, north))
        ring = ", ".join(f"{x} {y}" for x, y in corners)
        middle = f"POINT ({west + width / 2} {north + height / 2})"
        feature = ogr.Feature(layer.GetLayerDefn())
        shape = ogr.CreateGeometryFromWkt(f"POLYGON (({ring}))" if side else middle)
        shape.Transform(change)
        feature.SetGeometry(shape)
        feature["cover"] = name
        layer.CreateFeature(feature)
    file = layer = None


def copied(name):
    """A raster or table of the data, copied where the imagined user works."""
    (WORK / "slides").mkdir(exist_ok=True)
    return Path(shutil.copy(DATA / "rasters" / name, WORK / "slides" / name))


def prepare_craters():
    """Images of craters with YOLO labels, and a sheet of other images to look for craters in.

    The sheet is of HiRISE images, which may be shown with their credit: NASA/JPL/University of
    Arizona, doi:10.5281/zenodo.1048301.

    Returns
    -------
    train, sheet : pathlib.Path
    """
    if not CRATERS.exists():
        shutil.unpack_archive(DATA / "craters_yolo.zip", CRATERS)
    place, side = CRATERS / "mars.tif", 227
    zipped = f"/vsizip/{DATA / 'hirise_landmarks.zip'}/hirise_landmarks/crater/"
    values = np.zeros((2 * side, 4 * side), np.uint8)
    for number, name in enumerate(SHEET):
        row, column = divmod(number, 4)
        image = gdal.Open(f"{zipped}{name}.jpg").ReadAsArray()
        values[row * side : (row + 1) * side, column * side : (column + 1) * side] = image
    file = gdal.GetDriverByName("GTiff").Create(str(place), 4 * side, 2 * side, 3, gdal.GDT_Byte)
    for band in (1, 2, 3):
        file.GetRasterBand(band).WriteArray(values)
    file = None
    return next(CRATERS.rglob("train")), place
