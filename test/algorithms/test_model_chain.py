"""A saved Processing model chains export chips -> train -> classify raster."""

import os

import numpy as np
import pytest
from qgis.core import (
    QgsApplication,
    QgsProcessingModelAlgorithm,
    QgsProcessingModelChildParameterSource as Source,
    QgsProcessingModelParameter,
    QgsProcessingParameterField,
    QgsProcessingParameterRasterLayer,
    QgsProcessingParameterVectorLayer,
)

from qgis_truth import (
    QUICK_TRAINING,
    add_step,
    label_points,
    memory_points,
    read_raster,
    save,
)


@pytest.fixture
def saved_model(tmp_path):
    """Path of a .model3 file as the modeler saves it."""
    model = QgsProcessingModelAlgorithm("Map rocks", "tests")
    for parameter in (
        QgsProcessingParameterRasterLayer("survey", "Survey"),
        QgsProcessingParameterVectorLayer("labels", "Labels"),
        QgsProcessingParameterField("field", "Class field", None, "labels"),
    ):
        model.addModelParameter(parameter, QgsProcessingModelParameter(parameter.name()))
    survey, labels = Source.fromModelParameter("survey"), Source.fromModelParameter("labels")
    chips = {
        "INPUT": survey,
        "LABELS": labels,
        "CLASS_FIELD": Source.fromModelParameter("field"),
        "CHIP_SIZE": 32,
    }
    add_step(model, "exporttrainingchips", chips, [("FOOTPRINTS", "footprints")])
    training = {
        **QUICK_TRAINING,
        "EPOCHS": 20,
        "INPUT": Source.fromChildOutput("exporttrainingchips", "OUTPUT"),
    }
    add_step(model, "trainimageclassifier", training, [("REPORT", "report")])
    mapping = {
        "INPUT": survey,
        "MODEL": Source.fromChildOutput("trainimageclassifier", "MODEL"),
        "STRIDE": 16,
    }
    add_step(model, "classifyraster", mapping, [("OUTPUT", "classes")])
    path = str(tmp_path / "map rocks.model3")
    assert model.toFile(path)
    return path


def test_saved_model_maps_the_rocks(qgis, saved_model, landscape, tmp_path):
    import processing

    model = QgsProcessingModelAlgorithm()
    assert model.fromFile(saved_model)
    model.initAlgorithm()
    parameters = {
        "survey": landscape,
        "labels": save(memory_points(label_points(24)), tmp_path / "labels.gpkg"),
        "field": "rock",
        "trainimageclassifier:report": str(tmp_path / "report.html"),
        "exporttrainingchips:footprints": "memory:",
        "classifyraster:classes": str(tmp_path / "classes.tif"),
    }
    outputs = processing.run(model, parameters)
    west, east = np.array_split(read_raster(outputs["classifyraster:classes"])[0], 2, axis=1)
    assert np.mean(west == 1) > 0.8 and np.mean(east == 2) > 0.8
    assert os.path.exists(outputs["trainimageclassifier:report"])
    assert outputs["exporttrainingchips:footprints"].featureCount() == 24
    assert QgsApplication.instance() is not None
