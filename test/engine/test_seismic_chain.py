"""From a catalog to a judged forecast: train, forecast, test and export, the tools one after another."""

import json
from html import escape
from pathlib import Path

import numpy as np
import pytest
import rasterio

from csep_truth import load_pycsep
from plugin.engine.metrics import csep as ours, forecasts
from plugin.engine.progress import Silent
from plugin.engine.tasks import (
    export_csep_forecast,
    forecast_seismic_grid,
    test_seismic_forecast as test_task,
    train_seismic_forecast,
)
from plugin.jobs.export_csep_forecast import ExportCsepForecast
from plugin.jobs.forecast_seismic_grid import ForecastSeismicGrid
from plugin.jobs.model_card import read_card
from plugin.jobs.test_seismic_forecast import TestSeismicForecast as TestJob
from plugin.jobs.train_seismic_forecast import TrainSeismicForecast

pytestmark = pytest.mark.slow
JAPAN = Path(__file__).resolve().parents[3] / "shared/data/earthquakes/japan_1990_2019.csv"
FIELDS = {"time_field": "", "magnitude_field": "", "depth_field": ""}
START = "2011-03-18T00:00:00"


@pytest.fixture(scope="module")
def chain(tmp_path_factory):
    """Folder, catalog and model of a quick training around the Tohoku earthquake."""
    if not JAPAN.is_file():
        pytest.skip("the catalog of Japan is not beside the checkout")
    folder = tmp_path_factory.mktemp("chain")
    job = TrainSeismicForecast(
        catalog=str(JAPAN), **FIELDS, extent=[138.0, 146.0, 34.0, 42.0], cell_size=1.0,
        window_days=7, completeness=4.5, target_magnitude=4.5, start="2000-01-01T00:00:00",
        train_end="2007-01-01T00:00:00", validation_end="2010-01-01T00:00:00",
        test_end="2012-01-01T00:00:00", seeds=1, model=str(folder / "m.safetensors"),
        report=str(folder / "training.html"),
    )  # fmt: skip
    train_seismic_forecast.run(job, Silent())
    return folder, str(JAPAN), job.model


@pytest.fixture(scope="module")
def tested(chain):
    folder, catalog, model = chain
    job = TestJob(
        model=model, catalog=catalog, **FIELDS, start="", end="", report=str(folder / "test.html"),
        scores=str(folder / "s.json"),
    )  # fmt: skip
    return test_task.run(job, Silent()), json.loads((folder / "s.json").read_text("utf-8"))


def test_test_compares_the_trained_models_with_what_came(chain, tested):
    folder, _, model = chain
    outputs, scores = tested
    training = read_card(model).training
    assert (scores["start"], scores["end"]) == (training["validation_end"], training["test_end"])
    # 1 January 2010 lies 6 days inside a window of 7 days from 2000, which the validation has.
    assert scores["start"] == "2010-01-02T00:00:00" and len(scores["windows"]) == 104
    assert scores["events"] > 1000  # the aftershocks of Tohoku
    assert outputs["IGPE_UNIFORM"] > outputs["IGPE_SMOOTHED"] > 0.3
    assert outputs["IGPE_UNIFORM_LOW"] < outputs["IGPE_UNIFORM"] < outputs["IGPE_UNIFORM_HIGH"]
    assert len(read_card(model).training["test_openings"]) == 1
    report = (folder / "test.html").read_text(encoding="utf-8")
    assert "opened once" in report and escape(training["variants"]) in report
    assert max(w["events"] for w in scores["windows"]) > 100


@pytest.fixture(scope="module")
def exported(chain):
    folder, catalog, model = chain
    raster = str(folder / "f.tif")
    job = ForecastSeismicGrid(
        model=model, catalog=catalog, **FIELDS, forecast_start=START, output=raster
    )
    made = forecast_seismic_grid.run(job, Silent())
    job = ExportCsepForecast(
        forecast=raster, model="", catalog=catalog, **FIELDS, start="",
        output=str(folder / "csep"),
    )  # fmt: skip
    return folder / "csep", raster, made, export_csep_forecast.run(job, Silent())


def test_export_holds_the_forecast_and_the_events_of_its_window(exported):
    folder, _, made, outputs = exported
    table = np.loadtxt(folder / "forecast.dat")
    assert table[:, 8].sum() == pytest.approx(made["EXPECTED"], rel=1e-5)
    assert outputs["EXPECTED"] == pytest.approx(made["EXPECTED"], rel=1e-5)
    times = [line.split(",")[3] for line in (folder / "catalog.csv").read_text().splitlines()[1:]]
    assert outputs["EVENTS"] == len(times) > 20
    assert min(times) >= START and max(times) < "2011-03-25T00:00:00"


def test_pycsep_finds_in_the_real_forecast_what_we_find(exported):
    folder, raster, _, _ = exported
    pycsep = load_pycsep()
    made = [
        pycsep.load_gridded_forecast(str(folder / n)) for n in ("forecast.dat", "reference.dat")
    ]
    catalog = pycsep.load_catalog(str(folder / "catalog.csv"), region=made[0].region)
    poisson = pycsep.poisson_evaluations
    with rasterio.open(raster) as bands:
        rates, ratio = bands.read(1).astype(float), bands.read(4).astype(float)
    # pyCSEP's cells go from south to north, then from west to east.
    counts = catalog.spatial_counts().reshape(8, 8).T[::-1]
    theirs = poisson.spatial_test(made[0], catalog, num_simulations=100, seed=2)
    cells = rates[::-1].T.ravel(), counts[::-1].T.ravel()
    found = ours.spatial_test(*cells, 100, 2)
    assert found.log_likelihood == pytest.approx(theirs.observed_statistic, abs=1e-6)
    assert found.quantile == pytest.approx(theirs.quantile, abs=1e-6)
    number = poisson.number_test(made[0], catalog).quantile
    assert ours.number_test(rates.sum(), counts.sum()) == pytest.approx(number, abs=1e-6)
    paired = poisson.paired_t_test(*made, catalog)
    found = ours.paired_t_test(rates, rates * np.exp(-ratio), counts)
    assert found.gain == pytest.approx(paired.observed_statistic, abs=1e-6)
    assert (found.low, found.high) == pytest.approx(paired.test_distribution, abs=1e-6)
    both = made[0].data, catalog.spatial_magnitude_counts()
    joint = poisson.likelihood_test(made[0], catalog, num_simulations=1).observed_statistic
    assert forecasts.joint_log_likelihood(*both) == pytest.approx(joint, abs=1e-6)
