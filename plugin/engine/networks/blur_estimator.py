"""A small network that tells how soft a coarse raster is."""

import torch
from torch import nn

_LEAST = 1e-4


class BlurEstimator(nn.Module):
    """Estimate the sensor's response at the Nyquist frequency from patches.

    A patch is first differentiated and scaled, so that neither brightness nor contrast matter.

    Parameters
    ----------
    width : int
        Channels.
    """

    def __init__(self, width=24):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(2, width, 5),
            nn.ReLU(),
            nn.Conv2d(width, width, 3),
            nn.ReLU(),
            nn.Conv2d(width, width, 3, stride=2),
            nn.ReLU(),
            nn.Conv2d(width, width, 3),
            nn.ReLU(),
        )
        self.head = nn.Linear(2 * width, 2)

    def forward(self, patches):
        """Estimates of patches.

        Parameters
        ----------
        patches : torch.Tensor, shape (N, 1, H, W)
            At least 16 pixels high and wide.

        Returns
        -------
        blur, doubt : torch.Tensor, shape (N,)
            The response, and the logarithm of its uncertainty.
        """
        down = patches[..., 1:, 1:] - patches[..., :-1, 1:]
        across = patches[..., 1:, 1:] - patches[..., 1:, :-1]
        steps = torch.cat([down, across], 1)
        steps = steps / (steps.std((1, 2, 3), keepdim=True) + _LEAST)
        seen = self.layers(steps)
        pooled = torch.cat([seen.mean((2, 3)), seen.square().mean((2, 3)).sqrt()], 1)
        found = self.head(pooled)
        return 0.1 + 0.6 * torch.sigmoid(found[:, 0]), found[:, 1]


def combined(blur, doubt):
    """One estimate of many: sure patches count more.

    Parameters
    ----------
    blur, doubt : torch.Tensor, shape (N,)

    Returns
    -------
    float
    """
    weights = torch.exp(-2 * doubt.clamp(-5, 5))
    return float((weights * blur).sum() / weights.sum())
