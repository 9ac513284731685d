"""A trained upscaler, ready to use: cubic interpolation, what the network adds, and the measurements."""

import os
from functools import partial
from pathlib import Path

import torch
from torch.nn import functional

from ...jobs.errors import JobError
from ...jobs.model_card import UPSCALING
from ...jobs.upscaling import check_upscaler
from .. import model_file
from ..degradation import DETECTOR, back_project, cubic, reach
from .held import complete, ended, without_border
from .intensity import in_intensity, share_intensity
from .rolling import added_planes, can_be_narrow
from .stages import Stages
from .texture import texture_share

_PACKAGE = Path(__file__).resolve().parents[3]
_MODELS = str(_PACKAGE / "resources" / "models")
BUNDLED = {1: ("x1",), 2: ("x2",), 4: ("x4",), 8: ("x4", "x2")}


def bundled_path(name):
    """Where a model that comes with the plugin lies, such as ``upscaler_x4``."""
    return os.path.join(_MODELS, name + ".safetensors")


class Generator:
    """What makes a raster finer, on a device.

    It works in the network's range: every band has zero mean and a quarter as its standard
    deviation. A network of one band takes any number of bands, each by itself.

    Parameters
    ----------
    stages : sequence of Upscalers
        One after the other; none for cubic interpolation alone.
    factor : int
        Fine pixels along a coarse one, of all stages together.
    device : torch.device
    card : ModelCard, optional
        Of the first stage.

    Attributes
    ----------
    card : ModelCard or None
    factor : int
    bands : int
        1: any number, each by itself.
    device : torch.device
    has_detail : bool
        Whether a stage has a generator with texture.
    in_strips : bool
        Whether a window's features are never there all at once.
    can_be_narrow : bool
        Whether its network may then multiply in bfloat16, see `rolling`.
    """

    def __init__(self, stages, factor, device, card=None):
        self._stages = Stages(stages, device)
        self.factor, self.device, self.card = factor, device, card
        self.bands, self.has_detail = self._stages.bands, self._stages.has_detail
        self.in_strips = len(self._stages) < 2 and device.type == "cpu"
        networks = [stage.fidelity for stage in stages]
        self.can_be_narrow = self.in_strips and any(map(can_be_narrow, networks))

    @classmethod
    def load(cls, path, device):
        """Load a model file that Train upscaler made.

        Raises
        ------
        JobError
            As `model_file.load`; if the file is the estimator of the blur.
        """
        card, network = model_file.load(path, UPSCALING)
        check_upscaler(card, path)
        return cls.of(network, card, device)

    @classmethod
    def bundled(cls, factor, device):
        """Load what comes with the plugin for a factor; 8 times is 4 and then 2 times.

        Raises
        ------
        JobError
            If there is none.
        """
        loaded = []
        for name in BUNDLED[factor]:
            path = bundled_path(f"upscaler_{name}")
            if not os.path.isfile(path):
                raise JobError(
                    f"No upscaler for a factor of {factor} comes with this version.",
                    "Choose the method classical, or a model that Train upscaler made.",
                )
            loaded.append(model_file.load(path, UPSCALING))
        return cls([network for _, network in loaded], factor, device, loaded[0][0])

    @classmethod
    def of(cls, network, card, device):
        """A generator of an `Upscalers` and its card."""
        return cls([network], network.fidelity.factor, device, card)

    @classmethod
    def classical(cls, factor, device):
        """Cubic interpolation, to be held to the measurements; nothing is learned."""
        return cls([], factor, device)

    def halo(self, blur, iterations):
        """Coarse pixels around one that its result depends on.

        Parameters
        ----------
        blur : float
        iterations : int
            Of the back-projection.

        Returns
        -------
        int
        """
        return self._stages.radius + self.projected(blur, iterations)

    def projected(self, blur, iterations):
        """That part of the halo which back-projection needs."""
        return 0 if blur >= DETECTOR else iterations * reach(self.factor, blur)

    @torch.no_grad()
    def upscale(
        self,
        coarse,
        blur,
        iterations,
        detail=0.0,
        intensity_only=False,
        valid=None,
        told=None,
        levels=None,
        cut=0,
        add=added_planes,
        later=False,
    ):
        """Make an image finer.

        Parameters
        ----------
        coarse : torch.Tensor, shape (N, C, H, W)
            In the network's range, without holes, on the device.
        blur : float
            The sensor's response at the Nyquist frequency, to which the result is held.
        iterations : int
            Of the back-projection.
        detail : float
            0: faithful; 1: with texture, where the ground allows it; weights between them else.
        intensity_only : bool
            The same texture in all bands.
        valid : torch.Tensor, shape (N, 1, H, W), optional
            1 where the coarse image holds data; nothing is held to measurements elsewhere.
        told : float, optional
            What the network hears of the blur; 0 if it is not known. `blur` if not given.
        levels : sequence of float, length C, optional
            The means of the bands in the network's range, if values below 0 mean nothing in their
            unit: texture in the intensity then leaves the ratios of bands as they are.
        cut : int
            Coarse pixels at every side that are not kept.
        add : callable
            What gives a network's result where there is enough around, as `added_planes` does.
        later : bool
            Give, if there is enough around, a function that does what comes after the networks.

        Returns
        -------
        torch.Tensor, shape (N, C, factor * (H - 2 * cut), factor * (W - 2 * cut))
        """
        told = blur if told is None else told
        shared = bool(detail and intensity_only and coarse.shape[1] > 1)
        spare = cut - self._stages.radius - self.projected(blur, iterations)
        if spare >= 0 and len(self._stages) < 2:
            # Nothing that is kept hangs on the border: there are faster ways.
            begun = [
                partial(
                    complete, self._planes(image, told, (detail, shared, levels), add), image,
                    (self.factor, blur), iterations, held, cut - spare,
                )
                for image, held in without_border(coarse, valid, spare)
            ]  # fmt: skip
            return partial(ended, begun) if later else ended(begun)
        fine = self._made(coarse, told, detail)
        if detail and self._stages.has_detail:
            faithful = self._made(coarse, told, 0.0)
            share = torch.stack([self._share(image, shared) for image in coarse])
            added = (fine - faithful) * functional.interpolate(share, scale_factor=self.factor)
            fine = faithful + (in_intensity(added, faithful, levels) if shared else added)
        fine = back_project(fine, coarse, self.factor, blur, iterations, valid)
        cut *= self.factor
        return fine[..., cut : fine.shape[2] - cut, cut : fine.shape[3] - cut]

    def _made(self, coarse, told, detail):
        """Interpolated, and what the networks add; not yet held to the measurements."""
        if not self._stages:
            return cubic(coarse, self.factor)
        return self._stages.made(coarse, told, detail)

    def _planes(self, image, told, texture, add):
        """What the networks add to an image (C, H, W); see `rolling.added_planes`."""
        if not self._stages:
            return None
        detail, shared, levels = texture
        planes = add(self._stages.network(0, detail), image, told)
        if not (detail and self._stages.has_detail):
            return planes
        faithful = add(self._stages.network(0, 0.0), image, told)
        inset, (rows, columns) = (image.shape[2] - planes.shape[3]) // 2, planes.shape[2:]
        share = self._share(image, shared)[:, inset : inset + rows, inset : inset + columns]
        planes.sub_(faithful).mul_(share[:, None]).add_(faithful)
        if not shared:
            return planes
        share_intensity(faithful, planes, image, levels)
        return faithful

    def _share(self, image, shared):
        """The share of the texture that an image (C, H, W) allows."""
        return texture_share(image, shared, self._stages.radius)

    @torch.no_grad()
    def synthesized(self, fine, coarse, blur, iterations, **known):
        """How far a result is from the faithful one, on average over each coarse pixel.

        Parameters
        ----------
        fine : torch.Tensor, shape (N, C, factor * H, factor * W)
            What `upscale` gave, which was cut as told.
        coarse, blur, iterations
            As given to `upscale`.
        known : dict
            What else was given to it, but for the texture.

        Returns
        -------
        torch.Tensor, shape (N, C, H, W)
        """
        faithful = self.upscale(coarse, blur, iterations, **known)
        return functional.avg_pool2d((fine - faithful).abs(), self.factor)
