"""Places to label next: undecided, unlike what is known, apart, and better than chance."""

import json
import os

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter
from torch.nn import functional

from brightness import Said
from landscapes import NORTH_UP, box, point, regions, textured, write_labels, write_raster
from plain_pixels import pixel_card, save_model
from plugin.engine import model_file, networks
from plugin.engine.pixels.predictor import PixelPredictor
from plugin.engine.pixels.suggesting import Places, choose, doubt
from plugin.engine.pixels.trust import block_weights, measure_trust, trust_features
from plugin.engine.progress import Silent
from plugin.engine.tasks import suggest_labels
from plugin.jobs import SuggestLabels
from plugin.jobs.declare import from_values
from plugin.jobs.errors import JobError, Stopped

CPU = torch.device("cpu")


def learn(values, rows, columns, labels, classes, seed=0, steps=120):
    """Train a pixel network on some pixels; the network, its card and its trust."""
    torch.manual_seed(seed)
    bands = len(values)
    numbers = {
        "mean": values.mean((1, 2)).tolist(),
        "sd": values.std((1, 2)).tolist(),
    }
    mean, deviation = (np.array(numbers[name], np.float32)[:, None] for name in ("mean", "sd"))
    pixels = torch.from_numpy((values[:, rows, columns] - mean) / deviation)[None, :, :, None]
    truth = torch.from_numpy(np.asarray(labels))
    network = networks.build_pixel_network("pixel_mlp", bands, classes)
    optimizer = torch.optim.AdamW(network.parameters(), 1e-2, weight_decay=1e-2)
    network.train()
    for _ in range(steps):
        logits = network(pixels + 0.2 * torch.randn_like(pixels))[0, :, :, 0].T
        loss = functional.cross_entropy(logits, truth, label_smoothing=0.05)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    network.eval()
    with torch.no_grad():
        features = trust_features(network, pixels)[0, :, :, 0].T.numpy()
    weights = block_weights(network, bands, features.shape[1])
    trust = measure_trust(features, np.arange(len(features)) % 5, weights)
    names = [{"value": i + 1, "name": f"rock {i}", "color": "#808080"} for i in range(classes)]
    card = pixel_card("pixel_mlp", bands, classes=names, normalization=numbers, trust=trust.card())
    card.arguments["classes"] = classes
    return network, card, trust


def suggest(tmp_path, raster, model, progress=None, **values):
    """The suggestions as GeoJSON features."""
    asked = {
        "rasters": [raster],
        "model": model,
        "output": str(tmp_path / "s.geojson"),
        "bands": [],
    }
    suggest_labels.run(from_values(SuggestLabels, {**asked, **values}), progress or Silent())
    with open(tmp_path / "s.geojson", encoding="utf-8") as file:
        return json.load(file)["features"]


def pixels_of(suggestions):
    """Rows and columns of suggestions."""
    places = [~NORTH_UP @ tuple(feature["geometry"]["coordinates"]) for feature in suggestions]
    columns, rows = np.floor(np.array(places)).astype(int).T
    return rows, columns


@pytest.fixture
def known(tmp_path):
    """A landscape of three rocks, of which a model has learned the first two."""
    truth = regions(120, 160, 40)
    values = textured(truth)
    rows, columns = (part[::40] for part in np.nonzero(truth < 2))
    network, card, trust = learn(values.astype(np.float32), rows, columns, truth[rows, columns], 2)
    (tmp_path / "m").mkdir()
    model = str(tmp_path / "m" / "m.safetensors")
    model_file.save(model, card, network, trust.to_tensors())
    return truth, write_raster(tmp_path / "a.tif", values), model


def test_ground_that_the_model_has_never_seen_comes_first(tmp_path, known):
    truth, raster, model = known
    suggestions = suggest(tmp_path, raster, model, count=5)
    rows, columns = pixels_of(suggestions)
    assert truth[rows[0], columns[0]] == 2
    properties = [feature["properties"] for feature in suggestions]
    assert [entry["rank"] for entry in properties] == [1, 2, 3, 4, 5]
    assert {entry["class"] for entry in properties} <= {"rock 0", "rock 1"}
    assert all(0 <= entry["doubt"] <= 1 and entry["dissimilarity"] >= 0 for entry in properties)
    assert all(0.5 <= entry["confidence"] <= 1 for entry in properties)


def test_labels_so_far_turn_the_suggestions_elsewhere(tmp_path, known):
    truth, raster, model = known
    row, column = (int(part[0]) for part in pixels_of(suggest(tmp_path, raster, model, count=1)))
    top, left = row // 40 * 40, column // 40 * 40
    labels = write_labels(tmp_path / "l.geojson", [(box(top, left, top + 40, left + 40), "basalt")])
    before = suggest(tmp_path, raster, model, count=8)
    after = suggest(tmp_path, raster, model, count=8, labels=labels, distance=50.0)
    rows, columns = pixels_of(after)
    assert not ((rows // 40 * 40 == top) & (columns // 40 * 40 == left)).any()
    shares = [(truth[pixels_of(some)] == 2).mean() for some in (before, after)]
    assert shares[1] < shares[0]


def test_suggestions_are_as_far_apart_as_wanted(tmp_path, known):
    _, raster, model = known
    labels = write_labels(tmp_path / "l.geojson", [(point(60.5, 80.5), "basalt")])
    rows, columns = pixels_of(suggest(tmp_path, raster, model, count=10, distance=250.0, labels=labels))  # fmt: skip
    places = np.stack([[*rows, 60], [*columns, 80]], axis=1)
    gaps = np.linalg.norm(places[:, None] - places, axis=2)[np.triu_indices(len(places), 1)]
    assert len(rows) == 10 and gaps.min() >= 24


def test_suggestions_lie_in_the_extent_and_on_data(tmp_path, known):
    truth, _, model = known
    values = textured(truth, dtype="float32")
    values[:, :, 100:] = np.nan
    raster = write_raster(tmp_path / "n.tif", values)
    left, top = NORTH_UP @ (60, 20)
    extent = [left, left + 1000.0, top - 800.0, top]
    rows, columns = pixels_of(
        suggest(tmp_path, raster, model, count=12, extent=extent, distance=10.0)
    )
    assert columns.min() >= 60 and columns.max() < 100 and rows.min() >= 20 and rows.max() < 100


def test_same_seed_gives_the_same_places(tmp_path, known):
    _, raster, model = known
    one, same, other = (suggest(tmp_path, raster, model, seed=seed) for seed in (1, 1, 2))
    assert one == same and one != other


def test_fewer_places_than_wanted_are_said(tmp_path, known):
    _, raster, model = known
    said = Said()
    found = suggest(tmp_path, raster, model, said.progress, count=50, distance=500.0)
    assert 2 <= len(found) < 50 and "Choose a smaller DISTANCE" in said.warnings[-1]


def test_doubt_is_the_lead_of_the_first_over_the_second():
    chances = np.array([[0.5, 1.0, 0.4], [0.5, 0.0, 0.3], [0.0, 0.0, 0.3]])
    assert doubt(chances) == pytest.approx([1.0, 0.0, 0.9])


def test_second_place_is_not_the_twin_of_the_first():
    features = np.random.default_rng(0).normal(size=(200, 3)).astype(np.float32) * 0.05
    trust = measure_trust(features, np.arange(200) % 4)
    foreign = np.float32([[3, 0, 0], [3.01, 0, 0], [0, 2, 0], [0, 0, 0]])
    places = trust.place(torch.from_numpy(foreign)).numpy()
    positions = np.array([[0, 0], [50, 50], [90, 0], [0, 90]])
    candidates = Places(positions, np.full((4, 2), 0.5, np.float32), places)
    chosen, _, unlike = choose(candidates, None, trust, 3, distance=5)
    assert sorted(chosen[:2].tolist()) in ([0, 2], [1, 2])
    assert unlike[0] > unlike[1] > trust.applicable


def refused(tmp_path, raster, model, **values):
    before = sorted(os.listdir(tmp_path))
    with pytest.raises(JobError) as caught:
        suggest(tmp_path, raster, model, **values)
    assert sorted(os.listdir(tmp_path)) == before and caught.value.remedy
    return str(caught.value)


def test_bad_input_is_refused_in_a_sentence(tmp_path, known):
    _, raster, model = known
    (tmp_path / "m" / "l.geojson").write_text("no labels")
    text = refused(tmp_path, raster, model, labels=str(tmp_path / "m" / "l.geojson"))
    assert "is not a GeoJSON file" in text
    assert "does not touch" in refused(tmp_path, raster, model, extent=[0, 10, 0, 10])
    assert "under the minimum of 1" in refused(tmp_path, raster, model, count=0)
    plain = save_model(tmp_path / "m" / "plain.safetensors")
    assert "does not know where it may be trusted" in refused(tmp_path, raster, plain)
    empty = write_raster(tmp_path / "m" / "e.tif", np.zeros((3, 40, 40), np.uint8), nodata=0)
    assert "no place left to suggest" in refused(tmp_path, empty, model)
    two = write_raster(tmp_path / "m" / "two.tif", textured(regions(40, 40, 20), 2))
    assert "3 bands" in refused(tmp_path, two, model)


def test_cancelling_leaves_nothing(tmp_path, known):
    _, raster, model = known
    before = sorted(os.listdir(tmp_path))
    with pytest.raises(Stopped):
        suggest(tmp_path, raster, model, Said(stop_at=0.0).progress)
    assert sorted(os.listdir(tmp_path)) == before


SIDE, ROCKS, FIRST, NEW = 200, 7, 8, 14


def simulated(seed):
    """A map of seven rocks, the last ones rare, with overlapping values; truth and bands."""
    chance = np.random.default_rng(seed)
    share = np.array([0.34, 0.25, 0.17, 0.1, 0.07, 0.04, 0.03])
    field = gaussian_filter(chance.normal(size=(SIDE, SIDE)), 9, mode="wrap")
    order = field.ravel().argsort().argsort().reshape(SIDE, SIDE) / SIDE**2
    ranks = chance.permutation(ROCKS)
    truth = ranks[np.searchsorted(np.cumsum(share[ranks])[:-1], order)]
    centers = chance.normal(size=(ROCKS, 4)) * 2
    noise = gaussian_filter(chance.normal(size=(4, SIDE, SIDE)), (0, 1, 1)) * 3
    return truth, (centers[truth].transpose(2, 0, 1) + 0.5 * noise).astype(np.float32)


def accuracy(values, truth, rows, columns, seed):
    """Mean over the classes of the share that is right, on the whole map."""
    network, card, trust = learn(values, rows, columns, truth[rows, columns], ROCKS, seed)
    predictor = PixelPredictor(card, network, CPU)
    found = predictor(torch.from_numpy(values)[None])[0].argmax(0).numpy()
    right = np.mean([(found == rock)[truth == rock].mean() for rock in range(ROCKS)])
    return float((found == truth).mean()), float(right), (network, card, trust)


@pytest.mark.slow
def test_suggestions_beat_random_places_over_ten_seeds(tmp_path):
    gains = []
    for seed in range(10):
        truth, values = simulated(seed)
        chance = np.random.default_rng(100 + seed)
        rows, columns = chance.integers(0, SIDE, (2, FIRST))
        *_, (network, card, trust) = accuracy(values, truth, rows, columns, seed)
        model = str(tmp_path / f"{seed}.safetensors")
        model_file.save(model, card, network, trust.to_tensors())
        raster = write_raster(tmp_path / f"{seed}.tif", values)
        places = [(point(row + 0.5, column + 0.5), "x") for row, column in zip(rows, columns, strict=True)]  # fmt: skip
        labels = write_labels(tmp_path / "l.geojson", places)
        new = pixels_of(suggest(tmp_path, raster, model, labels=labels, count=NEW))
        ours = [np.concatenate(pair) for pair in zip((rows, columns), new, strict=True)]
        suggested = accuracy(values, truth, *ours, seed)
        by_chance = []
        for turn in range(3):
            other = chance.integers(0, SIDE, (2, NEW))
            theirs = [np.concatenate(pair) for pair in zip((rows, columns), other, strict=True)]
            by_chance.append(accuracy(values, truth, *theirs, seed + turn)[:2])
        gains.append(np.array(suggested[:2]) - np.mean(by_chance, axis=0))
    overall, by_class = np.mean(gains, axis=0)
    print("gain in accuracy", overall, "and in the mean over classes", by_class, np.round(gains, 3))
    assert overall > 0.02 and by_class > 0.05
    assert (np.array(gains)[:, 0] > 0).sum() >= 7
