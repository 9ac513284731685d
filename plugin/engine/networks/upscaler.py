"""The generator that makes a raster finer, and the discriminator that judges its texture."""

import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils.parametrizations import spectral_norm


class Upscaler(nn.Module):
    """A plain residual network over coarse pixels with a sub-pixel end.

    It adds what an interpolated raster lacks. There is no normalization, no attention and no
    pooling, so that a pixel depends on `receptive_radius` pixels around it and on nothing else.

    Parameters
    ----------
    bands : int
    factor : int
        Fine pixels along a coarse one; 1 to sharpen at the same size.
    width : int
        Channels.
    blocks : int
        Residual blocks of two convolutions.

    References
    ----------
    Lim et al. 2017, arXiv:1707.02921; Shi et al. 2016, arXiv:1609.05158 (sub-pixel convolution)
    """

    def __init__(self, bands=1, factor=4, width=48, blocks=8):
        super().__init__()
        self.factor, self.bands = factor, bands
        self.receptive_radius = 2 * blocks + 3
        self.first = nn.Conv2d(bands + 1, width, 3, padding=1)
        self.body = nn.Sequential(*(_Block(width) for _ in range(blocks)))
        self.after = nn.Conv2d(width, width, 3, padding=1)
        self.last = nn.Conv2d(width, bands * factor * factor, 3, padding=1)
        nn.init.normal_(self.last.weight, std=1e-3)
        nn.init.zeros_(self.last.bias)

    def forward(self, coarse, blur):
        """What to add to the interpolated raster.

        Parameters
        ----------
        coarse : torch.Tensor, shape (N, bands, H, W)
            In the network's range: about standard normal divided by 4.
        blur : torch.Tensor, shape (N,)
            Response at the Nyquist frequency; 0 if it is not known.

        Returns
        -------
        torch.Tensor, shape (N, bands, factor * H, factor * W)
        """
        told = blur.view(-1, 1, 1, 1).expand(-1, 1, *coarse.shape[-2:]).to(coarse)
        return functional.pixel_shuffle(self.phases(torch.cat([coarse, told], 1)), self.factor)

    def phases(self, images):
        """The fine pixels of each coarse one as channels (N, bands * factor squared, H, W).

        Parameters
        ----------
        images : torch.Tensor, shape (N, bands + 1, H, W)
            The last channel is the blur.
        """
        features = self.first(images)
        return self.last(self.after(self.body(features)).add_(features))


class _Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.one = nn.Conv2d(width, width, 3, padding=1)
        self.two = nn.Conv2d(width, width, 3, padding=1)
        with torch.no_grad():
            self.two.weight.mul_(0.1)

    def forward(self, features):
        # In place: a pass over memory takes a third of the time of a convolution.
        return self.two(functional.relu_(self.one(features))).add_(features)


class Upscalers(nn.Module):
    """The two generators of a model: the faithful one, and the one with texture.

    Both have the same form, so that weights between theirs make a generator between them.

    Parameters
    ----------
    bands, factor, width, blocks : int
        See `Upscaler`.
    detail : bool
        Whether there is a generator with texture.

    Attributes
    ----------
    fidelity : Upscaler
    detail : Upscaler or None
    """

    def __init__(self, bands=1, factor=4, width=48, blocks=8, detail=True):
        super().__init__()
        self.fidelity = Upscaler(bands, factor, width, blocks)
        self.detail = Upscaler(bands, factor, width, blocks) if detail else None

    @property
    def receptive_radius(self):
        """Coarse pixels around one that its result depends on."""
        return self.fidelity.receptive_radius


class Discriminator(nn.Module):
    """Judge patches at two scales, given the interpolated coarse raster beside the fine one.

    Parameters
    ----------
    bands : int
    width : int
        Channels of the first layer.

    References
    ----------
    Isola et al. 2017, arXiv:1611.07004 (patches); Miyato et al. 2018, arXiv:1802.05957
    """

    def __init__(self, bands=1, width=32):
        super().__init__()
        self.scales = nn.ModuleList(_judge(2 * bands, width) for _ in range(2))

    def forward(self, fine, interpolated):
        """Logits and features of every layer, at both scales.

        Parameters
        ----------
        fine, interpolated : torch.Tensor, shape (N, bands, H, W)
            H and W multiples of 4.

        Returns
        -------
        list of torch.Tensor, list of torch.Tensor
        """
        pair, logits, features = torch.cat([fine, interpolated], 1), [], []
        for scale in self.scales:
            seen = functional.pixel_unshuffle(pair, 2)
            for layer in scale[:-1]:
                seen = functional.leaky_relu(layer(seen), 0.2)
                features.append(seen)
            logits.append(scale[-1](seen))
            pair = functional.avg_pool2d(pair, 2)
        return logits, features


def _judge(channels, width):
    sizes = [(4 * channels, width, 1), (width, 2 * width, 2), (2 * width, 2 * width, 1)]
    layers = [nn.Conv2d(a, b, 3, stride, 1) for a, b, stride in sizes]
    layers.append(nn.Conv2d(2 * width, 1, 3, padding=1))
    return nn.ModuleList(spectral_norm(layer) for layer in layers)
