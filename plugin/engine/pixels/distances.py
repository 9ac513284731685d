"""Distances between pixels in a space of features."""

import numpy as np
import torch

_MOST_AXES = 32
_SMALLEST_SHARE = 0.1
ROWS = 1024  # pixels at a time: a matrix of them and 2,000 others stays in the cache


def standardization(features, weights=None):
    """Center and scale (F,) that standardize features (n, F) and weight them.

    A unit that was almost silent is not blown up without bounds.
    """
    center, deviation = features.mean(0), features.std(0, unbiased=False)
    least = _SMALLEST_SHARE * deviation.median().clamp_min(1e-6)
    weight = torch.ones_like(center) if weights is None else torch.as_tensor(weights).float()
    return center, weight / deviation.clamp_min(least)


def main_axes(standard):
    """The axes (F, K) along which standardized pixels (n, F) differ most."""
    _, turn = torch.linalg.eigh((standard.T @ standard).double())
    return turn.flip(1)[:, :_MOST_AXES].float().contiguous()


def place(features, center, scale, turn):
    """Pixels (m, K + 1) on the main axes, and how far off all of these they are.

    Distances between pixels are almost what they are in all F dimensions, and what is
    foreign off the axes does not escape.
    """
    standard = (features - center) * scale
    main = standard @ turn
    off = ((standard**2).sum(1) - (main**2).sum(1)).clamp_min(0).sqrt()
    return torch.cat([main, off[:, None]], 1)


def mean_distance(places):
    """Mean distance of places (n, K) from one another."""
    count = len(places)
    return float(torch.cdist(places, places).sum()) / max(count * (count - 1), 1)


def nearest(places, reference):
    """Distance (m,) of places to the nearest of the reference (R, K), by one matrix product."""
    lengths = (reference**2).sum(1, keepdim=True)
    other = torch.cat([-2 * reference, lengths], 1).T.contiguous()
    wide = torch.cat([places, places.new_ones(len(places), 1)], 1)
    squares = [(part @ other).amin(1) for part in wide.split(ROWS)]
    return (torch.cat(squares) + (places**2).sum(1)).clamp_min(0).sqrt()


def nearest_of_other_folds(places, folds, reference, reference_folds):
    """Distance (n,) of places to the nearest reference place of another fold, as an array."""
    found = np.zeros(len(places), np.float32)
    for fold in np.unique(folds):
        own, others = folds == fold, reference_folds != fold
        if others.any():
            found[own] = nearest(places[own], reference[others]).numpy()
    return found
