"""How the network of a grid forecast learns what its reference misses."""

from dataclasses import replace

import numpy as np
import torch

from .. import checkpoint
from ..networks.recurrent import HIDDEN
from ..portions import Portions
from ..schedule import Clock, minutes
from .forecaster import Ensemble, bands_of
from .plan import origins_between

_RATE, _DECAY, _LARGEST_GRADIENT = 4e-3, 1e-2, 1.0
_MOST_BATCHES, _BATCHES_A_LOOK, _PATIENCE = 360, 20, 5
_BATCH, _SIDE = 8, 48
_WATCHED_SHARE, _MOST_WATCHED = 5, 24


def learn(forecaster, past, end, name, job, device, progress):
    """Let networks learn from the steps before `end`.

    The last fifth of these steps only tells when to stop.

    Parameters
    ----------
    forecaster : GridForecaster
        Without a network.
    past : Past
    end : int
        The first step that may not be seen.
    name : str
        Of the network.
    job : TrainGridForecast
    device : torch.device
    progress : Progress

    Returns
    -------
    GridForecaster
        With its network, in evaluation mode.
    history : list of list of float
        Per network the watched error at every look, in units of the reference's.

    Raises
    ------
    Stopped
        If the user cancels.
    """
    watched_from = end - max(end // _WATCHED_SHARE, forecaster.steps + 1)
    training = origins_between(0, watched_from, forecaster.steps)
    watched = origins_between(watched_from, end, forecaster.steps)
    torch.manual_seed(job.seed)
    bands = bands_of(forecaster.references.cycle)
    network = Ensemble(name, bands, forecaster.steps, HIDDEN, job.seeds).to(device)
    history = []
    for place, member in enumerate(network.members):
        chance = np.random.default_rng([job.seed, place])
        samples = _Samples(forecaster, past, device, chance)
        part = progress.part(place / job.seeds, (place + 1) / job.seeds)
        clock = Clock(_MOST_BATCHES, 60 * job.minutes / (2 * job.seeds))
        said = f"Network {place + 1} of {job.seeds}"
        history.append(_learn_one(member, samples, (training, watched), clock, part, said))
    return replace(forecaster, network=network.eval()), history


class _Samples:
    """Draws batches of inputs and of what the reference misses, cut out of large grids."""

    def __init__(self, forecaster, past, device, chance):
        self._forecaster, self._past = forecaster, past
        self._device, self.chance = device, chance

    def draw(self, origins):
        """Inputs (n, history, bands, H, W), targets (n, steps, H, W) and weights like them."""
        drawn = [self._one(int(origin)) for origin in origins]
        return [torch.from_numpy(np.stack(part)).to(self._device) for part in zip(*drawn)]

    def _one(self, origin):
        rows, columns = (self._cut(size) for size in self._past.values.shape[1:])
        past, forecaster = self._past.window(rows, columns), self._forecaster.window(rows, columns)
        truth = past.values[origin : origin + forecaster.steps]
        base = forecaster.reference(forecaster.base, past, origin)
        missed = (truth - base) / forecaster.scale
        known = np.isfinite(missed)
        inputs = forecaster.inputs(past, origin)
        return inputs, np.where(known, missed, 0).astype(np.float32), known.astype(np.float32)

    def _cut(self, size):
        start = int(self.chance.integers(0, max(size - _SIDE, 0) + 1))
        return slice(start, min(start + _SIDE, size))


def _learn_one(network, samples, origins, clock, progress, said):
    """Train a network; it ends as it was at the best look. Gives the watched errors."""
    training, watched = origins
    optimizer = torch.optim.AdamW(network.parameters(), lr=_RATE, weight_decay=_DECAY)
    every = max(len(watched) // _MOST_WATCHED, 1)
    watched = samples.draw(watched[::every])
    course = checkpoint.Course(history=[_watched_error(network, watched, progress)])
    course.best = 0, _copied(network)
    stage = checkpoint.stage(
        network=network, optimizer=optimizer, clock=clock, chance=samples.chance
    )
    errors, portions = stage.resume(course).history, Portions()
    while not course.over:
        network.train()
        for _ in range(_BATCHES_A_LOOK):
            origin = samples.chance.choice(training, min(_BATCH, len(training)), replace=False)
            for group in optimizer.param_groups:
                group["lr"] = _RATE * clock.share_of_rate()
            _step(network, optimizer, samples.draw(origin), portions)
            clock.tick()
            progress(clock.fraction(), _say(said, clock, errors))
        errors.append(_watched_error(network, watched, progress))
        if errors[-1] < errors[course.best[0]]:
            course.best = len(errors) - 1, _copied(network)
        late = len(errors) - 1 - course.best[0] >= _PATIENCE
        course.over = late or clock.fraction() >= 1
        stage.keep(course, epoch_ends=True)
    network.load_state_dict(course.best[1])
    return errors


def _step(network, optimizer, batch, portions):
    def loss_of(inputs, missed, weight):
        return _error(network(inputs), missed, weight), weight.sum().clamp_min(1)

    portions.descend(optimizer, loss_of, *batch)
    torch.nn.utils.clip_grad_norm_(network.parameters(), _LARGEST_GRADIENT)
    optimizer.step()


def _error(answer, missed, weight):
    return (weight * (answer - missed) ** 2).sum() / weight.sum().clamp_min(1)


@torch.no_grad()
def _watched_error(network, watched, progress):
    def missed_by(inputs, missed, weight):
        progress.check()
        return float((weight * (network(inputs) - missed) ** 2).sum())

    network.eval()
    total = sum(Portions(_BATCH).each(missed_by, *watched))
    return total / max(float(watched[2].sum()), 1.0)


def _copied(network):
    return {name: value.clone() for name, value in network.state_dict().items()}


def _say(said, clock, errors):
    return (
        f"{said}, batch {clock.step} of {clock.steps}, error {min(errors) / (errors[0] or 1):.3f} of the "
        f"reference's, at most {minutes(clock.left())} left"
    )
