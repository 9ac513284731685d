"""Scores of upscaling: known errors, shifts and detail give known numbers."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.ndimage import fourier_shift

from landscapes import write_raster
from plugin.engine.degradation import cubic, degrade
from plugin.engine.metrics.registration import shift
from plugin.engine.metrics.texture import detail_shares, radial_spectrum
from plugin.engine.metrics.upscaling import psnr, ssim
from plugin.engine.rasters import Raster
from plugin.engine.upscaling.judging import UNCHANGED, judge, usual_methods
from plugin.engine.upscaling.resampling import resample
from plugin.engine.upscaling.scale import scale_of
from plugin.engine.upscaling.scenes import Scene, chosen_places, division
from plugin.engine.upscaling.scoring import COLUMNS, intervals, measure, pooled, stacked
from terrain import terrain, write_terrain


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    path = write_terrain(
        tmp_path_factory.mktemp("ground") / "fine.tif", height=320, width=384, bands=3
    )
    with Raster(path) as raster:
        yield Scene(raster, 4)


def score(scene, change, factor=4, blur=0.3):
    """Pooled scores of the truth after a change."""
    measured = []
    for place in division(scene.height, scene.width, 32, 2):
        piece = scene.piece(place, 8, blur)
        base = cubic(piece.coarse, factor)
        truth = scene.fine(*piece.whole)[0]
        made = scene.scale.to_network(change(truth))
        measured.append(measure(piece, made, base, scene, blur, 255.0))
    return pooled(stacked(measured), factor, 255.0)


def test_truth_itself_has_no_error_and_is_the_coarse_raster_again(ground):
    scores = score(ground, lambda truth: truth)
    assert set(scores) == set(COLUMNS)
    assert scores["rmse"] < 1e-3 and scores["ssim"] > 0.9999 and scores["sam"] < 0.01
    assert scores["hf_ratio"] == pytest.approx(1, abs=1e-3) and scores["shift"] < 0.01
    assert scores["consistency_mae"] == pytest.approx(0.25, abs=0.05)  # of rounding to bytes
    assert scores["improvement"] > 0.999


def test_texture_counts_by_pixels_whatever_the_size_of_a_square(ground):
    # Half of the texture of a large square and all of two small ones with a fourth of the pixels.
    shares, places = (0.5, 1, 1), [(4, 4, 32, 32), (40, 4, 16, 16), (40, 40, 16, 16)]
    noise = np.random.default_rng(0).normal(0, 20, (3, 320, 384))
    measured = []
    for share, place in zip(shares, places, strict=True):
        piece = ground.piece(place, 0, 0.3)
        row, column, height, width = (4 * side for side in place)
        texture = noise[:, row : row + height, column : column + width]
        same = replace(piece, truth=100 + texture)
        made = ground.scale.to_network(100 + share**0.5 * texture)
        measured.append(measure(same, made, cubic(piece.coarse, 4), ground, 0.3, 255.0))
    wanted = (0.5 * 4 + 1 + 1) / 6
    assert pooled(stacked(measured), 4, 255.0)["hf_ratio"] == pytest.approx(wanted, abs=0.02)


def test_a_constant_error_is_a_bias_and_an_rmse_of_its_size(ground):
    scores = score(ground, lambda truth: truth + 5)
    assert scores["bias"] == pytest.approx(5, abs=1e-3) and scores["rmse"] == pytest.approx(
        5, abs=1e-3
    )
    assert scores["psnr"] == pytest.approx(20 * np.log10(255 / 5), abs=1e-3)
    assert scores["consistency_mae"] == pytest.approx(5, abs=0.1)


def test_scores_pooled_over_squares_are_those_of_the_whole_image(ground):
    noise = np.random.default_rng(1).normal(0, 6, (3, 320, 384))
    truth = ground.fine(0, 0, ground.height, ground.width)[0]
    measured = []
    for place in division(ground.height, ground.width, 32, 2):
        piece = ground.piece(place, 8, 0.3)
        rows, columns = (
            slice(4 * a, 4 * (a + b)) for a, b in zip(piece.whole[:2], piece.whole[2:], strict=True)
        )
        made = ground.scale.to_network((truth + noise)[:, rows, columns])
        measured.append(measure(piece, made, cubic(piece.coarse, 4), ground, 0.3, 255.0))
    scores = pooled(stacked(measured), 4, 255.0)
    assert scores["psnr"] == pytest.approx(psnr(truth, truth + noise, 8, 255.0), abs=1e-3)
    assert scores["ssim"] == pytest.approx(ssim(truth, truth + noise, 8, 255.0), abs=5e-3)


@pytest.mark.parametrize("moved", [(0.0, 0.0), (1.25, -0.6), (-3.4, 2.0)])
def test_shift_is_found_to_a_fiftieth_of_a_pixel(moved):
    image = terrain(192, 224, seed=4)[0]
    image = np.fft.ifft2(np.fft.fft2(image)).real
    other = np.fft.ifft2(fourier_shift(np.fft.fft2(image), moved)).real
    found = shift(image[20:-20, 20:-20], other[20:-20, 20:-20], 0.5)
    assert found == pytest.approx(moved, abs=0.02)


def test_shift_of_a_constant_image_is_nothing():
    assert shift(np.ones((40, 40)), np.ones((40, 40))) == (0.0, 0.0)


def test_detail_is_taken_apart_exactly():
    base, truth = np.zeros((1, 2, 2)), np.array([[[4.0, -4.0], [4.0, 0.0]]])
    made = np.array([[[3.0, 1.0], [6.0, 2.0]]])
    # found 3 + 0 + 4 + 0; missed 1 + 4 + 0 + 0; invented 0 + 1 + 2 + 2
    assert detail_shares(truth, base, made) == (7.0, 5.0, 5.0)


def test_spectrum_of_a_wave_peaks_at_its_frequency():
    wave = np.sin(2 * np.pi * 0.125 * np.arange(128))[None].repeat(128, 0)
    spectrum = radial_spectrum(wave, 32)
    assert (np.nanargmax(spectrum) + 0.5) / 64 == pytest.approx(0.125, abs=1 / 64)


@pytest.mark.parametrize("how", ["nearest", "bilinear", "cubic", "lanczos"])
@pytest.mark.parametrize("factor", [2, 4])
def test_interpolation_keeps_place_and_level(how, factor):
    level = resample(torch.full((1, 2, 9, 11), 3.0), factor, how)
    assert level.shape == (1, 2, 9 * factor, 11 * factor)
    assert (level - 3).abs().max() < 1e-5
    slope = resample(torch.arange(24.0).expand(1, 1, 24, 24), factor, how)[0, 0, 40, :].numpy()
    truth = (np.arange(24 * factor) + 0.5) / factor - 0.5
    off = np.abs(slope - truth)[4 * factor : -4 * factor]
    assert off.max() < {"nearest": 0.5, "lanczos": 0.02}.get(how, 1e-4)


def test_values_come_back_from_the_network_range_to_a_centimeter():
    heights = 8848.86 - np.random.default_rng(0).uniform(0, 3000, (1, 64, 64))
    scale = scale_of([heights])
    back = scale.to_unit(scale.to_network(heights))
    assert np.abs(back - heights).max() < 0.01


def test_scale_of_pieces_is_that_of_the_whole():
    values = np.random.default_rng(0).normal(500, 3, (2, 90, 70))
    values[:, 10:20] = np.nan
    scale = scale_of([values[:, :30], values[:, 30:]])
    assert scale.mean == pytest.approx(np.nanmean(values, axis=(1, 2)))
    assert scale.sd == pytest.approx(np.nanstd(values, axis=(1, 2)))


def test_division_covers_a_scene_once_with_squares_not_smaller_than_asked():
    seen = np.zeros((101, 67), int)
    for row, column, height, width in division(101, 67, 20, 3):
        seen[row : row + height, column : column + width] += 1
        assert min(height, width) >= 20
    assert (seen[3:-3, 3:-3] == 1).all() and seen.sum() == 95 * 61


def test_interval_holds_the_score_and_shrinks_with_more_squares(ground):
    places = [(0, place) for place in chosen_places(ground, 16)]
    methods = {name: way for name, way in usual_methods(4, 0.3).items() if name == "Cubic"}
    ends = []
    for count in (8, len(places)):
        found = judge([ground], places[:count], methods, "Cubic", 0.3, 8, lambda done: None)
        low, high = intervals(found.tables["Cubic"], 4, 255.0, ["psnr"])["psnr"]
        assert low < found.scores("Cubic")["psnr"] < high
        ends.append(high - low)
    assert ends[1] < ends[0]


def test_interpolation_is_not_taken_for_a_shift(ground):
    places = [(0, place) for place in chosen_places(ground)]
    judged = judge([ground], places, usual_methods(4, 0.3), "Cubic", 0.3, 16, lambda done: None)
    for name in ("Bilinear", "Cubic", "Lanczos", "Back-projection"):
        assert judged.scores(name)["shift"] < 0.02


def test_back_projection_beats_cubic_and_cubic_beats_nearest(ground):
    places = [(0, place) for place in chosen_places(ground)]
    judged = judge(
        [ground], places, usual_methods(4, 0.3), "Back-projection", 0.3, 16, lambda done: None
    )
    order = [judged.scores(name)["psnr"] for name in ("Nearest", "Cubic", "Back-projection")]
    assert order == sorted(order)
    gained, (low, high) = judged.gain("Back-projection")
    assert low < gained < high and low > 0


def test_a_square_with_a_hole_is_left_out_and_counted(tmp_path):
    values = np.round(terrain(256, 256)).astype("float32")
    values[:, 100:110, 100:110] = np.nan
    with Raster(write_raster(tmp_path / "h.tif", values)) as raster:
        scene = Scene(raster, 4)
        places = [(0, place) for place in chosen_places(scene, 15)]
        judged = judge([scene], places, usual_methods(4, 0.3), "Cubic", 0.3, 8, lambda done: None)
    assert judged.left_out == 1 and len(judged.places) == len(places) - 1


def test_at_the_same_size_the_raster_as_it_is_is_the_base(ground):
    with Raster(ground.raster.path) as raster:
        scene = Scene(raster, 1)
        places = [(0, place) for place in chosen_places(scene, 64)[:4]]
        judged = judge(
            [scene], places, usual_methods(1, 0.3), UNCHANGED, 0.3, 16, lambda done: None
        )
    assert judged.base == UNCHANGED
    assert judged.gain("Back-projection")[0] > 1


def test_coarse_rasters_of_bytes_are_rounded_as_files_are(ground):
    piece = ground.piece((4, 4, 16, 16), 4, 0.3)
    values = ground.scale.to_unit(piece.coarse)
    assert np.abs(values - np.rint(values)).max() < 1e-3
    truth = degrade(torch.from_numpy(ground.fine(*piece.whole)[0])[None], 4, 0.3)[0].numpy()
    assert np.abs(values - truth).max() <= 0.501
