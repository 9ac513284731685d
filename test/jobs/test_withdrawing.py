"""Until a job is done, all that it has put in place can be taken back, and what was there returns."""

import os

import pytest

from plugin.jobs import JOBS, places, withdrawing
from plugin.jobs.places import part_path, put_beside, put_in_place, sweep, written_whole
from plugin.jobs.withdrawing import at_once, results_of

OLDER = "of before"


def job(folder):
    """A job with two files, and its values."""
    values = {"output": str(folder / "e.geojson"), "report": str(folder / "r.html")}
    return JOBS["check_catalog"](**values), values


def write(path, text="whole"):
    with written_whole(path) as file:
        file.write(text)


def found(folder):
    """Text by name of every file in a folder."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_text() for path in files}


def test_what_was_written_whole_is_taken_back(tmp_path):
    asked, values = job(tmp_path)
    with results_of(asked) as results:
        write(values["output"])
        results.withdraw()
    assert found(tmp_path) == {}


def test_what_lay_there_before_is_there_again(tmp_path):
    asked, values = job(tmp_path)
    (tmp_path / "r.html").write_text(OLDER)
    with results_of(asked) as results:
        write(values["output"])
        write(values["report"])
        assert (tmp_path / "r.html").read_text() == "whole"
        results.withdraw()
    assert found(tmp_path) == {"r.html": OLDER}


def test_what_is_kept_has_the_place_of_the_older_and_leaves_no_mark(tmp_path):
    asked, values = job(tmp_path)
    (tmp_path / "r.html").write_text(OLDER)
    with results_of(asked) as results:
        write(values["output"])
        write(values["report"], "first")
        write(values["report"], "second")
        results.keep()
    assert found(tmp_path) == {"e.geojson": "whole", "r.html": "second"}


def test_what_was_written_twice_gives_way_to_what_was_there_first(tmp_path):
    asked, values = job(tmp_path)
    (tmp_path / "r.html").write_text(OLDER)
    with results_of(asked) as results:
        for text in ("first", "second", "third"):
            write(values["report"], text)
        results.withdraw()
    assert found(tmp_path) == {"r.html": OLDER}


@pytest.mark.parametrize("links", [True, False])
def test_who_clears_up_after_a_killed_process_finds_all_as_it_was(tmp_path, monkeypatch, links):
    def refused(*ignored, **known):
        raise OSError("no links here")

    if not links:
        monkeypatch.setattr(os, "link", refused)
    asked, values = job(tmp_path)
    (tmp_path / "r.html").write_text(OLDER)
    (tmp_path / "r.html.aux.xml").write_text(OLDER)
    with results_of(asked):
        write(values["output"])
        put_beside(None, values["report"], ".aux.xml")
        write(values["report"])
        assert "r.html.aux.xml" not in found(tmp_path)
    assert sweep(JOBS["check_catalog"], values) == []
    assert found(tmp_path) == {"r.html": OLDER, "r.html.aux.xml": OLDER}


@pytest.mark.parametrize("removed", [0, 1, 2])
def test_process_that_is_killed_while_it_makes_its_results_stay_has_them_all_stay(
    tmp_path, monkeypatch, removed
):
    asked, values = job(tmp_path)
    for name in ("e.geojson", "r.html"):
        (tmp_path / name).write_text(OLDER)
    left, remove = [removed], withdrawing._remove

    def killed(place):
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        remove(place)

    with results_of(asked) as results, pytest.raises(KeyboardInterrupt):
        write(values["output"])
        write(values["report"])
        monkeypatch.setattr(withdrawing, "_remove", killed)
        results.keep()
    monkeypatch.setattr(withdrawing, "_remove", remove)
    sweep(JOBS["check_catalog"], values)
    assert found(tmp_path) == {"e.geojson": "whole", "r.html": "whole"}


def test_what_another_process_has_put_there_meanwhile_stays(tmp_path):
    asked, values = job(tmp_path)
    (tmp_path / "r.html").write_text(OLDER)
    with results_of(asked) as results:
        write(values["output"])
        write(values["report"])
        for name in ("e.geojson", "r.html"):
            (tmp_path / "other").write_text("of another")
            (tmp_path / "other").rename(tmp_path / name)
        results.withdraw()
    assert found(tmp_path) == {"e.geojson": "of another", "r.html": "of another"}


def test_a_model_may_stay_when_the_rest_is_taken_back(tmp_path):
    model, report = str(tmp_path / "m.safetensors"), str(tmp_path / "r.html")
    (tmp_path / "r.html").write_text(OLDER)
    with results_of(JOBS["train_upscaler"](model=model, report=report)) as results:
        write(model)
        write(report)
        results.withdraw(but=results.models())
    assert found(tmp_path) == {"m.safetensors": "whole", "r.html": OLDER}


@pytest.mark.parametrize("was_there", [True, False])
def test_a_folder_is_taken_back_and_an_empty_one_is_empty_again(tmp_path, was_there):
    place, part = tmp_path / "chips", tmp_path / "part"
    if was_there:
        place.mkdir()
    part.mkdir()
    (part / "image.png").write_text("whole")
    with results_of(JOBS["generate_images"](output=str(place))) as results:
        put_in_place(str(part), str(place))
        assert (place / "image.png").exists()
        results.withdraw()
    assert place.is_dir() == was_there and not list(place.glob("*"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["chips"] * was_there


def test_files_that_were_put_into_a_new_folder_are_taken_back(tmp_path):
    place = tmp_path / "forecast"
    asked = JOBS["export_csep_forecast"](output=str(place))
    with results_of(asked) as results:
        write(str(place / "catalog.csv"))
        (place / "of another.txt").write_text("of another")
        results.withdraw()
    assert found(place) == {"of another.txt": "of another"}
    (place / "of another.txt").unlink()
    place.rmdir()
    with results_of(asked) as results:
        write(str(place / "catalog.csv"))
        results.withdraw()
    assert not place.exists()


def test_what_is_no_result_of_the_job_stays(tmp_path):
    asked, _ = job(tmp_path)
    with results_of(asked) as results:
        write(str(tmp_path / "checkpoint"))
        results.withdraw()
    assert found(tmp_path) == {"checkpoint": "whole"}


def test_files_beside_each_other_take_their_places_together_without_a_job(tmp_path):
    path = str(tmp_path / "a.tif")
    for ending in ("", ".ovr"):
        (tmp_path / f"a.tif{ending}").write_text(OLDER)
    with pytest.raises(ZeroDivisionError), at_once(path):
        put_beside(None, path, ".ovr")
        write(path)
        raise ZeroDivisionError
    assert found(tmp_path) == {"a.tif": OLDER, "a.tif.ovr": OLDER}
    with at_once(path):
        put_beside(None, path, ".ovr")
        write(path)
    assert found(tmp_path) == {"a.tif": "whole"}


def test_place_that_is_refused_keeps_what_was_there(tmp_path, monkeypatch):
    asked, values = job(tmp_path)
    (tmp_path / "r.html").write_text(OLDER)
    part = tmp_path / "part"
    part.write_text("whole")
    with results_of(asked) as results:
        with monkeypatch.context() as patched:
            patched.setattr(os, "replace", _refuse)
            with pytest.raises(PermissionError):
                put_in_place(str(part), values["report"])
        results.keep()
    assert found(tmp_path) == {"r.html": OLDER, "part": "whole"}


def test_older_file_that_cannot_come_back_yet_is_not_lost(tmp_path, monkeypatch):
    asked, values = job(tmp_path)
    (tmp_path / "r.html").write_text(OLDER)
    with results_of(asked):
        write(values["report"])
    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", _refuse)
        (left,) = sweep(JOBS["check_catalog"], values)
    assert left.endswith(".before") and sweep(JOBS["check_catalog"], values) == []
    assert found(tmp_path) == {"r.html": OLDER}


def _refuse(*ignored):
    raise PermissionError("it is open in another program")


def test_a_part_is_named_after_its_process_and_its_machine(tmp_path, monkeypatch):
    path = str(tmp_path / "a")
    assert part_path(path, 7).endswith("a.7.part")
    monkeypatch.setattr(places, "_machine", "")
    assert places.sign("node 07.cluster") == "@node-07.cluster"
    assert part_path(path, 7).endswith("a.7@node-07.cluster.part")


def test_what_another_process_takes_away_at_that_moment_is_no_hindrance(tmp_path, monkeypatch):
    asked, values = job(tmp_path)
    report, rename = tmp_path / "r.html", os.rename
    for ending in ("", ".aux.xml"):
        (tmp_path / f"r.html{ending}").write_text(OLDER)

    def too_late(place, *others, **known):
        os.remove(place)
        monkeypatch.setattr(os, "link", link)
        monkeypatch.setattr(os, "rename", rename)
        raise FileNotFoundError(place)

    link = os.link
    with results_of(asked) as results:
        monkeypatch.setattr(os, "rename", too_late)
        put_beside(None, str(report), ".aux.xml")
        monkeypatch.setattr(os, "link", too_late)
        write(values["report"])
        results.keep()
    assert found(tmp_path) == {"r.html": "whole"}
    with pytest.raises(FileNotFoundError):
        put_in_place(str(tmp_path / "no part"), str(report))
