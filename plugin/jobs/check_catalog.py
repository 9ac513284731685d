"""The job that tells what an earthquake catalog is good for."""

from dataclasses import dataclass

from . import catalog_fields
from .declare import new_features, new_file, number, result_number


@dataclass(frozen=True)
class CheckCatalog:
    """Tell from which magnitude an earthquake catalog is complete, and what is odd in it."""

    catalog: str = catalog_fields.catalog_layer()
    time_field: str = catalog_fields.time_field()
    magnitude_field: str = catalog_fields.magnitude_field()
    depth_field: str = catalog_fields.depth_field()
    extent: list = catalog_fields.region()
    start: str = catalog_fields.start()
    end: str = catalog_fields.end()
    completeness: float = number(
        "Magnitude of completeness",
        None,
        optional=True,
        minimum=-4.0,
        maximum=10.0,
        help="One that you know already: b and all else is told for it, and a warning if the "
        "catalog does not bear it out. Empty: estimated by maximum curvature + 0.2.",
    )
    magnitude_step: float = number(
        "Magnitude step",
        0.1,
        minimum=0.01,
        maximum=1.0,
        advanced=True,
        help="To what magnitudes are rounded; width of the bins in which they are counted.",
    )
    minimum_depth: float = catalog_fields.minimum_depth()
    maximum_depth: float = catalog_fields.maximum_depth()
    output: str = new_features(
        "Checked events",
        geometry=("point",),
        help="The events that count, with their time in UTC, and whether they are complete, "
        "hidden by a larger event before, or close to another one in time and place.",
    )
    report: str = new_file("Report", "html", help="One HTML page with the figures inside.")
    mc: float = result_number("Magnitude of completeness")
    b_value: float = result_number("b-value")
    events: float = result_number("Number of events")

    def check(self):
        """Refuse dates and depths in the wrong order."""
        catalog_fields.check_order(self, ("start", "end"))
        catalog_fields.check_depths(self)
