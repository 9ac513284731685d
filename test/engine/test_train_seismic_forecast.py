"""Train seismic forecast: the references, the network, the guards against leakage."""

from dataclasses import replace

import numpy as np
import pytest

from brightness import Said
from plugin.engine.metrics.forecasts import information_gain
from plugin.engine.progress import Silent
from plugin.engine.seismic import fitting, judging
from plugin.engine.seismic.catalog import to_iso
from plugin.engine.seismic.cells import Cells
from plugin.engine.seismic.forecast import MODELS, Forecaster
from plugin.engine.seismic.model import load_forecaster
from plugin.engine.seismic.span import lay_out_training
from plugin.engine.seismic.tally import add_up
from plugin.engine.tasks import train_seismic_forecast as task
from plugin.jobs.errors import JobError, Stopped
from plugin.jobs.model_card import SEISMIC, read_card
from plugin.jobs.train_seismic_forecast import TrainSeismicForecast as Job
from report_form import check_form
from seismic_truth import EXTENT, etas_catalog, layout, shuffled_in_time
from seismicity import write_catalog

DAYS = (100, 900, 1150, 1400)


@pytest.fixture(scope="module")
def catalog():
    return etas_catalog(3, 1400.0)


@pytest.fixture(scope="module")
def events(catalog, tmp_path_factory):
    return write_catalog(tmp_path_factory.mktemp("catalog") / "events.csv", catalog)


def ask(path, events, **values):
    """A job on a coarse grid, with files to write beside `path`."""
    asked = vars(layout(DAYS, cell_size=0.5, window_days=5, seeds=2))
    asked |= {"catalog": events, "model": str(path / "m.safetensors"), **values}
    return Job(**{"report": str(path / "r.html"), **asked})


@pytest.fixture(scope="module")
def trained(events, tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    said = Said()
    return folder, task.run(ask(folder, events), said.progress), said


def with_changed_future(catalog, day):
    """Every event from a day on in another place, of another size, or not there at all."""
    later = catalog.days >= day
    changed = replace(
        catalog,
        longitude=np.where(later, catalog.longitude + 0.7, catalog.longitude),
        magnitude=np.where(later, catalog.magnitude + 1.5, catalog.magnitude),
    )
    keep = ~later | (np.arange(len(later)) % 3 > 0)
    return changed.where(keep)


def test_outputs_are_the_numbers_of_the_card(trained):
    folder, outputs, _ = trained
    card = read_card(str(folder / "m.safetensors"), SEISMIC)
    assert outputs["SHIPS"] == card.training["ships"]
    assert outputs["IGPE_ETAS"] == pytest.approx(card.scores["network_over"]["etas"][0])
    assert outputs["IGPE_ETAS_LOW"] <= outputs["IGPE_ETAS"] <= outputs["IGPE_ETAS_HIGH"]
    assert card.training["test_openings"] == []
    assert set(card.scores["log_likelihood"]) == set(MODELS)
    assert card.training["completeness"] == 2.5 and card.training["window_days"] == 5


def test_losses_of_every_epoch_are_told_while_it_trains(trained):
    told = trained[2].metrics
    assert {words["name"] for words in told} == {"training_loss", "validation_loss"}
    assert all(np.isfinite(words["value"]) for words in told)


def test_report_says_what_it_is_and_is_not(trained):
    page = (trained[0] / "r.html").read_text(encoding="utf-8")
    check_form(page)
    assert "not a prediction of an earthquake" in page
    assert "smoothings of seismicity" in page and "was not opened" in page
    shipped = trained[1]["SHIPS"] == "network"
    assert (judging.NOT_IMPROVED in page) != shipped
    for name in ("Uniform Poisson", "Gridded ETAS", "One neuron", "GLM + ETAS"):
        assert name in page


def test_network_ships_only_if_its_lower_bound_is_above_zero(trained):
    outputs = trained[1]
    assert (outputs["SHIPS"] == "network") == (outputs["IGPE_ETAS_LOW"] > 0)


def test_model_file_gives_the_rates_that_were_fitted(trained, catalog):
    forecaster = load_forecaster(trained[1]["MODEL"])
    starts = forecaster.grid.edges[[20, 21, 200]]
    rates = forecaster.rates(catalog, starts)
    for name in MODELS:
        assert rates[name].shape == (3, forecaster.grid.rows, forecaster.grid.columns)
        assert rates[name].dtype == np.float64
        assert (rates[name] > 0).all() and np.isfinite(rates[name]).all()
    ships = forecaster.card.training["ships"]
    other = "network" if ships == "network" else "etas"
    np.testing.assert_array_equal(rates["forecast"], rates[other])
    span = lay_out_training(layout(DAYS, cell_size=0.5, window_days=5), catalog, Silent())
    assert forecaster.models.mean_events == pytest.approx(
        span.events_in(0, span.validation) / span.validation
    )


def test_changing_every_event_after_the_start_leaves_the_forecast_bit_identical(trained, catalog):
    forecaster = load_forecaster(trained[1]["MODEL"])
    starts = forecaster.grid.edges[[60, 61, 240]]
    known = forecaster.rates(catalog, starts)
    changed = forecaster.rates(with_changed_future(catalog, starts[-1]), starts)
    cut = forecaster.rates(catalog.between(-np.inf, starts[-1]), starts)
    for name in MODELS:
        np.testing.assert_array_equal(known[name], changed[name], err_msg=name)
        np.testing.assert_array_equal(known[name], cut[name], err_msg=name)


def test_windows_apart_and_together_have_the_same_forecast(trained, catalog):
    forecaster = load_forecaster(trained[1]["MODEL"])
    starts = forecaster.grid.edges[100:104]
    together = forecaster.rates(catalog, starts)
    apart = forecaster.rates(catalog, starts[-1:])
    for name in MODELS:
        np.testing.assert_allclose(together[name][-1], apart[name][0], rtol=2e-3, err_msg=name)


def test_nothing_that_is_fitted_knows_what_comes_after_the_validation(events, catalog, tmp_path):
    """Maps, bandwidths, normalization, completeness and weights: the same file, to the bit."""
    found = []
    for number, known in enumerate((catalog, with_changed_future(catalog, DAYS[2]))):
        folder = tmp_path / str(number)
        folder.mkdir()
        path = write_catalog(folder / "events.csv", known)
        values = {"completeness": None, "extent": None, "seeds": 1}
        task.run(ask(folder, path, **values), Silent())
        forecaster = load_forecaster(str(folder / "m.safetensors"))
        starts = forecaster.grid.edges[[50, 150]]
        found.append((forecaster.card, forecaster.rates(catalog, starts)))
    first, second = found
    assert first[0].training == second[0].training
    assert first[0].scores == second[0].scores
    for name in MODELS:
        np.testing.assert_array_equal(first[1][name], second[1][name])


def test_empty_settings_are_chosen_from_the_training(events, catalog, tmp_path):
    said = Said()
    values = dict.fromkeys(("start", "train_end", "validation_end", "test_end"), "")
    values |= {"completeness": None, "extent": None, "network": "reference"}
    task.run(ask(tmp_path, events, **values), said.progress)
    training = read_card(str(tmp_path / "m.safetensors")).training
    dates = [training[n] for n in ("start", "train_end", "validation_end", "test_end")]
    assert dates == sorted(dates) and dates[0] == "1970-01-01T00:00:00"
    assert any("estimated" in text and f"{training['completeness']:g}" in text
               for text in said.notes)  # fmt: skip


def test_date_inside_a_window_is_in_the_report(events, tmp_path):
    moment = to_iso(DAYS[1] + 3)
    task.run(ask(tmp_path, events, network="reference", train_end=moment), Silent())
    after = to_iso(DAYS[1] + 5)
    assert read_card(str(tmp_path / "m.safetensors")).training["train_end"] == after
    assert "2 days later" in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_reference_alone_ships_etas(events, catalog, tmp_path):
    outputs = task.run(ask(tmp_path, events, network="reference"), Silent())
    forecaster = load_forecaster(outputs["MODEL"])
    assert outputs["SHIPS"] == "reference"
    assert outputs["IGPE_ETAS"] is outputs["IGPE_ETAS_LOW"] is outputs["IGPE_ETAS_HIGH"] is None
    rates = forecaster.rates(catalog, forecaster.grid.edges[[50]])
    np.testing.assert_array_equal(rates["forecast"], rates["etas"])


@pytest.mark.parametrize("network", ["conv", "convgru", "convlstm", "cnn"])
def test_every_network_trains_and_forecasts_bit_identically(network, events, catalog, tmp_path):
    outputs = task.run(ask(tmp_path, events, network=network, seeds=1), Silent())
    forecaster = load_forecaster(outputs["MODEL"])
    starts = forecaster.grid.edges[[100, 101]]
    known = forecaster.rates(catalog, starts, names=("network",))["network"]
    changed = with_changed_future(catalog, starts[-1])
    again = forecaster.rates(changed, starts, names=("network",))["network"]
    assert (known > 0).all()
    np.testing.assert_array_equal(known, again)


def test_too_few_events_are_refused_with_their_counts(events, tmp_path):
    with pytest.raises(JobError, match=r"\d+ events in the training.*200 are needed") as caught:
        task.run(ask(tmp_path, events, target_magnitude=4.5), Silent())
    assert "50 for the test" in str(caught.value)
    assert not (tmp_path / "m.safetensors").exists()


def test_dates_beyond_the_catalog_are_refused(events, tmp_path):
    job = ask(tmp_path, events, start="2030-01-01T00:00:00", train_end="", validation_end="",
              test_end="")  # fmt: skip
    with pytest.raises(JobError, match="TRAIN_END"):
        task.run(job, Silent())


def test_dates_in_the_wrong_order_are_refused(events, tmp_path):
    job = ask(tmp_path, events, train_end="1973-12-01T00:00:00")
    with pytest.raises(JobError, match=r"VALIDATION_END is .* not after TRAIN_END"):
        job.check()


def test_completeness_under_its_estimate_is_warned_of(catalog, tmp_path):
    thinned = catalog.where((catalog.magnitude > 3.0) | (np.arange(len(catalog)) % 4 == 0))
    path = write_catalog(tmp_path / "thin.csv", thinned)
    said = Said()
    task.run(ask(tmp_path, path, network="reference"), said.progress)
    assert any("suggest" in text for text in said.warnings)


def test_cancel_stops_and_leaves_nothing(events, tmp_path):
    class Impatient(Silent):
        asked = 0

        def check(self):
            Impatient.asked += 1
            if Impatient.asked > 60:
                raise Stopped()

        def part(self, start, stop, name=""):
            return self

    with pytest.raises(Stopped):
        task.run(ask(tmp_path, events), Impatient())
    assert list(tmp_path.iterdir()) == []


def test_damaged_model_is_refused(trained, tmp_path):
    content = (trained[0] / "m.safetensors").read_bytes()
    (tmp_path / "cut.safetensors").write_bytes(content[:-40])
    with pytest.raises(JobError, match="damaged"):
        load_forecaster(str(tmp_path / "cut.safetensors"))


def _null(seed, shuffle=False):
    """Gain per earthquake of the network over ETAS, both fitted again, in the test."""
    catalog = etas_catalog(seed)
    catalog = shuffled_in_time(catalog) if shuffle else catalog
    span = lay_out_training(layout(), catalog, Silent())
    first, choices = fitting.fit_and_choose(span, "cell", 2, 0, Silent())
    final = fitting.fit_again(span, "cell", 0, choices, first, Silent())
    grid = span.grid.during(span.starts[span.validation], span.test - span.validation)
    forecaster = Forecaster(None, span.grid, final.models)
    tally = add_up(forecaster, catalog, grid, 2.5, ("network", "etas", "uniform"), Silent())
    gained, reference = (tally.likelihoods[name] for name in ("network", "etas"))
    return information_gain(gained, reference, tally.events, 1.0)


@pytest.mark.soak
def test_on_simulated_etas_the_network_neither_gains_nor_loses():
    """Gains over ETAS of three catalogs: .0030, -.0050 and -.0027 nats per earthquake."""
    gains = [_null(seed).value for seed in range(3)]
    print(gains)
    assert abs(np.mean(gains)) <= 0.01


@pytest.mark.soak
def test_on_events_shuffled_in_time_the_network_does_not_gain():
    gain = _null(0, shuffle=True)
    print(gain)
    assert gain.low <= 0


def test_extent_of_the_grid_covers_the_wish(catalog):
    span = lay_out_training(layout(DAYS), catalog, Silent())
    west, east, south, north = EXTENT
    assert (span.grid.west, span.grid.south) == (west, south)
    assert Cells(span.grid).shape == (round((north - south) / 0.1), round((east - west) / 0.1))


def test_region_over_the_antimeridian_is_forecast_as_the_same_one_elsewhere(catalog, tmp_path):
    """All longitudes moved: rates move with them, to the number."""
    found = []
    for degrees in (0.0, 296.5):  # the extent becomes 178.5 to 181.5, the events -180 to 180
        longitude = (catalog.longitude + degrees + 180) % 360 - 180
        path = write_catalog(tmp_path / "events.csv", replace(catalog, longitude=longitude))
        extent = [EXTENT[0] + degrees, EXTENT[1] + degrees, *EXTENT[2:]]
        task.run(ask(tmp_path, path, extent=extent, network="reference"), Silent())
        forecaster = load_forecaster(str(tmp_path / "m.safetensors"))
        grid = forecaster.grid
        assert (grid.west, grid.columns) == (EXTENT[0] + degrees, 6)
        known = replace(catalog, longitude=longitude)
        names = ("etas", "smoothed_adaptive", "uniform")
        found.append(forecaster.rates(known, grid.edges[[60, 200]], names=names))
    for name, rates in found[0].items():
        np.testing.assert_allclose(found[1][name], rates, rtol=0.02, err_msg=name)
