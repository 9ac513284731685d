"""Checking catalogs whose faults are known."""

import json
import re

import numpy as np
import pytest

from plugin.engine.progress import Progress, Silent
from plugin.engine.seismic.catalog import Catalog
from plugin.engine.seismic.short_term import completeness_after
from plugin.engine.seismic.twins import distance_km, find_twins
from plugin.engine.tasks import check_catalog
from plugin.jobs.check_catalog import CheckCatalog
from plugin.jobs.declare import from_values
from plugin.jobs.errors import JobError

EPOCH = np.datetime64("1970-01-01T00:00:00.000")


def law(count, smallest=1.95, b=1.0, seed=0):
    chance = np.random.default_rng(seed)
    return np.round(smallest + chance.exponential(1 / (b * np.log(10)), count), 1)


def write(tmp_path, days, magnitude, longitude=None, latitude=None, depth="8"):
    """A catalog as CSV; ids are e0, e1, ... in the given order."""
    chance = np.random.default_rng(9)
    longitude = chance.uniform(10, 12, len(days)) if longitude is None else longitude
    latitude = chance.uniform(45, 47, len(days)) if latitude is None else latitude
    times = EPOCH + np.round(np.asarray(days) * 86_400_000).astype("timedelta64[ms]")
    rows = [
        f"{time}Z,{y:.4f},{x:.4f},{depth},{m},e{n}"
        for n, (time, y, x, m) in enumerate(zip(times, latitude, longitude, magnitude))
    ]
    path = tmp_path / "events.csv"
    path.write_text("\n".join(["time,latitude,longitude,depth,mag,id", *rows]))
    return str(path)


class Ears(Progress):
    def __init__(self):
        self.warnings, self.notes = [], []
        kept = {"warning": self.warnings, "note": self.notes}
        super().__init__(lambda kind, **words: kind in kept and kept[kind].append(words["text"]))


def check(tmp_path, path, progress=None, **values):
    """What checking gives, the features it writes, and the text of its report."""
    places = {"output": str(tmp_path / "o.geojson"), "report": str(tmp_path / "r.html")}
    job = from_values(CheckCatalog, {"catalog": path, **places, **values})
    outputs = check_catalog.run(job, progress or Silent())
    features = json.loads((tmp_path / "o.geojson").read_text(encoding="utf-8"))["features"]
    return outputs, features, (tmp_path / "r.html").read_text(encoding="utf-8")


def days_of(count, length=1000.0, seed=1):
    return 14_000 + np.sort(np.random.default_rng(seed).uniform(0, length, count))


def test_known_law_is_found_and_written_down(tmp_path):
    path = write(tmp_path, days_of(6000), law(6000, b=1.1))
    outputs, features, report = check(tmp_path, path)
    assert outputs["MC"] == pytest.approx(2.2) and outputs["EVENTS"] == 6000
    assert outputs["B_VALUE"] == pytest.approx(1.1, abs=0.07)
    assert len(features) == 6000
    complete = [entry["properties"]["complete"] for entry in features]
    truth = [int(entry["properties"]["magnitude"] >= 2.2) for entry in features]
    assert complete == truth and 0 < sum(complete) < 6000
    for words in ("Complete from magnitude 2.2 on (estimate).", "b-value stability", "Lilliefors"):
        assert words in report
    assert report.count("<img src=") == 4 and "mathdefault" not in report


def test_completeness_of_the_user_is_kept_and_doubted(tmp_path):
    ears = Ears()
    path = write(tmp_path, days_of(3000), law(3000))
    outputs, _, report = check(tmp_path, path, ears, completeness=1.0)
    assert outputs["MC"] == 1.0
    said = "Your magnitude of completeness, 1, is below the estimate of 2.2."
    assert any(text.startswith(said) for text in ears.warnings) and said in report
    ears = Ears()
    outputs, _, _ = check(tmp_path, path, ears, completeness=2.5)
    assert outputs["MC"] == 2.5 and not any("Your magnitude" in text for text in ears.warnings)


def test_worse_years_are_dated(tmp_path):
    early = law(3000, smallest=2.95)
    days = np.concatenate([days_of(3000, 500), 500 + days_of(6000, 500, seed=2)])
    ears = Ears()
    check(tmp_path, write(tmp_path, days, np.concatenate([early, law(6000, seed=3)])), ears)
    said = " ".join(ears.warnings)
    found = re.search(r"worse than 2\.2, up to (3\.\d), the last time until (\S+)\. ", said)
    assert 3.1 < float(found.group(1)) < 3.5
    # The change is 500 days after 2008-05-01.
    assert found.group(2).startswith("2009-09")


def test_catalog_that_was_cut_is_told(tmp_path):
    ears = Ears()
    check(tmp_path, write(tmp_path, days_of(3000), law(3000)), ears)
    assert any("the catalog was cut there" in text for text in ears.warnings)
    rising = np.concatenate([law(3000), np.round(np.random.default_rng(5).uniform(1, 1.9, 500), 1)])
    ears = Ears()
    check(tmp_path, write(tmp_path, days_of(3500), rising), ears)
    assert not any("cut there" in text for text in ears.warnings)


def test_coarse_rounding_and_odd_b_are_told(tmp_path):
    ears = Ears()
    coarse = np.round(law(3000, b=0.5) * 2) / 2
    check(tmp_path, write(tmp_path, days_of(3000), coarse), ears)
    said = " ".join(ears.warnings)
    assert "Choose a larger MAGNITUDE_STEP." in said and "The b-value is 0." in said
    ears = Ears()
    check(tmp_path, write(tmp_path, days_of(3000), coarse), ears, magnitude_step=0.5)
    assert "MAGNITUDE_STEP" not in " ".join(ears.warnings)


def test_two_records_of_one_event_are_marked_and_kept(tmp_path):
    days, magnitude = days_of(500), law(500)
    longitude, latitude = np.linspace(10, 12, 500), np.full(500, 45.0)
    days = np.append(days, days[100] + 1.2 / 86_400)
    longitude, latitude = np.append(longitude, longitude[100] + 0.1), np.append(latitude, 45.05)
    path = write(tmp_path, days, np.append(magnitude, 2.1), longitude, latitude)
    ears = Ears()
    outputs, features, report = check(tmp_path, path, ears)
    assert outputs["EVENTS"] == 501
    marked = {entry["properties"]["id"]: entry["properties"]["twin"] for entry in features}
    assert {key: twin for key, twin in marked.items() if twin} == {"e500": "e100"}
    assert any("within 2 seconds and 20 km" in text for text in ears.warnings)
    assert "e100 and e500" in report


def test_twins_are_near_in_time_and_in_place():
    seconds = np.array([0.0, 1.0, 1.5, 10.0, 10.5, 40.0])
    longitude = [0.0, 0.1, 3.0, 0.0, 0.0, 0.0]
    nothing = np.zeros(6)
    catalog = Catalog.of(seconds / 86_400, longitude, nothing, nothing, nothing)
    assert find_twins(catalog).tolist() == [-1, 0, -1, -1, 3, -1]
    assert distance_km(0, 0, 1, 0) == pytest.approx(111.195, abs=0.01)
    assert distance_km(179.9, 60, -179.9, 60) == pytest.approx(11.12, abs=0.02)


def test_events_that_a_large_one_hides_are_marked(tmp_path):
    chance = np.random.default_rng(3)
    after = np.sort(10 ** chance.uniform(-3, 2, 3000))
    magnitude = law(3000)
    found = magnitude >= completeness_after(7.5, after)
    days = np.concatenate([[14_000.0], 14_000 + after[found]])
    magnitude = np.concatenate([[7.5], magnitude[found]])
    path = write(tmp_path, days, magnitude)
    _, features, report = check(tmp_path, path, completeness=2.5)
    # M 7.5 hides M 2.5 for 10 ** (0.5 / 0.75) days.
    last = 14_000 + 10 ** (0.5 / 0.75)
    hidden = [entry["properties"]["hidden"] for entry in features]
    assert hidden == [int(14_000 < day <= last) for day in days]
    assert "4.6 days" in report


def test_range_of_depths_leaves_deep_events_out(tmp_path):
    path = write(tmp_path, days_of(200), law(200), depth="120")
    with pytest.raises(JobError, match=r"No event lies in the depth range.*120 to 120 km deep"):
        check(tmp_path, path)
    assert check(tmp_path, path, maximum_depth=200.0)[0]["EVENTS"] == 200


def test_too_few_events_are_refused(tmp_path):
    with pytest.raises(JobError, match="20 events are too few to tell a completeness"):
        check(tmp_path, write(tmp_path, days_of(20), law(20)))
    assert not (tmp_path / "o.geojson").exists() and not (tmp_path / "r.html").exists()


def test_catalog_of_one_magnitude_has_no_b(tmp_path):
    outputs, _, report = check(tmp_path, write(tmp_path, days_of(300), np.full(300, 3.0)))
    assert outputs["B_VALUE"] is None and "Complete from magnitude 3.2 on" in report
