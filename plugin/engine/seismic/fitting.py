"""Fit all models of seismicity: the references first, then the networks on top of them.

Everything is chosen by the validation, from models that were fitted to the training; what was
chosen is then fitted again to both together.
"""

from dataclasses import dataclass, replace

import numpy as np

from ..networks.seismic_residual import SEISMIC_NETWORKS
from .additive import fit_additive
from .etas_choice import CUTS, choose_etas, fit_etas_again
from .excitation import ExcitationMaps, Past
from .forecast import Models
from .neuron import fit_neuron
from .recording import record
from .residual import LearningSet, learn, make_features
from .smoothing import FLOORS, NEIGHBORS, WIDTHS_IN_CELLS, Smoothing, shares_at


@dataclass(frozen=True)
class Choices:
    """What the validation chose.

    Attributes
    ----------
    smoothings : dict of str to Smoothing
        "fixed", "adaptive", "background".
    cut : int
        In how many parts a window is cut for the fit of ETAS.
    epochs : list of int
        Of every network.
    tried : dict of str to int
        Number of variants by what they are variants of.
    """

    smoothings: dict
    cut: int
    epochs: list
    tried: dict


@dataclass(frozen=True)
class Fitted:
    """Models with how they were fitted.

    Attributes
    ----------
    models : Models
    etas_fit : EtasFit
    trainings : list of Learned
    """

    models: Models
    etas_fit: object
    trainings: list


def fit_and_choose(span, network, seeds, seed, progress):
    """Fit to the training, and choose by the validation.

    Parameters
    ----------
    span : Span
    network : str
        A key of `SEISMIC_NETWORKS`, or "reference" for none.
    seeds, seed : int
        How many networks are averaged, and where chance starts.
    progress : Progress

    Returns
    -------
    Fitted, Choices
    """
    smoothings = _choose_smoothings(span, progress.part(0.0, 0.1))
    chosen = choose_etas(span, smoothings, progress.part(0.1, 0.5))
    smoothings = {**smoothings, "background": chosen.background}
    kind = _kind(network)
    samples = _record(span, chosen.model, smoothings, kind, seed, progress.part(0.5, 0.65))
    learning = samples.where(0, span.training)
    watched = samples.where(span.training, span.validation)
    models = _sums(span, learning, chosen.model, smoothings, kind)
    trainings = []
    if network in SEISMIC_NETWORKS:
        sets = [LearningSet(part, models.features, kind) for part in (learning, watched)]
        for number in range(seeds):
            part = _part(progress, 0.65, number, seeds)
            trainings.append(learn(network, *sets, seed + number, 0, part))
    tried = {
        "smoothings": len(FLOORS) * (len(NEIGHBORS) + len(WIDTHS_IN_CELLS)),
        "fits of ETAS": 2 * len(CUTS),
        "networks": len(trainings),
    }
    epochs = [one.best_epoch for one in trainings]
    choices = Choices(smoothings, chosen.cut, epochs, tried)
    return Fitted(_with_networks(models, trainings), chosen.fit, trainings), choices


def fit_again(span, network, seed, choices, first, progress):
    """Fit what was chosen to training and validation together.

    Parameters
    ----------
    span : Span
    network : str
    seed : int
    choices : Choices
    first : Fitted
        The fit to the training, from which this one starts.
    progress : Progress

    Returns
    -------
    Fitted
    """
    background = choices.smoothings["background"]
    basis, part = first.models.etas.basis, progress.part(0.0, 0.4)
    fit, model = fit_etas_again(span, choices.cut, background, basis, first.etas_fit, part)
    kind = _kind(network)
    samples = _record(span, model, choices.smoothings, kind, seed, progress.part(0.4, 0.6))
    models = _sums(span, samples, model, choices.smoothings, kind)
    trainings = []
    learning = LearningSet(samples, models.features, kind) if choices.epochs else None
    for number, epochs in enumerate(choices.epochs):
        part = _part(progress, 0.6, number, len(choices.epochs))
        trainings.append(learn(network, learning, None, seed + number, epochs, part))
    return Fitted(_with_networks(models, trainings), fit, trainings)


def _choose_smoothings(span, progress):
    """The bandwidths and floors with the highest likelihood of the validation."""
    targets = span.targets.where(span.targets.window >= span.training)
    area = span.cells.area_shares[targets.row, targets.column]
    tried = [("fixed", width * span.cells.side_km) for width in WIDTHS_IN_CELLS]
    tried += [("adaptive", number) for number in NEIGHBORS]
    best = {}
    for place, (kind, bandwidth) in enumerate(tried):
        progress(place / len(tried), f"Smoothing {place + 1} of {len(tried)}")
        smoothing = Smoothing(kind, float(bandwidth), 0.0)
        shares = shares_at(span.events, span.cells, smoothing, span.starts, targets, progress)
        for floor in FLOORS:
            gained = float(targets.count @ np.log((1 - floor) * shares + floor * area))
            if kind not in best or gained > best[kind][0]:
                best[kind] = gained, Smoothing(kind, float(bandwidth), floor)
    return {kind: smoothing for kind, (_, smoothing) in best.items()}


def _record(span, etas, smoothings, kind, seed, progress):
    """Samples of all windows before the end of the validation."""
    maps = ExcitationMaps.of(span.grid.window_days, span.cells)
    background = {"background": smoothings["background"]}
    past = Past(span.events, span.cells, span.completeness, etas, maps, background)
    return record(past, span.grid, span.targets, span.validation, kind, seed, progress)


def _sums(span, samples, etas, smoothings, kind):
    """The models that need samples of the maps, without networks."""
    maps = ExcitationMaps.of(span.grid.window_days, span.cells)
    features = make_features(samples, fit_additive(samples), maps, kind)
    neuron = fit_neuron(samples, features.units, maps)
    mean = float(samples.count.sum()) / len(samples.totals)
    return Models(
        span.completeness, span.grid.window_days, mean, smoothings, etas, maps, features, neuron, []
    )


def _with_networks(models, trainings):
    networks = [one.network for one in trainings]
    return replace(models, networks=networks, ships=bool(networks))


def _kind(network):
    return SEISMIC_NETWORKS.get(network, SEISMIC_NETWORKS["cell"])


def _part(progress, start, number, count):
    width = (1 - start) / count
    name = f"Network {number + 1} of {count}" if count > 1 else "Network"
    return progress.part(start + width * number, start + width * (number + 1), name)
