"""Image files as arrays."""

import os
import shutil
import time

import numpy as np
import pytest
from PIL import Image

from landscapes import NORTH_UP, UTM, write_raster
from plugin.engine.rasters import describe_image, read_image
from plugin.jobs.errors import JobError


def picture(rows=60, columns=80, seed=0):
    """A smooth picture (row, column, 3), so that JPEG keeps it nearly exactly."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (rows // 20, columns // 20, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((columns, rows), Image.Resampling.BICUBIC))


def bands(pixels):
    return np.moveaxis(pixels, -1, 0)


@pytest.mark.parametrize(
    "name, allowed", [("a.png", 0), ("a.tif", 0), ("a.jpg", 3), ("é o#k?.png", 0)]
)
def test_colors_come_as_bands(tmp_path, name, allowed):
    path = str(tmp_path / name)
    Image.fromarray(picture()).save(path, **({"quality": 95} if name == "a.jpg" else {}))
    values, valid = read_image(path)
    assert valid is None
    assert values.dtype == np.uint8
    assert np.abs(values.astype(int) - bands(picture())).mean() <= allowed
    described = describe_image(path)
    assert (described.bands, described.height, described.width) == values.shape
    assert (described.dtype, described.gsd, described.crs) == ("uint8", None, "")


def test_palette_gives_its_colors(tmp_path):
    image = Image.fromarray(picture()).quantize(32)
    image.save(tmp_path / "a.png")
    values, valid = read_image(str(tmp_path / "a.png"))
    assert (values == bands(np.asarray(image.convert("RGB")))).all() and valid is None
    assert describe_image(str(tmp_path / "a.png")).bands == 3


def test_palette_is_averaged_by_color_and_not_by_number(tmp_path):
    image = Image.new("P", (64, 64))
    image.putpalette([200, 0, 0] + [7, 7, 7] * 8 + [0, 0, 100])
    image.putdata([0, 9] * 2048)
    image.save(tmp_path / "a.png")
    values, _ = read_image(str(tmp_path / "a.png"), 16)
    assert values.shape == (3, 16, 16)
    assert (values[0] == 100).all() and (values[1] == 0).all() and (values[2] == 50).all()


@pytest.mark.parametrize("mode, count", [("RGBA", 3), ("LA", 1)])
def test_alpha_is_validity_and_not_a_band(tmp_path, mode, count):
    image = Image.fromarray(picture()).convert(mode)
    clear = np.zeros((60, 80), bool)
    clear[10:20, 30:50] = True
    image.putalpha(Image.fromarray(np.where(clear, 0, 255).astype(np.uint8)))
    image.save(tmp_path / "a.png")
    values, valid = read_image(str(tmp_path / "a.png"))
    assert len(values) == count == describe_image(str(tmp_path / "a.png")).bands
    assert (valid == ~clear).all()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(tmp_path, orientation):
    path = str(tmp_path / "a.jpg")
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(picture()).save(path, exif=exif, quality=95)
    from PIL import ImageOps

    upright = bands(np.asarray(ImageOps.exif_transpose(Image.open(path))))
    values, _ = read_image(path)
    assert values.shape == upright.shape
    assert np.abs(values.astype(int) - upright).mean() < 2
    described = describe_image(path)
    assert (described.height, described.width) == values.shape[1:]


def test_cmyk_comes_as_red_green_and_blue(tmp_path):
    Image.fromarray(picture()).convert("CMYK").save(tmp_path / "a.jpg", quality=95)
    values, valid = read_image(str(tmp_path / "a.jpg"))
    assert np.abs(values.astype(int) - bands(picture())).mean() < 3 and valid is None


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "int32", "float32", "float64"])
@pytest.mark.parametrize("count", [1, 2, 4, 7])
def test_any_number_of_bands_of_any_real_type_is_kept_exactly(tmp_path, dtype, count):
    values = np.random.default_rng(0).integers(0, 200, (count, 20, 30)).astype(dtype)
    path = write_raster(tmp_path / "a.tif", values)
    read, valid = read_image(path)
    assert read.dtype == dtype and (read == values).all() and valid is None
    assert describe_image(path).bands == count


def test_sixteen_bit_png_is_kept_exactly(tmp_path):
    values = np.random.default_rng(0).integers(0, 65536, (20, 30)).astype(np.uint16)
    Image.fromarray(values).save(tmp_path / "a.png")
    assert (read_image(str(tmp_path / "a.png"))[0][0] == values).all()


def test_nan_and_infinity_hold_no_data(tmp_path):
    values = np.ones((2, 20, 30), np.float32)
    values[0, 3, 4], values[1, 5, 6] = np.nan, np.inf
    _, valid = read_image(write_raster(tmp_path / "a.tif", values))
    assert sorted(zip(*np.nonzero(~valid), strict=True)) == [(3, 4), (5, 6)]


@pytest.mark.parametrize(
    "dtype, nodata, one_band, both", [("float32", -9999, 1, 1), ("int16", -32768, 1, 1), ("uint8", 0, 0, 1), ("uint8", 255, 0, 1), ("uint16", 0, 0, 1)]
)  # fmt: skip
def test_nodata_of_one_band_counts_unless_it_may_be_a_measurement(
    tmp_path, dtype, nodata, one_band, both
):
    values = np.full((2, 20, 30), 7, dtype)
    values[0, 3, 4] = values[0, 5, 6] = values[1, 5, 6] = nodata
    _, valid = read_image(write_raster(tmp_path / "a.tif", values, nodata=nodata))
    assert (not valid[3, 4], not valid[5, 6]) == (one_band, both)
    assert valid.sum() == 600 - one_band - both


def test_mask_inside_the_file_counts(tmp_path):
    mask = np.random.default_rng(0).random((20, 30)) < 0.5
    path = write_raster(tmp_path / "a.tif", np.ones((3, 20, 30), np.uint8), mask=mask)
    assert (read_image(path)[1] == mask).all()


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.tif"])
def test_large_image_is_averaged_down_to_at_least_the_size(tmp_path, name):
    path = str(tmp_path / name)
    pixels = np.kron(picture(300, 440), np.ones((4, 4, 1), np.uint8))
    Image.fromarray(pixels).save(path)
    values, _ = read_image(path, 224)
    assert values.shape == (3, 240, 352)
    truth = pixels.reshape(240, 5, 352, 5, 3).mean((1, 3))
    assert np.abs(values - bands(truth)).mean() < 2
    assert read_image(path, 5000)[0].shape == (3, 1200, 1760)


def test_huge_image_is_read_small_with_little_memory(tmp_path):
    path = tmp_path / "huge.tif"
    sparse = {"tiled": True, "SPARSE_OK": True, "BIGTIFF": "YES"}
    import rasterio

    with rasterio.open(path, "w", driver="GTiff", width=60_000, height=60_000, count=3, dtype="uint8", transform=NORTH_UP, crs=UTM, **sparse) as raster:  # fmt: skip
        raster.write(np.full((3, 512, 512), 90, np.uint8), window=((0, 512), (0, 512)))
        raster.build_overviews([8, 64])
    values, _ = read_image(str(path), 224)
    assert min(values.shape[1:]) >= 224 and values[:, 0, 0].tolist() == [90, 90, 90]
    with pytest.raises(JobError, match="too large"):
        read_image(str(path))


def cut_short(path, whole=False):
    """Write noise as an image file, half of it unless `whole`."""
    noise = np.random.default_rng(0).integers(0, 255, (200, 200, 3), np.uint8)
    Image.fromarray(noise).save(path)
    if not whole:
        text = path.read_bytes()
        path.write_bytes(text[: len(text) // 2])


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.tif"])
@pytest.mark.parametrize("size", [0, 64])
def test_truncated_image_is_refused_by_name(tmp_path, name, size):
    cut_short(tmp_path / name)
    with pytest.raises(JobError, match=f'"{name}" cannot be read') as caught:
        read_image(str(tmp_path / name), size)
    assert caught.value.remedy


def test_garbled_image_is_refused_by_name(tmp_path):
    path = tmp_path / "a.png"
    cut_short(path, whole=True)
    text = bytearray(path.read_bytes())
    text[len(text) // 2 :: 7] = bytes(len(text[len(text) // 2 :: 7]))
    path.write_bytes(text)
    with pytest.raises(JobError, match=r'"a\.png" cannot be read'):
        read_image(str(path))


def test_stray_bytes_of_cameras_do_no_harm(tmp_path):
    path = tmp_path / "a.jpg"
    Image.fromarray(picture()).save(path)
    clean, _ = read_image(str(path))
    text = path.read_bytes()
    path.write_bytes(text[:-2] + b"\x11" * 7 + text[-2:])
    assert (read_image(str(path))[0] == clean).all()


@pytest.mark.parametrize(
    "content, found", [(b"", "is an empty file"), (b"no image at all", "cannot be read"), (None, "does not exist")]
)  # fmt: skip
def test_what_is_no_image_is_refused_by_name(tmp_path, content, found):
    path = tmp_path / "a.jpg"
    if content is not None:
        path.write_bytes(content)
    for read in (read_image, describe_image):
        with pytest.raises(JobError, match=f'"a.jpg" {found}'):
            read(str(path))


def test_complex_values_are_refused(tmp_path):
    path = write_raster(tmp_path / "a.tif", np.ones((1, 20, 30), np.complex64))
    with pytest.raises(JobError, match="complex"):
        read_image(path)


def test_description_tells_names_ground_and_size(tmp_path):
    path = write_raster(tmp_path / "a.tif", np.ones((2, 20, 30), np.uint16), names=("tmi", "k"))
    described = describe_image(path)
    assert described.names == ("tmi", "k")
    assert described.gsd == pytest.approx(10.0) and "UTM zone 33N" in described.crs
    assert described.transform == NORTH_UP and described.position is None


@pytest.mark.parametrize("latitude, south", [(46.5, "N"), (33.25, "S")])
def test_exif_position_is_read(tmp_path, latitude, south):
    exif = Image.Exif()
    degrees = (float(int(latitude)), (latitude % 1) * 60, 0.0)
    exif.get_ifd(0x8825).update({1: south, 2: degrees, 3: "W", 4: (7.0, 30.0, 36.0)})
    Image.fromarray(picture()).save(tmp_path / "a.jpg", exif=exif)
    longitude, found = describe_image(str(tmp_path / "a.jpg")).position
    assert longitude == pytest.approx(-7.51)
    assert found == pytest.approx(latitude if south == "N" else -latitude)


def test_small_jpeg_in_a_full_folder_opens_in_a_millisecond(tmp_path):
    Image.fromarray(picture(64, 64)).save(tmp_path / "0.jpg")
    for number in range(1, 3000):
        os.link(tmp_path / "0.jpg", tmp_path / f"{number}.jpg")
    read_image(str(tmp_path / "0.jpg"))
    start = time.process_time()
    for number in range(1000):
        read_image(str(tmp_path / f"{number}.jpg"))
    assert time.process_time() - start < 1.5
    shutil.rmtree(tmp_path)
