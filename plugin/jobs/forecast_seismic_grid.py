"""The job that forecasts earthquake rates with a trained model."""

from dataclasses import dataclass

from . import catalog_fields
from .declare import model_file, moment, new_raster, result_number, result_text
from .model_card import SEISMIC


@dataclass(frozen=True)
class ForecastSeismicGrid:
    """Forecast the rate and probability of earthquakes in the cells of the next window."""

    model: str = model_file("Model", task=SEISMIC, help="A model made by Train seismic forecast.")
    catalog: str = catalog_fields.catalog_layer()
    time_field: str = catalog_fields.time_field()
    magnitude_field: str = catalog_fields.magnitude_field()
    depth_field: str = catalog_fields.depth_field()
    forecast_start: str = moment(
        "Start of the forecast",
        optional=True,
        help="In UTC. Later events are not used. Empty: just after the last event.",
    )
    output: str = new_raster(
        "Forecast",
        help="Bands: rate (expected events), probability of at least one event, that of ETAS, log "
        "ratio of the rate to that of ETAS, and the counts at 5 and 95 %.",
    )
    expected: float = result_number("Expected number of events in all cells")
    highest: float = result_number("Highest probability of a cell")
    start: str = result_text("Start of the window, UTC")
    end: str = result_text("End of the window, UTC")
