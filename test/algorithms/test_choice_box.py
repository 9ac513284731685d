"""Choices in the dialogs of Processing say what they mean, and give the names that scripts give."""

import pytest
from qgis.core import (
    QgsApplication,
    QgsProcessingContext,
    QgsProcessingModelAlgorithm,
    QgsProcessingModelChildParameterSource as Source,
    QgsProcessingModelParameter,
    QgsProcessingParameterEnum,
)

SMALL = "U-Net on MobileNetV2 (small, fast; weights come with the plugin)"
SINGLE = "Every pixel alone: for few labels and many bands"


def algorithm():
    registry = QgsApplication.processingRegistry()
    return registry.algorithmById("deepgeology:trainpixelclassifier").create()


@pytest.fixture
def dialog(qgis):
    from processing.gui.AlgorithmDialog import AlgorithmDialog

    made = AlgorithmDialog(algorithm(), False, None)
    yield made
    made.deleteLater()


def test_dialog_says_what_the_names_mean(dialog):
    wrapper = dialog.mainWidget().wrappers["NETWORK"]
    assert wrapper._combo.currentText() == SMALL
    assert wrapper.parameterValue() == "unet_mobilenet_v2"
    told = []
    wrapper.widgetValueHasChanged.connect(lambda *_: told.append(wrapper.parameterValue()))
    wrapper._combo.setCurrentText(SINGLE)
    assert told == ["pixel_mlp"]


def test_every_choice_has_its_default(dialog):
    wrappers, tool = dialog.mainWidget().wrappers, algorithm()
    choices = {
        part.name(): part.defaultValue() for part in tool.parameterDefinitions()
        if isinstance(part, QgsProcessingParameterEnum)
    }  # fmt: skip
    assert len(choices) > 5
    assert {name: wrappers[name].parameterValue() for name in choices} == choices


def test_name_of_the_history_is_shown_again(dialog):
    wrapper = dialog.mainWidget().wrappers["NETWORK"]
    wrapper.setParameterValue("pixel_mlp", QgsProcessingContext())
    assert wrapper._combo.currentText() == SINGLE
    wrapper.setParameterValue(None, QgsProcessingContext())
    assert wrapper.parameterValue() == "unet_mobilenet_v2"


def test_batch_takes_a_choice_in_every_row(qgis):
    from processing.gui.BatchAlgorithmDialog import BatchAlgorithmDialog

    dialog = BatchAlgorithmDialog(algorithm(), None)
    rows = dialog.mainWidget()
    rows.addRow()
    found = [
        w for row in rows.wrappers for w in row if w and w.parameterDefinition().name() == "NETWORK"
    ]
    assert len(found) == len(rows.wrappers) > 1
    for wrapper in found:
        assert wrapper.parameterValue() == "unet_mobilenet_v2"
        wrapper.setParameterValue("pixel_mlp", QgsProcessingContext())
        assert wrapper.parameterValue() == "pixel_mlp"
    dialog.deleteLater()


def test_modeler_takes_a_choice_or_an_input_of_the_model(qgis):
    from processing.modeler.ModelerParametersDialog import ModelerParametersDialog

    model = QgsProcessingModelAlgorithm("chain", "tests")
    asked = QgsProcessingParameterEnum("which", "Which", ["a"], usesStaticStrings=True)
    model.addModelParameter(asked, QgsProcessingModelParameter("which"))
    dialog = ModelerParametersDialog(algorithm(), model)
    wrapper = dialog.widget.widget.wrappers["NETWORK"]
    wrapper._combo.setCurrentText(SINGLE)
    assert dialog.createAlgorithm().parameterSources()["NETWORK"][0].staticValue() == "pixel_mlp"
    wrapper.setValue(Source.fromModelParameter("which"))
    source = dialog.createAlgorithm().parameterSources()["NETWORK"][0]
    assert source == Source.fromModelParameter("which")
    dialog.deleteLater()
