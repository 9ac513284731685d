"""Make the bundled upscalers and the estimator of blur, from nothing.

    python resources/models/recipes/upscalers.py DATA OUTPUT [x4] [x2] [x1] [blur]

DATA holds `rasters` and the extracted folders `eurosat_rgb`, `hirise_landmarks` and
`limestone_thin_sections`; OUTPUT is the folder to write into. All of it takes about two hours on one
core. What `fine_images.py` leaves out is judged by `test/benchmarks/upscaling_quality.py`.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import numpy as np
import torch
from blur_estimator import learn_blur
from fine_images import NAIP_TRAINED, fine_images, read

from plugin.engine import model_file
from plugin.engine.facts import versions
from plugin.engine.networks.upscaler import Upscaler, Upscalers
from plugin.engine.progress import Progress
from plugin.engine.upscaling.adversarial import train_adversarial
from plugin.engine.upscaling.fidelity import Lesson, train_fidelity
from plugin.engine.upscaling.fine_images import in_network_range
from plugin.engine.upscaling.simulation import Sensor, simulate
from plugin.jobs.model_card import UPSCALING, ModelCard

_WIDTH, _BLOCKS = 48, 8
_STEPS = {4: 20_000, 2: 8_000, 1: 6_000}
_SIDE = 32
_NOISE = {4: 0.0025, 2: 0.0025, 1: 0.03}
_TEXTURE_STEPS, _TEXTURE_WEIGHT = {4: 700, 2: 500}, 0.05
# Texture in the intensity of several bands is weaker than in each, and none is added beside straight
# edges: go on past what was learned.
_FURTHER = 1.5
_WATCHED, _WATCHED_SIDE = 24, 128
_BLUR_STEPS = 6000
_CPU = torch.device("cpu")
_DATA = (
    "Aerial (NAIP, 5 and 10 m), Landsat and Sentinel-2 images, HiRISE images of Mars, thin sections "
    "of limestone, elevation and terrain"
)
_LICENSE = "Of the data: public domain (NAIP, Landsat, HiRISE, SRTM), CC0, MIT, Apache-2.0"
_CITATION = (
    "USDA NAIP; USGS Landsat; NASA/JPL/University of Arizona, doi:10.5281/zenodo.1048301; Helber et "
    "al. 2019, doi:10.1109/JSTARS.2019.2918242"
)


def main(data, output, *wanted):
    kinds, output = fine_images(data), Path(output)
    for factor in (4, 2, 1):
        if not wanted or f"x{factor}" in wanted:
            _save(output, factor, *_trained(kinds, data, factor))
    if not wanted or "blur" in wanted:
        network = learn_blur(kinds, _BLUR_STEPS, _progress())
        card = _card("blur_estimator", {"width": network.head.in_features // 2}, {})
        model_file.save(str(output / "blur_estimator.safetensors"), card, network.half())


def _progress():
    said = []

    def listen(kind, **words):
        said.append(kind)
        if len(said) % 100 == 0:
            print(words.get("text", ""), flush=True)

    return Progress(listen)


def _trained(kinds, data, factor):
    """A fidelity generator and, to make finer, one with texture."""
    sensor = Sensor(factor, noise=_NOISE[factor])
    lesson = Lesson(_STEPS[factor], side=_SIDE)
    torch.manual_seed(0)
    network = Upscaler(1, factor, _WIDTH, _BLOCKS)
    fidelity = train_fidelity(network, kinds, sensor, lesson, _CPU, _progress())
    if factor == 1:
        return fidelity, None
    lesson = Lesson(_TEXTURE_STEPS[factor], side=_SIDE)
    watched = _watched(data, sensor)
    weight = _TEXTURE_WEIGHT
    made = train_adversarial(fidelity, kinds, watched, sensor, lesson, weight, _CPU, _progress())
    print(made.best_step, made.stopped, made.rollbacks)
    return fidelity, _further(fidelity, made.network)


def _further(fidelity, textured):
    with torch.no_grad():
        for weight, other in zip(textured.parameters(), fidelity.parameters(), strict=True):
            weight.copy_(other + _FURTHER * (weight - other))
    return textured


def _watched(data, sensor):
    """Patches of the year that trains nothing, on the ground that trains."""
    image = in_network_range(read(data, "naip_2018"))[:, :, :NAIP_TRAINED]
    chance, side = np.random.default_rng(1), _WATCHED_SIDE
    patches = []
    for _ in range(_WATCHED):
        band = chance.integers(len(image))
        row, column = (chance.integers(size - side) for size in image.shape[1:])
        patches.append(image[band : band + 1, row : row + side, column : column + side])
    fine = torch.from_numpy(np.stack(patches))
    return simulate(fine, sensor, torch.Generator().manual_seed(5))[0], fine


def _save(output, factor, fidelity, detail):
    """Both generators in one file, in half precision."""
    pair = Upscalers(1, factor, _WIDTH, _BLOCKS, detail is not None)
    pair.fidelity.load_state_dict(fidelity.state_dict())
    if detail is not None:
        pair.detail.load_state_dict(detail.state_dict())
    arguments = {"bands": 1, "factor": factor, "width": _WIDTH, "blocks": _BLOCKS,
                 "detail": detail is not None}  # fmt: skip
    sensor = Sensor(factor)
    training = {"blur": [sensor.softest, sensor.sharpest], "steps": _STEPS[factor]}
    card = _card("upscaler", arguments, training, halo=pair.receptive_radius)
    model_file.save(str(output / f"upscaler_x{factor}.safetensors"), card, pair.half())


def _card(network, arguments, training, **values):
    return ModelCard(
        task=UPSCALING,
        network=network,
        arguments=arguments,
        dtype="float32",
        training={"data": _DATA, **training},
        license=_LICENSE,
        citation=_CITATION,
        versions=versions(),
        **values,
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
