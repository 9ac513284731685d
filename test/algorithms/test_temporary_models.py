"""A trained model that QGIS will clear away is told as such, with what to do."""

import os

from qgis_truth import QUICK_TRAINING


def lost(feedback):
    return [line for line in feedback.warnings if "lost when QGIS closes" in line]


def test_model_in_the_temporary_folder_ends_the_log_with_what_to_do(
    run, chips, feedback, tmp_path, monkeypatch
):
    monkeypatch.setenv("DEEPGEOLOGY_MODELS", str(tmp_path / "library"))
    told = []
    monkeypatch.setattr(
        feedback, "_hear", lambda kept, text: (kept.append(text), told.append(text))
    )
    asked = {**QUICK_TRAINING, "INPUT": chips, "EPOCHS": 1, "MODEL": "TEMPORARY_OUTPUT"}
    asked["REPORT"] = str(tmp_path / "report.html")
    outputs = run("trainimageclassifier", feedback, **asked)
    assert os.path.getsize(outputs["MODEL"]) > 10_000
    (sentence,) = lost(feedback)
    assert [line for line in told if not line.startswith("Results: ")][-1] == sentence
    assert outputs["MODEL"] in sentence and str(tmp_path / "library") in sentence


def test_model_with_a_place_of_its_own_is_told_nothing(qgis, feedback, tmp_path):
    from deep_geology.algorithms.temporary_models import warn_of_temporary

    results = {"MODEL": str(tmp_path / "m.safetensors"), "REPORT": None, "ACCURACY": 0.9}
    warn_of_temporary(results, feedback)
    assert feedback.warnings == []
