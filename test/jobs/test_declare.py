"""A job is declared once, and one check guards all that ask for it."""

from dataclasses import dataclass

import pytest

from plugin.jobs import JOBS
from plugin.jobs.checks import check_value
from plugin.jobs.declare import (
    bands,
    boolean,
    choice,
    declared,
    defaults,
    extent,
    from_values,
    integer,
    new_raster,
    number,
    processing_name,
    raster,
    result_number,
    to_values,
)
from plugin.jobs.errors import JobError


@dataclass(frozen=True)
class Shade:
    """Shade a relief."""

    input: str = raster("Elevation")
    bands: list = bands("Bands", "input")
    azimuth: float = number("Azimuth", 315.0, unit="degrees", minimum=0, maximum=360)
    rays: int = integer("Rays", 1, minimum=1)
    soft: bool = boolean("Soft", False)
    method: str = choice("Method", "horn", (("horn", "Horn"), ("zt", "Zevenbergen")))
    extent: list = extent("Extent")
    output: str = new_raster("Shade")
    mean: float = result_number("Mean")

    def check(self):
        if self.soft and self.rays < 8:
            raise JobError(f"Rays is {self.rays}, too few for soft shade.", "Choose at least 8.")


def test_values_make_a_job_and_a_job_its_values():
    values = {"input": "dem.tif", "rays": 3}
    job = from_values(Shade, values)
    assert to_values(job) == {**to_values(Shade()), **values}
    assert "mean" not in to_values(job)


def test_an_unknown_name_is_an_error_that_lists_the_known_ones():
    with pytest.raises(JobError, match='"azimut" is not a parameter of this tool') as caught:
        from_values(Shade, {"input": "dem.tif", "azimut": 3})
    assert "azimuth" in caught.value.remedy and "mean" not in caught.value.remedy


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ({}, "Elevation is missing"),
        ({"azimuth": 361}, "over the maximum of 360 degrees"),
        ({"azimuth": -1}, "under the minimum of 0 degrees"),
        ({"azimuth": float("nan")}, "not a number"),
        ({"azimuth": True}, "not a number"),
        ({"rays": 1.5}, "not a whole number"),
        ({"soft": "yes"}, "neither true nor false"),
        ({"method": "lambert"}, "not one of the choices"),
        ({"method": 4}, "not one of the choices"),
        ({"bands": "1,2"}, "not a list of band numbers"),
        ({"bands": [1, 1]}, "names a band twice"),
        ({"bands": [0]}, 'Bands is "0", which holds something that is not a band number'),
        ({"extent": [1, 0, 0, 1]}, "is empty"),
        ({"extent": [0, 1, 0]}, "not four numbers"),
        ({"soft": True}, "too few for soft shade"),
    ],
)
def test_a_bad_value_is_refused_with_its_rule(values, found):
    base = {"input": "dem.tif"} if values else {}
    with pytest.raises(JobError, match=found) as caught:
        from_values(Shade, {**base, **values})
    assert caught.value.remedy


def test_a_number_for_a_choice_is_asked_for_in_quotes():
    values = {"input": "a.tif", "output": "b.tif", "factor": 4}
    with pytest.raises(JobError, match=r'not a text. Give FACTOR in quotes: "4"'):
        from_values(JOBS["upscale_raster"], values)


@pytest.mark.parametrize("depth", ["new.tif", "new/deeper/new.tif"])
def test_a_place_in_a_file_is_not_called_read_only(tmp_path, depth):
    (tmp_path / "notes").write_text("mine", encoding="utf-8")
    part = next(part for part in declared(JOBS["classify_raster"]) if part.name == "output")
    with pytest.raises(JobError, match='notes" is a file, not a folder') as caught:
        check_value(part, str(tmp_path / "notes" / depth))
    assert "read-only" not in str(caught.value)


@pytest.mark.parametrize("job, name, value, rule", [
    ("classify_raster", "input", True, "is not a text"),
    ("classify_raster", "output", 3, "is not a text"),
    ("classify_images", "input", 10**30, "is not a text"),
    ("classify_raster", "output", "a\0b.tif", "holds a character"),
    ("classify_raster", "output", "\ud800.tif", "holds a character"),
    ("assess_accuracy", "class_names", -1, "is not a text"),
    ("classify_pixels", "rasters", ["a\0"], "holds a character"),
    ("classify_raster", "stride", 10**400, "is not a number"),
    ("classify_raster", "bands", [2**40], "is not a band number"),
    ("classify_raster", "extent", [0, 10**400, 0, 1], "is not four numbers"),
    ("download_catalog", "start", "2020-01-01T00:00:00+05:00", "is not a date and time"),
    ("download_catalog", "start", 3, "is not a date and time"),
])  # fmt: skip
def test_a_value_of_another_type_is_refused_in_a_sentence(job, name, value, rule):
    part = next(part for part in declared(JOBS[job]) if part.name == name)
    with pytest.raises(JobError, match=rule):
        check_value(part, value)


def test_a_long_value_is_shown_in_short():
    part = next(part for part in declared(JOBS["classify_images"]) if part.name == "input")
    with pytest.raises(JobError) as caught:
        check_value(part, "x" * 5000)
    assert len(str(caught.value)) < 300


def test_a_long_value_in_any_error_is_cut():
    error = JobError(f'"{"x" * 5000}" is no raster, "{"y" * 200}" is.', "Choose another.")
    assert len(str(error)) < 600 and "y" * 200 in error.found and 'xxx ..."' in error.found


def test_none_means_the_default():
    values = {"start": "2020-01-01T00:00:00", "service": None, "minimum_magnitude": None}
    job = from_values(JOBS["download_catalog"], values)
    assert job.minimum_magnitude == 4.5 and job.service.startswith("https://")


def test_every_default_passes_its_own_check():
    for job_class in JOBS.values():
        for part in declared(job_class):
            if part.name in defaults(job_class) and part.default is not None:
                check_value(part, part.default)


def test_every_parameter_of_every_job_is_explained():
    for name, job_class in JOBS.items():
        for part in declared(job_class):
            assert part.label, (name, part.name)
            assert part.is_result or part.help.endswith("."), (name, part.name)


def test_processing_names_are_lower_case_letters():
    assert processing_name("classify_raster") == "classifyraster"
    assert all(processing_name(name).isalpha() for name in JOBS)
