"""An input that is written to while a job reads it is told of."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import rasterio.shutil

import small_jobs
from brightness import Said
from images import write_image
from plugin.engine import work
from plugin.engine.fingerprints import changed, states
from plugin.jobs import JOBS
from plugin.jobs.declare import from_values
from small_jobs import outputs_of

NAME = "classify_pixels"
GRAY = np.full((3, 8, 8), 99, np.uint8)


class Meddling(Said):
    """Does something when a text is said, such as that the first window is done."""

    def __init__(self, meddle, at):
        super().__init__()
        self._meddle, self._moment = meddle, at

    def _say(self, kind, **words):
        super()._say(kind, **words)
        if self._moment in words.get("text", ""):
            self._meddle()


def warned(values, meddle, name=NAME, at="Window 1 of"):
    said = Meddling(meddle, at)
    work.do(name, values, said.progress)
    return [text for text in said.warnings if "was changed while it was read" in text]


@pytest.fixture
def values(tmp_path):
    asked = small_jobs.classify_pixels(tmp_path)
    (tmp_path / "out").mkdir()
    return {**asked, **outputs_of(NAME, tmp_path / "out"), "device": "cpu"}


def test_raster_that_is_written_to_is_named(values):
    raster = values["rasters"][0]
    assert warned(values, lambda: None) == []
    assert warned(values, lambda: os.utime(raster, ns=(1, 1)))[0].startswith('"a.tif" was changed')


def test_part_of_a_mosaic_is_named_and_what_was_replaced_by_the_same_is_not_missed(
    values, tmp_path
):
    part, mosaic = values["rasters"][0], str(tmp_path / "mosaic.vrt")
    rasterio.shutil.copy(part, mosaic, driver="VRT")
    values["rasters"] = [mosaic]
    other = shutil.copy(part, tmp_path / "other.tif")
    said = warned(values, lambda: os.replace(shutil.copy(other, f"{other}.new"), part))
    assert [text.split('"')[1] for text in said] == ["a.tif"]


def test_raster_that_is_taken_away_is_named(values):
    raster = values["rasters"][0]
    assert warned(values, lambda: os.remove(raster))[0].startswith('"a.tif" was changed')


@pytest.fixture
def training(tmp_path):
    """A training on a folder of twelve images, whose model goes into that folder."""
    for number in range(12):
        write_image(tmp_path / "chips" / ("marl", "chalk")[number % 2] / f"{number}.png", GRAY)
    chips = tmp_path / "chips"
    asked = {"input": str(chips), "model": str(chips / "m"), "report": str(chips / "r.html")}
    return from_values(JOBS["train_image_generator"], asked), chips


@pytest.mark.parametrize("how", ["gone", "other", "later"])
def test_image_of_a_folder_that_changes_is_named(training, how):
    job, chips = training
    image = chips / "marl" / "4.png"
    before = states(job)
    assert changed(before) == [] and len(before) == 12
    if how == "gone":
        image.unlink()
    elif how == "other":
        write_image(image, 255 - GRAY)
    else:
        os.utime(image, ns=(1, 1))
    assert changed(before) == ["4.png"]


def test_many_changed_images_are_ten_names(training):
    job, chips = training
    before = states(job)
    shutil.rmtree(chips)
    assert len(changed(before)) == 10


def test_what_the_job_writes_into_a_folder_that_it_reads_is_no_change(training):
    job, chips = training
    kept = [chips / "m", chips / "m.checkpoint" / "1", chips / "r.html"]
    kept[1].parent.mkdir()
    for path in kept:
        path.write_text("old")
    before = states(job)
    for path in kept:
        path.write_text("new, and longer")
    assert changed(before) == []
    (chips / "more.png").write_text("a name that begins as the model's does")
    assert changed(states(job)) == [] and str(chips / "more.png") in states(job)


def test_a_folder_of_very_many_images_is_looked_at_in_part(training, monkeypatch):
    monkeypatch.setattr("plugin.engine.fingerprints._MOST_FILES", 5)
    assert len(states(training[0])) == 5


def test_image_that_changes_while_a_training_reads_the_folder_is_told(tmp_path):
    asked = small_jobs.train_image_classifier(tmp_path)
    values = {**asked, **outputs_of("train_image_classifier", tmp_path), "epochs": 1}
    image = next(Path(values["input"]).rglob("*.png"))
    said = warned(values, lambda: os.utime(image, ns=(1, 1)), "train_image_classifier", "poch 1")
    assert [text.split('"')[1] for text in said] == [image.name]
