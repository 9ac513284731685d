"""What upscaling keeps: places, means, constants, holes, types, bands."""

import re

import numpy as np
import pytest
import rasterio
from scipy.ndimage import zoom

from brightness import Said
from landscapes import write_raster
from plugin.engine import work
from plugin.engine.degradation import DETECTOR
from plugin.engine.device import computes_bfloat16
from plugin.engine.progress import Silent
from plugin.engine.rasters import Raster
from plugin.engine.tasks import upscale_raster
from plugin.engine.upscaling import asking, blur as blurs, fine_raster
from plugin.engine.upscaling.bands import Readings
from plugin.engine.upscaling.checking import check_result
from plugin.engine.upscaling.generator import Generator
from plugin.engine.upscaling.result_pictures import before_and_after, draw_spectra
from plugin.engine.upscaling.windowed import Settings
from plugin.jobs import UpscaleRaster
from plugin.jobs.declare import from_values
from plugin.jobs.errors import JobError, Stopped
from upscalers import again, ground, natural, save_upscaler, wild_network


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return save_upscaler(tmp_path_factory.mktemp("model") / "wild.safetensors")


def upscale(place, raster, progress=None, **values):
    """Upscale a raster; the result's values, and its path."""
    asked = {"blur": 0.3, "detail": 0.0, "device": "cpu", "bands": [], **values}
    job = from_values(UpscaleRaster, {"input": raster, "output": str(place / "o.tif"), **asked})
    made = upscale_raster.run(job, progress or Silent())
    with rasterio.open(made["OUTPUT"]) as fine:
        return fine.read()


def scaled(values, dtype):
    """Values 0..1 over most of a type's range, of elevations for the wide types."""
    if dtype in ("uint8", "uint16", "int16"):
        known = np.iinfo(dtype)
        return (known.min + values * (known.max - known.min)).astype(dtype)
    return (8000 + 848.86 * values * (100 if dtype == "int32" else 1)).astype(dtype)


@pytest.mark.parametrize("window_size", [64, 96, 512])
@pytest.mark.parametrize("method", ["model", "classical"])
def test_no_window_shows_with_back_projection_on(tmp_path, model, window_size, method):
    model = model if method == "model" else ""
    raster = write_raster(tmp_path / "a.tif", ground(220, 300, 2).astype("float32"))
    known = {"model": model, "method": method, "detail": 1.0 if model else 0.0}
    whole = upscale(tmp_path, raster, window_size=4096, **known)
    part = upscale(tmp_path, raster, window_size=window_size, **known)
    assert np.abs(part - whole).max() <= 1e-5 * whole.std()


def test_smaller_halo_would_show_the_windows(tmp_path, model, monkeypatch):
    raster = write_raster(tmp_path / "a.tif", ground(200, 200).astype("float32"))
    known = {"model": model, "consistency": 0}
    whole = upscale(tmp_path, raster, window_size=4096, **known)
    halo = Generator.halo
    monkeypatch.setattr(Generator, "halo", lambda self, *given: halo(self, *given) - 3)
    part = upscale(tmp_path, raster, window_size=64, **known)
    assert np.abs(part - whole).max() > 1e-3 * whole.std()


def test_extent_gives_the_pixels_of_the_whole(tmp_path, model):
    raster = write_raster(tmp_path / "a.tif", ground(150, 160).astype("float32"))
    whole = upscale(tmp_path, raster, model=model)
    box = [500_000.0 + 301, 500_000.0 + 899, 5_400_000.0 - 699, 5_400_000.0 - 101]
    part = upscale(tmp_path, raster, model=model, extent=box)
    assert np.abs(part - whole[:, 40:280, 120:360]).max() <= 1e-5 * whole.std()
    with rasterio.open(tmp_path / "o.tif") as fine:
        assert fine.transform @ (0, 0) == (500_300.0, 5_399_900.0)


@pytest.mark.parametrize("factor", [2, 4, 8])
def test_bright_pixel_stays_in_its_place(tmp_path, factor):
    values = np.zeros((1, 33, 35), "float32")
    values[0, 15, 17] = 100
    raster = write_raster(tmp_path / "a.tif", values)
    fine = upscale(tmp_path, raster, method="classical", factor=str(factor))[0].astype(float)
    rows, columns = np.indices(fine.shape) + 0.5
    center = (rows * fine).sum() / fine.sum(), (columns * fine).sum() / fine.sum()
    assert center == pytest.approx((15.5 * factor, 17.5 * factor), abs=0.05)


@pytest.mark.parametrize("method", ["model", "classical"])
def test_result_does_not_shift(tmp_path, model, method):
    raster = write_raster(tmp_path / "a.tif", ground(96, 96).astype("float32"))
    known = {"model": model if method == "model" else "", "method": method}
    fine = upscale(tmp_path, raster, **known)
    coarse, seen = (image[0, 8:-8, 8:-8] for image in (ground(96, 96), again(fine, 4, 0.3)))
    cross = np.fft.fft2(coarse - coarse.mean()) * np.conj(np.fft.fft2(seen - seen.mean()))
    slopes = []
    for axis in (0, 1):  # the phase of the lowest frequencies tells the shift
        angle = np.angle(cross.sum(axis=1 - axis)[1:4]) / (2 * np.pi * np.arange(1, 4))
        slopes.append(np.abs(angle * len(coarse)).mean())
    assert max(slopes) <= 0.02


@pytest.mark.parametrize(
    "method, iterations, blur, mean, most",
    [
        ("classical", 5, 0.3, 1e-3, 1e-2),
        ("classical", 20, 0.3, 1e-4, 2e-3),
        ("model", 20, 0.3, 1e-3, 2e-3),
        ("model", 5, 0.64, 1e-7, 4e-7),
        ("classical", 5, 0.64, 1e-7, 4e-7),
    ],
)
def test_result_made_coarse_again_is_the_input(
    tmp_path, model, method, iterations, blur, mean, most
):
    values = again(natural(384, 480, 3), 4, min(blur, DETECTOR)).astype("float32")
    raster = write_raster(tmp_path / "a.tif", values)
    known = {"model": model if method == "model" else "", "method": method, "detail": 1.0}
    fine = upscale(tmp_path, raster, consistency=iterations, blur=blur, **known)
    missed = np.abs(again(fine, 4, min(blur, DETECTOR)) - values)[:, 6:-6, 6:-6] / np.ptp(values)
    assert missed.mean() <= mean and missed.max() <= most


def test_without_consistency_the_result_is_not_held(tmp_path, model):
    values = ground(96, 96).astype("float32")
    raster = write_raster(tmp_path / "a.tif", values)
    fine = upscale(tmp_path, raster, model=model, consistency=0)
    assert np.abs(again(fine, 4, 0.3) - values).mean() > 5e-3


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16"])
@pytest.mark.parametrize("factor", [2, 4])
def test_whole_numbers_keep_the_mean_of_each_coarse_pixel(tmp_path, dtype, factor):
    values = scaled(0.2 + 0.6 * ground(64, 64), dtype)
    raster = write_raster(tmp_path / "a.tif", values)
    fine = upscale(tmp_path, raster, method="classical", factor=str(factor), blur=0.64)
    blocks = fine.astype(float).reshape(64, factor, 64, factor)
    known = np.iinfo(dtype)
    clipped = (blocks == known.min) | (blocks == known.max)
    missed = np.abs(blocks.mean(axis=(1, 3)) - values[0])[~clipped.any(axis=(1, 3))]
    assert len(missed) > 3000 and missed.max() <= 0.5 / factor**2 + 1e-3


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "int32", "float32", "float64"])
def test_constant_raster_stays_exactly_constant_and_is_told(tmp_path, model, dtype):
    value, said = (117 if dtype == "uint8" else 8849), Said()
    raster = write_raster(tmp_path / "a.tif", np.full((2, 40, 50), value, dtype))
    fine = upscale(tmp_path, raster, said.progress, model=model, detail=1.0)
    assert fine.dtype == dtype and (fine == value).all()
    assert f"Band 2 is constant (value {value}): copied without the model." in said.warnings


@pytest.mark.parametrize("gain, offset", [(0.1, 0), (1, -700), (10, 3), (1000, 1e6)])
def test_gain_and_offset_go_through(tmp_path, model, gain, offset):
    values = ground(64, 80)
    one = upscale(tmp_path, write_raster(tmp_path / "a.tif", values), model=model)
    other = upscale(tmp_path, write_raster(tmp_path / "b.tif", gain * values + offset), model=model)
    assert np.abs(other - (gain * one + offset)).max() <= 1e-4 * gain * values.std()


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "int32", "float32", "float64"])
def test_values_at_the_ends_of_a_type_do_not_wrap(tmp_path, model, dtype):
    kind = np.dtype(dtype)
    low, high = (np.iinfo(kind).min, np.iinfo(kind).max) if kind.kind != "f" else (-3e7, 3e7)
    values = np.where(ground(64, 64) > 0.5, high, low).astype(dtype)
    fine = upscale(tmp_path, write_raster(tmp_path / "a.tif", values), model=model, detail=1.0)
    assert fine.dtype == dtype
    # Inside of a region nothing may come near the other end.
    far = zoom(_inside(values[0] == high).astype(np.uint8), 4, order=0).astype(bool)
    dark = zoom(_inside(values[0] == low).astype(np.uint8), 4, order=0).astype(bool)
    middle = low / 2 + high / 2
    assert far.sum() > 500 and (fine[0][far] > middle).all() and (fine[0][dark] < middle).all()


def _inside(where):
    from scipy.ndimage import binary_erosion

    return binary_erosion(where, iterations=3)


@pytest.mark.parametrize("dtype, unit", [("int32", 100), ("float64", 1)])
def test_high_mountain_keeps_its_centimeters(tmp_path, dtype, unit):
    rows, columns = np.mgrid[0:64, 0:64]
    meters = 8848.86 - 0.013 * np.hypot(rows - 32, columns - 32) ** 1.5
    values = (meters * unit).round() if dtype == "int32" else meters
    raster = write_raster(tmp_path / "a.tif", values[None].astype(dtype))
    fine = upscale(tmp_path, raster, method="classical", blur=0.64).astype(float) / unit
    blocks = fine[0].reshape(64, 4, 64, 4).mean(axis=(1, 3))
    error = 0.5 / unit / 16 if dtype == "int32" else 1e-7 * np.ptp(meters)
    assert np.abs(blocks - values / unit).max() <= error * 1.05


@pytest.mark.parametrize("bands", [1, 3, 4, 13, 200])
def test_any_number_of_bands_is_upscaled_each_by_itself(tmp_path, bands):
    small = save_upscaler(tmp_path / "m.safetensors", wild_network(1, 2, 4))
    few = ground(32, 36, min(bands, 13))
    values = np.stack([few[n % len(few)] * (1 + n) for n in range(bands)]).astype("float32")
    order = np.random.default_rng(0).permutation(bands)
    known = {"model": small, "factor": "2"}
    fine = upscale(tmp_path, write_raster(tmp_path / "a.tif", values), **known)
    turned = upscale(tmp_path, write_raster(tmp_path / "b.tif", values[order]), **known)
    assert fine.shape == (bands, 64, 72) and np.array_equal(turned, fine[order])


def test_chosen_bands_come_in_their_order_with_their_names(tmp_path, model):
    values = ground(40, 40, 3).astype("float32")
    raster = write_raster(tmp_path / "a.tif", values, names=("th", "u", "k"))
    whole = upscale(tmp_path, raster, model=model)
    assert np.array_equal(upscale(tmp_path, raster, model=model, bands=[3, 1]), whole[[2, 0]])
    with rasterio.open(tmp_path / "o.tif") as fine:
        assert fine.descriptions == ("k", "th")


def test_model_of_four_bands_sees_them_together(tmp_path):
    network = wild_network(4)
    model = save_upscaler(tmp_path / "m.safetensors", network)
    values = ground(40, 40, 4).astype("float32")
    fine = upscale(tmp_path, write_raster(tmp_path / "a.tif", values), model=model)
    values[3] = values[3].T
    other = upscale(tmp_path, write_raster(tmp_path / "b.tif", values), model=model)
    assert fine.shape == (4, 160, 160) and not np.allclose(fine[0], other[0], atol=1e-3)


def test_same_job_gives_the_same_bytes(tmp_path, model):
    raster = write_raster(tmp_path / "a.tif", scaled(ground(60, 70, 3), "uint8"))
    files = []
    for _ in range(2):
        upscale(tmp_path, raster, model=model, detail=0.5)
        files.append((tmp_path / "o.tif").read_bytes())
    assert files[0] == files[1]


def test_no_texture_is_exactly_the_faithful_generator(tmp_path, model):
    raster = write_raster(tmp_path / "a.tif", ground(60, 70, 3).astype("float32"))
    only = wild_network()
    only.detail = None
    faithful = save_upscaler(tmp_path / "m.safetensors", only)
    made = [upscale(tmp_path, raster, model=one, detail=0.0) for one in (model, faithful)]
    assert np.array_equal(*made)


def test_more_texture_is_further_from_the_faithful_result(tmp_path, model):
    raster = write_raster(tmp_path / "a.tif", ground(60, 70).astype("float32"))
    made = [upscale(tmp_path, raster, model=model, detail=d) for d in (0.0, 0.25, 0.5, 1.0)]
    distances = [np.abs(one - made[0]).mean() for one in made]
    assert distances == sorted(distances) and distances[1] > 0


def test_texture_in_intensity_is_the_same_in_all_bands(tmp_path, model):
    values = ground(60, 70, 3)
    values = (values - values.mean((1, 2), keepdims=True)) / values.std((1, 2), keepdims=True)
    raster = write_raster(tmp_path / "a.tif", values.clip(-2, 2))
    known = {"model": model, "consistency": 0}
    faithful = upscale(tmp_path, raster, **known)
    added = upscale(tmp_path, raster, detail=1.0, **known) - faithful
    free = upscale(tmp_path, raster, detail=1.0, intensity_only=False, **known) - faithful
    assert np.abs(added - added[:1]).max() <= 0.05 * np.abs(added).max()
    assert np.abs(free - free[:1]).max() > 0.5 * np.abs(free).max()


def test_zero_is_an_honest_value_of_a_band_beyond_those_worked_on_together(tmp_path):
    values = np.full((17, 32, 36), 100, "uint8") + np.arange(36, dtype="uint8")
    values[16, :, :20], values[16, :, 20:] = 0, 200
    raster = write_raster(tmp_path / "a.tif", values, nodata=0)
    fine = upscale(tmp_path, raster, method="classical", factor="2", blur=0.64)
    assert (fine[16, :, :30] == 0).all() and (fine[16, :, 50:] == 200).all()


def test_real_zeros_of_all_bands_stay_next_to_zero_where_zero_means_no_data():
    made = np.zeros((3, 4, 4), "float32")
    fine_raster._keep_one_band(made, 0.0)
    assert (made[0] > 0).all() and made.max() < 1e-30


def test_constant_band_takes_no_texture_from_the_others(tmp_path, model):
    values, made = scaled(0.2 + 0.6 * ground(60, 70, 4), "uint8"), []
    values[3] = 255
    for bands in ([1, 2, 3], []):
        raster, place = write_raster(tmp_path / "a.tif", values), str(tmp_path / "s.tif")
        upscale(tmp_path, raster, model=model, detail=1.0, bands=bands, synthesized_detail=place)
        with rasterio.open(place) as invented:
            made.append(float(invented.read()[:3].mean()))
    assert made[1] == pytest.approx(made[0], rel=0.3) and made[0] > 0.5


def test_synthesized_detail_is_the_distance_from_the_faithful_result(tmp_path, model):
    values = (100 * ground(60, 70, 2)).astype("float32")
    raster, place = write_raster(tmp_path / "a.tif", values), str(tmp_path / "s.tif")
    faithful = upscale(tmp_path, raster, model=model)
    fine = upscale(tmp_path, raster, model=model, detail=1.0, synthesized_detail=place)
    truth = np.abs(fine - faithful).reshape(2, 60, 4, 70, 4).mean(axis=(2, 4))
    with rasterio.open(place) as made:
        assert np.allclose(made.read(), truth, atol=1e-3 * truth.max()) and truth.mean() > 0.1
        assert made.transform.a == 10.0


@pytest.mark.parametrize(
    "dtype, wish, made",
    [
        ("uint8", -1.0, "0.5"),
        ("uint16", -1.0, "0"),
        ("float32", -1.0, "0"),
        ("float32", 0.7, "0.7"),
    ],
)
def test_automatic_texture_is_for_images_only(tmp_path, model, dtype, wish, made):
    raster = write_raster(tmp_path / "a.tif", scaled(ground(40, 40), dtype))
    upscale(tmp_path, raster, model=model, detail=wish)
    with rasterio.open(tmp_path / "o.tif") as fine:
        assert fine.tags()["DEEP_GEOLOGY_ALPHA"] == made


def test_eight_times_is_four_and_then_two_times(tmp_path, monkeypatch):
    for name, factor in (("x4", 4), ("x2", 2)):
        save_upscaler(tmp_path / f"upscaler_{name}.safetensors", wild_network(1, factor))
    place = "plugin.engine.upscaling.generator.bundled_path"
    monkeypatch.setattr(place, lambda name: str(tmp_path / f"{name}.safetensors"))
    values = again(ground(600, 640), 4, 0.3).astype("float32")
    raster = write_raster(tmp_path / "a.tif", values)
    whole = upscale(tmp_path, raster, factor="8", window_size=4096, consistency=20)
    part = upscale(tmp_path, raster, factor="8", window_size=64, consistency=20)
    assert whole.shape == (1, 1200, 1280) and np.abs(part - whole).max() <= 1e-5 * whole.std()
    assert np.abs(again(whole, 8, 0.3) - values)[:, 6:-6, 6:-6].mean() <= 1e-3


def test_same_size_is_made_sharper(tmp_path, monkeypatch):
    network = wild_network(1, 1)
    network.detail = None
    save_upscaler(tmp_path / "upscaler_x1.safetensors", network)
    place = "plugin.engine.upscaling.generator.bundled_path"
    monkeypatch.setattr(place, lambda name: str(tmp_path / f"{name}.safetensors"))
    values = ground(60, 64).astype("float32")
    fine = upscale(tmp_path, write_raster(tmp_path / "a.tif", values), factor="1", detail=1.0)
    assert fine.shape == values.shape and not np.allclose(fine, values, atol=1e-3)


def test_blur_that_is_not_named_is_estimated_and_told(tmp_path, model):
    said = Said()
    raster = write_raster(tmp_path / "a.tif", scaled(ground(130, 130), "uint8"))
    upscale(tmp_path, raster, said.progress, model=model, blur=0.0)
    told = [text for text in said.notes if "blur is estimated as" in text]
    with rasterio.open(tmp_path / "o.tif") as fine:
        blur = float(fine.tags()["DEEP_GEOLOGY_RHO"])
    assert len(told) == 1 and f"{blur:.2f}" in told[0]


@pytest.mark.parametrize("blur", [0.15, 0.3, 0.64])
@pytest.mark.parametrize("holes", ["one", "lines"])
def test_blur_of_a_small_raster_with_holes_is_estimated_from_what_lies_between(blur, holes):
    values = again(1000 * natural(400, 400, 2), 4, min(blur, DETECTOR)).astype("float32")
    holed = values.copy()
    if holes == "one":
        holed[:, 12:16, 20:24] = np.nan  # the only window of 64 pixels that begins at the corner
    else:
        holed[:, :, ::40] = np.nan
    whole, found = (
        blurs.estimate(one, blurs.load_estimator(), Silent())[0] for one in (values, holed)
    )
    assert found == pytest.approx(whole, abs=0.08)


@pytest.mark.parametrize(
    ("case", "why"),
    [("holes", "no 16 x 16 pixels are without holes"), ("flat", "all bands are flat where")],
)
def test_blur_that_cannot_be_seen_is_the_usual_one_and_the_log_says_why(tmp_path, model, case, why):
    values, said = ground(60, 70).astype("float32"), Said()
    if case == "holes":
        values[:, ::12, ::12] = np.nan
    else:
        values[:] = np.where(np.arange(70) < 66, 5.0, np.nan)
        values[:, 0, 67] = 9.0
    raster = write_raster(tmp_path / "a.tif", values)
    upscale(tmp_path, raster, said.progress, model=model, blur=0.0)
    told = [text for text in said.notes if "shows its blur" in text]
    assert len(told) == 1 and why in told[0] and "0.3 is taken, as is usual" in told[0]


def test_usual_blur_is_taken_and_told_where_there_is_no_estimator(tmp_path, model, monkeypatch):
    monkeypatch.setattr(asking, "load_estimator", lambda: None)
    said = Said()
    raster = write_raster(tmp_path / "a.tif", ground(40, 40).astype("float32"))
    upscale(tmp_path, raster, said.progress, model=model, blur=0.0)
    assert any("0.3 is taken, as is usual for satellites" in text for text in said.notes)


def test_cancel_leaves_nothing(tmp_path, model, monkeypatch):
    monkeypatch.setattr("plugin.engine.progress.SECONDS_BETWEEN", 0.0)  # a fast run is told too
    raster = write_raster(tmp_path / "a.tif", ground(200, 200).astype("float32"))
    with pytest.raises(Stopped):
        upscale(tmp_path, raster, Said(stop_at=0.4).progress, model=model, window_size=64)
    assert [path.name for path in tmp_path.iterdir()] == ["a.tif"]


def test_window_that_fails_raises_and_leaves_what_was_there(tmp_path, model, monkeypatch):
    raster = write_raster(tmp_path / "a.tif", ground(200, 200).astype("float32"))
    (tmp_path / "o.tif").write_bytes(b"mine")
    calls, made = [], Generator.upscale

    def fails(self, *known, **more):
        calls.append(1)
        if len(calls) == 3:
            raise RuntimeError("a broken window")
        return made(self, *known, **more)

    monkeypatch.setattr(Generator, "upscale", fails)
    with pytest.raises(RuntimeError, match="a broken window"):
        upscale(tmp_path, raster, model=model, window_size=64)
    assert (tmp_path / "o.tif").read_bytes() == b"mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.tif", "o.tif"]


def test_tile_that_cannot_be_read_raises_and_leaves_nothing(tmp_path, model):
    chance = np.random.default_rng(0).integers(0, 256, (1, 300, 300)).astype("uint8")
    whole = write_raster(tmp_path / "a.tif", chance, compress="deflate", tiled=True, blockxsize=128, blockysize=128)  # fmt: skip
    content = bytearray((tmp_path / "a.tif").read_bytes())
    content[40_000:42_000] = b"\x00" * 2000
    (tmp_path / "a.tif").write_bytes(content)
    with pytest.raises(JobError, match="damaged"):
        upscale(tmp_path, whole, model=model)
    assert [path.name for path in tmp_path.iterdir()] == ["a.tif"]


def test_disk_without_room_is_refused_before_work_starts(tmp_path, model, monkeypatch):
    from plugin.engine.rasters import disk

    usage = disk.shutil.disk_usage(tmp_path)
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda place: usage._replace(free=2**21))
    raster = write_raster(tmp_path / "a.tif", ground(200, 200, 4).astype("float32"))
    with pytest.raises(JobError, match=r"may need 10 MB; the disk has 1 MB left"):
        upscale(tmp_path, raster, model=model)


def test_small_palette_class_and_complex_rasters_are_refused(tmp_path, model):
    tiny = write_raster(tmp_path / "t.tif", np.zeros((1, 9, 12), "uint8"))
    with pytest.raises(JobError, match="12 x 9 pixels; at least 16 x 16"):
        upscale(tmp_path, tiny, model=model)
    numbers = np.arange(400, dtype="uint8").reshape(1, 20, 20) % 3
    palette = write_raster(tmp_path / "p.tif", numbers)
    with rasterio.open(palette, "r+") as raster:
        raster.write_colormap(1, {0: (0, 0, 0), 1: (255, 0, 0), 2: (0, 255, 0)})
    with pytest.raises(JobError, match="has a palette"):
        upscale(tmp_path, palette, model=model)
    classes = write_raster(tmp_path / "c.tif", numbers)
    names = "<CategoryNames><Category/><Category>basalt</Category></CategoryNames>"
    text = f'<PAMDataset><PAMRasterBand band="1">{names}</PAMRasterBand></PAMDataset>'
    (tmp_path / "c.tif.aux.xml").write_text(text, encoding="utf-8")
    with pytest.raises(JobError, match=r"holds classes.*nearest neighbor"):
        upscale(tmp_path, classes, model=model)
    phases = write_raster(tmp_path / "z.tif", ground(20, 20).astype("complex64"))
    with pytest.raises(JobError, match="has complex values"):
        upscale(tmp_path, phases, model=model)


def test_model_of_other_bands_is_refused_with_their_names(tmp_path):
    model = save_upscaler(tmp_path / "m.safetensors", wild_network(4))
    raster = write_raster(tmp_path / "x.tif", ground(40, 40, 3).astype("float32"))
    with pytest.raises(JobError, match=r'expects 4 bands \(b1, b2, b3, b4\), but "x.tif" has 3'):
        upscale(tmp_path, raster, model=model)


def test_pixels_unlike_those_of_the_training_get_no_texture(tmp_path):
    model = save_upscaler(tmp_path / "m.safetensors", training={"gsd": [0.1, 2.0]})
    raster = write_raster(tmp_path / "a.tif", scaled(ground(40, 40), "uint8"))
    said = Said()
    upscale(tmp_path, raster, said.progress, model=model, detail=-1.0)
    assert any("no texture is added" in text for text in said.warnings)
    with rasterio.open(tmp_path / "o.tif") as fine:
        assert fine.tags()["DEEP_GEOLOGY_ALPHA"] == "0"


def test_missing_bundled_model_is_told_with_a_way_out(tmp_path, monkeypatch):
    place = "plugin.engine.upscaling.generator.bundled_path"
    monkeypatch.setattr(place, lambda name: str(tmp_path / f"{name}.safetensors"))
    raster = write_raster(tmp_path / "a.tif", ground(40, 40).astype("float32"))
    with pytest.raises(JobError, match=r"No upscaler for a factor of 2 .* method classical"):
        upscale(tmp_path, raster, factor="2")


@pytest.mark.parametrize("factor", [1, 4])
def test_report_shows_before_and_after_first_and_what_was_checked(tmp_path, monkeypatch, factor):
    network = wild_network(1, factor)
    model = save_upscaler(tmp_path / "m.safetensors", network)
    values = scaled(again(ground(480, 600, 3), 4, 0.3).clip(0, 1), "uint8")
    values[:, 30:40, 40:60] = 0
    raster = write_raster(tmp_path / "a.tif", values, nodata=0, names=("red", "", "<b>"))
    known = {"model": model, "detail": 0.5, "synthesized_detail": str(tmp_path / "s.tif")}
    upscale(tmp_path, raster, report=str(tmp_path / "r.html"), **known)
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    heads = ["Before and after", "Is it still the measurements?", "Settings"]
    assert [page.index(head) for head in heads] == sorted(page.index(head) for head in heads)
    assert page.count('alt="after"') == 3 and "://" not in page  # of base64 no colon is part
    for words in (
        "Texture 0.5",
        "0.30 (MTF at Nyquist), named by you",
        "hold no data",
        "&lt;b&gt;",
    ):
        assert words in page
    assert ("What was added" in page) == (factor > 1)


def test_report_tells_how_far_the_result_is_from_the_input(tmp_path, model):
    values = again(ground(480, 480), 4, 0.3).astype("float32")
    raster, pages = write_raster(tmp_path / "a.tif", values), []
    for iterations in (0, 20):
        place = str(tmp_path / f"r{iterations}.html")
        upscale(tmp_path, raster, model=model, consistency=iterations, report=place)
        page = (tmp_path / f"r{iterations}.html").read_text(encoding="utf-8")
        pages.append(float(re.search(r"the input by (?:less than )?([\d.]+)%", page)[1]))
    assert pages[0] > 0.5 and pages[1] < 0.1


@pytest.mark.parametrize(
    ("dtype", "method", "said"),
    [("uint8", "model", "bfloat16 products, single-precision sums"),
     ("float32", "model", "single"), ("uint8", "classical", "single")],
)  # fmt: skip
def test_only_whole_numbers_are_made_of_products_in_bfloat16(tmp_path, dtype, method, said):
    if not computes_bfloat16():
        pytest.skip("this processor multiplies no bfloat16")
    model = save_upscaler(tmp_path / "m.safetensors", wild_network(1, 4, width=16))
    raster = write_raster(tmp_path / "a.tif", scaled(ground(40, 40), dtype))
    known = {"method": method, "report": str(tmp_path / "r.html")}
    upscale(tmp_path, raster, model=model if method == "model" else "", **known)
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert re.search(r"Numerical precision</t[hd]>\s*<td>([^<]*)", page)[1] == said


def test_dark_pixels_keep_their_mean_although_nothing_is_under_zero(tmp_path):
    values = np.where(ground(64, 64) > 0.5, 220, 1).astype("uint8")
    raster = write_raster(tmp_path / "a.tif", values)
    fine = upscale(tmp_path, raster, method="classical", blur=0.64).astype(float)
    means = fine[0].reshape(64, 4, 64, 4).mean(axis=(1, 3))
    assert (fine == 0).any() and np.abs(means - values[0]).max() <= 0.5 / 16 + 1e-3


@pytest.mark.parametrize(
    ("clash", "found"),
    [
        ({"report": "a.tif"}, '"a.tif" is read by this job'),
        ({"report": "o.tif"}, "OUTPUT and REPORT are the same file"),
        ({"synthesized_detail": "o.tif"}, "OUTPUT and SYNTHESIZED_DETAIL are the same file"),
    ],
)
def test_no_file_of_a_job_takes_the_place_of_another(tmp_path, clash, found):
    raster = write_raster(tmp_path / "a.tif", ground(20, 20).astype("float32"))
    before = (tmp_path / "a.tif").read_bytes()
    asked = {"input": raster, "output": str(tmp_path / "o.tif"), "method": "classical", "blur": 0.3}
    asked.update({name: str(tmp_path / path) for name, path in clash.items()})
    with pytest.raises(JobError, match=found):
        work.do("upscale_raster", asked, Silent())
    assert [p.name for p in tmp_path.iterdir()] == ["a.tif"]
    assert (tmp_path / "a.tif").read_bytes() == before


@pytest.mark.parametrize(
    ("places", "found"),
    [
        ({}, "Upscaled raster is missing. Give OUTPUT a place, such as result.tif."),
        ({"output": ""}, "Upscaled raster is missing."),
        ({"output": "finer.png"}, 'is "finer.png", which does not end in .tif. Give OUTPUT'),
        ({"output": "o.tif", "synthesized_detail": "d.jpg"}, "Give SYNTHESIZED_DETAIL a name"),
    ],
)
def test_a_job_file_without_a_place_for_the_raster_is_refused(tmp_path, places, found):
    raster = write_raster(tmp_path / "a.tif", ground(20, 20).astype("f4"))
    asked = {"input": raster, "method": "classical", "device": "cpu"}
    asked |= {name: path and str(tmp_path / path) for name, path in places.items()}
    with pytest.raises(JobError) as caught:
        work.do("upscale_raster", asked, Silent())
    assert found in str(caught.value).replace(str(tmp_path) + "/", "")
    assert [path.name for path in tmp_path.iterdir()] == ["a.tif"]


@pytest.mark.parametrize(
    ("span", "output_type", "found"),
    [
        ((-3000, 20_000), "uint8", "uint8 those from 0 to 255: what lies outside is cut"),
        ((0, 0.4), "uint8", "as whole numbers hardly any are left"),
        ((0, 200), "uint8", ""),
        ((0, 0.4), "same", ""),
    ],
)
def test_a_type_that_does_not_hold_the_values_is_warned_of(tmp_path, span, output_type, found):
    values = span[0] + ground(24, 24) * (span[1] - span[0])
    raster, said = write_raster(tmp_path / "a.tif", values.astype("float32")), Said()
    upscale(tmp_path, raster, said.progress, method="classical", output_type=output_type)
    assert [found in text for text in said.warnings] == ([True] if found else [])


def test_pictures_of_a_report_show_different_ground(tmp_path):
    rows, columns = np.mgrid[:100, :120]
    raster = write_raster(tmp_path / "a.tif", (1000.0 * rows + columns)[None])
    upscale(tmp_path, raster, method="classical")
    with Raster(raster) as opened:
        settings = Settings(0.3, 0.3, 5)
        check = check_result(
            str(tmp_path / "o.tif"), Readings(opened), (0, 0, 100, 120), settings, 4, Silent()
        )
    corners = [divmod(int(pair.coarse[0, 0, 0]), 1000) for pair in check.pairs]
    assert len(corners) == 3 and len(set(corners)) == 3
    for number, (row, column) in enumerate(corners):
        for other_row, other_column in corners[:number]:
            shared = max(0, 64 - abs(row - other_row)) * max(0, 64 - abs(column - other_column))
            assert shared <= 0.5 * 64 * 64
    for pair in check.pairs:
        inside = np.s_[:, 8:-8, 8:-8]
        means = pair.fine.reshape(1, 64, 4, 64, 4).mean(axis=(2, 4))
        assert np.abs(means - pair.coarse)[inside].max() < 1


@pytest.mark.parametrize("size", [100, 900])
def test_largest_difference_is_that_of_all_pixels_that_it_is_said_of(tmp_path, monkeypatch, size):
    monkeypatch.setattr("plugin.engine.upscaling.checking._POINTS", 50)
    values = (100 * ground(size, size)).astype("float32")
    raster = write_raster(tmp_path / "a.tif", values)
    upscale(tmp_path, raster, method="classical", factor="2", blur=0.64)
    with rasterio.open(tmp_path / "o.tif", "r+") as fine:
        spoilt = fine.read()
        spoilt[:, 80:82, 80:82] += 500
        fine.write(spoilt)
    with Raster(raster) as opened:
        given = Readings(opened), (0, 0, size, size), Settings(0.64, 0.64, 1), 2, Silent()
        check = check_result(str(tmp_path / "o.tif"), *given)
    assert check.apart[1] == pytest.approx(500, rel=1e-3) and len(check.input[0]) <= 1000
    assert np.abs(check.again - check.input).max() < 1  # the points of the figure missed it
    wanted = (
        "in all pixels but" if size == 100 else "in 16 squares of 96 x 96 pixels spread over it"
    )
    assert check.where.startswith(wanted)


def test_missing_raster_is_said_to_be_missing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(JobError, match=r'"nope\.tif" does not exist'):
        upscale(tmp_path, "nope.tif", method="classical")


def test_hole_is_no_detail_in_pictures_and_spectrum(tmp_path):
    values = 2000 + again(ground(240, 240), 4, 0.3)[:1].astype("float32")
    levels = []
    for size in (0, 12):
        values[:, 24 : 24 + size, 24 : 24 + size] = np.nan
        raster = write_raster(tmp_path / f"{size}.tif", values)
        upscale(tmp_path, raster, method="classical")
        with Raster(raster) as opened:
            given = Readings(opened), (0, 0, 60, 60), Settings(0.3, 0.3, 5), 4, Silent()
            check = check_result(str(tmp_path / "o.tif"), *given)
        pair = check.pairs[0]
        _, between, after = (picture.image for picture in before_and_after(pair, 4))
        share = len(after) // 240
        hole = np.repeat(np.repeat(np.isnan(pair.fine[0]), share, 0), share, 1)
        assert (between[hole] == 255).all() and (after[hole] == 255).all()
        levels.append([line.get_ydata()[-20:] for line in draw_spectra(check, 4).axes[0].lines[:2]])
    whole, holed = np.array(levels)
    assert (holed - whole).mean(axis=1).max() < 15  # dB; the step of a hole would give 36
