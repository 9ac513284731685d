"""How much better than a reference numbers are forecast."""

from typing import NamedTuple

import numpy as np

DRAWS = 2000


class Skill(NamedTuple):
    """Share of the reference's squared error that is saved, with its interval."""

    value: float
    low: float
    high: float


def skill_score(errors, reference, block, confidence=0.95, draws=DRAWS, seed=0):
    """Skill of a forecast over a reference, with a block bootstrap over time.

    Parameters
    ----------
    errors, reference : array, shape (origin,)
        Mean squared errors of both, of the forecasts made at every origin, in time's order; NaN
        where no truth is known: such an origin does not count.
    block : int
        Neighboring origins that are drawn together, since their errors are alike.
    confidence : float
    draws, seed : int

    Returns
    -------
    Skill
        1 at best, 0 as the reference; the interval is NaN with fewer than 3 blocks, all is NaN
        where the reference makes no error.
    """
    errors, reference = np.asarray(errors, float), np.asarray(reference, float)
    known = np.isfinite(errors) & np.isfinite(reference)
    errors, reference = errors[known], reference[known]
    if not reference.sum() > 0:
        return Skill(np.nan, np.nan, np.nan)
    value = float(1 - errors.sum() / reference.sum())
    number = np.unique(np.flatnonzero(known) // max(block, 1), return_inverse=True)[1]
    sums = np.stack([np.bincount(number, part) for part in (errors, reference)])
    blocks = sums.shape[1]
    if blocks < 3:
        return Skill(value, np.nan, np.nan)
    chosen = np.random.default_rng(seed).integers(0, blocks, (draws, blocks))
    drawn = sums[:, chosen].sum(axis=2)
    skills = 1 - drawn[0] / np.maximum(drawn[1], 1e-300)
    low, high = np.quantile(skills, [0.5 - confidence / 2, 0.5 + confidence / 2])
    return Skill(value, float(low), float(high))
