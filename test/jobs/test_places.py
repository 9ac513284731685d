"""Where outputs may go."""

import pytest

from plugin.engine import work
from plugin.engine.progress import Silent
from plugin.jobs.errors import JobError


@pytest.mark.parametrize("name", ["x.csv", "x.gpkg", "x.shp", "x"])
def test_features_that_a_job_file_names_after_another_format_are_refused(tmp_path, name):
    catalog, made = tmp_path / "events.csv", tmp_path / name
    catalog.write_text("time,latitude,longitude,mag\n2010-01-01,45,10,3\n")
    with pytest.raises(JobError) as caught:
        work.do("check_catalog", {"catalog": str(catalog), "output": str(made)}, Silent())
    assert caught.value.found.endswith(f'is "{made}", which does not end in .geojson.')
    assert caught.value.remedy.startswith("Give OUTPUT a name that ends in .geojson")
    assert [path.name for path in tmp_path.iterdir()] == ["events.csv"]


@pytest.mark.parametrize("name", ["x.geojson", "x.json", "X.GeoJSON"])
def test_features_are_written_under_the_names_of_geojson(tmp_path, name):
    catalog, made = tmp_path / "events.csv", tmp_path / name
    rows = [f"2010-01-01T{n // 60:02}:{n % 60:02}:00Z,45,10,{2 + n % 7 / 10}" for n in range(300)]
    catalog.write_text("\n".join(["time,latitude,longitude,mag", *rows]))
    work.do("check_catalog", {"catalog": str(catalog), "output": str(made)}, Silent())
    assert made.is_file()
