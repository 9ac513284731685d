"""Train image classifier, as a Processing algorithm."""

from .job_algorithm import JobAlgorithm


class TrainImageClassifier(JobAlgorithm):
    """Train a classifier on a folder of images."""

    job_name = "train_image_classifier"
    title = "Train image classifier"
    about = (
        "Trains a neural network to name the class of an image, from a folder with a subfolder "
        "of images per class: photographs, thin sections, or chips that Export training chips "
        "cut out of a raster. Thirty images in a class can be enough: the network starts from "
        "weights that it learned on photographs. The defaults work without a graphics card; a "
        "time limit keeps the training as short as you want. The scores come from images that "
        "the network never learned from. Images that belong together, such as crops of one "
        "photograph, must be kept together: name them in Groups."
    )
    keywords = (
        "deep learning", "AI", "neural network", "CNN", "classification", "fine-tuning",
        "transfer learning", "thin section", "lithology", "mineral", "Sentinel-2",
    )  # fmt: skip
    example = {
        "INPUT": "chips",
        "EPOCHS": 5,
        "MODEL": "rocks.safetensors",
        "REPORT": "rocks.html",
    }
