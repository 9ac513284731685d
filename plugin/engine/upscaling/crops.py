"""Squares of a scene as every method shows them, for people to look at."""

from dataclasses import dataclass

import numpy as np

from .resampling import resample

_CROP = 128  # fine pixels


@dataclass(frozen=True)
class Crop:
    """A square of a scene, for people to look at.

    Attributes
    ----------
    what : str
        Why it is shown: ``"best"``, ``"median"``, ``"worst"`` or ``"random"``.
    images : dict of str to array, shape (band, row, column)
        By what they show; the truth and the coarse one are among them.
    psnr : float
        Of the piece that it was cut of.
    """

    what: str
    images: dict
    psnr: float


def cut_crops(judged, scenes, methods, halo, seed=0):
    """Cut the best, the median, the worst and a random piece, as every method shows them.

    Parameters
    ----------
    judged : Judged
    scenes : list of Scene
    methods : dict of str to callable
        Those to show.
    halo : int
    seed : int

    Returns
    -------
    list of Crop
        No piece twice: fewer than four if there are few pieces, or chance draws one of the others.
    """
    table = judged.tables[judged.main]
    errors = (table["squares"] / table["pixels"][:, None]).mean(axis=1)
    values = 10 * np.log10(judged.peak**2 / np.maximum(errors, 1e-20 * judged.peak**2))
    order = np.argsort(-values)
    drawn = int(np.random.default_rng(seed).integers(len(order)))
    chosen = {"best": order[0], "median": order[len(order) // 2], "worst": order[-1],
              "random": drawn}  # fmt: skip
    return [
        _crop(what, judged, place, scenes, methods, halo, values[place])
        for number, (what, place) in enumerate(chosen.items())
        if place not in list(chosen.values())[:number]
    ]


def _crop(what, judged, number, scenes, methods, halo, psnr):
    which, (row, column, height, width) = judged.places[number]
    scene, factor = scenes[which], judged.factor
    size = min(_CROP // factor, height), min(_CROP // factor, width)
    place = row + (height - size[0]) // 2, column + (width - size[1]) // 2, *size
    piece = scene.piece(place, halo, judged.blur)
    images = {"Coarse": _shown(piece, resample(piece.coarse, factor, "nearest"), scene)}
    for name, method in methods.items():
        images[name] = _shown(piece, method(piece), scene)
    return Crop(what, {**images, "Truth": piece.truth}, float(psnr))


def _shown(piece, fine, scene):
    return scene.scale.to_unit(piece.crop(fine, scene.factor))
