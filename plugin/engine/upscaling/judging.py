"""Judge several ways of upscaling on the same pieces of the same scenes."""

from dataclasses import dataclass, field

import numpy as np

from ...jobs.errors import JobError
from ..degradation import cubic, degrade
from .resampling import corrected, resample
from .scoring import intervals, measure, pooled, stacked

ITERATIONS = 5
CORRECTED, OURS, TEXTURED = "Back-projection", "Generator", "Generator, full texture"
UNCHANGED = "As it is"
_INTERPOLATIONS = {"Nearest": "nearest", "Bilinear": "bilinear", "Cubic": "cubic",
                   "Lanczos": "lanczos"}  # fmt: skip
_POINTS = 300
_TRACED, _DETAILS = 8, (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass
class Judged:
    """What judging gives.

    Attributes
    ----------
    factor : int
    blur, peak : float
        Of the coarse rasters; range of the values.
    base, main : str
        The method to compare with, and the one that is judged.
    tables : dict of str to dict
        Measurements by method, see `scoring.stacked`.
    places : list of tuple
        Number of the scene, and row, column, height and width in coarse pixels.
    left_out : int
        Pieces with holes.
    points : array, shape (N, 2)
        Coarse values, and those of the result made coarse again.
    band_bias : array, shape (band,)
        Mean of the result made coarse again less the coarse raster.
    curve : list of dict
        `detail`, and the scores with it.
    crops : list of Crop
    """

    factor: int
    blur: float
    peak: float
    base: str
    main: str
    tables: dict
    places: list
    left_out: int = 0
    points: np.ndarray = None
    band_bias: np.ndarray = None
    curve: list = field(default_factory=list)
    crops: list = field(default_factory=list)

    @property
    def plainly(self):
        """The base in words."""
        return "cubic interpolation" if self.factor > 1 else "the raster as it is"

    def scores(self, name):
        """Scores of a method over all pieces."""
        return pooled(self.tables[name], self.factor, self.peak)

    def interval(self, name, score):
        """95 % interval of a score."""
        return intervals(self.tables[name], self.factor, self.peak, [score])[score]

    def gain(self, name, other=None):
        """PSNR of a method above another one (the base), with its 95 % interval, in dB."""
        first, second = self.tables[name], self.tables[other or self.base]
        gained = self.scores(name)["psnr"] - self.scores(other or self.base)["psnr"]
        between = intervals(first, self.factor, self.peak, ["psnr"], base=second)["psnr"]
        return gained, between


def usual_methods(factor, blur):
    """The methods that learn nothing, by name: callables from a piece to its fine tensor."""
    if factor == 1:
        return {
            UNCHANGED: lambda piece: piece.coarse,
            CORRECTED: lambda piece: corrected(piece.coarse, 1, blur, ITERATIONS),
        }
    made = {
        name: lambda piece, how=how: resample(piece.coarse, factor, how)
        for name, how in _INTERPOLATIONS.items()
    }
    made[CORRECTED] = lambda piece: corrected(piece.coarse, factor, blur, ITERATIONS)
    return made


def by_generator(generator, blur, detail=0.0):
    """A generator as a method: what it makes of a piece if the blur is told.

    As Upscale raster does it: with three bands and more the texture is in the intensity only, and
    at the same size nothing is projected back, as that would bring back the noise.
    """
    iterations = ITERATIONS if generator.factor > 1 else 0

    def method(piece):
        coarse = piece.coarse.to(generator.device)
        joined = coarse.shape[1] >= 3
        return generator.upscale(
            coarse, blur, iterations, detail, intensity_only=joined, levels=piece.levels
        ).cpu()

    return method


def value_range(scenes, places):
    """Range of the values, for PSNR and SSIM: 255 for 8 bits, else what is there."""
    if all(np.dtype(scene.raster.dtype) == np.uint8 for scene in scenes):
        return 255.0
    low, high = np.inf, -np.inf
    for number, place in places:
        values, _ = scenes[number].fine(*place)
        low, high = min(low, float(values.min())), max(high, float(values.max()))
    return high - low if high > low else 1.0


def judge(scenes, places, methods, main, blur, halo, progress):
    """Judge methods on places of scenes.

    Parameters
    ----------
    scenes : list of Scene
    places : list of (int, tuple)
        Number of the scene, and row, column, height and width in coarse pixels.
    methods : dict of str to callable
        The first of `usual_methods` to its last, then what is judged.
    main : str
        Which of them is judged.
    blur : float
    halo : int
        Coarse pixels of surroundings that a result may depend on.
    progress : callable
        Gets the number of pieces done.

    Returns
    -------
    Judged

    Raises
    ------
    JobError
        If every piece has holes, or one value is all that the truth holds.
    """
    factor, measured = scenes[0].factor, {name: [] for name in methods}
    peak, kept, points, bias = value_range(scenes, places), [], [], []
    is_flat = True
    for done, (number, place) in enumerate(places):
        progress(done)
        scene = scenes[number]
        piece = scene.piece(place, halo, blur)
        made = {} if piece is None else {name: way(piece) for name, way in methods.items()}
        if not made or any(one is None for one in made.values()):
            continue
        kept.append((number, place))
        is_flat &= bool((piece.truth == piece.truth[:, :1, :1]).all())
        interpolated = cubic(piece.coarse, factor)
        for name, one in made.items():
            measured[name].append(measure(piece, one, interpolated, scene, blur, peak))
        pairs = _coarse_pairs(piece, made[main], scene, blur, len(kept))
        points.append(pairs[0])
        bias.append(pairs[1])
    if not kept:
        raise JobError(
            f"All {len(places)} squares to judge on have pixels without data.",
            "Choose rasters with fewer holes, or larger ones.",
        )
    if is_flat:
        raise JobError(
            "Every band is constant in the squares to judge on: there is no detail to find.",
            "Choose rasters that show something.",
        )
    return Judged(
        factor=factor, blur=blur, peak=peak, base="Cubic" if factor > 1 else UNCHANGED, main=main,
        tables={name: stacked(found) for name, found in measured.items()}, places=kept,
        left_out=len(places) - len(kept), points=np.concatenate(points),
        band_bias=np.mean(bias, axis=0),
    )  # fmt: skip


def _coarse_pairs(piece, made, scene, blur, seed):
    """A few coarse values beside the result's, and the mean difference of every band."""
    row, column, height, width = piece.inner
    again = degrade(made, scene.factor, blur)
    first, second = (
        scene.scale.to_unit(part)[:, row : row + height, column : column + width]
        for part in (piece.coarse, again)
    )
    pairs = np.stack([first.ravel(), second.ravel()], 1)
    chosen = np.random.default_rng(seed).choice(len(pairs), min(_POINTS, len(pairs)), False)
    return pairs[chosen], (second - first).mean(axis=(1, 2))


def trace_texture(judged, scenes, generator, halo, progress):
    """Score a generator on a few of the places with texture from 0 to 1, into `judged.curve`.

    Parameters
    ----------
    judged : Judged
    scenes : list of Scene
    generator : Generator
    halo : int
    progress : Progress
    """
    places = judged.places[:: max(1, len(judged.places) // _TRACED)][:_TRACED]
    for step, detail in enumerate(_DETAILS):
        progress(step / len(_DETAILS), f"Scores with texture {detail:g}")
        method = {OURS: by_generator(generator, judged.blur, detail)}
        found = judge(
            scenes, places, method, OURS, judged.blur, halo, lambda done: progress.check()
        )
        judged.curve.append({"detail": detail, **found.scores(OURS)})
