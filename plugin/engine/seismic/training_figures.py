"""The figures of the report on a trained seismic forecast."""

import numpy as np

from ..figures import COLORS, DASHES, GRAY, new_figure


def draw_learning(trainings):
    """Losses of every network by epoch; 0 is the sum that they start from."""
    figure = new_figure(8.9, 3.6)
    axes = figure.subplots()
    for place, training in enumerate(trainings):
        epochs = [entry["epoch"] for entry in training.history]
        for column, key in enumerate(("training_loss", "validation_loss")):
            values = [-entry[key] for entry in training.history]
            label = ("training", "validation")[column] if not place else None
            axes.plot(
                epochs, values, DASHES[1 - column], color=COLORS[column], lw=1.1, label=label,
                alpha=0.8,
            )  # fmt: skip
        if training.best_epoch:
            best = -training.history[training.best_epoch - 1]["validation_loss"]
            axes.plot(training.best_epoch, best, "o", color=COLORS[1], markersize=4)
    axes.axhline(0, color=GRAY, lw=1, linestyle=":")
    axes.set(xlabel="epoch", ylabel="gain (nats per event)", title="Learning curves")
    axes.grid(True, axis="y")
    axes.legend(loc="lower right", fontsize=8)
    return figure


def draw_omori_and_kernel(parameters):
    """What the fit says of aftershocks: their rate with time, and their share within a distance."""
    figure = new_figure(8.9, 3.2)
    in_time, in_space = figure.subplots(1, 2)
    days, km = np.geomspace(1e-3, 3e3, 200), np.geomspace(0.1, 500, 200)
    for place, above in enumerate((0, 2, 4)):
        style = {"color": COLORS[place], "linestyle": DASHES[place], "lw": 1.5}
        label = f"M = Mc + {above}" if above else "M = Mc"
        productivity = parameters.K * 10 ** (parameters.a * above)
        in_time.plot(days, productivity * (days + parameters.c) ** -parameters.p, **style)
        scale = parameters.d * 10 ** (parameters.gamma * above)
        within = 1 - (1 + (km / scale) ** 2) ** (1 - parameters.q)
        in_space.plot(km, within, label=label, **style)
    in_time.set(xscale="log", yscale="log", xlabel="days after an event", ylabel="events per day")
    in_time.set_title("Direct aftershocks in time")
    in_space.set(xscale="log", xlabel="distance (km)", ylabel="share of aftershocks within")
    in_space.set_title("and in space")
    for axis in (in_time.xaxis, in_time.yaxis, in_space.xaxis):
        axis.set_major_formatter(lambda value, place: f"{value:g}")
        axis.set_minor_formatter(lambda value, place: "")
    in_space.legend(fontsize=8)
    for axes in (in_time, in_space):
        axes.grid(True)
    return figure
