"""The job that brings a forecast and a catalog into the form that pyCSEP evaluates."""

from dataclasses import dataclass

from . import catalog_fields
from .declare import catalog, model_file, moment, new_folder, number, raster, result_number
from .model_card import SEISMIC


@dataclass(frozen=True)
class ExportCsepForecast:
    """Export a seismic forecast, and the events that came, for pyCSEP."""

    forecast: str = raster(
        "Forecast",
        help="A raster made by Forecast seismic grid; its first band is the rate. It must be in "
        "longitude and latitude with square cells.",
    )
    model: str = model_file(
        "Model",
        task=SEISMIC,
        optional=True,
        help="The model that made the forecast. Only needed for a raster that does not tell its "
        "target magnitude, b-value and window.",
    )
    catalog: str = catalog(
        "Catalog",
        optional=True,
        help="The events that came, to evaluate the forecast with. Empty: the catalog has no "
        "events yet, and can be exported again later.",
    )
    time_field: str = catalog_fields.time_field()
    magnitude_field: str = catalog_fields.magnitude_field()
    depth_field: str = catalog_fields.depth_field()
    start: str = moment(
        "Forecast start",
        optional=True,
        advanced=True,
        help="In UTC. Empty: as the raster tells.",
    )
    maximum_magnitude: float = number(
        "Last magnitude bin",
        8.9,
        minimum=-3.0,
        maximum=10.0,
        advanced=True,
        help="Lower edge of the last bin, which holds all larger magnitudes too. Bins are 0.1 "
        "wide from the target magnitude on.",
    )
    minimum_depth: float = catalog_fields.minimum_depth()
    maximum_depth: float = catalog_fields.maximum_depth()
    output: str = new_folder(
        "Folder",
        help="Gets forecast.dat, reference.dat (ETAS, if the raster tells it), catalog.csv and "
        "evaluate.py, which evaluates them: python evaluate.py.",
    )
    events: float = result_number("Number of events in the catalog")
    expected: float = result_number("Number of events in the forecast")

    def check(self):
        """Refuse depths in the wrong order."""
        catalog_fields.check_depths(self)
