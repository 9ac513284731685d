"""Features classified by the raster under them."""

import json
import os

import numpy as np
import pytest
from rasterio.warp import transform_geom

from brightness import Brightness, Said, card, use
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
from plugin.engine.progress import Silent
from plugin.engine.tasks import classify_features
from plugin.jobs import ClassifyFeatures
from plugin.jobs.errors import JobError

TRUTH = regions(320, 480, 80)
ROCKS = ("chalk", "marl", "basalt")


@pytest.fixture(autouse=True)
def model(monkeypatch):
    known = Brightness(card())
    use(monkeypatch, classify_features, known)
    return known


def classify(tmp_path, shapes, progress=None, raster=None, crs="EPSG:32633"):
    """Classify shapes; the properties that come out, by id."""
    raster = raster or write_raster(tmp_path / "a.tif", textured(TRUTH))
    labels = write_labels(tmp_path / "in.geojson", [(shape, None) for shape in shapes], crs)
    job = ClassifyFeatures(input=labels, raster=raster, bands=[], model="rocks.safetensors", output=str(tmp_path / "out.geojson"))  # fmt: skip
    classify_features.run(job, progress or Silent())
    made = json.loads((tmp_path / "out.geojson").read_text(encoding="utf-8"))
    names = [column["name"] for column in made["columns"]]
    assert names == ["class", "confidence", "p_chalk", "p_marl", "p_basalt"]
    return {entry["id"]: entry["properties"] for entry in made["features"]}


@pytest.mark.parametrize("transform", [NORTH_UP, SOUTH_UP, ROTATED])
def test_points_get_the_class_under_them(tmp_path, transform):
    raster = write_raster(tmp_path / "a.tif", textured(TRUTH), transform)
    places = [(40, 40), (120, 40), (40, 120), (200.5, 360.5), (300, 460)]
    shapes = [point(row, column, transform) for row, column in places]
    found = classify(tmp_path, shapes, raster=raster)
    truth = [ROCKS[TRUTH[int(row), int(column)]] for row, column in places]
    assert [found[i]["class"] for i in range(1, 6)] == truth
    chances = found[1]
    assert chances["p_" + chances["class"]] == chances["confidence"] > 0.9
    assert sum(chances[f"p_{rock}"] for rock in ROCKS) == pytest.approx(1, abs=1e-5)


def test_line_gets_the_class_half_way_along_it(tmp_path):
    line = [list(NORTH_UP @ place) for place in ((40, 40), (40, 200), (100, 200))]
    found = classify(tmp_path, [{"type": "LineString", "coordinates": line}])
    assert found[1]["class"] == ROCKS[TRUTH[150, 40]]  # 220 pixels long, so 110 from its start


def test_polygon_is_the_mean_of_the_patches_that_cover_it(tmp_path, model):
    found = classify(tmp_path, [box(0, 0, 320, 480)])
    assert sum(model.calls) == 150
    shares = [found[1][f"p_{rock}"] for rock in ROCKS]
    assert sum(shares) == pytest.approx(1, abs=1e-5) and min(shares) > 0.15


def test_small_polygon_gets_the_patch_around_its_middle(tmp_path, model):
    found = classify(tmp_path, [box(117, 37, 123, 43)])
    assert found[1]["class"] == ROCKS[TRUTH[120, 40]] and sum(model.calls) == 1


def test_middle_of_a_horseshoe_lies_in_it(tmp_path):
    ring = [[0, 0], [12, 0], [12, 12], [10, 12], [10, 2], [4, 2], [4, 12], [0, 12], [0, 0]]
    coordinates = [list(NORTH_UP @ (60 + x, 34 + y)) for x, y in ring]
    corner = classify_features.patch_corners(
        {"type": "Polygon", "coordinates": [coordinates]}, grid_of(tmp_path), 32
    )
    assert (corner + 16).tolist() == [[40, 62]]


def grid_of(tmp_path):
    from plugin.engine.rasters import Raster

    with Raster(write_raster(tmp_path / "grid.tif", textured(TRUTH))) as raster:
        return raster.grid


def test_every_kind_of_geometry_is_taken(tmp_path):
    coordinates = point(40, 40)["coordinates"]
    shapes = [
        {"type": "MultiPoint", "coordinates": [coordinates, coordinates]},
        {"type": "Point", "coordinates": [*coordinates, 512.0]},
        {"type": "MultiPolygon", "coordinates": [box(30, 30, 50, 50)["coordinates"]]},
        {"type": "GeometryCollection", "geometries": [box(30, 30, 50, 50)]},
        {"type": "MultiLineString", "coordinates": [[coordinates, coordinates]]},
    ]
    found = classify(tmp_path, shapes)
    assert {entry["class"] for entry in found.values()} == {ROCKS[TRUTH[40, 40]]}


def test_features_outside_or_without_geometry_get_no_class_and_are_counted(tmp_path):
    said = Said()
    found = classify(
        tmp_path, [point(40, 40), None, point(-50, 10), point(10, 5000)], said.progress
    )
    assert [found[i]["class"] for i in (2, 3, 4)] == [None] * 3 and found[1]["class"]
    assert any(text.startswith("3 of 4 features lie outside") for text in said.warnings)


def test_features_on_nodata_get_no_class(tmp_path):
    values = textured(TRUTH, dtype="float32")
    values[:, :80, :80] = np.nan
    found = classify(tmp_path, [point(40, 40), point(120, 40)], raster=write_raster(tmp_path / "a.tif", values))  # fmt: skip
    assert found[1]["class"] is None and found[2]["class"] == ROCKS[TRUTH[120, 40]]


def test_point_at_the_border_is_classified(tmp_path):
    found = classify(tmp_path, [point(0.5, 0.5), point(319.5, 479.5)])
    assert [found[i]["class"] for i in (1, 2)] == [ROCKS[TRUTH[0, 0]], ROCKS[TRUTH[-1, -1]]]


def test_features_in_another_crs_are_reprojected(tmp_path):
    places = [(40, 40), (120, 40), (200, 360)]
    shapes = [
        transform_geom("EPSG:32633", "EPSG:4326", point(row, column)) for row, column in places
    ]
    found = classify(tmp_path, shapes, crs="EPSG:4326")
    assert [found[i]["class"] for i in (1, 2, 3)] == [ROCKS[TRUTH[place]] for place in places]


def test_no_feature_on_the_raster_is_refused(tmp_path):
    with pytest.raises(JobError, match=r"None of the 2 features lies on"):
        classify(tmp_path, [point(-50, 10), None])
    assert sorted(os.listdir(tmp_path)) == ["a.tif", "in.geojson"]


def test_file_that_is_no_geojson_is_refused(tmp_path):
    (tmp_path / "in.geojson").write_text('{"type": "FeatureCollection"')
    job = ClassifyFeatures(input=str(tmp_path / "in.geojson"), raster=write_raster(tmp_path / "a.tif", textured(TRUTH)), model="m", output="o")  # fmt: skip
    with pytest.raises(JobError, match=r'"in\.geojson" is not a GeoJSON file'):
        classify_features.run(job, Silent())
