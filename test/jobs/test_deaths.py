"""Killed after any step on the disk, a job leaves all as it was, or is done."""

import os
from itertools import count
from pathlib import Path

import pytest

from jobs.test_withdrawing import OLDER, found, job, refuse, write
from plugin.jobs import JOBS
from plugin.jobs.places import part_path, put_beside, put_in_place, sweep
from plugin.jobs.withdrawing import at_once, results_of

STEPS = "link", "rename", "replace", "remove", "mkdir", "rmdir", "lstat"


def mortal(monkeypatch, steps, links):
    """Let this process do some steps on the disk, and be killed before the next."""
    left = [steps]

    def one_of(step):
        def step_or_death(*given, **known):
            if not left[0]:
                raise KeyboardInterrupt
            left[0] -= 1
            return step(*given, **known)

        return step_or_death

    for name in STEPS:
        step = refuse if name == "link" and not links else getattr(os, name)
        monkeypatch.setattr(os, name, one_of(step))


def deaths(tmp_path, monkeypatch, links, prepare, act):
    """Do something again and again, in a folder of its own, killed one step later each time.

    Yields
    ------
    pathlib.Path
        The folder, after a death.
    """
    for steps in count():
        folder = tmp_path / f"{steps}"
        folder.mkdir()
        prepare(folder)
        try:
            with monkeypatch.context() as patched:
                mortal(patched, steps, links)
                act(folder)
        except KeyboardInterrupt:
            yield folder
        else:
            assert steps > 5
            return


@pytest.mark.parametrize("links", [True, False], ids=["links", "no links"])
@pytest.mark.parametrize("was_there", [True, False], ids=["older", "new"])
def test_killed_at_any_step_a_job_leaves_all_as_it_was_or_is_done(
    tmp_path, monkeypatch, was_there, links
):
    """It gives a place several times what is there: as classes do, whose names lie beside."""
    before = {"e.geojson": OLDER, "e.geojson.aux.xml": OLDER, "r.html": OLDER} if was_there else {}
    after = {"e.geojson": "whole", "e.geojson.aux.xml": "names", "r.html": "second"}

    def prepare(folder):
        for name, text in before.items():
            (folder / name).write_text(text)

    def act(folder):
        asked, values = job(folder)
        with results_of(asked) as results:
            with at_once(values["output"]):
                put_beside(None, values["output"], ".aux.xml")
                write(values["output"])
                names = Path(part_path(values["output"]) + ".aux.xml")
                names.write_text("names")
                put_beside(str(names), values["output"], ".aux.xml")
            for text in ("first", "second"):
                write(values["report"], text)
            results.keep()

    ends = []
    for folder in deaths(tmp_path, monkeypatch, links, prepare, act):
        sweep(JOBS["check_catalog"], job(folder)[1])
        ends.append(found(folder))
        assert ends[-1] in (before, after), folder
    assert before in ends and after in ends


@pytest.mark.parametrize("links", [True, False], ids=["links", "no links"])
def test_killed_at_any_step_there_is_a_whole_model(tmp_path, monkeypatch, links):
    def values(folder):
        return {"model": str(folder / "m.safetensors"), "report": str(folder / "r.html")}

    def act(folder):
        with results_of(JOBS["train_upscaler"](**values(folder))) as results:
            write(values(folder)["model"])
            results.keep()

    def prepare(folder):
        (folder / "m.safetensors").write_text(OLDER)

    ends = []
    for folder in deaths(tmp_path, monkeypatch, links, prepare, act):
        sweep(JOBS["train_upscaler"], values(folder))
        ends.append(found(folder))
    assert all(end in ({"m.safetensors": text} for text in (OLDER, "whole")) for end in ends), ends


@pytest.mark.parametrize("was_there", [True, False], ids=["empty", "none"])
def test_killed_at_any_step_a_folder_is_whole_or_as_it_was(tmp_path, monkeypatch, was_there):
    def act(folder):
        part = Path(part_path(str(folder / "chips")))
        part.mkdir()
        (part / "image.png").write_text("whole")
        with results_of(JOBS["generate_images"](output=str(folder / "chips"))) as results:
            put_in_place(str(part), str(folder / "chips"))
            results.keep()

    def prepare(folder):
        if was_there:
            (folder / "chips").mkdir()

    for folder in deaths(tmp_path, monkeypatch, True, prepare, act):
        sweep(JOBS["generate_images"], {"output": str(folder / "chips")})
        inside = [str(path.relative_to(folder)) for path in sorted(folder.rglob("*"))]
        assert inside in (["chips"] * was_there, ["chips", "chips/image.png"]), inside
