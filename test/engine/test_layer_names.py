"""What rasters are called in sentences."""

import doctest

import pytest
import rasterio

from landscapes import NORTH_UP, UTM, regions, textured
from plugin.engine.rasters import Grid, Raster, Stack, layer_names, shown_name
from plugin.jobs.errors import JobError


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/data/survey.tif", "survey.tif"),
        ("GPKG:/data/survey.gpkg:relief", "survey.gpkg, relief"),
        ('NETCDF:"/data/a b.nc":t2m', "a b.nc, t2m"),
        ('HDF5:"/data/a.h5"://grid/tmi', "a.h5, //grid/tmi"),
        ("/data/a: b.tif", "a: b.tif"),
        ("https://x.org/cog.tif", "cog.tif"),
        ("/vsizip/a.zip/b.tif", "b.tif"),
    ],
)
def test_a_layer_in_a_file_is_called_by_both(path, shown):
    assert shown_name(path) == shown


def geopackage(tmp_path):
    """Two rasters in one file."""
    path = tmp_path / "survey.gpkg"
    for number, name in enumerate(("relief", "radar")):
        values = textured(regions(64, 64, 16), 3, seed=number)
        with rasterio.open(
            path, "w", driver="GPKG", width=64, height=64, count=3, dtype="uint8", crs=UTM,
            transform=NORTH_UP, RASTER_TABLE=name, APPEND_SUBDATASET="YES" if number else "NO",
        ) as file:  # fmt: skip
            file.write(values)
    return [f"GPKG:{path}:{name}" for name in ("relief", "radar")]


def test_layers_of_a_geopackage_are_told_apart(tmp_path):
    relief, radar = geopackage(tmp_path)
    with Raster(relief) as raster:
        assert raster.name == "survey.gpkg, relief"
    with Stack([relief, radar], [1, 2, 4 + 1]) as stack:
        assert stack.names[0] == "relief band 1" and "radar band 1" in stack.names
    with pytest.raises(JobError, match=r'"survey\.gpkg, nothing"'):
        Raster(f"GPKG:{tmp_path}/survey.gpkg:nothing")


@pytest.mark.parametrize(
    ("crs", "unit"),
    [
        ("EPSG:32633", "m"),
        ("EPSG:4326", "degrees"),
        ("EPSG:2263", "us survey foot"),
        ("", "map units"),
    ],
)
def test_the_unit_of_the_map_has_a_name(crs, unit):
    known = rasterio.crs.CRS.from_user_input(crs) if crs else None
    assert Grid(4, 4, NORTH_UP, known).unit == unit


def test_examples_in_the_words_of_the_functions():
    assert doctest.testmod(layer_names).failed == 0
