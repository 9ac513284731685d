"""A worker with fake engines that ends with its test."""

import pytest

from worker.helpers import Listener, fake_worker


@pytest.fixture
def listener():
    return Listener()


@pytest.fixture
def worker(tmp_path):
    worker = fake_worker(tmp_path / "logs")
    yield worker
    worker.close()
