"""Fit ETAS to a span of windows; choose its background, and how finely windows are cut for it.

Windows may be cut into parts for the fit: the parameters do not depend on the window, and fine
parts tell them apart far better. Where events are missing just after large ones, as in every real
catalog, whole windows forecast better. The validation decides, of whole windows in both cases.
"""

from dataclasses import dataclass, replace

import numpy as np
import torch

from .basis import choose_basis, magnitude_shares
from .cells import Targets
from .etas import (
    EtasData,
    expected_events,
    fit_etas,
    parameter_bounds,
    rates_at_targets,
)
from .etas_law import EtasModel
from .smoothing import shares_at
from .sufficient import sums_at_targets, sums_of_region

CUTS = (1, 16)
# Nats per event within which a finer cut counts as good as the best.
_AS_GOOD = 0.005
_SHORTEST_DAYS = 1e-3


@dataclass(frozen=True)
class EtasChoice:
    """What the validation chose.

    Attributes
    ----------
    background : Smoothing
    cut : int
        Parts of a window.
    fit : EtasFit
    model : EtasModel
    """

    background: object
    cut: int
    fit: object
    model: EtasModel


@dataclass(frozen=True)
class _Gathered:
    """The past of the targets of a span of windows, cut into parts."""

    starts: np.ndarray
    targets: Targets
    sums: torch.Tensor
    region: torch.Tensor
    days: float


def choose_etas(span, smoothings, progress):
    """Fit ETAS to the training with every background and cut, and choose by the validation.

    Parameters
    ----------
    span : Span
    smoothings : dict of str to Smoothing
        The candidates for the background.
    progress : Progress

    Returns
    -------
    EtasChoice
    """
    basis = _basis(span)
    shares = _mean_shares(span, basis, span.training)
    bounds = parameter_bounds(basis, span.grid.window_days, span.cells)
    judge = _gather(span, 1, span.training, span.validation, basis, progress.part(0.0, 0.2))
    found = []
    for place, cut in enumerate(CUTS):
        name = f"ETAS, choice {place + 1} of {len(CUTS)}"
        part = progress.part(0.2 + 0.4 * place, 0.6 + 0.4 * place, name)
        found += _try_cut(span, cut, smoothings, judge, basis, shares, bounds, part)
    _, cut, smoothing, fit = _best(found)
    model = EtasModel(fit.parameters, basis, shares, span.grid.window_days)
    return EtasChoice(smoothing, cut, fit, model)


def fit_etas_again(span, cut, background, basis, first, progress):
    """Fit ETAS to training and validation together.

    Parameters
    ----------
    span : Span
    cut : int
    background : Smoothing
    basis : Basis
    first : EtasFit
        Where to begin.
    progress : Progress

    Returns
    -------
    EtasFit, EtasModel
    """
    shares = _mean_shares(span, basis, span.validation)
    learned = _gather(span, cut, 0, span.validation, basis, progress.part(0.0, 0.7))
    data = _data(span, learned, background, basis, shares, progress)
    fit = fit_etas(data, first.bounds, progress.part(0.7, 1.0), first.parameters)
    return fit, EtasModel(fit.parameters, basis, shares, span.grid.window_days)


def _try_cut(span, cut, smoothings, judge, basis, shares, bounds, progress):
    """Fits with every background: likelihood of the validation, cut, background, fit."""
    learned = _gather(span, cut, 0, span.training, basis, progress.part(0.0, 0.5))
    found = []
    for smoothing in smoothings.values():
        data = _data(span, learned, smoothing, basis, shares, progress)
        fit = fit_etas(data, bounds, progress.part(0.5, 1.0))
        judged = _data(span, judge, smoothing, basis, shares, progress)
        found.append((_log_likelihood(fit, judged), cut, smoothing, fit))
    return found


def _best(found):
    """The best of the finest cut that is as good as the best of all."""
    highest = max(gained for gained, *_ in found)
    good = [one for one in found if one[0] >= highest - _AS_GOOD]
    finest = max(cut for _, cut, *_ in good)
    return max((one for one in good if one[1] == finest), key=lambda one: one[0])


def _basis(span):
    highest = float((span.events.magnitude - span.completeness).max())
    days = float(span.grid.end_days - span.events.days[0])
    return choose_basis(span.cells, highest, days, _SHORTEST_DAYS, len(span.targets))


def _mean_shares(span, basis, stop):
    """Complete events before a window at every node of magnitude, per target event."""
    before = span.events.between(-np.inf, span.grid.edges[stop])
    node, share = magnitude_shares(before.magnitude - span.completeness, basis.magnitudes)
    counts = np.bincount(node.ravel(), share.ravel(), minlength=len(basis.magnitudes))
    return counts / max(len(before.above(span.target_magnitude)), 1)


def _gather(span, cut, first, stop, basis, progress):
    grid = replace(
        span.grid.during(float(span.starts[first]), (stop - first) * cut),
        window_days=span.grid.window_days / cut,
    )
    starts, above = grid.edges[:-1], span.events.magnitude - span.completeness
    targets = Targets.of(grid, span.events.above(span.target_magnitude))
    sums = sums_at_targets(span.events, span.cells, above, basis, starts, targets, progress)
    region = sums_of_region(span.events, span.cells, above, basis, starts)
    return _Gathered(starts, targets, sums, region, grid.window_days)


def _data(span, gathered, background, basis, shares, progress):
    targets = gathered.targets
    return EtasData(
        targets.count,
        shares_at(span.events, span.cells, background, gathered.starts, targets, progress),
        gathered.sums, gathered.region, len(gathered.starts), gathered.days, basis, shares,
    )  # fmt: skip


def _log_likelihood(fit, data):
    """Log-likelihood per event of whole windows that the fit has not seen."""
    rates = rates_at_targets(fit.parameters, data)
    total = data.counts @ np.log(rates) - expected_events(fit.parameters, data)
    return float(total) / data.counts.sum()
