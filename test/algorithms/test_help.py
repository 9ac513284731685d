"""The help: every parameter explained, every example complete; those of a first map are run."""

import ast
import os
import re
import shutil

import pytest
from qgis.core import (
    QgsApplication,
    QgsProcessingModelAlgorithm,
    QgsProcessingParameterDefinition,
)

from qgis_truth import label_points, memory_points, rock_values, save, write_raster

NOTHING_TO_SEE = {"prepareengine", "downloadengine", "exportonnx"}
FIRST_MAP = (
    "exporttrainingchips",
    "trainimageclassifier",
    "classifyimages",
    "classifyraster",
    "classifyfeatures",
    "describemodel",
)


def algorithm(name):
    """An algorithm of the provider; `processing` must have been started."""
    return QgsApplication.processingRegistry().algorithmById("deepgeology:" + name)


def printed_example(name):
    """The lines of the help after its last heading."""
    return algorithm(name).shortHelpString().split("In the Python console of QGIS:\n")[1]


def ours():
    every = QgsApplication.processingRegistry().providerById("deepgeology").algorithms()
    return [one for one in every if not isinstance(one, QgsProcessingModelAlgorithm)]


def test_provider_lists_every_job(qgis):
    from deep_geology.plugin.jobs import JOBS
    from deep_geology.plugin.jobs.declare import processing_name

    assert sorted(a.name() for a in ours()) == sorted(processing_name(name) for name in JOBS)


def test_every_parameter_is_explained(qgis):
    silent = [
        f"{a.name()}:{p.name()}" for a in ours() for p in a.parameterDefinitions() if not p.help()
    ]
    assert silent == []


def test_every_algorithm_is_found_and_has_its_icon(qgis):
    for one in ours():
        assert one.tags() and one.shortDescription() and one.displayName() and one.helpUrl()
        assert os.path.isfile(one.svgIconPath()), one.svgIconPath()
        assert one.groupId().isalpha() and one.groupId().islower()
        assert one.name().isalpha() and one.name().islower()


def test_help_shows_a_picture_in_the_desktop_and_none_in_a_terminal(qgis, monkeypatch):
    from qgis.PyQt.QtCore import QUrl
    from qgis.PyQt.QtGui import QImage

    assert not any("<img" in one.shortHelpString() for one in ours())
    monkeypatch.setattr(QgsApplication, "platform", lambda: "desktop")
    shown = {one.name(): one.shortHelpString() for one in ours()}
    pictures = {name: re.findall('<img src="(.*)">', text) for name, text in shown.items()}
    assert {name for name in pictures if not pictures[name]} == NOTHING_TO_SEE
    for place in [place for places in pictures.values() for place in places]:
        assert 100 < QImage(QUrl(place).toLocalFile()).width() <= 240


@pytest.mark.parametrize(
    "word, name",
    [
        ("deep learning", "trainimageclassifier"), ("AI", "upscaleraster"),
        ("AI", "traingridforecast"), ("super resolution", "upscaleraster"),
        ("earthquake", "checkcatalog"), ("landslide", "trainpixelclassifier"),
        ("segmentation", "classifypixels"), ("U-Net", "trainpixelclassifier"),
    ],
)  # fmt: skip
def test_words_that_people_search_find_a_tool(word, name, qgis):
    assert word in algorithm(name).tags()


def test_help_names_the_tools_that_one_may_want_next(qgis):
    titles = {one.displayName() for one in ours()}
    for one in ours():
        lines = one.shortHelpString().splitlines()
        named = lines[lines.index("Next:") + 1].rstrip(".").split(", ")
        assert set(named) <= titles - {one.displayName()}, one.name()


def test_help_has_no_markup_that_a_terminal_would_show(qgis):
    assert [a.name() for a in ours() if "<" in a.shortHelpString()] == []


def called_with(lines):
    """What an example hands to `processing.run`, read and not run: id, value by parameter name."""
    first, call = ast.parse(lines).body
    assert ast.unparse(first) == "import processing"
    assert ast.unparse(call.value.func) == "processing.run" and not call.value.keywords
    identifier, values = map(ast.literal_eval, call.value.args)
    return identifier, values


def is_needed(parameter):
    optional = parameter.flags() & QgsProcessingParameterDefinition.FlagOptional
    return parameter.defaultValue() is None and not optional


def test_every_example_calls_its_tool_with_all_that_it_needs_and_nothing_unknown(qgis):
    for one in ours():
        identifier, values = called_with(printed_example(one.name()))
        known = {part.name(): part for part in one.parameterDefinitions()}
        needed = {name for name, part in known.items() if is_needed(part)}
        assert identifier == one.id()
        assert values and needed <= set(values) <= set(known), (one.name(), needed, set(values))
        refused = [n for n, v in values.items() if not known[n].checkValueIsAcceptable(v)]
        assert refused == [], one.name()


@pytest.fixture
def samples(model, chips, tmp_path, monkeypatch):
    """The working folder of the examples, with the files that they name."""
    write_raster(tmp_path / "survey.tif", rock_values())
    save(memory_points(label_points(24)), tmp_path / "labels.gpkg", "labels")
    save(memory_points(label_points(8)), tmp_path / "outcrops.gpkg", "outcrops")
    shutil.copytree(os.path.join(chips, "granite"), tmp_path / "photos")
    shutil.copytree(chips, tmp_path / "training")
    shutil.copy(model, tmp_path / "rocks.safetensors")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", FIRST_MAP)
def test_example_runs_as_it_is_printed(name, samples):
    lines = printed_example(name)
    if name == "trainimageclassifier":
        os.rename("training", "chips")
    before = set(os.listdir())
    exec(lines, {})
    assert set(os.listdir()) - before or name == "trainimageclassifier"


def test_example_of_training_writes_the_model_that_the_others_use(samples):
    os.rename("training", "chips")
    os.remove("rocks.safetensors")
    exec(printed_example("trainimageclassifier"), {})
    assert os.path.exists("rocks.safetensors")
    exec(printed_example("classifyraster"), {})
    assert os.path.exists("classes.tif")
