"""The picture of an embedding: points in the colors of their classes, and small images."""

import numpy as np
from matplotlib.offsetbox import AnnotationBbox, OffsetImage

from ..jobs.errors import JobError
from ..jobs.places import written_whole
from .embedding import spread_out
from .figures import new_figure, shorten

THUMBNAIL = 40
_MOST_PICTURES, _MOST_NAMED = 40, 20
_DOTS_PER_INCH = 160
# Share of the plot that lies between two pictures, and the side of one in points.
_APART, _PICTURE = 0.06, 20


def draw_embedding(points, title, names=None, colors=None, chances=None, pictures=()):
    """Draw an embedding.

    Parameters
    ----------
    points : ndarray, shape (N, 2)
    title : str
    names : list of str, length N, optional
        Class of every point.
    colors : dict of str to str, optional
        Color of every class.
    chances : (str, ndarray of shape (N,)), optional
        What the points are colored by instead of classes, and its name.
    pictures : list of (int, ndarray of uint8, shape (row, column, 3))
        Number of a point with its image; the ones far from one another are shown.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure = new_figure(9.6, 7.2)
    axes = figure.subplots()
    size = float(np.clip(6000 / len(points), 4, 30))
    if chances is not None:
        drawn = axes.scatter(*points.T, size, chances[1], cmap="viridis", vmin=0, vmax=1, lw=0)
        figure.colorbar(drawn, ax=axes, label=chances[0], shrink=0.6)
    else:
        _draw_classes(axes, points, np.asarray(names, dtype=object), colors, size)
    frames = [colors[name] for name in names] if chances is None else ["#8a939c"] * len(points)
    _draw_pictures(axes, points, pictures, frames)
    axes.set_title(title)
    axes.set(xlabel="embedding 1", ylabel="embedding 2")
    axes.margins(0.06)
    return figure


def _draw_classes(axes, points, names, colors, size):
    known, counts = np.unique(names, return_counts=True)
    for order, place in enumerate(np.argsort(-counts, kind="stable")):
        name = known[place]
        some = points[names == name]
        label = shorten(name) if order < _MOST_NAMED else None
        axes.scatter(*some.T, size, colors[name], lw=0, alpha=0.85, label=label)
    legend = axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1), fontsize=8, markerscale=1.5)
    legend.set_title(f"{len(known)} classes" if len(known) > _MOST_NAMED else "")


def _draw_pictures(axes, points, pictures, frames):
    """Small images beside their points; none over another."""
    if not pictures:
        return
    numbers = np.array([number for number, _ in pictures])
    size = np.maximum(np.ptp(points, axis=0), 1e-12)
    shown = []
    for place in spread_out(points[numbers], _MOST_PICTURES):
        here = points[numbers[place]] / size
        if all(np.hypot(*(here - there)) > _APART for there in shown):
            shown.append(here)
            _draw_picture(axes, points[numbers[place]], pictures[place][1], frames[numbers[place]])


def _draw_picture(axes, point, pixels, frame):
    image = OffsetImage(pixels, zoom=_PICTURE / pixels.shape[0])
    box = AnnotationBbox(
        image, point, xybox=(15, 15), boxcoords="offset points", pad=0.08,
        bboxprops={"lw": 1.2, "edgecolor": frame}, arrowprops={"arrowstyle": "-", "lw": 0.6, "color": frame},
    )  # fmt: skip
    axes.add_artist(box)


def write_plot(path, figure):
    """Write a figure as a PNG file, beside its place first.

    Raises
    ------
    JobError
        If it cannot be written.
    """
    try:
        with written_whole(path, "wb") as file:
            figure.savefig(file, format="png", dpi=_DOTS_PER_INCH, facecolor="white")
    except OSError as error:
        raise JobError(
            f'Plot "{path}" cannot be written: {error.strerror or error}.',
            "Choose a folder you may write to, on a disk with free space.",
        ) from error
