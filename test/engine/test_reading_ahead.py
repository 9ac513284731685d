"""Reading ahead in a thread."""

import threading
import time

import pytest

from plugin.engine.reading_ahead import ahead


def test_items_come_in_order_from_another_thread():
    def items():
        for number in range(20):
            yield number, threading.get_ident()

    found = list(ahead(items()))
    assert [number for number, _ in found] == list(range(20))
    assert {thread for _, thread in found}.isdisjoint({threading.get_ident()})


def test_no_more_than_asked_are_read_ahead():
    read = []
    stream = ahead((read.append(number) for number in range(50)), depth=2)
    next(stream)
    time.sleep(0.3)
    assert len(read) <= 4
    stream.close()


def test_error_of_the_reader_rises_where_the_items_are_used():
    def items():
        yield 1
        raise ValueError("damaged")

    stream = ahead(items())
    assert next(stream) == 1
    with pytest.raises(ValueError, match="damaged"):
        next(stream)


def test_waiting_is_given_up_when_the_check_says_so():
    class GivenUpError(Exception):
        pass

    def check():
        if time.monotonic() > until:
            raise GivenUpError

    until = time.monotonic() + 0.3
    slow = (time.sleep(0.5) for _ in range(100))
    with pytest.raises(GivenUpError):
        list(ahead(slow, check))
    assert time.monotonic() < until + 1.5


def test_closing_ends_the_thread():
    before = threading.active_count()
    stream = ahead(iter(range(1000)))
    next(stream)
    stream.close()
    assert threading.active_count() == before
