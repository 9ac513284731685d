"""What is taken out of a child's environment, log files and half-written files."""

import os

from plugin import engine_log
from plugin.child_process import clean_environment
from plugin.jobs import JOBS
from plugin.jobs.places import leftovers, part_path, sweep


def test_folders_of_qgis_leave_the_path_on_windows():
    path = (
        r"C:\OSGEO4~1\apps\qgis-ltr\bin;C:\Program Files\QGIS 3.40\bin;D:\gis\bin;"
        r"C:\Windows\system32;C:\CUDA\bin"
    )
    cleaned = clean_environment({"Path": path, "OSGEO4W_ROOT": "D:\\gis\\"}, windows=True)
    assert cleaned["Path"] == r"C:\Windows\system32;C:\CUDA\bin"


def test_path_stays_as_it_is_elsewhere():
    assert clean_environment({"PATH": "/opt/qgis/bin:/bin"}, windows=False) == {
        "PATH": "/opt/qgis/bin:/bin"
    }


def test_launcher_of_a_mac_does_not_mislead_the_engine():
    assert clean_environment({"__PYVENV_LAUNCHER__": "/x", "HOME": "/h"}) == {"HOME": "/h"}


def test_part_lies_beside_its_file():
    assert part_path("/data/dem.tif", 71) == "/data/dem.tif.71.part"
    assert part_path("dem.tif") == f"dem.tif.{os.getpid()}.part"


def test_leftovers_are_those_of_one_process_and_one_file(tmp_path):
    for name in ("a.tif.7.part", "a.tif.7.part.aux.xml", "a.tif.71.part", "b.tif.7.part", "a.tif"):
        (tmp_path / name).write_text("x")
    found = leftovers(str(tmp_path / "a.tif"), 7)
    assert [os.path.basename(path) for path in found] == ["a.tif.7.part", "a.tif.7.part.aux.xml"]


def test_sweep_removes_half_written_files_and_folders_and_nothing_else(tmp_path):
    chips = tmp_path / "chips"
    half = tmp_path / "chips.7.part" / "granite"
    for folder in (chips / "granite", half):
        folder.mkdir(parents=True)
    for path in (chips / "granite" / "1.tif", chips / "granite" / "2.tif.7.part", half / "3.tif"):
        path.write_text("x")
    values = {"raster": str(tmp_path), "output": str(chips), "footprints": None}
    assert sweep(JOBS["export_training_chips"], values, 7) == []
    left = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*"))
    assert left == ["chips", "chips/granite", "chips/granite/1.tif"]


def test_old_logs_are_removed_by_count_and_by_size(tmp_path):
    for number in range(30):
        (tmp_path / f"engine-20250101-0000{number:02}-1-1.log").write_text("x")
    (tmp_path / "notes.txt").write_text("mine")
    path, file = engine_log.open_log(str(tmp_path))
    file.close()
    logs = sorted(tmp_path.glob("engine-*.log"))
    assert len(logs) == engine_log.KEPT_FILES
    assert str(logs[-1]) == path
    assert (tmp_path / "notes.txt").exists()


def test_log_folder_that_cannot_be_made_does_not_stop_the_engine(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("x")
    path, file = engine_log.open_log(str(blocked / "logs"))
    file.close()
    assert os.path.exists(path)
    os.remove(path)


def test_last_lines_of_a_long_log(tmp_path):
    log = tmp_path / "x.log"
    log.write_bytes(b"\xff first\n" * 100_000 + "größte Not\n".encode())
    lines = engine_log.last_lines(str(log), 3).splitlines()
    assert len(lines) == 3
    assert lines[-1] == "größte Not"
