"""The bundled upscalers with default settings, on what they were not trained on.

Run with the engine's Python from the repository: ``python test/benchmarks/upscaling_quality.py
[4] [2] [1]`` with the factors to judge. Coarse rasters are made of fine ones with several blurs, upscaled
by the job *Upscale raster* as users run it, and compared with the fine ones and with cubic interpolation.
The rasters lie in ``../shared/data/rasters``; see ``resources/models/recipes/fine_images.py`` for
what was trained on: of the aerial images another strip and another year, of Landsat another strip and
year, of the elevation other rows. At the same size a raster is blurred (.3) with noise, blurred without
(quiet), and left as it is (clean).
"""

import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "resources" / "models" / "recipes")]

import numpy as np
import rasterio
import torch
from fine_images import read
from rasterio.transform import from_origin
from torch.nn import functional

from plugin.engine import work
from plugin.engine.degradation import back_project, cubic, degrade
from plugin.engine.metrics.upscaling import high_frequency_ratio, psnr, spectral_angle, ssim
from plugin.engine.progress import Silent

DATA = ROOT.parent / "shared" / "data"
PLACES = {
    "naip": ("naip_2018", slice(8, 712), slice(632, 920), "uint8"),
    "landsat": ("landsat_2020", slice(100, 356), slice(470, 690), "uint8"),
    "elevation": ("srtm", slice(312, 456), slice(8, 456), "float32"),
}
BLURS = 0.15, 0.3, 0.5, 0.64, "cubic"
NOISE = 2.55  # digital numbers: 1 % of the range


def main(factors):
    for factor in factors:
        for name, place in PLACES.items():
            truth = fine(place, factor)
            for blur in (0.3, "quiet", "clean") if factor == 1 else BLURS:
                judge(name, truth, factor, blur, place[3])


def fine(place, factor):
    name, rows, columns, _ = place
    image = read(DATA, name)[:, rows, columns]
    height, width = (size // factor * factor for size in image.shape[1:])
    return np.nan_to_num(image[:, :height, :width], nan=float(np.nanmean(image)))


def judge(name, truth, factor, blur, dtype):
    coarse = made_coarse(truth, factor, blur, dtype)
    plain = tensor(coarse)
    scores = {"cubic": cubic(plain, factor).numpy()[:, 0]}
    if factor > 1:
        real = 0.64 if blur == "cubic" else blur
        scores["cubic, back-projected"] = back_project(
            cubic(plain, factor), plain, factor, real, 5
        ).numpy()[:, 0]
    wishes = [("default", {}), ("faithful", {"detail": 0.0})]
    if factor > 1:
        wishes.append(("texture", {"detail": 1.0}))
        if blur != "cubic":
            wishes.append(("faithful, blur told", {"detail": 0.0, "blur": blur}))
    for title, wish in wishes:
        scores[title] = upscaled(coarse, factor, wish)
    peak = 255 if dtype == "uint8" else float(np.ptp(truth))
    for title, made in scores.items():
        print(
            f"x{factor} {name:9s} blur {blur!s:5s} {title:22s}"
            f" PSNR {psnr(truth, made, 8, peak):6.2f}"
            f" gain {psnr(truth, made, 8, peak) - psnr(truth, scores['cubic'], 8, peak):+.2f}"
            f" SSIM {ssim(truth, made, 8, peak):.3f} SAM {spectral_angle(truth, made):.2f}"
            f" HF {high_frequency_ratio(truth, made, factor):.2f}",
            flush=True,
        )


def made_coarse(truth, factor, blur, dtype):
    images = tensor(truth)
    if blur == "cubic":
        size = truth.shape[1] // factor, truth.shape[2] // factor
        coarse = functional.interpolate(images, size, mode="bicubic", antialias=True)
    elif blur == "clean":
        coarse = images
    else:
        coarse = degrade(images, factor, 0.3 if blur == "quiet" else blur)
    coarse = coarse.numpy()[:, 0]
    if factor == 1 and blur == 0.3:
        step = NOISE if dtype == "uint8" else 0.01 * float(np.ptp(truth))
        coarse = coarse + step * np.random.default_rng(0).standard_normal(coarse.shape)
    return np.rint(coarse).clip(0, 255).astype(dtype) if dtype == "uint8" else coarse.astype(dtype)


def tensor(image):
    return torch.from_numpy(image.astype(np.float32))[:, None]


def upscaled(coarse, factor, wish):
    with tempfile.TemporaryDirectory() as folder:
        given, made = str(Path(folder) / "coarse.tif"), str(Path(folder) / "made.tif")
        bands, height, width = coarse.shape
        profile = {"driver": "GTiff", "count": bands, "height": height, "width": width,
                   "dtype": coarse.dtype, "crs": "EPSG:32614",
                   "transform": from_origin(485900, 5209245, 20, 20)}  # fmt: skip
        with rasterio.open(given, "w", **profile) as raster:
            raster.write(coarse)
        values = {"input": given, "factor": str(factor), "output": made, **wish}
        work.do("upscale_raster", values, Silent())
        with rasterio.open(made) as raster:
            return raster.read().astype(np.float32)


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]] or [4, 2, 1])
