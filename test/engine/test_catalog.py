"""Catalogs as users have them: every oddity is read as it is meant, or refused by its name."""

from datetime import datetime, timezone

import numpy as np
import pytest

from plugin.engine.progress import Progress, Silent
from plugin.engine.seismic.catalog import (
    Catalog,
    CatalogFields,
    read_catalog,
    read_events,
    to_days,
    to_iso,
)
from plugin.jobs.errors import JobError, Stopped

HEADER = "time,latitude,longitude,depth,mag,id"
TOHOKU = "2011-03-11T05:46:24.120Z,38.297,142.373,29,9.1,us1"
MAULE = "2010-02-27T06:34:11.530Z,-36.122,-72.898,22.9,8.8,us2"
# Computed by hand: 15,044 days to 2011-03-11, then 5 h 46 min 24.12 s.
TOHOKU_DAYS = 15_044 + (5 * 3600 + 46 * 60 + 24.12) / 86_400


def write(tmp_path, *rows, header=HEADER, encoding="utf-8", name="events.csv"):
    path = tmp_path / name
    path.write_text("\n".join([header, *rows]) + "\n", encoding=encoding)
    return str(path)


def read(tmp_path, *rows, fields=None, **known):
    return read_catalog(write(tmp_path, *rows, **known), fields or CatalogFields(), Silent())


def refusal(tmp_path, *rows, fields=None, **known):
    with pytest.raises(JobError) as caught:
        read(tmp_path, *rows, fields=fields, **known)
    return str(caught.value)


def at(text, tmp_path):
    """The days that a time field with this text is read as."""
    catalog = read(tmp_path, f'"{text}",38.297,142.373,29,9.1,us1')
    return float(catalog.days[0])


class Ears(Progress):
    """Remembers what it was told."""

    def __init__(self):
        self.said = []
        super().__init__(lambda kind, **words: self.said.append((kind, words.get("text", ""))))

    def of(self, kind):
        return " ".join(text for said, text in self.said if said == kind)


def test_events_come_sorted_by_time(tmp_path):
    catalog = read(tmp_path, TOHOKU, MAULE)
    assert catalog.ids.tolist() == ["us2", "us1"]
    assert catalog.magnitude.tolist() == [8.8, 9.1]
    assert catalog.longitude.tolist() == [-72.898, 142.373]
    assert catalog.latitude.tolist() == [-36.122, 38.297]
    assert catalog.depth_km.tolist() == [22.9, 29.0]
    assert catalog.days[1] == pytest.approx(TOHOKU_DAYS, abs=1e-11)


@pytest.mark.parametrize(
    "text",
    [
        "2011-03-11T05:46:24.120Z",
        "2011-03-11T05:46:24.120",
        "2011-03-11 05:46:24.12",
        "2011/03/11 05:46:24.120+00",
        "2011-03-11T05:46:24.120+00:00",
        "2011-03-11T14:46:24.120+09:00",
        "2011-03-11T01:16:24.12-0430",
        "2011-03-11 05:46:24.120 UTC",
        "2011-3-11 5:46:24,12",
        "20110311054624.12",
        "1299822384120",
        "1299822384.12",
    ],
)
def test_every_way_to_write_a_moment_gives_the_same(tmp_path, text):
    assert at(text, tmp_path) == pytest.approx(TOHOKU_DAYS, abs=1e-10)


@pytest.mark.parametrize(
    "text, same",
    [
        ("2010-01-01T12:34:60.12Z", "2010-01-01T12:35:00.12"),
        ("2010-12-31T23:59:60.00Z", "2011-01-01T00:00:00"),
        ("2010-01-01 24:00:00", "2010-01-02T00:00:00"),
        ("2010-01-01 12:60:05", "2010-01-01T13:00:05"),
        ("Tue May 21 10:31:36 2024", "2024-05-21T10:31:36"),
        ("Tue May 21 10:31:36 2024 GMT+0200", "2024-05-21T08:31:36"),
        ("PyQt5.QtCore.QDateTime(2024, 5, 21, 10, 31, 36, 250)", "2024-05-21T10:31:36.25"),
        ("1811-12-16T08:15:00", "1811-12-16T08:15:00"),
    ],
)
def test_odd_moments_are_read_as_they_are_meant(tmp_path, text, same):
    assert to_iso(at(text, tmp_path)) == same


def test_days_agree_with_the_calendar_of_python():
    for text in ("1600-02-29T00:00:00", "1969-12-31T23:59:59", "2024-02-29T12:00:00.000001"):
        truth = datetime.fromisoformat(text).replace(tzinfo=timezone.utc).timestamp() / 86_400
        assert to_days(text) == pytest.approx(truth, abs=1e-9)
        assert to_iso(to_days(text)) == text


@pytest.mark.parametrize(
    "text", ["16/05/2024 06:31", "2010-13-01", "2010-01-01T12:34:61", "yesterday", "7000-01-01"]
)
def test_what_is_no_moment_is_refused_with_field_row_and_value(tmp_path, text):
    said = refusal(tmp_path, MAULE, f"{text},38.297,142.373,29,9.1,us1")
    assert said.startswith(f'Field "time", row 2 of "events.csv" is "{text}", which is not a date')


def test_times_without_zone_are_utc_and_that_is_said(tmp_path):
    ears = Ears()
    path = write(tmp_path, TOHOKU.replace("Z,", ","))
    read_catalog(path, CatalogFields(), ears)
    assert 'Times in "time" have no zone and are taken as UTC.' in ears.of("note")
    ears = Ears()
    read_catalog(write(tmp_path, TOHOKU), CatalogFields(), ears)
    assert "zone" not in ears.of("note")


@pytest.mark.parametrize(
    "header, row",
    [
        ("date,time,latitude,longitude,mag", "2011-03-11,05:46:24.12,38.297,142.373,9.1"),
        ("DATE,TIME (UTC),Lat,Lon,Magnitude", "2011/03/11,05:46:24.12,38.297,142.373,9.1"),
        ("time,date,latitude,longitude,mag", "05:46:24.12,20110311,38.297,142.373,9.1"),
        (
            "year,month,day,hour,minute,second,lat,lon,mag",
            "2011,3,11,5,46,24.12,38.297,142.373,9.1",
        ),
        ("YR,MO,DY,HR,MN,SEC,lat,lon,ml", "2011.0,3.0,11.0,5.0,46.0,24.12,38.297,142.373,9.1"),
        ("#YYY/MM/DD,HH:mm:SS.ss,LAT,LON,MAG", "2011/03/11,05:46:24.12,38.297,142.373,9.1"),
    ],
)  # fmt: skip
def test_date_and_time_may_have_fields_of_their_own(tmp_path, header, row):
    catalog = read(tmp_path, row, header=header)
    assert catalog.days[0] == pytest.approx(TOHOKU_DAYS, abs=1e-10)
    assert catalog.magnitude[0] == 9.1 and catalog.longitude[0] == 142.373


def test_chosen_date_field_finds_its_clock(tmp_path):
    header = "updated,date,time,latitude,longitude,mag"
    row = "2020-01-01T00:00:00,2011-03-11,05:46:24.12,38.297,142.373,9.1"
    for chosen in ("date", "time"):
        catalog = read(tmp_path, row, header=header, fields=CatalogFields(time=chosen))
        assert catalog.days[0] == pytest.approx(TOHOKU_DAYS, abs=1e-10)


def test_clock_without_a_date_is_refused(tmp_path):
    said = refusal(tmp_path, "05:46:24.12,38.297,142.373,9.1", header="time,latitude,longitude,mag")
    assert 'Field "time" of "events.csv" holds times of day without dates' in said


def test_days_alone_are_midnight_and_that_is_said(tmp_path):
    ears = Ears()
    path = write(tmp_path, "2011-03-11,38,142,9.1", header="date,latitude,longitude,mag")
    catalog = read_catalog(path, CatalogFields(), ears)
    assert catalog.days[0] == 15_044 and "without a time of day" in ears.of("note")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_separators_and_encodings_do_not_matter(tmp_path, encoding, separator):
    header, row = (text.replace(",", separator) for text in (HEADER + ",place", TOHOKU + ",Tōhoku"))
    if encoding == "cp1252":
        row = row.replace("ō", "ö")
    catalog = read(tmp_path, row, header=header, encoding=encoding)
    assert catalog.ids.tolist() == ["us1"] and catalog.magnitude.tolist() == [9.1]


def test_decimal_commas_are_read(tmp_path):
    catalog = read(
        tmp_path,
        "2011-03-11T05:46:24,120;38,297;142,373;29;9,1;us1",
        header=HEADER.replace(",", ";"),
    )
    assert (catalog.latitude[0], catalog.magnitude[0]) == (38.297, 9.1)
    assert catalog.days[0] == pytest.approx(TOHOKU_DAYS, abs=1e-10)


def test_fdsn_text_is_read_as_downloaded(tmp_path):
    header = (
        "#EventID | Time | Latitude | Longitude | Depth/km | Author | Catalog | Contributor | "
        "ContributorID | MagType | Magnitude | MagAuthor | EventLocationName"
    )
    row = "ev1|2011-03-11T05:46:24.12|38.297|142.373|29.0|GFZ|||x|Mw|9.1|GFZ|Near East Coast"
    catalog = read(tmp_path, row, header=header)
    assert catalog.ids.tolist() == ["ev1"] and catalog.depth_km.tolist() == [29.0]
    assert catalog.days[0] == pytest.approx(TOHOKU_DAYS, abs=1e-10)


def test_positions_of_the_layer_come_before_fields_of_coordinates(tmp_path):
    catalog = read(
        tmp_path,
        "7,2011-03-11T05:46:24.12,4242000,500000,9.1,142.373,38.297",
        header="id,time,y,x,mag,_longitude,_latitude",
    )
    assert (catalog.longitude[0], catalog.latitude[0]) == (142.373, 38.297)


@pytest.mark.parametrize("longitude, latitude", [(-99.0, 16.5), (-99.9, 17.0), (-75.1, -9.9)])
def test_positions_that_look_like_a_code_for_nothing_are_places(tmp_path, longitude, latitude):
    row = MAULE.replace("-36.122,-72.898", f"{latitude},{longitude}")
    catalog = read(tmp_path, TOHOKU, row, MAULE.replace("-36.122,-72.898", "-999,-999"))
    assert (catalog.longitude[0], catalog.latitude[0]) == (longitude, latitude)
    assert len(catalog) == 2


@pytest.mark.parametrize("number", ["40613.24056", "734573.24056", "2455631.74056", "2011.19"])
def test_numbers_of_spreadsheets_and_other_days_are_not_taken_for_seconds(tmp_path, number):
    said = refusal(tmp_path, TOHOKU.replace("2011-03-11T05:46:24.120Z", number))
    assert f'Field "time", row 1 of "events.csv" is "{number}"' in said


@pytest.mark.parametrize("missing", ["", "NaN", "null", "-999", " "])
def test_events_without_depth_are_kept(tmp_path, missing):
    ears = Ears()
    path = write(tmp_path, TOHOKU.replace(",29,", f",{missing},"), MAULE)
    catalog = read_catalog(path, CatalogFields(), ears)
    assert len(catalog) == 2 and np.isnan(catalog.depth_km[1])
    assert "1 of 2 events have no depth; they are kept." in ears.of("note")


def test_negative_depth_is_above_sea_level(tmp_path):
    ears = Ears()
    path = write(tmp_path, TOHOKU.replace(",29,", ",-1.3,"))
    assert read_catalog(path, CatalogFields(), ears).depth_km[0] == -1.3
    assert "1 events have a negative depth" in ears.of("note")


@pytest.mark.parametrize("depth", ["10000", "-33"])
def test_depth_in_meters_or_upward_is_refused(tmp_path, depth):
    said = refusal(tmp_path, MAULE, TOHOKU.replace(",29,", f",{depth},"))
    assert f'Field "depth", row 2 of "events.csv" is "{depth}"' in said and "positive down" in said


def test_events_without_magnitude_place_or_time_are_left_out_and_counted(tmp_path):
    ears = Ears()
    path = write(
        tmp_path,
        TOHOKU,
        MAULE.replace(",8.8,", ",,"),
        MAULE.replace(",8.8,", ",-9.99,"),
        MAULE.replace("-36.122,-72.898", ","),
        MAULE.replace("2010-02-27T06:34:11.530Z", ""),
    )
    assert read_catalog(path, CatalogFields(), ears).ids.tolist() == ["us1"]
    said = ears.of("warning")
    assert "2 of 5 events are left out: no magnitude." in said
    assert "1 of 5 events are left out: no place." in said
    assert "1 of 5 events are left out: no time." in said


def test_catalog_of_nothing_usable_is_refused(tmp_path):
    said = refusal(tmp_path, MAULE.replace(",8.8,", ",,"), TOHOKU.replace(",9.1,", ",,"))
    assert 'No event of "events.csv" can be used: no magnitude (2).' in said


@pytest.mark.parametrize(
    "kind", ["quarry blast", "explosion", "qb", "ice quake", "mining explosion", "sonic boom"]
)
def test_events_that_no_fault_made_are_left_out(tmp_path, kind):
    ears = Ears()
    path = write(tmp_path, TOHOKU + ",earthquake", MAULE + f",{kind}", header=HEADER + ",type")
    assert read_catalog(path, CatalogFields(), ears).ids.tolist() == ["us1"]
    assert f'1 of 2 events are left out: the type "{kind}".' in ears.of("warning")


@pytest.mark.parametrize(
    "kind", ["earthquake", "eq", "le", "ke", "induced or triggered event", "ML", "mwc", ""]
)
def test_earthquakes_and_types_of_something_else_stay(tmp_path, kind):
    rows = [TOHOKU + f",{kind}", MAULE + f",{kind}"]
    assert len(read(tmp_path, *rows, header=HEADER + ",type")) == 2


def test_identical_copies_count_once(tmp_path):
    ears = Ears()
    path = write(tmp_path, TOHOKU, MAULE, TOHOKU.replace("us1", "again"))
    assert read_catalog(path, CatalogFields(), ears).ids.tolist() == ["us2", "us1"]
    assert "1 of 3 events are left out: identical copies of another one." in ears.of("warning")


def test_file_that_is_no_text_is_refused_without_showing_what_it_holds(tmp_path):
    path = tmp_path / "events.csv"
    path.write_bytes(b"time,mag\n" + np.random.default_rng(0).bytes(4000))
    with pytest.raises(JobError) as caught:
        read_catalog(str(path), CatalogFields(), Ears())
    assert caught.value.found == '"events.csv" is no text.'


@pytest.mark.parametrize(
    "position, field, value",
    [
        ("38.297,500000", "longitude", "500000"),
        ("4242000,142.373", "latitude", "4242000"),
        ("-90.5,142.373", "latitude", "-90.5"),
        ("38.297,-180.5", "longitude", "-180.5"),
        ("38.297,360.5", "longitude", "360.5"),
    ],
)
def test_coordinates_out_of_range_are_refused(tmp_path, position, field, value):
    said = refusal(tmp_path, MAULE, TOHOKU.replace("38.297,142.373", position))
    assert said.startswith(f'Field "{field}", row 2 of "events.csv" is "{value}"')
    assert "Mixed CRS?" in said


def test_longitudes_up_to_360_are_brought_west(tmp_path):
    ears = Ears()
    path = write(tmp_path, MAULE.replace("-72.898", "287.102"), TOHOKU.replace("142.373", "180"))
    catalog = read_catalog(path, CatalogFields(), ears)
    assert catalog.longitude.tolist() == pytest.approx([-72.898, -180.0])
    assert "Longitudes from 180 to 360" in ears.of("note")


@pytest.mark.parametrize("text", ["9,1.2", "large", "inf", "11.5"])
def test_what_is_no_magnitude_is_refused(tmp_path, text):
    rows = [MAULE] * 1 + [TOHOKU.replace(",9.1,", f',"{text}",')]
    said = refusal(tmp_path, *rows, fields=CatalogFields(magnitude="mag"))
    assert said.startswith(f'Field "mag", row 2 of "events.csv" is "{text}", which is not a')


def test_missing_magnitude_field_names_what_was_looked_for_and_found(tmp_path):
    said = refusal(tmp_path, "2011-03-11,38,142,29", header="time,latitude,longitude,depth")
    assert "has no field for the magnitude. Looked for: mag, magnitude" in said
    assert "found: time, latitude, longitude, depth." in said


def test_field_that_is_not_there_is_refused(tmp_path):
    said = refusal(tmp_path, TOHOKU, fields=CatalogFields(depth="Tiefe"))
    assert 'has no field "Tiefe" for the depth. Choose one of: time, latitude' in said


def test_type_of_magnitude_is_not_taken_for_the_magnitude(tmp_path):
    header = "time,latitude,longitude,magType,M,magnitude"
    catalog = read(tmp_path, "2011-03-11T05:46:24Z,38,142,mw,9.1,mw", header=header)
    assert catalog.magnitude.tolist() == [9.1]


@pytest.mark.parametrize(
    "content, sentence",
    [
        ("", '"events.csv" is empty.'),
        ("\n \n", '"events.csv" is empty.'),
        (HEADER + "\n", "there is a header and no row below it"),
        ("2011-03-11T05:46:24Z,38,142,9.1\n", "has no header"),
        ("1.5,38,142,9.1\n2,3,4,5\n", "has no header"),
        (HEADER + "\n" + TOHOKU + ",one,two\n", 'Row 1 of "events.csv" has 8 values, the header 6'),
    ],
)
def test_broken_files_are_refused_in_one_sentence(tmp_path, content, sentence):
    path = tmp_path / "events.csv"
    path.write_text(content)
    with pytest.raises(JobError) as caught:
        read_catalog(str(path), CatalogFields(), Silent())
    assert sentence in str(caught.value)


def test_rows_that_end_early_have_nothing_there(tmp_path):
    assert np.isnan(read(tmp_path, "2011-03-11,38,142,29,9", "2012-03-11,38,142,,9").depth_km[1])


def test_fields_come_from_a_job_too(tmp_path):
    class Job:
        time_field, magnitude_field, depth_field = None, "other", ""

    path = write(tmp_path, TOHOKU + ",8.7", header=HEADER + ",other")
    assert read_catalog(path, Job(), Silent()).magnitude.tolist() == [8.7]


def test_reading_stops_when_cancelled(tmp_path):
    path = write(tmp_path, *[TOHOKU] * 20_000)
    with pytest.raises(Stopped):
        read_catalog(path, CatalogFields(), Progress(lambda *_, **__: None, lambda: True))


def test_parts_of_a_catalog(tmp_path):
    catalog = Catalog.of([3.0, 1.0, 2.0], [0, 1, 2], [0, 1, 2], [1, 2, np.nan], [4.5, 3.0, 4.4])
    assert catalog.days.tolist() == [1.0, 2.0, 3.0]
    assert catalog.between(1.0, 3.0).days.tolist() == [1.0, 2.0]
    assert catalog.above(4.5).days.tolist() == [3.0]
    assert catalog.where(catalog.longitude > 0).days.tolist() == [1.0, 2.0]
    assert len(catalog.between(5.0, 4.0)) == 0


def test_digest_knows_any_change_and_no_order():
    columns = [[3.0, 1.0], [0.0, 1.0], [0.0, 1.0], [1.0, np.nan], [4.5, 3.0]]
    catalog = Catalog.of(*columns)
    assert catalog.digest() == Catalog.of(*[column[::-1] for column in columns]).digest()
    for place in range(5):
        changed = [list(column) for column in columns]
        changed[place][0] += 1e-9
        assert Catalog.of(*changed).digest() != catalog.digest()


def test_facts_of_reading_are_told(tmp_path):
    path = write(tmp_path, TOHOKU, TOHOKU, MAULE)
    catalog, reading = read_events(path, CatalogFields(), Silent())
    assert (len(catalog), reading.rows, sum(reading.left_out.values())) == (2, 3, 1)
    assert reading.fields.sentence() == 'Fields: time "time", magnitude "mag", depth "depth".'
