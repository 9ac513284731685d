"""The ready-made models are in the toolbox and run as they are."""

import os
import re

import numpy as np
import pytest
from osgeo import gdal
from qgis.core import QgsApplication, QgsProcessingModelAlgorithm

from qgis_seismicity import QUICK, write_clusters
from qgis_truth import (
    BORDER,
    NORTH,
    PIXEL,
    SIDE,
    WEST,
    label_points,
    memory_points,
    memory_squares,
    read_raster,
    save,
    write_raster,
)

MODELS = {
    "landforms.model3": "Landforms from elevation",
    "land_cover.model3": "Land cover from imagery",
    "prospectivity.model3": "Prospectivity from evidence",
    "scenes.model3": "Scenes from labels",
    "objects.model3": "Objects from outlines",
    "seismicity.model3": "Seismic forecast from a catalog",
    "csep_forecast.model3": "Forecast for pyCSEP from a catalog",
    "series.model3": "Next grids of a series",
    "finer_raster.model3": "Finer raster and its quality",
    "own_upscaler.model3": "Upscaler of your own",
    "finer_map.model3": "Map at finer pixels",
}
FOLDER = os.path.join(os.path.dirname(__file__), "..", "..", "resources", "models3")


def listed():
    provider = QgsApplication.processingRegistry().providerById("deepgeology")
    return {one.name(): one for one in provider.algorithms()}


def test_every_model_is_in_the_toolbox_with_its_help(qgis):
    for name in MODELS.values():
        model = listed()[name]
        assert (
            isinstance(model, QgsProcessingModelAlgorithm) and model.group() == "Ready-made models"
        )
        assert model.id() == f"deepgeology:{name}" and name.split()[0] in model.displayName()
        assert len(model.shortHelpString()) > 200
        assert os.path.isfile(model.svgIconPath()) and not model.icon().isNull()


def test_every_pillar_has_three_and_every_file_is_in_the_toolbox(qgis):
    from deep_geology.plugin.provider import READY_MODELS

    files = {name for name in os.listdir(FOLDER) if name.endswith(".model3")}
    assert files == set(READY_MODELS) == set(MODELS)
    groups = {
        "maps": 0,
        "objectdetection": 0,
        "imageclassification": 0,
        "seismicgrids": 0,
        "upscaling": 0,
    }
    for name in MODELS.values():
        steps = listed()[name].childAlgorithms().values()
        kinds = {step.algorithm().groupId() for step in steps}
        for kind in groups:
            groups[kind] += kind in kinds
    assert groups["seismicgrids"] >= 3 and groups["upscaling"] >= 3 and groups["maps"] >= 3
    assert groups["objectdetection"] and groups["imageclassification"]


@pytest.mark.parametrize("file", MODELS)
def test_file_opens_with_all_its_steps(qgis, file):
    model = QgsProcessingModelAlgorithm()
    assert model.fromFile(os.path.join(FOLDER, file)) and model.name() == MODELS[file]
    assert all(step.algorithm() is not None for step in model.childAlgorithms().values())
    for name in model.childAlgorithms():
        assert model.validateChildAlgorithm(name)[0], model.validateChildAlgorithm(name)[1]


def translated(monkeypatch, name):
    """A model as it is shown where every text has a translation: it stands in angle brackets."""
    from deep_geology.algorithms import ready_model

    monkeypatch.setattr(ready_model, "tr", "<{}>".format)
    return listed()[name].create()


@pytest.mark.parametrize("name", MODELS.values())
def test_all_that_a_dialog_shows_of_a_model_is_translated(qgis, monkeypatch, name):
    model = translated(monkeypatch, name)
    assert model.displayName() == f"<{name}>" and model.group() == "<Ready-made models>"
    for part in model.parameterDefinitions():
        assert part.isDestination() or re.fullmatch("<.+>", part.description()), part.name()
        assert re.fullmatch("<.+>", part.help()), part.name()
    told = {key: text for key, text in model.helpContent().items() if key != "ALG_CREATOR"}
    assert len(told) > 5 and all(re.fullmatch("<.+>", text) for text in told.values())
    steps = model.childAlgorithms().values()
    assert steps and all(re.fullmatch("<.+>", step.description()) for step in steps)


@pytest.mark.parametrize("name", MODELS.values())
def test_outputs_of_a_model_are_named_as_those_of_its_tools(qgis, name):
    model = listed()[name].create()
    made = [part for part in model.parameterDefinitions() if part.isDestination()]
    names = {part.name(): part.description() for part in made}
    assert len(names) > 1 and len(set(names.values())) == len(names) and all(names.values())
    titles = {step.algorithm().displayName() for step in model.childAlgorithms().values()}
    assert {text.rpartition(": ")[2] for text in names.values()} <= titles
    results = {one.name(): one.description() for one in model.outputDefinitions()}
    assert all(results[key] == text for key, text in names.items() if key in results)


def test_dialog_of_a_model_shows_meanings_and_numbers_without_many_zeros(qgis):
    from processing.gui.AlgorithmDialog import AlgorithmDialog

    dialog = AlgorithmDialog(listed()["Land cover from imagery"].create(), False, None)
    wrappers = dialog.mainWidget().wrappers
    shown = {name: wrappers[name]._combo.currentText() for name in ("network", "design")}
    assert shown["network"].startswith("U-Net on MobileNetV2")
    assert shown["design"] and shown["design"] != "opportunistic"
    assert wrappers["network"]._combo.count() == 2 and wrappers["design"]._combo.count() == 3
    values = [wrappers[name].parameterValue() for name in ("network", "design", "minutes")]
    assert values == ["unet_mobilenet_v2", "opportunistic", 10.0]
    assert wrappers["minutes"].wrappedWidget().text() == "10.00"
    dialog.deleteLater()


def run(name, outputs, **parameters):
    import processing

    return processing.run(f"deepgeology:{name}", {**parameters, **outputs})


def places(tmp_path, *names):
    """A file for every output of a model."""
    return {name: str(tmp_path / (name.split(":")[1] + ending)) for name, ending in names}


MAPS = (
    ("train:model", ".safetensors"),
    ("train:training_report", ".html"),
    ("classify:classes", ".tif"),
    ("classify:trust", ".tif"),
    ("assess:accuracy_report", ".html"),
    ("assess:confusion", ".gpkg"),
)


def share_right(path):
    west, east = np.array_split(read_raster(path)[0], 2, axis=1)
    return float(np.mean(np.concatenate([west.ravel() == 1, east.ravel() == 2])))


def rocks_known(tmp_path):
    """Labels and checked places of the two-rock landscape."""
    return {
        "labels": save(memory_squares(label_points(12)), tmp_path / "labels.gpkg"),
        "labels_field": "rock",
        "checked": memory_points(label_points(40, seed=8)),
        "checked_field": "rock",
        "design": "simple_random",
        "network": "pixel_mlp",
        "minutes": 1,
    }


def check_written(outputs, files):
    assert all(os.path.getsize(path) > 0 for path in files.values())
    assert set(files) <= set(outputs)


@pytest.mark.slow
def test_land_cover_is_mapped_from_imagery_with_class_fields_left_empty(qgis, landscape, tmp_path):
    files, known = places(tmp_path, *MAPS), rocks_known(tmp_path)
    del known["labels_field"], known["checked_field"]
    outputs = run("Land cover from imagery", files, imagery=[landscape], **known)
    assert share_right(files["classify:classes"]) > 0.9
    check_written(outputs, files)


@pytest.mark.slow
def test_landforms_are_mapped_from_elevation(qgis, tmp_path):
    """Smooth ground in the west, rough ground in the east, both of one mean height."""
    heights = np.random.default_rng(0).normal(128, 2, (1, SIDE, SIDE))
    heights[:, :, SIDE // 2 :] += np.random.default_rng(1).normal(0, 30, (1, SIDE, SIDE // 2))
    elevation = write_raster(tmp_path / "elevation.tif", np.clip(heights, 0, 255).astype(np.uint8))
    files = places(tmp_path, *MAPS)
    outputs = run("Landforms from elevation", files, elevation=elevation, **rocks_known(tmp_path))
    assert share_right(files["classify:classes"]) > 0.8
    check_written(outputs, files)


@pytest.mark.slow
def test_deposits_are_found_where_the_evidence_is(qgis, tmp_path):
    random = np.random.default_rng(0)
    values = random.normal(100, 15, (2, SIDE, SIDE))
    values[0, 60:120, 40:140] += 80  # a body that the first raster shows
    evidence = [
        write_raster(tmp_path / f"evidence_{band}.tif", value[None].clip(0, 255).astype(np.uint8))
        for band, value in enumerate(values)
    ]
    spots = [(random.uniform(42, 138), random.uniform(62, 118)) for _ in range(60)]
    deposits = [(WEST + PIXEL * x, NORTH - PIXEL * y, "gold") for x, y in spots]
    files = places(tmp_path, ("train:model", ".safetensors"), ("train:training_report", ".html"),
                   ("classify:probabilities", ".tif"), ("classify:trust", ".tif"),
                   ("assess:success_report", ".html"), ("assess:success_rate", ".gpkg"))  # fmt: skip
    outputs = run(
        "Prospectivity from evidence", files, evidence=evidence,
        deposits=save(memory_points(deposits[:40]), tmp_path / "deposits.gpkg"),
        kept=memory_points(deposits[40:]), minutes=1,
    )  # fmt: skip
    chance = gdal.Open(files["classify:probabilities"]).ReadAsArray()
    assert chance[0, 60:120, 40:140].mean() > chance[0, :, 160:].mean() + 0.3 and BORDER > WEST
    check_written(outputs, files)


@pytest.mark.slow
def test_earthquakes_are_checked_learned_forecast_and_tested(qgis, tmp_path):
    files = places(tmp_path, ("check:events", ".gpkg"), ("check:catalog_report", ".html"),
                   ("train:model", ".safetensors"), ("train:training_report", ".html"),
                   ("forecast:forecast", ".tif"), ("test:test_report", ".html"))  # fmt: skip
    outputs = run(
        "Seismic forecast from a catalog", files, catalog=write_clusters(tmp_path / "events.csv"),
        extent=QUICK["EXTENT"], cell_size=0.5, window_days=5,
    )  # fmt: skip
    check_written(outputs, files)
    bands = read_raster(files["forecast:forecast"])
    assert bands.shape == (6, 6, 8) and (bands[0] > 0).all()
    with open(files["test:test_report"], encoding="utf-8") as report:
        assert "opened once" in report.read()
