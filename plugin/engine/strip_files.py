"""The files of strips, and the thread that puts them into the map in their order."""

import os
import threading
from contextlib import contextmanager

from ..jobs.places import written_whole
from . import ranks
from .trees import from_bytes, to_bytes

_WAIT_SECONDS = 0.1
_LENGTH = 8  # bytes that say how long a record is
_END = b"finished"  # behind the last one: a machine that loses power may leave a file cut short


class Store:
    """Files of strips, each a row of records."""

    def __init__(self, folder):
        self._folder = folder
        os.makedirs(folder, exist_ok=True)

    def _path(self, number):
        return os.path.join(self._folder, f"{number:06}.strip")

    def has(self, number):
        """Whether a strip is finished."""
        try:
            with open(self._path(number), "rb") as file:
                file.seek(-_LENGTH, os.SEEK_END)
                return file.read() == _END
        except OSError:
            return False

    def write(self, number, records):
        """Write a strip beside its place, then move it there."""
        with written_whole(self._path(number), "wb") as file:
            for record in records:
                data = to_bytes(record)
                file.write(len(data).to_bytes(_LENGTH, "little"))
                file.write(data)
            file.write(_END)

    def read(self, number):
        """The records of a strip, one by one."""
        with open(self._path(number), "rb") as file:
            while (length := file.read(_LENGTH)) != _END:
                yield from_bytes(file.read(int.from_bytes(length, "little")))


@contextmanager
def collected(store, count, result):
    """Put strips into the map in a thread, as long as the block lasts."""
    collector = _Collector(store, count, result)
    collector.start()
    try:
        yield collector
    finally:
        collector.leave()


class _Collector(threading.Thread):
    """Puts strips into the map in their order, as they come from whatever process."""

    def __init__(self, store, count, result):
        super().__init__(daemon=True)
        self._store, self._count, self._result = store, count, result
        self._left, self._error, self.done = threading.Event(), None, 0

    def run(self):
        try:
            while self.done < self._count and not self._left.is_set():
                self._put_next()
        except BaseException as error:
            self._error = error

    def _put_next(self):
        if not self._store.has(self.done):
            self._left.wait(_WAIT_SECONDS)
            return
        for prepared in self._store.read(self.done):
            if self._left.is_set():
                return
            self._result.put(prepared)
        self.done += 1

    def check(self):
        """Raise what went wrong in the thread."""
        if self._error is not None:
            raise self._error

    def finish(self, progress, count):
        """Wait until all strips are in the map."""
        while self.is_alive():
            progress(1.0, f"Strip {self.done:,} of {count:,} is in its place")
            ranks.check_others()
            self.join(_WAIT_SECONDS)
        self.check()

    def leave(self):
        """End after the record at hand."""
        self._left.set()
        self.join()
