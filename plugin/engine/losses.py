"""What training makes small."""

import torch
from torch.nn import functional


def cross_entropy(logits, labels, class_weights=None, smoothing=0.0):
    """Cross-entropy with class weights and label smoothing, the mean over the batch.

    Parameters
    ----------
    logits : torch.Tensor, shape (N, classes)
    labels : torch.Tensor of int, shape (N,)
    class_weights : torch.Tensor, shape (classes,), optional
        Weight of every class; the mean is weighted too, so the scale of the loss stays.
    smoothing : float
        Share of the label that is spread over all classes.

    Returns
    -------
    torch.Tensor, a scalar
    """
    return functional.cross_entropy(logits, labels, class_weights, label_smoothing=smoothing)


def absolute_weights(network):
    """Sum of the absolute weights (not biases, not normalization) of a network: the L1 penalty."""
    learned = [p for p in network.parameters() if p.requires_grad and p.ndim > 1]
    return torch.stack([p.abs().sum() for p in learned]).sum()


def class_weights(labels, classes, power=0.5):
    """Weights for rare classes: the inverse frequency to a power, 1 on average.

    The square root (power 0.5) lifts rare classes without letting a handful of images rule
    the gradient.

    Parameters
    ----------
    labels : numpy.ndarray of int, shape (N,)
    classes : int
    power : float

    Returns
    -------
    torch.Tensor of float32, shape (classes,)
    """
    counts = torch.bincount(torch.as_tensor(labels), minlength=classes).clamp_min(1).float()
    weights = counts.pow(-power)
    return weights / (weights * counts).sum() * counts.sum()
