"""A model that is trained stays, whatever happens to what is written after it."""

import os

import pytest

import small_jobs
from brightness import Said
from plugin.engine import work
from plugin.engine.tasks import train_grid_forecast, train_image_classifier
from plugin.jobs.errors import JobError, Stopped

REPORTS = {
    "train_image_classifier": (train_image_classifier, "write_classification_report"),
    "train_grid_forecast": (train_grid_forecast, "write_series_report"),
}


@pytest.mark.parametrize("name", REPORTS)
@pytest.mark.parametrize("error", [JobError("The disk is full.", "Free some space."), Stopped()])
def test_model_stays_if_its_report_fails_and_goes_if_the_user_cancels(
    tmp_path, monkeypatch, name, error
):
    def fail(*ignored):
        raise error

    monkeypatch.setattr(*REPORTS[name], fail)
    places = {key: str(tmp_path / "out" / place)
              for key, place in (("model", "m.safetensors"), ("report", "r.html"))}  # fmt: skip
    values = {**getattr(small_jobs, name)(tmp_path), **places, "device": "cpu"}
    said, canceled = Said(), isinstance(error, Stopped)
    with pytest.raises(type(error)):
        work.do(name, values, said.progress)
    left = [n for n in os.listdir(tmp_path / "out") if "checkpoint" not in n]
    assert left == ([] if canceled else ["m.safetensors"])
    assert canceled != any("The model was finished before that" in note for note in said.notes)
