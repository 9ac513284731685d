"""A model, or a map of it, that had learned from what scores it is not called good."""

import json
from types import SimpleNamespace

import pytest
from rasterio.warp import transform_geom

from brightness import Said
from landscapes import box, point, regions, textured, write_labels, write_raster
from plugin.engine import seen_before
from plugin.engine.seen_before import IMAGES, LABELS, label_marks, learned_from, share_seen
from plugin.engine.tasks import assess_accuracy, classify_pixels, train_pixel_classifier
from plugin.jobs import AssessAccuracy, ClassifyPixels, TrainPixelClassifier
from plugin.jobs.declare import from_values
from plugin.jobs.model_card import read_card

SIDE, FIELD = 128, 16
ROCKS = ("chalk", "marl", "basalt")
DEGREES = "OGC:CRS84"


def rock_labels(first):
    """A label in every second field of a landscape."""
    truth = regions(SIDE, SIDE, FIELD)
    return [
        (box(row + 2, column + 2, row + FIELD - 2, column + FIELD - 2), ROCKS[truth[row, column]])
        for number, row in enumerate(range(0, SIDE, FIELD))
        for column in range((number + first) % 2 * FIELD, SIDE, 2 * FIELD)
    ]


def in_degrees(entries):
    """The same labels in another CRS, in another order, as GIS programs hand them over."""
    return [
        (transform_geom("EPSG:32633", DEGREES, shape, precision=9), name)
        for shape, name in entries[::-1]
    ]


def train(folder, name, **wishes):
    values = {
        "rasters": [str(folder / "survey.tif")], "labels": str(folder / "labels.json"),
        "class_field": "rock", "network": "pixel_mlp", "epochs": 2, "folds": 2, "device": "cpu",
        "model": str(folder / f"{name}.safetensors"), "report": str(folder / f"{name}.html"),
        **wishes,
    }  # fmt: skip
    said = Said()
    train_pixel_classifier.run(from_values(TrainPixelClassifier, values), said.progress)
    report = (folder / f"{name}.html").read_text(encoding="utf-8")
    return read_card(values["model"]), said, report


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("seen")
    write_raster(folder / "survey.tif", textured(regions(SIDE, SIDE, FIELD), 2, seed=3))
    write_labels(folder / "labels.json", rock_labels(0))
    train(folder, "first")
    values = {
        "rasters": [str(folder / "survey.tif")], "model": str(folder / "first.safetensors"),
        "output": str(folder / "map.tif"), "device": "cpu",
    }  # fmt: skip
    classify_pixels.run(from_values(ClassifyPixels, values), Said().progress)
    return folder


def again(folder, labels, name, **wishes):
    path = write_labels(folder / f"{name}.json", labels)
    first = str(folder / "first.safetensors")
    return train(folder, name, labels=path, start_from="model", base_model=first, **wishes)


def test_a_network_that_starts_from_a_model_of_the_same_labels_is_not_called_good(folder):
    card, said, report = again(folder, rock_labels(0)[::-1], "same")
    assert any("had learned from 100 % of what is scored" in text for text in said.warnings)
    assert "had learned from 100 % of them" in card.scores["validation"]
    verdict = report.split('class="headline"')[1][:200]
    assert "Not shown to be good: it started from a model" in verdict and "Good" not in verdict
    assert "Not shown to be good" in card.scores["start"]["doubt"]


def test_of_other_labels_the_split_denies_nothing_and_what_came_before_is_not_forgotten(folder):
    card, said, report = again(folder, rock_labels(1), "other")
    assert any("Training started from a model. If" in text for text in said.warnings)
    assert "may have seen them before" in card.scores["validation"]
    assert "Training started from a model. If" in report and not card.scores["start"]["doubt"]
    for first in (0, 1):
        path = write_labels(folder / "some.json", in_degrees(rock_labels(first)), DEGREES)
        known = card.training["learned_from"]
        assert share_seen(known, LABELS, label_marks(path)) == 1.0


def test_only_the_labels_that_score_are_asked_about(folder):
    second = write_labels(folder / "scores.json", rock_labels(1))
    values = {
        "rasters": ["r.tif"], "labels": str(folder / "labels.json"), "class_field": "rock",
        "start_from": "model", "base_model": str(folder / "first.safetensors"),
    }  # fmt: skip
    for more, doubted in (
        ({}, True),
        ({"validation": "layer", "validation_labels": second}, False),
    ):
        plan = SimpleNamespace(sentence="Split.")
        job = from_values(TrainPixelClassifier, {**values, **more})
        assert bool(train_pixel_classifier._judge_start(job, plan)["doubt"]) == doubted
        assert ("had learned from" in plan.sentence) == doubted


def assess(folder, entries, crs="EPSG:32633", **values):
    values = {
        "classified": str(folder / "map.tif"), "class_field": "rock",
        "reference": write_labels(folder / "reference.json", entries, crs),
        "report": str(folder / "accuracy.html"), **values,
    }  # fmt: skip
    said = Said()
    assess_accuracy.run(from_values(AssessAccuracy, values), said.progress)
    return said, (folder / "accuracy.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(("turned", "crs"), [(list, "EPSG:32633"), (in_degrees, DEGREES)])
def test_a_map_that_is_compared_with_the_labels_that_trained_it_is_not_called_good(
    folder, turned, crs
):
    said, report = assess(folder, turned(rock_labels(0)), crs)
    assert "These labels trained the map" in said.warnings[0]
    assert "These labels trained the map" in report.split('class="headline"')[1][:200]
    assert "100 % of the reference features" in report


def test_a_map_that_is_compared_with_other_labels_is_judged_by_them(folder):
    said, report = assess(folder, rock_labels(1))
    assert not any("trained the map" in text for text in said.warnings)
    assert "0 % of the reference features" in report


def test_the_report_asks_where_a_map_does_not_say_what_trained_it(folder):
    truth = regions(SIDE, SIDE, FIELD) + 1
    plain = write_raster(folder / "plain.tif", truth.astype("uint8")[None], nodata=0)
    names = "1=chalk, 2=marl, 3=basalt"
    _, report = assess(folder, rock_labels(0), classified=plain, class_names=names)
    assert "Are those of the reference among them?" in report


def test_of_many_labels_a_part_is_known_again(tmp_path):
    every = [(point(row, column), "a") for row in range(40) for column in range(40)]
    marks = label_marks(write_labels(tmp_path / "all.json", every))
    fresh = TrainPixelClassifier(rasters=["r"], labels="l", class_field="rock")
    known = json.loads(json.dumps(learned_from(fresh, LABELS, marks)))
    assert len(known["marks"]) == 256 and not known["whole"]
    shifted = [(point(row + 0.5, column), "a") for row in range(40) for column in range(40)]
    half = write_labels(tmp_path / "half.json", in_degrees(every[::2] + shifted[::2]), DEGREES)
    assert share_seen(known, LABELS, label_marks(half)) == pytest.approx(0.5, abs=0.1)
    assert share_seen(known, IMAGES, marks) is None and seen_before.SOME < 0.4


@pytest.mark.parametrize("crs", ['LOCAL_CS["mine",UNIT["metre",1]]', "IAU_2015:49900", None])
def test_labels_on_a_local_grid_or_another_planet_are_known_again_in_the_same_crs(tmp_path, crs):
    first, other = ([(point(row, 5), "a") for row in rows] for rows in ((1, 2), (2, 3)))
    marks = label_marks(write_labels(tmp_path / "first.json", first, crs))
    assert len(marks) == 2
    assert len(marks & label_marks(write_labels(tmp_path / "other.json", other, crs))) == 1
