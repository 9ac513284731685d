"""Folders of labeled images: found, checked, decoded."""

import os

import numpy as np
import pytest
import rasterio
from affine import Affine

from images import striped_folder, stripes, write_image
from plugin.engine.image_folders import find_samples
from plugin.engine.progress import Silent
from plugin.engine.samples import describe_samples, load_samples
from plugin.jobs.errors import JobError


def load(root, side=32):
    found, descriptions, left_out = describe_samples(find_samples(str(root)), Silent())
    return load_samples(found, descriptions, side, Silent(), left_out)


def test_a_subfolder_is_a_class_and_its_images_are_found_inside_it(tmp_path):
    striped_folder(tmp_path, count=2)
    write_image(tmp_path / "level" / "more" / "x.tif", stripes(0))
    (tmp_path / "notes.txt").write_text("no class")
    found = find_samples(str(tmp_path))
    assert found.class_names == ["level", "upright"]
    assert found.labels.tolist() == [0, 0, 0, 1, 1]


@pytest.mark.parametrize(
    ("ending", "bands", "dtype"),
    [(".png", 1, "uint8"), (".png", 3, "uint16"), (".tif", 5, "uint16"), (".tif", 2, "float32")],
)
def test_images_of_any_bands_and_type_keep_their_values(tmp_path, ending, bands, dtype):
    striped_folder(tmp_path, count=2, ending=ending, bands=bands, dtype=dtype)
    samples = load(tmp_path)
    assert samples.values.shape == (4, bands, 32, 32)
    assert samples.values.dtype == dtype == samples.dtype
    assert np.array_equal(samples.values[0], stripes(0, bands=bands, dtype=dtype, seed=0))


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(JobError, match="no subfolder with images") as caught:
        find_samples(str(tmp_path))
    assert "one subfolder per class" in caught.value.remedy


def test_one_class_is_refused_by_name(tmp_path):
    write_image(tmp_path / "basalt" / "a.png", stripes(0))
    with pytest.raises(JobError, match='one class only: "basalt"'):
        find_samples(str(tmp_path))


def test_a_class_with_one_image_is_refused_by_name(tmp_path):
    striped_folder(tmp_path, count=3)
    write_image(tmp_path / "chert" / "a.png", stripes(0))
    with pytest.raises(JobError, match='Class "chert" has one image'):
        find_samples(str(tmp_path))


def test_mixed_bands_are_refused_with_counts_and_the_odd_one(tmp_path):
    striped_folder(tmp_path, count=3)
    write_image(tmp_path / "level" / "gray.png", stripes(0, bands=1))
    with pytest.raises(JobError, match=r'6 with 3, 1 with 1\. "gray.png" has 1'):
        load(tmp_path)


def test_mixed_types_are_refused(tmp_path):
    striped_folder(tmp_path, count=3)
    write_image(tmp_path / "level" / "deep.png", stripes(0, dtype="uint16"))
    with pytest.raises(JobError, match="different data types"):
        load(tmp_path)


def test_damaged_images_are_left_out_and_named(tmp_path):
    striped_folder(tmp_path, count=3)
    (tmp_path / "level" / "torn.png").write_bytes(
        (tmp_path / "level" / "level_000.png").read_bytes()[:900]
    )
    (tmp_path / "level" / "words.jpg").write_text("this is no image")
    samples = load(tmp_path)
    assert len(samples) == 6
    assert any("torn.png" in why for why in samples.left_out)
    assert any("words.jpg" in why for why in samples.left_out)


def test_a_class_whose_images_are_all_damaged_is_refused(tmp_path):
    striped_folder(tmp_path, count=3)
    for path in (tmp_path / "level").iterdir():
        path.write_bytes(b"no image")
    with pytest.raises(JobError, match='Class "level" has 0 readable images'):
        load(tmp_path)


def test_nodata_and_nan_become_nan_and_an_empty_image_is_left_out(tmp_path):
    striped_folder(tmp_path, count=3, ending=".tif", bands=1, dtype="float32")
    holed = stripes(0, bands=1, dtype="float32")
    holed[:, :8] = np.nan
    write_image(tmp_path / "level" / "holed.tif", holed)
    write_image(tmp_path / "level" / "nothing.tif", np.full_like(holed, np.nan))
    samples = load(tmp_path)
    place = [path.endswith("holed.tif") for path in samples.paths].index(True)
    assert np.isnan(samples.values[place, 0, :8]).all()
    assert np.isfinite(samples.values[place, 0, 8:]).all()
    assert any("nothing.tif" in why for why in samples.left_out)


def test_holes_in_whole_numbers_turn_into_nan_too(tmp_path):
    striped_folder(tmp_path, count=3, ending=".tif", bands=1)
    holed = stripes(0, bands=1).clip(1)
    holed[:, :8] = 0
    write_image(tmp_path / "upright" / "zz.tif", holed, nodata=0)
    samples = load(tmp_path)
    assert samples.values.dtype == np.float32
    assert np.isnan(samples.values[-1, 0, :8]).all()
    assert np.array_equal(samples.values[0], stripes(0, bands=1, seed=0))


def test_a_large_photograph_is_reduced_and_its_middle_kept(tmp_path):
    striped_folder(tmp_path, count=2)
    write_image(tmp_path / "level" / "wide.png", np.full((3, 600, 900), 77, "uint8"))
    samples = load(tmp_path)
    place = [path.endswith("wide.png") for path in samples.paths].index(True)
    assert (samples.values[place] == 77).all()
    assert samples.sides[place] == 600


def test_images_with_the_same_pixels_are_twins(tmp_path):
    striped_folder(tmp_path, count=2)
    write_image(tmp_path / "upright" / "copy.png", stripes(0, seed=0))
    samples = load(tmp_path)
    twins = dict(zip(samples.paths, samples.twins, strict=True))
    assert twins["upright/copy.png"] == twins["level/level_000.png"]
    assert len(set(samples.twins)) == 4


def test_georeferenced_chips_know_where_they_are(tmp_path):
    for name in ("a", "b"):
        for number in range(2):
            write_image(
                tmp_path / name / f"{number}.tif",
                stripes(0, seed=number),
                crs="EPSG:32633",
                transform=Affine(10, 0, 500_000 + 1000 * number, 0, -10, 5_000_000),
            )
    samples = load(tmp_path)
    assert samples.positions[:2].tolist() == [[500_160, 4_999_840], [501_160, 4_999_840]]
    assert samples.reach == 160
    assert round(samples.gsd, 3) == 10


def test_a_turned_chip_reaches_as_far_as_a_straight_one(tmp_path):
    for name in ("a", "b"):
        for number in range(2):
            write_image(
                tmp_path / name / f"{number}.tif",
                stripes(0, seed=number),
                crs="EPSG:32633",
                transform=Affine(0, 10, 500_000, 10, 0, 5_000_000),
            )
    assert load(tmp_path).reach == 160


def test_places_that_only_some_images_have_raise_a_warning(tmp_path):
    striped_folder(tmp_path, count=3)
    place = {"crs": "EPSG:32633", "transform": Affine(10, 0, 500_000, 0, -10, 5_000_000)}
    write_image(tmp_path / "level" / "placed.tif", stripes(0, seed=99), **place)
    samples = load(tmp_path)
    assert (
        samples.positions is None
        and "without a place on the ground: 6 of 7." in samples.place_warning
    )


@pytest.mark.parametrize("step", [80, 0])
def test_coordinates_without_a_reference_system_are_places_unless_all_are_the_same(tmp_path, step):
    for number in range(12):
        write_image(
            tmp_path / "ab"[number % 2] / f"{number}.tif",
            stripes(0, seed=number),
            transform=Affine(10, 0, 500 + step * number, 0, -10, 4_000),
        )
    positions = load(tmp_path).positions
    assert positions is None if step == 0 else len(np.unique(positions, axis=0)) == 12


def test_a_large_set_lies_in_a_file_and_reads_the_same(tmp_path, monkeypatch):
    striped_folder(tmp_path, count=3)
    truth = load(tmp_path).values
    monkeypatch.setattr("plugin.engine.samples._IN_MEMORY_BYTES", 100)
    values = load(tmp_path).values
    assert isinstance(values, np.memmap)
    assert np.array_equal(values, truth)


def test_band_names_come_from_the_file(tmp_path):
    striped_folder(tmp_path, count=2, ending=".tif", bands=2, dtype="float32")
    for path in tmp_path.rglob("*.tif"):
        with rasterio.open(path, "r+") as file:
            file.descriptions = ("tmi", "slope")
    assert [band["name"] for band in load(tmp_path).bands] == ["tmi", "slope"]


def test_a_name_that_is_not_utf8_costs_that_image_alone(tmp_path):
    striped_folder(tmp_path, count=3)
    good = (tmp_path / "level" / "level_000.png").read_bytes()
    odd = os.path.join(os.fsencode(str(tmp_path / "level")), b"lat\xe9in.png")
    with open(odd, "wb") as file:
        file.write(good)
    samples = load(tmp_path)
    assert len(samples) == 6
    assert "not UTF-8" in samples.left_out[0]
    samples.left_out[0].encode("utf-8")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
def test_a_named_pipe_is_no_image_and_hangs_nothing(tmp_path):
    striped_folder(tmp_path, count=2)
    os.mkfifo(tmp_path / "level" / "pipe.png")
    assert len(find_samples(str(tmp_path)).paths) == 4
