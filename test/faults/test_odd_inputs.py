"""Whatever is asked of whatever job: it works and is right, or says in a sentence why not.

Every field of every job is given bad and odd values, drawn by hypothesis from its kind; so a new
job is covered by itself. A job that takes long is stopped, which must work at any moment.
"""

import contextlib
import os
import shutil
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from faults.small_settings import few
from oddities import odd_value
from plugin.engine import work
from plugin.engine.progress import Progress
from plugin.jobs import JOBS
from plugin.jobs.declare import declared
from plugin.jobs.errors import JobError, Stopped
from plugin.jobs.places import leftovers
from right_results import check_results
from small_world import outputs, usual

LONGEST_SECONDS, PATIENCE = 1.0, 90
FEW, FEWER, MANY = 8, 3, 80  # tries of a job; a training takes longer
TEMPORARY = tempfile.gettempdir()
TECHNICAL = ("Traceback", "object at 0x", "NoneType", "Errno", "<class '", "does not know in")


@pytest.fixture(scope="module")
def models(world):
    tasks = ("image classification", "pixel classification", "object detection", "upscaling",
             "image generation", "grid forecast", "seismic forecast")  # fmt: skip
    return [world.models[task] for task in tasks]


@pytest.mark.parametrize("name", JOBS)
def test_odd_values_work_or_are_refused_in_a_sentence(name, world, models):
    try_out(name, world, models, FEWER if name.startswith("train") else FEW)


@pytest.mark.soak
@pytest.mark.timeout(3000)
@pytest.mark.parametrize("name", JOBS)
def test_many_odd_values_work_or_are_refused_in_a_sentence(name, world, models):
    try_out(name, world, models, MANY)


def try_out(name, world, models, count):
    """Run a job with odd values `count` times."""
    usual_values = usual(name, world)
    before = snapshot(world.folder)

    @few(count)
    @given(data=st.data())
    def attempts(data):
        with fresh_folder() as folder:
            values = draw_values(data.draw, name, folder / "odd", usual_values, models)
            values = {**outputs(name, folder / "out", data.draw(st.booleans())), **values}
            attempt(name, values, folder)

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


def attempt(name, values, folder):
    """Do a job, or see it refused or stopped; whatever happens is looked at."""
    said, began = [], time.monotonic()
    progress = Progress(
        lambda kind, **words: said.append((kind, words)),
        lambda: time.monotonic() > began + LONGEST_SECONDS,
    )
    made = None
    try:
        made = work.do(name, values, progress)
    except Stopped:
        pass
    except BaseException as error:  # what the service answers to QGIS, see service._last_word
        check_sentence(work.explain(error, name), error)
    took = time.monotonic() - began
    assert took < LONGEST_SECONDS + PATIENCE, f"{took:.0f} s with {values}"
    if made is None:
        check_nothing_left(name, values, folder)
    else:
        check_results(name, values, made, said)


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
