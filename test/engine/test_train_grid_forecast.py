"""Forecasts of grids, trained on series whose rules are known."""

import os
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import rasterio

from brightness import Said
from landscapes import write_raster
from plugin.engine.progress import Silent
from plugin.engine.series.forecaster import Past
from plugin.engine.series.model import load_forecaster
from plugin.engine.series.references import filled_forward
from plugin.engine.tasks import describe_model, forecast_grid, train_grid_forecast
from plugin.jobs.describe_model import DescribeModel
from plugin.jobs.errors import JobError, Stopped
from plugin.jobs.forecast_grid import ForecastGrid
from plugin.jobs.model_card import read_card
from plugin.jobs.train_grid_forecast import TrainGridForecast
from report_form import check_form
from series import averaging, months, seasons, trending, walking, write_series

CLIMATE = Path(__file__).resolve().parents[3] / "shared" / "data" / "climate"


def train(folder, *paths, progress=None, **values):
    """Train; gives the outputs."""
    job = TrainGridForecast(
        **{"rasters": [str(path) for path in paths], "steps": 1, "seeds": 1, "history": 6,
           "device": "cpu", "model": str(folder / "m.safetensors"),
           "report": str(folder / "r.html"), **values}
    )  # fmt: skip
    return train_grid_forecast.run(job, progress or Silent())


def forecast(folder, model, *paths, progress=None, **values):
    """Forecast; gives the values (step, row, column) and the names of the bands."""
    job = ForecastGrid(
        **{"rasters": [str(path) for path in paths], "model": str(model), "device": "cpu",
           "output": str(folder / "f.tif"), **values}
    )  # fmt: skip
    made = forecast_grid.run(job, progress or Silent())
    with rasterio.open(made["OUTPUT"]) as raster:
        return raster.read(), list(raster.descriptions), raster.tags()


@pytest.fixture(scope="module")
def learned(tmp_path_factory):
    """A model of the series whose mean beats its last grid, with a date for every step."""
    folder = tmp_path_factory.mktemp("learned")
    path = write_series(folder / "level.tif", averaging(120), months(120))
    return folder, path, train(folder, path, steps=2, cycle=1)


def test_network_beats_the_references_where_there_is_something_to_learn(learned):
    folder, _, outputs = learned
    assert outputs["SHIPS"] == "network"
    assert outputs["SKILL_PERSISTENCE"] > 0.2 and outputs["SKILL_CLIMATOLOGY"] > 0
    card = read_card(outputs["MODEL"])
    assert card.training["ships"] == "network" and card.training["reference"] == "persistence"
    assert card.scores["validation"]["persistence"][1] > 0
    text = (folder / "r.html").read_text(encoding="utf-8")
    assert "The network beats the best reference, persistence" in check_form(text).headline
    assert text.count("<img ") == 4 and "Linear trend" in text


@pytest.fixture(scope="module")
def walked(tmp_path_factory):
    folder = tmp_path_factory.mktemp("walked")
    path = write_series(folder / "walk.tif", walking(100))
    said = Said()
    return folder, path, train(folder, path, progress=said.progress), said


def test_reference_ships_where_nothing_can_be_learned(walked):
    folder, _, outputs, said = walked
    assert outputs["SHIPS"] == "persistence" and outputs["SKILL_PERSISTENCE"] == 0
    assert read_card(outputs["MODEL"]).training["ships"] == "reference"
    sentence = "The network did not improve on the best reference, persistence"
    assert sentence in (folder / "r.html").read_text(encoding="utf-8")
    assert any(sentence in text for text in said.notes)


def test_reference_that_ships_forecasts_the_last_grid(walked, tmp_path):
    _, path, outputs, _ = walked
    values, names, tags = forecast(tmp_path, outputs["MODEL"], path)
    assert np.array_equal(values[0], walking(100)[-1])
    assert names == ["step 101"] and tags["FORECAST_WITH"] == "persistence"


def test_trend_and_seasons_go_on(tmp_path):
    path = write_series(tmp_path / "t.tif", trending(100))
    made = train(tmp_path, path, steps=3)
    assert read_card(made["MODEL"]).training["reference"] == "trend"
    values, _, _ = forecast(tmp_path, made["MODEL"], path)
    truth = trending(100)[-1] * np.array([101, 102, 103])[:, None, None] / 99
    assert np.sqrt(np.mean((values - truth) ** 2)) < 1.0 < np.abs(truth).max() / 5
    path = write_series(tmp_path / "s.tif", seasons(108), months(108))
    made = train(tmp_path, path, steps=3, model=str(tmp_path / "s.safetensors"))
    card = read_card(made["MODEL"])
    assert card.training["reference"] == "climatology" and card.arguments["cycle"] == 12
    part = write_series(tmp_path / "part.tif", seasons(108)[50:101], months(108)[50:101])
    values, names, _ = forecast(tmp_path, made["MODEL"], part)
    assert names == ["2008-06-01", "2008-07-01", "2008-08-01"]
    assert np.sqrt(np.mean((values - seasons(108)[101:104]) ** 2)) < 0.5


def test_description_tells_what_it_learned_from_and_how_well_it_did(learned, tmp_path):
    _, _, outputs = learned
    report = str(tmp_path / "d.html")
    said = describe_model.run(DescribeModel(model=outputs["MODEL"], report=report), Silent())
    assert said["TASK"] == "grid forecast" and said["BANDS"] == "level"
    with open(report, encoding="utf-8") as file:
        page = file.read()
    for words in ("Forecasts level, up to 2 steps ahead", "2000-01-01", "the network is used",
                  "test: persistence"):  # fmt: skip
        assert words in page


def test_forecast_sees_nothing_of_later_steps(learned):
    _, _, outputs = learned
    _, forecaster, _, _ = load_forecaster(outputs["MODEL"], "cpu")
    values = averaging(120)
    changed = values.copy()
    changed[100:] += 50
    one, two = (forecaster.forecast(Past(v, filled_forward(v)), 100) for v in (values, changed))
    assert np.array_equal(one, two)


def test_another_level_moves_the_forecast_with_it(learned):
    """The network sees differences from the last grid: what it learned holds in a warmer world."""
    _, _, outputs = learned
    _, forecaster, _, _ = load_forecaster(outputs["MODEL"], "cpu")
    values = averaging(40, seed=5)
    moved = values + 30
    one, two = (forecaster.forecast(Past(v, filled_forward(v)), 40) for v in (values, moved))
    assert np.allclose(two, one + 30, atol=1e-4)


def test_tiles_give_what_the_whole_grid_gives(learned, monkeypatch):
    from plugin.engine.series import forecaster as module

    _, _, outputs = learned
    _, known, _, _ = load_forecaster(outputs["MODEL"], "cpu")
    large = np.tile(averaging(20), (1, 5, 4))
    references = module.References(
        *(np.tile(g, (1,) * (g.ndim - 2) + (5, 4)) for g in vars(known.references).values())
    )
    wide = replace(known, references=references)
    whole = wide.forecast(Past(large, filled_forward(large)), 20)
    monkeypatch.setattr(module, "TILE", 13)
    tiled = wide.forecast(Past(large, filled_forward(large)), 20)
    assert np.allclose(tiled, whole, atol=1e-5)


def test_cells_without_data_stay_empty_and_gaps_do_not_spread(tmp_path):
    values = averaging(100)
    values[:, 0, :3] = np.nan
    values[::7, 4, 4] = np.nan
    values[-1, 5, 5] = np.nan
    path = write_series(tmp_path / "a.tif", values)
    made = train(tmp_path, path)
    found, _, _ = forecast(tmp_path, made["MODEL"], path)
    empty = np.zeros(values.shape[1:], bool)
    empty[0, :3] = True
    assert np.array_equal(np.isnan(found[0]), empty)


def test_same_seed_gives_the_same_model(tmp_path):
    path = write_series(tmp_path / "a.tif", averaging(60)[:, :4, :4])
    scores = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        made = train(tmp_path / name, path, test_steps=10, validation_steps=10, history=2)
        scores.append(read_card(made["MODEL"]).scores)
    assert scores[0] == scores[1]


def test_cancelling_leaves_nothing(tmp_path):
    path = write_series(tmp_path / "a.tif", averaging(100))
    begun = time.monotonic()
    with pytest.raises(Stopped):
        train(tmp_path, path, progress=Said(stop_at=0.1).progress)
    assert time.monotonic() - begun < 60 and os.listdir(tmp_path) == ["a.tif"]


def refused(tmp_path, model, values, **known):
    with pytest.raises(JobError) as caught:
        forecast(tmp_path, model, write_raster(tmp_path / "b.tif", values, **known))
    assert not (tmp_path / "f.tif").exists() and caught.value.remedy
    return str(caught.value)


def test_series_of_another_grid_is_refused(learned, tmp_path):
    model = learned[2]["MODEL"]
    assert "was trained on 11 x 9 cells" in refused(tmp_path, model, averaging(10)[:, :5])
    text = refused(tmp_path, model, averaging(10), crs="EPSG:32617")
    assert "another coordinate reference system" in text
    moved = rasterio.Affine(10.0, 0.0, 600_000.0, 0.0, -10.0, 5_400_000.0)
    assert "another place" in refused(tmp_path, model, averaging(10), transform=moved)


def test_series_of_other_steps_is_refused(learned, tmp_path):
    names = [f"{2000 + n}-01-01" for n in range(10)]
    text = refused(tmp_path, learned[2]["MODEL"], averaging(10), names=names)
    assert "are not those of the model" in text


def test_more_steps_than_the_model_knows_are_refused(learned, tmp_path):
    _, path, outputs = learned
    with pytest.raises(JobError, match="forecasts 2 steps ahead; 3 are asked"):
        forecast(tmp_path, outputs["MODEL"], path, steps=3)
    values, _, _ = forecast(tmp_path, outputs["MODEL"], path, steps=1)
    assert len(values) == 1


def test_undated_part_of_the_series_is_found_again_by_its_newest_grid(tmp_path):
    path = write_series(tmp_path / "t.tif", trending(100))
    made = train(tmp_path, path)
    whole, _, _ = forecast(tmp_path, made["MODEL"], path)
    part = write_series(tmp_path / "part.tif", trending(100)[70:])
    said = Said()
    again, _, _ = forecast(tmp_path, made["MODEL"], part, progress=said.progress)
    assert np.allclose(again, whole, atol=1e-4) and not said.warnings
    lost = write_series(tmp_path / "lost.tif", trending(100)[70:90])
    forecast(tmp_path, made["MODEL"], lost, progress=said.progress)
    assert any("taken to begin at the same step" in text for text in said.warnings)


def test_damaged_model_is_refused(learned, tmp_path):
    _, path, outputs = learned
    with open(outputs["MODEL"], "rb") as file:
        content = file.read()
    for text, other in ((b'"seeds": 1', b'"seeds": 0'), (b'"convgru"', b'"convgrv"')):
        damaged = tmp_path / "d.safetensors"
        damaged.write_bytes(
            content.replace(text.replace(b'"', b'\\"'), other.replace(b'"', b'\\"'))
        )
        with pytest.raises(JobError, match=r"damaged|does not know"):
            forecast(tmp_path, damaged, path)


def test_short_series_is_refused_before_work(tmp_path):
    path = write_series(tmp_path / "a.tif", averaging(20))
    with pytest.raises(JobError, match="of the series' 20 steps"):
        train(tmp_path, path)


@pytest.mark.skipif(not CLIMATE.is_dir(), reason="the climate grids are not beside the checkout")
def test_netcdf_on_a_sphere_is_read_and_forecast(tmp_path):
    path = CLIMATE / "A1B_north_america.nc"
    made = train(tmp_path, path, steps=2, minutes=0.15, test_steps=50)
    assert made["SHIPS"] in ("network", "persistence")
    values, names, _ = forecast(tmp_path, made["MODEL"], path)
    assert names == ["2100-06-01", "2101-06-01"] and values.shape == (2, 37, 49)
    with rasterio.open(path) as source, rasterio.open(tmp_path / "f.tif") as raster:
        assert raster.transform == source.transform and raster.crs == source.crs
        assert np.abs(values[0] - source.read(240)).mean() < 2


@pytest.mark.slow
@pytest.mark.skipif(not CLIMATE.is_dir(), reason="the climate grids are not beside the checkout")
@pytest.mark.parametrize("name", ["A1B", "E1"])
def test_yearly_temperatures_are_forecast_better_than_by_any_reference(tmp_path, name):
    made = train(
        tmp_path, CLIMATE / f"{name}_north_america.nc", steps=5, test_steps=50, history=0, minutes=6
    )
    assert made["SHIPS"] == "network"
    assert min(made[f"SKILL_{r}"] for r in ("PERSISTENCE", "CLIMATOLOGY", "TREND")) > 0.1
