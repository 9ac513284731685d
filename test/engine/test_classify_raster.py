"""Rasters classified patch by patch, with a classifier whose answers are known."""

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import rasterio

from brightness import Brightness, Said, card, use
from landscapes import NORTH_UP, ROTATED, SOUTH_UP, regions, textured, write_raster
from plugin.engine import prediction, progress
from plugin.engine.progress import Silent
from plugin.engine.tasks import classify_raster
from plugin.jobs import ClassifyRaster
from plugin.jobs.errors import JobError, Stopped

ROOT = Path(__file__).resolve().parents[2]
TRUTH = regions(320, 480, 80)


@pytest.fixture
def model(monkeypatch):
    known = Brightness(card())
    use(monkeypatch, classify_raster, known)
    return known


def classify(tmp_path, raster, progress=None, **values):
    """Classify a raster; the classes and confidences that come out."""
    job = ClassifyRaster(
        **{"input": raster, "model": "rocks.safetensors", "output": str(tmp_path / "c.tif"),
           "confidence": str(tmp_path / "p.tif"), "bands": [], "extent": None, **values}
    )  # fmt: skip
    made = classify_raster.run(job, progress or Silent())
    with rasterio.open(made["OUTPUT"]) as classes, rasterio.open(made["CONFIDENCE"]) as chance:
        return classes.read(1), chance.read(1), classes.transform


def test_regions_get_their_class(tmp_path, model):
    classes, confidence, transform = classify(
        tmp_path, write_raster(tmp_path / "a.tif", textured(TRUTH))
    )
    assert classes.shape == (20, 30)
    truth = TRUTH[8::16, 8::16] + 1
    inside = np.isin(np.arange(20) % 5, (1, 2, 3))[:, None] & np.isin(np.arange(30) % 5, (1, 2, 3))
    assert (classes == truth)[inside].all()
    assert (confidence[inside] > 0.9).all() and confidence.max() <= 1
    assert transform == NORTH_UP @ rasterio.Affine.scale(16)


@pytest.mark.parametrize("transform", [NORTH_UP, SOUTH_UP, ROTATED])
def test_cells_lie_on_the_ground_where_their_pixels_lie(tmp_path, model, transform):
    raster = write_raster(tmp_path / "a.tif", textured(TRUTH), transform)
    classes, _, placed = classify(tmp_path, raster, stride=20)
    for row, column in ((0, 0), (7, 11), (15, 23)):
        assert placed @ (column + 0.5, row + 0.5) == pytest.approx(
            transform @ (20 * column + 10, 20 * row + 10)
        )
    centers = TRUTH[10::20, 10::20] + 1
    assert (classes == centers).mean() > 0.7


def test_moving_the_raster_by_whole_strides_moves_the_prediction(tmp_path, model):
    values = textured(TRUTH)
    here, chance, _ = classify(tmp_path, write_raster(tmp_path / "a.tif", values))
    moved = write_raster(tmp_path / "b.tif", values[:, 32:, 48:])
    there, moved_chance, _ = classify(tmp_path, moved)
    assert (there[1:, 1:] == here[3:, 4:]).all()
    assert np.allclose(moved_chance[1:, 1:], chance[3:, 4:])


def test_extent_gives_the_cells_of_the_whole_raster(tmp_path, model):
    raster = write_raster(tmp_path / "a.tif", textured(TRUTH))
    here, chance, _ = classify(tmp_path, raster)
    left, top = NORTH_UP @ (64, 32)
    box = [left + 1.0, left + 1600.0 - 1.0, top - 960.0 + 1.0, top - 1.0]
    part, part_chance, transform = classify(tmp_path, raster, extent=box)
    assert part.shape == (6, 10) and transform @ (0, 0) == pytest.approx((left, top))
    assert (part == here[2:8, 4:14]).all() and (part_chance == chance[2:8, 4:14]).all()


@pytest.mark.parametrize("blocks", [(64, 2**14), (10_000, 2**30)])
@pytest.mark.parametrize("chunk", [1, 2**30])
def test_result_does_not_depend_on_blocks_and_batches(tmp_path, model, monkeypatch, blocks, chunk):
    raster = write_raster(tmp_path / "a.tif", textured(TRUTH))
    here, chance, _ = classify(tmp_path, raster, stride=24)
    monkeypatch.setattr(prediction, "_BLOCK_SIDE", blocks[0])
    monkeypatch.setattr(prediction, "_BLOCK_BYTES", blocks[1])
    monkeypatch.setattr(prediction, "_CHUNK_BYTES", chunk)
    again, chance_again, _ = classify(tmp_path, raster, stride=24)
    assert (again == here).all() and np.allclose(chance_again, chance, atol=1e-6)


def test_cells_on_nodata_are_nodata(tmp_path, model):
    values = textured(TRUTH, dtype="float32")
    values[:, :, :200] = np.nan
    classes, confidence, _ = classify(tmp_path, write_raster(tmp_path / "a.tif", values))
    assert (classes[:, :12] == 0).all() and np.isnan(confidence[:, :12]).all()
    assert (classes[:, 13:] > 0).all() and np.isfinite(confidence[:, 13:]).all()


def test_raster_of_nodata_only_gives_nodata_and_says_so(tmp_path, model):
    said = Said()
    raster = write_raster(tmp_path / "a.tif", np.zeros((3, 64, 64), np.uint8), nodata=0)
    classes, _, _ = classify(tmp_path, raster, said.progress)
    assert not classes.any() and any("holds no data" in text for text in said.warnings)
    assert model.calls == []


def test_classes_carry_the_names_and_colors_of_the_model(tmp_path, model):
    classify(tmp_path, write_raster(tmp_path / "a.tif", textured(TRUTH)))
    with rasterio.open(tmp_path / "c.tif") as raster:
        assert raster.colormap(1)[3] == (0x20, 0x20, 0x30, 255)
        assert raster.nodata == 0 and raster.dtypes == ("uint8",)
        assert raster.tags()["STRIDE"] == "16"
    assert "basalt" in (tmp_path / "c.tif.aux.xml").read_text(encoding="utf-8")


def test_bands_are_taken_in_the_asked_order(tmp_path, monkeypatch):
    seen = []

    class Watching(Brightness):
        def probabilities(self, images):
            seen.append(images.mean(axis=(0, 2, 3)))
            return super().probabilities(images)

    use(monkeypatch, classify_raster, Watching(card(bands=2)))
    values = np.stack([np.full((64, 64), level, np.uint8) for level in (10, 20, 30)])
    classify(tmp_path, write_raster(tmp_path / "a.tif", values), bands=[3, 1])
    assert np.array(seen).tolist() == [[30, 10]] * len(seen)


def test_progress_counts_patches(tmp_path, model, monkeypatch):
    monkeypatch.setattr(progress, "SECONDS_BETWEEN", 0)
    said = Said()
    classify(tmp_path, write_raster(tmp_path / "a.tif", textured(TRUTH)), said.progress)
    assert any(text.startswith("Patch 600 of 600") for text in said.texts)
    assert "Reading the result back" in said.texts
    assert sum(int(text.split()[1]) for text in said.notes) == 600


def test_cancelling_leaves_nothing(tmp_path, model, monkeypatch):
    class Slow(Brightness):
        def probabilities(self, images):
            time.sleep(0.1)
            return super().probabilities(images)

    use(monkeypatch, classify_raster, Slow(model.card))
    raster = write_raster(tmp_path / "a.tif", textured(TRUTH))
    start = time.monotonic()
    with pytest.raises(Stopped):
        classify(tmp_path, raster, Said(stop_at=0.05).progress, stride=4)
    assert time.monotonic() - start < 2
    assert os.listdir(tmp_path) == ["a.tif"]


def refused(tmp_path, raster, **values):
    """The `JobError` of a job that must leave nothing behind."""
    before = sorted(os.listdir(tmp_path))
    with pytest.raises(JobError) as caught:
        classify(tmp_path, raster, **values)
    assert sorted(os.listdir(tmp_path)) == before and caught.value.remedy
    return str(caught.value)


def test_other_number_of_bands_is_refused_with_both_lists(tmp_path, model):
    raster = write_raster(tmp_path / "a.tif", textured(TRUTH, 2), names=("tmi", "k"))
    text = refused(tmp_path, raster)
    assert "3 bands (band 1, band 2, band 3)" in text and '"a.tif" has 2 (tmi, k)' in text


def test_named_bands_are_taken_by_their_names_and_refused_if_given_in_another_order(
    tmp_path, monkeypatch
):
    bands = [{"name": name, "unit": ""} for name in ("tmi", "k", "th")]
    use(monkeypatch, classify_raster, Brightness(replace(card(), bands=bands)))
    raster = write_raster(tmp_path / "a.tif", textured(TRUTH), names=("k", "tmi", "th"))
    assert "in the order of the model: tmi, k, th" in refused(tmp_path, raster, bands=[1, 2, 3])
    classify(tmp_path, raster, bands=[2, 1, 3])
    classify(tmp_path, raster)


def test_raster_smaller_than_a_patch_is_refused(tmp_path, model):
    raster = write_raster(tmp_path / "a.tif", textured(TRUTH[:31]))
    assert "480 x 31 pixels, less than the patch of 32" in refused(tmp_path, raster)


def test_extent_outside_is_refused(tmp_path, model):
    raster = write_raster(tmp_path / "a.tif", textured(TRUTH))
    assert "does not touch" in refused(tmp_path, raster, extent=[0, 10, 0, 10])


def test_one_file_for_both_outputs_is_refused(tmp_path, model):
    raster = write_raster(tmp_path / "a.tif", textured(TRUTH))
    assert "the same file" in refused(tmp_path, raster, confidence=str(tmp_path / "c.tif"))


def test_writing_over_the_input_is_refused(tmp_path, model):
    raster = write_raster(tmp_path / "a.tif", textured(TRUTH))
    assert "is read by this job" in refused(tmp_path, raster, output=raster)


def test_damage_in_the_middle_leaves_no_output(tmp_path, model):
    raster = write_raster(tmp_path / "a.tif", textured(regions(2000, 600, 80)))
    with open(raster, "r+b") as file:
        file.truncate(os.path.getsize(raster) * 3 // 4)
    assert '"a.tif" cannot be read' in refused(tmp_path, raster)


@pytest.mark.parametrize("gsd, warned", [(10.0, 0), (14.0, 0), (16.0, 1), (6.0, 1), (None, 0)])
def test_much_other_resolution_is_warned_of(tmp_path, monkeypatch, gsd, warned):
    use(monkeypatch, classify_raster, Brightness(card(gsd=gsd)))
    said = Said()
    classify(tmp_path, write_raster(tmp_path / "a.tif", textured(TRUTH)), said.progress)
    assert len(said.warnings) == warned


def test_other_data_type_is_warned_of(tmp_path, model):
    said = Said()
    raster = write_raster(tmp_path / "a.tif", textured(TRUTH, dtype="uint16"))
    classify(tmp_path, raster, said.progress)
    assert ["type uint16" in text for text in said.warnings] == [True]


MEASURE = """
import sys
import peak_memory
from brightness import Brightness, card
from plugin.engine.progress import Silent
from plugin.engine.tasks import classify_raster
from plugin.jobs import ClassifyRaster
classify_raster.load_classifier = lambda *ignored: Brightness(card())
job = ClassifyRaster(input=sys.argv[1], model="m", stride=64, output=sys.argv[1] + ".classes.tif")
classify_raster.run(job, Silent())
print(peak_memory.kilobytes() / 1024)
"""


def megabytes_for(path, side):
    """Peak memory of a process that classifies a raster of so many rows and columns."""
    sparse = {"tiled": True, "SPARSE_OK": True, "compress": "DEFLATE"}
    with rasterio.open(path, "w", driver="GTiff", width=side, height=side, count=3, dtype="uint8", transform=NORTH_UP, crs="EPSG:32633", **sparse) as raster:  # fmt: skip
        raster.write(np.full((3, 256, 256), 90, np.uint8), window=((0, 256), (0, 256)))
    paths = os.pathsep.join([".", "test"])
    said = subprocess.run(
        [sys.executable, "-c", MEASURE, str(path)], cwd=ROOT, capture_output=True, check=True,
        env={**os.environ, "PYTHONPATH": paths},
    )  # fmt: skip
    with rasterio.open(f"{path}.classes.tif") as classes:
        assert classes.shape == (-(-side // 64),) * 2 and (classes.read(1) > 0).all()
    return float(said.stdout)


@pytest.mark.slow
def test_memory_does_not_grow_with_the_raster(tmp_path):
    small = megabytes_for(tmp_path / "small.tif", 10_000)  # fills GDAL's cache
    large = megabytes_for(tmp_path / "large.tif", 20_000)
    assert large < small + 100
