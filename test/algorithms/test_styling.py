"""Results look as their classes do, once QGIS has loaded them."""

import gc

import pytest
from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsProcessingContext,
    QgsProcessingOutputLayerDefinition,
    QgsRasterLayer,
)

from qgis_truth import Ears, label_points, memory_points


@pytest.fixture
def load(qgis, project):
    """Run an algorithm as the toolbox does and load an output: gives the styled layer."""

    def run_and_load(name, output, **parameters):
        context = QgsProcessingContext()
        context.setProject(project)
        algorithm = QgsApplication.processingRegistry().createAlgorithmById("deepgeology:" + name)
        parameters[output] = QgsProcessingOutputLayerDefinition("TEMPORARY_OUTPUT", project)
        outputs, succeeded = algorithm.run(parameters, context, Ears())
        assert succeeded
        details = context.layerToLoadOnCompletionDetails(outputs[output])
        del algorithm
        gc.collect()  # the post-processor must live on without its algorithm
        layer = context.takeResultLayer(outputs[output])
        layer = layer or QgsRasterLayer(outputs[output], output)
        details.postProcessor().postProcessLayer(layer, context, Ears())
        project.addMapLayer(layer)
        return layer

    return run_and_load


@pytest.fixture
def known(model):
    """(name, color) of the model's classes."""
    from deep_geology.plugin.jobs.model_card import read_card

    return [(entry["name"], entry["color"]) for entry in read_card(model).classes]


def shown(layer):
    """(value, color) of the categories of a vector layer."""
    return [(c.value(), c.symbol().color().name()) for c in layer.renderer().categories()]


def test_classified_features_have_the_models_colors(load, landscape, model, known):
    points = memory_points(label_points(6), field="class")
    layer = load("classifyfeatures", "OUTPUT", INPUT=points, RASTER=landscape, MODEL=model)
    assert shown(layer) == known
    assert layer.renderer().classAttribute() == "class_2"


def test_footprints_have_the_colors_that_the_model_will_have(load, landscape, known):
    layer = load(
        "exporttrainingchips",
        "FOOTPRINTS",
        INPUT=landscape,
        LABELS=memory_points(label_points(6)),
        CLASS_FIELD="rock",
        CHIP_SIZE=32,
        OUTPUT="TEMPORARY_OUTPUT",
    )
    assert shown(layer) == known


def test_table_without_geometry_is_left_alone(load, chips, model):
    layer = load("classifyimages", "OUTPUT", INPUT=chips, MODEL=model)
    assert layer.featureCount() == 24 and layer.renderer() is None


def test_confidence_has_an_even_ramp_from_0_to_1(load, landscape, model):
    layer = load(
        "classifyraster", "CONFIDENCE", INPUT=landscape, MODEL=model, OUTPUT="TEMPORARY_OUTPUT"
    )
    ramp = layer.renderer().shader().rasterShaderFunction()
    assert (ramp.minimumValue(), ramp.maximumValue()) == (0, 1)
    colors = [item.color for item in ramp.colorRampItemList()]
    brightness = [0.21 * c.red() + 0.72 * c.green() + 0.07 * c.blue() for c in colors]
    assert brightness == sorted(brightness)


def test_class_raster_has_the_models_names_and_colors_only(load, landscape, model, known):
    layer = load("classifyraster", "OUTPUT", INPUT=landscape, MODEL=model)
    classes = layer.renderer().classes()
    assert [(c.label, c.color.name()) for c in classes] == known
    assert [c.value for c in classes] == [1, 2]


def test_ends_of_small_heat_are_written_in_the_legend(landscape, tmp_path, plugins):
    from deep_geology.algorithms.styling import style_heat
    from osgeo import gdal

    path = str(tmp_path / "heat.tif")
    scale = [[0, 255, 0, 2e-7]]
    gdal.Translate(path, landscape, outputType=gdal.GDT_Float32, bandList=[1], scaleParams=scale)
    layer = QgsRasterLayer(path, "heat")
    style_heat(layer)
    legend = layer.renderer().shader().rasterShaderFunction().legendSettings()
    assert legend.minimumLabel() == "0" and legend.maximumLabel().endswith("e-07")


def test_legend_of_trust_says_where_it_ends(load, pixel_model, landscape):
    from deep_geology.plugin.jobs.model_card import read_card

    layer = load("classifypixels", "TRUST", RASTERS=[landscape], MODEL=pixel_model, DEVICE="cpu",
                 OUTPUT="TEMPORARY_OUTPUT")  # fmt: skip
    limit = read_card(pixel_model).trust["applicable"]
    legend = layer.renderer().shader().rasterShaderFunction().legendSettings()
    assert f"(no trust over {limit:.3g})" in legend.maximumLabel()


def test_suggested_places_stand_out_with_their_rank(load, pixel_model, landscape):
    layer = load("suggestlabels", "OUTPUT", RASTERS=[landscape], MODEL=pixel_model, COUNT=4,
                 DEVICE="cpu")  # fmt: skip
    assert layer.labelsEnabled() and layer.labeling().settings().fieldName == "rank"
    assert layer.renderer().symbol().size() > 3


def test_places_in_pixels_stay_without_crs_in_a_geopackage(tmp_path, plugins):
    """GeoPackage may file them under a geographic CRS, which would move them on the map."""
    from deep_geology.algorithms import styling
    from qgis.core import QgsCoordinateTransformContext, QgsVectorFileWriter, QgsVectorLayer

    plain = QgsVectorLayer("Point?field=class:string", "pixels", "memory")
    plain.setCrs(QgsCoordinateReferenceSystem())
    options = QgsVectorFileWriter.SaveVectorOptions()
    path, known = str(tmp_path / "pixels.gpkg"), QgsCoordinateTransformContext()
    QgsVectorFileWriter.writeAsVectorFormatV3(plain, path, known, options)
    layer = QgsVectorLayer(path, "pixels", "ogr")
    assert not layer.crs().isValid() or "Undefined" in layer.crs().description()
    styling._Styler(lambda layer: None).postProcessLayer(layer, None, Ears())
    assert not layer.crs().isValid()


@pytest.mark.parametrize(
    ("names", "shown"),
    [(("background", "copper"), 2), (("FALSE", "TRUE"), 2), (("basalt", "chalk"), 1), (("0",), 1)],
)
def test_probability_of_what_is_looked_for_is_shown(landscape, tmp_path, plugins, names, shown):
    from deep_geology.algorithms.styling import style_probabilities
    from osgeo import gdal

    path = str(tmp_path / "chances.tif")
    bands = list(range(1, len(names) + 1))
    made = gdal.Translate(path, landscape, outputType=gdal.GDT_Float32, bandList=bands)
    for band, name in zip(bands, names):
        made.GetRasterBand(band).SetDescription(name)
    made = None
    layer = QgsRasterLayer(path, "chances")
    style_probabilities(layer)
    assert layer.renderer().band() == shown
