"""Maps of features whose groups are known."""

import time

import numpy as np
import pytest

from plugin.engine import embedding
from plugin.engine.embedding import (
    FeatureStore,
    as_colors,
    neighbor_map,
    principal_components,
    spread_out,
)
from plugin.jobs.errors import Stopped


def groups(count=60, width=20, seed=0):
    """Features of three groups far apart."""
    random = np.random.default_rng(seed)
    middles = random.normal(0, 6, (3, width))
    labels = np.arange(count) % 3
    return (middles[labels] + random.normal(0, 1, (count, width))).astype(np.float32), labels


def separation(points, labels):
    """Share of points whose nearest other point is of the same group."""
    gaps = ((points[:, None] - points[None]) ** 2).sum(axis=2)
    np.fill_diagonal(gaps, np.inf)
    return (labels[gaps.argmin(axis=1)] == labels).mean()


def test_components_keep_groups_apart_and_say_how_much_they_hold():
    features, labels = groups()
    coordinates, explained = principal_components(features)
    assert separation(coordinates[:, :2], labels) == 1
    assert explained[:2].sum() > 0.8 and (np.diff(explained) <= 1e-6).all()


def test_incremental_components_are_those_of_all_at_once(monkeypatch):
    features, _ = groups(3000, 30)
    whole, share = principal_components(features)
    monkeypatch.setattr(embedding, "_IN_MEMORY_BYTES", 0)
    monkeypatch.setattr(embedding, "_AT_ONCE", 700)
    store = FeatureStore(3000)
    for part in np.array_split(features, 7):
        store.add(part)
    assert isinstance(store.all(), np.memmap)
    again, share_again = principal_components(store.all())
    assert np.allclose(share[:2], share_again[:2], rtol=0.01)
    for component in (0, 1):
        assert np.corrcoef(whole[:, component], again[:, component])[0, 1] > 0.999


def test_neighbors_stay_together():
    features, labels = groups(90)
    points = neighbor_map(principal_components(features)[0], perplexity=10)
    assert points.shape == (90, 2) and separation(points, labels) == 1


def test_few_images_can_be_mapped():
    features, _ = groups(4, 6)
    assert np.isfinite(neighbor_map(principal_components(features)[0])).all()


def test_a_cancel_is_heard_while_neighbors_are_laid_out():
    coordinates = principal_components(groups(2000)[0])[0]
    begun = time.monotonic()

    def check():
        if time.monotonic() - begun > 0.3:
            raise Stopped()

    with pytest.raises(Stopped):
        neighbor_map(coordinates, check=check)
    assert time.monotonic() - begun < 2


def test_colors_are_never_that_of_no_data():
    colors = as_colors(principal_components(groups()[0])[0])
    assert colors.min() >= 1 and colors.max() == 255 and colors.shape == (60, 3)
    assert (as_colors(np.ones((5, 1))) == 128).all()


def test_chosen_points_lie_far_from_one_another():
    points = np.random.default_rng(0).normal(0, 1, (500, 2))
    chosen = points[spread_out(points, 10)]
    gaps = np.hypot(*(chosen[:, None] - chosen[None]).transpose(2, 0, 1))
    assert gaps[np.triu_indices(10, 1)].min() > 0.8 and len(spread_out(points[:3], 10)) == 3
