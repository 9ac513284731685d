"""The job that downloads an earthquake catalog."""

import re
from dataclasses import dataclass

from . import catalog_fields
from .declare import extent, moment, new_features, number, result_number, text
from .errors import JobError

USGS = "https://earthquake.usgs.gov/fdsnws/event/1"
# Without a default, QGIS's dialog would propose now, and now until now is no time at all.
START = "2000-01-01T00:00:00"


@dataclass(frozen=True)
class DownloadCatalog:
    """Download an earthquake catalog from an FDSN event service."""

    extent: list = extent(
        "Extent",
        help="Where to look for events. Empty: the whole Earth. Over the antimeridian, go on "
        "beyond 180 degrees.",
    )
    start: str = moment("Start", default=START, help="In UTC. Events from this moment on.")
    end: str = moment("End", optional=True, help="In UTC, not included. Empty: now.")
    minimum_magnitude: float = number(
        "Minimum magnitude",
        4.5,
        minimum=-4.0,
        maximum=10.0,
        help="Events below it are not downloaded. Take it well below the magnitude of "
        "completeness, so that the completeness can be told.",
    )
    service: str = text(
        "Event service",
        USGS,
        advanced=True,
        help="Address of an FDSN event service. That of the USGS covers the Earth.",
    )
    proxy: str = text(
        "Proxy",
        advanced=True,
        help="Address of a proxy, http://host:port. Empty: that of QGIS's network settings, or of "
        "the system.",
    )
    resume_folder: str = text(
        "Folder for interrupted downloads",
        advanced=True,
        help="Where a download that was interrupted is kept, for a week, to go on from there. "
        "Empty: beside the engine.",
    )
    output: str = new_features(
        "Events",
        geometry=("point",),
        help="Points with time in UTC, magnitude and its kind, depth in kilometers, place, type.",
    )
    events: float = result_number("Number of events")

    def check(self):
        """Refuse dates in the wrong order, and addresses that are none of the web."""
        catalog_fields.check_order(self, ("start", "end"))
        _check_address("SERVICE", self.service)
        if self.proxy:
            _check_address("PROXY", self.proxy)
        if self.extent and (self.extent[2] >= 90 or self.extent[3] <= -90):
            raise JobError(
                f"EXTENT is {self.extent}, which is not on the Earth.",
                "Give it in degrees of longitude and latitude.",
            )


def _check_address(name, address):
    if re.match(r"socks\w*://", address, re.IGNORECASE):
        raise JobError(
            f"{name} is a SOCKS proxy, which downloads of catalogs cannot use.",
            "Choose an HTTP proxy, or none.",
        )
    host = r"[^\s/?#]+" if name == "PROXY" else r"[^\s/?#@]+"
    if not re.fullmatch(rf"https?://{host}(/[^\s?#]*)?", address, re.IGNORECASE):
        shown = re.sub(r"//[^@/]*@", "//", address)[:120]  # not the password
        raise JobError(
            f'{name} is "{shown}", which is not an address of the web.',
            f"Give an address that begins with https:// or http://, such as {USGS}.",
        )
