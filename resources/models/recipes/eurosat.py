"""Make the bundled Sentinel-2 land-cover model from a trained one.

    python -m plugin.engine run resources/models/recipes/eurosat.json
    python resources/models/recipes/eurosat.py eurosat_trained.safetensors OUTPUT.safetensors

The job trains on EuroSAT (RGB) with the default settings; input and outputs are paths in the folder
it is run from. Here the classes get their usual colors, the card its credit, and the
weights half precision.
"""

import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from plugin.engine import model_file

_CLASSES = {
    "AnnualCrop": ("Annual crop", "#e6c84f"),
    "Forest": ("Forest", "#1b6b2f"),
    "HerbaceousVegetation": ("Herbaceous vegetation", "#9ccb5a"),
    "Highway": ("Highway", "#6b6b6b"),
    "Industrial": ("Industrial", "#8e4bb5"),
    "Pasture": ("Pasture", "#c5e08a"),
    "PermanentCrop": ("Permanent crop", "#d98c3a"),
    "Residential": ("Residential", "#d1393b"),
    "River": ("River", "#5aa9e0"),
    "SeaLake": ("Sea or lake", "#1f4fa3"),
}
_SENTINEL_2_PIXEL_M = 10.0


def main(trained, output):
    card, network = model_file.load(trained)
    classes = [
        {"value": entry["value"], "name": name, "color": color}
        for entry in card.classes
        for name, color in [_CLASSES[entry["name"]]]
    ]
    card = replace(
        card,
        classes=classes,
        bands=[{"name": name, "unit": ""} for name in ("red", "green", "blue")],
        gsd=_SENTINEL_2_PIXEL_M,
        training={
            **card.training,
            "data": "EuroSAT RGB: Sentinel-2 at 10 m, 34 European countries",
            "counts": {_CLASSES[name][0]: n for name, n in card.training["counts"].items()},
        },
        scores=_renamed(card.scores),
        license="MIT (EuroSAT); ImageNet weights it started from: Apache-2.0",
        citation="Helber et al. 2019, doi:10.1109/JSTARS.2019.2918242",
    )
    model_file.save(output, card, network.half())


def _renamed(scores):
    """The scores, with the largest class by the name that the model gives it."""
    majority = scores["baselines"]["majority_class"]
    name = _CLASSES[majority["class"]][0]
    baselines = {**scores["baselines"], "majority_class": {**majority, "class": name}}
    return {**scores, "baselines": baselines}


if __name__ == "__main__":
    main(*sys.argv[1:])
