"""Small upscalers and rasters to upscale, for the tests."""

import numpy as np
import torch
from scipy.ndimage import gaussian_filter

from plugin.engine import model_file
from plugin.engine.degradation import degrade
from plugin.engine.networks.upscaler import Upscalers
from plugin.jobs.model_card import UPSCALING, ModelCard


def wild_network(bands=1, factor=4, width=8, blocks=1, strength=0.02, seed=0):
    """An untrained network that adds something clearly visible, the same on every computer."""
    torch.manual_seed(seed)
    network = Upscalers(bands, factor, width, blocks)
    with torch.no_grad():
        for weights in network.parameters():
            weights.add_(strength * torch.randn(weights.shape))
    return network.eval()


def upscaler_card(network, **values):
    """The card of such a network."""
    one = network.fidelity
    arguments = {
        "bands": one.bands, "factor": one.factor, "width": one.first.out_channels,
        "blocks": len(one.body), "detail": network.detail is not None,
    }  # fmt: skip
    names = [] if one.bands == 1 else [f"b{number}" for number in range(1, one.bands + 1)]
    known = {
        "arguments": arguments, "bands": [{"name": name, "unit": ""} for name in names],
        "halo": network.receptive_radius, "training": {"blur": [0.15, 0.637]},
    }  # fmt: skip
    return ModelCard(UPSCALING, "upscaler", **{**known, **values})


def save_upscaler(path, network=None, **card):
    """Write a model file; return its path as text."""
    network = network or wild_network()
    model_file.save(str(path), upscaler_card(network, **card), network)
    return str(path)


def ground(rows=96, columns=120, bands=1, seed=0):
    """Values (band, row, column) in 0..1 with edges, slopes and texture, in double precision."""
    chance = np.random.default_rng(seed)
    fields = []
    for _ in range(bands):
        rough, fine = chance.normal(size=(2, rows, columns))
        fields.append(np.sign(gaussian_filter(rough, 5)) + 0.4 * gaussian_filter(fine, 1) / 0.28)
    values = np.stack(fields)
    return (values - values.min()) / np.ptp(values)


def natural(rows=384, columns=480, bands=1, seed=0):
    """Values (band, row, column) in 0..1 whose power falls with the cube of the frequency, as on the ground."""
    chance = np.random.default_rng(seed)
    fields = []
    for _ in range(bands):
        frequency = np.hypot(np.fft.fftfreq(rows)[:, None], np.fft.rfftfreq(columns))
        frequency[0, 0] = 1
        waves = np.fft.rfft2(chance.normal(size=(rows, columns))) / frequency**1.5
        fields.append(np.fft.irfft2(waves, (rows, columns)))
    values = np.stack(fields)
    return (values - values.min()) / np.ptp(values)


def again(fine, factor, blur):
    """A fine raster (band, row, column) made coarse again, in double precision."""
    images = torch.from_numpy(np.asarray(fine, float))[None]
    return degrade(images, factor, blur)[0].numpy()
