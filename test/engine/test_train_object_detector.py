"""Training from drawn boxes to a model, its report and its table."""

import json
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from images import write_image
from landscapes import NORTH_UP, box, write_labels, write_raster
from pits import pit_boxes, pit_folder, pit_places, pit_values, write_coco, write_yolo
from plugin.engine import model_file, networks
from plugin.engine.metrics.detection import overlaps
from plugin.engine.progress import Progress, Silent
from plugin.engine.tasks import describe_model, detect_objects, train_object_detector
from plugin.jobs import DescribeModel, DetectObjects, TrainObjectDetector
from plugin.jobs.declare import from_values
from plugin.jobs.errors import JobError, Stopped
from plugin.jobs.model_card import read_card

HEIGHT, WIDTH = 288, 352
PLACES = pit_places(HEIGHT, WIDTH, 40, seed=5)


def drawn(path, places, transform=NORTH_UP, name="pit"):
    shapes = [(box(*pit_boxes([p])[0][[1, 0, 3, 2]], transform), name) for p in places]
    return write_labels(path, shapes)


def train(tmp_path, progress=None, **wishes):
    values = {
        "model": str(tmp_path / "m.safetensors"),
        "report": str(tmp_path / "r.html"),
        "predictions": str(tmp_path / "p.geojson"),
        "patch_size": 96,
        "epochs": 1,
        **wishes,
    }
    job = from_values(TrainObjectDetector, values)
    return train_object_detector.run(job, progress or Silent())


def refused(tmp_path, **wishes):
    with pytest.raises(JobError) as caught:
        train(tmp_path, **wishes)
    assert not (tmp_path / "m.safetensors").exists()
    return str(caught.value)


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    """Raster and boxes of pits."""
    place = tmp_path_factory.mktemp("ground")
    raster = write_raster(place / "a.tif", pit_values(HEIGHT, WIDTH, PLACES))
    return raster, drawn(place / "boxes.geojson", PLACES)


@pytest.fixture(scope="module")
def trained(ground, tmp_path_factory):
    place = tmp_path_factory.mktemp("trained")
    wishes = {"rasters": [ground[0]], "boxes": ground[1], "class_field": "rock", "patch_size": 128}
    return train(place, epochs=5, **wishes)


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    return pit_folder(tmp_path_factory.mktemp("images") / "set")


def test_planted_objects_are_learned_and_the_scores_say_so(trained):
    assert trained["MAP50"] > 0.8
    assert 0 < trained["MAP"] <= trained["MAP50"]
    base = read_card(trained["MODEL"]).scores["baselines"]["untrained"]
    assert base["map50"] < 0.1


def test_objects_elsewhere_are_found_once_across_borders_of_windows(trained, tmp_path):
    places = pit_places(300, 340, 35, seed=11)
    raster = write_raster(tmp_path / "b.tif", pit_values(300, 340, places, seed=2))
    values = {"input": raster, "model": trained["MODEL"], "output": str(tmp_path / "o.geojson")}
    detect_objects.run(from_values(DetectObjects, values), Silent())
    with open(values["output"], encoding="utf-8") as file:
        features = json.load(file)["features"]
    rings = [np.array(f["geometry"]["coordinates"][0]) for f in features]
    pixels = [np.stack(~NORTH_UP @ (ring[:, 0], ring[:, 1]), axis=1) for ring in rings]
    found = np.array([[*p.min(0), *p.max(0)] for p in pixels])
    fits = overlaps(pit_boxes(places), found) >= 0.5
    assert fits.any(axis=1).mean() > 0.8 and fits.any(axis=0).mean() > 0.8
    assert (fits.sum(axis=1) > 1).sum() <= 1


def test_the_card_holds_what_searching_needs(trained):
    card = read_card(trained["MODEL"], "object detection")
    assert (card.network, card.patch, card.dtype) == ("fcos_mobilenet_v2_fpn", 128, "uint8")
    assert [entry["name"] for entry in card.classes] == ["pit"]
    assert 0 < card.arguments["confidence"] < 1 and 32 <= card.arguments["overlap"] <= 64
    assert card.training["boxes"] == len(PLACES)
    assert "never" in card.scores["split"] and "went on" in card.scores["shipped"]


def test_the_report_shows_boxes_scores_and_the_baseline(trained):
    with open(trained["REPORT"], encoding="utf-8") as file:
        page = file.read()
    assert page.count("data:image/") > 5
    assert "Untrained detector" in page and "Hold-out" in page


def test_the_table_has_what_was_found_and_missed_of_the_scored_objects(trained):
    with open(trained["PREDICTIONS"], encoding="utf-8") as file:
        rows = [feature["properties"] for feature in json.load(file)["features"]]
    scored = read_card(trained["MODEL"]).scores["boxes"]
    outcomes = [row["outcome"] for row in rows]
    assert outcomes.count("right") + outcomes.count("missed") == scored
    assert all((row["confidence"] is None) == (row["outcome"] == "missed") for row in rows)


def test_training_goes_on_from_a_model_of_ones_own(trained, ground, tmp_path):
    again = train(tmp_path, rasters=[ground[0]], boxes=ground[1], class_field="rock",
                  patch_size=128, start_from="model", base_model=trained["MODEL"],
                  learning_rate=1e-6, seed=4)  # fmt: skip
    assert again["MAP50"] > 0.8
    said, card = "had learned from 100 % of what is scored", read_card(again["MODEL"])
    report = Path(again["REPORT"]).read_text(encoding="utf-8")
    assert said in card.scores["start"]["warning"] and said in report
    assert "Not shown to be good" in report.split('class="headline"')[1][:100]
    assert "had learned from 100 % of them" in card.scores["split"]


def test_yolo_and_coco_are_the_same_boxes(images, tmp_path):
    folder, truth = images
    first = train(tmp_path, images=folder)
    card = read_card(first["MODEL"])
    file = write_coco(tmp_path / "pits.json", truth, 96, name="class 0")
    second = train(tmp_path, images=folder, box_file=file)
    again = read_card(second["MODEL"])
    assert card.training["boxes"] == again.training["boxes"] == sum(map(len, truth.values()))
    assert [c["name"] for c in card.classes] == ["class 0"]
    assert first["MAP50"] == pytest.approx(second["MAP50"], abs=0.02)


def test_images_of_ones_own_score_a_model_that_never_saw_them(images, tmp_path):
    other, truth = pit_folder(tmp_path / "other", count=3)
    outputs = train(tmp_path, images=images[0], validation="own", validation_images=other)
    scores = read_card(outputs["MODEL"]).scores
    assert (scores["scored"], scores["boxes"]) == (3, sum(map(len, truth.values())))
    assert "the one that was scored" in scores["shipped"]


def test_cross_validation_scores_every_box_once(images, tmp_path):
    folder, truth = images
    outputs = train(tmp_path, images=folder, validation="cross_validation", folds=2)
    assert read_card(outputs["MODEL"]).scores["boxes"] == sum(map(len, truth.values()))


@pytest.mark.parametrize("network", networks.DETECTORS[1:])
def test_torchvisions_networks_train_from_nothing_on_any_bands(tmp_path, network):
    values = pit_values(128, 160, PLACES[:0] + pit_places(128, 160, 10), bands=5, dtype="float32")
    values[:, :, :8] = np.nan
    raster = write_raster(tmp_path / "a.tif", values)
    boxes = drawn(tmp_path / "b.geojson", pit_places(128, 160, 10))
    outputs = train(tmp_path, rasters=[raster], boxes=boxes, network=network, start_from="scratch",
                    patch_size=64, batch_size=8)  # fmt: skip
    card, detector = model_file.load(outputs["MODEL"], "object detection")
    with torch.no_grad():
        assert len(detector(torch.zeros(1, 5, 64, 64))) == 1
    assert len(card.bands) == 5


def test_several_rasters_of_one_kind_are_one_training(ground, tmp_path):
    east = NORTH_UP @ NORTH_UP.translation(WIDTH + 50, 0)
    second = write_raster(tmp_path / "b.tif", pit_values(HEIGHT, WIDTH, PLACES[:9]), east)
    shapes = [box(*b[[1, 0, 3, 2]]) for b in pit_boxes(PLACES)]
    shapes += [box(*b[[1, 0, 3, 2]], east) for b in pit_boxes(PLACES[:9])]
    boxes = write_labels(tmp_path / "b.geojson", [(shape, "pit") for shape in shapes])
    outputs = train(tmp_path, rasters=[ground[0], second], boxes=boxes)
    training = read_card(outputs["MODEL"]).training
    assert (training["scenes"], training["boxes"]) == (2, len(PLACES) + 9)


def test_training_keeps_to_its_minutes(images, tmp_path):
    began = time.monotonic()
    train(tmp_path, images=images[0], epochs=5000, minutes=0.1)
    assert time.monotonic() - began < 60


def test_cancel_stops_and_leaves_nothing(images, tmp_path):
    def is_stopped():
        return time.monotonic() - began > 1.0

    began = time.monotonic()
    with pytest.raises(Stopped):
        train(tmp_path, Progress(lambda *a, **k: None, is_stopped), images=images[0], epochs=500)
    assert not list(tmp_path.glob("*.safetensors")) and not list(tmp_path.glob("*.part"))


def test_a_failed_download_offers_scratch_and_the_bundled_weights(images, tmp_path, monkeypatch):
    def unreachable(name, whole):
        raise OSError("no route to host")

    monkeypatch.setattr("plugin.engine.networks.detectors.download", unreachable)
    said = refused(tmp_path, images=images[0], network="retinanet_resnet50_fpn", start_from="coco")
    assert "could not be downloaded" in said and "scratch" in said and "bundled" in said


@pytest.mark.parametrize(
    ("wishes", "found"),
    [
        ({}, "Nothing to train on"),
        ({"rasters": ["a.tif"]}, "without BOXES"),
        ({"rasters": ["a.tif"], "boxes": "b.geojson", "images": "."}, "Both RASTERS and IMAGES"),
        ({"images": ".", "boxes": "b.geojson"}, "do not fit IMAGES"),
        (
            {"rasters": ["a.tif"], "boxes": "b.geojson", "box_file": __file__},
            "not those of RASTERS",
        ),
        ({"images": ".", "patch_size": 100}, "multiple of 32"),
        ({"images": ".", "patch_size": 32}, "at least 64"),
        ({"images": ".", "validation": "own"}, "do not fit together"),
        ({"images": ".", "network": "fcos_resnet50_fpn"}, "no bundled weights"),
        ({"images": ".", "start_from": "coco"}, "has no coco weights"),
        ({"images": ".", "start_from": "model"}, "no model is given"),
        ({"images": "nowhere"}, "not a folder that exists"),
    ],
)
def test_bad_wishes_are_refused_before_work(tmp_path, wishes, found):
    assert found in refused(tmp_path, **wishes)


@pytest.mark.parametrize(
    ("places", "found"),
    [
        ([], "no box that can be used"),
        ([(60, 5000, 10)], "outside"),
        ([(60, 60, 10)], "one block of ground"),
    ],
)
def test_boxes_that_cannot_teach_are_refused(ground, tmp_path, places, found):
    boxes = drawn(tmp_path / "b.geojson", places)
    assert found in refused(tmp_path, rasters=[ground[0]], boxes=boxes)


def test_odd_boxes_are_counted_and_left_out(ground, tmp_path):
    shapes = [(box(*b[[1, 0, 3, 2]]), "pit") for b in pit_boxes(PLACES)]
    shapes += [(box(50, 50, 50, 60), "pit"), (box(5, 9000, 9, 9005), "pit")]
    shapes += [(box(10, 10, 30, 30), None), (None, "pit")]
    boxes = write_labels(tmp_path / "b.geojson", shapes)
    said = []
    progress = Progress(lambda kind, **words: said.append((kind, words.get("text", ""))))
    outputs = train(tmp_path, progress, rasters=[ground[0]], boxes=boxes, class_field="rock")
    assert read_card(outputs["MODEL"]).training["boxes"] == len(PLACES)
    warnings = " ".join(text for kind, text in said if kind == "warning")
    for words in (
        "1 feature has no class; it is",
        "less than 2 pixels",
        "outside",
        "no polygon; it",
    ):
        assert words in warnings


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("0 0.5 0.5 0.1", 'Line 2 of "ground_0.txt" has 4 entries'),
        ("0 0.5 0.5 0.1 wide", "no number"),
        ("pit 0.5 0.5 0.1 0.1", "no number"),
        ("-1 0.5 0.5 0.1 0.1", "no class number"),
        ("0 48 48 10 10", "given in pixels"),
        ("0 nan 0.5 0.1 0.1", "no class number"),
    ],
)
def test_a_wrong_yolo_line_is_refused_with_its_number(tmp_path, line, found):
    folder, _ = pit_folder(tmp_path / "set", count=3)
    path = tmp_path / "set" / "labels" / "ground_0.txt"
    path.write_text(path.read_text().splitlines()[0] + "\n" + line + "\n")
    said = refused(tmp_path, images=folder)
    assert found in said and "Line 2" in said


def test_empty_yolo_boxes_are_left_out_and_outlines_become_boxes(tmp_path):
    folder, truth = pit_folder(tmp_path / "set", count=4)
    path = tmp_path / "set" / "labels" / "ground_0.txt"
    path.write_text(path.read_text() + "0 0.5 0.5 0 0.1\n0 0.1 0.1 0.3 0.1 0.2 0.3\n\n")
    (tmp_path / "set" / "labels" / "ground_1.txt").unlink()
    outputs = train(tmp_path, images=folder)
    wanted = sum(map(len, truth.values())) - len(truth["ground_1.png"]) + 1
    assert read_card(outputs["MODEL"]).training["boxes"] == wanted


def test_images_without_labels_or_of_several_kinds_are_refused(tmp_path):
    folder, _ = pit_folder(tmp_path / "set", count=2, label_folder="elsewhere")
    assert "has YOLO labels (2 were found)" in refused(tmp_path, images=folder)
    (tmp_path / "empty").mkdir()
    assert "has no image" in refused(tmp_path, images=str(tmp_path / "empty"))


def test_an_unreadable_image_is_left_out_and_named(tmp_path):
    folder, _ = pit_folder(tmp_path / "set", count=5)
    (tmp_path / "set" / "images" / "ground_4.png").write_bytes(b"no image")
    said = []
    progress = Progress(lambda kind, **words: said.append(words.get("text", "")))
    outputs = train(tmp_path, progress, images=folder)
    assert any('"ground_4.png"' in text for text in said)
    assert read_card(outputs["MODEL"]).training["scenes"] == 4


@pytest.mark.parametrize("change", ["no images", "others", "not json", "bad box"])
def test_coco_files_that_cannot_be_used_are_refused(images, tmp_path, change):
    folder, truth = images
    path = tmp_path / "c.json"
    write_coco(path, truth, 96)
    content = json.loads(path.read_text())
    if change == "no images":
        content["images"] = []
    if change == "others":
        for number, image in enumerate(content["images"]):
            image["file_name"] = f"other_{number}.png"
    if change == "bad box":
        content["annotations"][0]["bbox"] = [1, 2]
    path.write_text("{" if change == "not json" else json.dumps(content))
    said = refused(tmp_path, images=folder, box_file=str(path))
    words = {"no images": 'no "images"', "others": "can be used, of", "not json": "no JSON",
             "bad box": "an entry"}  # fmt: skip
    assert words[change] in said


def test_a_model_of_another_task_is_refused(ground, tmp_path):
    bundled = "resources/models/mobilenet_v2_imagenet.safetensors"
    said = refused(tmp_path, rasters=[ground[0]], boxes=ground[1], start_from="model",
                   base_model=bundled)  # fmt: skip
    assert "needs one for object detection" in said
    with pytest.raises(JobError, match="needs one for object detection"):
        values = {"input": ground[0], "model": bundled, "output": str(tmp_path / "o.geojson")}
        detect_objects.run(from_values(DetectObjects, values), Silent())


def test_copies_of_one_image_are_never_on_both_sides(tmp_path):
    """Six copies of one ground under other names, as an image editor makes them, are one unit."""
    places = pit_places(96, 96, 3)
    root = tmp_path / "set"
    for number in range(6):
        name = f"ground.rf.{number}abc"
        write_image(root / "images" / f"{name}.png", pit_values(96, 96, places, 3, seed=number))
        write_yolo(root / "labels" / f"{name}.txt", pit_boxes(places), 96, 96)
    assert "one image" in refused(tmp_path, images=str(tmp_path / "set"))


def test_describing_the_model_tells_what_it_finds_and_how_well(trained, tmp_path):
    values = {"model": trained["MODEL"], "report": str(tmp_path / "d.html")}
    told = describe_model.run(from_values(DescribeModel, values), Silent())
    with open(told["REPORT"], encoding="utf-8") as file:
        page = file.read()
    assert "Finds objects of 1 class in 1 band." in page and "mAP50 is" in page
