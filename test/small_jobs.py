"""The smallest jobs of every kind that still do all that the kind does: name and values."""

import torch

from images import striped_folder
from landscapes import box, regions, textured, write_labels, write_raster
from pits import pit_boxes, pit_places, pit_values
from plain_pixels import chance_network, pixel_card
from plugin.engine import model_file, networks
from plugin.jobs.model_card import CLASSIFICATION, DETECTION, ModelCard
from seismic_truth import etas_catalog, layout
from seismicity import write_catalog
from series import averaging, months, write_series
from terrain import write_terrain
from upscalers import ground, save_upscaler

SIDE, FIELD = 96, 16


def train_image_classifier(folder):
    images = striped_folder(folder / "images", count=12)
    return {"input": images, "network": "small_cnn", "start_from": "scratch", "image_size": 32,
            "augment": "photo", "epochs": 4, "batch_size": 8}  # fmt: skip


def train_pixel_classifier(folder):
    truth = regions(SIDE, SIDE, FIELD)
    raster = write_raster(folder / "survey.tif", textured(truth, 2, seed=3))
    shapes = [
        (box(row + 2, column + 2, row + 14, column + 14), f"rock {truth[row, column]}")
        for row in range(0, SIDE, FIELD)
        for column in range((row // FIELD % 2) * FIELD, SIDE, 2 * FIELD)
    ]
    labels = write_labels(folder / "labels.geojson", shapes)
    return {"rasters": [raster], "labels": labels, "class_field": "rock", "epochs": 4, "folds": 2,
            "network": "pixel_mlp"}  # fmt: skip


def train_object_detector(folder):
    places = pit_places(192, 224, 20, seed=5)
    raster = write_raster(folder / "pits.tif", pit_values(192, 224, places))
    shapes = [(box(*pit_boxes([p])[0][[1, 0, 3, 2]]), "pit") for p in places]
    boxes = write_labels(folder / "boxes.geojson", shapes)
    return {"rasters": [raster], "boxes": boxes, "class_field": "rock", "patch_size": 96,
            "epochs": 3}  # fmt: skip


def train_upscaler(folder):
    fine = write_terrain(folder / "fine.tif", bands=1)
    return {"fine": [fine], "factor": "2", "size": "fast", "start_from": "scratch", "steps": 10}


def train_image_generator(folder):
    return {"input": striped_folder(folder / "images", count=32, side=40), "steps": 5}


def train_grid_forecast(folder):
    series = write_series(folder / "level.tif", averaging(60), months(60))
    return {"rasters": [str(series)], "cycle": 1, "seeds": 2, "history": 4}


def train_seismic_forecast(folder):
    asked = vars(layout((100, 900, 1150, 1400), cell_size=0.5, window_days=5, seeds=2))
    events = write_catalog(folder / "events.csv", etas_catalog(3, 1400.0))
    known = {name: value for name, value in asked.items() if value not in (None, "")}
    return {**known, "catalog": events}


def classify_pixels(folder):
    raster = write_raster(folder / "a.tif", textured(regions(200, 230, 40)))
    path = str(folder / "rocks.safetensors")
    network = chance_network("unet_mobilenet_v2")
    model_file.save(path, pixel_card("unet_mobilenet_v2"), network)
    return {"rasters": [raster], "model": path, "window_size": 64}


def classify_raster(folder):
    raster = write_raster(folder / "a.tif", textured(regions(1300, 200, 40)))
    torch.manual_seed(0)
    network = networks.build_classifier("small_cnn", 3, 3).eval()
    known = pixel_card("small_cnn", patch=32)
    card = ModelCard(**{**vars(known), "task": CLASSIFICATION})
    path = str(folder / "rocks.safetensors")
    model_file.save(path, card, network)
    return {"input": raster, "model": path}


def upscale_raster(folder):
    raster = write_raster(folder / "g.tif", (255 * ground(200, 230, 2)).astype("uint8"))
    model = save_upscaler(folder / "upscaler.safetensors")
    return {"input": raster, "model": model, "window_size": 64, "blur": 0.3}


def detect_objects(folder):
    places = pit_places(420, 700, 60, seed=5)
    raster = write_raster(folder / "pits.tif", pit_values(420, 700, places))
    torch.manual_seed(0)
    network = networks.build_detector("fcos_mobilenet_v2_fpn", 1, 1).eval()
    card = ModelCard(
        task=DETECTION, network="fcos_mobilenet_v2_fpn", patch=96,
        arguments={"bands": 1, "classes": 1, "overlap": 32, "confidence": 0.1},
        bands=[{"name": "band 1", "unit": ""}], normalization={"mean": [100.0], "sd": [40.0]},
        classes=[{"value": 1, "name": "pit", "color": "#3366cc"}],
    )  # fmt: skip
    path = str(folder / "pits.safetensors")
    model_file.save(path, card, network)
    return {"input": raster, "model": path, "min_confidence": 0.02}


TRAININGS = {
    one.__name__: one
    for one in (
        train_image_classifier, train_pixel_classifier, train_object_detector, train_upscaler,
        train_image_generator, train_grid_forecast, train_seismic_forecast,
    )
}  # fmt: skip
MAPS = {
    one.__name__: one for one in (classify_pixels, classify_raster, upscale_raster, detect_objects)
}


def outputs_of(name, folder):
    """Places for what a job of a name writes; the first is what it is about."""
    if name in TRAININGS:
        return {"model": str(folder / "m.safetensors"), "report": str(folder / "r.html")}
    if name == "detect_objects":
        return {"output": str(folder / "o.geojson")}
    beside = {"classify_pixels": "probabilities", "classify_raster": "confidence"}.get(name)
    known = {"output": str(folder / "o.tif")}
    return {**known, beside: str(folder / "b.tif")} if beside else known
