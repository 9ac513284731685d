"""Class names in fields of layers: blanks around them are none of theirs, capitals are."""

from types import SimpleNamespace

import numpy as np
import pytest

from brightness import Said
from landscapes import NORTH_UP, box, write_labels, write_raster
from plugin.engine import notices
from plugin.engine.chips import plan_chips
from plugin.engine.detection.drawn_boxes import draw_boxes
from plugin.engine.map_features import read_feature_map
from plugin.engine.pixels.labels import read_labels
from plugin.engine.progress import Silent
from plugin.engine.rasters import Raster
from plugin.engine.reference import read_reference
from plugin.engine.tasks import assess_accuracy
from plugin.engine.vectors import read_features
from plugin.jobs import AssessAccuracy
from plugin.jobs.declare import from_values
from plugin.jobs.label_classes import class_name

BLANKS = ("chalk", " chalk", "chalk\t", "marl")
CAPITALS = ("chalk", "Chalk", " CHALK", "marl")
WARNING = 'Classes that differ only in capital letters are kept apart: "CHALK", "Chalk", "chalk".'


def labels_of(tmp_path, names):
    places = [box(4, 4 + 20 * n, 20, 20 + 20 * n) for n in range(len(names))]
    return write_labels(tmp_path / "labels.geojson", list(zip(places, names, strict=True)))


def of_pixels(path, raster):
    job = SimpleNamespace(class_field="rock", line_width=0, point_radius=0, inner_buffer=0)
    return read_labels(job, path, raster.grid).class_names


def of_chips(path, raster):
    features = read_features(path)
    return {
        chip.class_name for chip in plan_chips(features, "rock", raster.grid, 8, 8, Silent()).chips
    }


def of_boxes(path, raster):
    scene = SimpleNamespace(crs=raster.grid.crs.to_wkt(), ground=NORTH_UP)
    area = (0, 0, raster.grid.height, raster.grid.width)
    return draw_boxes(path, "rock", [scene], [area], raster.grid.crs)[0]


def of_reference(path, raster):
    return read_reference(path, "rock").names


def of_map(path, raster):
    return read_feature_map(path, "rock").names


READERS = (of_pixels, of_chips, of_boxes, of_reference, of_map)


def read(tmp_path, reader, names):
    """The classes that a reader finds, and the warnings."""
    said = Said()
    notices.send_to(said.progress.note, said.progress.warning)
    path = write_raster(tmp_path / "r.tif", np.ones((1, 40, 100), "uint8"))
    with Raster(path) as raster:
        found = reader(labels_of(tmp_path, names), raster)
    return sorted(found), said.warnings


@pytest.mark.parametrize("reader", READERS)
def test_blanks_around_a_name_make_no_other_class(tmp_path, reader):
    assert read(tmp_path, reader, BLANKS) == (["chalk", "marl"], [])


@pytest.mark.parametrize("reader", READERS[:3])
def test_classes_that_differ_in_capitals_stay_apart_with_one_warning(tmp_path, reader):
    found, warnings = read(tmp_path, reader, CAPITALS)
    assert found == ["CHALK", "Chalk", "chalk", "marl"]
    assert warnings == [WARNING]


def test_accuracy_tells_classes_apart_that_the_map_has_in_capitals_too(tmp_path):
    path, said = labels_of(tmp_path, CAPITALS), Said()
    job = from_values(
        AssessAccuracy,
        {"classified_features": path, "classified_field": "rock", "reference": path,
         "class_field": "rock", "report": str(tmp_path / "r.html")},
    )  # fmt: skip
    outputs = assess_accuracy.run(job, said.progress)
    assert outputs["ACCURACY"] == 1
    assert WARNING in said.warnings and "kept apart" in (tmp_path / "r.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (3.0, "3"),
        (2.5, "2.5"),
        (7, "7"),
        (None, ""),
        (float("nan"), ""),
        ("  ", ""),
        (" a b ", "a b"),
    ],
)
def test_name_of_a_class_is_its_value_as_people_write_it(value, name):
    assert class_name(value) == name
