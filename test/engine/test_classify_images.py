"""Image files classified, with a classifier whose answers are known."""

import json
import os

import numpy as np
import pytest
from PIL import Image
from rasterio.warp import transform

from brightness import Brightness, Said, card, use
from landscapes import LEVELS, NORTH_UP, regions, textured, write_raster
from plugin.engine.progress import Silent
from plugin.engine.tasks import classify_images
from plugin.jobs import ClassifyImages
from plugin.jobs.errors import JobError, Stopped

ROCKS = ("chalk", "marl", "basalt")


@pytest.fixture(autouse=True)
def model(monkeypatch):
    known = Brightness(card())
    use(monkeypatch, classify_images, known)
    return known


def photograph(path, rock, rows=40, columns=50, **saved):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.full((rows, columns, 3), LEVELS[ROCKS.index(rock)], np.uint8)
    Image.fromarray(pixels).save(path, **saved)


def at(latitude, longitude):
    """The EXIF block of a photograph taken north of the equator and west of Greenwich."""
    exif = Image.Exif()
    exif.get_ifd(0x8825).update({1: "N", 2: (latitude, 0.0, 0.0), 3: "W", 4: (longitude, 0.0, 0.0)})
    return exif


def classify(tmp_path, place, progress=None):
    """Classify images; the features that come out, and the name of their CRS."""
    output = tmp_path / "out" / "images.geojson"
    job = ClassifyImages(input=str(place), model="rocks.safetensors", output=str(output))
    classify_images.run(job, progress or Silent())
    made = json.loads(output.read_text(encoding="utf-8"))
    assert [column["name"] for column in made["columns"]][:3] == ["path", "class", "confidence"]
    return made["features"], made["crs"] and made["crs"]["properties"]["name"]


def test_images_get_their_class_in_the_order_a_person_expects(tmp_path):
    folder = tmp_path / "in"
    for name, rock in (("b 10.png", "basalt"), ("b 2.jpg", "marl"), ("a/x.tif", "chalk")):
        photograph(folder / name, rock)
    (folder / "notes.txt").write_text("not an image")
    features, crs = classify(tmp_path, folder)
    found = [(os.path.relpath(f["properties"]["path"], folder), f["properties"]["class"]) for f in features]  # fmt: skip
    assert found == [("a/x.tif", "chalk"), ("b 2.jpg", "marl"), ("b 10.png", "basalt")]
    assert crs is None and all(feature["geometry"] is None for feature in features)
    chances = features[0]["properties"]
    assert chances["p_chalk"] == chances["confidence"] > 0.9


def test_images_of_all_sizes_and_more_than_a_batch_are_taken(tmp_path, model):
    for number in range(150):
        rock = ROCKS[number % 3]
        photograph(tmp_path / "in" / f"{number}.png", rock, 20 + number, 170 - number)
    features, _ = classify(tmp_path, tmp_path / "in")
    assert [f["properties"]["class"] for f in features] == [ROCKS[i % 3] for i in range(150)]
    assert sum(model.calls) == 150


def test_one_image_is_enough(tmp_path):
    photograph(tmp_path / "one.png", "basalt")
    features, _ = classify(tmp_path, tmp_path / "one.png")
    assert [feature["properties"]["class"] for feature in features] == ["basalt"]


def test_holes_do_not_count(tmp_path):
    pixels = np.full((40, 40, 4), 255, np.uint8)
    pixels[:, :15] = LEVELS[2], LEVELS[2], LEVELS[2], 255
    pixels[:, 15:, 3] = 0
    (tmp_path / "in").mkdir()
    Image.fromarray(pixels).save(tmp_path / "in" / "a.png")
    assert classify(tmp_path, tmp_path / "in")[0][0]["properties"]["class"] == "basalt"


def test_photographs_lie_where_they_were_taken(tmp_path):
    photograph(tmp_path / "in" / "1.jpg", "marl", exif=at(46.0, 7.0))
    photograph(tmp_path / "in" / "2.jpg", "marl")
    features, crs = classify(tmp_path, tmp_path / "in")
    assert crs == "EPSG:4326" and features[1]["geometry"] is None
    assert features[0]["geometry"]["coordinates"] == pytest.approx([-7.0, 46.0])


def test_georeferenced_images_lie_at_their_center_in_their_crs(tmp_path):
    (tmp_path / "in").mkdir()
    write_raster(tmp_path / "in" / "1.tif", textured(regions(40, 60, 80)))
    features, crs = classify(tmp_path, tmp_path / "in")
    assert crs == "EPSG:32633"
    assert features[0]["geometry"]["coordinates"] == pytest.approx(NORTH_UP @ (30, 20))


def test_mixed_places_are_told_in_longitude_and_latitude(tmp_path):
    photograph(tmp_path / "in" / "1.jpg", "marl", exif=at(46.0, 7.0))
    write_raster(tmp_path / "in" / "2.tif", textured(regions(40, 60, 80)))
    features, crs = classify(tmp_path, tmp_path / "in")
    east, north = NORTH_UP @ (30, 20)
    (longitude,), (latitude,) = transform("EPSG:32633", "EPSG:4326", [east], [north])
    assert crs == "EPSG:4326"
    assert features[1]["geometry"]["coordinates"] == pytest.approx([longitude, latitude])


def test_damaged_images_are_named_and_left_out(tmp_path):
    said = Said()
    photograph(tmp_path / "in" / "good.jpg", "marl")
    (tmp_path / "in" / "empty.jpg").write_bytes(b"")
    noise = np.random.default_rng(0).integers(0, 255, (200, 200, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "in" / "cut.jpg")
    cut = (tmp_path / "in" / "cut.jpg").read_bytes()
    (tmp_path / "in" / "cut.jpg").write_bytes(cut[: len(cut) // 2])
    features, _ = classify(tmp_path, tmp_path / "in", said.progress)
    assert [os.path.basename(f["properties"]["path"]) for f in features] == ["good.jpg"]
    assert '"empty.jpg"' in said.warnings[0] and '"cut.jpg"' in said.warnings[1]
    assert len(said.warnings) == 2


def refused(tmp_path, place):
    """The `JobError` of a job that must leave nothing behind."""
    with pytest.raises(JobError) as caught:
        classify(tmp_path, place)
    assert not (tmp_path / "out").exists() and caught.value.remedy
    return str(caught.value)


def test_folder_without_images_is_refused(tmp_path):
    (tmp_path / "in").mkdir()
    assert "has no image" in refused(tmp_path, tmp_path / "in")


def test_folder_of_damaged_images_is_refused(tmp_path):
    (tmp_path / "in").mkdir()
    for name in ("1.jpg", "2.png"):
        (tmp_path / "in" / name).write_bytes(b"damaged")
    assert "can be read, of 2." in refused(tmp_path, tmp_path / "in")


def test_images_with_other_bands_are_refused_before_work(tmp_path, model):
    (tmp_path / "in").mkdir()
    Image.fromarray(np.zeros((40, 40), np.uint8)).save(tmp_path / "in" / "gray.png")
    text = refused(tmp_path, tmp_path / "in")
    assert "trained on 3 bands" in text and '"gray.png" has 1' in text and model.calls == []


def test_one_odd_image_is_left_out_and_named(tmp_path):
    photograph(tmp_path / "in" / "1.png", "marl")
    Image.fromarray(np.zeros((40, 40), np.uint8)).save(tmp_path / "in" / "gray.png")
    said = Said()
    features, _ = classify(tmp_path, tmp_path / "in", said.progress)
    assert len(features) == 1
    assert len(said.warnings) == 1 and '"gray.png" has 1' in said.warnings[0]


def test_images_of_another_data_type_are_refused_before_work(tmp_path, model):
    (tmp_path / "in").mkdir()
    for name in "ab":
        write_raster(tmp_path / "in" / f"{name}.tif", np.ones((3, 40, 40), np.uint16))
    text = refused(tmp_path, tmp_path / "in")
    assert '"a.tif" has values of type uint16' in text and model.calls == []


def test_cancelling_leaves_nothing(monkeypatch, tmp_path):
    monkeypatch.setattr("plugin.engine.progress.SECONDS_BETWEEN", 0.0)
    for number in range(200):
        photograph(tmp_path / "in" / f"{number}.png", "marl", 16, 16)
    with pytest.raises(Stopped):
        classify(tmp_path, tmp_path / "in", Said(stop_at=0.02).progress)
    assert not (tmp_path / "out").exists()
