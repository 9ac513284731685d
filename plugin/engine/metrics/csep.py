"""The tests of the Collaboratory for the Study of Earthquake Predictability, as in pyCSEP.

The same numbers come out as from pyCSEP, to rounding: chance is drawn in its order from NumPy's
older generator, so that even simulated catalogs are the same for the same seed. A `progress` with
a method ``check()`` is asked before every simulated catalog, so that a user can cancel.

`rates` and `counts` are arrays of the same shape: a bin in space, magnitude and, where several
windows are tested as one, time.

References
----------
Schorlemmer et al. 2007, doi:10.1785/gssrl.78.1.17 (N, L); Zechar et al. 2010,
doi:10.1785/0120090192 (S, M); Werner et al. 2011, doi:10.4401/ag-4843 (CL); Rhoades et al. 2011,
doi:10.2478/s11600-011-0013-5 (T, W); Savran et al. 2022, doi:10.1785/0220220033 (pyCSEP).
"""

from typing import NamedTuple

import numpy as np
from scipy.special import betainc, pdtr
from scipy.stats import norm, rankdata, t

SIMULATIONS = 1000
_EVENTS_AT_ONCE = 1_000_000


class Consistency(NamedTuple):
    """A likelihood test: share of simulated catalogs that are not more likely than the observed.

    A small quantile says that the forecast is not consistent with the observation.
    """

    quantile: float
    log_likelihood: float
    simulated: np.ndarray


class PairedT(NamedTuple):
    """Information gain per earthquake with Student's interval; NaN where it is not defined."""

    gain: float
    low: float
    high: float
    statistic: float
    critical: float


class Wilcoxon(NamedTuple):
    """Signed-rank test of the median gain: z and two-sided p; NaN where it is not defined."""

    statistic: float
    probability: float


def number_test(expected, observed):
    """Compare numbers of events, Poisson (N test).

    Returns
    -------
    delta_1, delta_2 : float
        Probability of at least and of at most the observed number.
    """
    return _tails(lambda count: pdtr(count, expected), observed)


def negative_binomial_number_test(expected, observed, variance):
    """Compare numbers of events where clusters make the variance larger than the mean.

    Parameters
    ----------
    expected, observed : float, int
    variance : float
        Of the number of events in such a span; up to the mean it is Poisson's.

    References
    ----------
    Kagan 2010, doi:10.1111/j.1365-246X.2009.04387.x
    """
    if variance <= expected:
        return number_test(expected, observed)
    size, share = expected**2 / (variance - expected), expected / variance
    return _tails(lambda count: betainc(size, count + 1, share), observed)


def _tails(at_most, observed):
    """Probability of at least and of at most a number, from the latter's function."""
    less = at_most(observed - 1) if observed > 0 else 0.0
    return float(1.0 - less), float(at_most(observed))


def likelihood_test(rates, counts, simulations=SIMULATIONS, seed=0, progress=None):
    """Compare rates and counts, number included (L test)."""
    return _likelihood_test(rates, counts, "forecast", simulations, seed, progress)


def conditional_likelihood_test(rates, counts, simulations=SIMULATIONS, seed=0, progress=None):
    """Compare rates and counts, given the number of events (CL test)."""
    return _likelihood_test(rates, counts, "observed", simulations, seed, progress)


def spatial_test(rates, counts, simulations=SIMULATIONS, seed=0, progress=None):
    """Compare where events are, given their number (S test).

    Parameters
    ----------
    rates, counts : array, shape (place,) or (row, column)
        Already summed over magnitudes and times.
    """
    return _likelihood_test(rates, counts, "scaled", simulations, seed, progress)


def magnitude_test(rates, counts, simulations=SIMULATIONS, seed=0, progress=None):
    """Compare the magnitudes of events, given their number (M test).

    Parameters
    ----------
    rates, counts : array, shape (magnitude,)
        Already summed over places and times.
    """
    return _likelihood_test(rates, counts, "scaled", simulations, seed, progress)


def _likelihood_test(rates, counts, number, simulations, seed, progress):
    """`number` of simulated events: as "forecast", as "observed", or observed and rates "scaled"."""
    rates, counts = np.ravel(rates).astype(np.float64), np.ravel(counts)
    expected, observed = rates.sum(), int(counts.sum())
    steps = np.cumsum(rates) / expected
    with np.errstate(divide="ignore"):
        if number == "scaled":
            logs, expected = np.log(rates * (observed / expected)), observed
        else:
            logs = np.log(rates)
    chance = np.random.RandomState(seed)
    simulated, drawn, waiting = [], [], 0
    for place in range(simulations):
        if progress is not None:
            progress.check()
        events = int(chance.poisson(expected)) if number == "forecast" else observed
        # Sorted numbers are found many times faster in an array that no cache holds.
        drawn.append(np.searchsorted(steps, np.sort(chance.rand(events)), side="right"))
        waiting += events
        if waiting > _EVENTS_AT_ONCE or place == simulations - 1:
            simulated.append(_log_likelihoods(logs, drawn, expected))
            drawn, waiting = [], 0
    places = np.flatnonzero(counts)
    found = _log_likelihoods(logs, [np.repeat(places, counts[places].astype(int))], expected)[0]
    simulated = np.concatenate(simulated)
    return Consistency(float(np.mean(simulated <= found)), float(found), simulated)


def _log_likelihoods(logs, catalogs, expected):
    """Joint log-likelihoods of catalogs, each given by the bins of its events, (catalog,).

    Equal catalogs get the same number to the last bit, so that ties count as such.
    """
    owner = np.repeat(np.arange(len(catalogs)), [len(bins) for bins in catalogs])
    bins = np.concatenate(catalogs).astype(np.int64)
    order = np.lexsort((bins, owner))
    owner, bins = owner[order], bins[order]
    # The logarithm of n! is that of 1 * 2 * ... * n: each event counts those before it in its bin.
    is_first = np.ones(len(bins), bool)
    is_first[1:] = (np.diff(bins) != 0) | (np.diff(owner) != 0)
    place = np.arange(len(bins))
    rank = place - np.maximum.accumulate(np.where(is_first, place, 0)) + 1
    terms = logs[bins] - np.log(rank)
    return np.bincount(owner, terms, len(catalogs)) - expected


def paired_t_test(rates, reference, counts, alpha=0.05):
    """Compare two forecasts by Student's test of their log ratios at the events (T test).

    Parameters
    ----------
    rates, reference, counts : array of the same shape
    alpha : float
        The interval holds 1 - alpha.

    Returns
    -------
    PairedT
    """
    return paired_t_of(*_ratios(rates, reference, counts), alpha)


def paired_t_of(ratios, surplus, alpha=0.05):
    """The T test of log ratios at the events.

    Parameters
    ----------
    ratios : array, shape (event,)
        Logarithm of the ratio of both rates at every event.
    surplus : float
        How many events more the first forecast expects in all.
    alpha : float

    Returns
    -------
    PairedT
        NaN without events; an interval of NaN with one.
    """
    events = len(ratios)
    if events == 0:
        return PairedT(*[np.nan] * 5)
    gain = float((ratios.sum() - surplus) / events)
    if events == 1:
        return PairedT(gain, *[np.nan] * 4)
    variance = np.sum(ratios**2) / (events - 1) - ratios.sum() ** 2 / (events**2 - events)
    error = float(np.sqrt(max(variance, 0.0) / events))  # rounding may leave less than nothing
    critical = float(t.ppf(1 - alpha / 2, events - 1))
    statistic = gain / error if error > 0 else np.nan
    return PairedT(gain, gain - critical * error, gain + critical * error, statistic, critical)


def wilcoxon_test(rates, reference, counts):
    """Compare two forecasts by the signed ranks of their log ratios at the events (W test)."""
    return wilcoxon_of(*_ratios(rates, reference, counts))


def wilcoxon_of(ratios, surplus):
    """The W test of log ratios at the events; see `paired_t_of`."""
    if not len(ratios):
        return Wilcoxon(np.nan, np.nan)
    distances = ratios - surplus / len(ratios)
    distances = distances[distances != 0]
    count = len(distances)
    if count == 0:
        return Wilcoxon(np.nan, np.nan)
    ranks = rankdata(np.abs(distances))
    least = min(ranks[distances > 0].sum(), ranks[distances < 0].sum())
    _, ties = np.unique(ranks, return_counts=True)
    spread = count * (count + 1.0) * (2.0 * count + 1.0) - 0.5 * np.sum(ties**3 - ties)
    z = (least - count * (count + 1.0) / 4) / np.sqrt(spread / 24)
    return Wilcoxon(float(z), float(2 * norm.sf(abs(z))))


def _ratios(rates, reference, counts):
    """Log ratio of the rates at every event, and how many events more the first expects."""
    rates, reference = np.asarray(rates), np.asarray(reference)
    places = np.nonzero(counts)
    with np.errstate(divide="ignore"):
        ratios = np.log(rates[places]) - np.log(reference[places])
    times = np.asarray(counts)[places].astype(np.int64)
    surplus = rates.sum(dtype=np.float64) - reference.sum(dtype=np.float64)
    return np.repeat(ratios, times), float(surplus)
