"""The images that the bundled upscalers learn from; a part of every set trains nothing."""

from pathlib import Path

import numpy as np
import rasterio
from PIL import Image

from plugin.engine.upscaling.fine_images import STANDARD_DEVIATIONS, FineImages, in_network_range

NAIP_TRAINED, LANDSAT_TRAINED, SRTM_TRAINED, TERRAIN_TRAINED = 600, 450, 300, 270
_EUROSAT, _HIRISE = 5000, 1600
_LEAST_SPREAD = 15.0  # digital numbers: the noise of flat images is not to be learned
_SMALLEST = 128


def fine_images(data):
    """Images of every kind, in the network's range.

    Parameters
    ----------
    data : str or Path
        A folder with `rasters`, `eurosat_rgb`, `hirise_landmarks` and `limestone_thin_sections`.

    Returns
    -------
    list of FineImages
    """
    data = Path(data)
    naip = [read(data, f"naip_{year}")[:, :, :NAIP_TRAINED] for year in (2010, 2014)]
    landsat = [read(data, f"landsat_{year}")[:, :, :LANDSAT_TRAINED] for year in (1990, 2005)]
    ground = [
        read(data, "srtm")[:, :SRTM_TRAINED],
        read(data, "ta")[:, :TERRAIN_TRAINED],
    ]
    return [
        FineImages(_thin_sections(data), 0.05),
        FineImages(list(map(in_network_range, naip)), 0.4),
        FineImages([in_network_range(_halved(image)) for image in naip], 0.1),
        FineImages(list(map(in_network_range, landsat)), 0.12),
        FineImages(list(map(in_network_range, ground)), 0.1),
        FineImages(_eurosat(data), 0.12),
        FineImages(_hirise(data), 0.16),
    ]


def read(data, name):
    """A raster as float32 (band, row, column), NaN where there is no data."""
    with rasterio.open(Path(data) / "rasters" / f"{name}.tif") as raster:
        values, nodata = raster.read().astype(np.float32), raster.nodata
    if nodata is not None and not np.isnan(nodata):
        values[:, (values == nodata).all(0)] = np.nan
    return values


def _halved(image):
    """Means of 2 x 2 pixels: another scale of the same ground."""
    bands, height, width = image.shape[0], image.shape[1] // 2 * 2, image.shape[2] // 2 * 2
    blocks = image[:, :height, :width].reshape(bands, height // 2, 2, width // 2, 2)
    return blocks.mean((2, 4))


def _eurosat(data):
    files = sorted((data / "eurosat_rgb").glob("*/*.jpg"))
    np.random.default_rng(0).shuffle(files)
    images = [np.asarray(Image.open(file)).transpose(2, 0, 1) for file in files[:_EUROSAT]]
    stack = np.stack(images).astype(np.float32)
    mean = stack.mean((0, 2, 3))[:, None, None]
    spread = stack.std((0, 2, 3))[:, None, None]
    return list((stack - mean) / (STANDARD_DEVIATIONS * spread))


def _hirise(data):
    """Images of nine of ten sources."""
    files = sorted((data / "hirise_landmarks").glob("*/*.jpg"))
    sources = sorted({_source(file) for file in files})
    kept = set(sources[::10])
    images = [_gray(file) for file in files if _source(file) not in kept]
    return [image for image in images if min(image.shape[1:]) >= _SMALLEST][:_HIRISE]


def _source(file):
    return file.name.rsplit("-", 1)[0]


def _thin_sections(data):
    """Every other image."""
    files = sorted((data / "limestone_thin_sections").rglob("*.*"))[::2]
    images = [_gray(file) for file in files if file.suffix.lower() in (".jpg", ".jpeg", ".png")]
    return [image for image in images if min(image.shape[1:]) >= _SMALLEST]


def _gray(file):
    image = np.asarray(Image.open(file).convert("L"))[None].astype(np.float32)
    return (image - image.mean()) / (STANDARD_DEVIATIONS * max(image.std(), _LEAST_SPREAD))
