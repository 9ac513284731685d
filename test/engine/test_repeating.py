"""The same seed gives the same bytes, and a report says all that it takes."""

import html
import json
import re
import shutil
from pathlib import Path

import pytest
import torch

import small_jobs
from landscapes import box, regions, write_labels, write_raster
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


def job_in(page):
    """The job that a report holds."""
    return json.loads(html.unescape(re.search(r"<pre.*?>(.*?)</pre>", page, re.S).group(1)))


def test_report_holds_the_job_that_repeats_it(tmp_path):
    name = "train_image_classifier"
    inputs = given(name, tmp_path / "in")
    first = done(name, inputs, tmp_path / "one")
    page = Path(first["report"]).read_text(encoding="utf-8")
    assert page.count("How to repeat this") == 1 and "<script" not in page
    for words in ("Threads", "Versions", "torch ", "CPU, 1 thread", "24 files", "SHA-256"):
        assert words in page
    job = job_in(page)
    before = Path(first["model"]).read_bytes()
    shutil.rmtree(tmp_path / "one")
    (tmp_path / "one").mkdir()
    work.do(job["do"], job["values"], Silent())
    assert Path(first["model"]).read_bytes() == before


def assessed(tmp_path, origin, language=""):
    """The report of an assessment for which QGIS wrote the reference to a temporary file."""
    rocks = write_raster(tmp_path / "map.tif", regions(40, 40, 20)[None].astype("uint8") + 1)
    handed = tmp_path / "processing_x" / "labels.geojson"
    handed.parent.mkdir()
    write_labels(handed, [(box(2, 2, 8, 8), "1"), (box(2, 22, 8, 28), "2")])
    page = tmp_path / "r.html"
    values = {"classified": rocks, "reference": str(handed), "class_field": "rock"}
    values |= {"report": str(page)}
    work.do("assess_accuracy", values, Silent(), language, {str(handed): origin})
    return page.read_text(encoding="utf-8")


def test_report_names_the_file_of_the_user_that_qgis_handed_over(tmp_path):
    own = write_labels(tmp_path / "Größe 地.geojson", [(box(2, 2, 8, 8), "1")])
    page = assessed(tmp_path, own)
    assert "processing_x" not in page and "QGIS alone reads" not in page
    assert own in page.split("<pre", 1)[1]  # readable, and not escaped
    job = job_in(page)
    assert job["values"]["reference"] == own and "language" not in job
    assert f"{own}<br>{Path(own).stat().st_size:,} bytes<br>SHA-256" in page
    work.do(job["do"], job["values"], Silent())


@pytest.mark.parametrize("origin", ["memory: outcrops", "{}/a.gpkg", "{}/a.geojson|selection"])
def test_report_says_which_inputs_must_be_exported(tmp_path, origin):
    origin = origin.format(tmp_path)
    for name in ("a.gpkg", "a.geojson"):
        (tmp_path / name).write_text("not opened")
    page = assessed(tmp_path, origin)
    assert "processing_x" not in page and "layers that QGIS alone reads" in page
    assert job_in(page)["values"]["reference"] == origin
    assert f"{origin} as labels.geojson<br>" in page


def test_job_in_a_report_keeps_the_language_of_the_report(tmp_path):
    assert job_in(assessed(tmp_path, "memory: a", "zh_CN"))["language"] == "zh-CN"
