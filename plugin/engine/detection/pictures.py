"""Pictures of scored units with the boxes in them, for a detector's report."""

import numpy as np
from PIL import Image, ImageDraw

from ...jobs.errors import JobError
from .result import outcome

RIGHT, FALSE, MISSED = "#56b4e9", "#d55e00", "#f0e442"
_LARGEST = 640
_CROP = 2.2
_GRAY = 150


def sheet(result, confidence, most=8, width=400):
    """Pictures of scored units, evenly from those with the most to those with no mistakes.

    Returns
    -------
    list of (array, str)
        Pixels (row, column, 3) uint8 and a caption.
    """
    drawn = [one for one in result.scored if len(one.truth.boxes)]
    wrong = [_mistakes(one, confidence) for one in drawn]
    order = np.argsort(wrong, kind="stable")[::-1]
    chosen = order[np.linspace(0, len(order) - 1, min(most, len(order))).astype(int)]
    return [_picture(drawn[i], confidence, width) for i in chosen]


def _mistakes(one, confidence):
    _, right, missed = outcome(one, confidence)
    return int((~right).sum() + missed.sum())


def _picture(one, confidence, width):
    unit = one.unit
    found, right, missed = outcome(one, confidence)
    image, scale = view(one.scene, (unit.row, unit.column, unit.height, unit.width), width)
    canvas = Image.fromarray(image)
    pen = ImageDraw.Draw(canvas)
    shift = np.array([unit.column, unit.row] * 2)
    for box in (one.truth.boxes[missed] - shift) * scale:
        _rectangle(pen, box, MISSED)
    for box, good in zip((found.boxes - shift) * scale, right, strict=True):
        _rectangle(pen, box, RIGHT if good else FALSE)
    caption = (
        f"{one.scene.name}\n{int(right.sum())} found, {int(missed.sum())} missed, "
        f"{int((~right).sum())} false"
    )
    return np.asarray(canvas), caption


def _rectangle(pen, box, color):
    left, top, right, bottom = (float(value) for value in box)
    pen.rectangle([left, top, max(right, left + 1), max(bottom, top + 1)], outline=color, width=2)


def errors(result, confidence, most=6, width=130):
    """The surest false objects, and the largest that were missed.

    Returns
    -------
    false, missed : list of (array, str)
    """
    false, missed = [], []
    for one in result.scored:
        found, right, lost = outcome(one, confidence)
        false += [(found.scores[i], one, found.boxes[i]) for i in np.flatnonzero(~right)]
        spans = one.truth.boxes[:, 2:] - one.truth.boxes[:, :2]
        missed += [(spans[i].prod(), one, one.truth.boxes[i]) for i in np.flatnonzero(lost)]
    false.sort(key=lambda entry: -entry[0])
    missed.sort(key=lambda entry: -entry[0])
    return (
        [_crop(one, box, FALSE, width, f"confidence {score:.2f}") for score, one, box in
         false[:most]],
        [_crop(one, box, MISSED, width, f"{area**0.5:.0f} pixels") for area, one, box in
         missed[:most]],
    )  # fmt: skip


def _crop(one, box, color, width, caption):
    middle = np.array([box[1] + box[3], box[0] + box[2]]) / 2
    side = max(int(_CROP * max(box[2] - box[0], box[3] - box[1])), 32)
    row, column = (int(value - side / 2) for value in middle)
    image, scale = view(one.scene, (row, column, side, side), width)
    canvas = Image.fromarray(image)
    _rectangle(ImageDraw.Draw(canvas), (box - [column, row, column, row]) * scale, color)
    return np.asarray(canvas), f"{caption}\n{one.scene.name}"


def view(scene, window, width):
    """Show a window of a scene.

    Returns
    -------
    image : array (row, column, 3) of uint8
    scale : float
        Pixels of the image in one of the scene.
    """
    row, column, height, wide = window
    try:
        values = scene.read(row, column, height, wide)
    except JobError:  # gone since it was scored
        values = np.full((1, height, wide), np.nan, np.float32)
    scale = width / wide
    size = width, max(1, round(height * scale))
    return np.asarray(Image.fromarray(_stretched(values)).resize(size, Image.BILINEAR)), scale


def _stretched(values):
    """Three bands between their 1 and 99 % values; 8-bit images keep their contrast."""
    bands = values[[0, 1, 2]] if len(values) >= 3 else values[[0, 0, 0]]
    known = bands[np.isfinite(bands)]
    if not known.size:
        return np.full((*bands.shape[1:], 3), _GRAY, np.uint8)
    low, high = np.percentile(known, [1, 99])
    shown = (bands - low) / max(high - low, 1e-9) * 255
    shown = np.where(np.isfinite(bands), shown, _GRAY)
    return np.clip(shown, 0, 255).astype(np.uint8).transpose(1, 2, 0)
