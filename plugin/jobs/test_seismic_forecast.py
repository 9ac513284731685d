"""The job that tests a seismic forecast on a period that it has not seen."""

from dataclasses import dataclass
from datetime import datetime

from . import catalog_fields
from .declare import model_file, moment, new_file, result_number
from .errors import JobError
from .model_card import SEISMIC, read_card


@dataclass(frozen=True)
class TestSeismicForecast:
    """Test a seismic forecast on events that came after all it learned from."""

    __test__ = False  # pytest would take its name for a test's

    model: str = model_file(
        "Model", task=SEISMIC, keeps_log=True, help="A model made by Train seismic forecast."
    )
    catalog: str = catalog_fields.catalog_layer()
    time_field: str = catalog_fields.time_field()
    magnitude_field: str = catalog_fields.magnitude_field()
    depth_field: str = catalog_fields.depth_field()
    start: str = moment(
        "Test start",
        optional=True,
        advanced=True,
        help="In UTC. Empty: where the validation of the model ends. No earlier: the model has "
        "seen what lies before.",
    )
    end: str = moment(
        "Test end",
        optional=True,
        advanced=True,
        help="In UTC. Empty: the end of the test period that the model was made with, or the last "
        "event if the catalog ends earlier.",
    )
    report: str = new_file(
        "Report", "html", help="One HTML page with the tests, figures and maps inside."
    )
    scores: str = new_file(
        "Scores",
        "json",
        optional=True,
        help="All numbers of the report, and the tests of every window.",
    )
    igpe_etas: float = result_number("Information gain per earthquake over ETAS, nats")
    igpe_etas_low: float = result_number("Its lower bound (95 %)")
    igpe_etas_high: float = result_number("Its upper bound (95 %)")
    igpe_smoothed: float = result_number(
        "Information gain per earthquake over smoothed seismicity, nats"
    )
    igpe_smoothed_low: float = result_number("Its lower bound (95 %)")
    igpe_smoothed_high: float = result_number("Its upper bound (95 %)")
    igpe_uniform: float = result_number("Information gain per earthquake over uniform, nats")
    igpe_uniform_low: float = result_number("Its lower bound (95 %)")
    igpe_uniform_high: float = result_number("Its upper bound (95 %)")

    def check(self):
        """Refuse dates in the wrong order."""
        catalog_fields.check_order(self, ("start", "end"))
        if self.start:
            _refuse_seen(self.start, read_card(self.model, SEISMIC).training.get("validation_end"))


def _refuse_seen(start, seen):
    """Refuse a test of what the model has seen; `seen` is ISO text, or none in a damaged card."""
    try:
        known = datetime.fromisoformat(str(seen)[:19])
    except ValueError:
        return  # the engine tells of a damaged card
    if datetime.fromisoformat(start) < known:
        raise JobError(
            f"The test would begin on {start[:10]}; the model has seen what came before "
            f"{known.date()}.",
            f"Choose START from {known.date()} on, or leave it empty.",
        )
