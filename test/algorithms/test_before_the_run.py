"""What cannot work is said in the dialog, from values and headers alone, before anything runs."""

import json
import time

import numpy as np
import pytest
from osgeo import gdal
from qgis.core import QgsApplication, QgsProcessingContext, QgsProject, QgsRasterLayer

from qgis_truth import label_points, memory_points, memory_squares, rock_values, write_raster

BANDS = [{"name": name, "unit": ""} for name in ("tmi", "k", "th")]
SECONDS = 0.2


@pytest.fixture
def said(qgis):
    """What the dialog says to values: an empty text if they may run."""

    def say(name, **values):
        algorithm = QgsApplication.processingRegistry().algorithmById(f"deepgeology:{name}")
        context = QgsProcessingContext()
        context.setProject(QgsProject.instance())
        may_run, sentence = algorithm.create().checkParameterValues(values, context)
        assert may_run == (not sentence)
        return sentence

    return say


@pytest.fixture
def card(tmp_path):
    """Write a model file that has a card and no weights; gives its path."""

    def write(task, **known):
        values = {"format": 1, "task": task, "network": "small_cnn", "patch": 64, **known}
        header = json.dumps({"__metadata__": {"deep_geology": json.dumps(values)}}).encode()
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.safetensors"
        path.write_bytes(len(header).to_bytes(8, "little") + header)
        return str(path)

    return write


@pytest.fixture
def ground(tmp_path):
    """Write a raster of the two rocks; gives its path."""

    def write(name, bands=3, side=256, **known):
        return write_raster(tmp_path / name, rock_values(bands=bands)[:, :side, :side], **known)

    return write


def outputs(tmp_path):
    return {"MODEL": str(tmp_path / "m.safetensors"), "REPORT": str(tmp_path / "m.html")}


def far_away(points):
    return [(easting + 1e6, northing, name) for easting, northing, name in points]


def test_raster_with_other_bands_than_the_model_is_refused_in_every_tool(said, card, ground):
    raster = ground("survey.tif", bands=2)
    maps, images = (
        card("pixel classification", bands=BANDS),
        card("image classification", bands=BANDS),
    )
    boxes = card("object detection", bands=BANDS)
    points = memory_points(label_points(4))
    temporary = {"OUTPUT": "TEMPORARY_OUTPUT"}
    answers = (
        said("classifyraster", INPUT=raster, MODEL=images, **temporary),
        said("classifyfeatures", INPUT=points, RASTER=raster, MODEL=images, **temporary),
        said("classifypixels", RASTERS=[raster], MODEL=maps, **temporary),
        said("suggestlabels", RASTERS=[raster], MODEL=maps, **temporary),
        said("detectobjects", INPUT=raster, MODEL=boxes, **temporary),
        said("explainclassification", INPUT=raster, MODEL=maps, REPORT="TEMPORARY_OUTPUT"),
        said("mapembedding", INPUT=raster, MODEL=maps, PLOT="TEMPORARY_OUTPUT", **temporary),
    )
    for sentence in answers:
        assert 'The model was trained on 3 bands (tmi, k, th); "survey" has 2' in sentence
        assert "Choose another input with 3 bands: tmi, k, th, in this order." in sentence


def test_bands_that_fit_by_choice_by_alpha_or_by_a_stack_may_run(said, card, ground):
    maps = card("pixel classification", bands=BANDS)
    asked = {"MODEL": maps, "OUTPUT": "TEMPORARY_OUTPUT"}
    four = ground("four.tif", bands=4)
    changed = gdal.Open(four, gdal.GA_Update)
    changed.GetRasterBand(4).SetColorInterpretation(gdal.GCI_AlphaBand)
    del changed
    assert said("classifypixels", RASTERS=[four], **asked) == ""  # only the pixels tell alpha
    five = ground("five.tif", bands=5)
    assert "has 5" in said("classifypixels", RASTERS=[five], **asked)
    assert said("classifypixels", RASTERS=[five], BANDS="5,1,2", **asked) == ""
    one, two = ground("one.tif", bands=1), ground("two.tif", bands=2)
    assert said("classifypixels", RASTERS=[one, two], **asked) == ""
    explained = {"INPUT": one, "MODEL": maps, "REPORT": "TEMPORARY_OUTPUT"}
    assert "MORE_RASTERS" in said("explainclassification", **explained)
    assert said("explainclassification", MORE_RASTERS=[two], **explained) == ""


def test_band_that_is_not_there_and_band_that_is_no_number_are_told(said, card, ground):
    raster, model = ground("survey.tif"), card("image classification", bands=BANDS)
    asked = {"INPUT": raster, "MODEL": model, "OUTPUT": "TEMPORARY_OUTPUT"}
    assert '"survey" has 3 bands; band 7 is asked for.' in said(
        "classifyraster", BANDS=[1, 2, 7], **asked
    )
    for wrong in ("red", ["red"], "1;red"):
        sentence = said("classifyraster", BANDS=wrong, **asked)
        assert '"red" is not the number of a band. Count bands from 1' in sentence
    assert said("classifyraster", BANDS="1;2;3", **asked) == ""
    pixels = {"MODEL": card("pixel classification", bands=BANDS), "OUTPUT": "TEMPORARY_OUTPUT"}
    stack = said("classifypixels", RASTERS=[raster, raster], BANDS="1,2,7", **pixels)
    assert "The rasters have 6 bands in all; band 7 is asked for." in stack


def test_whole_number_with_a_fraction_is_refused(said, ground):
    asked = {"INPUT": ground("dem.tif", bands=1), "OUTPUT": "TEMPORARY_OUTPUT"}
    for wrong in (2.5, "2.5"):
        sentence = said("upscaleraster", CONSISTENCY=wrong, **asked)
        assert 'Consistency is "2.5", which is not a whole number.' in sentence
    for right in (2, 2.0, "2"):
        assert said("upscaleraster", CONSISTENCY=right, **asked) == ""


def test_raster_that_is_too_small_is_told_before_anything_else(said, card, ground, tmp_path):
    tiny = ground("tiny.tif", side=12)
    model = card("image classification", bands=BANDS)
    points = memory_points(label_points(4))
    temporary = {"OUTPUT": "TEMPORARY_OUTPUT"}
    assert "patch of 64 x 64" in said("classifyraster", INPUT=tiny, MODEL=model, **temporary)
    assert "at least 16 x 16" in said("upscaleraster", INPUT=tiny, **temporary)
    cut = {"LABELS": points, "CLASS_FIELD": "rock", "CHIP_SIZE": 16}
    small = ground("small.tif", side=15)
    chips = said("exporttrainingchips", INPUT=ground("chips.tif", side=8), **cut, **temporary)
    assert "no ground in common" in chips or "chip of 16 x 16" in chips
    training = {"FINE": [small], "START_FROM": "checkpoint", **outputs(tmp_path)}
    assert "at least 16 x 16" in said("trainupscaler", **training)


def test_layers_on_other_ground_are_refused_and_nearby_ones_are_not(said, card, ground, tmp_path):
    raster, model = ground("survey.tif"), card("image classification", bands=BANDS)
    asked = {"RASTER": raster, "MODEL": model, "OUTPUT": "TEMPORARY_OUTPUT"}
    here, there = label_points(6), far_away(label_points(6))
    assert said("classifyfeatures", INPUT=memory_points(here), **asked) == ""
    assert said("classifyfeatures", INPUT=memory_points(here, crs="EPSG:4326"), **asked) == ""
    sentence = said("classifyfeatures", INPUT=memory_points(there), **asked)
    assert '"labels" and "survey" have no ground in common.' in sentence
    training = {"RASTERS": [raster], "CLASS_FIELD": "rock", **outputs(tmp_path)}
    assert said("trainpixelclassifier", LABELS=memory_squares(here), **training) == ""
    squares = said("trainpixelclassifier", LABELS=memory_squares(there), **training)
    assert '"squares" and "survey" have no ground in common.' in squares


def test_layer_whose_extent_is_out_of_date_is_not_refused(said, card, ground):
    layer = memory_points(far_away(label_points(2)))
    layer.extent()
    layer.dataProvider().addFeatures(list(memory_points(label_points(2)).getFeatures()))
    model = card("image classification", bands=BANDS)
    asked = {"INPUT": layer, "RASTER": ground("survey.tif"), "MODEL": model}
    assert said("classifyfeatures", OUTPUT="TEMPORARY_OUTPUT", **asked) == ""


def test_extent_beside_the_raster_and_empty_layer_are_refused(said, card, ground):
    raster, model = ground("survey.tif"), card("image classification", bands=BANDS)
    asked = {"MODEL": model, "OUTPUT": "TEMPORARY_OUTPUT"}
    sentence = said("classifyraster", INPUT=raster, EXTENT="0,1000,0,1000", **asked)
    assert 'The extent does not touch "survey".' in sentence
    empty = said("classifyfeatures", INPUT=memory_points([]), RASTER=raster, **asked)
    assert '"labels" has no features.' in empty


def test_raster_without_a_crs_beside_one_that_has_it_is_refused(said, card, ground):
    maps = card("pixel classification", bands=BANDS)
    stack = [ground("one.tif", bands=1), ground("two.tif", bands=2, crs="")]
    sentence = said("classifypixels", RASTERS=stack, MODEL=maps, OUTPUT="TEMPORARY_OUTPUT")
    assert '"two" has no coordinate reference system' in sentence


def test_web_layer_without_an_extent_is_refused(said, card, project):
    tiles = "type=xyz&url=http://127.0.0.1:9/{z}/{x}/{y}.png&zmax=3&zmin=0"
    layer = QgsRasterLayer(tiles, "tiles", "wms")
    project.addMapLayer(layer)
    asked = {"INPUT": layer, "MODEL": card("image classification", bands=BANDS)}
    sentence = said("classifyraster", OUTPUT="TEMPORARY_OUTPUT", **asked)
    assert '"tiles" is a web layer with no pixels of its own. Give an extent' in sentence


def test_pairs_and_models_of_another_factor_are_refused(said, card, ground, tmp_path):
    fine, coarse = ground("fine.tif"), ground("coarse.tif", side=128)
    training = {"FINE": [fine], **outputs(tmp_path)}
    sentence = said("trainupscaler", COARSE=[coarse], FACTOR="4", **training)
    assert "pixel sizes 10 and 10: ratio 1.00 is not 4" in sentence
    two = card("upscaling", network="upscaler", patch=0, arguments={"factor": 2, "bands": 1})
    started = {"START_FROM": "model", "BASE_MODEL": two, "FACTOR": "4", **training}
    assert "makes rasters 2 times finer; the factor is 4" in said("trainupscaler", **started)
    judged = {"REFERENCE": fine, "MODEL": two, "FACTOR": "4", "REPORT": "TEMPORARY_OUTPUT"}
    assert "makes rasters 2 times finer; the factor is 4" in said("assessupscaling", **judged)
    four = card("upscaling", network="upscaler", patch=0, arguments={"factor": 4, "bands": 4})
    finer = said("upscaleraster", INPUT=fine, MODEL=four, OUTPUT="TEMPORARY_OUTPUT")
    assert 'expects 4 bands, but "fine" has 3' in finer


def test_model_of_mine_beside_another_start_is_refused(said, card, ground, tmp_path):
    maps = card("pixel classification", bands=BANDS)
    training = {
        "RASTERS": [ground("survey.tif")], "LABELS": memory_squares(label_points(6)),
        "CLASS_FIELD": "rock", **outputs(tmp_path),
    }  # fmt: skip
    unused = said("trainpixelclassifier", BASE_MODEL=maps, **training)
    assert "would start from bundled" in unused
    second = {"VALIDATION_LABELS": memory_squares(label_points(4))}
    assert "Validation labels are given" in said("trainpixelclassifier", **second, **training)
    other = card("pixel classification", bands=BANDS[:2])
    started = {"START_FROM": "model", "BASE_MODEL": other}
    assert "trained on 2 bands" in said("trainpixelclassifier", **started, **training)


def test_checkpoint_that_is_missing_or_of_other_values_is_refused(said, ground, tmp_path):
    training = {
        "RASTERS": [ground("survey.tif")], "LABELS": memory_squares(label_points(6)),
        "CLASS_FIELD": "rock", "START_FROM": "checkpoint", "EPOCHS": 5, **outputs(tmp_path),
    }  # fmt: skip
    assert "There is no checkpoint" in said("trainpixelclassifier", **training)
    folder = tmp_path / "m.safetensors.checkpoint"
    folder.mkdir()
    from deep_geology.plugin.jobs import JOBS
    from deep_geology.plugin.jobs.declare import defaults

    known = {**defaults(JOBS["train_pixel_classifier"]), "class_field": "rock", "epochs": 7}
    told = {"do": "train_pixel_classifier", "values": {**known, "bands": []}, "spent": 1.0}
    (folder / "job.json").write_text(json.dumps(told))
    assert "a training with another EPOCHS" in said("trainpixelclassifier", **training)
    assert said("trainpixelclassifier", **{**training, "EPOCHS": 7}) == ""


def test_folder_of_one_class_is_refused_with_the_folder_above_it(said, tmp_path):
    for name in ("granite/near", "basalt"):
        (tmp_path / name).mkdir(parents=True)
    for inside, words in (("basalt", "no subfolder with images"), ("granite", "one class only")):
        sentence = said("trainimageclassifier", INPUT=str(tmp_path / inside), **outputs(tmp_path))
        assert words in sentence and "choose the folder above it" in sentence
    assert said("trainimageclassifier", INPUT=str(tmp_path), **outputs(tmp_path)) == ""


def test_dates_are_no_magnitudes_and_polygons_no_catalog(said):
    from qgis.core import QgsFeature, QgsGeometry, QgsVectorLayer

    layer = QgsVectorLayer(
        "Point?crs=EPSG:4326&field=time:datetime&field=mag:double", "events", "memory"
    )
    feature = QgsFeature(layer.fields())
    feature.setGeometry(QgsGeometry.fromWkt("Point(1 1)"))
    layer.dataProvider().addFeatures([feature])
    asked = {"OUTPUT": "TEMPORARY_OUTPUT", "REPORT": "TEMPORARY_OUTPUT"}
    sentence = said("checkcatalog", CATALOG=layer, MAGNITUDE_FIELD="time", **asked)
    assert 'Field "time" of "events" holds dates and no numbers.' in sentence
    assert said("checkcatalog", CATALOG=layer, MAGNITUDE_FIELD="mag", **asked) == ""
    polygons = said("checkcatalog", CATALOG=memory_squares(label_points(2)), **asked)
    assert '"squares" holds no points.' in polygons


def test_models_that_do_not_give_what_is_asked_are_refused(said, card, ground):
    faces = card("image generation", classes=[{"value": 1, "name": "crater", "color": "#000000"}])
    made = said("generateimages", MODEL=faces, CLASS_NAME="dune", OUTPUT="TEMPORARY_OUTPUT")
    assert 'knows no class "dune". Choose one of: crater.' in made
    exported = said("exportonnx", MODEL=faces, OUTPUT="TEMPORARY_OUTPUT")
    assert "The model is for image generation, which cannot be exported." in exported
    series = card("grid forecast", arguments={"steps": 2}, training={"width": 256, "height": 256})
    asked = {"MODEL": series, "OUTPUT": "TEMPORARY_OUTPUT"}
    longer = said("forecastgrid", RASTERS=[ground("series.tif")], STEPS=5, **asked)
    assert "forecasts 2 steps ahead; 5 are asked" in longer
    smaller = said("forecastgrid", RASTERS=[ground("small.tif", side=64)], **asked)
    assert "was trained on 256 x 256 cells" in smaller
    seismic = card("seismic forecast", training={"validation_end": "2015-01-01T00:00:00"})
    events = {"CATALOG": memory_points(label_points(3)), "START": "2014-01-01T00:00:00"}
    early = said("testseismicforecast", MODEL=seismic, REPORT="TEMPORARY_OUTPUT", **events)
    assert "the model has seen what came before 2015-01-01" in early


def test_dialog_answers_at_once_for_large_layers(said, card, tmp_path):
    random = np.random.default_rng(0)
    spread = random.uniform(0, 2000, (20_000, 2))
    points = memory_points([(600000 + x, 9600000 - y, "granite") for x, y in spread])
    path = str(tmp_path / "large.tif")
    large = gdal.GetDriverByName("GTiff").Create(
        path, 40_000, 40_000, 3, options=["SPARSE_OK=YES", "TILED=YES"]
    )
    large.SetGeoTransform((600000, 10, 0, 9600000, 0, -10))
    large.SetProjection(
        QgsRasterLayer(write_raster(tmp_path / "p.tif", rock_values())).crs().toWkt()
    )
    large = None
    asked = {"INPUT": points, "RASTER": path, "MODEL": card("image classification", bands=BANDS)}
    said("classifyfeatures", OUTPUT="TEMPORARY_OUTPUT", **asked)
    spent = []
    for _ in range(3):
        started = time.perf_counter()
        assert said("classifyfeatures", OUTPUT="TEMPORARY_OUTPUT", **asked) == ""
        spent.append(time.perf_counter() - started)
    assert min(spent) < SECONDS
