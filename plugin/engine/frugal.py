"""Predict with as much memory as there is: fewer windows at once, then halves of windows."""

from functools import partial
from threading import RLock

import numpy as np
import torch

from ..jobs.errors import JobError
from . import notices
from .device import fetched, is_out_of_memory, release
from .layout import down


class Frugal:
    """A prediction that makes do with less memory when it runs out.

    Fewer windows are taken at once; then, where only cores count, a window is predicted in
    halves, each with a halo of its own.

    Parameters
    ----------
    predict : callable
        See `dense_prediction.predict_dense`.
    layout : Layout
    """

    def __init__(self, predict, layout):
        self._predict, self._layout = predict, layout
        self._most = float("inf")  # pixels at once
        self._at_work = RLock()  # where memory ran out late, a window is predicted a second time

    def nothing(self, window):
        """The result of a window without data."""
        sides = (window.height, window.width)
        sides = [(side + 2 * self._layout.margin) * self._layout.scale for side in sides]
        return np.full((self._predict.channels, *sides), np.nan, np.float32)

    @torch.no_grad()
    def __call__(self, images, windows=()):
        """Results of images (N, band, row, column), or functions that give them.

        Raises
        ------
        JobError
            If the memory does not even suffice for a small window.
        """
        if _pixels(images) > self._most:
            return self._halves(images)
        return self._or_in_halves(images, lambda: self._predicted(images, windows))

    def _predicted(self, images, windows):
        with self._at_work:
            if hasattr(self._predict, "place"):
                self._predict.place(windows)
            made = self._predict(images, self._layout.cut)
        if callable(made):
            late = partial(self._or_in_halves, images, lambda: _as_array(made()))
            return [lambda: late()[0]]
        # A GPU goes on with the next windows while the results of these are copied.
        return fetched(made) if windows and made.is_cuda else _as_array(made)

    def _or_in_halves(self, images, work):
        try:
            return work()
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            self._most = min(self._most, _pixels(images) // 2)
            reason = error
        notices.tell(_what_is_halved(images, self._layout))
        release()
        return self._halves(images, reason)

    def _halves(self, images, reason=None):
        if len(images) > 1:
            half = len(images) // 2
            return np.concatenate([self(images[:half]), self(images[half:])])
        axis = 2 if images.shape[2] >= images.shape[3] else 3
        whole, halo = images.shape[axis], self._layout.halo
        half = down((whole - 2 * halo) // 2, self._layout.stride)
        if self._layout.blended or not half:
            raise JobError(
                f"There is not enough memory for a window of {whole} pixels.",
                f"Set WINDOW_SIZE to {max(down(self._layout.core // 2, 8), 8)}, or choose the "
                "device CPU.",
            ) from reason
        first = images.narrow(axis, 0, half + 2 * halo)
        second = images.narrow(axis, half, whole - half)
        return np.concatenate([self(first), self(second)], axis)


def _what_is_halved(images, layout):
    if len(images) > 1:
        return (
            f"There is not enough memory for {len(images)} windows at once; from now on "
            f"{len(images) // 2} are taken."
        )
    high, wide = (size - 2 * layout.halo for size in images.shape[2:])
    return (
        f"There is not enough memory for a window of {wide} x {high} pixels; from now on it is "
        "worked on in halves. The result is the same."
    )


def _pixels(images):
    return len(images) * images.shape[2] * images.shape[3]


def _as_array(values):
    return values.float().cpu().numpy()
