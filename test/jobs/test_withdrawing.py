"""Until a job is done, all that it has put in place can be taken back, and what was there returns."""

import os
from itertools import count
from pathlib import Path

import pytest

from plugin.engine import work
from plugin.engine.explanation.pictures import new_pictures
from plugin.engine.new_folders import new_folder
from plugin.engine.progress import Progress
from plugin.jobs import JOBS, places, placing
from plugin.jobs.errors import JobError
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
    if not links:
        monkeypatch.setattr(os, "link", refuse)
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
    left, remove = [removed], placing.remove

    def killed(place):
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        remove(place)

    with results_of(asked) as results, pytest.raises(KeyboardInterrupt):
        write(values["output"])
        write(values["report"])
        monkeypatch.setattr(placing, "remove", killed)
        results.keep()
    monkeypatch.setattr(placing, "remove", remove)
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
        aside = str(tmp_path / "r.html.before")
        assert results.withdraw() == {str(tmp_path / "r.html"): aside}
    others = {"e.geojson": "of another", "r.html": "of another"}
    assert found(tmp_path) == {**others, "r.html.before": OLDER}


@pytest.mark.parametrize("anew", [True, False], ids=["anew", "in place"])
def test_what_another_process_has_written_under_the_same_number_stays(tmp_path, anew):
    asked, values = job(tmp_path)
    (tmp_path / "r.html").write_text(OLDER)
    with results_of(asked) as results:
        for name in values:
            write(values[name])
            if anew:
                os.remove(values[name])
            with open(values[name], "w") as file:
                file.write("of another")
        results.withdraw()
    others = {"e.geojson": "of another", "r.html": "of another"}
    assert found(tmp_path) == {**others, "r.html.before": OLDER}


def test_older_file_is_not_lost_where_no_file_keeps_its_number(tmp_path, monkeypatch):
    asked, values = job(tmp_path)
    (tmp_path / "r.html").write_text(OLDER)
    numbers = count()
    monkeypatch.setattr(placing, "_identity", lambda path: f"{next(numbers)}")
    with results_of(asked) as results:
        write(values["report"])
        results.withdraw()
    assert found(tmp_path) == {"r.html": "whole", "r.html.before": OLDER}


def test_who_was_written_over_meanwhile_is_told_where_the_older_file_is(tmp_path, monkeypatch):
    catalog, report, said = tmp_path / "c.csv", tmp_path / "r.html", []
    catalog.write_text("time,latitude,longitude,mag\n2010-01-01,45,10,3\n")
    report.write_text(OLDER)

    def fail(name, run, job, progress):
        write(job.report)
        report.write_text("of another")
        raise ZeroDivisionError

    monkeypatch.setattr("plugin.engine.joint.run", fail)
    with pytest.raises(ZeroDivisionError):
        values = {**job(tmp_path)[1], "catalog": str(catalog)}
        work.do("check_catalog", values, Progress(lambda kind, **words: said.append(words["text"])))
    assert f'"{report}"' in said[-1] and f'"{report}.before"' in said[-1]


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


def in_a_new_folder(place, meanwhile):
    with new_folder(place) as part:
        Path(part, "image.png").write_text("whole")
        meanwhile()


def of_pictures(place, meanwhile):
    with new_pictures(place):
        meanwhile()


@pytest.mark.parametrize("write", [in_a_new_folder, of_pictures])
@pytest.mark.parametrize("was_there", [True, False], ids=["empty", "none"])
def test_file_that_somebody_puts_into_the_folder_meanwhile_stays(tmp_path, write, was_there):
    place = tmp_path / "images"
    if was_there:
        place.mkdir()

    def meanwhile():
        place.mkdir(exist_ok=True)
        (place / "of another.txt").write_text("of another")

    with results_of(JOBS["generate_images"](output=str(place))) as results:
        with pytest.raises(JobError, match=r"is not empty\. Choose a new folder"):
            write(str(place), meanwhile)
        results.withdraw()
    assert found(tmp_path) == {"images/of another.txt": "of another"}


def test_folder_that_is_used_at_the_last_moment_is_refused(tmp_path):
    place, part = tmp_path / "images", tmp_path / "part"
    (place / "of another").mkdir(parents=True)
    part.mkdir()
    with results_of(JOBS["generate_images"](output=str(place))) as results:
        with pytest.raises(OSError, match="not empty"):
            put_in_place(str(part), str(place))
        results.keep()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["images", "part"]
    assert (place / "of another").is_dir()


def test_withdrawn_folder_loses_no_file_of_another(tmp_path):
    place, part = tmp_path / "images", tmp_path / "part"
    for name in ("rock", "soil"):
        (part / name).mkdir(parents=True)
        (part / name / "image.png").write_text("whole")
    with results_of(JOBS["generate_images"](output=str(place))) as results:
        put_in_place(str(part), str(place))
        (place / "rock" / "of another.txt").write_text("of another")
        results.withdraw()
    assert found(tmp_path) == {"images/rock/of another.txt": "of another"}
    assert not (place / "soil").exists()


def test_older_file_that_an_earlier_job_could_not_put_back_is_kept_by_the_next(
    tmp_path, monkeypatch
):
    asked, values = job(tmp_path)
    (tmp_path / "r.html").write_text(OLDER)
    with results_of(asked) as results, monkeypatch.context() as patched:
        write(values["report"], "first")
        patched.setattr(os, "replace", refuse)
        results.withdraw()
    with results_of(asked) as results:
        write(values["report"], "second")
        results.keep()
    assert found(tmp_path) == {"r.html": "second", "r.html.before": OLDER}


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
            patched.setattr(os, "replace", refuse)
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
        patched.setattr(os, "replace", refuse)
        left = sweep(JOBS["check_catalog"], values)
    assert any(path.endswith(".before") for path in left)
    assert sweep(JOBS["check_catalog"], values) == []
    assert found(tmp_path) == {"r.html": OLDER}


def refuse(*ignored, **known):
    raise PermissionError("it is open in another program")


def test_a_part_is_named_after_its_process_and_its_machine(tmp_path, monkeypatch):
    path = str(tmp_path / "a")
    assert part_path(path, 7).endswith("a.7.part")
    monkeypatch.setattr(places, "_machine", "")
    assert places.sign("node 07.cluster") == "@node-07.cluster"
    assert part_path(path, 7).endswith("a.7@node-07.cluster.part")


def test_the_longest_name_has_room_for_all_that_lies_beside(tmp_path, monkeypatch):
    monkeypatch.setattr(places, "_machine", "")
    signed = [places.sign("node." * 12 + end) for end in "ab"]
    assert signed[0] != signed[1]
    model, report = tmp_path / ("m" * 188 + ".safetensors"), tmp_path / ("r" * 195 + ".html")
    for path in (model, report, Path(f"{report}.aux.xml")):
        path.write_text(OLDER)
    asked = JOBS["train_upscaler"](model=str(model), report=str(report))
    with results_of(asked) as results:
        write(str(model))
        put_beside(None, str(report), ".aux.xml")
        write(str(report))
        results.withdraw()
    assert set(found(tmp_path).values()) == {OLDER} and len(found(tmp_path)) == 3


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
