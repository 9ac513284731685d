"""Train image generator, as a Processing algorithm."""

from .job_algorithm import JobAlgorithm


class TrainImageGenerator(JobAlgorithm):
    """Train a generator that makes images like yours."""

    job_name = "train_image_generator"
    title = "Train image generator"
    about = (
        "Learns to make images like those in a folder, with a subfolder per class or without: a "
        "generative adversarial network (GAN) for small geological image sets. A fifth of the "
        "images is kept from it. On them the report shows how near the made images are to real "
        "ones, whether they are copies of what it was shown, and whether a classifier gains from "
        "them - often it does not, and then the report says so. At least 50 images are needed; "
        "under 200, expect near copies. Scoring takes about a minute after the time limit."
    )
    keywords = ("GAN", "DCGAN", "generative", "synthetic images", "augmentation",
                "deep learning", "AI")  # fmt: skip
    example = {
        "INPUT": "thin_sections",
        "SIZE": "64",
        "MINUTES": 20,
        "MODEL": "thin_sections.safetensors",
        "REPORT": "thin_sections.html",
    }
    group_title = "GAN upscaling"
    group_id = "upscaling"
