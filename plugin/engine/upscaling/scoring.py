"""Scores of upscaling: measured piece by piece, pooled over all, with an interval over pieces."""

import numpy as np

from ..degradation import degrade
from ..metrics.registration import shift
from ..metrics.texture import detail_shares, radial_spectrum
from ..metrics.upscaling import high_energy, spectral_angle, ssim

COLUMNS = (
    "rmse", "bias", "psnr", "ssim", "sam", "ergas", "hf_ratio", "consistency_mae",
    "consistency_max", "shift", "improvement", "omission", "hallucination",
)  # fmt: skip
_DRAWS = 500
_SPECTRUM_BINS = 48


def measure(piece, made, interpolated, scene, blur, peak):
    """Measure one result on one piece.

    Parameters
    ----------
    piece : Piece
    made, interpolated : torch.Tensor, shape (1, band, factor * h, factor * w)
        The result, and cubic interpolation, with the surroundings, in the network's range.
    scene : Scene
    blur : float
        With which the result is made coarse again.
    peak : float
        Range of the values, for PSNR and SSIM.

    Returns
    -------
    dict of str to float or array
        Sums and means that `pooled` puts together.
    """
    factor = scene.factor
    fine = scene.scale.to_unit(piece.crop(made, factor))
    base = scene.scale.to_unit(piece.crop(interpolated, factor))
    missed = _missed(piece, made, scene, blur)
    error = fine - piece.truth
    found, omitted, invented = detail_shares(piece.truth, base, fine)
    moved = shift(piece.truth.mean(axis=0), fine.mean(axis=0), 0.5 / factor)
    return {
        "pixels": float(error[0].size),
        "squares": (error**2).sum(axis=(1, 2)),
        "errors": error.sum(axis=(1, 2)),
        "total": piece.truth.sum(axis=(1, 2)),
        "ssim": ssim(piece.truth, fine, 0, peak),
        "angle": spectral_angle(piece.truth, fine, 0),
        # By Parseval's theorem this is a sum over the pixels, as the other sums are.
        "energy": high_energy(fine, factor) / error[0].size,
        "true_energy": high_energy(piece.truth, factor) / error[0].size,
        "missed": float(np.abs(missed).mean()),
        "missed_most": float(np.abs(missed).max()),
        "row": moved[0],
        "column": moved[1],
        "found": found,
        "omitted": omitted,
        "invented": invented,
        "spectrum": radial_spectrum(fine, _SPECTRUM_BINS),
        "true_spectrum": radial_spectrum(piece.truth, _SPECTRUM_BINS),
    }


def _missed(piece, made, scene, blur):
    """Result made coarse again, less the coarse raster, in the rectangle and the raster's unit."""
    again = degrade(made, scene.factor, blur) - piece.coarse.to(made)
    row, column, height, width = piece.inner
    inside = again[0, :, row : row + height, column : column + width]
    return inside.numpy(force=True) * scene.scale.steps


def stacked(measured):
    """One table of the measurements of many pieces: arrays whose first axis is the piece."""
    return {name: np.array([one[name] for one in measured]) for name in measured[0]}


def pooled(table, factor, peak, weights=None):
    """Scores over all pieces.

    Parameters
    ----------
    table : dict of str to array
        Of `stacked`.
    factor : int
    peak : float
    weights : array, shape (piece,), optional
        How often each piece counts; once if not given.

    Returns
    -------
    dict of str to float
        By the names in `COLUMNS`; NaN where a score does not apply.
    """
    count = np.ones(len(table["pixels"])) if weights is None else weights
    pixels = count * table["pixels"]
    share = pixels / pixels.sum()
    squares = _over_bands(table["squares"], count) / pixels.sum()
    means = np.abs(_over_bands(table["total"], count)) / pixels.sum()
    relative = squares / np.maximum(means, 1e-12) ** 2
    found, omitted, invented = (
        float(count @ table[name]) for name in ("found", "omitted", "invented")
    )
    detail = max(found + omitted + invented, 1e-20)
    return {
        "rmse": float(np.sqrt(squares.mean())),
        "bias": float((_over_bands(table["errors"], count) / pixels.sum()).mean()),
        "psnr": float(np.mean(10 * np.log10(peak**2 / np.maximum(squares, 1e-20 * peak**2)))),
        "ssim": float(share @ table["ssim"]),
        "sam": float(share @ table["angle"]),
        "ergas": float(100 / factor * np.sqrt(relative.mean())),
        "hf_ratio": float(count @ table["energy"] / max(count @ table["true_energy"], 1e-20)),
        "consistency_mae": float(share @ table["missed"]),
        "consistency_max": float(table["missed_most"][count > 0].max()),
        "shift": float(np.hypot(share @ table["row"], share @ table["column"])),
        "improvement": found / detail,
        "omission": omitted / detail,
        "hallucination": invented / detail,
    }


def _over_bands(values, count):
    return (values * count[:, None]).sum(axis=0)


def intervals(table, factor, peak, names, seed=0, base=None):
    """95 % intervals of pooled scores, by drawing pieces with repetition.

    Parameters
    ----------
    table : dict of str to array
    factor : int
    peak : float
    names : sequence of str
    seed : int
    base : dict of str to array, optional
        Table of another method on the same pieces; then the intervals are of the difference.

    Returns
    -------
    dict of str to tuple of float
        NaN with fewer than three pieces.
    """
    pieces = len(table["pixels"])
    if pieces < 3:
        return {name: (float("nan"), float("nan")) for name in names}
    chance = np.random.default_rng(seed)
    draws = chance.multinomial(pieces, np.full(pieces, 1 / pieces), _DRAWS).astype(float)
    scores = [_difference(table, base, factor, peak, weights) for weights in draws]
    return {
        name: tuple(np.percentile([score[name] for score in scores], [2.5, 97.5]).tolist())
        for name in names
    }


def _difference(table, base, factor, peak, weights):
    scores = pooled(table, factor, peak, weights)
    if base is None:
        return scores
    others = pooled(base, factor, peak, weights)
    return {name: scores[name] - others[name] for name in scores}
