"""The Model library in the dialogs of Processing: standard, batch and modeler."""

import shutil

import pytest
from qgis.core import (
    QgsApplication,
    QgsProcessingContext,
    QgsProcessingModelAlgorithm,
    QgsProcessingModelChildAlgorithm,
    QgsProcessingModelChildParameterSource as Source,
)

from qgis_truth import QUICK_TRAINING


@pytest.fixture
def library(qgis, model, tmp_path, monkeypatch):
    """The user's folder with one model, *rocks*; gives its path."""
    from deep_geology.plugin.jobs import model_library

    monkeypatch.setenv(model_library.FOLDER, str(tmp_path))
    return shutil.copy(model, tmp_path / "rocks.safetensors")


def algorithm(name="classifyraster"):
    return QgsApplication.processingRegistry().algorithmById("deepgeology:" + name).create()


def shown(wrapper):
    combo = wrapper._combo
    return [combo.itemText(place) for place in range(combo.count())]


def panel(name="classifyraster"):
    """The standard dialog's widgets, by parameter."""
    from processing.gui.AlgorithmDialog import AlgorithmDialog

    dialog = AlgorithmDialog(algorithm(name), False, None)
    return dialog, dialog.mainWidget().wrappers


def test_dialog_lists_the_models_for_the_task_with_their_facts(library):
    dialog, wrappers = panel()
    listed = shown(wrappers["MODEL"])
    assert listed[0].startswith("Rocks: 2 classes, 3 bands")
    assert "Sentinel2 land cover: 10 classes, 3 bands, 10 m a pixel, accuracy 98.4\u00a0%" in listed
    assert not any("pscaler" in line for line in listed)
    assert wrappers["MODEL"].parameterValue() is None
    dialog.deleteLater()


def test_dialog_lists_models_that_were_made_lately_while_they_are_there(
    library, run, chips, tmp_path
):
    from deep_geology.algorithms import recent_models

    made = tmp_path / "else where" / "Bunter stones.safetensors"
    asked = {**QUICK_TRAINING, "INPUT": chips, "MODEL": str(made), "REPORT": "TEMPORARY_OUTPUT"}
    run("trainimageclassifier", **asked)
    recent_models.remember(library)  # which the library lists
    recent_models.remember(tmp_path / "gone.safetensors")
    dialog, wrappers = panel()
    listed = shown(wrappers["MODEL"])
    combo = wrappers["MODEL"]._combo
    assert [combo.itemData(n) for n in range(combo.count())].count(str(library)) == 1
    (place,) = (n for n, line in enumerate(listed) if line.startswith("Bunter stones: 2 classes"))
    wrappers["MODEL"]._combo.setCurrentIndex(place)
    assert wrappers["MODEL"].parameterValue() == str(made)
    assert not any("unter" in line for line in shown(panel("upscaleraster")[1]["MODEL"]))
    made.unlink()
    assert not any("unter" in line for line in shown(panel()[1]["MODEL"]))
    dialog.deleteLater()


def test_value_is_the_path_of_what_is_chosen(library):
    dialog, wrappers = panel()
    wrapper, told = wrappers["MODEL"], []
    wrapper.widgetValueHasChanged.connect(lambda *_: told.append(wrapper.parameterValue()))
    wrapper._combo.setCurrentIndex(0)
    assert wrapper.parameterValue() == str(library) and told[-1] == str(library)
    wrapper._combo.setEditText("else where/x.safetensors")
    assert wrapper.parameterValue() == "else where/x.safetensors"
    dialog.deleteLater()


def test_value_of_the_history_is_shown_again(library):
    dialog, wrappers = panel()
    wrapper = wrappers["MODEL"]
    for given, kept in ((str(library), str(library)), ("rocks", str(library)), ("/a/b", "/a/b")):
        wrapper.setParameterValue(given, QgsProcessingContext())
        assert wrapper.parameterValue() == kept
    assert not wrapper._combo.currentText().startswith("Rocks")
    wrapper.setParameterValue(None, QgsProcessingContext())
    assert wrapper.parameterValue() is None
    dialog.deleteLater()


def test_optional_model_stays_empty(library):
    dialog, wrappers = panel("upscaleraster")
    assert wrappers["MODEL"].parameterValue() is None
    assert any(line.startswith("Upscaler x4: factor 4") for line in shown(wrappers["MODEL"]))
    dialog.deleteLater()


def test_batch_takes_a_model_of_the_library_in_every_row(library):
    from processing.gui.BatchAlgorithmDialog import BatchAlgorithmDialog

    dialog = BatchAlgorithmDialog(algorithm(), None)
    rows = dialog.mainWidget()
    rows.addRow()
    wrappers = [w for row in rows.wrappers for w in row if type(w).__name__ == "ModelChooser"]
    assert len(wrappers) == len(rows.wrappers) > 1
    for wrapper in wrappers:
        wrapper.setParameterValue("rocks", QgsProcessingContext())
        assert wrapper.parameterValue() == str(library)
    dialog.deleteLater()


def test_modeler_takes_a_model_of_the_library_or_of_an_earlier_step(library):
    from processing.modeler.ModelerParametersDialog import ModelerParametersDialog

    model = QgsProcessingModelAlgorithm("chain", "tests")
    trains = QgsProcessingModelChildAlgorithm("deepgeology:trainimageclassifier")
    trains.setChildId("train")
    trains.setDescription("Train")
    model.addChildAlgorithm(trains)
    dialog = ModelerParametersDialog(algorithm(), model)
    wrapper = dialog.widget.widget.wrappers["MODEL"]
    from_step = next(line for line in shown(wrapper) if "'Train'" in line and "Model" in line)
    wrapper._combo.setCurrentText(from_step)
    source = dialog.createAlgorithm().parameterSources()["MODEL"][0]
    assert source == Source.fromChildOutput("train", "MODEL")
    wrapper.setValue(source)
    assert wrapper._combo.currentText() == from_step
    wrapper.setValue("rocks")
    source = dialog.createAlgorithm().parameterSources()["MODEL"][0]
    assert source.staticValue() == str(library)
    dialog.deleteLater()


def test_tool_runs_with_the_name_of_a_model(run, refused, library, landscape, tmp_path):
    outputs = run("describemodel", MODEL="rocks", REPORT=str(tmp_path / "r.html"))
    assert outputs["CLASSES"] == "granite, schist"
    said = refused("classifyraster", INPUT=landscape, MODEL="sandstone", OUTPUT="TEMPORARY_OUTPUT")
    assert "or a name of the Model library: rocks, " in said
