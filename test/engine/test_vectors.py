"""GeoJSON in and out, and polygons on a grid."""

import json

import numpy as np
import pytest
import rasterio
from matplotlib.path import Path
from rasterio.crs import CRS

from landscapes import NORTH_UP, ROTATED, SOUTH_UP, UTM, box, point, write_labels
from plugin.engine.rasters import Grid
from plugin.engine.vectors import (
    Feature,
    lattice_inside,
    middle,
    pieces,
    read_features,
    write_features,
)
from plugin.jobs.errors import JobError

STAR = [[30, 5], [36, 24], [56, 24], [40, 36], [46, 56], [30, 44], [14, 56], [20, 36], [4, 24], [24, 24], [30, 5]]  # fmt: skip


def grid(transform=NORTH_UP):
    return Grid(60, 60, transform, CRS.from_string(UTM))


@pytest.mark.parametrize("transform", [NORTH_UP, SOUTH_UP, ROTATED])
@pytest.mark.parametrize("first, step", [(0.5, 1), (4, 3), (2.5, 5), (30, 30)])
def test_lattice_points_inside_a_polygon_are_those_inside(transform, first, step):
    ring = [list(transform @ place) for place in STAR]
    rows, columns = lattice_inside([ring], grid(transform), first, step)
    every = np.arange(first, 60, step)
    centers = np.stack(np.meshgrid(every, every, indexing="xy"), -1).reshape(-1, 2)
    path = Path(STAR)
    sure = path.contains_points(centers, radius=0.05) == path.contains_points(centers, radius=-0.05)
    truth = path.contains_points(centers).reshape(len(every), -1)
    found = np.zeros_like(truth)
    found[rows, columns] = True
    assert (found == truth).ravel()[sure].all() and truth.any()


def test_hole_of_a_polygon_is_outside():
    outer, inner = box(0, 0, 50, 50)["coordinates"][0], box(10, 10, 40, 40)["coordinates"][0]
    rows, columns = lattice_inside([outer, inner], grid(), 0.5, 1)
    assert len(rows) == 50 * 50 - 30 * 30
    assert not ((rows >= 10) & (rows < 40) & (columns >= 10) & (columns < 40)).any()


def test_polygons_beyond_the_grid_give_only_what_is_on_it():
    rows, columns = lattice_inside(box(-500, 50, 500, 900)["coordinates"], grid(), 0.5, 1)
    assert len(rows) == 600 and columns.min() == 50 and rows.max() == 59
    assert len(lattice_inside(box(70, 70, 90, 90)["coordinates"], grid(), 0.5, 1)[0]) == 0


def test_middle_of_a_ring_lies_in_its_body():
    outer, inner = box(0, 0, 50, 50)["coordinates"][0], box(5, 5, 45, 45)["coordinates"][0]
    easting, northing = middle("Polygon", [outer, inner])
    (row,), (column,) = grid().to_pixels([easting], [northing])
    assert 0 < row < 50 and (0 < column < 5 or 45 < column < 50)


def test_collections_are_taken_apart():
    shape = {"type": "GeometryCollection", "geometries": [
        {"type": "MultiPoint", "coordinates": [[1, 2], [3, 4]]}, {"type": "Point", "coordinates": []},
        {"type": "GeometryCollection", "geometries": [box(0, 0, 1, 1)]},
    ]}  # fmt: skip
    assert [kind for kind, _ in pieces(shape)] == ["Point", "Point", "Polygon"]
    assert pieces(None) == []


@pytest.mark.parametrize(
    "crs", [CRS.from_epsg(4326), CRS.from_string("+proj=laea +lat_0=10"), None]
)
def test_what_is_written_is_read_again(tmp_path, crs):
    path = str(tmp_path / "a.geojson")
    features = [
        Feature(3, point(1, 2), {"class": "März", "n": 1}),
        Feature(4, None, {"class": None}),
    ]
    write_features(path, features, [("class", "text"), ("n", "integer")], crs)
    assert read_features(path) == features
    text = json.loads((tmp_path / "a.geojson").read_text(encoding="utf-8"))
    assert text["columns"][1] == {"name": "n", "type": "integer"}
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.geojson"]


def test_coordinates_are_brought_to_the_wanted_crs(tmp_path):
    path = write_labels(tmp_path / "a.geojson", [(point(0, 0), "x"), (None, "y")])
    first, second = read_features(path, CRS.from_epsg(4326))
    east, north = NORTH_UP @ (0, 0)
    (longitude,), (latitude,) = rasterio.warp.transform(UTM, "EPSG:4326", [east], [north])
    assert first.geometry["coordinates"] == pytest.approx([longitude, latitude])
    assert second.geometry is None


def test_without_crs_member_coordinates_are_longitude_and_latitude(tmp_path):
    path = tmp_path / "a.geojson"
    entry = {"type": "Feature", "geometry": {"type": "Point", "coordinates": [15.0, 48.0]}}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [entry]}))
    (feature,) = read_features(str(path), CRS.from_string(UTM))
    assert feature.geometry["coordinates"][0] == pytest.approx(500_000)
    assert feature.id == 0 and feature.properties == {}


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"features": 3}', '{"features": [1]}', '{"features": [], "crs": {"properties": {"name": "EPSG:0"}}}', '{"features": [], "crs": 5}']
)  # fmt: skip
def test_file_that_is_no_geojson_is_refused(tmp_path, text):
    (tmp_path / "a.geojson").write_text(text)
    with pytest.raises(JobError, match=r'"a\.geojson" is not a GeoJSON file'):
        read_features(str(tmp_path / "a.geojson"))


def collection(path, *geometries, crs=None):
    """Write features of these geometries, in longitude and latitude if no CRS is named."""
    features = [{"type": "Feature", "id": n, "geometry": g} for n, g in enumerate(geometries, 7)]
    written = {"type": "FeatureCollection", "features": features}
    if crs:
        written["crs"] = {"type": "name", "properties": {"name": crs}}
    path.write_text(json.dumps(written), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("damaged", [
    {"type": "Point", "coordinates": [1]},
    {"type": "Point", "coordinates": [1, None]},
    {"type": "Point", "coordinates": [1, "2"]},
    {"type": "Point", "coordinates": [1e300, 2]},
    {"type": "Point", "coordinates": [float("nan"), 2]},
    {"type": "Polygon", "coordinates": [[1, 2], [3, 4]]},
    {"type": "Nonsense", "coordinates": [1, 2]},
    {"type": "Point"}, {"coordinates": [1, 2]}, [1, 2], "POINT (1 2)",
])  # fmt: skip
def test_damaged_geometry_is_refused_by_the_number_of_its_feature(tmp_path, damaged):
    path = collection(tmp_path / "a.geojson", {"type": "Point", "coordinates": [1, 2]}, damaged)
    with pytest.raises(JobError, match=r'Feature 8 of "a\.geojson" has a geometry that is damaged'):
        read_features(path)


@pytest.mark.parametrize("empty", [
    None,
    {"type": "Point", "coordinates": []},
    {"type": "LineString", "coordinates": [[1, 2]]},
    {"type": "Polygon", "coordinates": []},
    {"type": "Polygon", "coordinates": [[[1, 2], [3, 4], [1, 2]]]},
    {"type": "MultiPolygon", "coordinates": [[]]},
    {"type": "GeometryCollection", "geometries": [{"type": "Polygon", "coordinates": [[]]}]},
])  # fmt: skip
def test_empty_geometry_is_none(tmp_path, empty):
    path = collection(tmp_path / "a.geojson", empty)
    assert read_features(path, CRS.from_string(UTM))[0].geometry is None


def test_feature_beyond_a_reference_system_is_named(tmp_path):
    path = collection(
        tmp_path / "a.geojson", {"type": "Point", "coordinates": [500_000, 5_400_000]}
    )
    with pytest.raises(JobError, match="Feature 7 lies where the raster's"):
        read_features(path, CRS.from_string(UTM))


def test_failure_leaves_the_older_file_as_it_was(tmp_path):
    path = tmp_path / "a.geojson"
    path.write_text("older")

    def features():
        yield Feature(1)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_features(str(path), features(), [])
    assert path.read_text() == "older" and len(list(tmp_path.iterdir())) == 1
