"""All that checking a catalog finds, in one place for the report and the outputs."""

from dataclasses import dataclass

import numpy as np

from .b_values import BValue, b_positive, b_value, first_bin
from .completeness import Stability, b_stability, estimate, in_time, lilliefors, most_frequent
from .short_term import ShortTerm, short_term
from .twins import find_twins

USUAL_B = (0.7, 1.4)
_FEW = 200
_MANY_EMPTY = 0.4


@dataclass(frozen=True)
class CatalogCheck:
    """What was found in a catalog.

    Attributes
    ----------
    catalog : Catalog
    step : float
        Width of the bins of magnitude.
    given : float or None
        The user's magnitude of completeness.
    curvature, fullest : float
        The estimate by maximum curvature + 0.2; the fullest bin.
    stability : Stability
    exponential : tuple
        Cuts, p-values and the completeness by the Lilliefors test.
    b, b_positive : BValue
        For `completeness`.
    spans : tuple of float array
        Starts, ends and completeness in time.
    short_term : ShortTerm
    twins : int array
    """

    catalog: object
    step: float
    given: float
    curvature: float
    fullest: float
    stability: Stability
    exponential: tuple
    b: BValue
    b_positive: BValue
    spans: tuple
    short_term: ShortTerm
    twins: np.ndarray

    @property
    def completeness(self):
        """The user's, or else the estimate: never another one in its place."""
        return self.curvature if self.given is None else self.given

    @property
    def complete(self):
        """Which events are of the completeness at least."""
        return self.catalog.magnitude >= self.completeness - 1e-9

    @property
    def hidden(self):
        """Which events fall in a span just after a large one, when others are missed."""
        place = np.searchsorted(self.short_term.starts, self.catalog.days, side="left") - 1
        ends = np.append(self.short_term.ends, -np.inf)
        return (place >= 0) & (self.catalog.days <= ends[place])

    @property
    def is_cut(self):
        """Whether the fullest bin is at the smallest magnitude: the rest was not downloaded."""
        return self.fullest <= self.catalog.magnitude.min() + 1.5 * self.step


def check_catalog(catalog, step, given, progress):
    """Check a catalog.

    Parameters
    ----------
    catalog : Catalog
        Not empty.
    step : float
    given : float or None
        The user's magnitude of completeness.
    progress : Progress

    Returns
    -------
    CatalogCheck
    """
    magnitude = catalog.magnitude
    progress(0.0, "Magnitudes of completeness")
    curvature = estimate(magnitude, step)
    used = curvature if given is None else given
    stability = b_stability(magnitude, step)
    exponential = lilliefors(magnitude, step, progress)
    progress(0.7, "Completeness in time")
    spans = in_time(catalog, step)
    progress(0.8, "Close events")
    return CatalogCheck(
        catalog, step, given, curvature, most_frequent(magnitude, step), stability, exponential,
        b_value(magnitude, used, step), b_positive(magnitude, used, step), spans,
        short_term(catalog, used), find_twins(catalog),
    )  # fmt: skip


def cautions(check):
    """What a user should know before believing the numbers, a sentence or two each."""
    said = [
        _given_too_low(check), _few(check), _odd_b(check), _rounding(check), _worse_before(check),
        _cut(check), _twins(check),
    ]  # fmt: skip
    return [text for text in said if text]


def _given_too_low(check):
    if check.given is None or check.given >= check.curvature - 1e-9:
        return ""
    return (
        f"Your magnitude of completeness, {check.given:g}, is below the estimate of "
        f"{check.curvature:g}. It was used as you gave it; small events may be missing, and rates "
        "and b come out too low."
    )


def _few(check):
    count = int(check.complete.sum())
    if count >= _FEW:
        return ""
    return (
        f"Only {count:,} events are complete: too few to train a forecast, which needs {_FEW} "
        "of the target magnitude. Choose a larger extent, a longer time or a denser catalog."
    )


def _odd_b(check):
    if not check.b.is_known or USUAL_B[0] <= check.b.value <= USUAL_B[1]:
        return ""
    return (
        f"The b-value is {check.b.value:.2f}, outside {USUAL_B[0]} to {USUAL_B[1]}, where it lies for "
        "tectonic earthquakes: mixed kinds of magnitude, unlabeled blasts, a swarm or a wrong "
        "completeness are usual reasons."
    )


def _rounding(check):
    """Magnitudes rounded more coarsely than the bins leave every other bin empty."""
    numbers = np.unique(np.round(check.catalog.magnitude / check.step).astype(int))
    numbers = numbers[numbers <= numbers[0] + 20]
    span = int(np.ptp(numbers)) + 1
    if span < 6 or 1 - len(numbers) / span < _MANY_EMPTY:
        return ""
    return (
        f"Many bins of {check.step:g} are empty between others: magnitudes seem to be rounded more "
        "coarsely. Choose a larger MAGNITUDE_STEP."
    )


def _worse_before(check):
    """The last time when the completeness was clearly worse for long."""
    _, ends, found = check.spans
    usual = max(check.completeness, check.curvature)
    worse = np.flatnonzero(found > usual + 2.5 * check.step)
    if not len(worse):
        return ""
    when = np.datetime64("1970-01-01") + int(ends[worse[-1]])
    share = len(worse) / len(found)
    return (
        f"In {share:.0%} of the spans of time the completeness was worse than "
        f"{usual:g}, up to {found[worse].max():g}, the last time until {when}. Start "
        f"later, or use {found.max():g}."
    )


def _cut(check):
    if not check.is_cut:
        return ""
    return (
        f"The fullest bin of magnitude, {check.fullest:g}, is at the smallest one, "
        f"{check.catalog.magnitude.min():g}: the catalog was cut there. It may be complete from "
        f"{first_bin(check.fullest, check.step) * check.step:g} on, or not; only the smaller "
        "events would tell."
    )


def _twins(check):
    count = int((check.twins >= 0).sum())
    if not count:
        return ""
    return (
        f"{count:,} events follow another one within 2 seconds and 20 km. If the catalog was put "
        "together from several sources, they may be the same; they are kept, and marked in the "
        "field “twin”."
    )
