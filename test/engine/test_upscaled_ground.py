"""Where an upscaled raster lies, what it says of itself, and where it holds no data."""

import numpy as np
import pytest
import rasterio
from affine import Affine
from rasterio.control import GroundControlPoint
from rasterio.enums import ColorInterp
from rasterio.rpc import RPC
from scipy.ndimage import distance_transform_edt

from brightness import Said
from landscapes import NORTH_UP, ROTATED, SOUTH_UP, UTM, write_raster
from plugin.engine.progress import Silent
from plugin.engine.tasks import upscale_raster
from plugin.engine.upscaling.holes import fill
from plugin.jobs import UpscaleRaster
from plugin.jobs.declare import from_values
from plugin.jobs.errors import JobError
from upscalers import ground, save_upscaler

DEGREES = Affine(0.1, 0.0, 14.123456789, 0.0, -0.1, 50.987654321)
OWN_CRS = (
    'PROJCS["My mine grid",GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,'
    '298.257223563]],PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]],'
    'PROJECTION["Transverse_Mercator"],PARAMETER["latitude_of_origin",12.5],'
    'PARAMETER["central_meridian",7.25],PARAMETER["scale_factor",0.99991],'
    'PARAMETER["false_easting",1000],PARAMETER["false_northing",-20],UNIT["metre",1]]'
)
HOLE = np.s_[40:64, 50:80]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return save_upscaler(tmp_path_factory.mktemp("model") / "wild.safetensors")


def upscale(place, raster, progress=None, **values):
    """Upscale a raster; the path of the result."""
    asked = {"blur": 0.3, "detail": 0.0, "device": "cpu", "method": "classical", **values}
    job = from_values(UpscaleRaster, {"input": raster, "output": str(place / "o.tif"), **asked})
    return upscale_raster.run(job, progress or Silent())["OUTPUT"]


def read(path):
    with rasterio.open(path) as raster:
        return raster.read()


def finer(mask, factor=4):
    return mask.repeat(factor, 0).repeat(factor, 1)


@pytest.mark.parametrize(
    "transform, crs",
    [(NORTH_UP, UTM), (SOUTH_UP, UTM), (ROTATED, UTM), (DEGREES, "EPSG:4326"), (NORTH_UP, None)],
    ids=["north up", "south up", "rotated", "degrees", "no crs"],
)
@pytest.mark.parametrize("factor", [2, 4, 8])
def test_result_covers_the_same_ground(tmp_path, transform, crs, factor):
    raster = write_raster(tmp_path / "a.tif", ground(20, 30).astype("f4"), transform, crs)
    with rasterio.open(upscale(tmp_path, raster, factor=str(factor))) as fine:
        known = fine.transform
        assert (fine.height, fine.width) == (20 * factor, 30 * factor)
        assert known @ (0, 0) == transform @ (0, 0)  # to the last bit
        for ours, theirs in zip("abde", "abde", strict=True):
            assert getattr(known, ours) == getattr(transform, theirs) / factor
        corner = np.array(known @ (30 * factor, 20 * factor))
        assert np.allclose(corner, transform @ (30, 20), rtol=1e-12, atol=0)
        assert fine.crs == (rasterio.CRS.from_user_input(crs) if crs else None)


def test_own_reference_system_is_kept_to_the_letter(tmp_path):
    raster = write_raster(tmp_path / "a.tif", ground(20, 30).astype("f4"), crs=OWN_CRS)
    with rasterio.open(raster) as coarse, rasterio.open(upscale(tmp_path, raster)) as fine:
        assert fine.crs.to_wkt() == coarse.crs.to_wkt() and "My mine grid" in fine.crs.to_wkt()


def test_ground_control_points_keep_their_places_on_the_picture(tmp_path):
    path = tmp_path / "a.tif"
    points = [
        GroundControlPoint(row=r, col=c, x=500_000 + 10 * c + r, y=5_400_000 - 9 * r)
        for r, c in ((0, 0), (0, 30), (20, 0), (20, 30), (7.5, 11.25))
    ]
    profile = {"driver": "GTiff", "width": 30, "height": 20, "count": 1, "dtype": "float32"}
    with rasterio.open(path, "w", **profile) as raster:
        raster.write(ground(20, 30).astype("f4"))
        raster.gcps = points, rasterio.CRS.from_epsg(32633)
    with rasterio.open(upscale(tmp_path, str(path))) as fine:
        found, crs = fine.gcps
        assert crs.to_epsg() == 32633 and fine.shape == (80, 120)
        assert [(p.row, p.col) for p in found] == [(4 * p.row, 4 * p.col) for p in points]
        assert [(p.x, p.y) for p in found] == [(p.x, p.y) for p in points]


def test_rational_polynomials_point_to_the_same_ground(tmp_path):
    path, even = tmp_path / "a.tif", [1.0] + [0.0] * 19
    line, sample = [0.0, 0.0, 1.0] + [0.0] * 17, [0.0, 1.0] + [0.0] * 18
    rpc = RPC(
        height_off=0.0, height_scale=100.0, lat_off=50.0, lat_scale=0.1, line_den_coeff=even,
        line_num_coeff=line, line_off=10.0, line_scale=10.0, long_off=14.0, long_scale=0.1,
        samp_den_coeff=even, samp_num_coeff=sample, samp_off=15.0, samp_scale=15.0,
    )  # fmt: skip
    profile = {"driver": "GTiff", "width": 30, "height": 20, "count": 1, "dtype": "float32"}
    with rasterio.open(path, "w", rpcs=rpc, **profile) as raster:
        raster.write(ground(20, 30).astype("f4"))
    with rasterio.open(upscale(tmp_path, str(path))) as fine:
        known = fine.rpcs
    # The middle of the first pixel is line 0, so its upper edge is -0.5 before and after.
    edge = (-0.5 - rpc.line_off) / rpc.line_scale
    assert (-0.5 - known.line_off) / known.line_scale == pytest.approx(edge)
    assert known.line_scale == 40 and known.samp_scale == 60
    assert known.line_num_coeff == pytest.approx(line)


def test_what_a_raster_says_of_itself_is_kept(tmp_path):
    path = write_raster(
        tmp_path / "a.tif", (ground(20, 30, 4) * 3000).astype("uint16"), names=("r", "g", "b", "n")
    )
    with rasterio.open(path, "r+") as raster:
        raster.colorinterp = [
            ColorInterp.red, ColorInterp.green, ColorInterp.blue, ColorInterp.undefined,
        ]  # fmt: skip
        raster.scales, raster.offsets = (1e-4,) * 4, (0.0, 0.0, 0.0, -0.1)
        raster.units = ("", "", "", "reflectance")
        raster.update_tags(SENSOR="aerial", AREA_OR_POINT="Area")
        raster.update_tags(4, WAVELENGTH="842", STATISTICS_MEAN="1")
    with rasterio.open(upscale(tmp_path, path)) as fine:
        assert fine.descriptions == ("r", "g", "b", "n")
        assert fine.colorinterp[:3] == (ColorInterp.red, ColorInterp.green, ColorInterp.blue)
        assert fine.colorinterp[3] != ColorInterp.alpha
        assert fine.scales == (1e-4,) * 4 and fine.offsets[3] == -0.1
        assert fine.units[3] == "reflectance"
        assert fine.tags()["SENSOR"] == "aerial" and fine.tags(4)["WAVELENGTH"] == "842"
        assert "STATISTICS_MEAN" not in fine.tags(4)
        assert fine.tags()["DEEP_GEOLOGY_RHO"] == "0.300"
        assert "inferred" in fine.tags()["DEEP_GEOLOGY_NOTE"]
        assert fine.profile["compress"] == "deflate"


@pytest.mark.parametrize(
    "dtype, nodata",
    [("uint8", 0), ("uint8", 255), ("int16", -9999), ("uint16", 0), ("float32", -9999.0),
     ("float32", np.nan), ("float64", -3.4e38)],
)  # fmt: skip
@pytest.mark.parametrize("method", ["model", "classical"])
def test_holes_are_those_of_the_input_exactly(tmp_path, model, dtype, nodata, method):
    values = (10 + 200 * ground(96, 120)).astype(dtype)
    hole = np.zeros((96, 120), bool)
    hole[HOLE] = hole[3, 5] = hole[90:, 110:] = True
    values[:, hole] = nodata
    raster = write_raster(tmp_path / "a.tif", values, nodata=nodata)
    path = upscale(tmp_path, raster, method=method, model=model if method == "model" else "")
    with rasterio.open(path) as fine:
        assert fine.nodata == nodata or (np.isnan(fine.nodata) and np.isnan(nodata))
        made = fine.read(1)
        empty = np.isnan(made) if np.isnan(nodata) else made == made.dtype.type(nodata)
        assert np.array_equal(empty, finer(hole))


def test_nan_becomes_nan_only_there_and_is_told(tmp_path):
    values, said = ground(60, 70, 2).astype("f4"), Said()
    values[1, 20:23, 30:40] = np.nan
    made = read(upscale(tmp_path, write_raster(tmp_path / "a.tif", values), said.progress))
    hole = np.isnan(values[1])
    assert np.array_equal(np.isnan(made), np.stack([finer(hole)] * 2))
    assert (
        "Band 2 contains NaN, infinite or huge values (1e37 and more) in 0.7% of the pixels: treated "
        "as nodata." in said.warnings
    )


@pytest.mark.parametrize("fill", [-3.4028235e38, 1e300])
def test_fill_values_that_are_not_declared_spoil_nothing_beside_them(tmp_path, fill):
    values, said = ground(60, 70, 1).astype("f8"), Said()
    values[:, 20:23, 30:40] = np.nan
    truth = read(upscale(tmp_path, write_raster(tmp_path / "nan.tif", values)))
    values[:, 20:23, 30:40] = fill
    made = read(upscale(tmp_path, write_raster(tmp_path / "a.tif", values), said.progress))
    np.testing.assert_array_equal(made, truth)
    assert any(
        "huge values (1e37 and more) in 0.7% of the pixels" in text for text in said.warnings
    )


def test_nan_in_several_bands_is_told_once(tmp_path):
    values, said = ground(60, 70, 3).astype("f4"), Said()
    values[[0, 2], 20:23, 30:40] = np.nan
    upscale(tmp_path, write_raster(tmp_path / "a.tif", values), said.progress)
    told = [text for text in said.warnings if "NaN" in text]
    assert len(told) == 1 and told[0].startswith("Bands 1, 3 contain NaN")
    assert "in up to 0.7% of the pixels: treated as nodata." in told[0]


def test_far_from_a_hole_nothing_changes(tmp_path, model):
    values = ground(130, 140).astype("f4")
    known = {"method": "model", "model": model}
    whole = read(upscale(tmp_path, write_raster(tmp_path / "a.tif", values), **known))
    hole = np.zeros(values.shape[1:], bool)
    hole[60:64, 60:70] = True
    numbers = values.mean(), values.std()
    values[:, hole] = np.nan
    made = read(upscale(tmp_path, write_raster(tmp_path / "b.tif", values), **known))
    far = finer(distance_transform_edt(~hole) > 60)
    # The hole changes mean and deviation of the band a little, and with them the last digits.
    change = abs(np.nanstd(values) - numbers[1]) / numbers[1]
    assert np.abs(made - whole)[0][far].max() <= max(change, 1e-5)
    near = finer((distance_transform_edt(~hole) > 0) & (distance_transform_edt(~hole) < 4))
    assert np.abs(made - whole)[0][near].max() > 10 * np.abs(made - whole)[0][far].max()


def test_ring_around_a_hole_is_better_than_filled_with_zero(tmp_path):
    values = (50 + 150 * ground(96, 120)).astype("f4")
    whole = read(upscale(tmp_path, write_raster(tmp_path / "a.tif", values)))
    hole = np.zeros(values.shape[1:], bool)
    hole[HOLE] = True
    holed = values.copy()
    holed[:, hole] = np.nan
    made = read(upscale(tmp_path, write_raster(tmp_path / "b.tif", holed)))
    zeros = np.where(hole, 0, values).astype("f4")
    naive = read(upscale(tmp_path, write_raster(tmp_path / "c.tif", zeros)))
    near = distance_transform_edt(finer(~hole))
    ring = (near > 0) & (near <= 16)
    error = [np.abs(one - whole)[0][ring].mean() for one in (made, naive)]
    assert error[0] < 0.35 * error[1]


def test_windows_do_not_show_near_large_holes(tmp_path, model):
    values = ground(200, 220).astype("f4")
    values[:, 50:150, 60:160] = np.nan
    raster = write_raster(tmp_path / "a.tif", values)
    known = {"method": "model", "model": model, "detail": 1.0}
    whole = read(upscale(tmp_path, raster, window_size=4096, **known))
    part = read(upscale(tmp_path, raster, window_size=64, **known))
    assert np.nanmax(np.abs(part - whole)) <= 1e-5 * np.nanstd(whole)
    assert np.array_equal(np.isnan(part), np.isnan(whole))


def test_fill_of_a_large_hole_is_local():
    values = ground(80, 80).astype("f4")
    valid = np.ones((80, 80), bool)
    valid[20:80, 20:80] = False
    wide, narrow = fill(values, valid, 10), fill(values[:, :60, :60], valid[:60, :60], 10)
    assert np.array_equal(wide[:, :44, :44], narrow[:, :44, :44])
    assert (wide[:, 40:, 40:] == 0).all() and np.array_equal(wide[:, valid], values[:, valid])


@pytest.mark.parametrize("kind", ["mask", "alpha"])
def test_mask_and_alpha_become_a_mask_inside_the_file(tmp_path, kind):
    values = (10 + 200 * ground(60, 70, 3)).astype("uint8")
    mask = np.full((60, 70), 255, "uint8")
    mask[10:30, 40:60] = 0
    if kind == "mask":
        raster = write_raster(tmp_path / "a.tif", values, mask=mask)
    else:
        path = write_raster(tmp_path / "a.tif", np.concatenate([values, mask[None]]))
        with rasterio.open(path, "r+") as opened:
            opened.colorinterp = [
                ColorInterp.red, ColorInterp.green, ColorInterp.blue, ColorInterp.alpha,
            ]  # fmt: skip
        raster = path
    path = upscale(tmp_path, raster, detail=0.0, window_size=64)
    with rasterio.open(path) as fine:
        assert fine.count == 3
        assert np.array_equal(fine.dataset_mask(), finer(mask))
    assert not (tmp_path / "o.tif.msk").exists()


def test_dark_band_of_a_pixel_with_data_stays_dark(tmp_path):
    values = np.full((3, 40, 40), 90, "uint8")
    values[0] = 0
    values[:, :10, :10] = 0
    fine = read(upscale(tmp_path, write_raster(tmp_path / "a.tif", values, nodata=0)))
    empty = (fine == 0).all(axis=0)
    assert empty[:40, :40].all() and not empty[40:].any() and (fine[0, 60:] == 0).all()


def test_value_that_the_user_calls_nodata_is_a_hole(tmp_path):
    values = (10 + 200 * ground(60, 70)).astype("f4")
    values[:, 20:30, 20:30] = -999
    path = upscale(tmp_path, write_raster(tmp_path / "a.tif", values), nodata=-999.0)
    hole = values[0] == -999
    with rasterio.open(path) as fine:
        assert fine.nodata == -999
        assert np.array_equal(fine.read(1) == -999, finer(hole))
        assert fine.read(1)[~finer(hole)].min() > -100


@pytest.mark.parametrize("output_type", ["uint8", "uint16", "int16", "float32"])
def test_other_output_type_clips_and_keeps_the_holes(tmp_path, output_type):
    values = (-100 + 500 * ground(40, 50)).astype("float64")
    values[:, 5:9, 7:12] = np.nan
    hole = np.isnan(values[0])
    path = upscale(tmp_path, write_raster(tmp_path / "a.tif", values), output_type=output_type)
    with rasterio.open(path) as fine:
        made = fine.read(1)
        assert made.dtype == output_type
        assert np.array_equal(fine.read_masks(1) == 0, finer(hole))
        inside = finer(~hole & (distance_transform_edt(~hole) > 3))
        low, high = (0, 255) if output_type == "uint8" else (-32768, 65535)
        wanted = finer(np.nan_to_num(values[0])).clip(max(low, 0) if "u" in output_type else low, high)  # fmt: skip
        assert np.corrcoef(made[inside], wanted[inside])[0, 1] > 0.9


def test_bands_too_many_for_one_texture_are_warned_of(tmp_path, model):
    raster = write_raster(tmp_path / "many.tif", (200 * ground(20, 20, 17)).astype("u1"))
    for detail, warned in ((0.0, False), (1.0, True)):
        said = Said()
        upscale(tmp_path, raster, said.progress, method="model", model=model, detail=detail)
        assert any("16 bands at a time" in text for text in said.warnings) is warned


def test_nodata_that_the_output_type_cannot_hold_is_replaced(tmp_path):
    values = 10 + 200 * ground(40, 50).astype("float64")
    nodata = float(np.finfo("float64").min)
    values[:, 5:9, 7:12] = nodata
    hole = values[0] == nodata
    raster = write_raster(tmp_path / "a.tif", values, nodata=nodata)
    with rasterio.open(upscale(tmp_path, raster, output_type="float32")) as fine:
        assert np.isnan(fine.nodata) and np.array_equal(np.isnan(fine.read(1)), finer(hole))


def test_nothing_but_holes_is_refused(tmp_path):
    values = np.full((1, 40, 40), np.nan, "f4")
    with pytest.raises(JobError, match=r"Nodata covers 100 % .* nothing to do"):
        upscale(tmp_path, write_raster(tmp_path / "a.tif", values))
    values[:, :10] = ground(10, 40).astype("f4")
    box = [500_000.0, 500_400.0, 5_399_600.0, 5_399_700.0]
    with pytest.raises(JobError, match=r"Nodata covers 100 %"):
        upscale(tmp_path, write_raster(tmp_path / "b.tif", values), extent=box)
