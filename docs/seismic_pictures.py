"""Take the pictures of the seismic grids in the real QGIS desktop, as a user would work there.

Run by `make pictures`: QGIS starts under Xvfb with this script as ``--code``. It opens and runs the
dialogs of all tools of the group, on the catalog of Japan and the temperatures that lie beside the
project, and with an event service on this computer.
"""

import os
import shutil
import sys

from qgis.core import QgsProject, QgsRasterLayer, QgsVectorLayer
from qgis.utils import iface

sys.path.insert(0, os.path.join(os.environ["DEEP_GEOLOGY_ROOT"], "docs"))
sys.path.insert(0, os.path.join(os.environ["DEEP_GEOLOGY_ROOT"], "test"))
from desktop import ROOT, WORK, finish, log, look, main_window, named, run_dialog, visit
from fake_event_service import EventService, days_of, event

DATA = os.path.join(os.path.dirname(ROOT), "shared", "data")
JAPAN = os.path.join(DATA, "earthquakes", "japan_1990_2019.csv")
AIR = os.path.join(DATA, "climate", "A1B_north_america.nc")
MODEL, SERIES = str(WORK / "japan.safetensors"), str(WORK / "air.safetensors")
EXTENT = "136,148,33,44 [EPSG:4326]"
DATES = {
    "START": "2002-01-01", "TRAIN_END": "2008-01-01", "VALIDATION_END": "2010-06-01",
    "TEST_END": "2012-01-01",
}  # fmt: skip


def steps():
    """One sentence after another; each yields the seconds to wait before the next."""
    if not os.path.isfile(JAPAN):
        log("NO DATA")
        return
    window = main_window()
    shutil.copy(JAPAN, WORK / "japan_1990_2019.csv")
    shutil.copy(AIR, WORK / "air_temperature.nc")
    catalog = load_catalog()
    yield 3
    yield from run_dialog(
        "checkcatalog",
        {"CATALOG": catalog, "OUTPUT": str(WORK / "events.gpkg"), "REPORT": page("catalog")},
    )
    yield from look(window, ("events",), catalog, "map_events")
    counts = {"CATALOG": catalog, "EXTENT": EXTENT, "CELL_SIZE": 0.5, "START": "2011-01-01",
              "END": "2012-01-01", "TARGET_MAGNITUDE": 4.5, "MAXIMUM_DEPTH": 700}  # fmt: skip
    yield from run_dialog("gridcatalog", {**counts, "OUTPUT": str(WORK / "counts.tif")})
    yield from look(window, ("counts",), named("counts"), "map_counts")
    known = {"CATALOG": catalog, "MODEL": MODEL}
    yield from run_dialog(
        "trainseismicforecast",
        {**known, **DATES, "EXTENT": EXTENT, "CELL_SIZE": 0.5, "WINDOW_DAYS": 7,
         "COMPLETENESS": 4.5, "SEEDS": 2, "REPORT": page("training")},
        midway=True,
    )  # fmt: skip
    yield from run_dialog(
        "forecastseismicgrid",
        {**known, "FORECAST_START": "2011-03-18", "OUTPUT": str(WORK / "forecast.tif")},
    )
    show_latest_events()
    yield from look(
        window, ("forecast", "m5+ of the week before"), named("forecast"), "map_forecast"
    )
    yield from run_dialog(
        "testseismicforecast",
        {**known, "REPORT": page("test"), "SCORES": str(WORK / "scores.json")},
    )
    yield from run_dialog(
        "exportcsepforecast",
        {"FORECAST": str(WORK / "forecast.tif"), "CATALOG": catalog, "OUTPUT": str(WORK / "csep")},
    )
    yield from download()
    yield from forecast_temperatures(window)


def page(name):
    return str(WORK / f"{name}.html")


def load_catalog():
    """The catalog as a user adds it: delimited text with points."""
    place = (WORK / "japan_1990_2019.csv").as_uri()
    uri = f"{place}?delimiter=,&xField=longitude&yField=latitude&crs=EPSG:4326"
    layer = QgsVectorLayer(uri, "japan_1990_2019", "delimitedtext")
    QgsProject.instance().addMapLayer(layer)
    log(f"{layer.featureCount()} events")
    return layer


def show_latest_events():
    """The larger events of the week before the forecast, over it."""
    from deep_geology.algorithms.seismic_style import style_events

    layer = QgsVectorLayer(str(WORK / "events.gpkg"), "M5+ of the week before")
    layer.setSubsetString("magnitude >= 5 AND time >= '2011-03-11' AND time < '2011-03-18'")
    style_events(layer)
    QgsProject.instance().addMapLayer(layer)
    log(f"{layer.featureCount()} events over the forecast")


def download():
    """From a service on this computer, so that no other one is asked."""
    first = days_of("2024-01-01T00:00:00")
    events = [
        event(n, first + n / 7, 120 + n % 40, -10 + n % 30, 4.5 + n % 13 / 5) for n in range(500)
    ]
    with EventService(events) as service:
        yield from run_dialog(
            "downloadcatalog",
            {"EXTENT": "110,170,-20,40 [EPSG:4326]", "START": "2024-01-01", "END": "2024-04-01",
             "SERVICE": service.address, "OUTPUT": str(WORK / "downloaded.gpkg")},
        )  # fmt: skip


def forecast_temperatures(window):
    QgsProject.instance().clear()
    air = QgsRasterLayer(str(WORK / "air_temperature.nc"), "Air temperature")
    QgsProject.instance().addMapLayer(air)
    iface.setActiveLayer(air)
    yield 2
    known = {"RASTERS": [air], "MODEL": SERIES}
    yield from run_dialog(
        "traingridforecast", {**known, "STEPS": 5, "MINUTES": 1, "REPORT": page("air")}, midway=True
    )
    yield from run_dialog("forecastgrid", {**known, "OUTPUT": str(WORK / "next_years.tif")})
    yield from look(window, ("next_years",), named("next_years"), "map_series")


try:
    visit(steps)
except Exception as error:
    finish(repr(error))
