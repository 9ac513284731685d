"""Train object detector, as a Processing algorithm."""

from .job_algorithm import JobAlgorithm


class TrainObjectDetector(JobAlgorithm):
    """Train a detector that finds objects such as craters or landslides."""

    job_name = "train_object_detector"
    title = "Train object detector"
    group_title = "Object detection"
    group_id = "objectdetection"
    about = (
        "Trains a neural network to find objects, such as craters, landslides or sinkholes, from "
        "polygons drawn around some of them in a raster; or from a folder of images with YOLO "
        "labels or a COCO file. A hundred boxes can be enough: the network starts from weights "
        "that it learned on photographs. Draw every object inside the mapped area: what has no "
        "box there is taught as background. The scores come from blocks of ground, or images, "
        "that the network never learned from."
    )
    keywords = (
        "deep learning", "AI", "neural network", "object detection", "bounding box",
        "crater", "landslide", "YOLO", "COCO", "Faster R-CNN", "FCOS", "DEM",
        "hillshade",
    )  # fmt: skip
    example = {
        "RASTERS": ["mars.tif"],
        "BOXES": "craters.gpkg",
        "MODEL": "craters.safetensors",
        "REPORT": "craters.html",
    }
