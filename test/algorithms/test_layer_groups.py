"""What a run gives is together in the layer panel, styled; reports go to the results viewer."""

import pytest
from qgis.core import (
    Qgis,
    QgsApplication,
    QgsLayerTreeRegistryBridge,
    QgsProcessingContext,
    QgsProcessingOutputLayerDefinition,
    QgsProject,
)

from qgis_truth import Ears


@pytest.fixture
def load(qgis, project):
    """Run an algorithm and load its outputs as the dialog does; gives the context."""
    from processing.gui.Postprocessing import handleAlgorithmResults

    def run_and_load(name, outputs, **parameters):
        context = QgsProcessingContext()
        context.setProject(project)
        algorithm = QgsApplication.processingRegistry().createAlgorithmById("deepgeology:" + name)
        for output in outputs:
            parameters[output] = QgsProcessingOutputLayerDefinition("TEMPORARY_OUTPUT", project)
        _, succeeded = algorithm.run(parameters, context, Ears())
        assert succeeded
        assert handleAlgorithmResults(algorithm, context, Ears())
        QgsApplication.processEvents()  # QGIS now drops layers that are nowhere in the tree

    return run_and_load


def groups():
    """The names of the layers in every group, from above, and of those outside."""
    root = QgsProject.instance().layerTreeRoot()
    inside = {g.name(): [node.name() for node in g.findLayers()] for g in root.findGroups()}
    return inside, [node.name() for node in root.children() if node.name() not in inside]


def test_layers_of_a_run_are_a_styled_group(load, landscape, pixel_model):
    load("classifypixels", ("OUTPUT", "CONFIDENCE"), RASTERS=[landscape], MODEL=pixel_model)
    inside, outside = groups()
    assert outside == [] and len(inside) == 1
    name, layers = next(iter(inside.items()))
    assert name.startswith("Classify pixels ") and layers == ["Classes", "Confidence"]
    kinds = {
        layer.name(): layer.renderer().type()
        for layer in QgsProject.instance().mapLayers().values()
    }
    assert kinds == {"Classes": "paletted", "Confidence": "singlebandpseudocolor"}


def test_single_layer_needs_no_group(load, landscape, pixel_model):
    load("classifypixels", ("OUTPUT",), RASTERS=[landscape], MODEL=pixel_model)
    assert groups() == ({}, ["Classes"])


@pytest.fixture
def following(project):
    """New layers come beside the last one, as in the desktop, where that is the current one."""
    root, bridge = project.layerTreeRoot(), project.layerTreeRegistryBridge()

    def follow(node, first, last):
        bridge.setLayerInsertionPoint(QgsLayerTreeRegistryBridge.InsertionPoint(node, first))

    root.addedChildren.connect(follow)
    yield
    root.addedChildren.disconnect(follow)


@pytest.mark.skipif(Qgis.QGIS_VERSION_INT >= 33200, reason="This QGIS makes the groups itself.")
def test_runs_lie_beside_each_other_and_not_in_each_other(load, landscape, pixel_model, following):
    outputs, values = ("OUTPUT", "CONFIDENCE", "TRUST"), {"RASTERS": [landscape]}
    load("classifypixels", outputs, MODEL=pixel_model, **values)
    load("classifypixels", ("OUTPUT",), MODEL=pixel_model, **values)
    (run,) = QgsProject.instance().layerTreeRoot().findGroups(True)
    assert [node.name() for node in run.children()] == ["Classes", "Confidence", "Trust"]
    assert groups()[1] == ["Classes"]


@pytest.mark.skipif(Qgis.QGIS_VERSION_INT >= 33200, reason="This QGIS makes the groups itself.")
def test_group_of_a_run_is_at_the_top_and_not_in_a_group_of_the_user(
    load, landscape, pixel_model, project, following
):
    root = project.layerTreeRoot()
    mine = root.addGroup("Maps of others").addGroup("Old maps")
    project.layerTreeRegistryBridge().setLayerInsertionPoint(
        QgsLayerTreeRegistryBridge.InsertionPoint(mine, 0)
    )
    load("classifypixels", ("OUTPUT", "TRUST"), RASTERS=[landscape], MODEL=pixel_model)
    run, others = root.children()
    assert [node.name() for node in run.children()] == ["Classes", "Trust"]
    assert others.name() == "Maps of others" and others.findLayers() == []


def test_every_report_is_one_that_the_results_viewer_takes(qgis):
    provider = QgsApplication.processingRegistry().providerById("deepgeology")
    reports = [
        (algorithm.name(), output.type())
        for algorithm in provider.algorithms()
        for output in algorithm.outputDefinitions()
        if output.name() == "REPORT"
    ]
    assert len(reports) > 10
    assert {kind for _, kind in reports} == {"outputHtml"}
