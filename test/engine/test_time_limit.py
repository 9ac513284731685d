"""A training keeps to its minutes, baselines and report included, and says where it is."""

import time
from types import SimpleNamespace

import numpy as np
import pytest

from brightness import Said
from plugin.engine.detection.fitting import Fitting
from plugin.engine.detection.result import DetectionResult, Scored, scores
from plugin.engine.detection.scoring import score_units
from plugin.engine.metrics.detection import Objects
from plugin.engine.pixels import baselines
from plugin.engine.pixels.fits import Fits
from plugin.engine.progress import Progress, Silent
from plugin.engine.schedule import seconds_for_fits


@pytest.mark.parametrize("minutes", [0.5, 2.0, 10.0, 60.0])
def test_time_is_kept_for_scores_and_report(minutes):
    kept = 60 * minutes - seconds_for_fits(minutes)
    assert min(0.2 * 60 * minutes, 60.0) <= kept <= max(60.0, 0.06 * 60 * minutes)
    assert seconds_for_fits(minutes, 0.1) == pytest.approx(
        seconds_for_fits(minutes) - min(6 * minutes, 60.0)
    )


def pixel_fits(minutes, folds=3, spent=0.0):
    job = SimpleNamespace(minutes=minutes, epochs=0)
    plan = SimpleNamespace(splits=[None] * folds, refit=True)
    return Fits(SimpleNamespace(job=job), plan, None, [], time.monotonic() - spent)


def test_fits_and_baselines_together_leave_time_for_the_report():
    """Every fit takes all of its time; the baselines come before the last one."""
    minutes, spent = 2.0, 7.0
    for fold in range(3):
        spent += pixel_fits(minutes, spent=spent)._seconds(fold)
    spent += pixel_fits(minutes).seconds_for_baselines
    last = pixel_fits(minutes, spent=spent)._seconds(3)
    assert last > 0.8 * (60 * minutes - 7.0) / 5
    assert spent + last == pytest.approx(0.8 * 60 * minutes, abs=0.5)


def test_a_detector_leaves_time_for_the_search_that_scores_it():
    job = SimpleNamespace(minutes=2.0, epochs=0)
    fitting = Fitting(job, None, None, None, 64, 8, None, 1, time.monotonic() - 20)
    assert fitting._seconds(1.0) == pytest.approx(0.8 * 120 - 20, abs=0.5)
    assert fitting._seconds(1.0, aside=30) == pytest.approx(0.8 * 120 - 50, abs=0.5)


class Slow:
    """Finds nothing, in a while."""

    def find(self, scene, area, share, progress):
        time.sleep(0.02)
        progress(1.0)
        return Objects(np.zeros((0, 4)), np.zeros(0, int), np.zeros(0))


def test_an_untrained_detector_is_asked_as_long_as_there_is_time():
    unit = SimpleNamespace(scene=0, row=0, column=0, height=9, width=9,
                           holds=lambda boxes: np.ones(len(boxes), bool))  # fmt: skip
    scene = SimpleNamespace(boxes=np.array([[1.0, 1, 5, 5]]), labels=np.array([0]))
    collection, said = SimpleNamespace(scenes=[scene], is_raster=False), Said()
    some = np.zeros(50, int)
    found, truth = score_units(Slow(), collection, [unit], some, said.progress, 0.1)
    assert 1 <= len(found) == len(truth) < 20
    said.progress.flush()
    assert said.texts[0] == "Image 1 of 50" and len(score_units(
        Slow(), collection, [unit], some[:7], Silent())[0]) == 7  # fmt: skip


def test_only_what_was_searched_is_the_score_of_the_untrained():
    box = Objects(np.array([[1.0, 1, 5, 5]]), np.array([0]), np.array([0.9]))
    nothing = Objects(np.zeros((0, 4)), np.zeros(0, int), np.zeros(0))
    scored = [Scored(None, None, box, box, box), Scored(None, None, nothing, box, None)]
    numbers = scores(DetectionResult("", "", ["pit"], ["#000000"], scored, [], "", ""))
    assert numbers["baselines"]["untrained"] == {"map50": 1.0, "map": 1.0, "scored": 1}
    assert numbers["map50"] == pytest.approx(0.5, abs=0.01)


def noisy(count=4000, bands=30, classes=8):
    chance = np.random.default_rng(0)
    labels = chance.integers(0, classes, count)
    values = chance.normal(0, 1, (count, bands)).astype(np.float32)
    values[:, 0] += labels
    return values, labels, classes


@pytest.mark.parametrize("kind", [baselines.FOREST, baselines.REGRESSION])
def test_baselines_stop_when_their_time_is_over_and_answer_all_the_same(kind, monkeypatch):
    values, labels, classes = noisy()
    monkeypatch.setattr(baselines, "_STEPS", 2)
    whole, is_whole = baselines.baseline(kind, values, labels, values[:500], classes, 0)
    short, is_short = baselines.baseline(kind, values, labels, values[:500], classes, 0, 1e-9)
    assert is_whole and not is_short
    assert whole.shape == short.shape == (500, classes)
    assert np.abs(short.sum(axis=1) - 1).max() < 1e-6 and not np.allclose(whole, short)


def test_a_forest_that_grows_is_the_forest_planted_at_once():
    from sklearn.ensemble import RandomForestClassifier

    values, labels, classes = noisy(600, 4, 3)
    grown, _ = baselines.baseline(baselines.FOREST, values, labels, values, classes, 5)
    forest = RandomForestClassifier(150, min_samples_leaf=2, random_state=5).fit(values, labels)
    assert np.allclose(grown, forest.predict_proba(values))


def test_texts_of_a_fold_say_which():
    said = Said()
    for fold, part in enumerate(said.progress.folds(2), 1):
        part.part(0.5, 1.0)(0.5, f"epoch {fold}")
        said.progress.flush()
    assert said.texts == ["Fold 1 of 2: epoch 1", "Fold 2 of 2: epoch 2"]
    inner = said.progress.folds(2)[1].part(0.5, 1.0, "Image 3 of 9")
    inner(0.5)
    said.progress.flush()
    assert said.texts[-1] == "Fold 2 of 2, image 3 of 9"
    only = said.progress.folds(1)[0]
    only(0.9, "epoch 3")
    said.progress.flush()
    assert said.texts[-1] == "epoch 3"


def test_parts_of_a_job_know_when_it_began():
    whole = Progress(lambda kind, **words: None)
    assert whole.folds(3)[2].part(0.1, 0.2).started == whole.started
    assert Silent().started <= time.monotonic()
