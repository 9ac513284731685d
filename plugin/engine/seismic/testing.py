"""Test a seismic forecast: gains over references, CSEP's tests, alarms, reliability."""

from dataclasses import dataclass

import numpy as np

from ..metrics import alarms, csep
from ..metrics.forecasts import (
    UNDEFINED,
    at_least_one,
    brier_score,
    brier_skill,
    expected_calibration_error,
    information_gain,
    reliability_curve,
)
from .csep_files import magnitude_shares
from .window_tests import check_windows, magnitude_bins, magnitude_counts, variance_ratio

REFERENCES = ("etas", "smoothed_adaptive", "smoothed_fixed", "uniform")
_SIMULATIONS = 1000


@dataclass(frozen=True)
class Tested:
    """What a test found.

    Attributes
    ----------
    tally : Tally
    grid : SpaceTimeGrid
        The cells and the windows of the test.
    targets : Catalog
        The target events in them.
    gains : dict of str to Gain
        Of the forecast over every other model, per earthquake in nats.
    paired : dict of str to (PairedT, Wilcoxon)
        The T and W tests of the forecast against every other model.
    consistency : dict of str to dict
        Of the whole period: "number", "negative_binomial" (delta 1 and 2), "likelihood",
        "conditional_likelihood", "spatial", "magnitude" (`Consistency`).
    variance_ratio : float
        Variance of the number of events over its mean, in the history.
    windows : list of dict
        The tests of every window.
    b_value : float
    probability : dict
        Brier scores and skills, calibration error, `Reliability`, thresholds.
    alarms : dict of str to dict of str to Trajectory
        Molchan's curves and "roc" of "forecast" and "etas".
    """

    tally: object
    grid: object
    targets: object
    gains: dict
    paired: dict
    consistency: dict
    variance_ratio: float
    windows: list
    b_value: float
    probability: dict
    alarms: dict


def run_tests(tally, grid, targets, history, law, progress, probability=at_least_one):
    """Do all tests.

    Parameters
    ----------
    tally : Tally
    grid : SpaceTimeGrid
    targets : Catalog
        The target events in the test.
    history : int array, shape (period,)
        Target events of windows of the same length before the test.
    law : (float, float)
        Target magnitude and b-value of the law of Gutenberg and Richter.
    progress : Progress
    probability : callable
        Turns the forecast's rates into probabilities of at least one event.

    Returns
    -------
    Tested
    """
    names = [name for name in tally.likelihoods if name != "forecast"]
    edges, b_value = magnitude_bins(targets, law[0]), law[1]
    progress(0.0, "Comparing with the references")
    gains = {name: gain_over(tally, grid, name) for name in names}
    pairs = {name: tally.ratios("forecast", name) for name in names}
    paired = {n: (csep.paired_t_of(*pair), csep.wilcoxon_of(*pair)) for n, pair in pairs.items()}
    progress(0.1, "Testing the whole period")
    ratio = variance_ratio(history, grid.periods)
    consistency = check_period(tally, targets, edges, b_value, ratio, progress.part(0.1, 0.4))
    windows = check_windows(tally, grid, targets, edges, b_value, history, progress.part(0.4, 0.9))
    progress(0.9, "Drawing alarms from the rates")
    return Tested(
        tally, grid, targets, gains, paired, consistency, ratio, windows, b_value,
        _probabilities(tally, probability), _alarms(tally, grid),
    )  # fmt: skip


def gain_over(tally, grid, name):
    """Information gain per earthquake of the forecast over another model, in nats.

    It is not defined over the very model that the forecast is: 0 would look like a finding.
    """
    both = tally.likelihoods["forecast"], tally.likelihoods[name]
    if np.array_equal(*both):
        return UNDEFINED
    return information_gain(*both, tally.events, grid.window_days)


def check_period(tally, targets, edges, b_value, ratio, progress):
    """CSEP's tests of the whole period: likelihoods in bins of cell and window."""
    expected, observed = tally.expected["forecast"].sum(), int(tally.counts.sum())
    rates, counts = tally.rates["forecast"], tally.counts[tally.kept]
    shares = magnitude_shares(b_value, len(edges))
    magnitudes = magnitude_counts(targets, edges)
    found = {
        "number": csep.number_test(expected, observed),
        "negative_binomial": csep.negative_binomial_number_test(
            expected, observed, ratio * expected
        ),
    }
    arrays = {
        "likelihood": (csep.likelihood_test, rates, counts),
        "conditional_likelihood": (csep.conditional_likelihood_test, rates, counts),
        "spatial": (csep.spatial_test, tally.sums["forecast"], tally.counts.sum(axis=0)),
        "magnitude": (csep.magnitude_test, expected * shares, magnitudes),
    }
    for number, (name, (test, *both)) in enumerate(arrays.items()):
        progress(number / len(arrays), f"The {name.replace('_', ' ')} test")
        found[name] = test(*both, _SIMULATIONS, progress=progress)
    return found


def _probabilities(tally, probability):
    """Brier scores, reliability and what a threshold of one half is worth."""
    happened = tally.counts[tally.kept] > 0
    chances = {name: at_least_one(rates) for name, rates in tally.rates.items()}
    chances["forecast"] = probability(tally.rates["forecast"])
    curves = {name: reliability_curve(chances[name], happened) for name in ("forecast", "etas")}
    own = chances["forecast"]
    return {
        "brier": {name: brier_score(chance, happened) for name, chance in chances.items()},
        "brier_skill": {
            **{n: brier_skill(own, happened, chance) for n, chance in chances.items()
               if n != "forecast"},
            "base_rate": brier_skill(own, happened, happened.mean()),
        },
        "reliability": curves,
        "calibration_error": {n: expected_calibration_error(c) for n, c in curves.items()},
        "threshold": alarms.threshold_scores(own, happened),
    }  # fmt: skip


def _alarms(tally, grid):
    counts, area = tally.counts[tally.kept], grid.cell_areas_km2()
    found = {}
    for name in ("forecast", "etas"):
        rates = tally.rates[name]
        found[name] = {
            "area": alarms.molchan(rates, counts, area),
            "smoothed_adaptive": alarms.molchan(rates, counts, tally.rates["smoothed_adaptive"]),
            "roc": alarms.roc_curve(rates, counts),
        }
    return found
