"""Forecasting grids from QGIS; what it makes of a model is in test_train_grid_forecast.py."""

import os

import pytest


def test_missing_model_is_refused_before_work(refused, landscape, tmp_path):
    text = refused(
        "forecastgrid",
        RASTERS=[landscape],
        MODEL=str(tmp_path / "none.safetensors"),
        OUTPUT=str(tmp_path / "f.tif"),
    )
    assert "none.safetensors" in text and os.listdir(tmp_path) == []


@pytest.mark.parametrize("rasters", [[], ["no such raster.tif"]])
def test_series_that_is_none_is_refused(refused, model, rasters):
    text = refused("forecastgrid", RASTERS=rasters, MODEL=model, OUTPUT="TEMPORARY_OUTPUT")
    assert "Rasters" in text or "RASTERS" in text
