"""What was downloaded before a download was interrupted, so that it goes on from there."""

import hashlib
import json
import os
import time

_FORMAT = 1
_DAYS_KEPT = 7
_ENDING = ".events.part"


class PartialFile:
    """A file of pages, one JSON text a line, each with what is left to do after it.

    A line that was not written whole, and all behind it, does not count.

    Parameters
    ----------
    folder : str
        Empty to keep nothing.
    query : dict
        What is asked for: another query has another file.
    """

    def __init__(self, folder, query):
        text = json.dumps([_FORMAT, query], sort_keys=True)
        name = hashlib.sha256(text.encode()).hexdigest()[:20] + _ENDING
        self._path = os.path.join(folder, name) if folder else ""
        self._count = 0

    def load(self):
        """The pages of an interrupted download.

        Returns
        -------
        list of dict
            The events of all pages.
        todo : list or None
            What was left to do; None if there is nothing to go on from.
        """
        events, todo, end = [], None, 0
        if not self._path or not os.path.isfile(self._path):
            return events, todo
        if time.time() - os.path.getmtime(self._path) > _DAYS_KEPT * 86_400:
            self.remove()
            return events, todo
        with open(self._path, "rb") as file:
            for line in file:
                page = _page(line, self._count)
                if page is None:
                    break
                events += page["events"]
                todo, end, self._count = page["todo"], end + len(line), self._count + 1
        os.truncate(self._path, end)
        return events, todo

    def add(self, events, todo):
        """Write a page and what is left to do after it."""
        if not self._path:
            return
        page = {"n": self._count, "events": events, "todo": todo}
        try:
            with open(self._path, "a", encoding="utf-8") as file:
                file.write(json.dumps(page) + "\n")
        except OSError:  # the download itself does not need it, and what it holds stays right
            self._path = ""
        self._count += 1

    def remove(self):
        """Remove it: the download is whole."""
        if self._path and os.path.exists(self._path):
            os.remove(self._path)


def _page(line, number):
    try:
        page = json.loads(line)
        whole = line.endswith(b"\n") and page["n"] == number
        return page if whole and isinstance(page["events"], list) else None
    except (ValueError, KeyError, TypeError):
        return None
