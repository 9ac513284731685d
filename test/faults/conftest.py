"""One small thing of every kind, and an event service for the jobs that download."""

import pytest

from fake_event_service import EventService, days_of, event
from small_world import World


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    events = [event(number, days_of("2020-01-01") + number / 4) for number in range(200)]
    with EventService(events) as service:
        yield World(tmp_path_factory.mktemp("world"), service.address)
