"""The report of an explanation."""

import numpy as np
from matplotlib.ticker import PercentFormatter

from ...jobs.model_card import class_names
from ..classification_verdict import percent, quoted
from ..figures import COLORS, new_figure, shorten
from ..markup import Bar, Swatch
from ..report import METHOD, NUMBERS, PICTURES, Report
from .pictures import beside

_SHOWN, _SIDE = 24, 180
_LEAST_LOSS = 0.005  # half a point: less is nothing to choose bands by
_HOW = {
    "gradcam": "Grad-CAM (Selvaraju et al. 2017): what each place of the last layers adds to the "
    "log-odds of the class. It is as coarse as these layers.",
    "occlusion": "Occlusion (Zeiler & Fergus 2014): how much the probability of the class falls "
    "when a window around the place is hidden.",
    "integrated_gradients": "Integrated gradients (Sundararajan et al. 2017): what each pixel adds "
    "to the log-odds of the class, on the way from an image of the mean.",
}
_CAUTION = (
    "Heat shows what the model uses, not what is true. Heat on a margin, a shadow or a label is a "
    "sign that the model learned something else than meant."
)


class Examples:
    """Some explained images, evenly kept from all that come.

    Attributes
    ----------
    counts : ndarray of int, shape (classes,)
        Explained images of each class.
    chances : ndarray, shape (classes,)
        Sum of the probabilities of the explained class.
    """

    def __init__(self, classes, total):
        self.counts, self.chances = np.zeros(classes, int), np.zeros(classes)
        self.held = []
        self.kept = []
        self._every = max(total // _SHOWN, 1)

    def add(self, pixels, heat, class_number, chance, name=""):
        """Count an image, and keep its picture if it is its turn."""
        self.counts[class_number] += 1
        self.chances[class_number] += chance
        self.held.append(concentration(heat))
        if (self.counts.sum() - 1) % self._every == 0 and len(self.kept) < _SHOWN:
            self.kept.append((beside(pixels, heat, _SIDE), class_number, chance, name))


def concentration(heat):
    """Share of the heat that lies in the hottest tenth of the pixels; 0.1 if it is even."""
    positive = np.sort(np.maximum(heat, 0), axis=None)[::-1]
    total = positive.sum()
    return float(positive[: max(len(positive) // 10, 1)].sum() / total) if total > 0 else np.nan


def write_heat_report(path, card, method, examples, subtitle, what):
    """Write the report of explained images or patches.

    Parameters
    ----------
    path : str
    card : ModelCard
    method : str
    examples : Examples
    subtitle : str
    what : str
        ``"images"`` or ``"patches"``.
    """
    names = class_names(card)
    report = Report("What the model looked at", subtitle, names)
    total = int(examples.counts.sum())
    held = np.nanmean(examples.held) if np.isfinite(examples.held).any() else np.nan
    report.verdict(
        f"{_focus(held)}: the hottest tenth of the pixels holds {percent(held, 0)} of the heat.",
        f"Mean over {total:,} {what}. Heat that says nothing about places would have 10\u00a0%.",
        _CAUTION,
    )
    cards = [
        (image, f"{name}\n{names[number]} {percent(chance, 0)}".strip())
        for image, number, chance, name in examples.kept
    ]
    report.section("Examples", PICTURES, "Left as it is, right with the heat.").pictures(
        cards, 2 * _SIDE
    )
    rows = [
        [Swatch(card.classes[n]["color"], names[n]), int(count), percent(examples.chances[n] / count)]
        for n, count in enumerate(examples.counts)
        if count
    ]  # fmt: skip
    report.section("Explained classes", NUMBERS).table(
        ["Class", what.capitalize(), "Mean probability"], rows
    )
    report.section("How to read the heat", METHOD, _HOW[method]).write(path)


def write_band_report(path, card, importance, worth, count, subtitle, what):
    """Write the report of band importance.

    Parameters
    ----------
    path : str
    card : ModelCard
    importance : BandImportance
    worth : str
        ``"accuracy"`` or ``"probability"``.
    count : int
        Images that were shuffled.
    subtitle, what : str
        As in `write_heat_report`.
    """
    names = [band["name"] for band in card.bands]
    drops, spread = importance.drops.mean(axis=1), _spread(importance.drops)
    order = np.argsort(-drops, kind="stable")
    report = Report("Which bands the model needs", subtitle, names)
    report.verdict(
        *_need(names, drops, spread, order[0], f"{worth} falls by", importance.before),
        "Bands that say the same stand in for one another: each alone then seems unimportant.",
    )
    if count < 20:
        report.warning(f"Only {count} {what} were shuffled: the numbers are rough.")
    report.section("What each band is worth", PICTURES).figure(
        _draw(names, drops, spread, order, worth), ""
    )
    rows = [
        [names[b], Bar(max(drops[b] / max(drops.max(), 1e-9), 0), ""), f"{100 * drops[b]:.2f}",
         f"{100 * spread[b]:.2f}", percent(importance.changed[b].mean())]
        for b in order
    ]  # fmt: skip
    headers = ["Band", "", f"Loss of {worth} (points)", "Standard deviation", "Answers that change"]
    report.section("Band by band", NUMBERS).table(headers, rows)
    times = importance.drops.shape[1]
    report.section(
        "How it was measured",
        METHOD,
        f"Each band was shuffled among {count:,} {what}, {'once' if times == 1 else f'{times} times'}, and the "
        "model was asked again (permutation importance, Breiman 2001).",
    ).paragraph(f"Answers that count: {importance.answers:,}.").write(path)


def _spread(drops):
    return drops.std(axis=1, ddof=1) if drops.shape[1] > 1 else np.zeros(len(drops))


def _need(names, drops, spread, best, falls, before):
    """The most needed band as a headline, and the bands that can be left out."""
    drop = f"{100 * max(drops[best], 0):.1f} points from {percent(before)}"
    matter = (drops > 2 * spread) & (drops >= _LEAST_LOSS)
    if not matter[best]:
        return (f"No single band matters: without any one of them {falls} at most {drop}.",)
    none = [name for name, needed in zip(names, matter, strict=True) if not needed]
    return (
        f"{quoted(names[best])} matters most: without it {falls} {drop}.",
        f"Hardly missed, each alone: {', '.join(none[:12])}." if none else "",
    )


def _focus(held):
    """What the share of the heat in the hottest tenth of the pixels means."""
    if not held >= 0.2:
        return "It looks at everything alike"
    return (
        "It looks at few places" if held >= 0.4 else "It looks at some places more than at others"
    )


def _draw(names, drops, spread, order, worth):
    figure = new_figure(8.9, 1.1 + 0.34 * len(order))
    axes = figure.subplots()
    places = np.arange(len(order))
    axes.barh(places, drops[order], 0.6, xerr=spread[order], color=COLORS[0], ecolor="#1d2329",
              error_kw={"elinewidth": 1.2, "capsize": 3})  # fmt: skip
    axes.set_yticks(places, [shorten(names[place], 30) for place in order])
    axes.invert_yaxis()
    axes.axvline(0, color="#8a939c", lw=0.8)
    axes.xaxis.set_major_formatter(PercentFormatter(1.0))
    axes.set_xlabel(f"loss of {worth} when the band is shuffled")
    axes.grid(True, axis="x")
    axes.set_axisbelow(True)
    return figure
