"""A trained upscaler, ready to use: cubic interpolation, what the network adds, and the measurements.

References
----------
Wang et al. 2018, arXiv:1809.00219 (network interpolation); Irani & Peleg 1991,
doi:10.1016/1049-9652(91)90045-L (back-projection)
"""

import copy
import math
import os

import torch
from torch.nn import functional

from ...jobs.errors import JobError
from ...jobs.model_card import UPSCALING
from .. import model_file
from ..degradation import CUBIC_RADIUS, DETECTOR, back_project, cubic, reach
from .held import complete
from .intensity import in_intensity, share_intensity
from .rolling import added_planes

_MODELS = os.path.join(
    os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))),
    "resources",
    "models",
)
BUNDLED = {1: ("x1",), 2: ("x2",), 4: ("x4",), 8: ("x4", "x2")}
# Coarse pixels at once: the features of one of 48 channels take 192 bytes, three times.
_PIXELS = {"cpu": 2**18, "mps": 2**20, "cuda": 2**22}


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
    """

    def __init__(self, stages, factor, device, card=None):
        self._stages = [_ready(stage, device) for stage in stages]
        self.factor, self.device, self.card = factor, device, card
        self.bands = self._stages[0].fidelity.bands if self._stages else 1
        self.has_detail = any(stage.detail is not None for stage in self._stages)
        self.in_strips = len(self._stages) < 2 and device.type == "cpu"
        self._between = {}

    @classmethod
    def load(cls, path, device):
        """Load a model file that Train upscaler made.

        Raises
        ------
        JobError
            As `model_file.load`; if the file is the estimator of the blur.
        """
        card, network = model_file.load(path, UPSCALING)
        if card.network != "upscaler":
            raise JobError(
                f'Model "{os.path.basename(path)}" only estimates the blur of a sensor.',
                "Choose a model that Train upscaler made, or leave MODEL empty.",
            )
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
        radius, done = CUBIC_RADIUS if not self._stages else 0, 1
        for stage in self._stages:
            radius += stage.receptive_radius / done
            done *= stage.fidelity.factor
        return math.ceil(radius) + self._projected(blur, iterations)

    def _projected(self, blur, iterations):
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
            0: the faithful generator; 1: the one with texture; weights between them else.
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

        Returns
        -------
        torch.Tensor, shape (N, C, factor * (H - 2 * cut), factor * (W - 2 * cut))
        """
        told = blur if told is None else told
        shared = bool(detail and intensity_only and coarse.shape[1] > 1)
        if self._is_inside(cut, blur, iterations):
            windows = [
                complete(
                    self._planes(image, told, detail, shared, levels), image, (self.factor, blur),
                    iterations, None if valid is None else valid[number], cut,
                )
                for number, image in enumerate(coarse)
            ]  # fmt: skip
            return torch.stack(windows)
        fine = self._made(coarse, told, detail)
        if shared:
            faithful = self._made(coarse, told, 0.0)
            fine = faithful + in_intensity(fine - faithful, faithful, levels)
        fine = back_project(fine, coarse, self.factor, blur, iterations, valid)
        cut *= self.factor
        return fine[..., cut : fine.shape[2] - cut, cut : fine.shape[3] - cut]

    def _is_inside(self, cut, blur, iterations):
        """Whether nothing that is kept depends on an image's border: then there are faster ways."""
        if len(self._stages) > 1:
            return False
        radius = self._stages[0].receptive_radius if self._stages else CUBIC_RADIUS
        return cut >= radius + self._projected(blur, iterations)

    def _planes(self, image, told, detail, shared, levels):
        """What the networks add to an image (C, H, W); see `rolling.added_planes`."""
        if not self._stages:
            return None
        planes = added_planes(self._network(0, detail), image, told)
        if not shared:
            return planes
        faithful = added_planes(self._network(0, 0.0), image, told)
        share_intensity(faithful, planes, image, levels)
        return faithful

    @torch.no_grad()
    def synthesized(self, fine, coarse, blur, iterations, valid=None, told=None, cut=0):
        """How far a result is from the faithful one, on average over each coarse pixel.

        Parameters
        ----------
        fine : torch.Tensor, shape (N, C, factor * H, factor * W)
            What `upscale` gave, which was cut as told.
        coarse, blur, iterations, valid, told, cut
            As given to `upscale`.

        Returns
        -------
        torch.Tensor, shape (N, C, H, W)
        """
        faithful = self.upscale(coarse, blur, iterations, valid=valid, told=told, cut=cut)
        return functional.avg_pool2d((fine - faithful).abs(), self.factor)

    def _made(self, coarse, told, detail):
        """Interpolated, and what the networks add; not yet held to the measurements."""
        if not self._stages:
            return cubic(coarse, self.factor)
        for number, stage in enumerate(self._stages):
            # What a stage gives is no sensor's image: the next one has to see for itself.
            heard = 0.0 if number else told
            coarse = cubic(coarse, stage.fidelity.factor) + self._added(
                self._network(number, detail), coarse, heard
            )
        return coarse

    def _added(self, network, coarse, told):
        images = coarse if network.bands > 1 else coarse.flatten(0, 1)[:, None]
        count = max(1, _PIXELS[self.device.type] // (images.shape[2] * images.shape[3]))
        heard = torch.full((len(images),), told, device=images.device)
        parts = [
            network(part.contiguous(memory_format=torch.channels_last), heard[: len(part)])
            for part in images.split(count)
        ]
        made = parts[0] if len(parts) == 1 else torch.cat(parts)
        return made.view(*coarse.shape[:2], *made.shape[-2:])

    def _network(self, number, detail):
        """The network of a stage whose weights lie between the faithful and the textured ones."""
        stage = self._stages[number]
        if not detail or stage.detail is None:
            return stage.fidelity
        if detail == 1:
            return stage.detail
        if (number, detail) not in self._between:
            self._between[number, detail] = _blended(stage, detail)
        return self._between[number, detail]


def _ready(network, device):
    return network.eval().to(device, memory_format=torch.channels_last)


def _blended(stage, detail):
    network = copy.deepcopy(stage.fidelity)
    with torch.no_grad():
        pairs = zip(network.parameters(), stage.detail.parameters(), strict=True)
        for weight, other in pairs:
            weight.lerp_(other, detail)
    return network
