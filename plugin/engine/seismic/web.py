"""Fetch a page from a web service: retried, stopped within a moment, through the user's proxy."""

import http.client
import socket
import ssl
import threading
import time
import urllib.error
import urllib.request
from urllib.parse import urlsplit

from ...jobs.errors import JobError

TRIES = 6
STALL_SECONDS = 60.0
REQUEST_SECONDS = 600.0
FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 30.0
_TRIES_IN_VAIN = 3
_BETWEEN_LOOKS = 0.1
_PIECE = 2**16
_MOST_BYTES = 2**28
_PASSING = (408, 425, 429, 500, 502, 503, 504)
_NETWORK = (OSError, http.client.HTTPException)
_AGENT = "DeepGeology (QGIS plugin)"


class RefusalError(Exception):
    """The service answered that it will not do what was asked.

    Attributes
    ----------
    status : int
    said : str
        The beginning of the answer.
    """

    def __init__(self, status, said):
        super().__init__(status, said)
        self.status, self.said = status, said


def make_opener(proxy=""):
    """What opens addresses of http and https, and no others, not even after a redirection.

    Parameters
    ----------
    proxy : str
        Address of a proxy; empty for that of the environment or the system.
    """
    opener = urllib.request.OpenerDirector()
    given = {"http": proxy, "https": proxy} if proxy else None
    for handler in (
        urllib.request.ProxyHandler(given),
        urllib.request.UnknownHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(context=ssl.create_default_context()),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPRedirectHandler(),
        urllib.request.HTTPErrorProcessor(),
    ):
        opener.add_handler(handler)
    opener.addheaders = [("User-Agent", _AGENT), ("Accept", "text/plain, text/csv, */*")]
    return opener


def fetch(opener, address, progress):
    """Fetch a page; a passing failure is tried again after a pause that doubles.

    Parameters
    ----------
    opener : urllib.request.OpenerDirector
    address : str
    progress : Progress
        Is asked ten times a second whether the user has cancelled.

    Returns
    -------
    int, bytes
        Status (200 or 204) and content.

    Raises
    ------
    RefusalError
        If the service refuses the request itself.
    JobError
        If there is no connection after all tries.
    Stopped
        Within a moment of a cancel, whatever the service does.
    """
    for tried in range(1, TRIES + 1):
        status, content, pause = _try_once(opener, address, progress)
        if status in (200, 204):
            return status, content
        if isinstance(content, Exception):
            error = _unreachable(address, content)
        elif status in _PASSING:
            error = _failing(address, status)
        else:
            raise RefusalError(status, content.decode("utf-8", "replace")[:2000])
        if tried == TRIES or (tried >= _TRIES_IN_VAIN and _is_in_vain(content)):
            raise error
        progress.note(f"{error.found} Trying again.")
        _wait(pause or min(FIRST_PAUSE * 2 ** (tried - 1), _LONGEST_PAUSE), progress)
    raise error


def _is_in_vain(error):
    """Whether waiting is of little use: there is no network, or nobody listens."""
    reason = getattr(error, "reason", error)
    return isinstance(reason, (socket.gaierror, ConnectionRefusedError))


def _try_once(opener, address, progress):
    """Status, content (or the network's exception), and the pause that the service asks for.

    A thread does it: reading from a network cannot be interrupted, but it can be left alone.
    """
    answer = []
    reader = threading.Thread(target=_read, args=(opener, address, answer), daemon=True)
    reader.start()
    until = time.monotonic() + REQUEST_SECONDS
    while reader.is_alive():
        reader.join(_BETWEEN_LOOKS)
        progress.check()
        if time.monotonic() > until:
            return 0, TimeoutError("no answer"), 0
    return answer[0]


def _read(opener, address, answer):
    try:
        with opener.open(address, timeout=STALL_SECONDS) as response:
            answer.append((response.status, _content(response), 0))
    except urllib.error.HTTPError as error:
        with error:
            answer.append((error.code, _said(error), _asked_pause(error)))
    except _NETWORK as error:
        answer.append((0, error, 0))
    except ValueError as error:  # an address or header that http.client does not take
        answer.append((0, OSError(str(error)), 0))


def _content(response):
    pieces, size = [], 0
    while True:
        piece = response.read(_PIECE)
        if not piece:
            break
        pieces.append(piece)
        size += len(piece)
        if size > _MOST_BYTES:
            raise OSError("the answer has no end")
    missing = getattr(response, "length", None)
    if missing:  # reading in pieces does not tell that the end is missing
        raise http.client.IncompleteRead(b"", missing)
    return b"".join(pieces)


def _said(error):
    try:
        return error.read(2000)
    except _NETWORK:
        return b""


def _asked_pause(error):
    """Seconds of the header Retry-After, if it is a number of them."""
    asked = error.headers.get("Retry-After", "")
    return min(float(asked), 60.0) if asked.isdigit() else 0


def _wait(seconds, progress):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        progress.check()
        time.sleep(min(_BETWEEN_LOOKS, max(until - time.monotonic(), 0.0)))


def _unreachable(address, error):
    reason = getattr(error, "reason", error)
    return JobError(
        f"The event service at {_host(address)} cannot be reached: {_why(reason)}.",
        "Check the connection, and the proxy under Settings > Options > Network; then run it again.",
        trace=repr(error),
    )


def _why(reason):
    if isinstance(reason, ssl.SSLError):
        return "its certificate cannot be checked"
    if isinstance(reason, socket.gaierror):
        return "its name is not known here; there may be no network"
    if isinstance(reason, ConnectionRefusedError):
        return "the connection was refused"
    if isinstance(reason, TimeoutError):
        return f"it did not answer within {STALL_SECONDS:g} seconds"
    if isinstance(reason, (ConnectionError, http.client.HTTPException)):
        return "the connection broke off again and again"
    return str(getattr(reason, "strerror", None) or reason)[:120]


def _failing(address, status):
    return JobError(
        f"The event service at {_host(address)} failed with status {status}.",
        "It may be overloaded or out of order: run it again later.",
    )


def _host(address):
    return urlsplit(address).hostname or address
