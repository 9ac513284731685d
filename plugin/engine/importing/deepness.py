"""What the QGIS plugin Deepness writes into ONNX files: a JSON text by key."""

import json
import math

from ...jobs.errors import JobError

_READ = ("Segmentor", "Classifier", "")
_DIVISOR = 255.0
_LARGEST_SIDE = 8192


def metadata(model):
    """The texts of a model; what is no JSON stays as it is."""
    found = {}
    for entry in model.metadata_props:
        try:
            found[entry.key] = json.loads(entry.value)
            json.dumps(found[entry.key], ensure_ascii=False).encode("utf-8")  # no half letters
        except (ValueError, RecursionError):
            found[entry.key] = entry.value
    return found


def refuse_other_kinds(texts, name):
    """Refuse what is no classifier.

    Raises
    ------
    JobError
    """
    kind = texts.get("model_type", "")
    if str(kind).capitalize() not in _READ:  # as Deepness reads it
        raise JobError(
            f'The network in "{name}" is made for Deepness as {str(kind)[:40]}; only classifiers '
            "(Segmentor) are read.",
            "Use it in Deepness, or import a network that classifies.",
        )


def facts_of(texts):
    """What they say, as `describe` takes it; what makes no sense is left out."""
    facts = {"classes": _classes(texts), "bands": _words(texts.get("bands"))}
    side = texts.get("tile_size", texts.get("tiles_size"))
    if type(side) is int and 0 < side <= _LARGEST_SIDE:
        facts["patch"] = side
    resolution = texts.get("resolution")
    if _is_number(resolution) and resolution > 0:
        facts["gsd"] = resolution / 100
    facts["normalization"] = _normalization(texts)
    facts |= {key: str(texts[key])[:2000] for key in ("license", "citation") if texts.get(key)}
    return {key: value for key, value in facts.items() if value}


def _classes(texts):
    """The names in the order of their numbers."""
    named = texts.get("class_names")
    if not isinstance(named, dict) or not all(str(key).isdigit() for key in named):
        return []
    ordered = sorted(named, key=int)
    names = [str(named[key]) for key in ordered]
    return names if len(set(names)) == len(names) else []


def _words(value):
    good = isinstance(value, list) and all(isinstance(word, str) and word for word in value)
    return value if good else []


def _normalization(texts):
    """Deepness divides values by 255, and then standardizes them if the file says so."""
    if "model_type" not in texts:
        return {}
    mean, sd = texts.get("standardization_mean", [0.0]), texts.get("standardization_std", [1.0])
    if not all(isinstance(v, list) and v and all(map(_is_number, v)) for v in (mean, sd)):
        return {}
    if len(mean) != len(sd) or min(sd) <= 0:
        return {}
    return {"mean": [_DIVISOR * v for v in mean], "sd": [_DIVISOR * v for v in sd]}


def _is_number(value):
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return is_number and math.isfinite(value)
