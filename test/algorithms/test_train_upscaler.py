"""Training an upscaler from QGIS, and a model that trains, upscales and assesses."""

import os
from pathlib import Path

import pytest
from qgis.core import (
    QgsProcessingModelAlgorithm,
    QgsProcessingModelChildParameterSource as Source,
    QgsProcessingModelParameter,
    QgsProcessingParameterRasterLayer,
    QgsRasterLayer,
)

from qgis_truth import PIXEL, add_step, read_raster
from qgis_upscaling import BLUR, FACTOR, NORTH, QUICK, coarse_values, fine_values, write_ground


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    return write_ground(tmp_path_factory.mktemp("ground") / "fine ground.tif", fine_values())


@pytest.fixture(scope="module")
def trained(qgis, ground, tmp_path_factory):
    """The outputs of a training on a layer."""
    import processing

    folder = tmp_path_factory.mktemp("trained")
    parameters = {
        **QUICK,
        "FINE": [QgsRasterLayer(ground, "fine", "gdal")],
        "MINUTES": 0.3,
        "MODEL": str(folder / "ground.safetensors"),
        "REPORT": str(folder / "ground.html"),
    }
    return processing.run("deepgeology:trainupscaler", parameters)


def test_training_gives_a_gain_a_model_and_a_report(trained):
    assert trained["PSNR_GAIN"] > 0.5 and 0 < trained["SSIM"] < 1
    assert os.path.getsize(trained["MODEL"]) > 10_000
    assert "Before and after" in Path(trained["REPORT"]).read_text(encoding="utf-8")


def test_trained_model_upscales_a_layer(run, trained, tmp_path):
    coarse = write_ground(tmp_path / "coarse.tif", coarse_values(1), FACTOR * PIXEL)
    made = run("upscaleraster", INPUT=coarse, MODEL=trained["MODEL"], FACTOR="2", BLUR=BLUR,
               DEVICE="cpu", OUTPUT=str(tmp_path / "made.tif"))  # fmt: skip
    assert read_raster(made["OUTPUT"]).shape == fine_values(1).shape


def test_pairs_of_layers_are_learned_from(run, ground, feedback, tmp_path):
    coarse = write_ground(tmp_path / "coarse.tif", coarse_values(), FACTOR * PIXEL)
    outputs = run(
        "trainupscaler", feedback=feedback, **QUICK, FINE=[ground], COARSE=[coarse],
        MODEL=str(tmp_path / "m.safetensors"), REPORT=str(tmp_path / "r.html"),
    )  # fmt: skip
    assert outputs["PSNR_GAIN"] > 0
    assert "Coarse rasters" in Path(outputs["REPORT"]).read_text(encoding="utf-8")


def test_folder_of_images_and_bands_are_passed_on(run, tmp_path):
    folder = tmp_path / "images"
    folder.mkdir()
    for number in range(30):
        values = fine_values(number)[:1, 32 : 32 + 96, 16 : 16 + 100]
        write_ground(folder / f"{number}.tif", values, north=NORTH - 5000 * number)
    outputs = run(
        "trainupscaler", **QUICK, IMAGES=str(folder), GAN_SHARE=0,
        MODEL=str(tmp_path / "m.safetensors"), REPORT=str(tmp_path / "r.html"),
    )  # fmt: skip
    assert os.path.exists(outputs["MODEL"])


def test_wrong_input_is_refused_in_words_and_leaves_nothing(refused, ground, tmp_path):
    places = {"MODEL": str(tmp_path / "m.safetensors"), "REPORT": str(tmp_path / "r.html")}
    assert "Give either FINE or IMAGES" in refused("trainupscaler", **QUICK, **places)
    small = write_ground(tmp_path / "small.tif", fine_values()[:, :100, :100])
    text = refused("trainupscaler", **QUICK, **places, FINE=[small])
    assert "at least 20 squares of 64 x 64 fine pixels; found 1." in text
    odd = write_ground(tmp_path / "odd.tif", coarse_values(), 26.0)
    text = refused("trainupscaler", **QUICK, **places, FINE=[ground], COARSE=[odd])
    assert "ratio 2.60 is not 2, 4 or 8" in text
    assert not list(tmp_path.glob("m.*")) and not list(tmp_path.glob("r.*"))


@pytest.fixture
def chain(tmp_path):
    """Path of a saved model: train on fine ground, upscale a coarse raster, assess the result."""
    model = QgsProcessingModelAlgorithm("Sharpen ground", "tests")
    for name in ("fine", "coarse", "truth"):
        parameter = QgsProcessingParameterRasterLayer(name, name)
        model.addModelParameter(parameter, QgsProcessingModelParameter(name))
    training = {**QUICK, "FINE": Source.fromModelParameter("fine")}
    add_step(model, "trainupscaler", training, [("REPORT", "learned")])
    upscaling = {
        "INPUT": Source.fromModelParameter("coarse"), "FACTOR": "2", "BLUR": BLUR, "DETAIL": 0.0,
        "MODEL": Source.fromChildOutput("trainupscaler", "MODEL"), "DEVICE": "cpu",
    }  # fmt: skip
    add_step(model, "upscaleraster", upscaling, [("OUTPUT", "sharp")])
    judging = {
        "REFERENCE": Source.fromModelParameter("truth"), "FACTOR": "2", "BLUR": BLUR,
        "UPSCALED": Source.fromChildOutput("upscaleraster", "OUTPUT"), "DEVICE": "cpu",
    }  # fmt: skip
    add_step(model, "assessupscaling", judging, [("REPORT", "judged"), ("SCORES", "scores")])
    path = str(tmp_path / "sharpen ground.model3")
    assert model.toFile(path)
    return path


def test_saved_model_trains_upscales_and_assesses(qgis, chain, ground, tmp_path):
    import processing

    model = QgsProcessingModelAlgorithm()
    assert model.fromFile(chain)
    model.initAlgorithm()
    outputs = processing.run(
        model,
        {
            "fine": ground,
            "coarse": write_ground(tmp_path / "coarse.tif", coarse_values(1), FACTOR * PIXEL),
            "truth": write_ground(tmp_path / "truth.tif", fine_values(1)),
            "trainupscaler:learned": str(tmp_path / "learned.html"),
            "upscaleraster:sharp": str(tmp_path / "sharp.tif"),
            "assessupscaling:judged": str(tmp_path / "judged.html"),
            "assessupscaling:scores": "memory:",
        },
    )
    assert read_raster(outputs["upscaleraster:sharp"]).shape == fine_values(1).shape
    assert os.path.exists(outputs["trainupscaler:learned"])
    table = outputs["assessupscaling:scores"]
    found = {row["method"]: row["psnr"] for row in table.getFeatures()}
    assert found["Upscaled raster"] > found["Cubic"] > found["Nearest"]
