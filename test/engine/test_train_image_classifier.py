"""Training from a folder to a model, a report and a table."""

import json
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import rasterio
import torch
import torchvision

from images import striped_folder, stripes, write_image
from plugin.engine import model_file
from plugin.engine.classifier import load_classifier
from plugin.engine.progress import Silent
from plugin.engine.rasters import read_image
from plugin.engine.tasks import train_image_classifier
from plugin.jobs import TrainImageClassifier
from plugin.jobs.declare import from_values
from plugin.jobs.errors import JobError
from plugin.jobs.model_card import read_card

SMALL = {"network": "small_cnn", "start_from": "scratch", "image_size": 32, "augment": "photo"}


def run(folder, tmp_path, **wishes):
    values = {
        "input": str(folder),
        "model": str(tmp_path / "out" / "m.safetensors"),
        "report": str(tmp_path / "out" / "r.html"),
        "predictions": str(tmp_path / "out" / "p.geojson"),
        **SMALL,
        **wishes,
    }
    (tmp_path / "out").mkdir(exist_ok=True)
    return train_image_classifier.run(from_values(TrainImageClassifier, values), Silent())


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    place = tmp_path_factory.mktemp("trained")
    folder = striped_folder(place / "images", count=40)
    return folder, run(folder, place, epochs=12, refit="tested")


def test_a_planted_pattern_is_learned_and_the_scores_say_so(trained):
    outputs = trained[1]
    assert outputs["ACCURACY"] >= 0.9
    assert outputs["MACRO_F1"] >= 0.9 and outputs["KAPPA"] >= 0.8
    assert 0 <= outputs["ECE"] <= 0.5


def test_the_model_file_predicts_what_its_table_says(trained):
    folder, outputs = trained
    classifier = load_classifier(outputs["MODEL"], "cpu")
    with open(outputs["PREDICTIONS"], encoding="utf-8") as file:
        rows = [feature["properties"] for feature in json.load(file)["features"]]
    assert len(rows) == 16
    for row in rows:
        values, valid = read_image(f"{folder}/{row['path']}")
        chances = classifier.probabilities(classifier.fit(values, valid)[None])[0]
        assert abs(chances[0] - row["p_level"]) < 1e-3
        assert row["correct"] == (row["class"] == row["label"])
    assert np.mean([row["correct"] for row in rows]) == outputs["ACCURACY"]


def test_resized_images_are_predicted_as_they_were_validated(tmp_path):
    """Enlarged whole numbers are rounded in training, so they must be in use."""
    folder = striped_folder(tmp_path / "images", count=6)
    outputs = run(folder, tmp_path, epochs=2, image_size=48, refit="tested")
    classifier = load_classifier(outputs["MODEL"], "cpu")
    with open(outputs["PREDICTIONS"], encoding="utf-8") as file:
        rows = [feature["properties"] for feature in json.load(file)["features"]]
    for row in rows:
        values, _ = read_image(f"{folder}/{row['path']}")
        for images in (values[None], classifier.fit(values)[None]):
            assert abs(classifier.probabilities(images)[0, 0] - row["p_level"]) < 1e-5


def test_the_card_tells_what_the_model_needs(trained):
    card = read_card(trained[1]["MODEL"])
    assert [entry["name"] for entry in card.classes] == ["level", "upright"]
    assert (card.patch, card.chip, len(card.bands), card.dtype) == (32, 32, 3, "uint8")
    assert card.training["counts"] == {"level": 40, "upright": 40}
    assert card.scores["baselines"]["majority_class"]["accuracy"] == 0.5
    assert "linear_probe" in card.scores["baselines"]


def test_the_report_is_one_file_with_pictures(trained):
    with open(trained[1]["REPORT"], encoding="utf-8") as file:
        page = file.read()
    assert page.count("data:image/") > 4
    assert "linear probe" in page.lower()


def test_with_no_signal_grouped_scores_are_at_chance(tmp_path):
    """Crops of a source share its texture and its label; only a leak could tell the label."""
    chance = np.random.default_rng(0)
    for source in range(24):
        base = chance.integers(0, 255, (3, 32, 32))
        name = ("flow", "tuff")[chance.integers(2)]
        for crop in range(4):
            image = (base + chance.integers(-3, 4, base.shape)).clip(0, 255).astype("uint8")
            write_image(tmp_path / "images" / name / f"s{source}-{crop}.png", image)
    outputs = run(
        tmp_path / "images", tmp_path, epochs=8, groups=r"^(s\d+)", validation="cross_validation"
    )
    assert outputs["ACCURACY"] < 0.72


def test_cross_validation_pools_all_images_and_ships_a_model_of_all(tmp_path):
    folder = striped_folder(tmp_path / "images", count=10)
    outputs = run(folder, tmp_path, epochs=3, validation="cross_validation", folds=3)
    with open(outputs["PREDICTIONS"], encoding="utf-8") as file:
        rows = json.load(file)["features"]
    assert len({row["properties"]["path"] for row in rows}) == 20
    assert read_card(outputs["MODEL"]).scores["folds"]["count"] == 3


def test_after_a_hold_out_the_model_ships_what_all_images_taught(tmp_path):
    """The score, of the tested network, stays what it was without the last training."""
    folder = striped_folder(tmp_path / "images", count=10)
    texts, scores = {}, {}
    for refit in ("tested", "all"):
        outputs = run(folder, tmp_path, epochs=3, refit=refit)
        texts[refit] = Path(outputs["MODEL"]).read_bytes()
        card = read_card(outputs["MODEL"])
        scores[refit] = card.scores["accuracy"], card.scores["scored"]
        assert ("fitted on everything" in card.scores["validation"]) == (refit == "all")
    assert scores["tested"] == scores["all"] and scores["all"][1] == 4
    assert texts["tested"] != texts["all"]


@pytest.mark.parametrize(
    ("side", "count", "seen"),
    [(20, 9, 64), (64, 9, 96), (120, 9, 128), (227, 9, 160), (227, 3065, 128)],
)
def test_small_images_are_enlarged_and_large_ones_reduced(side, count, seen):
    descriptions = [SimpleNamespace(width=side, height=side + 5)] * count
    assert train_image_classifier.automatic_size(descriptions) == seen


@pytest.mark.parametrize("network", ["mobilenet_v2", "resnet18"])
def test_pretrained_and_large_networks_take_any_bands(tmp_path, network):
    folder = striped_folder(tmp_path / "images", count=5, ending=".tif", bands=5, dtype="float32")
    start = "bundled" if network == "mobilenet_v2" else "scratch"
    outputs = run(folder, tmp_path, epochs=1, network=network, start_from=start)
    classifier = load_classifier(outputs["MODEL"], "cpu")
    assert classifier.probabilities(stripes(0, bands=5, dtype="float32")[None]).shape == (1, 2)


def test_training_goes_on_from_a_model_of_ones_own(trained, tmp_path):
    folder, first = trained
    again = run(folder, tmp_path, epochs=1, start_from="model", base_model=first["MODEL"],
                learning_rate=1e-6, seed=3)  # fmt: skip
    assert again["ACCURACY"] >= 0.9
    said, card = "had learned from 100 % of what is scored", read_card(again["MODEL"])
    report = Path(again["REPORT"]).read_text(encoding="utf-8")
    assert said in card.scores["start"]["warning"] and said in report
    assert "Not shown to be good" in report.split('class="headline"')[1][:100]
    assert "had learned from 100 % of them" in card.scores["validation"]


def test_training_keeps_to_its_minutes(tmp_path):
    folder = striped_folder(tmp_path / "images", count=20)
    began = time.monotonic()
    run(folder, tmp_path, epochs=10_000, minutes=0.2)
    assert time.monotonic() - began < 60


def test_a_failed_download_offers_the_bundled_weights(tmp_path, monkeypatch):
    def unreachable(name):
        raise OSError("no route to host")

    monkeypatch.setattr("plugin.engine.networks.imagenet_backbone", unreachable)
    folder = striped_folder(tmp_path / "images", count=3)
    with pytest.raises(JobError, match="could not be downloaded") as caught:
        run(folder, tmp_path, network="resnet18", start_from="imagenet")
    assert "bundled" in caught.value.remedy


def test_downloaded_weights_are_fine_tuned_by_the_network_they_fit(tmp_path, monkeypatch):
    def without_weights(name, weights=None):
        return torchvision.models.mobilenet_v2(weights=None)

    monkeypatch.setattr("torchvision.models.get_model", without_weights)
    folder = striped_folder(tmp_path / "images", count=3)
    outputs = run(folder, tmp_path, epochs=1, network="mobilenet_v2", start_from="imagenet")
    assert read_card(outputs["MODEL"]).network == "mobilenet_v2_torchvision"
    assert load_classifier(outputs["MODEL"], "cpu").card.arguments["spread"] == 1.0


@pytest.mark.parametrize(
    ("wishes", "found"),
    [
        ({"groups": "("}, "not a regular expression"),
        ({"groups": "abc"}, "no group in parentheses"),
        ({"network": "resnet18", "start_from": "bundled"}, "no bundled weights for resnet18"),
        ({"start_from": "model"}, "no model is given"),
        ({"epochs": -1}, "under the minimum"),
        ({"validation_share": 0.9}, "over the maximum"),
        ({"network": "alexnet"}, "not one of the choices"),
        ({"fine_tune": "head"}, "a network that knows nothing"),
        ({"image_size": 7}, "at least 32"),
        ({"input": "nowhere"}, "not a folder that exists"),
    ],
)
def test_bad_wishes_are_refused_before_work(tmp_path, wishes, found):
    with pytest.raises(JobError, match=found):
        run(tmp_path, tmp_path, **wishes)


def test_a_model_of_another_task_is_refused(tmp_path, trained):
    data = Path(trained[1]["MODEL"]).read_bytes()
    other = tmp_path / "other.safetensors"
    other.write_bytes(data.replace(b"image classification", b"image clarification!"[:20]))
    folder = striped_folder(tmp_path / "images", count=3)
    with pytest.raises(JobError, match="is for image clarification"):
        run(folder, tmp_path, start_from="model", base_model=str(other))


def test_nothing_is_left_where_the_model_cannot_be_written(tmp_path):
    folder = striped_folder(tmp_path / "images", count=3)
    (tmp_path / "wall").write_text("a file, no folder")
    with pytest.raises(JobError):
        run(folder, tmp_path, epochs=1, model=str(tmp_path / "wall" / "m.safetensors"))
    assert not list(tmp_path.rglob("*.part"))


def test_a_batch_size_of_one_trains_in_pairs(tmp_path):
    folder = striped_folder(tmp_path / "images", count=8)
    assert "MODEL" in run(folder, tmp_path, epochs=1, batch_size=1)


@pytest.mark.parametrize(
    "change",
    [
        {"patch": 0},
        {"chip": -1},
        {"crop": 0.0},
        {"dtype": "elf"},
        {"classes": [{"value": -1, "name": "a", "color": "#000000"}] * 2},
        {"classes": [{"value": 1, "name": "a"}, {"value": 2, "name": "b"}]},
        {"classes": ["a", "b"]},
        {"normalization": {"mean": [0.0] * 3, "sd": [float("nan")] * 3}},
        {"normalization": {"mean": None, "sd": [1.0] * 3}},
        {"arguments": {"bands": 1e999, "classes": 2}},
    ],
)
def test_a_card_that_no_training_writes_is_refused(tmp_path, trained, change):
    card, network = model_file.load(trained[1]["MODEL"])
    path = str(tmp_path / "odd.safetensors")
    model_file.save(path, replace(card, **change), network)
    with pytest.raises(JobError, match="is damaged"):
        model_file.load(path)


def test_wild_values_do_not_ruin_a_training(tmp_path):
    folder = striped_folder(tmp_path / "images", count=8, ending=".tif", bands=1, dtype="float32")
    for path in (tmp_path / "images").rglob("*.tif"):
        with rasterio.open(path, "r+") as file:
            values = file.read()
            values[0, 0, 0] = -3.4e38
            file.write(values)
    assert 0 <= run(folder, tmp_path, epochs=2)["ACCURACY"] <= 1


@pytest.mark.parametrize("damage", ["nan weights", "temperature 0"])
def test_numbers_that_only_damage_explains_are_refused(tmp_path, trained, damage):
    card, network = model_file.load(trained[1]["MODEL"])
    if damage == "nan weights":
        with torch.no_grad():
            network.head[1].weight[0, 0] = torch.nan
    else:
        card = replace(card, temperature=0.0)
    path = str(tmp_path / "hurt.safetensors")
    model_file.save(path, card, network)
    with pytest.raises(JobError, match="is damaged"):
        model_file.load(path)
