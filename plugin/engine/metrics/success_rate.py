"""How well a map of favorability finds known places when nothing is known of all others.

Presence-only data such as deposits have no places of which one knows that nothing is there. The
success-rate curve compares with the area instead: which share of the deposits lies in the
most favorable 5, 10, 20 % of the map?

References
----------
Chung & Fabbri 2003, Validation of spatial prediction models for landslide hazard mapping,
doi:10.1023/B:NHAZ.0000007172.62651.2b
Agterberg & Bonham-Carter 2005, Measuring the performance of mineral-potential maps,
doi:10.1007/s11053-005-4674-0
"""

from typing import NamedTuple

import numpy as np
from scipy.stats import t as student


class SuccessRate(NamedTuple):
    """The curve from (0, 0) to (1, 1), and the area under it with its 95 % interval.

    Attributes
    ----------
    area_share, captured : ndarray, shape (2 * levels + 2,)
        Share of the map with at least a score, and share of the deposits in it.
    auc, auc_low, auc_high : float
        Chance that a deposit scores higher than a place of the map drawn at random; ties count
        one half. The interval is over deposits, as if they were independent; NaN for one.
    """

    area_share: np.ndarray
    captured: np.ndarray
    auc: float
    auc_low: float
    auc_high: float

    def captured_at(self, share):
        """Share of the deposits in the most favorable `share` of the map."""
        return float(np.interp(share, self.area_share, self.captured))


def success_rate(scores, levels, below, equal, above):
    """The success-rate curve of deposits on a map.

    Parameters
    ----------
    scores : array, shape (n,)
        Score of the map at every deposit.
    levels : array, shape (levels,)
        The different scores of the deposits, ascending.
    below, equal, above : array, shape (levels,)
        Area of the map that scores lower than, exactly as and higher than every level.

    Returns
    -------
    SuccessRate
    """
    total = below + equal + above
    ranks = (below + equal / 2) / total
    place = np.searchsorted(levels, scores)
    counts = np.bincount(place, minlength=len(levels))
    captured = np.cumsum(counts[::-1]) / len(scores)
    # The curve is flat between two levels and rises within one, the faster the fewer pixels it has.
    shares = np.stack([above / total, (above + equal) / total], axis=1)[::-1].ravel()
    steps = np.stack([np.concatenate([[0.0], captured[:-1]]), captured], axis=1).ravel()
    auc, half = float(ranks[place].mean()), _half_width(ranks[place])
    return SuccessRate(
        area_share=np.concatenate([[0.0], shares, [1.0]]),
        captured=np.concatenate([[0.0], steps, [1.0]]),
        auc=auc,
        auc_low=float(np.maximum(auc - half, 0.0)),
        auc_high=float(np.minimum(auc + half, 1.0)),
    )


def _half_width(ranks):
    if len(ranks) < 2:
        return np.nan
    return float(student.ppf(0.975, len(ranks) - 1) * ranks.std(ddof=1) / np.sqrt(len(ranks)))
