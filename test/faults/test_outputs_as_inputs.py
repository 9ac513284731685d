"""Every output of every tool as the input of every other that takes its kind, as in the modeler.

Each pair works, or is refused in a sentence. What belongs together must work.
"""

import contextlib
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from faults.test_odd_inputs import check_sentence
from plugin.engine import work
from plugin.engine.progress import Progress, Silent
from plugin.jobs import JOBS
from plugin.jobs.declare import declared
from plugin.jobs.errors import Stopped
from small_world import BY_THE_ENGINE, outputs, usual

# After so many seconds of work an input was plainly taken.
TAKEN_SECONDS = 1.5
FITS = {
    "raster": {".tif"}, "rasters": {".tif"}, "raster_or_images": {".tif", ""},
    "features": {".geojson"}, "catalog": {".geojson"}, "folder": {""}, "images": {"", ".geojson"},
    "model_file": {".safetensors"},
    "file": {".safetensors", ".onnx", ".geojson", ".csv", ".json"},
}  # fmt: skip
# What an input asks of the other values.
WITH = {"base_model": {"start_from": "model"}}
# Maker and output, taker and input: chains that the docs and the ready-made models show.
TOGETHER = {
    ("export_training_chips.output", "train_image_classifier.input"),
    ("export_training_chips.output", "classify_images.input"),
    ("generate_images.output", "classify_images.input"),
    ("train_image_classifier.model", "classify_raster.model"),
    ("train_image_classifier.model", "classify_images.model"),
    ("train_image_classifier.model", "classify_features.model"),
    ("train_image_classifier.model", "explain_classification.model"),
    ("train_image_classifier.model", "map_embedding.model"),
    ("train_image_classifier.model", "export_onnx.model"),
    ("train_image_classifier.model", "train_image_classifier.base_model"),
    ("train_pixel_classifier.model", "classify_pixels.model"),
    ("train_pixel_classifier.model", "suggest_labels.model"),
    ("train_pixel_classifier.model", "train_pixel_classifier.base_model"),
    ("train_object_detector.model", "detect_objects.model"),
    ("train_seismic_forecast.model", "forecast_seismic_grid.model"),
    ("train_seismic_forecast.model", "test_seismic_forecast.model"),
    ("train_grid_forecast.model", "forecast_grid.model"),
    ("train_upscaler.model", "upscale_raster.model"),
    ("train_upscaler.model", "assess_upscaling.model"),
    ("train_upscaler.model", "train_upscaler.base_model"),
    ("train_image_generator.model", "generate_images.model"),
    ("import_model.output", "describe_model.model"),
    ("classify_pixels.output", "assess_accuracy.classified"),
    ("classify_raster.output", "assess_accuracy.classified"),
    ("classify_pixels.probabilities", "upscale_raster.input"),
    ("upscale_raster.output", "classify_pixels.rasters"),
    ("upscale_raster.output", "train_pixel_classifier.rasters"),
    ("upscale_raster.output", "upscale_raster.input"),
    ("download_catalog.output", "check_catalog.catalog"),
    ("check_catalog.output", "grid_catalog.catalog"),
    ("check_catalog.output", "train_seismic_forecast.catalog"),
    ("grid_catalog.output", "train_grid_forecast.rasters"),
    ("forecast_seismic_grid.output", "export_csep_forecast.forecast"),
}


@dataclass(frozen=True)
class Made:
    """An output of a tool: ``job.parameter``, and where it is."""

    name: str
    path: str


@pytest.fixture(scope="module")
def made(world, tmp_path_factory):
    """What every tool makes of its usual inputs."""
    found = []
    for name in BY_THE_ENGINE:
        folder = tmp_path_factory.mktemp(name)
        places = outputs(name, folder)
        work.do(name, {**usual(name, world), **places}, Silent())
        found += [Made(f"{name}.{part}", path) for part, path in places.items()]
    return found


def takers():
    """Every job with its name and the inputs that take a layer, a folder or a file."""
    for name in BY_THE_ENGINE:
        for part in declared(JOBS[name]):
            if part.is_input and part.kind in FITS:
                yield name, part


@pytest.mark.soak
@pytest.mark.timeout(3000)
@pytest.mark.parametrize(
    ("name", "part"), [pytest.param(n, p, id=f"{n}.{p.name}") for n, p in takers()]
)
def test_every_output_that_fits_is_taken_or_refused_in_a_sentence(
    name, part, world, made, tmp_path
):
    taken, refused = set(), {}
    for number, one in enumerate(made):
        if Path(one.path).suffix in FITS[part.kind] and Path(one.path).exists():
            folder = tmp_path / str(number)
            folder.mkdir()
            given = [one.path] if part.kind == "rasters" else one.path
            values = {**usual(name, world), **WITH.get(part.name, {}), part.name: given}
            why = attempt(name, {**values, **outputs(name, folder)})
            taken |= {one.name} if why is None else set()
            refused |= {one.name: str(why)} if why is not None else {}
    expected = {maker for maker, taker in TOGETHER if taker == f"{name}.{part.name}"}
    assert expected <= taken, {maker: refused.get(maker) for maker in expected - taken}


def attempt(name, values):
    """Do a job until its input was plainly taken; the sentence that refuses it, or None."""
    began = time.monotonic()
    progress = Progress(
        lambda kind, **words: None, lambda: time.monotonic() > began + TAKEN_SECONDS
    )
    with contextlib.suppress(Stopped):
        try:
            work.do(name, values, progress)
        except Stopped:
            raise
        except Exception as error:
            why = work.explain(error, name)
            check_sentence(why, error)
            return why
    return None


def test_what_belongs_together_names_tools_and_their_parameters():
    known = {f"{name}.{part.name}" for name in JOBS for part in declared(JOBS[name])}
    assert {end for pair in TOGETHER for end in pair} <= known
