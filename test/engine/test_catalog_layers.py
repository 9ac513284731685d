"""Catalogs as GeoJSON: what Download catalog and Check catalog write, and what others give."""

import json

import numpy as np
import pytest

from plugin.engine.progress import Silent
from plugin.engine.seismic.catalog import CatalogFields, read_catalog
from plugin.engine.vectors import Feature, write_features
from plugin.jobs.errors import JobError

MAULE = {"time": "2010-02-27T06:34:11.530Z", "mag": 8.8, "depth": 22.9, "id": "us2"}
PLACE = {"type": "Point", "coordinates": [-72.898, -36.122]}


def written(folder, *features, **more):
    path = folder / "events.geojson"
    entries = [
        {"type": "Feature", "geometry": place, "properties": known} for place, known in features
    ]
    layer = {"type": "FeatureCollection", "features": entries, **more}
    path.write_text(json.dumps(layer), encoding="utf-8")
    return str(path)


def read(path):
    return read_catalog(path, CatalogFields(), Silent())


def refusal(path):
    with pytest.raises(JobError) as caught:
        read(path)
    return str(caught.value)


def test_points_are_events_with_their_place_time_magnitude_depth_and_name(tmp_path):
    catalog = read(written(tmp_path, (PLACE, MAULE)))
    assert (catalog.longitude[0], catalog.latitude[0]) == (-72.898, -36.122)
    assert (catalog.magnitude[0], catalog.depth_km[0], catalog.ids[0]) == (8.8, 22.9, "us2")
    assert catalog.days[0] == pytest.approx(14_667 + 6.569869 / 24, abs=1e-5)


def test_milliseconds_since_1970_and_a_mark_at_the_start_are_read(tmp_path):
    path = written(tmp_path, (PLACE, {"time": 1267252451530, "mag": 8.8}))
    with open(path, encoding="utf-8") as file:
        text = file.read()
    with open(path, "w", encoding="utf-8-sig") as file:
        file.write("\n" + text)
    assert read(path).days[0] == pytest.approx(14_667 + 6.569869 / 24, abs=1e-5)


def test_positions_in_meters_are_brought_to_degrees(tmp_path):
    crs = {"type": "name", "properties": {"name": "EPSG:32719"}}
    place = {"type": "Point", "coordinates": [500_000.0, 6_000_000.0]}
    catalog = read(written(tmp_path, (place, MAULE), crs=crs))
    assert catalog.longitude[0] == pytest.approx(-69.0, abs=1e-6)
    assert catalog.latitude[0] == pytest.approx(-36.144, abs=0.001)


def test_what_our_own_tools_write_is_read_whole(tmp_path):
    columns = [("time", "moment"), ("magnitude", "real"), ("id", "text")]
    features = [
        Feature(n, {"type": "Point", "coordinates": [10.0 + n, 45.0]},
                {"time": f"2020-01-0{n + 1}T00:00:00", "magnitude": 2.5 + n, "id": f"e{n}"})
        for n in range(3)
    ]  # fmt: skip
    path = str(tmp_path / "events.geojson")
    write_features(path, features, columns)
    catalog = read(path)
    assert catalog.ids.tolist() == ["e0", "e1", "e2"]
    assert np.allclose(catalog.longitude, [10, 11, 12]) and catalog.magnitude[2] == 4.5


def test_event_without_a_place_is_left_out_and_a_table_needs_no_places(tmp_path):
    assert len(read(written(tmp_path, (PLACE, MAULE), (None, {**MAULE, "mag": 5})))) == 1
    table = {**MAULE, "longitude": -72.9, "latitude": -36.1}
    assert read(written(tmp_path, (None, table))).longitude[0] == -72.9


@pytest.mark.parametrize(
    "place",
    [
        {"type": "LineString", "coordinates": [[0, 0], [1, 1]]},
        {"type": "MultiPoint", "coordinates": [[0, 0], [1, 1]]},
    ],
)
def test_what_is_no_point_is_refused(tmp_path, place):
    assert f"is no single point, but a {place['type']}" in refusal(
        written(tmp_path, (place, MAULE))
    )


def test_layer_without_events_and_a_damaged_one_are_refused(tmp_path):
    path = written(tmp_path)
    assert '"events.geojson" has no events' in refusal(path)
    with open(path, "w", encoding="utf-8") as file:
        file.write('{"type": "FeatureCollection", "features": [{')
    assert "is not a GeoJSON file" in refusal(path)


def test_collection_of_geometries_is_refused(tmp_path):
    place = {"type": "GeometryCollection", "geometries": [PLACE]}
    assert "is no single point" in refusal(written(tmp_path, (place, MAULE)))


def test_geometry_counts_more_than_attributes_that_are_called_as_a_position(tmp_path):
    catalog = read(written(tmp_path, (PLACE, {**MAULE, "_longitude": 99, "_latitude": 9})))
    assert (catalog.longitude[0], catalog.latitude[0]) == (-72.898, -36.122)


def test_third_coordinate_is_the_depth_where_no_field_is_and_places_differ(tmp_path):
    def event(depth, mag):
        place = {"type": "Point", "coordinates": [-72.898, -36.122, depth]}
        return place, {"time": MAULE["time"], "mag": mag}

    assert read(written(tmp_path, event(22.9, 5), event(30, 6))).depth_km.tolist() == [22.9, 30.0]
    assert np.isnan(read(written(tmp_path, event(0, 5), event(0, 6))).depth_km).all()
