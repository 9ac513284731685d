"""One small thing of every kind that a job may be given, and a small job of every name.

A new job is covered by the kinds of its fields; only what they do not say stands in `USUAL`.
"""

import json
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torchvision.models import mobilenet_v2

from images import striped_folder
from landscapes import box, point, regions, textured, write_labels, write_raster
from pits import pit_boxes, pit_folder, pit_places, pit_values, write_coco
from plugin.engine import model_file, networks
from plugin.engine.networks.image_generator import ImageGenerator
from plugin.engine.progress import Silent
from plugin.engine.seismic.catalog import to_iso
from plugin.jobs import JOBS
from plugin.jobs.declare import declared, from_values
from plugin.jobs.model_card import (
    CLASSIFICATION,
    DETECTION,
    GENERATION,
    PIXELS,
    SEISMIC,
    SERIES,
    UPSCALING,
    ModelCard,
)
from seismic_truth import EXTENT, etas_catalog
from seismicity import write_catalog
from series import averaging, months, write_series
from terrain import write_terrain
from upscalers import save_upscaler

ROCKS = ("chalk", "marl", "basalt")
DAYS = (100, 900, 1150, 1400)
# What keeps a training short, wherever a job has such a field.
SHORT = {
    "device": "cpu", "epochs": 1, "minutes": 0.1, "image_size": 32, "patch_size": 32,
    "folds": 2, "seeds": 1, "repeats": 1, "count": 3,
}  # fmt: skip
# Outputs that only some of a job's choices give.
NOT_USUAL = {"explain_classification": ("table", "pictures")}
NOT_BY_THE_ENGINE = ("prepare_engine", "download_engine")
BY_THE_ENGINE = [name for name in JOBS if name not in NOT_BY_THE_ENGINE]


class World:
    """A folder in which things are made when they are asked for.

    Attributes
    ----------
    folder : pathlib.Path
    service : str
        Address of an event service, for the job that downloads.
    """

    def __init__(self, folder, service="http://127.0.0.1:9/fdsnws/event/1"):
        self.folder, self.service = Path(folder), service

    @cached_property
    def raster(self):
        return write_raster(self.folder / "survey.tif", textured(regions(96, 112, 16)))

    @cached_property
    def wide_raster(self):
        return write_terrain(self.folder / "relief.tif", height=640, width=640)

    @cached_property
    def classes(self):
        values = (regions(96, 112, 16) + 1).astype(np.uint8)[None]
        return write_raster(self.folder / "classes.tif", values, nodata=0)

    @cached_property
    def labels(self):
        middles = [(row, column) for row in range(8, 96, 16) for column in range(8, 112, 16)]
        rocks = [ROCKS[(row // 16 + 2 * (column // 16)) % 3] for row, column in middles]
        shapes = [box(row - 6, column - 6, row + 6, column + 6) for row, column in middles]
        return write_labels(self.folder / "labels.geojson", list(zip(shapes, rocks)))

    @cached_property
    def points(self):
        places = [(row, column) for row in range(8, 96, 16) for column in range(8, 112, 16)]
        rocks = [ROCKS[(row // 16 + 2 * (column // 16)) % 3] for row, column in places]
        return write_labels(
            self.folder / "points.geojson", [(point(*p), r) for p, r in zip(places, rocks)]
        )

    @cached_property
    def pitted(self):
        """A raster with pits, and their boxes as features."""
        places = pit_places(192, 224, 16, seed=5)
        raster = write_raster(self.folder / "pitted.tif", pit_values(192, 224, places, bands=3))
        shapes = [(box(top, left, bottom, right), "pit")
                  for left, top, right, bottom in pit_boxes(places)]  # fmt: skip
        return raster, write_labels(self.folder / "pits.geojson", shapes)

    @cached_property
    def images(self):
        return striped_folder(self.folder / "images", count=6)

    @cached_property
    def many_images(self):
        return striped_folder(self.folder / "many images", count=32, side=64)

    @cached_property
    def boxed_images(self):
        """A folder of images, and their boxes in a COCO file."""
        folder, truth = pit_folder(self.folder / "boxed")
        return folder, write_coco(self.folder / "boxes.json", truth, 96)

    @cached_property
    def weights(self):
        """A state dict of torchvision, as others give it away."""
        path = str(self.folder / "weights.safetensors")
        save_file(mobilenet_v2(num_classes=3).state_dict(), path)
        return path

    @cached_property
    def catalog(self):
        return write_catalog(self.folder / "events.csv", etas_catalog(3, 1400.0))

    @cached_property
    def series(self):
        return write_series(self.folder / "series.tif", averaging(60), months(60))

    @cached_property
    def forecast(self):
        path = str(self.folder / "forecast.tif")
        self._do("forecast_seismic_grid", output=path, model=self.models[SEISMIC])
        return path

    def _do(self, name, **values):
        from plugin.engine.tasks import load

        job = from_values(JOBS[name], {**usual(name, self), **values})
        return load(name)(job, Silent())

    @cached_property
    def models(self):
        """Path of a model by its task."""
        return _Models(self)


class _Models(dict):
    """Models by task, made when they are asked for."""

    def __init__(self, world):
        super().__init__()
        self._world = world

    def __missing__(self, task):
        path = self._world.folder / f"{task.replace(' ', '_')}.safetensors"
        _MAKERS[task](path, self._world)
        self[task] = str(path)
        return self[task]


def _card(task, network, classes=ROCKS, **values):
    known = {
        "arguments": {"bands": 3, "classes": len(classes)},
        "bands": [{"name": f"band {n}", "unit": ""} for n in (1, 2, 3)],
        "normalization": {"mean": [120.0] * 3, "sd": [60.0] * 3},
        "classes": [
            {"value": n, "name": name, "color": f"#{n}0{n}0{n}0"}
            for n, name in enumerate(classes, 1)
        ],
        "patch": 32,
    }  # fmt: skip
    return ModelCard(task, network, **{**known, **values})


def _classifier(path, world):
    torch.manual_seed(0)
    network = networks.build_classifier("small_cnn", 3, 3)
    model_file.save(str(path), _card(CLASSIFICATION, "small_cnn", chip=32), network)


def _detector(path, world):
    torch.manual_seed(0)
    name = "fcos_mobilenet_v2_fpn"
    arguments = {"bands": 3, "classes": 1, "overlap": 16, "confidence": 0.3}
    card = _card(DETECTION, name, ("pit",), arguments=arguments, patch=96)
    model_file.save(str(path), card, networks.build_detector(name, 3, 1))


def _generator(path, world):
    torch.manual_seed(0)
    arguments = {"bands": 3, "side": 64, "classes": 3, "width": 4}
    card = _card(GENERATION, "dcgan", arguments=arguments, patch=64)
    model_file.save(str(path), card, ImageGenerator(3, 64, 3, 4))


_MAKERS = {
    CLASSIFICATION: _classifier,
    PIXELS: lambda path, world: world._do("train_pixel_classifier", model=str(path)),
    DETECTION: _detector,
    GENERATION: _generator,
    UPSCALING: lambda path, world: save_upscaler(path),
    SERIES: lambda path, world: world._do("train_grid_forecast", model=str(path)),
    SEISMIC: lambda path, world: world._do(
        "train_seismic_forecast", model=str(path), network="reference"
    ),
}

_SEISMIC_SPAN = dict(zip(("start", "train_end", "validation_end", "test_end"), map(to_iso, DAYS)))
# By job: what the kinds of its fields do not say; a function of the world gives a value.
USUAL = {
    "export_training_chips": {"chip_size": 16, "class_field": "rock"},
    "train_image_classifier": {"network": "small_cnn", "start_from": "scratch"},
    "train_pixel_classifier": {"network": "pixel_mlp", "class_field": "rock"},
    "suggest_labels": {"labels": lambda w: w.labels},
    "assess_accuracy": {
        "classified": lambda w: w.classes, "reference": lambda w: w.points,
        "class_field": "rock", "class_names": "1 = chalk; 2 = marl; 3 = basalt",
    },
    "train_object_detector": {
        "rasters": lambda w: [w.pitted[0]], "boxes": lambda w: w.pitted[1],
        "start_from": "scratch", "patch_size": 96,
    },
    "detect_objects": {"input": lambda w: w.pitted[0]},
    "download_catalog": {
        "service": lambda w: w.service, "start": "2020-01-01T00:00:00",
        "end": "2020-03-01T00:00:00", "extent": [5, 15, 40, 50], "minimum_magnitude": 2.5,
    },
    "grid_catalog": {"extent": EXTENT, "cell_size": 0.5},
    "train_seismic_forecast": {
        **_SEISMIC_SPAN, "extent": EXTENT, "cell_size": 0.5, "window_days": 5,
        "completeness": 2.5,
    },
    "export_csep_forecast": {"forecast": lambda w: w.forecast},
    "train_grid_forecast": {"rasters": lambda w: [w.series], "history": 6},
    "forecast_grid": {"rasters": lambda w: [w.series]},
    "train_upscaler": {
        "fine": lambda w: [w.wide_raster], "start_from": "scratch", "size": "fast",
    },
    "assess_upscaling": {"reference": lambda w: w.wide_raster, "model": lambda w: w.models[UPSCALING]},
    "train_image_generator": {"input": lambda w: w.many_images},
    "import_model": {"input": lambda w: w.weights, "network": "mobilenet_v2_torchvision"},
}  # fmt: skip
_TASK_OF_ANY = CLASSIFICATION  # a job that takes several kinds of models takes this one


def usual(name, world):
    """A job that works, without its outputs: value by parameter name.

    Parameters
    ----------
    name : str
        In `plugin.jobs.JOBS`.
    world : World
    """
    parts = [part for part in declared(JOBS[name]) if part.is_input]
    values = {part.name: _usual_value(part, world) for part in parts}
    wished = {
        key: value(world) if callable(value) else value
        for key, value in USUAL.get(name, {}).items()
    }
    return {key: v for key, v in {**values, **wished}.items() if v is not None and v != ""}


def _usual_value(part, world):
    """A value by the kind of a field; None where the field may stay empty."""
    if part.name in SHORT:
        return SHORT[part.name]
    if part.optional or part.kind not in _BY_KIND:
        return None
    return _BY_KIND[part.kind](part, world)


_BY_KIND = {
    "raster": lambda part, world: world.raster,
    "rasters": lambda part, world: [world.raster],
    "raster_or_images": lambda part, world: world.raster,
    "features": lambda part, world: world.labels,
    "catalog": lambda part, world: world.catalog,
    "attribute": lambda part, world: "rock",
    "folder": lambda part, world: world.images,
    "images": lambda part, world: world.images,
    "file": lambda part, world: world.boxed_images[1],
    "model_file": lambda part, world: world.models[part.task or _TASK_OF_ANY],
    "moment": lambda part, world: "2020-01-01T00:00:00",
}


def outputs(name, folder, all_of_them=True):
    """A place in a folder for every output of a job: path by parameter name."""
    return {
        part.name: str(Path(folder) / (part.name + (part.extension and f".{part.extension}")))
        for part in declared(JOBS[name])
        if part.is_output
        and part.name not in NOT_USUAL.get(name, ())
        and (all_of_them or not part.optional)
    }


def read_features(path):
    """The features of a GeoJSON file that a job has written."""
    return json.loads(Path(path).read_text(encoding="utf-8"))["features"]
