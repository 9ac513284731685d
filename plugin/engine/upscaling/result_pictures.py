"""What the report on an upscaled raster draws."""

import numpy as np
from PIL import Image

from ..figures import COLORS, GRAY, new_figure
from ..markup import Picture

_SHOWN = 270
_POINTS = 4000
_LEVELS = 48
_LEAST_APART = 1e-3  # percent


def before_and_after(pair, factor):
    """Pictures of a piece: before, interpolated, after; without the second at the same size.

    Returns
    -------
    list of Picture
    """
    limits = _limits(pair.coarse)
    interpolated = np.where(np.isfinite(pair.fine), pair.cubic, np.nan)
    named = [("before", pair.coarse), ("cubic interpolation", interpolated), ("after", pair.fine)]
    if factor == 1:
        named.pop(1)
    return [Picture(_picture(values, limits), name, _SHOWN) for name, values in named]


def _limits(coarse):
    bands = _shown(coarse)
    known = np.isfinite(bands).all(axis=0)
    if not known.any():
        return np.zeros(len(bands)), np.ones(len(bands))
    low, high = np.percentile(bands[:, known], [1, 99], axis=1)
    return low, np.where(high > low, high, low + 1)


def _shown(values):
    return values[[0, 1, 2] if len(values) in (3, 4) else [0, 0, 0]]


def _picture(values, limits):
    """Red, green and blue at twice the size on the page, every pixel a sharp square."""
    low, high = (part[:, None, None] for part in limits)
    shares = np.nan_to_num((_shown(values) - low) / (high - low), nan=1.0)
    image = (np.clip(shares, 0, 1) * 255).astype(np.uint8).transpose(1, 2, 0)
    scale = max(1, round(2 * _SHOWN / image.shape[1]))
    size = image.shape[1] * scale, image.shape[0] * scale
    return np.asarray(Image.fromarray(image).resize(size, Image.Resampling.NEAREST))


def draw_held(check, ranges):
    """The result made coarse again against the input, and how far they are apart, by band."""
    figure = new_figure(8.9, 3.3)
    cloud, spread = figure.subplots(1, 2)
    step = max(1, check.input.shape[1] // _POINTS)
    for band, (wanted, again) in enumerate(zip(check.input, check.again, strict=True)):
        if band == len(COLORS):
            break
        known = {"color": COLORS[band], "label": f"band {band + 1}"}
        cloud.plot(wanted[::step], again[::step], ".", markersize=2, alpha=0.5, **known)
        span = max(float(ranges.high[band] - ranges.low[band]), 1e-300)
        apart = np.sort(np.abs(again - wanted)) / span * 100
        shares = np.linspace(0, 100, len(apart))
        spread.plot(np.maximum(apart, _LEAST_APART), shares, **known)
    ends = [min(check.input.min(), check.again.min()), max(check.input.max(), check.again.max())]
    cloud.plot(ends, ends, color=GRAY, lw=0.8)
    cloud.set(xlabel="input", ylabel="result made coarse again", title="Held to the measurements")
    spread.set(xlabel="difference, % of the band's range", ylabel="% of the pixels", xscale="log",
               title="How far apart")  # fmt: skip
    spread.xaxis.set_major_formatter(lambda value, place: f"{value:g}")
    spread.grid(True)
    if 1 < len(check.input) <= len(COLORS):
        spread.legend(fontsize=8)
    return figure


def draw_spectra(check, factor):
    """Power by frequency of what was interpolated and of the result, of the pieces shown."""
    figure = new_figure(6.6, 3.0)
    axes = figure.subplots()
    names = {"cubic interpolation": "cubic", "result": "fine"}
    for place, (label, name) in enumerate(names.items()):
        images = [_without_holes(getattr(pair, name), pair) for pair in check.pairs]
        frequencies, power = _radial_power(np.concatenate(images))
        axes.plot(frequencies, power, label=label, color=COLORS[place])
    axes.axvline(0.5 / factor, color=GRAY, linestyle=":", lw=1)
    axes.annotate("finest of the input", (0.5 / factor, 1), (4, -4), ha="left", va="top",
                  xycoords=("data", "axes fraction"), textcoords="offset points",
                  fontsize=8)  # fmt: skip
    axes.set(xlabel="cycles a fine pixel", ylabel="power (dB)", title="What was added")
    axes.legend(fontsize=8)
    axes.grid(True)
    return figure


def _without_holes(values, pair):
    """With what was interpolated over holes: a step at their edge would be the finest detail."""
    return np.where(np.isfinite(values), values, pair.cubic)


def _radial_power(images):
    """Frequencies, and the mean power of images (n, row, column) there in dB."""
    height, width = images.shape[1:]
    window = np.hanning(height)[:, None] * np.hanning(width)
    spread = images.std(axis=(1, 2), keepdims=True)
    centered = (images - images.mean(axis=(1, 2), keepdims=True)) / np.where(spread > 0, spread, 1)
    power = (np.abs(np.fft.fft2(centered * window)) ** 2).mean(axis=0)
    radius = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width))
    edges = np.linspace(0, 0.5, min(_LEVELS, height // 2) + 1)
    place = np.digitize(radius.ravel(), edges) - 1
    inside = (place >= 0) & (place < len(edges) - 1)
    sums = np.bincount(place[inside], power.ravel()[inside], len(edges) - 1)
    counts = np.bincount(place[inside], minlength=len(edges) - 1)
    known = counts > 0
    levels = 10 * np.log10(np.maximum(sums[known] / counts[known], 1e-20))
    return ((edges[1:] + edges[:-1]) / 2)[known], levels
