"""Room on disks, and places that are none."""

import shutil

import pytest

from plugin.engine.rasters.disk import check_space
from plugin.jobs.errors import JobError


def test_place_that_is_no_disk_is_refused_as_such(tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda place: usage._replace(total=0, free=0))
    with pytest.raises(JobError, match="Nothing can be written in"):
        check_space(tmp_path, 1)


def test_disk_with_too_little_room_is_refused_with_both_sizes(tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda place: usage._replace(free=3 * 2**20))
    check_space(tmp_path, 2**20)
    with pytest.raises(JobError, match="may need 5 MB; the disk has 2 MB left"):
        check_space(tmp_path, 5 * 2**20)
