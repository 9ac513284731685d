"""The job that forecasts the next grids of a time series with a trained model."""

import os
from dataclasses import dataclass

from .common import device
from .declare import integer, model_file, new_raster, rasters
from .errors import JobError
from .model_card import SERIES, read_card


@dataclass(frozen=True)
class ForecastGrid:
    """Forecast the next grids of a raster time series."""

    rasters: list = rasters(
        "Rasters",
        help="The series up to now, on the grid that the model was trained on: one raster with a "
        "band per step, or several rasters.",
    )
    model: str = model_file("Model", task=SERIES, help="A model made by Train grid forecast.")
    steps: int = integer(
        "Steps ahead",
        0,
        unit="steps",
        minimum=0,
        maximum=100,
        unset=True,
        help="How many steps to forecast. 0: as many as the model was trained for.",
    )
    device: str = device()
    output: str = new_raster(
        "Forecast", help="A band per step, with its date in the band's name where it is known."
    )

    def check(self):
        check_steps(self.steps, read_card(self.model, SERIES), self.model)


def check_steps(wanted, card, path):
    """Refuse more steps than a model forecasts.

    Raises
    ------
    JobError
    """
    known = card.arguments.get("steps")
    if isinstance(known, int) and wanted > known:
        raise JobError(
            f'Model "{os.path.basename(path)}" forecasts {known} step{"s" * (known > 1)} ahead; '
            f"{wanted} are asked.",
            f"Choose at most {known}, or train a model with more steps.",
        )
