"""Processes of a job find each other, or say that they did not."""

import datetime
import os
import socket

import pytest
from torch import distributed

from plugin.engine.meeting import meet
from plugin.jobs.errors import JobError, Stopped

LONG = datetime.timedelta(seconds=60)


@pytest.fixture(autouse=True)
def free_place(monkeypatch):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv("MASTER_ADDR", "127.0.0.1")
    monkeypatch.setenv("MASTER_PORT", str(port))
    monkeypatch.delenv("TORCHELASTIC_USE_AGENT_STORE", raising=False)


def test_first_process_does_not_wait_for_ever_for_others_that_never_come():
    with pytest.raises(JobError, match="did not come"):
        meet(distributed, 0, 2, LONG, patience=0.3)


def test_single_process_meets_itself_at_once():
    meet(distributed, 0, 1, LONG, patience=30.0)


@pytest.mark.parametrize("number", [0, 1])
def test_who_waits_for_others_can_be_stopped(number):
    def check():
        raise Stopped()

    host = distributed.TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)
    if number:
        os.environ["MASTER_PORT"] = str(host.port)
    with pytest.raises(Stopped):
        meet(distributed, number, 2, LONG, check)
