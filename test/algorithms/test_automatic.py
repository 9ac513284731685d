"""What is left open is told from the layers, and the log says what was taken."""

import json

import pytest
from osgeo import gdal
from qgis.core import QgsApplication, QgsProcessingContext

from qgis_truth import label_points, memory_points, memory_squares, rock_values, write_raster


def completed(name, **values):
    """The inputs of a tool as they are run, and what the log says of them."""
    from deep_geology.algorithms.checks import checked_inputs

    algorithm = QgsApplication.processingRegistry().algorithmById(f"deepgeology:{name}").create()
    said = []
    inputs = checked_inputs(algorithm, values, QgsProcessingContext(), said.append)
    return inputs, said


@pytest.fixture
def colors_model(tmp_path):
    """A model file of red, green and blue; it has no weights."""
    bands = [{"name": name, "unit": ""} for name in ("red", "green", "blue")]
    card = {
        "format": 1,
        "task": "image classification",
        "network": "small_cnn",
        "patch": 32,
        "bands": bands,
    }
    header = json.dumps({"__metadata__": {"deep_geology": json.dumps(card)}}).encode()
    (tmp_path / "colors.safetensors").write_bytes(len(header).to_bytes(8, "little") + header)
    return str(tmp_path / "colors.safetensors")


def scene(path, names=(), colors=()):
    """Write a raster whose bands have names or colors; gives its path."""
    written = write_raster(path, rock_values(bands=max(len(names), len(colors))))
    changed = gdal.Open(written, gdal.GA_Update)
    for number, name in enumerate(names, 1):
        changed.GetRasterBand(number).SetDescription(name)
    for number, color in enumerate(colors, 1):
        changed.GetRasterBand(number).SetColorInterpretation(color)
    return written


def test_bands_are_taken_by_the_names_of_the_model(qgis, tmp_path, colors_model):
    asked = {"MODEL": colors_model, "OUTPUT": "TEMPORARY_OUTPUT"}
    named = scene(tmp_path / "named.tif", names=("coastal", "Blue", "green", "RED", "nir"))
    inputs, said = completed("classifyraster", INPUT=named, **asked)
    assert inputs["bands"] == [4, 3, 2]
    assert said == ["Bands 4, 3, 2 are taken, by their names in the model: red, green, blue."]
    kinds = (gdal.GCI_RedBand, gdal.GCI_GreenBand, gdal.GCI_BlueBand, gdal.GCI_Undefined)
    colored = scene(tmp_path / "naip.tif", colors=kinds)
    assert completed("classifyraster", INPUT=colored, **asked)[0]["bands"] == [1, 2, 3]


def test_given_bands_stay_and_bands_in_order_need_no_word(qgis, tmp_path, colors_model):
    asked = {"MODEL": colors_model, "OUTPUT": "TEMPORARY_OUTPUT"}
    named = scene(tmp_path / "named.tif", names=("nir", "blue", "green", "red"))
    assert completed("classifyraster", INPUT=named, BANDS=[1, 2, 3], **asked) == (
        {**completed("classifyraster", INPUT=named, **asked)[0], "bands": [1, 2, 3]}, [],
    )  # fmt: skip
    plain = scene(tmp_path / "plain.tif", names=("red", "green", "blue"))
    assert completed("classifyraster", INPUT=plain, **asked)[1] == []


def test_class_field_is_guessed_by_its_name_or_as_the_only_text(qgis, landscape, tmp_path):
    places = {"MODEL": str(tmp_path / "m.safetensors"), "REPORT": str(tmp_path / "m.html")}
    for field, guessed in (("Rock_Type", "Rock_Type"), ("gestein", "gestein")):
        labels = memory_points(label_points(6), field=field)
        inputs, said = completed(
            "trainpixelclassifier", RASTERS=[landscape], LABELS=labels, **places
        )
        assert inputs["class_field"] == guessed
        assert said == [f'Class field: "{guessed}" of "labels" is taken.']


def test_all_labels_stay_one_class_beside_unlabeled_ground(qgis, landscape, tmp_path):
    places = {"MODEL": str(tmp_path / "m.safetensors"), "REPORT": str(tmp_path / "m.html")}
    asked = {"RASTERS": [landscape], "LABELS": memory_squares(label_points(6)), **places}
    assert (
        completed("trainpixelclassifier", BACKGROUND="unlabeled", **asked)[0]["class_field"] == ""
    )


def test_chips_need_no_more_than_a_raster_and_labels(run, landscape, feedback, tmp_path):
    squares = memory_squares(label_points(8), side=640.0)  # 64 pixels
    given = {"INPUT": landscape, "LABELS": squares, "OUTPUT": str(tmp_path / "chips")}
    outputs = run("exporttrainingchips", feedback=feedback, **given)
    assert sorted(path.name for path in (tmp_path / "chips").iterdir()) == ["granite", "schist"]
    assert 'Class field: "rock" of "squares" is taken.' in feedback.info
    assert "Chips of 32 x 32 pixels are cut." in feedback.info
    assert outputs["CHIPS"] >= 16


def test_explanation_does_not_refuse_bands_that_the_model_names(qgis, tmp_path, colors_model):
    names = ("red", "green", "blue", "near infrared")
    asked = {"INPUT": scene(tmp_path / "naip.tif", names=names), "MODEL": colors_model}
    for tool, places in (
        ("explainclassification", ["REPORT"]),
        ("mapembedding", ["OUTPUT", "PLOT"]),
    ):
        given = {**asked, **dict.fromkeys(places, "TEMPORARY_OUTPUT")}
        inputs, _ = completed(tool, **given)
        assert not inputs["bands"]  # the engine takes them, and says so
        with pytest.raises(Exception, match="trained on 3 bands"):
            completed(tool, BANDS=[1, 2], **given)
