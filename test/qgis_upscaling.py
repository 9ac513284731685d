"""Ground to upscale from QGIS: fine rasters, and the coarse ones that a sensor sees of them."""

import numpy as np
from osgeo import gdal, osr

from qgis_truth import CRS, NORTH, PIXEL, WEST

ROWS, COLUMNS, FACTOR = 320, 384, 2
BLUR = 0.34  # of the sensor below: 2/pi exp(-pi^2 / 16), its Gaussian having a variance of 0.5
# A raster of this ground has 30 squares to train on at factor 2.
QUICK = {"FACTOR": "2", "START_FROM": "scratch", "SIZE": "fast", "MINUTES": 0.15, "DEVICE": "cpu"}


def fine_values(seed=0, bands=2):
    """Fields with borders and furrows, uint8 (band, row, column)."""
    chance = np.random.default_rng(seed)
    fields = chance.integers(0, 2, (ROWS // 16, COLUMNS // 16)).repeat(16, 0).repeat(16, 1)
    fields = np.roll(fields, (5, 3), (0, 1))  # borders are not those of coarse pixels
    row, column = np.indices((ROWS, COLUMNS))
    ground = 90 + 70 * fields + 25 * np.sin(0.9 * (row + 0.6 * column)) * fields
    noise = chance.normal(0, 3, (bands, ROWS, COLUMNS))
    return np.clip(ground + noise, 0, 255).astype(np.uint8)


def coarse_values(seed=0, bands=2):
    """The means of 2 x 2 pixels of it, after a blur in both directions."""
    fine = fine_values(seed, bands).astype(float)
    for axis in (1, 2):
        fine = (np.roll(fine, 1, axis) + 2 * fine + np.roll(fine, -1, axis)) / 4
    blocks = fine.reshape(bands, ROWS // FACTOR, FACTOR, COLUMNS // FACTOR, FACTOR)
    return np.rint(blocks.mean(axis=(2, 4))).astype(np.uint8)


def write_ground(path, values, pixel=PIXEL, north=NORTH):
    """Write (band, row, column) with its upper left corner in the place of the tests."""
    raster = gdal.GetDriverByName("GTiff").Create(
        str(path), values.shape[2], values.shape[1], len(values), gdal.GDT_Byte
    )
    raster.SetGeoTransform((WEST, pixel, 0, north, 0, -pixel))
    reference = osr.SpatialReference()
    reference.SetFromUserInput(CRS)
    raster.SetProjection(reference.ExportToWkt())
    for number, band in enumerate(values, start=1):
        raster.GetRasterBand(number).WriteArray(band)
    return str(path)
