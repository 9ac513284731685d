"""Objects found in rasters and images, with a network that sees every bright blob exactly."""

import json
import threading
import time

import numpy as np
import pytest
import rasterio
import torch
from scipy import ndimage

from brightness import Said
from images import write_image
from landscapes import NORTH_UP, ROTATED, UTM, write_raster
from pits import pit_boxes, pit_places, pit_values
from plugin.engine.detection.finder import Finder
from plugin.engine.progress import Progress, Silent
from plugin.engine.tasks import detect_objects
from plugin.jobs import DetectObjects
from plugin.jobs.declare import from_values
from plugin.jobs.errors import JobError, Stopped
from plugin.jobs.model_card import DETECTION, ModelCard

PIXELS_TO_METERS = 10.0
BRIGHT, SD = 150.0, 20.0


class Blobs(torch.nn.Module):
    """A perfect detector: the box of every connected bright region; surer of larger ones."""

    def forward(self, images):
        return [self._find(image[0].numpy() > BRIGHT / SD) for image in images]

    @staticmethod
    def _find(bright):
        spots = ndimage.find_objects(ndimage.label(bright)[0])
        boxes = [[c.start, r.start, c.stop, r.stop] for r, c in spots]
        boxes = np.array(boxes, np.float32).reshape(-1, 4)
        sizes = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
        scores = sizes / (sizes + 10)
        return (
            torch.from_numpy(boxes), torch.from_numpy(scores.astype(np.float32)),
            torch.zeros(len(boxes), dtype=torch.int64),
        )  # fmt: skip


def card(bands=1, **known):
    return ModelCard(
        task=DETECTION, network="fcos_mobilenet_v2_fpn", patch=128,
        arguments={"bands": bands, "classes": 1, "overlap": 40, "confidence": 0.3},
        bands=[{"name": f"band {i + 1}", "unit": ""} for i in range(bands)],
        normalization={"mean": [0.0] * bands, "sd": [SD] * bands},
        classes=[{"value": 1, "name": "pit", "color": "#3366cc"}], **known,
    )  # fmt: skip


@pytest.fixture(autouse=True)
def model(monkeypatch, tmp_path):
    """`Blobs` in place of what a model file holds."""

    def load(path, device="auto", batch_size=0):
        known = card(gsd=10.0)
        finder = Finder(
            Blobs(), known.normalization, known.patch, 40, torch.device("cpu"), batch_size or 2
        )
        return known, finder

    monkeypatch.setattr(detect_objects, "load_finder", load)
    path = tmp_path / "pits.safetensors"
    path.write_bytes(b"")
    return str(path)


def detect(model, tmp_path, source, progress=None, **wishes):
    values = {"input": str(source), "model": model, "output": str(tmp_path / "o.geojson"), **wishes}
    made = detect_objects.run(from_values(DetectObjects, values), progress or Silent())
    with open(made["OUTPUT"], encoding="utf-8") as file:
        return json.load(file)


def pixel_boxes(collection, transform=NORTH_UP):
    """Boxes of the output back in pixels (n, 4), sorted."""
    boxes = []
    for feature in collection["features"]:
        ring = np.array(feature["geometry"]["coordinates"][0])
        columns, rows = ~transform @ (ring[:, 0], ring[:, 1])
        boxes.append([columns.min(), rows.min(), columns.max(), rows.max()])
    return in_order(np.array(boxes).reshape(-1, 4).round(3))


def in_order(boxes):
    return boxes[np.lexsort(boxes.T)]


PLACES = pit_places(300, 420, 40, seed=3)


@pytest.mark.parametrize("transform", [NORTH_UP, ROTATED])
def test_every_object_is_found_once_where_it_lies(model, tmp_path, transform):
    raster = write_raster(tmp_path / "a.tif", pit_values(300, 420, PLACES), transform)
    found = detect(model, tmp_path, raster)
    assert np.array_equal(pixel_boxes(found, transform), in_order(pit_boxes(PLACES)))
    assert found["crs"]["properties"]["name"] == UTM


def test_moving_the_raster_by_whole_pixels_moves_the_boxes(model, tmp_path):
    values = pit_values(300, 420, PLACES)
    whole = pixel_boxes(detect(model, tmp_path, write_raster(tmp_path / "a.tif", values)))
    moved = write_raster(tmp_path / "b.tif", values[:, 37:, 53:])
    there = pixel_boxes(detect(model, tmp_path, moved)) + [53, 37, 53, 37]
    inside = (whole[:, 0] > 53) & (whole[:, 1] > 37)
    uncut = (there[:, 0] > 53) & (there[:, 1] > 37)
    assert np.array_equal(whole[inside], there[uncut])


def test_an_object_wider_than_a_window_is_one_box(model, tmp_path):
    values = np.full((1, 200, 500), 90, np.uint8)
    values[:, 80:120, 30:470] = 210
    found = pixel_boxes(detect(model, tmp_path, write_raster(tmp_path / "a.tif", values)))
    assert found.tolist() == [[30, 80, 470, 120]]


def test_sizes_are_in_map_units(model, tmp_path):
    raster = write_raster(tmp_path / "a.tif", pit_values(64, 64, [(30, 30, 10)]))
    known = detect(model, tmp_path, raster)["features"][0]["properties"]
    assert known["width"] == known["height"] == known["diameter"] == 21 * PIXELS_TO_METERS
    assert known["area"] == pytest.approx((21 * PIXELS_TO_METERS) ** 2)
    assert known["class"] == "pit" and 0 < known["confidence"] <= 1
    assert "path" not in known


def test_extent_gives_the_objects_whose_middle_lies_in_it_and_gives_them_whole(model, tmp_path):
    raster = write_raster(tmp_path / "a.tif", pit_values(300, 420, PLACES))
    row, column, row_end, column_end = 90, 110, 210, 320
    left, top = NORTH_UP @ (column, row)
    right, bottom = NORTH_UP @ (column_end, row_end)
    found = pixel_boxes(detect(model, tmp_path, raster, extent=[left, right, bottom, top]))
    truth = in_order(pit_boxes(PLACES))
    columns, rows = (truth[:, 0] + truth[:, 2]) / 2, (truth[:, 1] + truth[:, 3]) / 2
    inside = (columns >= column) & (columns <= column_end) & (rows >= row) & (rows <= row_end)
    assert 3 < inside.sum() < len(truth)
    assert np.array_equal(found, truth[inside])


def test_least_confidence_leaves_out_the_unsure(model, tmp_path):
    raster = write_raster(tmp_path / "a.tif", pit_values(300, 420, PLACES))
    found = detect(model, tmp_path, raster, min_confidence=0.96)["features"]
    sure = [f["properties"]["confidence"] for f in found]
    areas = (pit_boxes(PLACES)[:, 2:] - pit_boxes(PLACES)[:, :2]).prod(1)
    assert min(sure) >= 0.96
    assert len(sure) == int((areas / (areas + 10) >= 0.96).sum())


def test_boxes_on_nodata_are_left_out(model, tmp_path):
    values = pit_values(128, 256, [(60, 40, 9), (60, 200, 9)], dtype="float32")
    values[:, :, :120] = np.nan
    found = pixel_boxes(detect(model, tmp_path, write_raster(tmp_path / "a.tif", values)))
    assert np.array_equal(found, pit_boxes([(60, 200, 9)]))


def test_a_raster_without_data_has_no_objects_and_says_so(model, tmp_path):
    said = Said()
    raster = write_raster(tmp_path / "a.tif", np.full((1, 150, 150), np.nan, np.float32))
    assert detect(model, tmp_path, raster, said.progress)["features"] == []
    nothing = [text for text in said.warnings if "object" in text or "no data" in text]
    assert nothing == ['"a.tif" holds no data there: there is nothing to search.']


def test_a_raster_without_objects_says_what_finds_more(model, tmp_path):
    said = Said()
    raster = write_raster(tmp_path / "a.tif", pit_values(150, 150, []))
    assert detect(model, tmp_path, raster, said.progress)["features"] == []
    assert "No object was found. A lower MIN_CONFIDENCE finds more." in said.warnings


@pytest.mark.parametrize(("side", "warned"), [(10.0, False), (14.0, False), (16.0, True)])
@pytest.mark.parametrize("in_folder", [False, True])
def test_pixels_of_another_size_are_warned_of(model, tmp_path, side, warned, in_folder):
    said, transform = Said(), NORTH_UP @ NORTH_UP.scale(side / PIXELS_TO_METERS)
    (tmp_path / "images").mkdir()
    values = pit_values(150, 150, [(60, 60, 9)])
    path = write_raster(tmp_path / "images" / "a.tif", values, transform)
    detect(model, tmp_path, tmp_path / "images" if in_folder else path, said.progress)
    scale = [text for text in said.warnings if 'A pixel of "a.tif" is 16 m' in text]
    assert len(scale) == warned
    assert all("the model was trained on 10 m" in text for text in scale)


def test_images_give_pixels_with_rows_counted_down_and_their_path(model, tmp_path):
    for number in range(2):
        image = pit_values(70, 90, [(20, 30, 8 + number)])
        write_image(tmp_path / "images" / f"{number}.png", image)
    found = detect(model, tmp_path, tmp_path / "images")
    assert found["crs"] is None and len(found["features"]) == 2
    ring = np.array(found["features"][0]["geometry"]["coordinates"][0])
    assert ring.min(0).tolist() == [22, -29] and ring.max(0).tolist() == [39, -12]
    assert found["features"][1]["properties"]["path"].endswith("1.png")


def test_a_raster_without_georeferencing_gives_pixels_as_qgis_shows_it(model, tmp_path):
    path = write_image(tmp_path / "plain.tif", pit_values(70, 90, [(20, 30, 8)]))
    ring = np.array(detect(model, tmp_path, path)["features"][0]["geometry"]["coordinates"][0])
    assert ring.min(0).tolist() == [22, -29]


def test_an_extent_of_a_raster_without_georeferencing_is_that_of_qgis(model, tmp_path):
    places = [(20, 30, 8), (50, 70, 8)]
    path = write_image(tmp_path / "plain.tif", pit_values(70, 90, places))
    found = detect(model, tmp_path, path, extent=[0, 90, -35, 0])["features"]
    assert len(found) == 1
    assert np.array(found[0]["geometry"]["coordinates"][0]).min(0).tolist() == [22, -29]


def test_a_damaged_image_is_named_and_the_others_are_searched(model, tmp_path):
    write_image(tmp_path / "images" / "a.png", pit_values(70, 90, [(20, 30, 8)]))
    good = write_image(tmp_path / "images" / "b.png", pit_values(70, 90, [(20, 30, 8)]))
    with open(good, "rb") as file:
        data = file.read()
    (tmp_path / "images" / "b.png").write_bytes(data[: len(data) // 2])
    said = []
    progress = Progress(lambda kind, **words: said.append(words.get("text", "")))
    found = detect(model, tmp_path, tmp_path / "images", progress)
    assert len(found["features"]) == 1
    assert any('"b.png"' in text for text in said)


def test_cancel_stops_within_two_seconds(model, tmp_path):
    raster = write_raster(tmp_path / "a.tif", pit_values(700, 700, PLACES[:3]))
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()
    began = time.monotonic()
    with pytest.raises(Stopped):
        while True:
            detect(model, tmp_path, raster, Progress(lambda *a, **k: None, stop.is_set))
    assert time.monotonic() - began < 2.3
    assert not list(tmp_path.glob("*.part"))


def test_bands_of_another_number_are_refused(model, tmp_path):
    raster = write_raster(tmp_path / "a.tif", pit_values(64, 64, [(30, 30, 9)], bands=3))
    with pytest.raises(JobError, match="trained on 1 band"):
        detect(model, tmp_path, raster)
    assert len(detect(model, tmp_path, raster, bands=[2])["features"]) == 1


def test_an_extent_elsewhere_is_refused(model, tmp_path):
    raster = write_raster(tmp_path / "a.tif", pit_values(64, 64, [(30, 30, 9)]))
    with pytest.raises(JobError, match="does not touch"):
        detect(model, tmp_path, raster, extent=[0, 1, 0, 1])


def test_an_empty_folder_is_refused(model, tmp_path):
    (tmp_path / "none").mkdir()
    with pytest.raises(JobError, match="has no image"):
        detect(model, tmp_path, tmp_path / "none")


def test_memory_does_not_grow_with_the_raster(model, tmp_path, monkeypatch):
    """The pixels that are read at a time are those of a few windows, however tall the raster."""
    most = []
    read = detect_objects.raster_scene

    def watched(path, bands):
        scene = read(path, bands)
        inner = scene.source.read
        scene.source.read = lambda r, c, h, w: most.append(h * w) or inner(r, c, h, w)
        return scene

    monkeypatch.setattr(detect_objects, "raster_scene", watched)
    raster = tmp_path / "a.tif"
    with rasterio.open(
        raster, "w", driver="GTiff", width=300, height=3000, count=1, dtype="uint8", tiled=True,
        blockxsize=128, blockysize=128, transform=NORTH_UP, crs=UTM,
    ) as file:  # fmt: skip
        file.write(pit_values(300, 300, []), window=rasterio.windows.Window(0, 0, 300, 300))
    detect(model, tmp_path, raster)
    assert max(most) == 128 * 128 and len(most) > 50
