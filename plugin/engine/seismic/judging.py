"""How the models do in the validation, and what follows: what ships, calibration, the words."""

from dataclasses import dataclass, replace

from ..metrics.forecasts import UNDEFINED, information_gain
from .calibration import RateHistogram, calibrate
from .forecast import MODELS, Forecaster
from .tally import add_up

REFERENCES = tuple(name for name in MODELS if name not in ("network", "forecast"))
NOT_IMPROVED = "The network did not improve on the ETAS reference; the reference is used."


@dataclass(frozen=True)
class Judged:
    """The validation.

    Attributes
    ----------
    tally : Tally
        Of all models; "forecast" is the network, whether it ships or not.
    grid : SpaceTimeGrid
        With the windows of the validation.
    targets : Catalog
        Target events in them.
    gains : dict of str to Gain
        Information gain per earthquake of the network over each reference; NaN without a network.
    etas_gain : Gain
        Of ETAS over adaptive smoothed seismicity.
    has_network : bool
    """

    tally: object
    grid: object
    targets: object
    gains: dict
    etas_gain: object
    has_network: bool

    @property
    def ships(self):
        """Whether the network helps: the lower bound of its gain over ETAS is above 0."""
        return self.has_network and self.gains["etas"].low > 0

    def scores(self):
        """The scores of the model's card."""
        tally, events = self.tally, float(max(self.tally.events.sum(), 1))
        return {
            "validation": "Windows after the training, in the order of time; nats per earthquake "
            "with 95 % from a bootstrap of 30-day blocks. The test was not opened.",
            "events": int(tally.events.sum()),
            "log_likelihood": {n: float(tally.likelihoods[n].sum() / events) for n in MODELS},
            "expected": {n: float(tally.expected[n].sum()) for n in MODELS},
            "network_over": {n: list(gain.numbers()) for n, gain in self.gains.items()},
            "etas_over_smoothed_adaptive": list(self.etas_gain.numbers()),
        }


def judge(span, models, progress):
    """Forecast the validation with what the training gave.

    Parameters
    ----------
    span : Span
    models : Models
    progress : Progress

    Returns
    -------
    Judged
    """
    first = float(span.starts[span.training])
    grid = span.grid.during(first, span.validation - span.training)
    forecaster = Forecaster(None, grid, models)
    target = span.target_magnitude
    tally = add_up(forecaster, span.events, grid, target, MODELS, progress)
    days = grid.window_days
    own, events = tally.likelihoods["network"], tally.events
    gains = dict.fromkeys(REFERENCES, UNDEFINED)
    if models.networks:  # without one its place is ETAS's, whose gain over itself says nothing
        gains = {n: information_gain(own, tally.likelihoods[n], events, days) for n in REFERENCES}
    etas = tally.likelihoods["etas"]
    smoothed = tally.likelihoods["smoothed_adaptive"]
    period, cell = grid.locate(span.events.above(target))
    targets = span.events.above(target).where((period >= 0) & (cell >= 0))
    etas_gain = information_gain(etas, smoothed, events, days)
    return Judged(tally, grid, targets, gains, etas_gain, bool(models.networks))


def calibration_of(judged):
    """Calibrate what ships by the two halves of the validation."""
    tally = judged.tally
    rates = tally.rates["forecast" if judged.ships else "etas"]
    counts = tally.counts[tally.kept]
    middle = len(rates) // 2
    halves = []
    for part in (slice(0, middle), slice(middle, None)):
        histogram = RateHistogram()
        for window_rates, window_counts in zip(rates[part], counts[part], strict=True):
            histogram.add(window_rates.astype(float), window_counts)
        halves.append(histogram)
    return calibrate(*halves)


def shipped(models, judged):
    """The models with what the validation decided of them."""
    return replace(models, ships=judged.ships, calibration=calibration_of(judged))


def variants_sentence(choices, network):
    """How many variants were tried, and how the shown one was chosen."""
    tried = choices.tried
    learned = (
        f" One kind of network, {network}, was trained from {tried['networks']} seeds, all of "
        "which are averaged; none was picked."
        if tried["networks"]
        else " No network was trained."
    )
    return (
        f"{tried['smoothings']} smoothings of seismicity and {tried['fits of ETAS']} fits of ETAS "
        "(two backgrounds, whole and finely cut windows) were tried; the likelihood of the "
        f"validation chose among them.{learned} The network ships only if the lower bound of its "
        "gain over ETAS in the validation is above 0. The test decided nothing."
    )
