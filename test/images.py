"""Small made-up image sets whose truth is known."""

import numpy as np
import rasterio


def stripes(angle, side=32, bands=3, seed=0, dtype="uint8"):
    """An image (band, row, column) of noisy stripes, level (0) or upright (1)."""
    chance = np.random.default_rng(seed)
    row, column = np.indices((side, side))
    wave = np.sin((column if angle else row) * 0.9 + chance.uniform(0, 6))
    scale = {"uint8": 50, "uint16": 9000, "float32": 0.4}[dtype]
    level = {"uint8": 120, "uint16": 20_000, "float32": 0.5}[dtype]
    noise = chance.normal(0, 0.5, (bands, side, side))
    return (level + scale * (wave + noise)).clip(0, 255 if dtype == "uint8" else None).astype(dtype)


def write_image(path, values, **profile):
    """Write an array (band, row, column) as PNG or TIFF; return its path as text."""
    path.parent.mkdir(parents=True, exist_ok=True)
    driver = {".png": "PNG", ".tif": "GTiff", ".jpg": "JPEG"}[path.suffix]
    count, height, width = values.shape
    with rasterio.open(
        path,
        "w",
        driver=driver,
        count=count,
        height=height,
        width=width,
        dtype=values.dtype,
        **profile,
    ) as file:
        file.write(values)
    return str(path)


def striped_folder(root, count=12, ending=".png", names=("level", "upright"), **kind):
    """A folder of two classes of stripes with `count` images each; returns its path as text."""
    for angle, name in enumerate(names):
        for number in range(count):
            image = stripes(angle, seed=1000 * angle + number, **kind)
            write_image(root / name / f"{name}_{number:03d}{ending}", image)
    return str(root)
