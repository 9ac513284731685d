"""Train pixel classifier, as a Processing algorithm."""

from .job_algorithm import JobAlgorithm


class TrainPixelClassifier(JobAlgorithm):
    """Train a network that makes a map from labels."""

    job_name = "train_pixel_classifier"
    title = "Train pixel classifier"
    about = (
        "Trains a neural network to give every pixel of a stack of rasters a class, from labels "
        "that you draw on the map: polygons, lines or points with a class field. The rasters may "
        "be imagery, elevation and what is derived from it, geophysics; they need not share CRS, "
        "resolution or extent: the first gives the grid. Ground without labels is not learned "
        "from. Places of presence alone, such as deposits or landslides, can be learned against "
        "unlabeled ground as background. The defaults need some minutes without a graphics card. "
        "The scores come from blocks of ground that the scoring network never saw labels of, and "
        "a random forest on the same pixels stands beside them: if it is better, the report says "
        "so. Classify pixels makes the map."
    )
    keywords = (
        "deep learning", "AI", "neural network", "semantic segmentation", "U-Net",
        "land cover", "geological map", "prospectivity", "susceptibility", "landslide",
        "unet", "random forest", "lithology", "mineral", "fault", "lineament", "DEM",
        "hillshade", "Sentinel-2",
    )  # fmt: skip
    group_title = "Maps from labels"
    group_id = "maps"
    example = {
        "RASTERS": ["elevation.tif", "slope.tif"],
        "LABELS": "labels.gpkg",
        "CLASS_FIELD": "unit",
        "MODEL": "units.safetensors",
        "REPORT": "units.html",
    }
