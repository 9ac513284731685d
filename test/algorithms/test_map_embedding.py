"""Embeddings from QGIS."""

import os

import numpy as np
import pytest
from qgis.core import (
    QgsApplication,
    QgsProcessingContext,
    QgsProcessingOutputLayerDefinition,
    QgsRasterLayer,
    QgsVectorLayer,
)

from qgis_truth import BORDER, NORTH, SIDE, WEST, Ears, read_raster


@pytest.mark.parametrize("place", ["memory:", "e.gpkg", "e.geojson"])
def test_patches_of_a_raster_become_points_where_they_lie(run, landscape, model, tmp_path, place):
    outputs = run(
        "mapembedding",
        INPUT=QgsRasterLayer(landscape, "rocks"),
        MODEL=model,
        OUTPUT=place if place == "memory:" else str(tmp_path / place),
        COMPONENTS=str(tmp_path / "c.tif"),
        PLOT=str(tmp_path / "p.png"),
    )
    layer = outputs["OUTPUT"]
    layer = QgsVectorLayer(layer, "e", "ogr") if isinstance(layer, str) else layer
    assert layer.featureCount() == 64 and layer.crs().authid() == "EPSG:32717"
    west = {f["class"] for f in layer.getFeatures() if f.geometry().asPoint().x() < BORDER}
    assert west == {"granite"}
    first = [f["embedding_1"] for f in layer.getFeatures() if f["class"] == "granite"]
    other = [f["embedding_1"] for f in layer.getFeatures() if f["class"] == "schist"]
    assert max(first) < min(other) or max(other) < min(first)
    assert read_raster(outputs["COMPONENTS"]).shape == (3, 8, 8)
    assert os.path.getsize(outputs["PLOT"]) > 10_000 and 0.5 < outputs["EXPLAINED"] <= 1


@pytest.mark.parametrize("name", ["INPUT", "INPUT_FOLDER"])
def test_images_of_a_folder_are_laid_out_by_neighbors(run, chips, model, tmp_path, name):
    outputs = run(
        "mapembedding", **{name: chips}, MODEL=model, METHOD="tsne",
        OUTPUT=str(tmp_path / "e.gpkg"), PLOT="TEMPORARY_OUTPUT",
    )  # fmt: skip
    layer = QgsVectorLayer(outputs["OUTPUT"], "e", "ogr")
    rows = list(layer.getFeatures())
    assert len(rows) == 24 and {row["class"] for row in rows} == {"granite", "schist"}
    assert not layer.crs().authid() and outputs["COMPONENTS"] is None
    place = rows[0].geometry().asPoint()
    assert (place.x(), place.y()) == pytest.approx((rows[0]["embedding_1"], rows[0]["embedding_2"]))


def test_embedding_has_the_models_colors_and_components_their_own(qgis, project, landscape, model):
    from deep_geology.plugin.jobs.model_card import read_card

    context = QgsProcessingContext()
    context.setProject(project)
    algorithm = QgsApplication.processingRegistry().createAlgorithmById("deepgeology:mapembedding")
    asked = {
        "INPUT": landscape,
        "MODEL": model,
        "OUTPUT": QgsProcessingOutputLayerDefinition("TEMPORARY_OUTPUT", project),
        "COMPONENTS": QgsProcessingOutputLayerDefinition("TEMPORARY_OUTPUT", project),
        "PLOT": "TEMPORARY_OUTPUT",
    }
    outputs, succeeded = algorithm.run(asked, context, Ears())
    assert succeeded
    styled = {}
    for name in ("OUTPUT", "COMPONENTS"):
        details = context.layerToLoadOnCompletionDetails(outputs[name])
        layer = context.takeResultLayer(outputs[name])
        styled[name] = layer or QgsRasterLayer(outputs[name], name)
        details.postProcessor().postProcessLayer(styled[name], context, Ears())
    shown = [
        (c.value(), c.symbol().color().name()) for c in styled["OUTPUT"].renderer().categories()
    ]
    assert shown == [(entry["name"], entry["color"]) for entry in read_card(model).classes]
    renderer = styled["COMPONENTS"].renderer()
    assert [renderer.redBand(), renderer.greenBand(), renderer.blueBand()] == [1, 2, 3]


@pytest.mark.parametrize(
    "change, sentence",
    [
        ({"CLASS_NAME": "gneiss"}, 'no class "gneiss"'),
        ({"EXTENT": "0,10,0,10 [EPSG:32717]"}, "The extent does not touch"),
        ({"EXTENT": f"{WEST},{WEST + 100},{NORTH - 100},{NORTH} [EPSG:32717]"}, "at least 3"),
        ({"MODEL": "gone.safetensors"}, "is not a file that exists."),
        ({"PLOT": "plot.jpg"}, "which does not end in .png"),
        ({"METHOD": "umap"}, "Method"),
        ({"PERPLEXITY": 1}, "is under the minimum of 2"),
    ],
)
def test_bad_values_are_refused_in_one_sentence(
    refused, landscape, model, tmp_path, change, sentence
):
    asked = {
        "INPUT": landscape,
        "MODEL": model,
        "OUTPUT": str(tmp_path / "e.gpkg"),
        "PLOT": str(tmp_path / "p.png"),
    }
    said = refused("mapembedding", **{**asked, **change})
    assert sentence in said and "\n" not in said.strip()
    assert os.listdir(tmp_path) == []


def test_images_with_components_are_refused(refused, chips, model, tmp_path):
    said = refused(
        "mapembedding", INPUT_FOLDER=chips, MODEL=model, OUTPUT="memory:",
        COMPONENTS=str(tmp_path / "c.tif"), PLOT=str(tmp_path / "p.png"),
    )  # fmt: skip
    assert "Skip COMPONENTS" in said and os.listdir(tmp_path) == [] and np.ndim(said) == 0


def test_stride_that_cuts_too_many_patches_is_refused_before_the_run(
    refused, landscape, model, tmp_path, monkeypatch
):
    from deep_geology.plugin.jobs import raster_sizes  # the engine, in its process, has its own

    monkeypatch.setattr(raster_sizes, "MOST_PATCHES", 1000)
    count = (-(-SIDE // 4)) ** 2
    asked = {"INPUT": landscape, "MODEL": model, "OUTPUT": "memory:", "PLOT": "TEMPORARY_OUTPUT"}
    said = refused("mapembedding", STRIDE=4, **asked)
    assert f"in {count:,} patches; at most 1,000 can be laid out. Set STRIDE to" in said
