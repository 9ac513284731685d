"""The algorithms without a screen, through qgis_process."""

import json
import os

from qgis_program import call


def test_provider_is_listed(enabled):
    assert "deepgeology:classifyraster" in call("list")


def test_qgis_ends_without_a_crash_when_it_has_the_plugin(enabled):
    assert "* deep_geology" in call("plugins")


def test_help_names_every_parameter_with_its_words(enabled):
    text = call("help", "deepgeology:classifyraster")
    for words in (
        "Slides a model made by Train image classifier over a raster",
        "STRIDE: Stride (pixels)",
        "Step between patches, and side of an output cell. 0: half a patch.",
        "CONFIDENCE: <outputRaster>",
    ):
        assert words in text
    assert "<p>" not in text and "&" not in text


def test_json_run_gives_outputs_that_exist(enabled, landscape, model, tmp_path):
    place = tmp_path / "classes.tif"
    text = call(
        "--json",
        "run",
        "deepgeology:classifyraster",
        "--",
        f"INPUT={landscape}",
        f"MODEL={model}",
        "STRIDE=32",
        f"OUTPUT={place}",
    )
    results = json.loads(text[text.index("{") :])["results"]
    assert results["OUTPUT"] == str(place) and os.path.exists(place)


def test_training_gives_its_scores_as_json(enabled, chips, tmp_path):
    text = call(
        "--json",
        "run",
        "deepgeology:trainimageclassifier",
        "--",
        f"INPUT={chips}",
        "NETWORK=small_cnn",
        "START_FROM=scratch",
        "IMAGE_SIZE=32",
        "EPOCHS=1",
        f"MODEL={tmp_path / 'm.safetensors'}",
        f"REPORT={tmp_path / 'm.html'}",
    )
    results = json.loads(text[text.index("{") :])["results"]
    assert 0 <= results["ACCURACY"] <= 1
    assert os.path.exists(results["MODEL"]) and os.path.exists(results["REPORT"])


def test_choice_may_be_given_by_the_number_that_the_help_prints(enabled, tmp_path):
    help_text = call("help", "deepgeology:downloadengine")
    assert "- 3: macos" in help_text, help_text
    (tmp_path / "wheels").write_text("a file, so that nothing is downloaded", encoding="utf-8")
    words = ("PLATFORM=3", f"OUTPUT={tmp_path / 'wheels' / 'mine'}")
    text = call("run", "deepgeology:downloadengine", "--", *words, code=1)
    assert "is a file, not a folder" in text and "one of the choices" not in text
    text = call("run", "deepgeology:downloadengine", "--", "PLATFORM=7", words[1], code=1)
    assert 'Computer is "7", which is not one of the choices. Choose one of: this, linux' in text


def test_failure_is_a_sentence_and_an_exit_code(enabled, model, tmp_path):
    words = ("INPUT=gone.tif", f"MODEL={model}", f"OUTPUT={tmp_path / 'c.tif'}")
    text = call("run", "deepgeology:classifyraster", "--", *words, code=1)
    assert 'Raster "gone.tif" cannot be read as a raster layer.' in text
    assert "Traceback" not in text
