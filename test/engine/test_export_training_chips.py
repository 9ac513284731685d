"""Chips cut out of a raster at labels."""

import json
import os
import re

import numpy as np
import pytest
import rasterio
from rasterio.warp import transform_geom

from brightness import Said
from landscapes import (
    NORTH_UP,
    ROTATED,
    SOUTH_UP,
    box,
    point,
    regions,
    textured,
    write_labels,
    write_raster,
)
from plugin.engine.chips import folder_names, safe_name
from plugin.engine.progress import Silent
from plugin.engine.rasters import read_image
from plugin.engine.tasks import export_training_chips
from plugin.jobs import ExportTrainingChips
from plugin.jobs.errors import JobError, Stopped

TRUTH = regions(320, 480, 80)
VALUES = textured(TRUTH)


def export(tmp_path, entries, raster=None, progress=None, crs="EPSG:32633", **values):
    """Cut chips of 32 pixels at (geometry, class) labels; the outputs of the job."""
    raster = raster or write_raster(tmp_path / "map 1.tif", VALUES)
    labels = write_labels(tmp_path / "labels.geojson", entries, crs)
    job = ExportTrainingChips(
        **{"input": raster, "bands": [], "labels": labels, "class_field": "rock", "stride": 0,
           "chip_size": 32, "output": str(tmp_path / "chips"),
           "footprints": str(tmp_path / "footprints.geojson"), **values}
    )  # fmt: skip
    return export_training_chips.run(job, progress or Silent())


def files(tmp_path):
    """Paths of the chips relative to their folder, sorted."""
    root = tmp_path / "chips"
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


@pytest.mark.parametrize("transform", [NORTH_UP, SOUTH_UP, ROTATED])
def test_chip_holds_the_pixels_of_its_place_on_the_ground(tmp_path, transform):
    raster = write_raster(tmp_path / "map 1.tif", VALUES, transform, names=("r", "g", "b"))
    made = export(tmp_path, [(point(100.5, 200.5, transform), "marl")], raster)
    assert made["CHIPS"] == 1 and files(tmp_path) == ["marl/map 1_f1_84_184.tif"]
    with rasterio.open(tmp_path / "chips" / files(tmp_path)[0]) as chip:
        assert (chip.read() == VALUES[:, 84:116, 184:216]).all()
        assert chip.transform @ (16.5, 16.5) == pytest.approx(transform @ (200.5, 100.5))
        assert chip.crs == "EPSG:32633" and chip.descriptions == ("r", "g", "b")
        assert chip.dtypes == ("uint8",) * 3


def test_polygon_is_covered_without_overlap(tmp_path):
    made = export(tmp_path, [(box(10, 10, 150, 170), "marl"), (box(10, 170, 150, 300), "chalk")])
    places = [
        tuple(map(int, re.findall(r"_(\d+)_(\d+)\.tif", name)[0])) for name in files(tmp_path)
    ]
    assert made["CHIPS"] == len(set(places)) == 45
    assert all(row % 32 == 0 and column % 32 == 0 for row, column in places)
    centers = np.array(places) + 16
    assert centers.min() >= 10 and centers.max(axis=0).tolist() <= [150, 300]
    marl = [name for name in files(tmp_path) if name.startswith("marl/")]
    assert all(int(re.findall(r"_(\d+)\.tif", name)[0]) + 16 < 170 for name in marl)


def test_smaller_stride_gives_overlapping_chips(tmp_path):
    assert export(tmp_path, [(box(0, 0, 320, 480), "marl")], stride=16)["CHIPS"] == 19 * 29


def test_small_polygon_gets_one_chip_around_its_middle(tmp_path):
    export(tmp_path, [(box(98, 199, 102, 205), "marl")])
    assert files(tmp_path) == ["marl/map 1_f1_84_186.tif"]


def test_group_expression_of_the_log_finds_the_label(tmp_path):
    said = Said()
    export(tmp_path, [(box(0, 0, 96, 96), "marl"), (box(100, 100, 200, 300), "chalk")], progress=said.progress)  # fmt: skip
    pattern = re.search(r"GROUPS (\S+)$", said.notes[-1])[1]
    for name in files(tmp_path):
        stem = os.path.splitext(os.path.basename(name))[0]
        group = re.search(pattern, stem)[1]
        assert group == ("map 1_f1" if name.startswith("marl") else "map 1_f2")


def test_footprints_lie_where_the_chips_lie(tmp_path):
    export(tmp_path, [(point(100, 200), "marl"), (box(0, 0, 64, 64), "chalk")])
    made = json.loads((tmp_path / "footprints.geojson").read_text(encoding="utf-8"))
    assert made["crs"]["properties"]["name"] == "EPSG:32633" and len(made["features"]) == 5
    for feature in made["features"]:
        ring = np.array(feature["geometry"]["coordinates"][0])
        with rasterio.open(feature["properties"]["path"]) as chip:
            assert (ring.min(0).tolist(), ring.max(0).tolist()) == (
                [chip.bounds.left, chip.bounds.bottom], [chip.bounds.right, chip.bounds.top],
            )  # fmt: skip


def test_bands_types_and_nodata_are_those_of_the_raster(tmp_path):
    values = np.random.default_rng(0).normal(0, 1, (4, 100, 100)).astype(np.float32)
    values[:, 48:50, 48:52] = -9999
    raster = write_raster(tmp_path / "map 1.tif", values, nodata=-9999, names=("a", "b", "c", "d"))
    export(tmp_path, [(point(40, 40), "marl")], raster, bands=[4, 2])
    read, valid = read_image(str(tmp_path / "chips" / files(tmp_path)[0]))
    assert (read == values[[3, 1], 24:56, 24:56]).all()
    assert (valid == (values[0, 24:56, 24:56] != -9999)).all()
    with rasterio.open(tmp_path / "chips" / files(tmp_path)[0]) as chip:
        assert chip.descriptions == ("d", "b") and chip.nodata == -9999


def test_four_bands_of_bytes_stay_four_bands(tmp_path):
    raster = write_raster(tmp_path / "map 1.tif", textured(TRUTH, 4))
    export(tmp_path, [(point(100, 100), "marl")], raster)
    assert len(read_image(str(tmp_path / "chips" / files(tmp_path)[0]))[0]) == 4


def test_holes_of_a_mask_stay_holes(tmp_path):
    mask = np.ones(TRUTH.shape, bool)
    mask[84:90, 184:200] = False
    raster = write_raster(tmp_path / "map 1.tif", VALUES, mask=mask)
    export(tmp_path, [(point(100, 200), "marl")], raster)
    assert (
        read_image(str(tmp_path / "chips" / files(tmp_path)[0]))[1] == mask[84:116, 184:216]
    ).all()


def test_what_is_left_out_is_counted(tmp_path):
    said = Said()
    values = VALUES.astype(np.float32)
    values[:, :100, :100] = np.nan
    raster = write_raster(tmp_path / "map 1.tif", values)
    entries = [
        (point(200, 200), "marl"), (point(200, 300), "chalk"), (point(210, 210), None),
        (point(210, 210), ""), (None, "marl"), (point(-5, 10), "marl"), (point(5, 200), "marl"),
        (point(50, 50), "basalt"),
    ]  # fmt: skip
    made = export(tmp_path, entries, raster, said.progress)
    assert made["CHIPS"] == 2 and sorted(os.listdir(tmp_path / "chips")) == ["chalk", "marl"]
    told = " ".join(said.warnings)
    for sentence in ("2 labels have no class", "1 labels have no geometry", "1 labels lie outside", "1 chips would reach beyond", "1 chips hold too little data"):  # fmt: skip
        assert sentence in told
    assert "marl: 1 chips" in said.notes and "chalk: 1 chips" in said.notes


def test_one_class_and_overlapping_labels_are_warned_of(tmp_path):
    said = Said()
    export(tmp_path, [(point(100, 100), "marl")], progress=said.progress)
    assert any("one class" in text for text in said.warnings)
    said = Said()
    both = [(box(0, 0, 64, 64), "marl"), (box(0, 0, 64, 96), "chalk")]
    export(tmp_path, both, progress=said.progress, output=str(tmp_path / "more"))
    assert any("4 chips were cut at one place for two classes" in text for text in said.warnings)


def test_labels_in_another_crs_are_reprojected(tmp_path):
    shape = transform_geom("EPSG:32633", "EPSG:4326", point(100.5, 200.5))
    export(tmp_path, [(shape, "marl")], crs="EPSG:4326")
    assert files(tmp_path) == ["marl/map 1_f1_84_184.tif"]


def test_numbers_name_classes_too(tmp_path):
    export(tmp_path, [(point(100, 100), 7), (point(100, 200), 8.0), (point(100, 300), 8.5)])
    assert sorted(os.listdir(tmp_path / "chips")) == ["7", "8", "8.5"]


def test_class_names_become_folders_that_no_two_classes_share():
    names = ["Dune", "dune", "a/b", "a:b", "..", "CON", "nul.txt", " x ", "x", "é ü", "z" * 300]
    folders = folder_names(names)
    assert list(folders) == names
    assert len({folder.lower() for folder in folders.values()}) == len(names)
    assert folders["é ü"] == "é ü" and folders["CON"] == "_CON"
    for folder in folders.values():
        assert not re.search(r'[<>:"/\\|?*\x00-\x1f]', folder) and len(folder) < 100
        assert folder.strip(" .") == folder != ""


def test_name_that_climbs_out_of_the_folder_stays_inside(tmp_path):
    export(tmp_path, [(point(100, 100), "../../out"), (point(100, 200), "/etc")])
    assert len(files(tmp_path)) == 2
    assert sorted(os.listdir(tmp_path)) == [
        "chips",
        "footprints.geojson",
        "labels.geojson",
        "map 1.tif",
    ]
    assert safe_name("../../out") == "_.._out"


def refused(tmp_path, entries, **values):
    """The `JobError` of a job that must leave nothing behind."""
    raster = values.pop("raster", None) or write_raster(tmp_path / "map 1.tif", VALUES)
    before = {*os.listdir(tmp_path), "labels.geojson"}
    with pytest.raises(JobError) as caught:
        export(tmp_path, entries, raster, **values)
    assert set(os.listdir(tmp_path)) == before and caught.value.remedy
    return str(caught.value)


def test_labels_outside_the_raster_are_refused(tmp_path):
    text = refused(tmp_path, [(point(-100, 10), "marl"), (box(-90, 0, -80, 9), "chalk")])
    assert '2 labels lie outside "map 1.tif"' in text and "CRS" in text


def test_labels_without_class_are_refused(tmp_path):
    assert "have no class" in refused(tmp_path, [(point(100, 100), None)])


def test_labels_on_nodata_are_refused(tmp_path):
    raster = write_raster(tmp_path / "map 1.tif", np.zeros((1, 100, 100), np.uint8), nodata=0)
    assert "hold too little data" in refused(tmp_path, [(point(50, 50), "marl")], raster=raster)


def test_field_that_is_not_there_is_refused(tmp_path):
    text = refused(tmp_path, [(point(100, 100), "marl")], class_field="stone")
    assert 'no field "stone"' in text and "rock" in text


def test_raster_smaller_than_a_chip_is_refused(tmp_path):
    text = refused(tmp_path, [(point(100, 100), "marl")], chip_size=321)
    assert "at most 320" in text


def test_folder_with_something_in_it_is_refused(tmp_path):
    (tmp_path / "chips").mkdir()
    (tmp_path / "chips" / "mine.txt").write_text("mine")
    assert "is not empty" in refused(tmp_path, [(point(100, 100), "marl")])
    assert files(tmp_path) == ["mine.txt"]


def test_empty_folder_is_filled(tmp_path):
    (tmp_path / "chips").mkdir()
    export(tmp_path, [(point(100, 100), "marl")])
    assert len(files(tmp_path)) == 1


def test_cancelling_leaves_nothing(tmp_path):
    with pytest.raises(Stopped):
        export(tmp_path, [(box(0, 0, 320, 480), "marl")], stride=4, progress=Said(0.3).progress)
    assert sorted(os.listdir(tmp_path)) == ["labels.geojson", "map 1.tif"]


def test_full_disk_leaves_nothing(tmp_path, monkeypatch):
    def full(*ignored):
        raise JobError("The disk is full.", "Free some space.")

    monkeypatch.setattr(export_training_chips, "write_chip", full)
    assert "disk is full" in refused(tmp_path, [(point(100, 100), "marl")])


def test_pixels_masked_in_a_float_raster_stay_invalid_in_its_chips(tmp_path):
    truth = regions(64, 64, 64)
    mask = np.full((64, 64), 255, "uint8")
    mask[20:24, 20:24] = 0
    values = textured(truth, bands=1).astype("float32")
    raster = write_raster(tmp_path / "dem.tif", values, mask=mask)
    labels = write_labels(tmp_path / "l.geojson", [(point(32, 32), "scarp")])
    job = ExportTrainingChips(
        input=raster,
        labels=labels,
        class_field="rock",
        chip_size=32,
        output=str(tmp_path / "chips"),
    )
    export_training_chips.run(job, Silent())
    (chip,) = (tmp_path / "chips").rglob("*.tif")
    _, valid = read_image(str(chip))
    assert (~valid).sum() == 16


@pytest.mark.parametrize(
    "entries, side",
    [
        ([(box(20, 20, 60, 60), "marl"), (box(100, 100, 140, 140), "tuff")], 16),
        ([(box(20, 20, 100, 100), "marl"), (box(100, 100, 190, 190), "tuff")], 40),
        ([(box(0, 0, 300, 300), "marl")], 64),
        ([(point(100, 100), "marl")], 64),
    ],
)
def test_automatic_chip_is_half_of_a_usual_polygon_and_at_most_64(tmp_path, entries, side):
    said = Said()
    export(tmp_path, entries, progress=said.progress, chip_size=0)
    assert f"Chips of {side} x {side} pixels are cut." in said.notes
    with rasterio.open(tmp_path / "chips" / files(tmp_path)[0]) as chip:
        assert (chip.height, chip.width) == (side, side)
