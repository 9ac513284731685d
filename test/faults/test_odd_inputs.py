"""Whatever is asked of whatever job: it works and is right, or says in a sentence why not.

Every field of every job is given bad and odd values, drawn by hypothesis from its kind; so a new
job is covered by itself. A job that takes long is stopped, which must work at any moment.
"""

import contextlib
import os
import shutil
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, strategies as st

from faults.small_settings import few
from landscapes import NORTH_UP, write_raster
from oddities import odd_value
from plugin.engine import work
from plugin.engine.progress import Progress
from plugin.jobs import JOBS
from plugin.jobs.declare import declared
from plugin.jobs.errors import JobError, Stopped
from plugin.jobs.places import leftovers
from right_results import check_results
from small_world import BY_THE_ENGINE, outputs, usual

PATIENCE = 90
FEW, MANY = (8, 5.0), (80, 5.0)  # tries of a job, and the seconds after which one is stopped
FEW_TRAININGS, MANY_TRAININGS = (3, 1.0), (20, 20.0)
ENDS = WORKED, REFUSED, STOPPED = (
    "worked and were checked", "were refused in a sentence", "were stopped",
)  # fmt: skip
LEAST_WORKED = 0.08  # of the tries over all jobs: most odd values are to be refused
TECHNICAL = ("Traceback", "object at 0x", "NoneType", "Errno", "<class '", "does not know in")


@pytest.fixture(scope="module")
def models(world):
    tasks = ("image classification", "pixel classification", "object detection", "upscaling",
             "image generation", "grid forecast", "seismic forecast")  # fmt: skip
    return [world.models[task] for task in tasks]


@pytest.fixture(scope="module")
def tally(request):
    """How often each job ended how; told at the end, where enough of all must have worked."""
    ends = Counter()
    yield ends
    counts = {end: sum(ends[name, end] for name in BY_THE_ENGINE) for end in ENDS}
    total = sum(counts.values())
    with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        print(f"\n{total:,} odd inputs:", ", ".join(f"{n:,} {end}" for end, n in counts.items()))
    if {name for name, _ in ends} == set(BY_THE_ENGINE):
        assert counts[WORKED] >= LEAST_WORKED * total


@pytest.mark.parametrize("name", BY_THE_ENGINE)
def test_odd_values_work_or_are_refused_in_a_sentence(name, world, models, tally):
    try_out(name, world, models, FEW_TRAININGS if name.startswith("train") else FEW, tally)


@pytest.mark.soak
@pytest.mark.timeout(3000)
@pytest.mark.parametrize("name", BY_THE_ENGINE)
def test_many_odd_values_work_or_are_refused_in_a_sentence(name, world, models, tally):
    try_out(name, world, models, MANY_TRAININGS if name.startswith("train") else MANY, tally)


def try_out(name, world, models, effort, tally):
    """Run a job with odd values some times, and count in `tally` how it ended."""
    count, seconds = effort
    usual_values = usual(name, world)
    before = snapshot(world.folder)

    @few(count)
    @given(data=st.data())
    def attempts(data):
        with fresh_folder() as folder:
            values = draw_values(data.draw, name, folder / "odd", usual_values, models)
            values = {**outputs(name, folder / "out", data.draw(st.booleans())), **values}
            tally[name, attempt(name, values, folder, seconds)] += 1

    attempts()
    assert snapshot(world.folder) == before


@contextlib.contextmanager
def fresh_folder():
    """A folder of its own, which is also the current one, so that nothing strays."""
    folder, here = Path(tempfile.mkdtemp(prefix="odd ")), os.getcwd()
    (folder / "out").mkdir()
    (folder / "here").mkdir()
    os.chdir(folder / "here")
    try:
        yield folder
        assert os.listdir(folder / "here") == []
        assert sorted(os.listdir(folder)) in (["here", "odd", "out"], ["here", "out"])
    finally:
        os.chdir(here)
        shutil.rmtree(folder, ignore_errors=True)


def draw_values(draw, name, folder, usual_values, models):
    """The usual values with one to three of them odd."""
    # A folder that is named for a download's rest is made, wherever it is.
    parts = [p for p in declared(JOBS[name]) if not p.is_result and p.name != "resume_folder"]
    count = draw(st.sampled_from((1, 1, 1, 2, 3)))
    odd = draw(st.lists(st.sampled_from(parts), min_size=1, max_size=count, unique_by=id))
    values = dict(usual_values)
    for part in odd:
        values[part.name] = odd_value(draw, part, folder, usual_values.get(part.name), models)
    return values


def attempt(name, values, folder, seconds):
    """Do a job, or see it refused or stopped, and look at what it left; gives how it ended."""
    said, began = [], time.monotonic()
    progress = Progress(
        lambda kind, **words: said.append((kind, words)),
        lambda: time.monotonic() > began + seconds,
    )
    try:
        made, end = work.do(name, values, progress), WORKED
    except Stopped:
        end = STOPPED
    except BaseException as error:  # what the service answers to QGIS, see service._last_word
        check_sentence(work.explain(error, name), error)
        end = REFUSED
    took = time.monotonic() - began
    assert took < seconds + PATIENCE, f"{took:.0f} s with {values}"
    if end == WORKED:
        check_results(name, values, made, said)
    else:
        check_nothing_left(name, values, folder)
    return end


def check_sentence(why, error):
    """One sentence of ours with a remedy, short enough to read."""
    text = str(why)
    assert isinstance(why, JobError) and why.found, repr(error)
    assert not any(word in text for word in TECHNICAL), text + "\n" + why.trace
    assert why.found.rstrip()[-1] in ".!?)", text
    assert len(text) < 1500, text[:300]


def check_nothing_left(name, values, folder):
    """No output and no half of one stays of a job that was not done, but for its checkpoint."""
    made = [path for path in (folder / "out").rglob("*") if path.is_file()]
    made = [path for path in made if not path.parent.name.endswith(".checkpoint")]
    assert made == [], made
    for part in declared(JOBS[name]):
        path = values.get(part.name) if part.is_output else None
        if path and isinstance(path, str) and "\0" not in path and len(path) < 200:
            assert leftovers(path) == []


def snapshot(folder):
    """Size and time of every file in a folder but the models, which are made when asked for."""
    return {
        str(path): (path.stat().st_size, path.stat().st_mtime_ns)
        for path in Path(folder).rglob("*") if path.is_file() and path.suffix != ".safetensors"
    }  # fmt: skip


def test_a_finer_raster_that_lost_a_band_is_found(tmp_path):
    values = np.ones((3, 4, 4), np.uint8)
    asked = {"input": write_raster(tmp_path / "coarse.tif", values)}
    finer = values.repeat(2, axis=1).repeat(2, axis=2)
    place = NORTH_UP * NORTH_UP.scale(0.5)
    whole = {"OUTPUT": write_raster(tmp_path / "whole.tif", finer, place)}
    lost = {"OUTPUT": write_raster(tmp_path / "lost.tif", finer[:2], place)}
    asked = {**asked, "output": whole["OUTPUT"]}
    check_results("upscale_raster", asked, whole, [])
    with pytest.raises(AssertionError, match=r"\(2, 3\)"):
        check_results("upscale_raster", asked, lost, [])
