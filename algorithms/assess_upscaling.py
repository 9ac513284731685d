"""Assess upscaling, as a Processing algorithm."""

from .job_algorithm import JobAlgorithm


class AssessUpscaling(JobAlgorithm):
    """Judge an upscaled raster or a model."""

    job_name = "assess_upscaling"
    title = "Assess upscaling"
    about = (
        "Compares an upscaled raster with a raster that is as fine: the truth. Without an upscaled "
        "raster, the truth is made coarse as a sensor would and upscaled with a model. The same "
        "scores of nearest, bilinear, cubic and Lanczos resampling and of cubic interpolation with "
        "back-projection stand beside: error, PSNR, SSIM, spectral angle, ERGAS, texture, shift, "
        "whether the result is true to the coarse raster, and how much of its detail is right, "
        "missing or invented. The reference must not have trained the model."
    )
    keywords = (
        "super-resolution", "super resolution", "validation", "PSNR", "SSIM", "SAM",
        "ERGAS", "hallucination", "accuracy", "superresolution",
    )  # fmt: skip
    group_title = "GAN upscaling"
    group_id = "upscaling"
    example = {
        "REFERENCE": "fine.tif",
        "UPSCALED": "scene_x4.tif",
        "FACTOR": "4",
        "REPORT": "upscaling.html",
        "SCORES": "upscaling.gpkg",
    }
