"""Headlines of reports say what the numbers say, in words that need no textbook."""

from types import SimpleNamespace

import numpy as np
import pytest

from plugin.engine.accuracy_report import write_success_report
from plugin.engine.accuracy_report_verdict import headline as map_headline
from plugin.engine.explanation.report import Examples, write_band_report, write_heat_report
from plugin.engine.metrics.success_rate import SuccessRate
from plugin.engine.seismic.testing_verdict import verdict
from plugin.engine.upscaling.judging import CORRECTED
from plugin.engine.upscaling.report_sections import headline as upscaling_headline
from plugin.jobs.model_card import CLASSIFICATION, ModelCard
from report_form import Page

NAMES = ["chalk", "marl", "basalt"]


def read(path):
    return Page(path.read_text(encoding="utf-8")).headline


def assessed(confusion):
    confusion = np.array(confusion)
    return SimpleNamespace(
        confusion=confusion, names=NAMES, total=confusion.sum(), estimates=None,
        is_remembered=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("confusion", "said"),
    [
        ([[30, 0, 0], [0, 30, 0], [0, 0, 30]], "Good on all 3 classes: no reference place is"),
        ([[30, 9, 0], [1, 21, 0], [0, 0, 30]],
         "Good on 1 of 3 classes; confuses “chalk” with “marl”."),
        ([[98, 2, 0], [0, 99, 1], [0, 0, 99]],
         "Good on all 3 classes; its most frequent confusion is “chalk” with “marl”."),
        ([[90, 5, 5], [9, 1, 0], [9, 0, 1]],
         "Not shown to be better than a map that says “chalk” everywhere."),
    ],
)  # fmt: skip
def test_map_is_said_to_be_good_where_it_is(confusion, said):
    assert map_headline(assessed(confusion)).startswith(said)


@pytest.mark.parametrize(
    ("low", "word"),
    [(0.45, "Not shown to be better than chance"), (0.6, "Of some use"), (0.8, "Useful"),
     (0.95, "Very useful")],
)  # fmt: skip
def test_favorability_has_a_word_for_its_use(low, word, tmp_path):
    shares, captured = np.array([0.0, 0.1, 1.0]), np.array([0.0, 0.6, 1.0])
    curve = SuccessRate(shares, captured, 0.97, low, 0.99)
    path = tmp_path / "r.html"
    write_success_report(str(path), curve, [("Deposits", 50)], [], "Success rate", "a map")
    assert (
        read(path)
        == f"{word}: the most favorable tenth of the map holds 60\u00a0% of the deposits."
    )


def judged(gains):
    def gain(name, other=None):
        return gains[other]

    tables = {CORRECTED: {}} if CORRECTED in gains else {}
    return SimpleNamespace(
        gain=gain, main="Generator", tables=tables, plainly="cubic interpolation"
    )


@pytest.mark.parametrize(
    ("gains", "said"),
    [
        ({None: (-6.02, (-7, -5))}, "No better than cubic interpolation: its error is 100% larger."),
        ({None: (0.1, (-0.1, 0.3))}, "Not shown to be nearer to the truth than cubic"),
        ({None: (6.02, (5, 7))}, "Nearer to the truth than cubic interpolation: its error is 50% smaller."),
        ({None: (6.02, (5, 7)), CORRECTED: (0.02, (0.01, 0.03))}, "Nearer to the truth than cubic "
         "interpolation: its error is 50% smaller, but hardly smaller than that of back-projection"),
        ({None: (6.02, (5, 7)), CORRECTED: (1.0, (0.9, 1.1))}, "Nearer to the truth than cubic "
         "interpolation: its error is 50% smaller, and 11% smaller than that of back-projection."),
    ],
)  # fmt: skip
def test_decibels_are_said_as_errors(gains, said):
    assert upscaling_headline(judged(gains)).startswith(said)


def card(count=3):
    return ModelCard(
        CLASSIFICATION, "small_cnn",
        bands=[{"name": f"band {n}", "unit": ""} for n in range(1, count + 1)],
        classes=[{"value": 1, "name": "chalk", "color": "#aaaaaa"}],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("hot", "said"), [(1, "few places"), (30, "some places more"), (100, "everything alike")]
)
def test_heat_is_said_to_be_narrow_or_wide(hot, said, tmp_path):
    heat = np.zeros(100)
    heat[:hot] = 1
    examples, pixels = Examples(1, 1), np.zeros((10, 10, 3), np.uint8)
    examples.add(pixels, heat.reshape(10, 10), 0, 0.9)
    path = tmp_path / "r.html"
    write_heat_report(str(path), card(), "gradcam", examples, "s", "images")
    assert said in read(path)


@pytest.mark.parametrize(
    ("drops", "said"),
    [([0.2, 0.0, 0.01], "“band 1” matters most: without it accuracy falls by 20.0 points"),
     ([0.001, 0.0, 0.0], "No single band matters: without any one of them")],
)  # fmt: skip
def test_band_matters_only_if_something_is_lost_without_it(drops, said, tmp_path):
    importance = SimpleNamespace(
        drops=np.repeat(np.array(drops)[:, None], 3, axis=1),
        before=0.9,
        changed=np.zeros((3, 3)),
        answers=100,
    )
    path = tmp_path / "r.html"
    write_band_report(str(path), card(), importance, "accuracy", 50, "s", "images")
    assert read(path).startswith(said)


@pytest.mark.parametrize(
    ("gain", "said"),
    [((0.405, 0.3, 0.5), "The forecast beats ETAS: events fell where and when its rate was on average 1.50"),
     ((-0.405, -0.5, -0.3), "The forecast is worse than ETAS"),
     ((0.01, -0.1, 0.2), "The forecast is as good as that of ETAS: no difference")],
)  # fmt: skip
def test_gain_over_etas_is_said_as_a_rate(gain, said):
    known = SimpleNamespace(value=gain[0], low=gain[1], high=gain[2])
    gains = dict.fromkeys(("etas", "smoothed_adaptive", "uniform"), known)
    model = SimpleNamespace(network="x", training={"ships": "network"})
    headline, sentence = verdict(SimpleNamespace(gains=gains), model)
    assert headline.startswith(said) and "nats" in sentence
