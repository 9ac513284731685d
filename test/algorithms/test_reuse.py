"""What Processing offers beside the dialog: batch, history, expressions, data-defined values."""

import os
import time

import pytest
from qgis.core import (
    QgsApplication,
    QgsExpressionContextUtils,
    QgsProcessingContext,
    QgsProcessingFeatureSourceDefinition,
    QgsProcessingModelAlgorithm,
    QgsProcessingModelChildAlgorithm,
    QgsProcessingModelChildParameterSource as Source,
    QgsProcessingModelParameter,
    QgsProcessingParameterNumber,
    QgsProject,
    QgsProperty,
    QgsRasterLayer,
    QgsVectorLayer,
)

from engine_processes import engines
from qgis_truth import (
    label_points,
    memory_points,
    read_raster,
    rock_values,
    save,
    write_raster,
)

RASTERS, LONGEST = 20, 120.0  # seconds


def algorithm(name):
    return QgsApplication.processingRegistry().algorithmById(f"deepgeology:{name}")


@pytest.fixture
def batch(qgis):
    """The batch dialog of Classify raster with a row for every raster."""
    from processing.gui.BatchAlgorithmDialog import BatchAlgorithmDialog

    dialog = BatchAlgorithmDialog(algorithm("classifyraster").create(), None)
    panel = dialog.mainWidget()
    panel.addRow(RASTERS - 1)
    panel.checkLoadLayersOnCompletion.setChecked(False)
    dialog.show()
    yield dialog
    end = time.monotonic() + LONGEST
    while QgsApplication.taskManager().countActiveTasks() and time.monotonic() < end:
        qgis.processEvents()  # the dialog's own task in the list of QGIS ends with the loop of events
    dialog.close()
    dialog.deleteLater()


def fill(panel, row, asked):
    """Fill in a row of the batch's table as its widgets do; others keep their defaults."""
    for name, value in asked.items():
        column = panel.parameter_to_column[name]
        if panel.wrappers[row][column] is not None:
            panel.wrappers[row][column].setParameterValue(value, QgsProcessingContext())
        else:
            panel.tblParameters.cellWidget(row + 1, column).setValue(value)


def test_twenty_rasters_in_the_batch_dialog_pay_for_one_engine(qgis, run, batch, model, tmp_path):
    raster = write_raster(tmp_path / "first.tif", rock_values()[:, :64, :64])
    run("classifyraster", INPUT=raster, MODEL=model, OUTPUT=str(tmp_path / "warm.tif"))
    before = engines()
    outputs = [str(tmp_path / f"classes_{row}.tif") for row in range(RASTERS)]
    for row, output in enumerate(outputs):
        values = rock_values(seed=row)[:, :64, :64]
        path = write_raster(tmp_path / f"{row}.tif", values)
        fill(batch.mainWidget(), row, {"INPUT": path, "MODEL": model, "OUTPUT": output})
    batch.runAlgorithm()
    end = time.monotonic() + LONGEST
    while time.monotonic() < end and not all(map(os.path.exists, outputs)):
        qgis.processEvents()  # newer versions run the rows as a task
    assert all((read_raster(output) > 0).all() for output in outputs)
    assert engines() == before and len(before) == 1


def copied(name, parameters):
    """Run what the history's "Copy as Python Command" gives; the file that it writes."""
    context = QgsProcessingContext()
    context.setProject(QgsProject.instance())
    command = algorithm(name).asPythonCommand(parameters, context)
    assert command.startswith(f'processing.run("deepgeology:{name}"')
    known = {}
    exec(f"from qgis.core import *\nimport processing\nresult = {command}", known)  # as the console
    return known["result"]


def test_command_of_the_history_runs_with_layers_and_choices(project, model, tmp_path, landscape):
    layer = QgsRasterLayer(landscape, "survey")
    project.addMapLayer(layer)
    extent = layer.extent()
    half = f"{extent.xMinimum()},{extent.center().x()},{extent.yMinimum()},{extent.yMaximum()}"
    values = {
        "INPUT": layer, "BANDS": [1, 2, 3], "MODEL": model, "STRIDE": 8, "DEVICE": "cpu",
        "EXTENT": f"{half} [{layer.crs().authid()}]", "OUTPUT": str(tmp_path / "classes.tif"),
    }  # fmt: skip
    classes = read_raster(copied("classifyraster", values)["OUTPUT"])
    assert (classes == 1).mean() > 0.8


def test_command_of_the_history_keeps_selected_features_and_lists(project, landscape, tmp_path):
    path = save(memory_points(label_points(24)), tmp_path / "labels.gpkg", "labels")
    layer = QgsVectorLayer(path, "labels")
    project.addMapLayer(layer)
    source = QgsProcessingFeatureSourceDefinition(layer.id(), False, 20)
    values = {
        "RASTERS": [landscape], "BANDS": "1-2", "LABELS": source, "CLASS_FIELD": "rock",
        "NETWORK": "pixel_mlp", "EPOCHS": 1, "FOLDS": 2, "DEVICE": "cpu",
        "MODEL": str(tmp_path / "m.safetensors"), "REPORT": str(tmp_path / "r.html"),
    }  # fmt: skip
    assert os.path.exists(copied("trainpixelclassifier", values)["MODEL"])


@pytest.fixture
def wishes(project):
    """Variables of the project, for expressions."""
    QgsExpressionContextUtils.setProjectVariable(project, "stride", "8")
    yield project
    QgsExpressionContextUtils.removeProjectVariable(project, "stride")


def expression(text):
    return QgsProperty.fromExpression(text)


def test_numbers_choices_texts_and_files_may_be_expressions(
    wishes, run, model, landscape, tmp_path
):
    folder, name = os.path.split(model)
    context = QgsProcessingContext()
    context.setProject(wishes)
    context.setExpressionContext(wishes.createExpressionContext())
    outputs = run(
        "classifyraster", context=context, INPUT=landscape,
        MODEL=expression(f"'{folder}' || '/' || '{name}'"), STRIDE=expression("to_int(@stride) * 2"),
        DEVICE=expression("lower('CPU')"), OUTPUT=str(tmp_path / "classes.tif"),
    )  # fmt: skip
    assert read_raster(outputs["OUTPUT"]).shape[1] == -(-read_raster(landscape).shape[1] // 16)


def test_numbers_with_fractions_and_switches_may_be_expressions(run, landscape, tmp_path):
    small = write_raster(tmp_path / "small.tif", rock_values()[:, :48, :48])
    outputs = run(
        "upscaleraster", INPUT=small, METHOD="classical", FACTOR=expression("to_string(1 + 1)"),
        BLUR=expression("0.32 * 2"), INTENSITY_ONLY=expression("1 > 2"), BANDS=[2],
        OUTPUT=str(tmp_path / "finer.tif"),
    )  # fmt: skip
    assert read_raster(outputs["OUTPUT"]).shape == (1, 96, 96)


def test_wrong_value_of_an_expression_is_refused_with_a_sentence(refused, model, landscape):
    said = refused(
        "classifyraster", INPUT=landscape, MODEL=model, STRIDE=expression("0 - 5"),
        OUTPUT="TEMPORARY_OUTPUT",
    )  # fmt: skip
    assert "Stride" in said or "STRIDE" in said


def test_step_of_a_model_takes_an_expression(qgis, run, model, landscape, tmp_path):
    chain = QgsProcessingModelAlgorithm("chain", "tests")
    kind = QgsProcessingParameterNumber.Type.Integer
    place = QgsProcessingModelParameter("cells")
    chain.addModelParameter(QgsProcessingParameterNumber("cells", "Cells", kind, 4), place)
    step = QgsProcessingModelChildAlgorithm("deepgeology:classifyraster")
    step.setChildId("classify")
    sources = {
        "INPUT": Source.fromStaticValue(landscape), "MODEL": Source.fromStaticValue(model),
        "STRIDE": Source.fromExpression("@cells * 4"),
        "OUTPUT": Source.fromStaticValue(str(tmp_path / "classes.tif")),
    }  # fmt: skip
    for name, source in sources.items():
        step.addParameterSources(name, [source])
    chain.addChildAlgorithm(step)
    import processing

    processing.run(chain, {"cells": 5})
    rows = read_raster(str(tmp_path / "classes.tif")).shape[1]
    assert rows == -(-read_raster(landscape).shape[1] // 20)


def test_expression_that_gives_no_choice_is_refused_with_the_choices(refused, model, landscape):
    for text in ("nothing", "'gpu'"):
        said = refused(
            "classifyraster", INPUT=landscape, MODEL=model, DEVICE=expression(text),
            OUTPUT="TEMPORARY_OUTPUT",
        )  # fmt: skip
        assert "Device" in said and "cuda" in said
