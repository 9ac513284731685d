"""The ready-made models of seismic grids."""

from building import Model, ask_features, ask_grid, ask_rasters, ask_time, sources


def ask_catalog(model):
    """An earthquake catalog."""
    ask_features(
        model, "catalog", "Catalog", "Vector",
        "A layer of points, or a table with longitude and latitude: a CSV file as downloaded will "
        "do. Events down to 70 km count, and those around the extent as what triggers others.",
    )  # fmt: skip


def seismicity():
    asked, made = sources()
    model = Model(
        "Seismic forecast from a catalog",
        "Checks an earthquake catalog, trains a forecast beside the references of the field, "
        "forecasts the window after the last event, and tests the forecast on the last fifth of "
        "the time, which it has not seen. It is a forecast of rates, not a prediction of an "
        "earthquake.",
    )
    ask_catalog(model)
    ask_grid(model)
    model.step("check", "deepgeology:checkcatalog", {"CATALOG": asked("catalog")}, [
        ("OUTPUT", "events", "The events that can be used."),
        ("REPORT", "catalog_report", "From which magnitude on the catalog is complete, and more."),
    ], "Check catalog")  # fmt: skip
    training = {
        "CATALOG": made("check", "OUTPUT"),
        "EXTENT": asked("extent"),
        "CELL_SIZE": asked("cell_size"),
        "WINDOW_DAYS": asked("window_days"),
    }
    model.step("train", "deepgeology:trainseismicforecast", training, [
        ("MODEL", "model", "The trained model."),
        ("REPORT", "training_report", "Scores of the validation, beside the references."),
    ], "Train seismic forecast")  # fmt: skip
    both = {"MODEL": made("train", "MODEL"), "CATALOG": made("check", "OUTPUT")}
    model.step("forecast", "deepgeology:forecastseismicgrid", both, [
        ("OUTPUT", "forecast", "Rate and probability in every cell in the next window."),
    ], "Forecast seismic grid")  # fmt: skip
    model.step("test", "deepgeology:testseismicforecast", both, [
        ("REPORT", "test_report", "What the forecast gains over the references in the test."),
    ], "Test seismic forecast")  # fmt: skip
    model.write("seismicity.model3")


def csep_forecast():
    asked, made = sources()
    model = Model(
        "Forecast for pyCSEP from a catalog",
        "Trains a seismic forecast, forecasts the window after the last event, and writes it in "
        "the form that pyCSEP evaluates, with the ETAS reference beside it. It is a forecast of "
        "rates, not a prediction of an earthquake.",
    )
    ask_catalog(model)
    ask_grid(model)
    training = {
        "CATALOG": asked("catalog"), "EXTENT": asked("extent"), "CELL_SIZE": asked("cell_size"),
        "WINDOW_DAYS": asked("window_days"),
    }  # fmt: skip
    model.step("train", "deepgeology:trainseismicforecast", training, [
        ("MODEL", "model", "The trained model."),
        ("REPORT", "training_report", "Scores of the validation, beside the references."),
    ], "Train seismic forecast")  # fmt: skip
    both = {"MODEL": made("train", "MODEL"), "CATALOG": asked("catalog")}
    model.step("forecast", "deepgeology:forecastseismicgrid", both, [
        ("OUTPUT", "forecast", "Rate and probability in every cell in the next window."),
    ], "Forecast seismic grid")  # fmt: skip
    model.step("export", "deepgeology:exportcsepforecast", {"FORECAST": made("forecast", "OUTPUT")}, [
        ("OUTPUT", "csep", "The forecast and a script for pyCSEP."),
    ], "Export forecast for pyCSEP")  # fmt: skip
    model.write("csep_forecast.model3")


def series():
    asked, made = sources()
    model = Model(
        "Next grids of a series",
        "Learns from a series of grids, such as temperature, rain or counts, and makes the next "
        "ones. The simple forecast is taken where the network is not surely better.",
    )
    ask_rasters(
        model, "series", "Series",
        "A raster with a band per step, a NetCDF file, or a layer per step in their order.",
    )  # fmt: skip
    ask_time(model, 20, 0.1)
    training = {"RASTERS": asked("series"), "MINUTES": asked("minutes")}
    model.step("train", "deepgeology:traingridforecast", training, [
        ("MODEL", "model", "The trained model."),
        ("REPORT", "training_report", "Skill over simple forecasts in steps kept apart."),
    ], "Train grid forecast")  # fmt: skip
    both = {"RASTERS": asked("series"), "MODEL": made("train", "MODEL")}
    model.step("forecast", "deepgeology:forecastgrid", both, [
        ("OUTPUT", "forecast", "A band for every next step."),
    ], "Forecast grid")  # fmt: skip
    model.write("series.model3")


MODELS = (seismicity, csep_forecast, series)
