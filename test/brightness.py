"""A classifier whose answers are known: it tells the levels of `landscapes` apart."""

import numpy as np
import torch

from landscapes import LEVELS
from plugin.engine.normalization import fit
from plugin.jobs.model_card import CLASSIFICATION, ModelCard


def card(patch=32, bands=3, **values):
    """The card of a model that knows three rocks."""
    rocks = (("chalk", "#f0f0e0"), ("marl", "#90a080"), ("basalt", "#202030"))
    known = {
        "bands": [{"name": f"band {i}", "unit": ""} for i in range(1, bands + 1)],
        "classes": [
            {"value": value, "name": name, "color": color}
            for value, (name, color) in enumerate(rocks, 1)
        ],
        "patch": patch,
        "chip": patch,
        "gsd": 10.0,
    }
    return ModelCard(CLASSIFICATION, "brightness", **{**known, **values})


class Brightness:
    """Probabilities by the distance of an image's mean from the levels."""

    def __init__(self, card):
        self.card, self.device = card, torch.device("cpu")
        self.calls = []

    def fit(self, values, valid=None):
        return fit(values, self.card.patch, self.card.crop, valid)

    def probabilities(self, images):
        self.calls.append(len(images))
        means = np.nanmean(np.asarray(images, float), axis=(1, 2, 3))
        weights = np.exp(-(((means[:, None] - np.array(LEVELS)) / 30) ** 2)) + 1e-9
        return (weights / weights.sum(1, keepdims=True)).astype(np.float32)


def use(monkeypatch, task, model):
    """Let a task load this classifier instead of a file."""
    monkeypatch.setattr(task, "load_classifier", lambda *ignored: model)


class Said:
    """A `Progress` that keeps what is said; `stop_at` cancels at a fraction."""

    def __init__(self, stop_at=2.0):
        from plugin.engine.progress import Progress

        self.notes, self.warnings, self.texts, self._at = [], [], [], 0.0
        self.metrics = []
        self._stop_at = stop_at
        self.progress = Progress(self._say, lambda: self._at >= self._stop_at)

    def _say(self, kind, **words):
        if kind == "progress":
            self._at = words["fraction"]
            self.texts.append(words["text"])
        elif kind in ("note", "warning"):
            getattr(self, kind + "s").append(words["text"])
        else:
            self.metrics.append(words)
