"""The job that trains a forecast of any time series of grids."""

from dataclasses import dataclass

from .checkpoints import ONLY_STARTS, START_HELP
from .common import device, seed
from .declare import choice, integer, new_file, number, rasters, result_number, result_text

NETWORKS = (
    ("convgru", "ConvGRU (convolutional gated recurrent unit)"),
    ("convlstm", "ConvLSTM (convolutional long short-term memory)"),
)


@dataclass(frozen=True)
class TrainGridForecast:
    """Train a network that forecasts the next grids of a raster time series."""

    rasters: list = rasters(
        "Rasters",
        help="The time series: one raster with a band per step (NetCDF too), or several rasters. "
        "All have one grid. Steps with dates are put in their order.",
    )
    steps: int = integer(
        "Steps ahead", 1, minimum=1, maximum=100, help="How many steps are forecast at once."
    )
    network: str = choice("Network", "convgru", NETWORKS, help="What learns from the past grids.")
    test_steps: int = integer(
        "Test steps",
        0,
        unit="steps",
        minimum=0,
        unset=True,
        help="Last steps of the series, which only measure the result. 0: a fifth of the series.",
    )
    validation_steps: int = integer(
        "Validation steps",
        0,
        unit="steps",
        minimum=0,
        unset=True,
        help="Steps before them, which decide whether the network helps. 0: a fifth of what is "
        "left.",
    )
    cycle: int = integer(
        "Steps in a season's cycle",
        0,
        unit="steps",
        minimum=0,
        maximum=10000,
        advanced=True,
        unset=True,
        help="12 for months with a yearly cycle, 1 for no seasons. 0: from the dates.",
    )
    history: int = integer(
        "History",
        0,
        unit="steps",
        minimum=0,
        maximum=400,
        advanced=True,
        unset=True,
        help="Past steps that the network sees. 0: automatic, 12 or a cycle if it is longer, up "
        "to 24.",
    )
    seeds: int = integer(
        "Networks averaged",
        3,
        minimum=1,
        maximum=20,
        advanced=True,
        help="Networks that start from different seeds and are averaged.",
    )
    minutes: float = number(
        "Time limit",
        20.0,
        unit="minutes",
        minimum=0.1,
        advanced=True,
        help="All trainings together are planned to end within this time.",
    )
    start_from: str = choice("Start from", "scratch", ONLY_STARTS, advanced=True, help=START_HELP)
    device: str = device()
    seed: int = seed()
    model: str = new_file("Model", "safetensors", help="Model file to write.")
    report: str = new_file("Report", "html", help="One HTML page with figures and scores.")
    skill_persistence: float = result_number("Skill over persistence in the test")
    skill_climatology: float = result_number("Skill over climatology in the test")
    skill_trend: float = result_number("Skill over the linear trend in the test")
    ships: str = result_text("What the model forecasts with")
