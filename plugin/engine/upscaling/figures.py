"""The figures of the reports on upscaling."""

import numpy as np

from ..figures import COLORS, GRAY, new_figure, shorten

_WORDS = {"best": "Best", "median": "Median", "worst": "Worst", "random": "Random"}


def draw_crops(crops, shown, judged):
    """Before and after: a row for each crop, a column for each picture, and the error last.

    Parameters
    ----------
    crops : list of Crop
    shown : list of str
        Names of the pictures.
    judged : str
        Whose error is shown.
    """
    figure = new_figure(8.9, 0.5 + 1.3 * len(crops))
    axes = figure.subplots(len(crops), len(shown) + 1, squeeze=False)
    for row, crop in zip(axes, crops, strict=True):
        truth = crop.images["Truth"]
        limits = np.percentile(truth.reshape(len(truth), -1), [1, 99], axis=1)
        for place, name in zip(row, shown, strict=False):
            place.imshow(_as_picture(crop.images[name], limits), cmap="gray", vmin=0, vmax=1)
        error = np.abs(crop.images[judged] - truth).mean(axis=0)
        top = float((limits[1] - limits[0]).mean()) / 4 or 1.0
        row[-1].imshow(error, cmap="magma", vmin=0, vmax=top)
        row[0].set_ylabel(f"{_WORDS[crop.what]}, {crop.psnr:.1f} dB", fontsize=8)
    for place, name in zip(axes[0], [*shown, "Error"], strict=True):
        place.set_title(name.replace(", ", ",\n"), fontsize=8)
    for place in axes.ravel():
        place.set_xticks([])
        place.set_yticks([])
    return figure


def _as_picture(values, limits):
    """Red, green and blue of the first three bands, or gray of the first, 0..1."""
    bands = [0, 1, 2] if len(values) >= 3 else [0]
    low, high = (part[bands, None, None] for part in limits)
    scaled = (values[bands] - low) / np.maximum(high - low, 1e-12)
    scaled = np.clip(np.moveaxis(scaled, 0, -1), 0, 1)
    return scaled if len(bands) == 3 else scaled[..., 0]


def draw_bars(judged):
    """PSNR and SSIM of every method with their 95 % intervals over pieces."""
    names = list(judged.tables)
    figure = new_figure(8.9, 0.8 + 0.34 * len(names))
    for axes, score, label in zip(
        figure.subplots(1, 2, sharey=True), ("psnr", "ssim"), ("PSNR (dB)", "SSIM"), strict=True
    ):
        values = np.array([judged.scores(name)[score] for name in names])
        ends = np.array([judged.interval(name, score) for name in names])
        reach = np.nan_to_num(np.abs(ends.T - values))
        colors = [COLORS[1] if name == judged.main else COLORS[0] for name in names]
        places = np.arange(len(names))[::-1]
        axes.barh(places, values, xerr=reach, color=colors, ecolor=GRAY, height=0.66)
        axes.set_yticks(places, [shorten(name, 26) for name in names])
        low = min(np.nanmin(ends) if np.isfinite(ends).any() else values.min(), values.min())
        high = max(np.nanmax(ends) if np.isfinite(ends).any() else values.max(), values.max())
        margin = 0.25 * (high - low) or 0.1
        axes.set_xlim(max(0, low - margin), high + margin / 2)
        axes.set_xlabel(label)
        for place, value in zip(places, values, strict=True):
            axes.annotate(f"{value:.2f}" if score == "psnr" else f"{value:.3f}", (value, place),
                          (4, 4), textcoords="offset points", fontsize=7.5)  # fmt: skip
    return figure


def draw_curve(judged):
    """How truth is paid for with texture: PSNR against high frequencies, from detail 0 to 1."""
    figure = new_figure(5.6, 3.2)
    axes = figure.subplots()
    ratios = [point["hf_ratio"] for point in judged.curve]
    values = [point["psnr"] for point in judged.curve]
    axes.plot(ratios, values, marker="o", markersize=5, color=COLORS[1])
    for point in judged.curve:
        axes.annotate(f"{point['detail']:g}", (point["hf_ratio"], point["psnr"]), (5, 4),
                      textcoords="offset points", fontsize=8)  # fmt: skip
    base = judged.scores(judged.base)["psnr"]
    axes.axhline(base, color=GRAY, linestyle="--", lw=1)
    axes.annotate(judged.base, (1, base), (-4, 4), xycoords=("axes fraction", "data"),
                  textcoords="offset points", ha="right", fontsize=8)  # fmt: skip
    axes.axvline(1, color=GRAY, linestyle=":", lw=1)
    axes.set(xlabel="fine texture, of the truth's", ylabel="PSNR (dB)")
    axes.set_title("Texture 0 to 1: truth against texture")
    axes.grid(True)
    return figure


def draw_spectrum(judged, names):
    """Power by frequency of truth and results, with the coarse raster's Nyquist frequency."""
    figure = new_figure(6.6, 3.2)
    axes = figure.subplots()
    truth = judged.tables[judged.main]["true_spectrum"]
    middle = (np.arange(truth.shape[1]) + 0.5) / (2 * truth.shape[1])
    lines = {"Truth": truth, **{name: judged.tables[name]["spectrum"] for name in names}}
    for place, (name, spectra) in enumerate(lines.items()):
        known = np.isfinite(spectra).all(axis=0)
        power = 10 * np.log10(np.maximum(spectra.mean(axis=0)[known], 1e-20))
        color = "#000000" if not place else COLORS[place - 1]
        axes.plot(middle[known], power, label=name, color=color, lw=1.4)
    if judged.factor > 1:
        axes.axvline(0.5 / judged.factor, color=GRAY, linestyle=":", lw=1)
    top = 10 * np.log10(max(float(np.nanmax(truth.mean(axis=0)[1:])), 1e-20))
    axes.set_ylim(top - 70, top + 6)
    axes.set(xlabel="cycles per fine pixel", ylabel="power (dB)", title="Power spectrum")
    axes.legend(fontsize=8)
    axes.grid(True)
    return figure


def draw_consistency(judged):
    """The result made coarse again against the coarse raster, and the bias of every band."""
    figure = new_figure(8.9, 3.1)
    cloud, bars = figure.subplots(1, 2)
    low, high = np.percentile(judged.points, [0.5, 99.5])
    cloud.plot([low, high], [low, high], color=GRAY, lw=1)
    cloud.plot(*judged.points.T, ".", markersize=2, color=COLORS[0], alpha=0.4)
    cloud.set(xlabel="coarse raster", ylabel="result made coarse again", xlim=(low, high),
              ylim=(low, high), title="Held to the measurements")  # fmt: skip
    places = np.arange(1, len(judged.band_bias) + 1)
    bars.bar(places, judged.band_bias, color=COLORS[1])
    bars.axhline(0, color=GRAY, lw=1)
    bars.set(xlabel="band", ylabel="mean difference", title="Bias by band")
    bars.ticklabel_format(axis="y", style="sci", scilimits=(-2, 4))
    if len(places) <= 12:
        bars.set_xticks(places)
    return figure


def draw_detail(judged, names):
    """What was found of the detail, what was missed, and what was invented."""
    figure = new_figure(8.9, 0.9 + 0.34 * len(names))
    axes = figure.subplots()
    places, left = np.arange(len(names))[::-1], np.zeros(len(names))
    kinds = (("improvement", COLORS[2]), ("omission", "#c9d0d6"), ("hallucination", COLORS[1]))
    for kind, color in kinds:
        shares = np.array([judged.scores(name)[kind] for name in names])
        axes.barh(places, shares, left=left, color=color, height=0.62, label=kind)
        left = left + shares
    axes.set_yticks(places, names)
    axes.set(xlim=(0, 1), xlabel="share of all detail, wanted and made")
    figure.legend(loc="outside lower center", ncols=3, fontsize=8)
    return figure


def draw_places(ground):
    """Map of the blocks that scored, those that watched and those that taught.

    Parameters
    ----------
    ground : list of (str, tuple, list of tuple)
        Name, height and width of every scene, and ``(place, part)`` of its blocks.
    """
    shown = ground[:4]
    figure = new_figure(8.9, 3.2)
    parts = ("training", "watched", "validation", "left out")
    colors = dict(zip(parts, ("#dbe3ea", COLORS[4], COLORS[1], "#9aa4ad"), strict=True))
    for axes, (name, size, blocks) in zip(
        figure.subplots(1, len(shown), squeeze=False)[0], shown, strict=True
    ):
        for (row, column, height, width), part in blocks:
            axes.fill_between([column, column + width], row, row + height, lw=0.4,
                              edgecolor="#ffffff", facecolor=colors[part])  # fmt: skip
        axes.set(xlim=(0, size[1]), ylim=(size[0], 0), aspect="equal", title=shorten(name, 28))
        axes.set_xticks([])
        axes.set_yticks([])
    used = {part for _, _, blocks in ground for _, part in blocks}
    for part in (part for part in colors if part in used):
        figure.axes[0].fill_between([], [], facecolor=colors[part], label=part)
    figure.legend(loc="outside lower center", ncols=4, fontsize=8)
    return figure


def draw_learning(faithful, tutored):
    """How the generator learned: PSNR, texture and the discriminator, with every step back.

    Parameters
    ----------
    faithful : list of dict
        step, psnr, cubic_psnr and ratio of the first stage.
    tutored : Tutored or None
        What the second stage gave.
    """
    figure = new_figure(8.9, 2.9)
    psnr, ratio, judge = figure.subplots(1, 3)
    start = faithful[-1]["step"] if faithful else 0
    later = [{**seen, "step": start + seen["step"]} for seen in tutored.history] if tutored else []
    for color, label, seen in ((COLORS[0], "faithful", faithful), (COLORS[1], "textured", later)):
        steps = [one["step"] for one in seen]
        style = {"color": color, "label": label, "marker": ".", "lw": 1.3}
        psnr.plot(steps, [one["psnr"] for one in seen], **style)
        ratio.plot(steps, [one["ratio"] for one in seen], **style)
    judge.plot([one["step"] for one in later], [one["discriminator_loss"] for one in later],
               color=COLORS[3], marker=".", lw=1.3)  # fmt: skip
    if faithful or later:
        psnr.axhline((faithful or later)[0]["cubic_psnr"], color=GRAY, linestyle="--", lw=1)
    if tutored:
        _mark(figure.axes, start, tutored)
    psnr.set(title="PSNR of what is watched (dB)", xlabel="step")
    ratio.set(title="Fine texture, of the truth's", xlabel="step")
    judge.set(title="Loss of the discriminator", xlabel="step")
    psnr.legend(fontsize=8)
    return figure


def _mark(panels, start, tutored):
    """The step that was chosen, and those where the guard went back."""
    for axes in panels:
        if tutored.best_step and not tutored.stopped:
            axes.axvline(start + tutored.best_step, color=COLORS[2], lw=1.2)
        for turn in tutored.rollbacks:
            axes.axvline(start + turn["step"], color="#b00020", linestyle=":", lw=1.2)
