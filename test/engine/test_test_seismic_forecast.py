"""Seismic forecasts tested where the true rates are known."""

import json
import os
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from safetensors.torch import load_file

from brightness import Said
from plugin.engine.fingerprints import changed, states
from plugin.engine.metrics import forecasts
from plugin.engine.metrics.forecasts import Gain
from plugin.engine.progress import Silent
from plugin.engine.seismic import openings, tally as tally_module, tested_span
from plugin.engine.seismic.catalog import Catalog, to_iso
from plugin.engine.seismic.tally import add_up
from plugin.engine.seismic.testing_verdict import verdict
from plugin.engine.tasks import test_seismic_forecast as task
from plugin.jobs.errors import JobError, Stopped
from plugin.jobs.model_card import read_card
from plugin.jobs.test_seismic_forecast import TestSeismicForecast as Job
from report_form import check_form
from seismicity import (
    DAYS,
    GRID,
    PERIODS,
    QUALITY,
    WINDOW,
    Prophet,
    save_model,
    seismic_card,
    simulated_catalog,
    true_rates,
    write_catalog,
)


@pytest.fixture
def prophet(monkeypatch):
    monkeypatch.setattr(task, "load_forecaster", lambda path: Prophet(read_card(path)))


@pytest.fixture(scope="module")
def events(tmp_path_factory):
    return write_catalog(tmp_path_factory.mktemp("catalog") / "events.csv", simulated_catalog())


def content(path):
    with open(path, "rb") as file:
        return file.read()


def run_test(tmp_path, events, progress=None, **values):
    """Run the task; gives its outputs and the scores."""
    model = values.pop("model", None) or save_model(tmp_path / "m.safetensors")
    job = Job(
        **{"model": model, "catalog": events, "time_field": "", "magnitude_field": "",
           "depth_field": "", "start": "", "end": "", "report": str(tmp_path / "r.html"),
           "scores": str(tmp_path / "s.json"), **values}
    )  # fmt: skip
    outputs = task.run(job, progress or Silent())
    return outputs, json.loads((tmp_path / "s.json").read_text(encoding="utf-8"))


def test_true_rates_gain_what_their_log_ratios_say(tmp_path, prophet, events):
    outputs, scores = run_test(tmp_path, events)
    test = slice(200, PERIODS)
    counts = GRID.count(simulated_catalog())[test]
    rates = Prophet(seismic_card()).rates(None, GRID.edges[:-1][test])
    total = {n: forecasts.joint_log_likelihood(rates[n], counts) for n in QUALITY}
    for output, name in (
        ("ETAS", "etas"),
        ("SMOOTHED", "smoothed_adaptive"),
        ("UNIFORM", "uniform"),
    ):
        truth = (total["forecast"] - total[name]) / counts.sum()
        assert outputs[f"IGPE_{output}"] == pytest.approx(truth)
        assert 0 < outputs[f"IGPE_{output}_LOW"] < truth < outputs[f"IGPE_{output}_HIGH"]
    assert scores["events"] == counts.sum() and scores["log_likelihood"] == pytest.approx(total)


def test_true_rates_are_consistent_and_calibrated(tmp_path, prophet, events):
    _, scores = run_test(tmp_path, events)
    tests = scores["tests"]
    assert min(tests["number"]) > 0.01 and min(tests["negative_binomial"]) > 0.01
    quantiles = [tests[n]["quantile"] for n in ("likelihood", "conditional_likelihood", "spatial", "magnitude")]  # fmt: skip
    assert min(quantiles) > 0.01
    assert scores["calibration_error"]["forecast"] < 0.02
    assert scores["brier_skill"]["etas"] > 0 and scores["brier_skill"]["base_rate"] > 0
    assert scores["area_under_curves"]["forecast"]["area"] > 0.6
    assert (
        scores["paired_t"]["etas"]["low"] > 0 and scores["wilcoxon"]["etas"]["probability"] < 0.05
    )


def test_every_window_has_its_tests(tmp_path, prophet, events):
    _, scores = run_test(tmp_path, events)
    windows = scores["windows"]
    counts = GRID.count(simulated_catalog())[200:].sum((1, 2))
    assert [w["events"] for w in windows] == counts.tolist()
    assert windows[0]["start"] == to_iso(DAYS + 200 * WINDOW)
    for window in windows:
        tested = [window[name] for name in ("likelihood", "spatial", "magnitude")]
        assert all((q is not None) == (window["events"] > 0) for q in tested)
    passed = np.mean([min(w["number"]) >= 0.025 for w in windows])
    assert passed > 0.9  # Poisson events: 95 % or more


def test_report_has_the_fixed_sentences_and_all_figures(tmp_path, prophet, events):
    run_test(tmp_path, events)
    text = (tmp_path / "r.html").read_text(encoding="utf-8")
    for sentence in (
        "forecast of rates, not a prediction of an earthquake",
        "The test period was opened once",
        "tried beside the references",
        "The forecast beats ETAS",
        "Saying “never” has an accuracy",
        "base rate",
    ):
        assert sentence in text
    check_form(text)
    assert "very long" not in text
    assert text.count("<img ") == 5
    assert text.count(" F1 ") == 1


def test_reference_that_ships_says_so(tmp_path, prophet, events):
    run_test(tmp_path, events, model=save_model(tmp_path / "m.safetensors", ships="reference"))
    text = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "The network did not improve on the ETAS reference; the reference is used" in text


def test_a_forecast_that_is_etas_has_no_gain_over_it_not_one_of_zero(
    tmp_path, prophet, events, monkeypatch
):
    monkeypatch.setitem(QUALITY, "forecast", QUALITY["etas"])
    said = Said()
    outputs, scores = run_test(tmp_path, events, said.progress)
    assert [outputs[f"IGPE_ETAS{ending}"] for ending in ("", "_LOW", "_HIGH")] == [None] * 3
    assert set(scores["igpe"]["etas"].values()) == {None}
    assert outputs["IGPE_UNIFORM_LOW"] > 0
    assert any("ETAS itself" in text for text in said.notes)
    text = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "Map of the gain over adaptive smoothed seismicity" in text
    assert "the forecast is this one" in text and "nan" not in text.lower().split("<img")[0]


def test_gains_of_a_single_block_have_no_bounds_and_the_report_says_so(tmp_path, prophet):
    """30 days with 60 events: nothing tells how much they would differ another time."""
    whole = simulated_catalog()
    chance, many = np.random.default_rng(1), 60
    days = DAYS + 200 * WINDOW + chance.uniform(0, 28, many)
    crowd = Catalog.of(
        days, chance.uniform(10, 14, many), chance.uniform(40, 43, many), np.full(many, 10.0),
        4 + np.round(chance.exponential(0.4, many), 1),
    )  # fmt: skip
    before = whole.between(-np.inf, DAYS + 200 * WINDOW)
    both = [np.concatenate(pair) for pair in zip(before._columns()[:-1], crowd._columns()[:-1])]
    path = write_catalog(tmp_path / "c.csv", Catalog.of(*both))
    end = to_iso(DAYS + 204 * WINDOW)
    outputs, scores = run_test(tmp_path, path, end=end)
    for name in ("ETAS", "SMOOTHED", "UNIFORM"):
        assert isinstance(outputs[f"IGPE_{name}"], float)
        assert outputs[f"IGPE_{name}_LOW"] is None and outputs[f"IGPE_{name}_HIGH"] is None
    assert scores["igpe"]["etas"]["low"] is None
    text = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "the gains have no interval" in text


def test_a_model_without_a_network_does_not_say_that_one_failed():
    gains = {name: Gain(0.0, 0.0, 0.0) for name in ("etas", "smoothed_adaptive", "uniform")}
    card = replace(seismic_card(ships="reference"), network="reference")
    headline, _ = verdict(SimpleNamespace(gains=gains), card)
    assert headline.startswith("No network was trained")


def test_opening_is_logged_and_all_else_in_the_file_stays(tmp_path, prophet, events):
    model = save_model(tmp_path / "m.safetensors")
    os.chmod(model, 0o640)
    before, card = content(model), read_card(model)
    run_test(tmp_path, events, model=model)
    _, scores = run_test(tmp_path, events, model=model)
    after = content(model)
    weights = [data[8 + int.from_bytes(data[:8], "little") :] for data in (before, after)]
    assert weights[0] == weights[1] and len(weights[0]) > 0
    assert set(load_file(model)) == {"weight", "bias"}
    logged = read_card(model).training.pop("test_openings")
    assert [entry["events"] for entry in logged] == [scores["events"]] * 2
    changed = {**vars(card), "training": {**card.training, "test_openings": logged}}
    assert vars(read_card(model)) == changed
    assert os.stat(model).st_mode & 0o777 == 0o640
    assert len(scores["test_openings"]) == 2
    assert "was opened 2 times" in (tmp_path / "r.html").read_text(encoding="utf-8")
    assert not [name for name in os.listdir(tmp_path) if name.endswith(".part")]


def test_opening_that_a_test_logs_in_the_model_is_no_change_of_an_input(tmp_path, prophet, events):
    model = save_model(tmp_path / "m.safetensors")
    before = content(model), states(Job(model=model, catalog=events))
    run_test(tmp_path, events, model=model)
    assert content(model) != before[0] and changed(before[1]) == []


def test_read_only_model_is_tested_with_a_warning(tmp_path, prophet, events):
    model = save_model(tmp_path / "m.safetensors")
    os.chmod(model, 0o444)
    before, said = content(model), Said()
    _, scores = run_test(tmp_path, events, said.progress, model=model)
    assert content(model) == before
    assert any("could not be logged" in text for text in said.warnings)
    assert len(scores["test_openings"]) == 1


def test_openings_of_another_period_do_not_count(tmp_path, prophet, events):
    model = save_model(tmp_path / "m.safetensors")
    early = to_iso(DAYS + 300 * WINDOW)
    run_test(tmp_path, events, model=model, end=early)
    _, scores = run_test(tmp_path, events, model=model, start=early)
    assert len(scores["test_openings"]) == 1
    assert len(read_card(model).training["test_openings"]) == 2


def test_damaged_log_of_openings_does_not_stop_a_test(tmp_path, prophet, events):
    model = save_model(tmp_path / "m.safetensors", test_openings=["odd", {"start": 3}])
    _, scores = run_test(tmp_path, events, model=model)
    assert len(scores["test_openings"]) == 2  # what cannot be told apart counts


def refused(tmp_path, events, **values):
    model = save_model(tmp_path / "m.safetensors")
    before = content(model)
    with pytest.raises(JobError) as caught:
        run_test(tmp_path, events, model=model, **values)
    assert content(model) == before and not (tmp_path / "s.json").exists()
    return str(caught.value)


def test_test_in_what_the_model_has_seen_is_refused(tmp_path, prophet, events):
    text = refused(tmp_path, events, start=to_iso(DAYS + 190 * WINDOW))
    assert "the model has seen what came before" in text


def test_few_events_are_refused_with_their_count(tmp_path, prophet, events):
    end = to_iso(DAYS + 204 * WINDOW)
    count = GRID.count(simulated_catalog())[200:204].sum()
    assert f"holds {count} events" in refused(tmp_path, events, end=end)


def test_catalog_that_ends_before_the_test_is_refused(tmp_path, prophet):
    early = simulated_catalog(true_rates()[:150])
    path = write_catalog(tmp_path / "early.csv", early)
    assert "before the test begins" in refused(tmp_path, path)


def test_catalog_without_its_history_is_refused_or_warned_of(tmp_path, prophet):
    whole = simulated_catalog()
    split = DAYS + 200 * WINDOW
    blind = write_catalog(tmp_path / "blind.csv", whole.between(split, np.inf))
    assert "forecast from the events before it" in refused(tmp_path, blind)
    late, said = DAYS + 180 * WINDOW, Said()
    path = write_catalog(tmp_path / "late.csv", whole.between(late, np.inf))
    run_test(tmp_path, path, said.progress)
    assert "know less of the past than they were trained with" in " ".join(said.warnings)


def test_catalog_of_another_region_is_refused_and_a_thin_one_warned_of(tmp_path, prophet, events):
    whole = simulated_catalog()
    far = replace(whole, longitude=whole.longitude + 90)
    text = refused(tmp_path, write_catalog(tmp_path / "far.csv", far))
    assert "lies in or near the model's region" in text
    mean = {"mean_events": float(GRID.count(whole).sum() / PERIODS)}
    model = save_model(tmp_path / "m.safetensors", references=mean)
    early = whole.days < DAYS + 200 * WINDOW
    thin = whole.where(~early | (np.arange(len(whole)) % 10 == 0))
    said = Said()
    path = write_catalog(tmp_path / "thin.csv", thin)
    run_test(tmp_path, path, said.progress, model=model)
    found = [text for text in said.warnings if "catalog of another region" in text]
    assert len(found) == 1
    assert "catalog of another region" in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_more_bins_than_memory_holds_are_refused_with_the_latest_end(
    tmp_path, prophet, events, monkeypatch
):
    monkeypatch.setattr(tested_span, "_MOST_BINS", 48 * 100)
    text = refused(tmp_path, events)
    assert to_iso(DAYS + 300 * WINDOW)[:10] in text and "9,600 bins" in text


def test_catalog_that_ends_early_ends_the_test_with_it(tmp_path, prophet):
    path = write_catalog(tmp_path / "early.csv", simulated_catalog(true_rates()[:350]))
    said = Said()
    _, scores = run_test(tmp_path, path, said.progress)
    assert len(scores["windows"]) in (149, 150)
    assert any("the test ends there" in text for text in said.warnings)


def test_end_inside_a_window_is_told_in_the_log_and_the_report(tmp_path, prophet, events):
    said = Said()
    end = to_iso(DAYS + 350 * WINDOW + 2)
    _, scores = run_test(tmp_path, events, said.progress, end=end)
    found = [text for text in said.notes if "the test ends 2 days earlier" in text]
    assert len(scores["windows"]) == 150 and len(found) == 1
    assert found[0] in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_cancelling_leaves_no_report(tmp_path, prophet, events):
    with pytest.raises(Stopped):
        run_test(tmp_path, events, Said(stop_at=0.5).progress)
    assert sorted(os.listdir(tmp_path)) == ["m.safetensors"]


def test_blocks_of_windows_and_thinned_bins_change_no_sum(monkeypatch):
    catalog, prophet = simulated_catalog(), Prophet(seismic_card())
    grid = GRID.during(DAYS + 200 * WINDOW, 60)
    whole = add_up(prophet, catalog, grid, 4.0, tuple(QUALITY), Silent())
    monkeypatch.setattr(tally_module, "_WINDOWS_BYTES", 7 * 8 * 48 * len(QUALITY))
    monkeypatch.setattr(tally_module, "_MOST_KEPT", 60 * 48 / 4)
    parts = add_up(prophet, catalog, grid, 4.0, tuple(QUALITY), Silent())
    for name in QUALITY:
        assert np.array_equal(parts.likelihoods[name], whole.likelihoods[name])
        assert np.array_equal(parts.logs[name], whole.logs[name])
        assert np.allclose(parts.sums[name], whole.sums[name], rtol=1e-12)
    assert np.array_equal(parts.rates["etas"], whole.rates["etas"][::4])
    assert len(parts.counts[parts.kept]) == len(parts.rates["etas"])


def test_map_of_gain_adds_up_to_the_gain():
    catalog, prophet = simulated_catalog(), Prophet(seismic_card())
    grid = GRID.during(DAYS + 200 * WINDOW, 60)
    found = add_up(prophet, catalog, grid, 4.0, tuple(QUALITY), Silent())
    total = (found.likelihoods["forecast"] - found.likelihoods["etas"]).sum()
    assert found.gain_map("forecast", "etas").sum() == pytest.approx(total)


def test_opening_of_a_model_behind_a_link_keeps_the_link(tmp_path):
    model = save_model(tmp_path / "m.safetensors")
    link = tmp_path / "link.safetensors"
    link.symlink_to(model)
    openings.log_opening(str(link), {"opened": "now"})
    assert link.is_symlink() and len(read_card(model).training["test_openings"]) == 1
