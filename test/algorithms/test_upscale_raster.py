"""Upscaling rasters from QGIS."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from osgeo import gdal
from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsMultiBandColorRenderer,
    QgsProcessingContext,
    QgsProcessingModelAlgorithm,
    QgsProcessingModelChildAlgorithm,
    QgsProcessingModelChildParameterSource,
    QgsProcessingModelOutput,
    QgsProcessingModelParameter,
    QgsProcessingOutputLayerDefinition,
    QgsProcessingParameterRasterLayer,
    QgsRasterLayer,
    QgsRectangle,
    QgsReferencedRectangle,
)

from qgis_truth import NORTH, PIXEL, SIDE, WEST, Ears, read_raster, rock_values, write_raster

ROOT = Path(__file__).resolve().parents[2]
QUICK = {"FACTOR": "2", "METHOD": "classical", "BLUR": 0.64, "DEVICE": "cpu"}


@pytest.fixture(scope="session")
def upscaler(qgis, tmp_path_factory):
    """Path of a small upscaler of factor 2 that knows nothing, but adds something."""
    from deep_geology.plugin import environment

    path = tmp_path_factory.mktemp("upscaler") / "sharp.safetensors"
    code = "import sys, upscalers as u; u.save_upscaler(sys.argv[1], u.wild_network(1, 2))"
    paths = os.pathsep.join([str(ROOT), str(ROOT / "test")])
    subprocess.run(
        [environment.engine_python(), "-c", code, str(path)],
        check=True, env={**os.environ, "PYTHONPATH": paths},
    )  # fmt: skip
    return str(path)


def block_means(values, factor=2):
    bands, rows, columns = values.shape
    blocks = values.reshape(bands, rows // factor, factor, columns // factor, factor)
    return blocks.mean(axis=(2, 4))


def test_each_pixel_keeps_its_mean_and_the_raster_its_place(run, landscape, tmp_path):
    outputs = run("upscaleraster", **QUICK, INPUT=landscape, OUTPUT=str(tmp_path / "fine.tif"))
    fine = read_raster(outputs["OUTPUT"])
    assert fine.shape == (3, 2 * SIDE, 2 * SIDE) and fine.dtype == np.uint8
    coarse = rock_values().astype(float)
    blocks = fine.reshape(3, SIDE, 2, SIDE, 2)
    inside = (blocks.min(axis=(2, 4)) > 0) & (blocks.max(axis=(2, 4)) < 255)  # nothing is clipped
    assert np.abs(block_means(fine.astype(float)) - coarse)[inside].max() <= 0.13
    layer, source = QgsRasterLayer(outputs["OUTPUT"], "fine"), QgsRasterLayer(landscape, "coarse")
    assert layer.crs() == source.crs() and layer.extent() == source.extent()
    assert outputs["SYNTHESIZED_DETAIL"] is None and outputs["REPORT"] is None


def test_model_adds_its_detail_and_says_where(run, landscape, upscaler, tmp_path):
    outputs = run(
        "upscaleraster", INPUT=landscape, MODEL=upscaler, FACTOR="2", BLUR=0.3, DETAIL=1,
        OUTPUT=str(tmp_path / "fine.tif"), SYNTHESIZED_DETAIL=str(tmp_path / "made.tif"),
        REPORT=str(tmp_path / "report.html"), DEVICE="cpu",
    )  # fmt: skip
    assert read_raster(outputs["OUTPUT"]).shape == (3, 2 * SIDE, 2 * SIDE)
    made = read_raster(outputs["SYNTHESIZED_DETAIL"])
    assert made.shape == (3, SIDE, SIDE) and made.mean() > 0.1
    assert "Before and after" in Path(outputs["REPORT"]).read_text(encoding="utf-8")


def test_texture_changes_the_result_and_zero_is_the_faithful_one(run, landscape, upscaler):
    known = {"INPUT": landscape, "MODEL": upscaler, "FACTOR": "2", "BLUR": 0.3, "DEVICE": "cpu"}
    made = [
        read_raster(run("upscaleraster", **known, DETAIL=d, OUTPUT="TEMPORARY_OUTPUT")["OUTPUT"])
        for d in (0, 0, 1)
    ]
    assert np.array_equal(made[0], made[1]) and not np.array_equal(made[0], made[2])


def test_memory_layer_with_a_crs_of_the_user_is_upscaled(run):
    path = write_raster("/vsimem/no crs.tif", rock_values(), crs="")
    layer = QgsRasterLayer(path, "survey", "gdal")
    layer.setCrs(QgsCoordinateReferenceSystem("EPSG:32717"))
    outputs = run("upscaleraster", **QUICK, INPUT=layer, OUTPUT="TEMPORARY_OUTPUT")
    assert QgsRasterLayer(outputs["OUTPUT"], "fine").crs().authid() == "EPSG:32717"
    assert read_raster(outputs["OUTPUT"]).shape == (3, 2 * SIDE, 2 * SIDE)


@pytest.mark.parametrize(
    "driver, options, name",
    [
        ("GPKG", ["RASTER_TABLE=relief", "TILE_FORMAT=PNG"], "GPKG:{}:relief"),
        ("HFA", [], "{}"),
        ("VRT", [], "{}"),
    ],
)
def test_layer_of_another_format_gives_what_the_tiff_gives(
    run, landscape, tmp_path, driver, options, name
):
    source = landscape if driver == "VRT" else None
    path = tmp_path / f"rocks.{driver.lower()}"
    if source:
        gdal.Translate(str(path), source, format="VRT")
    else:
        write_raster(path, rock_values(), driver=driver, options=options)
    layer = QgsRasterLayer(name.format(path), "rocks", "gdal")
    assert layer.isValid()
    known = {**QUICK, "BANDS": [1, 2, 3], "OUTPUT": "TEMPORARY_OUTPUT"}
    made = [run("upscaleraster", INPUT=one, **known)["OUTPUT"] for one in (landscape, layer)]
    assert np.array_equal(*map(read_raster, made))


def test_extent_in_another_crs_gives_the_pixels_of_the_whole(run, landscape):
    part = QgsRectangle(
        WEST + 40 * PIXEL, NORTH - 100 * PIXEL, WEST + 90 * PIXEL, NORTH - PIXEL * 20
    )
    utm = QgsCoordinateReferenceSystem("EPSG:32717")
    whole = read_raster(
        run("upscaleraster", **QUICK, INPUT=landscape, OUTPUT="TEMPORARY_OUTPUT")["OUTPUT"]
    )
    outputs = run(
        "upscaleraster", **QUICK, INPUT=landscape, EXTENT=QgsReferencedRectangle(part, utm),
        OUTPUT="TEMPORARY_OUTPUT",
    )  # fmt: skip
    assert np.array_equal(read_raster(outputs["OUTPUT"]), whole[:, 40:200, 80:180])


def test_nodata_that_the_raster_does_not_declare_stays_empty(run, tmp_path):
    values = rock_values()
    values[:, 50:90, 60:100] = 7
    path = write_raster(tmp_path / "hole.tif", values)
    outputs = run("upscaleraster", **QUICK, INPUT=path, NODATA=7, OUTPUT="TEMPORARY_OUTPUT")
    fine = read_raster(outputs["OUTPUT"])
    assert (fine[:, 100:180, 120:200] == 7).all()
    assert gdal.Open(outputs["OUTPUT"]).GetRasterBand(1).GetNoDataValue() == 7
    holes = (fine == 7).all(axis=0)
    assert holes.sum() == 80 * 80


def test_result_looks_like_its_source(project, landscape, tmp_path):
    layer = QgsRasterLayer(landscape, "rocks")
    renderer = QgsMultiBandColorRenderer(layer.dataProvider(), 3, 2, 1)
    layer.setRenderer(renderer)
    project.addMapLayer(layer)
    context, place = QgsProcessingContext(), QgsProcessingOutputLayerDefinition
    context.setProject(project)
    algorithm = QgsApplication.processingRegistry().createAlgorithmById("deepgeology:upscaleraster")
    known = {**QUICK, "INPUT": layer, "OUTPUT": place("TEMPORARY_OUTPUT", project)}
    outputs, succeeded = algorithm.run(known, context, Ears())
    assert succeeded
    fine = QgsRasterLayer(outputs["OUTPUT"], "fine")
    details = context.layerToLoadOnCompletionDetails(outputs["OUTPUT"])
    details.postProcessor().postProcessLayer(fine, context, Ears())
    worn = fine.renderer()
    assert (worn.redBand(), worn.greenBand(), worn.blueBand()) == (3, 2, 1)


def test_model_of_the_modeler_upscales_and_hands_on(qgis, run, landscape, upscaler):
    model = QgsProcessingModelAlgorithm("sharpen", "group")
    component = QgsProcessingModelParameter("scene")
    model.addModelParameter(QgsProcessingParameterRasterLayer("scene", "Scene"), component)
    source = QgsProcessingModelChildParameterSource
    first = QgsProcessingModelChildAlgorithm("deepgeology:upscaleraster")
    first.setChildId("fine")
    for name, value in {"FACTOR": "2", "MODEL": upscaler, "BLUR": 0.3, "DEVICE": "cpu"}.items():
        first.addParameterSources(name, [source.fromStaticValue(value)])
    first.addParameterSources("INPUT", [source.fromModelParameter("scene")])
    model.addChildAlgorithm(first)
    second = QgsProcessingModelChildAlgorithm("gdal:cliprasterbyextent")
    second.setChildId("cut")
    second.addParameterSources("INPUT", [source.fromChildOutput("fine", "OUTPUT")])
    box = f"{WEST},{WEST + 500},{NORTH - 500},{NORTH} [EPSG:32717]"
    second.addParameterSources("PROJWIN", [source.fromStaticValue(box)])
    output = QgsProcessingModelOutput("part")
    output.setChildOutputName("OUTPUT")
    output.setChildId("cut")
    second.setModelOutputs({"part": output})
    model.addChildAlgorithm(second)
    import processing

    model.initAlgorithm()
    made = processing.run(model, {"scene": landscape, "cut:part": "TEMPORARY_OUTPUT"})
    assert read_raster(made["cut:part"]).shape == (3, 100, 100)


def test_qgis_process_upscales(plugins, landscape, tmp_path):
    program = shutil.which("qgis_process.bin") or shutil.which("qgis_process")
    subprocess.run([program, "plugins", "enable", "deep_geology"], capture_output=True)
    place = tmp_path / "fine.tif"
    words = [f"{name}={value}" for name, value in {**QUICK, "INPUT": landscape}.items()]
    done = subprocess.run(
        [program, "--json", "run", "deepgeology:upscaleraster", "--", *words, f"OUTPUT={place}"],
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    results = json.loads(done.stdout[done.stdout.index("{") :])["results"]
    assert read_raster(results["OUTPUT"]).shape == (3, 2 * SIDE, 2 * SIDE)


@pytest.mark.parametrize(
    "change, sentence",
    [
        ({"INPUT": "gone.tif"}, 'Raster "gone.tif" cannot be read as a raster layer.'),
        ({"MODEL": "gone.safetensors", "METHOD": "model"}, "is not a file that exists."),
        ({"OUTPUT": "fine.png"}, "which does not end in .tif"),
        ({"FACTOR": "1"}, "The classical method cannot sharpen at the same size."),
        ({"BLUR": 0.9}, "is over the maximum of 0.64"),
        ({"BLUR": 0.01}, "softer than any sensor"),
        ({"CONSISTENCY": 21}, "is over the maximum of 20 iterations"),
        ({"DETAIL": -0.5}, "Choose 0 to 1, or exactly -1 for automatic."),
        ({"DETAIL": 2}, "is over the maximum of 1"),
        ({"EXTENT": "5,5,5,5"}, "Extent is empty"),
        ({"EXTENT": "0,10,0,10 [EPSG:32717]"}, "The extent does not touch"),
        ({"BANDS": [1, 9]}, "9"),
        ({"WINDOW_SIZE": -5}, "is under the minimum of 0 pixels"),
    ],
)
def test_bad_values_are_refused_in_one_sentence(refused, landscape, tmp_path, change, sentence):
    asked = {**QUICK, "INPUT": landscape, "OUTPUT": str(tmp_path / "fine.tif")}
    said = refused("upscaleraster", **{**asked, **change})
    assert sentence in said and "\n" not in said.strip()
    assert os.listdir(tmp_path) == []


def test_model_with_the_classical_method_is_refused(refused, landscape, upscaler):
    said = refused(
        "upscaleraster", **QUICK, INPUT=landscape, MODEL=upscaler, OUTPUT="TEMPORARY_OUTPUT"
    )
    assert "The classical method takes no model." in said


def test_model_of_images_is_refused(refused, landscape, model):
    known = {**QUICK, "METHOD": "model", "MODEL": model, "OUTPUT": "TEMPORARY_OUTPUT"}
    said = refused("upscaleraster", **known, INPUT=landscape)
    assert "is for image classification; this tool needs one for upscaling" in said


def test_raster_over_its_input_is_refused_and_untouched(refused, landscape):
    before = os.stat(landscape).st_mtime_ns
    said = refused("upscaleraster", **QUICK, INPUT=landscape, OUTPUT=landscape)
    assert said.startswith("Upscaled raster would overwrite Raster")
    assert os.stat(landscape).st_mtime_ns == before
