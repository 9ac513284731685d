"""A network fitted on everything ships only if it learned about as much as those that were scored."""

from types import SimpleNamespace

import pytest

import small_jobs
from brightness import Said
from plugin.engine import refitting, work
from plugin.jobs.model_card import read_card
from small_jobs import outputs_of


def scored_with(*steps):
    return [SimpleNamespace(fit=SimpleNamespace(steps=count)) for count in steps]


@pytest.mark.parametrize(("steps", "stays"), [(9, True), (10, False), (40, False)])
def test_half_of_the_steps_are_enough(steps, stays):
    tested, said = scored_with(30, 20), Said()
    refitted = SimpleNamespace(steps=steps)
    shipped = refitting.choose_shipped(refitted, tested, said.progress)
    assert shipped is (tested[0].fit if stays else refitted)
    assert any(f"left {steps} steps" in text for text in said.warnings) == stays


@pytest.mark.parametrize("name", ["train_image_classifier", "train_pixel_classifier"])
def test_model_is_a_scored_one_where_the_time_was_too_short_for_another(
    tmp_path, monkeypatch, name
):
    monkeypatch.setattr(refitting, "_LEAST", 1e9)
    asked = getattr(small_jobs, name)(tmp_path)
    (tmp_path / "out").mkdir()
    values, said = {**asked, **outputs_of(name, tmp_path / "out"), "device": "cpu"}, Said()
    work.do(name, values, said.progress)
    assert any("the scored network is the model" in text for text in said.warnings)
    assert "first of the scored networks" in read_card(values["model"]).scores["validation"]
