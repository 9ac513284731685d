"""The same seed gives the same bytes, and a report says all that it takes."""

import html
import json
import re
import shutil
from pathlib import Path

import pytest
import torch

import small_jobs
from plugin.engine import work
from plugin.engine.progress import Silent

SLOW = ("train_object_detector", "train_seismic_forecast", "train_image_generator")
ALL = {**small_jobs.TRAININGS, **small_jobs.MAPS}
KINDS = [pytest.param(n, marks=[pytest.mark.soak] if n in SLOW else [], id=n) for n in ALL]


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


def given(name, place):
    place.mkdir()
    values = ALL[name](place)
    return values if name == "train_seismic_forecast" else {"device": "cpu", **values}


def done(name, inputs, place):
    place.mkdir()
    places = small_jobs.outputs_of(name, place)
    work.do(name, {**inputs, **places}, Silent())
    return places


@pytest.mark.parametrize("name", KINDS)
def test_same_seed_gives_the_same_bytes(tmp_path, name):
    inputs = given(name, tmp_path / "in")
    one = done(name, inputs, tmp_path / "one")
    torch.manual_seed(12345)  # what was computed before does not matter
    two = done(name, inputs, tmp_path / "two")
    for kind in one:
        if kind != "report":
            assert Path(one[kind]).read_bytes() == Path(two[kind]).read_bytes()


def test_another_seed_gives_another_model(tmp_path):
    inputs = given("train_image_classifier", tmp_path / "in")
    one = done("train_image_classifier", inputs, tmp_path / "one")
    two = done("train_image_classifier", {**inputs, "seed": 1}, tmp_path / "two")
    assert Path(one["model"]).read_bytes() != Path(two["model"]).read_bytes()


def test_report_holds_the_job_that_repeats_it(tmp_path):
    name = "train_image_classifier"
    inputs = given(name, tmp_path / "in")
    first = done(name, inputs, tmp_path / "one")
    page = Path(first["report"]).read_text(encoding="utf-8")
    assert page.count("How to repeat this") == 1 and "<script" not in page
    for words in ("Threads", "Versions", "torch ", "CPU, 1 thread", "24 files", "SHA-256"):
        assert words in page
    job = json.loads(html.unescape(re.search(r"<pre.*?>(.*?)</pre>", page, re.S).group(1)))
    before = Path(first["model"]).read_bytes()
    shutil.rmtree(tmp_path / "one")
    (tmp_path / "one").mkdir()
    work.do(job["do"], job["values"], Silent())
    assert Path(first["model"]).read_bytes() == before
