"""Several processes that torchrun starts do one job, and do it as one process does."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

import small_jobs
from plugin.engine import ranks, work
from plugin.engine.progress import Silent
from plugin.jobs.model_card import read_card
from together import ROOT, SECONDS, command, environment, together, write_job


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


def asked(name, folder, inputs):
    folder.mkdir()
    return {"device": "cpu", **inputs, **small_jobs.outputs_of(name, folder)}


def as_one_and_as_many(name, tmp_path, processes=2):
    """Do a job alone and together; the values of both, and what was said."""
    (tmp_path / "in").mkdir()
    inputs = {**small_jobs.MAPS, **small_jobs.TRAININGS}[name](tmp_path / "in")
    one, many = (asked(name, tmp_path / place, inputs) for place in ("one", "many"))
    outputs = work.do(name, one, Silent())
    code, made, said = together(write_job(tmp_path / "job.json", name, many), processes)
    assert code == 0, said
    assert made.keys() == outputs.keys()
    return one, many, said


def files_in(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("name", small_jobs.MAPS)
def test_map_of_two_processes_is_that_of_one_byte_for_byte(tmp_path, name):
    one, many, said = as_one_and_as_many(name, tmp_path)
    for kind in small_jobs.outputs_of(name, tmp_path):
        assert Path(one[kind]).read_bytes() == Path(many[kind]).read_bytes()
    assert files_in(tmp_path / "one") == files_in(tmp_path / "many")
    assert "Traceback" not in said


@pytest.mark.soak
@pytest.mark.parametrize("name", small_jobs.MAPS)
def test_map_of_four_processes_is_that_of_one_byte_for_byte(tmp_path, name):
    one, many, _ = as_one_and_as_many(name, tmp_path, 4)
    for kind in small_jobs.outputs_of(name, tmp_path):
        assert Path(one[kind]).read_bytes() == Path(many[kind]).read_bytes()


@pytest.mark.soak
def test_blended_windows_are_those_of_one_process(tmp_path):
    """Where windows are blended, a strip needs the margin of the one above."""
    name = "classify_pixels"
    (tmp_path / "in").mkdir()
    inputs = {**small_jobs.classify_pixels(tmp_path / "in"), "overlap": 16}
    one, many = (asked(name, tmp_path / place, inputs) for place in ("one", "many"))
    work.do(name, one, Silent())
    code, _, said = together(write_job(tmp_path / "job.json", name, many))
    assert code == 0, said
    assert Path(one["output"]).read_bytes() == Path(many["output"]).read_bytes()
    assert Path(one["probabilities"]).read_bytes() == Path(many["probabilities"]).read_bytes()


def test_training_of_two_processes_learns_what_one_learns(tmp_path):
    (tmp_path / "in").mkdir()
    inputs = {**small_jobs.train_image_classifier(tmp_path / "in"), "epochs": 12, "refit": "tested"}
    name, values = "train_image_classifier", []
    for place in ("one", "many"):
        values.append(asked(name, tmp_path / place, inputs))
    outputs = work.do(name, values[0], Silent())
    code, made, said = together(write_job(tmp_path / "job.json", name, values[1]))
    assert code == 0, said
    assert abs(made["ACCURACY"] - outputs["ACCURACY"]) <= 0.21  # one image of five
    cards = [read_card(one["model"]) for one in values]
    assert cards[0].training["epochs"] == cards[1].training["epochs"]
    assert files_in(tmp_path / "one") == files_in(tmp_path / "many")
    assert said.count("Epoch 12 of 12") <= 2  # only the first process speaks


@pytest.mark.soak
@pytest.mark.parametrize("processes", [2, 4])
@pytest.mark.parametrize(
    "name", ["train_pixel_classifier", "train_object_detector", "train_upscaler"]
)
def test_every_training_is_done_by_many(tmp_path, name, processes):
    _, many, said = as_one_and_as_many(name, tmp_path, processes)
    weights = load_file(many["model"])
    assert all(value.isfinite().all() for value in weights.values() if value.is_floating_point())
    assert "Traceback" not in said


@pytest.mark.soak
def test_what_cannot_be_shared_is_done_by_the_first_while_the_others_wait(tmp_path):
    (tmp_path / "in").mkdir()
    model = small_jobs.classify_raster(tmp_path / "in")["model"]
    job = write_job(tmp_path / "job.json", "describe_model", {"model": model})
    code, made, said = together(job)
    assert code == 0, said
    assert made and said.count("is done by the first process; the others wait.") == 1


def test_bad_job_ends_all_with_one_sentence(tmp_path):
    values = {"input": str(tmp_path / "no.tif"), "model": "no.safetensors", "output": "o.tif"}
    code, made, said = together(write_job(tmp_path / "job.json", "classify_raster", values))
    assert code != 0 and made is None
    assert said.count('"no.safetensors"') == 1


def test_gradients_of_two_processes_are_those_of_the_whole_batch(tmp_path):
    script = Path(__file__).parents[1] / "one_step.py"
    found = []
    for processes in (1, 2):
        place = tmp_path / f"{processes}.safetensors"
        run = command("", processes)[: -len(["-m", "plugin.engine", "run", ""])]
        subprocess.run(
            [*run, str(script), str(place)], check=True, cwd=ROOT, env=environment(), timeout=SECONDS,
            capture_output=True,
        )  # fmt: skip
        found.append(load_file(place))
    assert found[0].keys() == found[1].keys() and len(found[0]) > 8
    for name, gradient in found[0].items():
        assert float(gradient.abs().max()) > 0
        assert torch.allclose(gradient, found[1][name], rtol=1e-4, atol=1e-5), name


def strips_of(output):
    return list(Path(f"{output}.strips").glob("*/*/*.strip"))


def children_of(process):
    """Process ids of the processes that do the job, started by torchrun."""
    place = Path(f"/proc/{process}/task/{process}/children")
    return [int(one) for one in place.read_text().split()]


def disturbed(job, is_time, restarts, number=signal.SIGKILL, all_of_them=False, which=-1):
    """Run a job; send a signal to one of its processes, or to torchrun, when it is time."""
    run = command(job, 2, restarts)
    with subprocess.Popen(
        run, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        until = time.monotonic() + SECONDS
        while not is_time():
            assert time.monotonic() < until and process.poll() is None
            time.sleep(0.005)
        os.kill(process.pid if all_of_them else children_of(process.pid)[which], number)
        made, said = process.communicate(timeout=SECONDS)
    return process.returncode, made, said


@pytest.mark.parametrize("which", [0, pytest.param(-1, marks=pytest.mark.soak)])
def test_killed_process_is_started_again_and_goes_on_from_the_last_strip(tmp_path, which):
    name = "classify_pixels"
    (tmp_path / "in").mkdir()
    inputs = {**small_jobs.classify_pixels(tmp_path / "in"), "window_size": 32}
    one, many = (asked(name, tmp_path / place, inputs) for place in ("one", "many"))
    work.do(name, one, Silent())
    job = write_job(tmp_path / "job.json", name, many)
    ready = lambda: len(strips_of(many["output"])) >= 3  # noqa: E731
    code, made, said = disturbed(job, ready, restarts=1, which=which)
    assert code == 0, said
    assert json.loads(made)["OUTPUT"] == many["output"]
    assert Path(one["output"]).read_bytes() == Path(many["output"]).read_bytes()
    assert files_in(tmp_path / "one") == files_in(tmp_path / "many")


@pytest.mark.soak
def test_killed_training_goes_on_from_its_checkpoint(tmp_path):
    (tmp_path / "in").mkdir()
    inputs = {**small_jobs.train_image_classifier(tmp_path / "in"), "epochs": 40}
    values = asked("train_image_classifier", tmp_path / "many", inputs)
    job = write_job(tmp_path / "job.json", "train_image_classifier", values)
    kept = Path(f"{values['model']}.checkpoint/1.safetensors")
    code, made, said = disturbed(job, kept.exists, restarts=1)
    assert code == 0, said
    assert said.count("note: The training goes on from") == 1
    assert os.path.exists(json.loads(made)["MODEL"])
    assert files_in(tmp_path / "many") == ["m.safetensors", "r.html"]


@pytest.mark.soak
def test_stopped_job_ends_all_with_one_word_and_keeps_its_strips(tmp_path):
    (tmp_path / "in").mkdir()
    inputs = {**small_jobs.classify_pixels(tmp_path / "in"), "window_size": 32}
    values = asked("classify_pixels", tmp_path / "many", inputs)
    job = write_job(tmp_path / "job.json", "classify_pixels", values)
    ready = lambda: len(strips_of(values["output"])) >= 2  # noqa: E731
    code, made, said = disturbed(job, ready, 0, signal.SIGINT, all_of_them=True)
    assert code != 0 and not made
    assert said.count("Stopped.") == 1 and "Another process" not in said
    assert len(strips_of(values["output"])) >= 2
    assert [name for name in files_in(tmp_path / "many") if "strips" not in name] == []


@pytest.mark.soak
def test_strips_of_another_input_are_not_used(tmp_path):
    name = "classify_pixels"
    (tmp_path / "in").mkdir()
    inputs = small_jobs.classify_pixels(tmp_path / "in")
    one, many = (asked(name, tmp_path / place, inputs) for place in ("one", "many"))
    old = Path(f"{many['output']}.strips") / "0123456789abcdef" / "1-00"
    old.mkdir(parents=True)
    (old / "000000.strip").write_bytes(b"what another raster gave")
    work.do(name, one, Silent())
    code, _, said = together(write_job(tmp_path / "job.json", name, many), 1)
    assert code == 0, said
    assert Path(one["output"]).read_bytes() == Path(many["output"]).read_bytes()
    assert not list((tmp_path / "many").glob("*.strips*"))


def test_one_process_is_left_as_it_is():
    module = torch.nn.Linear(2, 2)
    assert ranks.parallel(module) is module and ranks.plain(module) is module
    assert (ranks.count(), ranks.number(), ranks.is_launched()) == (1, 0, False)
    assert ranks.share([1, 2, 3]) == [1, 2, 3] and ranks.weight(5) == 1.0 and ranks.mean(2.5) == 2.5


@pytest.mark.parametrize("processes", [2, 3, 4])
def test_shares_are_neighbors_and_leave_nothing_out(monkeypatch, processes):
    for size in range(1, 40):
        shares = []
        for number in range(processes):
            here = type("Here", (), {"number": number, "count": processes})
            monkeypatch.setattr(ranks, "_here", here)
            shares.append(ranks.share(list(range(size))))
        if size < 2 * processes:
            assert shares == [list(range(size))] * processes
        else:
            assert [one for some in shares for one in some] == list(range(size))
            assert min(map(len, shares)) >= 2
