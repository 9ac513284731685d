"""Maps compared with reference data whose agreement is known."""

import json
import os

import numpy as np
import pytest
from rasterio.warp import transform_geom

from brightness import Said
from landscapes import NORTH_UP, ROTATED, SOUTH_UP, box, point, regions, write_labels, write_raster
from plugin.engine import accuracy_report, map_pixels
from plugin.engine.progress import Silent
from plugin.engine.rasters import new_raster
from plugin.engine.rasters.grid import Grid
from plugin.engine.tasks import assess_accuracy
from plugin.jobs import AssessAccuracy
from plugin.jobs.declare import from_values
from plugin.jobs.errors import JobError, Stopped

ROCKS = ("chalk", "marl", "basalt")
NAMES = "1=chalk, 2=marl, 3=basalt"
TRUTH = regions(120, 160, 20)


def class_raster(path, classes=TRUTH + 1, transform=NORTH_UP, crs="EPSG:32633", **known):
    return write_raster(path, classes.astype("uint8")[None], transform, crs, nodata=0, **known)


def drawn(count=200, wrong=0.0, seed=0, transform=NORTH_UP):
    """Points drawn by chance with the rock that is there; a share of them is told wrong."""
    random, entries = np.random.default_rng(seed), []
    for _ in range(count):
        row, column = random.integers(0, 120), random.integers(0, 160)
        rock = TRUTH[row, column]
        rock = (rock + 1) % 3 if random.random() < wrong else rock
        entries.append((point(row + 0.5, column + 0.5, transform), ROCKS[rock]))
    return entries


def assess(tmp_path, entries, progress=None, crs="EPSG:32633", raster=None, **values):
    """Assess a map: outputs, rows of the confusion table by class, and the report."""
    raster = class_raster(tmp_path / "map.tif") if raster is None else raster
    labels = write_labels(tmp_path / "in.geojson", entries, crs)
    job = from_values(
        AssessAccuracy,
        {"classified": raster, "reference": labels, "class_field": "rock", "class_names": NAMES,
         "report": str(tmp_path / "r.html"), "confusion": str(tmp_path / "c.geojson"), **values},
    )  # fmt: skip
    outputs = assess_accuracy.run(job, progress or Silent())
    table = json.loads((tmp_path / "c.geojson").read_text(encoding="utf-8"))
    rows = [entry["properties"] for entry in table["features"]]
    text = (tmp_path / "r.html").read_text(encoding="utf-8")
    return outputs, {row.get("class"): row for row in rows}, text


def test_places_that_agree_everywhere_give_accuracy_1(tmp_path):
    outputs, table, _ = assess(tmp_path, drawn())
    assert [outputs[name] for name in ("ACCURACY", "KAPPA", "MACRO_F1")] == pytest.approx([1, 1, 1])
    assert outputs["ADJUSTED_ACCURACY"] is None
    assert sum(row["places"] for row in table.values()) == 200
    assert table["chalk"]["mapped_chalk"] == table["chalk"]["places"]


def numbers_of(entries):
    return [(shape, ROCKS.index(rock) + 1) for shape, rock in entries]


def test_numbers_of_the_reference_are_read_as_values_and_that_is_said(tmp_path):
    said = Said()
    outputs, _, text = assess(tmp_path, numbers_of(drawn()), said.progress)
    sentence = "read as values of the map: 1 as chalk, 2 as marl, 3 as basalt."
    assert outputs["ACCURACY"] == 1
    assert any(sentence in warning for warning in said.warnings) and sentence in text


def test_numbers_that_the_map_has_no_names_for_need_no_words(tmp_path):
    said = Said()
    outputs, _, _ = assess(tmp_path, numbers_of(drawn()), said.progress, class_names="")
    assert outputs["ACCURACY"] == 1
    assert not any("values of the map" in warning for warning in said.warnings)


@pytest.mark.parametrize("names", [NAMES, ""])
def test_numbers_of_features_are_not_taken_for_classes(tmp_path, names):
    entries = [(shape, number) for number, (shape, _) in enumerate(drawn(), 1)]
    with pytest.raises(JobError, match="only 3 of 200, at 3 of 200 places") as caught:
        assess(tmp_path, entries, class_names=names)
    assert "not a number of the feature" in caught.value.remedy


def test_numbers_mostly_elsewhere_are_refused_though_most_classes_match(tmp_path):
    entries = [(shape, number if number < 4 else 9) for number, (shape, _) in enumerate(drawn())]
    with pytest.raises(JobError, match="only 3 of 5, at 3 of 200 places"):
        assess(tmp_path, entries)


def test_order_of_the_names_of_features_is_no_value_of_theirs(tmp_path):
    """A map of features has names only: the reference's 1 is not the second of them."""
    parts = [(box(0, 0, 120, 80), "chalk"), (box(0, 80, 120, 160), "marl")]
    features = write_labels(tmp_path / "map.geojson", parts, "EPSG:32633")
    places = [(point(50.5, 120.5), 1), (point(60.5, 100.5), 1)]
    with pytest.raises(JobError, match="No class of the reference"):
        assess(tmp_path, places, raster="", classified_features=features, classified_field="rock")


@pytest.mark.parametrize("transform", [NORTH_UP, SOUTH_UP, ROTATED])
def test_places_are_found_on_every_kind_of_grid(tmp_path, transform):
    raster = class_raster(tmp_path / "map.tif", transform=transform)
    outputs, _, _ = assess(tmp_path, drawn(transform=transform), raster=raster)
    assert outputs["ACCURACY"] == 1


def test_share_of_wrong_places_is_the_share_of_mistakes(tmp_path):
    entries = drawn(wrong=0.25)
    right = sum(
        rock == ROCKS[TRUTH[i, j]]
        for rock, (i, j) in zip(
            [rock for _, rock in entries],
            [pixel_of(shape) for shape, _ in entries],
            strict=True,
        )
    )
    outputs, _, _ = assess(tmp_path, entries)
    assert outputs["ACCURACY"] == pytest.approx(right / 200)


def pixel_of(shape):
    column, row = ~NORTH_UP @ shape["coordinates"]
    return int(row), int(column)


def test_areas_of_the_map_are_those_of_its_pixels(tmp_path):
    _, table, _ = assess(tmp_path, drawn(), design="simple_random")
    for value, rock in enumerate(ROCKS):
        pixels = (value == TRUTH).sum()
        assert table[rock]["mapped_area"] == pytest.approx(pixels * 100.0, rel=1e-9)
        assert table[rock]["area"] == pytest.approx(pixels * 100.0, rel=1e-9)


def test_areas_of_a_table_have_the_same_decimals():
    say = accuracy_report._sayer(800.8)
    assert [say(area) for area in (800.8, 66.61, 479.0)] == ["800.8", "66.6", "479.0"]
    assert accuracy_report._sayer(645_000.0)(1234.56) == "1,235"
    assert accuracy_report._sayer(0.0)(0.0) == "0.000000"


def test_the_papers_example_comes_out_of_a_map(tmp_path):
    """Strips of the paper's shares, and points that make its confusion matrix."""
    sample = np.array([[66, 0, 5, 4], [0, 55, 8, 12], [1, 0, 153, 11], [2, 1, 9, 313]])
    bounds = np.cumsum([0, 20, 15, 320, 645])
    names = ("deforestation", "gain", "forest", "other")
    classes = np.zeros((10, 1000), int)
    entries, random = [], np.random.default_rng(3)
    for mapped in range(4):
        classes[:, bounds[mapped] : bounds[mapped + 1]] = mapped + 1
        for true in range(4):
            for _ in range(sample[mapped, true]):
                column = random.integers(bounds[mapped], bounds[mapped + 1]) + 0.5
                entries.append((point(random.integers(0, 10) + 0.5, column), names[true]))
    raster = class_raster(tmp_path / "map.tif", classes)
    outputs, table, text = assess(
        tmp_path, entries, raster=raster, design="stratified",
        class_names="1=deforestation,2=gain,3=forest,4=other",
    )  # fmt: skip
    assert outputs["ADJUSTED_ACCURACY"] == pytest.approx(0.9465, abs=5e-5)
    hectares = 900_000 / 1_000_000.0  # the paper's map is 900,000 ha, this one 1,000,000 m²
    area = [table[name]["area"] * hectares for name in names]
    assert np.round(area).tolist() == [21158, 11686, 285770, 581386]
    low = [table[name]["area_low"] * hectares for name in names]
    assert np.array(area) - low == pytest.approx([6158, 3756, 15510, 16282], abs=1)
    assert "94.7" in text and "of the area is mapped right" in text


def test_opportunistic_places_make_no_claim_about_areas(tmp_path):
    said = Said()
    _, table, text = assess(tmp_path, drawn(), said.progress)
    assert table["marl"]["area"] is None and table["marl"]["mapped_area"] > 0
    assert any("not drawn by chance" in warning for warning in said.warnings)
    assert "not for the map" in text and "Estimated area" not in text


def test_places_outside_and_without_data_are_counted_and_said(tmp_path):
    classes = TRUTH + 1
    classes[:10] = 0
    said = Said()
    entries = [*drawn(20, seed=4), (point(-5, 5), "marl"), (point(5, 5), "marl"),
               (point(5, 8), "marl"), (None, "marl"), (point(40.5, 40.5), None)]  # fmt: skip
    entries = [e for e in entries if e[0] is None or not 0 <= pixel_of(e[0])[0] < 10] + [
        entry for entry in entries[20:] if entry[0] and 0 <= pixel_of(entry[0])[0] < 10
    ]
    raster = class_raster(tmp_path / "map.tif", classes)
    _, table, text = assess(tmp_path, entries, said.progress, raster=raster)
    kept = len(entries) - 5
    assert sum(row["places"] for row in table.values()) == kept
    for words in ("1 reference places or features are left out: outside the map",
                  "2 reference places or features are left out: where the map has no data",
                  "left out: without a class", "left out: without geometry"):  # fmt: skip
        assert any(words in warning for warning in said.warnings)
    assert "Left out: outside the map" in text


def test_whole_pixels_inside_polygons_count(tmp_path):
    said = Said()
    entries = [(box(2, 2, 12, 12), ROCKS[TRUTH[5, 5]]), (box(0.5, 60.5, 5.5, 65.5), "marl")]
    outputs, table, text = assess(tmp_path, entries, said.progress)
    assert sum(row["places"] for row in table.values()) == 100 + 16
    assert any("116 places are pixels of 2 polygons" in warning for warning in said.warnings)
    assert "too narrow" in text and outputs["ACCURACY"] > 0.8


def test_polygon_smaller_than_a_pixel_counts_once(tmp_path):
    entries = [(box(30.3, 30.3, 30.7, 30.7), ROCKS[TRUTH[30, 30]]), *drawn(5)]
    outputs, table, _ = assess(tmp_path, entries)
    assert sum(row["places"] for row in table.values()) == 6 and outputs["ACCURACY"] == 1


@pytest.mark.parametrize("pixels, side", [(2**22, 4096), (2**14, 64)])
def test_result_does_not_depend_on_the_blocks(tmp_path, monkeypatch, pixels, side):
    monkeypatch.setattr(map_pixels, "_BLOCK_PIXELS", pixels)
    monkeypatch.setattr(map_pixels, "_BLOCK_SIDE", side)
    raster = class_raster(tmp_path / "map.tif", np.kron(TRUTH + 1, np.ones((5, 5), int)))
    entries = [(box(10, 10, 500, 700), "chalk"), (box(520.2, 3.4, 590.1, 790.2), "marl")]
    _, table, _ = assess(tmp_path, entries, raster=raster)
    assert sum(row["places"] for row in table.values()) == 490 * 690 + 69 * 786


def test_reference_in_another_crs_is_reprojected(tmp_path):
    entries = [(transform_geom("EPSG:32633", "EPSG:4326", s), rock) for s, rock in drawn()]
    outputs, _, _ = assess(tmp_path, entries, crs="EPSG:4326")
    assert outputs["ACCURACY"] == 1


def test_pixels_in_degrees_are_weighed_by_their_ground(tmp_path):
    """The north of a map of two classes covers less ground than the south."""
    from affine import Affine

    classes = np.repeat([1, 2], 30)[:, None] * np.ones((60, 40), int)
    raster = class_raster(
        tmp_path / "map.tif", classes, Affine(1.0, 0, 0, 0, -1.0, 60.0), "EPSG:4326"
    )
    shapes = [({"type": "Point", "coordinates": [5.5, north]}, rock)
              for north, rock in ((45.5, "chalk"), (15.5, "marl"), (14.5, "marl"))]  # fmt: skip
    _, table, _ = assess(tmp_path, shapes, crs="EPSG:4326", raster=raster)
    ratio = table["chalk"]["mapped_area"] / table["marl"]["mapped_area"]
    north, south = np.sin(np.radians(60)) - np.sin(np.radians(30)), np.sin(np.radians(30))
    assert ratio == pytest.approx(north / south, rel=1e-3)


def test_names_come_from_the_raster_and_values_match_too(tmp_path):
    path = str(tmp_path / "named.tif")
    classes = [{"value": v, "name": n, "color": "#808080"} for v, n in enumerate(ROCKS, 1)]
    from rasterio.crs import CRS

    with new_raster(
        path, Grid(160, 120, NORTH_UP, CRS.from_epsg(32633)), "uint8", ["class"], 0, classes
    ) as r:
        r.write((TRUTH + 1)[None].astype("uint8"), 0)
    entries = [(shape, rock.upper() + " ") for shape, rock in drawn(50)]
    entries += [(shape, ROCKS.index(rock) + 1.0) for shape, rock in drawn(50, seed=1)]
    outputs, table, _ = assess(tmp_path, entries, raster=path, class_names="")
    assert outputs["ACCURACY"] == 1 and set(table) == set(ROCKS)


def test_class_that_the_map_does_not_have_counts_as_mistake_and_is_said(tmp_path):
    said = Said()
    outputs, table, _ = assess(tmp_path, [*drawn(9), (point(3, 3), "gneiss")], said.progress)
    assert outputs["ACCURACY"] == pytest.approx(0.9) and table["gneiss"]["places"] == 1
    assert any("The map has no class gneiss" in warning for warning in said.warnings)


def refused(tmp_path, entries, **values):
    with pytest.raises(JobError) as caught:
        assess(tmp_path, entries, **values)
    assert not os.path.exists(tmp_path / "r.html") and caught.value.remedy
    return str(caught.value)


def test_names_that_match_nothing_are_refused_with_both_lists(tmp_path):
    text = refused(tmp_path, [(point(3, 3), "gneiss")])
    assert "(gneiss)" in text and "1: chalk, 2: marl, 3: basalt" in text


def test_reference_elsewhere_is_refused(tmp_path):
    assert "2 are outside" in refused(tmp_path, [(point(-9, 3), "marl"), (point(900, 3), "marl")])


def test_reference_without_any_class_is_refused(tmp_path):
    assert "1 without a class" in refused(tmp_path, [(point(3, 3), None)])


def test_missing_field_is_refused(tmp_path):
    assert 'has no field "lithology"' in refused(tmp_path, drawn(3), class_field="lithology")


def test_raster_of_real_numbers_is_refused_with_the_remedy(tmp_path):
    values = np.random.default_rng(0).random((1, 120, 160)).astype("float32")
    raster = write_raster(tmp_path / "p.tif", values)
    assert "Content: probability" in refused(tmp_path, drawn(3), raster=raster)


@pytest.mark.parametrize(
    "values, words",
    [
        ({"classified": ""}, "No map is given"),
        ({"classified_features": "x"}, "Two maps are given"),
        ({"class_field": ""}, "no class field"),
        ({"class_names": "granite"}, 'hold "granite"'),
        ({"content": "probability", "class_field": "", "presence": "gold"}, "no class field"),
    ],
)
def test_bad_combinations_are_refused(tmp_path, values, words):
    assert words in refused(tmp_path, drawn(3), **values)


def write_map_features(tmp_path, entries):
    (tmp_path / "m").mkdir(exist_ok=True)
    return write_labels(tmp_path / "m" / "map.geojson", entries, field="mapped")


def polygons_of_truth():
    return [
        (box(top, left, top + 20, left + 20), ROCKS[TRUTH[top, left]])
        for top in range(0, 120, 20)
        for left in range(0, 160, 20)
    ]


def test_polygon_map_is_compared_at_points_with_its_areas(tmp_path):
    place = write_map_features(tmp_path, polygons_of_truth())
    outputs, table, _ = assess(
        tmp_path, drawn(), raster="", classified_features=place, classified_field="mapped",
        design="simple_random", class_names="",
    )  # fmt: skip
    assert outputs["ACCURACY"] == outputs["ADJUSTED_ACCURACY"] == pytest.approx(1)
    for value, rock in enumerate(ROCKS):
        assert table[rock]["mapped_area"] == pytest.approx((value == TRUTH).sum() * 100.0)


def test_holes_of_a_polygon_map_are_no_part_of_it(tmp_path):
    ring, hole = (box(*b)["coordinates"][0] for b in ((0, 0, 100, 100), (40, 40, 60, 60)))
    place = write_map_features(tmp_path, [({"type": "Polygon", "coordinates": [ring, hole]}, "marl")])  # fmt: skip
    said = Said()
    _, table, _ = assess(
        tmp_path, [(point(50, 50), "marl"), (point(20, 20), "marl")], said.progress, raster="",
        classified_features=place, classified_field="mapped", class_names="",
    )  # fmt: skip
    assert table["marl"]["places"] == 1 and table["marl"]["mapped_area"] == pytest.approx(960_000)


def test_classified_points_are_found_at_the_same_place(tmp_path):
    place = write_map_features(tmp_path, drawn(100))
    outputs, table, text = assess(
        tmp_path, drawn(100), raster="", classified_features=place, classified_field="mapped",
        design="simple_random", class_names="",
    )  # fmt: skip
    assert outputs["ACCURACY"] == 1 and outputs["ADJUSTED_ACCURACY"] is None
    assert sum(row["places"] for row in table.values()) == 100 and "have no area" in text


def test_probability_is_compared_by_its_success_rate(tmp_path):
    values = np.tile(np.linspace(0, 1, 160, dtype="float32"), (120, 1))[None].copy()
    values[:, :10] = np.nan
    raster = write_raster(tmp_path / "p.tif", values)
    entries = [(point(50.5, column + 0.5), "gold") for column in (159, 150, 140, 100)]
    entries += [(point(3, 3), "gold"), (point(60, 20), "iron")]
    said = Said()
    outputs, _, text = assess(
        tmp_path, entries, said.progress, raster=raster, content="probability", presence="Gold"
    )
    ranks = [(column + 0.5) / 160 for column in (159, 150, 140, 100)]
    assert outputs["AUC"] == pytest.approx(np.mean(ranks)) and outputs["ACCURACY"] is None
    assert "50.0" in text and any("1 deposits lie where it has no data" in w for w in said.warnings)


def test_cancelling_leaves_nothing(tmp_path):
    with pytest.raises(Stopped):
        assess(tmp_path, drawn(5), Said(stop_at=0.0).progress)
    assert sorted(os.listdir(tmp_path)) == ["in.geojson", "map.tif"]
