"""What the report on a tested seismic forecast says first: verdict, numbers, cautions."""

import numpy as np

from .judging import NOT_IMPROVED
from .moments import to_iso


def subtitle(tested, card):
    """When, where and on how many events it was tested."""
    grid, training = tested.grid, card.training
    return (
        f"{to_iso(grid.start_days)[:10]} to {to_iso(grid.end_days)[:10]}: {grid.periods:,} windows "
        f"of {grid.window_days:g} days, {grid.rows} x {grid.columns} cells of "
        f"{grid.cell_degrees:g} degrees, {len(tested.targets):,} events of "
        f"M{training['target_magnitude']:g} or larger"
    )


def verdict(tested, card):
    """The result as a headline and a sentence."""
    gain, smoothed = tested.gains["etas"], tested.gains["smoothed_adaptive"]
    if card.network == "reference":
        headline = f"No network was trained; the forecast is that of ETAS, {standing(smoothed)}."
    elif card.training.get("ships") != "network":
        headline = NOT_IMPROVED
    elif gain.low > 0:
        headline = f"The forecast beats ETAS: {times(gain)}."
    elif gain.high < 0:
        headline = f"The forecast is worse than ETAS: {times(gain)}."
    else:
        headline = "The forecast is as good as that of ETAS: no difference is established."
    over = "" if np.isnan(gain.value) else f"{nats(gain)} over ETAS, "
    return headline, (
        f"It gains, in nats per event: {over}{nats(smoothed)} over adaptive smoothed seismicity, "
        f"{nats(tested.gains['uniform'])} over a uniform forecast. In brackets: 95 % by a bootstrap "
        "of 30-day blocks."
    )


def times(gain):
    """What a gain over ETAS means."""
    return (
        "events fell where and when its rate was on average "
        f"{np.exp(gain.value):.2f} times that of ETAS, numbers being equal"
    )


def standing(gain):
    """How ETAS does beside smoothed seismicity, by its gain over it."""
    if gain.low > 0:
        return "which beats smoothed seismicity"
    if gain.high < 0:
        return "which is worse than smoothed seismicity"
    return "which is not shown to beat smoothed seismicity"


def nats(gain):
    """A gain with its interval, as text."""
    if np.isnan(gain.value):
        return "not defined"
    if not np.isfinite(gain.low):
        return f"{gain.value:+.3f} [no interval]"
    return f"{gain.value:+.3f} [{gain.low:+.3f}, {gain.high:+.3f}]"


def gain_sentence(gain):
    """What the log says of the gain over ETAS."""
    if np.isnan(gain.value):
        return "The forecast is that of ETAS itself: it has no gain over it."
    return f"Information gain per earthquake over ETAS: {nats(gain)} nats."


def no_interval(gains):
    """A sentence in a list if gains have no interval, else an empty list."""
    if not any(np.isfinite(gain.value) and not np.isfinite(gain.low) for gain in gains):
        return []
    return [
        "All events lie in one block of 30 days, or a rate was 0 where one came: the gains have no "
        "interval, and nothing is established by them."
    ]


def cautions(tested, openings):
    """What the reader should know before believing the result."""
    yield from no_interval(tested.gains.values())
    if len(openings) > 1:
        yield (
            f"Events of this test period were looked at {len(openings)} times with this model: the "
            "more often, the less it is a test."
        )
    if tested.consistency["negative_binomial"][0] < 0.025:
        yield "There were more events than the forecast allows for, clusters included."
    if tested.consistency["negative_binomial"][1] < 0.025:
        yield "There were fewer events than the forecast allows for, clusters included."
    if (tested.tally.kept.step or 1) > 1:
        yield (
            "The period is very long: of the bins of time and space one window in "
            f"{tested.tally.kept.step} is taken for the L and CL tests, Brier scores and curves."
        )
