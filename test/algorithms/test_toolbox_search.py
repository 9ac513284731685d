"""The toolbox's search finds tools and ready-made models by the words that geologists type."""

import pytest
from qgis.core import QgsApplication

FOUND = {
    "unet": {"trainpixelclassifier", "importmodel", "Landforms from elevation"},
    "dem": {"classifypixels", "upscaleraster", "detectobjects"},
    "hillshade": {"trainpixelclassifier", "detectobjects"},
    "random forest": {"trainpixelclassifier"},
    "sentinel-2": {"classifyraster", "upscaleraster", "Scenes from labels"},
    "superresolution": {"upscaleraster", "trainupscaler", "Finer raster and its quality"},
    "mineral": {"trainpixelclassifier", "classifyimages", "Prospectivity from evidence"},
    "fault": {"trainpixelclassifier", "classifypixels"},
    "lithology": {"trainpixelclassifier", "trainimageclassifier", "classifyraster"},
    "earthquake": {"checkcatalog", "Seismic forecast from a catalog"},
}


def found(words):
    """Names of the algorithms that have a tag with these words, as the toolbox looks for them."""
    provider = QgsApplication.processingRegistry().providerById("deepgeology")
    tags = {one.name(): " ".join(one.tags()).lower() for one in provider.algorithms()}
    return {name for name, told in tags.items() if words in told}


@pytest.mark.parametrize("words", FOUND)
def test_word_finds_the_tools_that_are_about_it(qgis, words):
    assert found(words) >= FOUND[words]


def test_machine_learning_finds_every_tool_and_model(qgis):
    provider = QgsApplication.processingRegistry().providerById("deepgeology")
    assert len(found("machine learning")) == len(provider.algorithms()) > 40
