"""Maps of pixels from QGIS."""

import os

import numpy as np
import pytest
from osgeo import gdal
from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsProcessingContext,
    QgsProcessingOutputLayerDefinition,
    QgsRasterLayer,
    QgsRectangle,
    QgsReferencedRectangle,
)

from qgis_truth import BORDER, NORTH, SIDE, WEST, Ears, read_raster, rock_values, write_raster

QUICK = {"DEVICE": "cpu"}


def share_right(path):
    """Share of the pixels whose class is the rock that is there; granite is 1, schist 2."""
    west, east = np.array_split(read_raster(path)[0], 2, axis=1)
    return float(np.mean(np.concatenate([west.ravel() == 1, east.ravel() == 2])))


def test_two_rocks_are_mapped_where_they_are_with_all_outputs(
    run, landscape, pixel_model, tmp_path
):
    outputs = run(
        "classifypixels",
        **QUICK,
        RASTERS=[landscape],
        MODEL=pixel_model,
        **{
            name: str(tmp_path / f"{name}.tif")
            for name in ("OUTPUT", "CONFIDENCE", "PROBABILITIES", "TRUST")
        },
    )
    assert share_right(outputs["OUTPUT"]) > 0.8
    assert read_raster(outputs["OUTPUT"]).shape == (1, SIDE, SIDE)
    chances = read_raster(outputs["PROBABILITIES"])
    assert np.allclose(chances.sum(0), 1, atol=1e-4)
    assert np.allclose(read_raster(outputs["CONFIDENCE"])[0], chances.max(0))
    limit = float(gdal.Open(outputs["TRUST"]).GetMetadata()["APPLICABLE_UP_TO"])
    assert (read_raster(outputs["TRUST"]) <= limit).mean() > 0.9
    described = gdal.Open(outputs["PROBABILITIES"])
    names = [described.GetRasterBand(band).GetDescription() for band in (1, 2)]
    assert names == ["granite", "schist"]


def test_optional_outputs_are_not_made_unless_asked(run, landscape, pixel_model):
    outputs = run(
        "classifypixels", **QUICK, RASTERS=[landscape], MODEL=pixel_model, OUTPUT="TEMPORARY_OUTPUT"
    )
    assert outputs["CONFIDENCE"] is outputs["PROBABILITIES"] is outputs["TRUST"] is None
    assert os.path.exists(outputs["OUTPUT"])


def test_layers_of_a_stack_give_what_one_raster_gives(
    run, landscape, pixel_model, project, tmp_path
):
    layers = []
    for band, values in enumerate(rock_values()):
        path = write_raster(tmp_path / f"{band}.tif", values[None])
        layers.append(QgsRasterLayer(path, f"band {band + 1}"))
        project.addMapLayer(layers[-1])
    one, many = (
        run(
            "classifypixels", **QUICK, RASTERS=rasters, MODEL=pixel_model, OUTPUT="TEMPORARY_OUTPUT"
        )
        for rasters in ([landscape], [layer.id() for layer in layers])
    )
    assert np.array_equal(read_raster(one["OUTPUT"]), read_raster(many["OUTPUT"]))


def test_extent_cuts_the_same_part_whatever_its_crs(run, landscape, pixel_model):
    west = QgsRectangle(WEST, NORTH - 2560, BORDER - 160, NORTH)
    utm = QgsCoordinateReferenceSystem("EPSG:32717")
    whole = run(
        "classifypixels", **QUICK, RASTERS=[landscape], MODEL=pixel_model, OUTPUT="TEMPORARY_OUTPUT"
    )
    part = run(
        "classifypixels", **QUICK, RASTERS=[landscape], MODEL=pixel_model,
        EXTENT=QgsReferencedRectangle(west, utm), OUTPUT="TEMPORARY_OUTPUT",
    )  # fmt: skip
    assert np.array_equal(read_raster(part["OUTPUT"]), read_raster(whole["OUTPUT"])[:, :, :112])


def test_trust_lights_up_outside_of_the_area_of_applicability(qgis, project, pixel_model, tmp_path):
    from deep_geology.plugin.jobs.model_card import read_card

    values = rock_values()
    values[:, 100:150, 100:150] = np.array([255, 0, 255])[:, None, None]  # no rock looks like this
    raster = write_raster(tmp_path / "foreign.tif", values)
    context, place = QgsProcessingContext(), QgsProcessingOutputLayerDefinition
    context.setProject(project)
    algorithm = QgsApplication.processingRegistry().createAlgorithmById(
        "deepgeology:classifypixels"
    )
    outputs, succeeded = algorithm.run(
        {
            **QUICK, "RASTERS": [raster], "MODEL": pixel_model,
            "OUTPUT": "TEMPORARY_OUTPUT", "TRUST": place("TEMPORARY_OUTPUT", project),
        },
        context, Ears(),
    )  # fmt: skip
    assert succeeded
    layer = QgsRasterLayer(outputs["TRUST"], "trust")
    details = context.layerToLoadOnCompletionDetails(outputs["TRUST"])
    details.postProcessor().postProcessLayer(layer, context, Ears())
    limit = read_card(pixel_model).trust["applicable"]
    steps = layer.renderer().shader().rasterShaderFunction().colorRampItemList()
    assert any("area of applicability ends" in step.label for step in steps)
    quiet = [step.color for step in steps if step.value <= limit]
    loud = [step.color for step in steps if step.value > limit]
    assert all(color.saturation() < 20 for color in quiet)
    assert all(color.saturation() > 150 for color in loud) and len(loud) >= 2
    index = read_raster(outputs["TRUST"])[0]
    assert (index[105:145, 105:145] > limit).all() and (index[:90] <= limit).mean() > 0.9


@pytest.mark.parametrize(
    "change, sentence",
    [
        ({"RASTERS": ["gone.tif"]}, "gone.tif"),
        ({"RASTERS": []}, "Choose at least one raster layer"),
        ({"MODEL": "gone.safetensors"}, "is not a file that exists."),
        ({"OUTPUT": "classes.png"}, "which does not end in .tif"),
        ({"OVERLAP": -1}, "is under the minimum of 0 pixels."),
        ({"OVERLAP": 65, "WINDOW_SIZE": 64}, "more than the window (64)"),
        ({"EXTENT": "5,5,5,5"}, "Extent is empty"),
        ({"EXTENT": "0,10,0,10 [EPSG:32717]"}, "The extent does not touch"),
        ({"BANDS": "1,9"}, "9"),
        ({"BANDS": "1"}, "band"),
    ],
)
def test_bad_values_are_refused_in_one_sentence(
    refused, landscape, pixel_model, tmp_path, change, sentence
):
    asked = {**QUICK, "RASTERS": [landscape], "MODEL": pixel_model}
    asked["OUTPUT"] = str(tmp_path / "classes.tif")
    said = refused("classifypixels", **{**asked, **change})
    assert sentence in said and "\n" not in said.strip()
    assert os.listdir(tmp_path) == []


def test_model_of_images_is_refused(refused, landscape, model):
    said = refused(
        "classifypixels", **QUICK, RASTERS=[landscape], MODEL=model, OUTPUT="TEMPORARY_OUTPUT"
    )
    assert "is for image classification; this tool needs one for pixel classification" in said


def test_two_outputs_in_one_file_are_refused(refused, landscape, pixel_model, tmp_path):
    place = str(tmp_path / "x.tif")
    said = refused(
        "classifypixels", RASTERS=[landscape], MODEL=pixel_model, OUTPUT=place, TRUST=place
    )
    assert said.startswith("Trust would overwrite Classes")
