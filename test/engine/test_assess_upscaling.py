"""Upscaled rasters and models judged against a truth that is known."""

import json
import shutil

import numpy as np
import pytest
import rasterio
from affine import Affine

from brightness import Said
from landscapes import NORTH_UP, write_raster
from plugin.engine.figures import new_figure
from plugin.engine.progress import Silent
from plugin.engine.tasks import assess_upscaling
from plugin.jobs.assess_upscaling import AssessUpscaling
from plugin.jobs.declare import from_values
from plugin.jobs.errors import JobError, Stopped
from report_form import check_form
from terrain import terrain
from upscalers import save_upscaler, wild_network

TRUTH = np.round(terrain(256, 320, 3)).astype("uint8")


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    return write_raster(tmp_path_factory.mktemp("truth") / "truth.tif", TRUTH)


def assess(folder, reference, progress=None, **values):
    """Assess; gives the outputs, the rows of the table by method, and the report's text."""
    known = {"reference": reference, "factor": "4", "device": "cpu",
             "report": str(folder / "r.html"), "scores": str(folder / "s.geojson")}  # fmt: skip
    job = from_values(AssessUpscaling, {**known, **values})
    outputs = assess_upscaling.run(job, progress or Silent())
    table = json.loads((folder / "s.geojson").read_text(encoding="utf-8"))
    rows = {row["properties"]["method"]: row["properties"] for row in table["features"]}
    return outputs, rows, (folder / "r.html").read_text(encoding="utf-8")


def refused(folder, reference, **values):
    """What is said; nothing is written."""
    places = {"report": str(folder / "no.html"), "scores": str(folder / "no.geojson")}
    with pytest.raises(JobError) as caught:
        assess(folder, reference, **{**places, **values})
    assert not list(folder.glob("no*"))
    return str(caught.value)


def copied(folder, raster):
    """A copy of a raster: the same values in another file."""
    return shutil.copy(raster, str(folder / "copied.tif"))


def noisy(sd=4.0):
    values = TRUTH + np.random.default_rng(0).normal(0, sd, TRUTH.shape)
    return np.clip(np.round(values), 0, 255).astype("uint8")


def test_noise_of_a_known_size_gives_the_psnr_that_it_must(reference, tmp_path):
    made = write_raster(tmp_path / "made.tif", noisy(4.0))
    outputs, rows, page = assess(tmp_path, reference, upscaled=made)
    expected = 20 * np.log10(255 / np.sqrt(16 + 1 / 12))
    assert outputs["PSNR"] == pytest.approx(expected, abs=0.1)
    assert rows["Upscaled raster"]["psnr"] == outputs["PSNR"]
    assert rows["Upscaled raster"]["bias"] == pytest.approx(0, abs=0.1)
    assert outputs["SAM"] > 0 and 0 < outputs["SSIM"] < 1 and outputs["CONSISTENCY"] > 0
    assert page.count("<img ") == 5
    assert check_form(page).titles[0] == ("pictures", "Before and after")


def test_usual_resamplings_stand_beside_in_the_table(reference, tmp_path):
    made = write_raster(tmp_path / "made.tif", noisy())
    _, rows, _ = assess(tmp_path, reference, upscaled=made)
    assert list(rows) == [
        "Nearest", "Bilinear", "Cubic", "Lanczos", "Back-projection", "Upscaled raster",
    ]  # fmt: skip
    wanted = {"rmse", "bias", "psnr", "ssim", "sam", "ergas", "hf_ratio", "consistency_mae",
              "consistency_max", "shift", "improvement", "omission", "hallucination"}  # fmt: skip
    assert all(wanted <= set(row) for row in rows.values())
    assert rows["Nearest"]["psnr"] < rows["Cubic"]["psnr"] < rows["Back-projection"]["psnr"]
    assert rows["Cubic"]["omission"] == 1.0


def test_truth_as_the_upscaled_raster_is_perfect(reference, tmp_path):
    outputs, rows, page = assess(tmp_path, reference, upscaled=copied(tmp_path, reference))
    assert outputs["PSNR"] > 100 and outputs["SSIM"] == pytest.approx(1)
    assert rows["Upscaled raster"]["improvement"] > 0.999
    assert "Nearer to the truth than cubic interpolation" in page


def test_a_raster_that_was_moved_is_found_to_be(reference, tmp_path):
    moved = np.roll(TRUTH, 2, axis=2)
    said = Said()
    _, rows, page = assess(
        tmp_path, reference, said.progress, upscaled=write_raster(tmp_path / "m.tif", moved)
    )
    assert rows["Upscaled raster"]["shift"] == pytest.approx(2, abs=0.1)
    assert "2.0" in page and "pixels off the reference" in page


def test_a_part_of_the_reference_is_judged_where_it_lies(reference, tmp_path):
    part = noisy()[:, 37:197, 50:210]
    transform = NORTH_UP @ Affine.translation(50, 37)
    made = write_raster(tmp_path / "part.tif", part, transform)
    outputs, _, _ = assess(tmp_path, reference, upscaled=made)
    assert outputs["PSNR"] == pytest.approx(20 * np.log10(255 / 4.01), abs=0.15)


def test_blur_is_taken_from_the_upscaled_raster_that_says_it(reference, tmp_path):
    made = write_raster(tmp_path / "made.tif", noisy())
    with rasterio.open(made, "r+") as raster:
        raster.update_tags(DEEP_GEOLOGY_RHO="0.450")
    assert "0.45 (as the upscaled raster says)" in assess(tmp_path, reference, upscaled=made)[2]
    page = assess(tmp_path, reference, upscaled=made, blur=0.2)[2]
    assert "coarse raster of blur 0.2." in page


def test_bands_are_compared_in_pairs(reference, tmp_path):
    made = write_raster(tmp_path / "one.tif", noisy()[2:3])
    outputs, _, _ = assess(tmp_path, reference, upscaled=made, bands=[3])
    assert outputs["PSNR"] > 34 and outputs["SAM"] is None
    text = refused(tmp_path, reference, upscaled=made)
    assert '"one.tif" has 1 bands and "truth.tif" has 3' in text


def test_a_model_is_judged_on_what_it_makes_of_the_coarse_truth(reference, tmp_path):
    idle = wild_network(strength=0.0)
    model = save_upscaler(tmp_path / "m.safetensors", idle)
    outputs, rows, page = assess(tmp_path, reference, model=model, blur=0.3)
    # A network that adds next to nothing is cubic interpolation with back-projection.
    assert outputs["PSNR"] == pytest.approx(rows["Back-projection"]["psnr"], abs=0.05)
    assert "Generator, full texture" in rows and page.count("<img ") == 6


@pytest.mark.parametrize("factor", ["2", "4"])
def test_a_model_of_several_bands_gets_them_together(reference, tmp_path, factor):
    model = save_upscaler(tmp_path / "m.safetensors", wild_network(3, int(factor)))
    outputs, _, _ = assess(tmp_path, reference, model=model, factor=factor, detail=1.0)
    assert np.isfinite(outputs["PSNR"])
    text = refused(tmp_path, reference, model=model, factor=factor, bands=[1, 2])
    assert 'The model expects 3 bands (b1, b2, b3), but "truth.tif" has 2.' in text


def test_what_cannot_be_compared_is_refused(reference, tmp_path):
    model = save_upscaler(tmp_path / "m.safetensors")
    assert "4 times finer; the factor is 2" in refused(tmp_path, reference, model=model, factor="2")
    half = write_raster(tmp_path / "half.tif", TRUTH[:, ::2, ::2], NORTH_UP @ Affine.scale(2))
    assert 'has pixels of 20 and "truth.tif" of 10' in refused(tmp_path, reference, upscaled=half)
    off = write_raster(tmp_path / "off.tif", TRUTH, NORTH_UP @ Affine.translation(0.4, 0))
    assert "do not lie on those" in refused(tmp_path, reference, upscaled=off)
    far = write_raster(tmp_path / "far.tif", TRUTH, NORTH_UP @ Affine.translation(5000, 0))
    assert "do not overlap" in refused(tmp_path, reference, upscaled=far)
    other = write_raster(tmp_path / "other.tif", TRUTH, crs="EPSG:32634")
    assert "different coordinate reference systems" in refused(tmp_path, reference, upscaled=other)
    small = write_raster(tmp_path / "small.tif", TRUTH[:, :40, :40])
    assert "at least 16 x 16 are needed" in refused(tmp_path, small, model=model)
    both = refused(tmp_path, reference, model=model, upscaled=half)
    assert "Give one of them" in both
    assert "are the same file" in refused(tmp_path, reference, upscaled=reference)


def test_a_reference_of_floating_point_says_the_range_that_its_psnr_is_for(tmp_path):
    values = (3000 + 2 * terrain(256, 256)).astype("float32")
    values[:, :70, :90] = np.nan
    truth = write_raster(tmp_path / "dem.tif", values)
    _, rows, page = assess(tmp_path, truth, model=save_upscaler(tmp_path / "m.safetensors"))
    assert "squares with pixels without data were left out" in page
    assert "for a range of the values of " in page
    assert rows["Cubic"]["psnr"] > 10 and rows["Cubic"]["sam"] is None


def test_cancelling_leaves_nothing(reference, tmp_path):
    model = save_upscaler(tmp_path / "m.safetensors")
    with pytest.raises(Stopped):
        assess(tmp_path, reference, Said(stop_at=0.3).progress, model=model)
    assert [path.name for path in tmp_path.iterdir()] == ["m.safetensors"]


def test_a_reference_of_one_value_is_refused(tmp_path):
    flat = write_raster(tmp_path / "flat.tif", np.full((1, 128, 128), 5, "uint8"))
    said = refused(tmp_path, flat, upscaled=copied(tmp_path, flat))
    assert "Every band is constant" in said


def test_a_lone_square_is_shown_once(reference, tmp_path, monkeypatch):
    drawn = []
    place = "plugin.engine.upscaling.report_sections.draw_crops"
    monkeypatch.setattr(
        place, lambda crops, *rest: drawn.append([crop.what for crop in crops]) or new_figure(1, 1)
    )
    small = write_raster(tmp_path / "s.tif", TRUTH[:, :80, :80])
    for truth in (small, reference):
        assess(tmp_path, truth, upscaled=copied(tmp_path, truth))
    assert drawn[0] == ["best"] and drawn[1][:3] == ["best", "median", "worst"]
