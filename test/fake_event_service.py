"""An FDSN event service on this computer that limits, stalls, breaks off and fails as real ones do."""

import threading
from collections import deque
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

HEADER = (
    "#EventID|Time|Latitude|Longitude|Depth/km|Author|Catalog|Contributor|ContributorID|MagType|"
    "Magnitude|MagAuthor|EventLocationName|EventType"
)


def days_of(text):
    moment = datetime.fromisoformat(text).replace(tzinfo=timezone.utc)
    return moment.timestamp() / 86_400


def event(number, days, longitude=10.0, latitude=45.0, magnitude=3.0, kind="earthquake"):
    """An event as the service holds it."""
    return {
        "id": f"ev{number}",
        "days": days,
        "longitude": longitude,
        "latitude": latitude,
        "magnitude": magnitude,
        "kind": kind,
    }


def line(entry):
    moment = datetime.fromtimestamp(round(entry["days"] * 86_400, 3), timezone.utc)
    clock = moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}"
    return (
        f"{entry['id']}|{clock}|{entry['latitude']}|{entry['longitude']}|10.0|us|us|us|"
        f"{entry['id']}|mw|{entry['magnitude']}|us|12 km N of | somewhere|{entry['kind']}"
    )


class EventService:
    """The service; a context manager.

    Parameters
    ----------
    events : list of dict
    most : int
        Events that it gives at once: it refuses to give more, or cuts them off silently.
    silent : bool
    order : str
        ``"asc"`` as asked, ``"desc"`` or ``"none"`` as some do whatever is asked.

    Attributes
    ----------
    mishaps : deque of str
        What happens to the coming requests, one after the other: ``"503"``, ``"429"``,
        ``"stall"``, ``"break"`` (off in an event), ``"short"`` (less than announced), ``"drop"``
        (the connection), ``"fine"``.
    requests : list of dict
    """

    def __init__(self, events, most=20_000, silent=False, order="asc"):
        self.events, self.most, self.silent, self.order = events, most, silent, order
        self.mishaps, self.requests = deque(), []
        self.over = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *error):
        self.over.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def address(self):
        return f"http://127.0.0.1:{self._server.server_port}/fdsnws/event/1"

    def found(self, asked):
        start, end = days_of(asked["starttime"]), days_of(asked["endtime"])
        kept = [
            entry
            for entry in self.events
            if start - 1e-9 <= entry["days"] <= end + 1e-9
            and float(asked["minlatitude"]) <= entry["latitude"] <= float(asked["maxlatitude"])
            and float(asked["minlongitude"]) <= entry["longitude"] <= float(asked["maxlongitude"])
            and entry["magnitude"] >= float(asked["minmagnitude"])
        ]
        if self.order != "none":
            kept.sort(key=lambda entry: entry["days"], reverse=self.order == "desc")
        return kept


def _handler(service):
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *words):
            pass

        def do_GET(self):
            parts = urlsplit(self.path)
            asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
            service.requests.append(asked)
            mishap = service.mishaps.popleft() if service.mishaps else "fine"
            if parts.path != "/fdsnws/event/1/query":
                return self.answer(404, b"<html>no such page</html>")
            if mishap == "drop":
                return self.connection.close()
            if mishap.isdigit():
                asked_pause = {"Retry-After": "1"} if mishap == "429" else {}
                return self.answer(int(mishap), b"out of order", asked_pause)
            if mishap == "stall":
                service.over.wait(60)
                return None
            return self.give(asked, mishap)

        def give(self, asked, mishap):
            found = service.found(asked)
            limit = int(asked["limit"])
            if len(found) > service.most and not service.silent and limit > service.most:
                said = f"Error 400: {len(found)} matching events exceeds search limit"
                return self.answer(400, said.encode())
            found = found[: min(limit, service.most)]
            if not found:
                return self.answer(204, b"")
            content = "\n".join([HEADER, *map(line, found)]).encode() + b"\n"
            if mishap == "break":  # and does not say how much there would be
                self.send_response(200)
                self.end_headers()
                self.wfile.write(content[: -len(line(found[-1])) // 2])
                return None
            size = len(content) + (100 if mishap == "short" else 0)
            return self.answer(200, content, size=size)

        def answer(self, status, content, headers=None, size=None):
            self.send_response(status)
            if status != 204:
                self.send_header("Content-Length", str(len(content) if size is None else size))
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

    return Handler
