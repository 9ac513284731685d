"""Where a pixel classifier may be trusted: the area of applicability.

A pixel is as dissimilar as its distance to the nearest training pixel, measured in the mean
distance of training pixels from one another. It is inside the area of applicability if that is
not more than what training pixels show towards those of other folds, outliers left out.

The space is the features that the network decides by, the bands of the pixel, and the
texture of each band around it, three blocks of equal weight. The last features alone are not
enough: rectified units that never saw a foreign ground may be as silent there as on known ground.
Measured on synthetic ground whose own kind lights up in 2 % of the pixels: white noise in another
value range lit up in 65 % with the last features alone and in 100 % with all three; the own
values with their places shuffled in 7 and in 60 %, smooth ground of the own values in 50 and
in 85 %. A network that looks at single pixels decides without texture, and so does its trust.

References
----------
Meyer & Pebesma 2021, doi:10.1111/2041-210X.13650.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from .distances import (
    ROWS,
    main_axes,
    mean_distance,
    nearest,
    nearest_of_other_folds,
    place,
    standardization,
)

_TEXTURE_RADIUS = 4
_SMALLEST_TEXTURE = 0.05  # in the network's range, where a band varies by about 1
_MOST_TRAINING, _MOST_REFERENCE = 20_000, 2000
_RANDOM_FOLDS = 5
_TENSORS = ("center", "scale", "turn", "reference")


def trust_features(network, images):
    """The space in which dissimilarity is measured, at every pixel.

    Parameters
    ----------
    network : torch.nn.Module
        With `features` and `receptive_radius`.
    images : torch.Tensor, shape (N, band, row, column)
        In the network's range.

    Returns
    -------
    torch.Tensor, shape (N, F, row, column)
        The network's features, the bands and, if the network sees more than one pixel, their
        texture.
    """
    features = network.features(images)
    if features.shape[-2:] != images.shape[-2:]:
        features = functional.interpolate(features, images.shape[-2:], mode="bilinear")
    return torch.cat([features.float(), beside_features(network, images)], 1)


def beside_features(network, images):
    """The part of `trust_features` that is not the network's: bands and their texture."""
    radius, images = _texture_radius(network), images.float()
    return torch.cat([images, _texture(images, radius)], 1) if radius else images


def block_weights(network, bands, count):
    """Weights that give the blocks of `trust_features` the same say.

    Parameters
    ----------
    network : torch.nn.Module
    bands, count : int
        Number of bands, and of all features.

    Returns
    -------
    float32 array, shape (count,)
    """
    sizes = [bands, 4 * bands] if _texture_radius(network) else [bands]
    sizes = [count - sum(sizes), *sizes]
    return np.concatenate([np.full(size, size**-0.5, np.float32) for size in sizes])


def _texture_radius(network):
    """No farther than the network sees, so that a window's halo covers it; None is all."""
    seen = network.receptive_radius
    return _TEXTURE_RADIUS if seen is None else min(_TEXTURE_RADIUS, int(seen))


def _texture(images, radius):
    """Of every band: local mean, log of local deviation, log of mean step right and down."""
    mean = _local(images, radius)
    deviation = (_local(images**2, radius) - mean**2).clamp_min(0).sqrt()
    wide = functional.pad(images, (0, 1, 0, 1), mode="replicate")
    steps = (wide[..., :-1, 1:] - images).abs(), (wide[..., 1:, :-1] - images).abs()
    rough = [deviation, *(_local(step, max(radius - 1, 0)) for step in steps)]
    return torch.cat([mean, *((part + _SMALLEST_TEXTURE).log() for part in rough)], 1)


def _local(images, radius):
    wide = functional.pad(images, (radius,) * 4, mode="replicate")
    return functional.avg_pool2d(wide, 2 * radius + 1, stride=1)


@dataclass(frozen=True)
class Trust:
    """What is known of the training pixels; see `measure_trust`.

    Attributes
    ----------
    center, scale : float32 tensor, shape (F,)
        What standardizes and weights features.
    turn : float32 tensor, shape (F, K)
        The axes along which training pixels differ most.
    reference : float16 tensor, shape (R, K + 1)
        Training pixels on these axes, and how far off all of them they are.
    mean_distance : float
        Of training pixels from one another.
    applicable : float
        The largest dissimilarity inside the area of applicability.
    summary : dict
        ``training`` (number of pixels), ``folds``, ``outside`` (share of the training pixels
        beyond the threshold) and ``quartiles`` of their dissimilarity.
    """

    center: torch.Tensor
    scale: torch.Tensor
    turn: torch.Tensor
    reference: torch.Tensor
    mean_distance: float
    applicable: float
    summary: dict

    @classmethod
    def load(cls, card, extras):
        """The trust of a model file, or None if it has none.

        Parameters
        ----------
        card : ModelCard
        extras : dict of str to torch.Tensor
            See `model_file.load_with_extras`.
        """
        names = [f"trust.{name}" for name in _TENSORS]
        known = dict(card.trust)
        if not known or any(name not in extras for name in names):
            return None
        numbers = float(known.pop("mean_distance")), float(known.pop("applicable"))
        return cls(*(extras[name] for name in names), *numbers, known)

    def to_tensors(self):
        """The tensors for the model file's extras."""
        return {f"trust.{name}": getattr(self, name) for name in _TENSORS}

    def card(self):
        """The numbers for the card's `trust`."""
        numbers = {"mean_distance": self.mean_distance, "applicable": self.applicable}
        return {**numbers, **self.summary}

    def to(self, device):
        """The same on a device."""
        parts = (getattr(self, name).to(device) for name in _TENSORS)
        return Trust(*parts, self.mean_distance, self.applicable, self.summary)

    def place(self, features):
        """Where pixels (m, F) lie in the space of the reference, (m, K + 1)."""
        return place(features.float(), self.center, self.scale, self.turn)

    @torch.no_grad()
    def dissimilarity(self, features):
        """Dissimilarity index of pixels: 0 is known, 1 as far as training pixels are apart.

        Parameters
        ----------
        features : torch.Tensor, shape (m, F)
            As `trust_features` gives them; on the device of this trust.

        Returns
        -------
        float32 tensor, shape (m,)
        """
        reference = self.reference.float()
        distances = [nearest(self.place(part), reference) for part in features.split(ROWS)]
        nothing = features.new_zeros(0, dtype=torch.float32)
        return torch.cat([nothing, *distances]) / self.mean_distance


def measure_trust(features, folds, weights=None, seed=0):
    """Measure the area of applicability of training pixels.

    Parameters
    ----------
    features : float32 array, shape (n, F)
        `trust_features` at training pixels.
    folds : int array, shape (n,)
        Fold of every pixel; where there is but one, chance makes five.
    weights : float array, shape (F,), optional
        Weight of every standardized feature, see `block_weights`; all the same if not given.
    seed : int

    Returns
    -------
    Trust
        The threshold is the upper quartile of the training pixels' dissimilarity from the other
        folds, plus 1.5 times the distance between the quartiles, but at most their maximum.
    """
    chance = np.random.default_rng(seed)
    folds = np.asarray(folds)
    if len(np.unique(folds)) < 2:
        folds = chance.permutation(np.arange(len(folds)) % _RANDOM_FOLDS)
    some = chance.permutation(len(folds))[:_MOST_TRAINING]
    features, folds = torch.as_tensor(np.asarray(features, np.float32)[some]), folds[some]
    center, scale = standardization(features, weights)
    turn = main_axes((features - center) * scale)
    places = place(features, center, scale, turn)
    # Half precision is what the model file keeps, so the threshold is measured with it.
    reference = places[:_MOST_REFERENCE].half()
    apart = max(mean_distance(reference.float()), 1e-12)
    others = reference.float(), folds[: len(reference)]
    known = nearest_of_other_folds(places, folds, *others) / apart
    low, high = np.quantile(known, (0.25, 0.75))
    limit = float(min(high + 1.5 * (high - low), known.max()))
    summary = {
        "training": len(features),
        "folds": len(np.unique(folds)),
        "outside": float((known > limit).mean()),
        "quartiles": [float(np.quantile(known, share)) for share in (0.25, 0.5, 0.75)],
    }
    return Trust(center, scale, turn, reference, apart, limit, summary)
