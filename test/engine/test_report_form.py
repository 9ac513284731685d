"""Every report has one form: a verdict, then pictures, then numbers, then how it was done.

The reports of the long trainings are checked where these are tested, see `ELSEWHERE`.
"""

from pathlib import Path

import pytest

from plugin.engine import repeating
from plugin.engine.progress import Silent
from plugin.engine.tasks import load
from plugin.jobs import JOBS
from plugin.jobs.declare import declared, from_values
from plugin.jobs.model_card import CLASSIFICATION, DETECTION, GENERATION, PIXELS, UPSCALING
from report_form import check_form
from small_world import World, outputs, usual

ELSEWHERE = (
    "train_seismic_forecast", "test_seismic_forecast", "train_upscaler", "assess_upscaling",
    "train_image_generator", "train_grid_forecast",
)  # fmt: skip
REPORTING = [
    name for name, job in JOBS.items() if any(part.name == "report" for part in declared(job))
]


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return World(tmp_path_factory.mktemp("world"))


def report_of(name, world, folder, **more):
    """Do a job and read its report."""
    places = outputs(name, folder)
    job = from_values(JOBS[name], {**places, **usual(name, world), **more})
    with repeating.of(name, job):
        load(name)(job, Silent())
    return Path(job.report).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "name", [n for n in REPORTING if n not in ELSEWHERE and n != "describe_model"]
)
def test_report_has_the_form_of_all(name, world, tmp_path):
    more = {"output": ""} if name == "explain_classification" else {}
    read = check_form(report_of(name, world, tmp_path, **more))
    assert read.titles[-1] == ("method", "How to repeat this")


@pytest.mark.parametrize("task", [CLASSIFICATION, PIXELS, DETECTION, GENERATION, UPSCALING])
def test_page_on_a_model_has_it_too(task, world, tmp_path):
    page = report_of("describe_model", world, tmp_path, model=world.models[task])
    check_form(page, pictures=False)


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("assess_accuracy", {"design": "stratified"}),
        ("explain_classification", {"method": "band_importance", "output": ""}),
    ],
)
def test_other_reports_of_a_tool_have_it_too(name, more, world, tmp_path):
    check_form(report_of(name, world, tmp_path, **more))


def test_success_rate_of_a_map_has_it_too(world, tmp_path):
    values = {"classified": world.raster, "reference": world.points, "content": "probability"}
    job = from_values(JOBS["assess_accuracy"], {**values, "report": str(tmp_path / "r.html")})
    load("assess_accuracy")(job, Silent())
    check_form(Path(job.report).read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ELSEWHERE)
def test_report_of_a_long_training_is_checked_where_it_is_tested(name):
    assert name in REPORTING
    text = (Path(__file__).parent / f"test_{name}.py").read_text(encoding="utf-8")
    assert "check_form(" in text
