"""Trainings that are interrupted go on as if nothing had happened."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import save

import small_jobs
from brightness import Said
from plugin.engine import stage, work
from plugin.engine.course import Course
from plugin.engine.progress import Progress, Silent
from plugin.engine.trees import from_bytes, to_bytes
from plugin.jobs.errors import JobError, Stopped
from together import ROOT, environment, write_job

# What a training says when it is interrupted: in the middle of an epoch, a stage, a fold.
WHEN = {
    "train_image_classifier": r"Epoch 3 of 4",
    "train_pixel_classifier": r"Fold 2 of 2: Epoch 3 of 4",
    "train_object_detector": r"Epoch 2 of 3",
    "train_upscaler": r"Texture, step 2 ",
    "train_image_generator": r"Step 3",
    "train_grid_forecast": r"Network 2 of 2, batch 45 ",
    "train_seismic_forecast": r"Epoch 4",
}


@pytest.fixture(autouse=True)
def always(monkeypatch):
    """Every report is told, and every step is kept."""
    torch.set_num_threads(1)
    monkeypatch.setattr("plugin.engine.progress.SECONDS_BETWEEN", 0.0)
    monkeypatch.setattr(stage, "EVERY_SECONDS", 0.0)


def interrupted(when):
    """A progress whose user cancels as soon as something is said."""
    said = []
    stopped = []

    def say(kind, **words):
        said.append(words.get("text", ""))
        if kind == "progress" and re.search(when, words["text"]):
            stopped.append(True)

    progress = Progress(say, lambda: bool(stopped))
    progress.said = said
    return progress


def asked(name, folder, inputs):
    folder.mkdir(exist_ok=True)
    return {"device": "cpu", **inputs, **small_jobs.outputs_of(name, folder)}


def given(name, place):
    (place / "in").mkdir()
    values = small_jobs.TRAININGS[name](place / "in")
    return values if name != "train_seismic_forecast" else {"seed": 0, **values}


SLOW = ("train_object_detector", "train_seismic_forecast", "train_image_generator")
KINDS = [
    pytest.param(name, marks=[pytest.mark.soak] if name in SLOW else [], id=name) for name in WHEN
]


@pytest.mark.parametrize("name", KINDS)
def test_canceled_training_goes_on_to_the_same_model_byte_for_byte(tmp_path, name):
    inputs = given(name, tmp_path)
    straight, halted = (asked(name, tmp_path / place, inputs) for place in ("one", "two"))
    if name == "train_seismic_forecast":
        straight.pop("device"), halted.pop("device")
    work.do(name, straight, Silent())
    progress = interrupted(WHEN[name])
    with pytest.raises(Stopped):
        work.do(name, halted, progress)
    folder = f"{halted['model']}.checkpoint"
    assert os.path.isdir(folder) and not os.path.exists(halted["model"])
    assert folder in progress.said[-1] and "START_FROM checkpoint" in progress.said[-1]
    further = interrupted("never said")
    work.do(name, {**halted, "start_from": "checkpoint"}, further)
    # It did not begin anew, which would lead to the same model.
    assert first_step(WHEN[name], progress.said) != first_step(WHEN[name], further.said)
    assert Path(straight["model"]).read_bytes() == Path(halted["model"]).read_bytes()
    assert not os.path.exists(folder) and not os.path.exists(f"{straight['model']}.checkpoint")


def first_step(when, said):
    """How the first text begins that is like that of an interruption, such as ``"Epoch 1"``."""
    like = re.sub(r"\d+", r"\\d+", when.rstrip())
    found = (re.search(like, text) for text in said)
    return next(filter(None, found)).group()


@pytest.fixture
def left(tmp_path):
    """Values of a training of images that was canceled, and the folder of its checkpoint."""
    name = "train_image_classifier"
    values = asked(name, tmp_path / "out", given(name, tmp_path))
    with pytest.raises(Stopped):
        work.do(name, values, interrupted("Epoch 3 of 4"))
    return values, f"{values['model']}.checkpoint"


def refused(values, progress=None, **others):
    asked = {**values, "start_from": "checkpoint", **others}
    with pytest.raises(JobError) as caught:
        work.do("train_image_classifier", asked, progress or Silent())
    return str(caught.value)


def test_checkpoint_that_lost_its_weights_is_none(left):
    values, folder = left
    os.remove(os.path.join(folder, "1.safetensors"))
    assert "There is no checkpoint" in refused(values)


def test_other_values_are_refused_by_name_and_the_checkpoint_stays(left):
    values, folder = left
    assert "with another SEED." in refused(values, seed=3)
    assert "with another EPOCHS and another DROPOUT." in refused(values, epochs=9, dropout=0.4)
    os.remove(sorted(Path(values["input"]).glob("*/*"))[0])
    assert "with another INPUT." in refused(values)
    assert os.path.exists(os.path.join(folder, "1.safetensors"))


def test_no_checkpoint_and_a_damaged_one_are_refused_with_a_sentence(left, tmp_path):
    values, folder = left
    other = str(tmp_path / "other.safetensors")
    assert f'There is no checkpoint "{other}.checkpoint".' in refused(values, model=other)
    for path in (os.path.join(folder, "1.safetensors"), os.path.join(folder, "job.json")):
        with open(path, "r+b") as file:
            file.truncate(40)
        said = Said()
        assert "is damaged. Begin the training anew" in refused(values, progress=said.progress)
        assert not any("To go on" in text for text in said.notes)
    work.do("train_image_classifier", values, Silent())  # which asks for none
    assert not os.path.exists(folder)


def test_checkpoint_of_another_training_with_the_same_model_is_refused(left, tmp_path):
    """Two at once write into the same folder: one's weights do not go with the other's values."""
    values, folder = left
    other = {**values, "seed": 5, "model": str(tmp_path / "other.safetensors")}
    with pytest.raises(Stopped):
        work.do("train_image_classifier", other, interrupted("Epoch 3 of 4"))
    os.replace(f"{other['model']}.checkpoint/1.safetensors", f"{folder}/1.safetensors")
    assert "is that of another training with the same MODEL." in refused(values)


def test_another_start_keeps_the_checkpoint_until_its_model_is_there(left):
    values, folder = left
    progress, aside = interrupted("Epoch 2 of 4"), f"{folder}.earlier"
    learned = Path(folder, "1.safetensors").read_bytes()
    with pytest.raises(Stopped):
        work.do("train_image_classifier", values, progress)
    assert any(aside in text for text in progress.said)
    assert Path(aside, "1.safetensors").read_bytes() == learned
    shutil.rmtree(folder, ignore_errors=True)
    os.rename(aside, folder)
    work.do("train_image_classifier", {**values, "start_from": "checkpoint"}, Silent())
    assert os.path.exists(values["model"]) and not os.path.exists(folder)


def test_another_start_goes_its_own_way(left):
    values, folder = left
    said = Said()
    work.do("train_image_classifier", values, said.progress)
    assert not os.path.exists(folder) and not any("goes on" in text for text in said.notes)
    assert not os.path.exists(f"{folder}.earlier")


def test_time_that_was_spent_counts(left):
    values, folder = left
    place = os.path.join(folder, "job.json")
    with open(place, encoding="utf-8") as file:
        kept = json.load(file)
    assert 0 < kept["spent"] < 60
    kept["spent"] = 600.0
    with open(place, "w", encoding="utf-8") as file:
        json.dump(kept, file)
    progress = Silent()
    work.do("train_image_classifier", {**values, "start_from": "checkpoint"}, progress)
    assert 600 < time.monotonic() - progress.started < 700


def test_killed_training_goes_on_to_the_same_model(tmp_path):
    name = "train_image_classifier"
    inputs = {**given(name, tmp_path), "epochs": 6}
    straight, killed = (asked(name, tmp_path / place, inputs) for place in ("one", "two"))
    work.do(name, straight, Silent())
    job = write_job(tmp_path / "job.json", name, killed)
    run = [sys.executable, "-m", "plugin.engine", "run", job]
    with subprocess.Popen(run, cwd=ROOT, env=environment(), stderr=subprocess.DEVNULL) as process:
        until = time.monotonic() + 120
        while not os.path.exists(f"{killed['model']}.checkpoint/job.json"):
            assert time.monotonic() < until and process.poll() is None
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
    assert not os.path.exists(killed["model"])
    work.do(name, {**killed, "start_from": "checkpoint"}, Silent())
    assert Path(straight["model"]).read_bytes() == Path(killed["model"]).read_bytes()


def test_short_epochs_are_not_all_written(tmp_path, monkeypatch):
    """Writing may take a twentieth of the time; what is over is always written."""
    monkeypatch.setattr(stage, "EVERY_SECONDS", 60.0)
    written = []
    training = stage.Stage(str(tmp_path / "1"), {}, lambda: written.append(1))
    course = Course()
    training._cost = 10.0
    training.keep(course, epoch_ends=True)
    assert not written
    course.over = True
    training.keep(course)
    assert len(written) == 1


def test_training_goes_on_where_no_checkpoint_can_be_written(tmp_path):
    said = []
    (tmp_path / "file").write_text("in the place of the folder")
    path = str(tmp_path / "file" / "1.safetensors")
    training = stage.Stage(path, {}, warn=said.append)
    for _ in range(2):
        training.keep(Course(over=True))
    assert len(said) == 1 and isinstance(said[0], OSError)


@pytest.mark.parametrize(
    "tree",
    ["{}", "[]", '{"list": 1}', '{"tensor": "0", "last": true}', '{"array": "0"}', "[" * 9000],
)
def test_bytes_that_hold_no_values_are_refused_alike(tree):
    with pytest.raises(ValueError):
        from_bytes(save({"0": torch.ones(2)}, metadata={"tree": tree}))


def test_values_come_back_from_bytes_as_they_were():
    image = torch.randn(2, 3, 4, 5).to(memory_format=torch.channels_last)
    tree = {"image": image, 3: [(1.5, None, True, "a"), float("inf")], "big": 2**100}
    back = from_bytes(to_bytes(tree))
    assert torch.equal(back.pop("image"), image) and back == {k: tree[k] for k in (3, "big")}
    assert from_bytes(to_bytes(image)).stride() == image.stride()
    with pytest.raises(TypeError, match="no plain value"):
        to_bytes({"a": object()})
    for data in (b"", b"\0" * 30, to_bytes(tree)[:-8]):
        with pytest.raises(ValueError, match="hold no values"):
            from_bytes(data)
