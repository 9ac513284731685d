"""What the training of a pixel classifier makes small; only labeled pixels count."""

import torch
from torch.nn import functional

_HARDNESS = 2.0
_SMOOTHING = 0.05


def pixel_loss(kind, logits, labels, class_weights=None):
    """Loss of labeled pixels.

    Parameters
    ----------
    kind : {"cross_entropy", "focal", "dice"}
        Dice is added to the cross-entropy: alone it hardly learns from classes that a batch lacks.
    logits : torch.Tensor, shape (n, classes)
        Of the labeled pixels of a batch.
    labels : torch.Tensor of int, shape (n,)
    class_weights : torch.Tensor, shape (classes,), optional

    Returns
    -------
    torch.Tensor, a scalar

    References
    ----------
    Lin et al. 2017, doi:10.1109/ICCV.2017.324 (focal); Milletari et al. 2016,
    doi:10.1109/3DV.2016.79 (Dice).
    """
    if kind == "focal":
        return _focal(logits, labels, class_weights)
    loss = functional.cross_entropy(logits, labels, class_weights, label_smoothing=_SMOOTHING)
    return loss + _dice(logits, labels) if kind == "dice" else loss


def _focal(logits, labels, class_weights):
    each = functional.cross_entropy(logits, labels, reduction="none")
    weight = (1 - torch.exp(-each)) ** _HARDNESS
    if class_weights is None:
        return (weight * each).mean()
    mine = class_weights[labels]
    return (mine * weight * each).sum() / mine.sum()


def _dice(logits, labels):
    """One minus the mean overlap of the classes that are there."""
    chances = torch.softmax(logits, 1)
    truth = functional.one_hot(labels, logits.shape[1]).to(chances.dtype)
    both, either = (chances * truth).sum(0), (chances + truth).sum(0)
    there = truth.sum(0) > 0
    return 1 - (2 * both[there] / either[there].clamp_min(1e-6)).mean()
