"""The sample project: the shipped samples, and a tool of every kind run on them."""

import functools
import itertools
import os
import shutil
from dataclasses import dataclass, field

from ..jobs.home import home
from ..jobs.model_library import BUNDLED

SAMPLES = os.path.join(os.path.dirname(BUNDLED), "samples")
_TAKEN = ("prairie", "japan")


@dataclass(frozen=True)
class Step:
    """A tool to run.

    Attributes
    ----------
    group : str
        Of the layers that come.
    title : str
        What is done, for the user.
    name : str
        Of the algorithm.
    parameters : dict
        Paths are whole.
    layers : tuple of str
        Outputs that become layers.
    """

    group: str
    title: str
    name: str
    parameters: dict
    layers: tuple = field(default=())


def new_folder():
    """Where a sample project can lie: every try has a folder of its own, so that all stays."""
    first = os.path.join(home(), "sample project")
    others = (f"{first} {number}" for number in itertools.count(2))
    return next(one for one in itertools.chain((first,), others) if not os.path.exists(one))


def copy_samples(folder):
    """Copy the samples to a folder that is not there yet; none is left if it fails.

    Raises
    ------
    OSError
    """
    try:
        for name in _TAKEN:
            source, target = os.path.join(SAMPLES, name), os.path.join(folder, name)
            os.makedirs(target)
            for file in os.listdir(source):
                shutil.copy(os.path.join(source, file), target)
    except OSError:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def steps(folder):
    """What is run on the samples in a folder, in order; some minutes on two cores."""
    place = functools.partial(os.path.join, folder)
    aerial, catalog = place("prairie", "image.tif"), place("japan", "earthquakes.csv")
    ground, japan = place("ground.safetensors"), place("japan.safetensors")
    return (
        Step(
            "Maps from labels",
            "Learning land cover from 43 polygons",
            "trainpixelclassifier",
            {
                "RASTERS": [aerial], "LABELS": place("prairie", "labels.geojson"),
                "CLASS_FIELD": "class", "NETWORK": "pixel_mlp", "EPOCHS": 8, "FOLDS": 2,
                "MODEL": ground, "REPORT": place("ground.html"),
            },
        ),
        Step(
            "Maps from labels",
            "Mapping every pixel",
            "classifypixels",
            {
                "RASTERS": [aerial], "MODEL": ground, "OUTPUT": place("land_cover.tif"),
                "TRUST": place("trust.tif"),
            },
            ("TRUST", "OUTPUT"),
        ),
        Step(
            "Seismicity",
            "Checking an earthquake catalog",
            "checkcatalog",
            {"CATALOG": catalog, "OUTPUT": place("events.gpkg"), "REPORT": place("catalog.html")},
            ("OUTPUT",),
        ),
        Step(
            "Seismicity",
            "Fitting a model of earthquakes",
            "trainseismicforecast",
            {
                "CATALOG": catalog, "CELL_SIZE": 1, "WINDOW_DAYS": 28, "COMPLETENESS": 5.2,
                "NETWORK": "reference", "MODEL": japan, "REPORT": place("japan.html"),
            },
        ),
        Step(
            "Seismicity",
            "Forecasting the next four weeks",
            "forecastseismicgrid",
            {"CATALOG": catalog, "MODEL": japan, "OUTPUT": place("forecast.tif")},
            ("OUTPUT",),
        ),
        Step(
            "Finer rasters",
            "Making the aerial image two times finer",
            "upscaleraster",
            {"INPUT": aerial, "FACTOR": "2", "OUTPUT": place("finer.tif")},
            ("OUTPUT",),
        ),
    )  # fmt: skip
