"""Detect objects, as a Processing algorithm."""

from .box_style import style_boxes
from .job_algorithm import JobAlgorithm


class DetectObjects(JobAlgorithm):
    """Find the objects in a raster or in images: a box for each."""

    job_name = "detect_objects"
    title = "Detect objects"
    group_title = "Object detection"
    group_id = "objectdetection"
    about = (
        "Searches a raster of any size, or a folder of images, with a model made by Train object "
        "detector, and draws a box around every object, with its class, the confidence and its "
        "size in map units. The raster is searched in windows that overlap; an object that lies "
        "across their borders appears once. Images without georeferencing give boxes in pixels, "
        "with rows counted down from 0 as QGIS shows such a layer, and their path."
    )
    keywords = (
        "deep learning", "AI", "object detection", "bounding box", "crater", "landslide",
        "counting", "prediction", "DEM", "hillshade",
    )  # fmt: skip
    example = {"INPUT": "mars.tif", "MODEL": "craters.safetensors", "OUTPUT": "found.gpkg"}

    def style(self, job_values, results, context):
        style_boxes(context, results["OUTPUT"], job_values["model"])
