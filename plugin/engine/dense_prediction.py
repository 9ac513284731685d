"""Run a network over every pixel of a raster: read ahead, network, results put together.

Memory does not grow with the raster: there are some windows that wait, the one at hand, and
where results are blended the overlap along one strip.
"""

import time
from concurrent.futures import ThreadPoolExecutor, TimeoutError as StillAtWork
from contextlib import closing
from dataclasses import dataclass

import numpy as np
import torch

from .frugal import Frugal
from .layout import down, up
from .memory import Level
from .reading_ahead import ahead
from .schedule import minutes
from .seams import Seams

_TILE, _USUAL_CORE = 256, 512
_HALOS = 10
_WAIT_SECONDS = 0.1


@dataclass(frozen=True)
class Batch:
    """Windows of one shape.

    Attributes
    ----------
    windows : list of Window
    images : list of float32 array, shape (band, row, column), or None
        NaN where a pixel is not valid; None where a window needs no network.
    """

    windows: list
    images: list


def automatic_core(pixel_bytes, budget, halo, stride):
    """Side of a core that is large for its halo, if the memory affords its window.

    Parameters
    ----------
    pixel_bytes : float
        Memory that the network needs for a pixel of a window.
    budget : float
        Bytes.
    halo, stride : int

    Returns
    -------
    int
        At least a tile of a raster, and a multiple of it and of the stride.
    """
    affordable = int((budget / pixel_bytes) ** 0.5) - 2 * up(halo, stride)
    # Larger cores would save little of the halo's work and take memory.
    useful = max(_USUAL_CORE, _HALOS * halo)
    core = max(min(affordable, useful), _TILE)
    return up(down(core, _TILE), stride)


def predict_dense(predict, raster, layout, progress, batch_size=1, watch=None, strips=None):
    """Predict an area, window by window.

    Parameters
    ----------
    predict : callable
        ``predict(images, cut)`` turns images (N, band, row, column), a float32 tensor on the CPU
        with NaN where not valid, into a float tensor (N, channel, row, column) without the `cut`
        pixels at every side, finer by the layout's scale; ``predict.channels`` is their number.
        If it has ``predict.place(windows)``, it is told before which windows come: none if the
        images are parts of windows. For a single window it may then give a function that gives
        the tensor: it is called in another thread while the network looks at the next window.
    raster : Raster or Stack
    layout : Layout
    progress : Progress
    batch_size : int
        Windows in one step of the network.
    watch : callable, optional
        See `Seams`.
    strips : sequence of int, optional
        Numbers of the layout's strips that are wanted, in their order; all if None.

    Yields
    ------
    Piece
        Its parts tile the area, or the strips. NaN where the pixel of the raster is not valid.

    Raises
    ------
    JobError
        If the memory does not even suffice for a small window.
    Stopped
        If the user cancels; looked at several times a second, also while the network works.
    """
    strips = range(len(layout.rows)) if strips is None else strips
    seams, run, pace = Seams(layout, watch), Frugal(predict, layout), _Pace(layout, strips)
    worker, finisher, level = ThreadPoolExecutor(1), ThreadPoolExecutor(1), Level()

    def start(batch):
        return finisher.submit(_finished, worker.submit(_results, run, batch), layout)

    try:
        with closing(ahead(_read(raster, layout, batch_size, strips), progress.check)) as coming:
            for work in _one_behind(coming, start):
                for window, values in _patiently(work, progress.check):
                    piece = seams.add(window, values)
                    if piece is not None and piece.strip in strips:
                        yield piece
                    pace.tell(window, progress)
                    level.keep()
    finally:
        for threads in (worker, finisher):
            threads.shutdown(wait=False, cancel_futures=True)


def _one_behind(batches, start):
    """Start work for every batch, and give it when that for the next one has been started."""
    before = None
    for batch in batches:
        work = start(batch)
        if before is not None:
            yield before
        before = work
    if before is not None:
        yield before


def _patiently(work, check):
    """Wait for work in a thread, without making the user wait who cancels."""
    while True:
        check()
        try:
            return work.result(_WAIT_SECONDS)
        except StillAtWork:
            continue


def _read(raster, layout, batch_size, strips):
    """Read windows; those in a batch follow each other in a strip and have the same shape.

    What is in a batch may change the last bit of a result: it must not hang on which strips are
    wanted.
    """
    windows, images = [], []
    for window in layout.windows(strips):
        if windows and (_form(window) != _form(windows[0]) or len(windows) == batch_size):
            yield Batch(windows, images)
            windows, images = [], []
        windows.append(window)
        images.append(_image(raster, window, layout.cut))
    if windows:
        yield Batch(windows, images)


def _form(window):
    return window.strip, *window.box[2:]


def _image(raster, window, cut):
    """What the network sees of a window; None if none of the pixels that are kept is valid."""
    values, valid = raster.read(*window.box)
    if valid is not None:
        inside = valid[cut : valid.shape[0] - cut, cut : valid.shape[1] - cut]
        if not inside.any():
            return None
    image = values.astype(np.float32)
    if valid is not None:
        image[:, ~valid] = np.nan
    return image


def _results(run, batch):
    """For every window: what the network gives, or a function that gives it, and the image."""
    pairs = zip(batch.windows, batch.images, strict=True)
    known = [pair for pair in pairs if pair[1] is not None]
    windows, images = zip(*known, strict=True) if known else ((), ())
    results = iter(run(torch.from_numpy(np.stack(images)), windows) if known else ())
    return [
        (window, run.nothing(window) if image is None else next(results), image)
        for window, image in zip(batch.windows, batch.images, strict=True)
    ]


def _finished(work, layout):
    """Pairs of window and values (channel, row, column); NaN where the raster has no data."""
    pairs = []
    for window, made, image in work.result():
        values = made() if callable(made) else made
        pairs.append((window, values if image is None else _masked(values, image, layout)))
    return pairs


def _masked(values, image, layout):
    holes = np.isnan(image[0])
    if holes.any():
        rows, columns = (slice(layout.cut, size - layout.cut) for size in holes.shape)
        fine = holes[rows, columns].repeat(layout.scale, 0).repeat(layout.scale, 1)
        values[:, fine] = np.nan
    return values


class _Pace:
    """How fast the windows go, and how long the rest will take."""

    def __init__(self, layout, strips):
        self._total, self._done, self._pixels = len(strips) * len(layout.columns), 0, 0
        self._start = time.monotonic()

    def tell(self, window, progress):
        self._done += 1
        self._pixels += window.height * window.width
        seconds = max(time.monotonic() - self._start, 1e-6)
        left = seconds / self._done * (self._total - self._done)
        text = f"Window {self._done:,} of {self._total:,}"
        if seconds >= 1:
            speed = self._pixels / seconds / 1e6
            text += f", {speed:.1f} Mpx/s" if speed >= 1 else f", {speed:.1g} Mpx/s"
            text += f", {minutes(left)} left"
        progress(self._done / self._total, text)
