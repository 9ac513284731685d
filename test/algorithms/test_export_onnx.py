"""Exporting models from QGIS."""

import os

import pytest


@pytest.mark.parametrize("kind", ["pixels", "images"])
def test_model_becomes_an_onnx_file(run, model, pixel_model, tmp_path, feedback, kind):
    outputs = run(
        "exportonnx", feedback, MODEL=pixel_model if kind == "pixels" else model,
        OUTPUT=str(tmp_path / "m.onnx"),
    )  # fmt: skip
    with open(outputs["OUTPUT"], "rb") as file:
        content = file.read()
    for word in (b"Deep Geology", b"Segmentor", b"granite", b"tiles_overlap"):
        assert word in content
    assert any("values divided by 255" in line for line in feedback.info)


@pytest.mark.parametrize(
    "change, sentence",
    [
        ({"MODEL": "gone.safetensors"}, "is not a file that exists."),
        ({"CONTENT": "features"}, "Set CONTENT to classes"),
        ({"CONTENT": "weights"}, "is not one of the choices"),
        ({"TILE_SIZE": -1}, "is under the minimum of 0 pixels."),
        ({"OUTPUT": "m.pt"}, "which does not end in .onnx"),
    ],
)
def test_bad_values_are_refused_in_one_sentence(refused, pixel_model, tmp_path, change, sentence):
    asked = {"MODEL": pixel_model, "OUTPUT": str(tmp_path / "m.onnx")}
    said = refused("exportonnx", **{**asked, **change})
    assert sentence in said and "\n" not in said.strip()
    assert os.listdir(tmp_path) == []
