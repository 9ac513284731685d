"""The Model library: which models it lists, and what a name stands for."""

import os
import shutil

import pytest

from plugin.jobs import ClassifyRaster, DescribeModel
from plugin.jobs.declare import from_values
from plugin.jobs.errors import JobError
from plugin.jobs.model_card import CLASSIFICATION, UPSCALING
from plugin.jobs.model_library import BUNDLED, FOLDER, folder, models, path_of

LAND_COVER = os.path.join(BUNDLED, "sentinel2_land_cover.safetensors")


@pytest.fixture
def own(tmp_path, monkeypatch):
    """The folder of the user's own models, empty."""
    monkeypatch.setenv(FOLDER, str(tmp_path / "my models"))
    (tmp_path / "my models").mkdir()
    return tmp_path / "my models"


def test_bundled_models_are_listed_by_their_task(own):
    assert "sentinel2_land_cover" in [model.name for model in models(CLASSIFICATION)]
    assert [model.name for model in models(UPSCALING)] == [
        "upscaler_x1", "upscaler_x2", "upscaler_x4",
    ]  # fmt: skip
    assert not any(model.is_own for model in models())


def test_own_models_come_first_and_hide_bundled_ones_of_their_name(own):
    shutil.copy(LAND_COVER, own / "Sentinel2_Land_Cover.safetensors")
    shutil.copy(LAND_COVER, own / "zion.safetensors")
    (own / "weights.safetensors").write_bytes(b"\x02\0\0\0\0\0\0\0{}")
    (own / "notes.txt").write_text("no model")
    found = models(CLASSIFICATION)
    assert [model.name for model in found][:2] == ["Sentinel2_Land_Cover", "zion"]
    assert [model.is_own for model in found] == [True, True, False]
    assert path_of("sentinel2_land_cover") == str(own / "Sentinel2_Land_Cover.safetensors")


def test_name_stands_for_its_file_in_every_job(own, tmp_path):
    assert from_values(DescribeModel, {"model": "sentinel2_land_cover"}).model == LAND_COVER
    assert from_values(DescribeModel, {"model": "Sentinel2_land_cover.safetensors"}).model == (
        LAND_COVER
    )
    path = str(tmp_path / "dem.tif")
    values = {"input": path, "model": "sentinel2_land_cover", "output": str(tmp_path / "o.tif")}
    assert from_values(ClassifyRaster, values).model == LAND_COVER


def test_path_and_file_of_this_folder_come_before_the_library(own, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copy(LAND_COVER, tmp_path / "sentinel2_land_cover.safetensors")
    name = "sentinel2_land_cover.safetensors"
    assert path_of(name) == name
    assert path_of("./sentinel2_land_cover") == "./sentinel2_land_cover"
    assert path_of("") == "" and path_of(None) is None


def test_name_that_is_not_there_is_refused_with_those_that_are(own):
    with pytest.raises(JobError) as caught:
        from_values(ClassifyRaster, {"input": "a.tif", "model": "land_cover", "output": "o.tif"})
    assert "is not a file that exists" in caught.value.found
    assert "sentinel2_land_cover" in caught.value.remedy
    assert "upscaler_x2" not in caught.value.remedy


def test_folder_is_in_that_of_the_engine_unless_chosen(monkeypatch, tmp_path):
    monkeypatch.delenv(FOLDER, raising=False)
    monkeypatch.setenv("DEEPGEOLOGY_HOME", str(tmp_path))
    assert folder() == str(tmp_path / "models")
    assert models() and not os.path.exists(folder())
