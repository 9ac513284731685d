"""The job that trains a forecast of earthquake rates on a grid."""

from dataclasses import dataclass

from . import catalog_fields
from .checkpoints import ONLY_STARTS, START_HELP
from .common import seed
from .declare import choice, integer, moment, new_file, result_number, result_text

NETWORKS = (
    ("cell", "Every cell by itself (129 parameters)"),
    ("conv", "A cell with its neighbors (713 parameters)"),
    ("convgru", "ConvGRU: neighbors and the last windows"),
    ("convlstm", "ConvLSTM: neighbors and the last windows"),
    ("cnn", "Plain CNN classifier, for comparison only"),
    ("reference", "None: only the references"),
)


@dataclass(frozen=True)
class TrainSeismicForecast:
    """Train a forecast of earthquake rates on a grid, beside the references of the field."""

    catalog: str = catalog_fields.catalog_layer()
    time_field: str = catalog_fields.time_field()
    magnitude_field: str = catalog_fields.magnitude_field()
    depth_field: str = catalog_fields.depth_field()
    extent: list = catalog_fields.region()
    cell_size: float = catalog_fields.cell_size()
    window_days: int = catalog_fields.window_days()
    completeness: float = catalog_fields.completeness()
    target_magnitude: float = catalog_fields.target_magnitude()
    start: str = moment(
        "Start",
        optional=True,
        help="In UTC. Events before it are history only. Empty: the first day of the catalog.",
    )
    train_end: str = moment(
        "End of the training",
        optional=True,
        help="In UTC. Empty: after three fifths of the time from start to end of the test.",
    )
    validation_end: str = moment(
        "End of the validation",
        optional=True,
        help="In UTC. The validation chooses, and decides whether the network ships. Empty: after "
        "four fifths of the time.",
    )
    test_end: str = moment(
        "End of the test",
        optional=True,
        help="In UTC. The test is not opened here; Test seismic forecast does. Empty: after the "
        "last event.",
    )
    network: str = choice(
        "Network", "cell", NETWORKS, help="What learns from the residuals of the references."
    )
    seeds: int = integer(
        "Seeds",
        5,
        minimum=1,
        maximum=50,
        help="Networks that begin differently; their answers are averaged.",
    )
    start_from: str = choice("Start from", "scratch", ONLY_STARTS, advanced=True, help=START_HELP)
    seed: int = seed()
    model: str = new_file("Model", "safetensors", help="Model file to write.")
    report: str = new_file("Report", "html", help="One HTML page with figures, maps and scores.")
    igpe_etas: float = result_number(
        "Information gain per earthquake of the network over ETAS in the validation, nats"
    )
    igpe_etas_low: float = result_number("Its lower bound (95 %)")
    igpe_etas_high: float = result_number("Its upper bound (95 %)")
    ships: str = result_text("What the model forecasts with: network or reference")

    def check(self):
        """Refuse dates and magnitudes in the wrong order."""
        catalog_fields.check_order(self, ("start", "train_end", "validation_end", "test_end"))
        catalog_fields.check_magnitudes(self)
