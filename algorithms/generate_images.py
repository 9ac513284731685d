"""Generate images, as a Processing algorithm."""

from .job_algorithm import JobAlgorithm


class GenerateImages(JobAlgorithm):
    """Make images with a trained generator."""

    job_name = "generate_images"
    title = "Generate images"
    about = (
        "Makes images with a model of Train image generator, in a subfolder per class. Seeds count "
        "up from Seed, an image each: the same seed gives the same image, bit by bit, on the same "
        "computer, however many are made. Images of 8 bits with one or three bands are PNG, all "
        "others TIFF; none lies anywhere on Earth. The manifest names the class and the seed of "
        "every image. Made images show what the generator has seen, not what was measured: train "
        "with them only if the report of the model says that a classifier gains."
    )
    keywords = ("GAN", "generative", "synthetic images", "augmentation",
                "deep learning", "AI")  # fmt: skip
    example = {"MODEL": "thin_sections.safetensors", "COUNT": 100, "OUTPUT": "made"}
    group_title = "GAN upscaling"
    group_id = "upscaling"
