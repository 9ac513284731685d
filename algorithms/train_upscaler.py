"""Train upscaler, as a Processing algorithm."""

from .job_algorithm import JobAlgorithm


class TrainUpscaler(JobAlgorithm):
    """Train a generator that makes rasters finer."""

    job_name = "train_upscaler"
    title = "Train upscaler"
    about = (
        "Trains a generator for rasters like yours, from fine rasters or a folder of images alone: "
        "the coarse ones are made from them as a sensor would, or given as pairs of the same "
        "ground. First the generator learns to be faithful, then a discriminator teaches it "
        "texture (GAN); if that goes wrong, training returns to its last good state by itself. "
        "Blocks of the ground are kept apart for the scores, which stand beside those of nearest, "
        "bilinear, cubic and Lanczos resampling. Begin with 20 minutes and the upscaler that comes "
        "with the plugin. The model works in Upscale raster."
    )
    keywords = (
        "super-resolution", "super resolution", "GAN", "train", "sharpen",
        "deep learning", "AI", "fine-tuning", "resolution", "superresolution", "DEM",
        "Sentinel-2",
    )  # fmt: skip
    group_title = "GAN upscaling"
    group_id = "upscaling"
    example = {
        "FINE": ["aerial.tif"],
        "FACTOR": "4",
        "MINUTES": 20,
        "MODEL": "aerial_x4.safetensors",
        "REPORT": "aerial_x4.html",
    }
