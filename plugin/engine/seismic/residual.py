"""Networks that learn what a sum of excitation maps and ETAS leaves.

Their inputs are logarithms of the ratios of maps to the sum, their answer is the logarithm of a
factor on it. Both likelihood and early stopping count events in cells of windows.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch.nn.functional import softplus

from .. import checkpoint
from ..networks.seismic_residual import SEISMIC_NETWORKS

LARGEST = 3.0
_FLOOR = 1e-3
_TINY = 1e-12
_LEARNING_RATE, _WEIGHT_DECAY = 3e-3, 3e-2
_BATCH = 8192
_MOST_EPOCHS, _PATIENCE = 150, 10
_AT_ONCE = 65536


@dataclass(frozen=True)
class Features:
    """How raw maps become inputs of a network.

    Attributes
    ----------
    additive : array, shape (map,)
        Weights of the sum that is corrected.
    units : array, shape (map,)
        Events in a cell of a window for a unit of each map, were it the only one.
    chosen : tuple of int
        The maps that are read.
    mean, sd : array, shape (band,)
        Of the inputs before the cut, weighted by expected events.
    """

    additive: np.ndarray
    units: np.ndarray
    chosen: tuple
    mean: np.ndarray
    sd: np.ndarray

    def offset(self, raw):
        """Expected events of the sum; raw maps in the last dimension."""
        return raw @ torch.from_numpy(self.additive).to(raw.dtype) + _TINY

    def inputs(self, raw, kind):
        """Inputs (..., band) of raw maps (..., map)."""
        units = torch.from_numpy(self.units[list(self.chosen)]).float()
        values = raw[..., list(self.chosen)]
        if kind.is_residual:
            inputs = torch.log(values * units / self.offset(raw)[..., None] + _FLOOR)
        else:
            inputs = torch.log1p(values)
        return (inputs - torch.from_numpy(self.mean).float()) / torch.from_numpy(self.sd).float()


def chosen_maps(maps, kind):
    """The 14 maps that a network reads.

    A residual network reads counts at three widths and four decays, the background and ETAS; the
    plain classifier reads counts alone.
    """
    places = np.arange(maps.count).reshape(maps.shape)
    if kind.is_residual:
        return (*places[:, 0, [0, 1, 3, 5]].ravel().tolist(), maps.count, maps.count + 1)
    return (*places[:, 0, [0, 1, 3, 5]].ravel().tolist(), *places[:2, 0, 4].tolist())


def make_features(samples, additive, maps, kind):
    """Take normalization and units from samples."""
    counts, totals = float(samples.count.sum()), samples.totals.sum(0)
    units = counts / np.maximum(totals, 1e-300)
    chosen = chosen_maps(maps, kind)
    ones = np.ones(len(chosen))
    features = Features(additive, units, chosen, 0 * ones, ones)
    raw = samples.centers()
    inputs = features.inputs(raw, kind).double()
    weight = torch.from_numpy(samples.weight) * features.offset(raw)
    weight = (weight / weight.sum())[:, None].double()
    mean = (weight * inputs).sum(0)
    sd = (weight * (inputs - mean) ** 2).sum(0).sqrt().clamp(min=1e-3)
    return Features(additive, units, chosen, mean.numpy(), sd.numpy())


@dataclass(frozen=True)
class Learned:
    """A training of one network.

    Attributes
    ----------
    network : torch.nn.Module
    best_epoch : int
        From 0, the untrained one.
    history : list of dict
        Per epoch: epoch, training_loss, validation_loss (nats per event, less the reference's).
    """

    network: torch.nn.Module
    best_epoch: int
    history: list


class LearningSet:
    """Samples as a network reads them.

    Parameters
    ----------
    samples : recording.Samples
    features : Features
    kind : network class
    """

    def __init__(self, samples, features, kind):
        self.kind = kind
        raw = samples.raw
        parts = [features.inputs(part, kind) for part in raw.split(_AT_ONCE)]
        # (n, step, row * column, band) to (n, step, band, row, column)
        inputs = torch.cat(parts).permute(0, 1, 3, 2)
        self.inputs = inputs.reshape(*inputs.shape[:3], kind.side, kind.side).contiguous()
        offset = features.offset(samples.centers())
        self.mass = torch.from_numpy(samples.weight) * (offset if kind.is_residual else 1.0)
        counts = torch.from_numpy(samples.count)
        self.count = counts if kind.is_residual else (counts > 0).float()
        self.events = float(counts.sum())

    def __len__(self):
        return len(self.inputs)


def learn(name, learning, watched, seed, epochs, progress):
    """Train a network.

    Parameters
    ----------
    name : str
        A key of `SEISMIC_NETWORKS`.
    learning, watched : LearningSet
        `watched` tells the best epoch; None to train for `epochs`.
    seed : int
    epochs : int
        0 to stop early.
    progress : Progress

    Returns
    -------
    Learned
    """
    torch.manual_seed(seed)
    network = SEISMIC_NETWORKS[name]()
    optimizer = torch.optim.AdamW(network.parameters(), _LEARNING_RATE, weight_decay=_WEIGHT_DECAY)
    chance = torch.Generator().manual_seed(seed)
    lowest = loss_of(network, watched) if watched is not None else 0.0
    course, most = checkpoint.Course(best=(lowest, _state(network))), _MOST_EPOCHS
    stage = checkpoint.stage(network=network, optimizer=optimizer, chance=chance)
    stage.resume(course)
    while not course.over and course.epoch <= (epochs if watched is None else most):
        epoch = course.epoch
        progress(epoch / most, f"Epoch {epoch}")
        training = _epoch(network, optimizer, learning, chance, progress)
        loss = loss_of(network, watched) if watched is not None else -float(epoch)
        course.history.append({"epoch": epoch, "training_loss": training, "validation_loss": loss})
        for name in ("training_loss", "validation_loss")[: 1 if watched is None else 2]:
            progress.metric(name, course.history[-1][name], epoch)
        if loss < course.best[0]:
            course.best, course.best_epoch = (loss, _state(network)), epoch
        course.over = epoch - course.best_epoch >= _PATIENCE
        course.next_epoch()
        stage.keep(course, epoch_ends=True)
    course.over = True
    stage.keep(course)
    network.load_state_dict(course.best[1])
    return Learned(network.eval(), course.best_epoch, course.history)


@torch.no_grad()
def loss_of(network, watched):
    """Negative log-likelihood per event, less that of the reference, in nats."""
    total = 0.0
    for first in range(0, len(watched), _AT_ONCE):
        part = slice(first, first + _AT_ONCE)
        total += float(_loss(network, watched, part, watched.inputs[part]))
    return total / watched.events


def _epoch(network, optimizer, learning, chance, progress):
    total = 0.0
    for rows in torch.randperm(len(learning), generator=chance).split(_BATCH):
        progress.check()
        inputs = learning.inputs[rows]
        if learning.kind.side > 1:
            inputs = _flipped(inputs, chance)
        loss = _loss(network, learning, rows, inputs)
        optimizer.zero_grad()
        (loss * len(learning) / (len(rows) * learning.events)).backward()
        optimizer.step()
        total += float(loss.detach())
    return total / learning.events


def _loss(network, learning, rows, inputs):
    answer = network(inputs)[:, 0, 0]
    mass, count = learning.mass[rows], learning.count[rows]
    if not learning.kind.is_residual:
        return (mass * softplus(answer)).sum() - (count * answer).sum()
    factor = answer.clamp(-LARGEST, LARGEST)
    return (mass * torch.expm1(factor)).sum() - (count * factor).sum()


def _flipped(inputs, chance):
    turns = torch.randint(0, 2, (2,), generator=chance).tolist()
    axes = [axis for axis, turn in zip((-2, -1), turns, strict=True) if turn]
    return inputs.flip(axes) if axes else inputs


def _state(network):
    return {name: value.clone() for name, value in network.state_dict().items()}


@torch.no_grad()
def network_rates(networks, features, steps, shape):
    """Expected events in every cell, the mean of all networks.

    Parameters
    ----------
    networks : sequence of torch.nn.Module
        Of one kind, at least one.
    features : Features
    steps : sequence of tensors, each (map, row * column)
        Raw maps of the last windows, the newest last.
    shape : (int, int)

    Returns
    -------
    array of float64, shape (row, column)
    """
    kind = type(networks[0])
    raw = torch.stack(list(steps)).permute(0, 2, 1)  # (step, cell, map)
    inputs = features.inputs(raw, kind).permute(0, 2, 1).reshape(1, len(raw), -1, *shape)
    if kind.side > 1:
        reach = kind.side // 2
        inputs = torch.nn.functional.pad(inputs[0], [reach] * 4, mode="replicate")[None]
    answers = torch.stack([network(inputs)[0] for network in networks]).double()
    if not kind.is_residual:
        return softplus(answers).mean(0).numpy()
    offset = features.offset(raw[-1].double()).reshape(shape)
    return (offset * torch.exp(answers.clamp(-LARGEST, LARGEST).mean(0))).numpy()
