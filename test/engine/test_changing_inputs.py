"""An input that is written to while a job reads it is told of."""

import os
import shutil

import pytest
import rasterio.shutil

import small_jobs
from brightness import Said
from plugin.engine import work
from small_jobs import outputs_of

NAME = "classify_pixels"


class Meddling(Said):
    """Does something when the first window is done."""

    def __init__(self, meddle):
        super().__init__()
        self._meddle = meddle

    def _say(self, kind, **words):
        super()._say(kind, **words)
        if "Window 1 of" in words.get("text", ""):
            self._meddle()


def warned(values, meddle):
    said = Meddling(meddle)
    work.do(NAME, values, said.progress)
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
