"""What a job has put in place is taken back when the job ends without a result."""

from plugin.jobs import JOBS
from plugin.jobs.places import is_ours, part_path, put_in_place, written_whole
from plugin.jobs.withdrawing import Fresh


def job(folder):
    """A job with two files and one with a folder."""
    values = {"output": str(folder / "e.geojson"), "report": str(folder / "r.html")}
    return JOBS["check_catalog"](**values), values


def write(path, text):
    with written_whole(path) as file:
        file.write(text)


def test_what_was_written_whole_is_taken_back(tmp_path):
    asked, values = job(tmp_path)
    fresh = Fresh(asked)
    write(values["output"], "whole")
    fresh.withdraw()
    assert list(tmp_path.iterdir()) == []


def test_what_lay_there_before_stays(tmp_path):
    asked, values = job(tmp_path)
    (tmp_path / "r.html").write_text("of before")
    fresh = Fresh(asked)
    write(values["output"], "whole")
    write(values["report"], "whole")
    fresh.withdraw()
    assert [path.name for path in tmp_path.iterdir()] == ["r.html"]


def test_what_another_process_has_put_there_meanwhile_stays(tmp_path):
    asked, values = job(tmp_path)
    fresh = Fresh(asked)
    write(values["output"], "whole")
    (tmp_path / "other").write_text("of another")
    (tmp_path / "other").rename(values["output"])
    assert not is_ours(values["output"])
    fresh.withdraw()
    assert (tmp_path / "e.geojson").read_text() == "of another"


def test_a_folder_is_taken_back_and_an_empty_one_is_empty_again(tmp_path):
    for was_there in (False, True):
        place = tmp_path / f"chips {was_there}"
        if was_there:
            place.mkdir()
        fresh = Fresh(JOBS["generate_images"](output=str(place)))
        part = tmp_path / "part"
        part.mkdir()
        (part / "image.png").write_text("whole")
        put_in_place(str(part), str(place))
        fresh.withdraw()
        assert place.is_dir() == was_there and not list(place.glob("*"))


def test_files_that_were_put_into_a_new_folder_are_taken_back(tmp_path):
    place = tmp_path / "forecast"
    fresh = Fresh(JOBS["export_csep_forecast"](output=str(place)))
    write(str(place / "catalog.csv"), "whole")
    (place / "of another.txt").write_text("of another")
    fresh.withdraw()
    assert [path.name for path in place.iterdir()] == ["of another.txt"]
    (place / "of another.txt").unlink()
    write(str(place / "catalog.csv"), "whole")
    fresh.withdraw()
    assert not place.exists()


def test_a_folder_of_the_users_is_never_taken_back(tmp_path):
    place = tmp_path / "chips"
    place.mkdir()
    (place / "notes.txt").write_text("mine")
    Fresh(JOBS["generate_images"](output=str(place))).withdraw()
    assert (place / "notes.txt").read_text() == "mine"


def test_a_part_is_named_after_its_process(tmp_path):
    assert part_path(str(tmp_path / "a"), 7).endswith("a.7.part")
