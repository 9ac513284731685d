"""Maps of pixels, with a model whose answers are known."""

import os
import time

import numpy as np
import pytest
import rasterio
import torch

from benchmarks.memory_of_a_map import megabytes
from brightness import Said
from landscapes import NORTH_UP, ROTATED, regions, textured, write_raster
from plain_pixels import chance_network, level_network, pixel_card, save_model
from plugin.engine import model_file
from plugin.engine.pixels.maps import most_probable
from plugin.engine.pixels.predictor import PixelPredictor
from plugin.engine.pixels.trust import block_weights, measure_trust, trust_features
from plugin.engine.progress import Silent
from plugin.engine.tasks import classify_pixels
from plugin.jobs import ClassifyPixels
from plugin.jobs.declare import from_values
from plugin.jobs.errors import JobError, Stopped

TRUTH = regions(160, 230, 40)


def known_predictor(radius=0, **card):
    """A model that tells the levels of the landscapes apart."""
    return PixelPredictor(
        pixel_card("levels", **card), level_network(radius=radius), torch.device("cpu")
    )


@pytest.fixture
def model(tmp_path, monkeypatch):
    """A model file, in whose place a model is loaded that knows the levels."""
    monkeypatch.setattr(classify_pixels, "load_predictor", lambda *ignored: known_predictor())
    (tmp_path / "m").mkdir()
    return save_model(tmp_path / "m" / "rocks.safetensors")


def classify(tmp_path, rasters, model, progress=None, **values):
    """Make a map; its outputs as open rasters' values by name, and the classes' raster."""
    rasters = [rasters] if isinstance(rasters, str) else rasters
    asked = {"rasters": rasters, "model": model, "output": str(tmp_path / "c.tif"), "bands": []}
    job = from_values(ClassifyPixels, {**asked, **values})
    made = classify_pixels.run(job, progress or Silent())
    found = {}
    for name, path in made.items():
        with rasterio.open(path) as raster:
            found[name] = raster.read()
    return found


def outputs(tmp_path, *names):
    return {name: str(tmp_path / f"{name}.tif") for name in names}


def test_every_pixel_gets_its_class_and_its_probabilities(tmp_path, model):
    raster = write_raster(tmp_path / "a.tif", textured(TRUTH))
    made = classify(tmp_path, raster, model, **outputs(tmp_path, "confidence", "probabilities"))
    assert made.keys() == {"OUTPUT", "CONFIDENCE", "PROBABILITIES"}
    assert (made["OUTPUT"][0] == TRUTH + 1).all() and made["OUTPUT"].dtype == np.uint8
    assert np.allclose(made["PROBABILITIES"].sum(0), 1, atol=1e-5)
    assert (made["PROBABILITIES"].argmax(0) == TRUTH).all()
    assert np.array_equal(made["CONFIDENCE"][0], made["PROBABILITIES"].max(0))


def test_rasters_carry_names_colors_and_descriptions(tmp_path, model):
    raster = write_raster(tmp_path / "a.tif", textured(TRUTH), ROTATED)
    classify(tmp_path, raster, model, **outputs(tmp_path, "confidence", "probabilities"))
    with rasterio.open(tmp_path / "c.tif") as classes:
        assert classes.colormap(1)[3] == (0x20, 0x20, 0x30, 255) and classes.nodata == 0
        assert classes.transform == ROTATED and classes.crs.to_epsg() == 32633
        assert classes.tags()["MODEL"] == "rocks.safetensors"
    assert "basalt" in (tmp_path / "c.tif.aux.xml").read_text(encoding="utf-8")
    with rasterio.open(tmp_path / "probabilities.tif") as chances:
        assert chances.descriptions == ("chalk", "marl", "basalt")
        assert chances.dtypes == ("float32",) * 3 and np.isnan(chances.nodata)


@pytest.mark.parametrize("window_size", [16, 64, 100, 1000])
@pytest.mark.parametrize("batch_size", [0, 3])
def test_map_does_not_depend_on_windows_and_batches(tmp_path, monkeypatch, window_size, batch_size):
    known = known_predictor(radius=6)
    monkeypatch.setattr(classify_pixels, "load_predictor", lambda *ignored: known)
    raster = write_raster(tmp_path / "a.tif", textured(TRUTH))
    one = classify(tmp_path, raster, save_model(tmp_path / "m.safetensors"))
    other = classify(
        tmp_path, raster, str(tmp_path / "m.safetensors"),
        window_size=window_size, batch_size=batch_size,
    )  # fmt: skip
    assert (one["OUTPUT"] == other["OUTPUT"]).all()


def test_extent_gives_the_pixels_of_the_whole_map(tmp_path, monkeypatch, model):
    monkeypatch.setattr(
        classify_pixels, "load_predictor", lambda *ignored: known_predictor(radius=6)
    )
    raster = write_raster(tmp_path / "a.tif", textured(TRUTH))
    whole = classify(tmp_path, raster, model)["OUTPUT"]
    left, top = NORTH_UP @ (50, 30)
    box = [left + 1.0, left + 899.0, top - 699.0, top - 1.0]
    part = classify(tmp_path, raster, model, extent=box)["OUTPUT"]
    assert (part == whole[:, 30:100, 50:140]).all()
    with rasterio.open(tmp_path / "c.tif") as classes:
        assert classes.transform @ (0, 0) == pytest.approx((left, top))


def test_smaller_overlap_is_blended_and_the_difference_stated(tmp_path, monkeypatch, model):
    monkeypatch.setattr(
        classify_pixels, "load_predictor", lambda *ignored: known_predictor(radius=12)
    )
    raster, said = write_raster(tmp_path / "a.tif", textured(TRUTH)), Said()
    whole = classify(tmp_path, raster, model, said.progress, window_size=64)["OUTPUT"]
    assert any("does not depend on the size of the windows" in text for text in said.notes)
    said = Said()
    values = classify(tmp_path, raster, model, said.progress, window_size=64, overlap=4)["OUTPUT"]
    stated = [text for text in said.notes if text.startswith("Windows are blended")]
    assert len(stated) == 1 and "another class" in stated[0] and "overlaps" in stated[0]
    assert 0 < (values != whole).mean() < 0.1


def test_a_single_window_of_a_single_pixel_reads_well(tmp_path, model):
    said, raster = Said(), write_raster(tmp_path / "a.tif", textured(TRUTH[:1, :1]))
    classify(tmp_path, raster, model, said.progress)
    assert any(text.startswith("1 window of 1 pixel, with 0 around") for text in said.notes)


def test_windows_of_a_network_that_sees_all_are_as_large_as_in_training(
    tmp_path, monkeypatch, model
):
    known, said = known_predictor(patch=64), Said()
    known.sees_all = True
    monkeypatch.setattr(classify_pixels, "load_predictor", lambda *ignored: known)
    raster = write_raster(tmp_path / "a.tif", textured(TRUTH))
    made = classify(tmp_path, raster, model, said.progress)
    assert any("windows of 48 pixels, with 8 around" in text for text in said.notes)
    assert (made["OUTPUT"][0] == TRUTH + 1).all()


def test_stack_of_rasters_gives_what_one_raster_gives(tmp_path, model):
    values = textured(TRUTH)
    paths = [write_raster(tmp_path / f"{i}.tif", values[i : i + 1]) for i in range(3)]
    one = classify(tmp_path, write_raster(tmp_path / "a.tif", values), model)
    other = classify(tmp_path, paths, model)
    assert (one["OUTPUT"] == other["OUTPUT"]).all()


def test_pixels_without_data_are_nodata_everywhere(tmp_path, model):
    values = textured(TRUTH, dtype="float32")
    values[1, :, :70] = np.nan
    said = Said()
    made = classify(
        tmp_path, write_raster(tmp_path / "a.tif", values), model, said.progress,
        **outputs(tmp_path, "confidence", "probabilities"),
    )  # fmt: skip
    assert (made["OUTPUT"][0, :, :70] == 0).all() and (made["OUTPUT"][0, :, 70:] > 0).all()
    for name in ("CONFIDENCE", "PROBABILITIES"):
        assert np.isnan(made[name][:, :, :70]).all() and np.isfinite(made[name][:, :, 70:]).all()
    assert f"No data: {160 * 70:,} of {160 * 230:,} pixels." in said.notes
    assert sum(int(text.split()[1].replace(",", "")) for text in said.notes if text.endswith(" pixels") and ": " in text) == 160 * 160  # fmt: skip


def test_raster_of_nodata_only_gives_nodata_and_says_so(tmp_path, model):
    said = Said()
    raster = write_raster(tmp_path / "a.tif", np.zeros((3, 64, 64), np.uint8), nodata=0)
    assert not classify(tmp_path, raster, model, said.progress)["OUTPUT"].any()
    assert any("holds no data" in text for text in said.warnings)


def trained(path):
    """A model file with a network of chance that knows its training ground: textured(TRUTH)."""
    network = chance_network("pixel_mlp")
    card = pixel_card("pixel_mlp")
    images = (torch.from_numpy(textured(TRUTH).astype(np.float32))[None] - 120) / 60
    with torch.no_grad():
        features = trust_features(network, images)[0].flatten(1).T
    folds = (np.indices(TRUTH.shape)[1] // 40).ravel()
    trust = measure_trust(features[::7].numpy(), folds[::7], block_weights(network, 3, 35))
    card = pixel_card("pixel_mlp", trust=trust.card())
    model_file.save(str(path), card, network, trust.to_tensors())
    return str(path), trust


def test_trust_lights_up_on_foreign_ground(tmp_path):
    model, trust = trained(tmp_path / "m.safetensors")
    values, said = textured(TRUTH, seed=5), Said()
    values[:, 40:100, 60:120] = [[[250]], [[10]], [[240]]]  # no rock looks like this
    raster = write_raster(tmp_path / "a.tif", values)
    made = classify(tmp_path, raster, model, said.progress, **outputs(tmp_path, "trust"))
    outside = made["TRUST"][0] > trust.applicable
    assert outside[40:100, 60:120].all()
    outside[40:100, 60:120] = False
    assert outside.mean() < 0.05
    with rasterio.open(tmp_path / "trust.tif") as opened:
        assert float(opened.tags()["APPLICABLE_UP_TO"]) == pytest.approx(trust.applicable, rel=1e-5)
        assert opened.descriptions == ("dissimilarity index",) and opened.dtypes == ("float32",)
    assert any("outside of the area of applicability" in text for text in said.notes)


def test_trust_of_a_model_without_it_is_refused(tmp_path):
    model = save_model(tmp_path / "m.safetensors")
    raster = write_raster(tmp_path / "a.tif", textured(TRUTH))
    text = refused(tmp_path, raster, model, **outputs(tmp_path, "trust"))
    assert "does not know where it may be trusted" in text


def refused(tmp_path, raster, model, **values):
    """The sentence of a job that must leave nothing behind."""
    before = sorted(os.listdir(tmp_path))
    with pytest.raises(JobError) as caught:
        classify(tmp_path, raster, model, **values)
    assert sorted(os.listdir(tmp_path)) == before and caught.value.remedy
    return str(caught.value)


def test_bad_input_is_refused_in_a_sentence(tmp_path, model):
    raster = write_raster(tmp_path / "a.tif", textured(TRUTH))
    two = write_raster(tmp_path / "b.tif", textured(TRUTH, 2), names=("tmi", "k"))
    text = refused(tmp_path, two, model)
    assert "3 bands (band 1, band 2, band 3)" in text and '"b.tif" has 2 (tmi, k)' in text
    assert "does not touch" in refused(tmp_path, raster, model, extent=[0, 10, 0, 10])
    same = {"confidence": str(tmp_path / "c.tif")}
    assert "OUTPUT and CONFIDENCE are the same file" in refused(tmp_path, raster, model, **same)
    assert "is read by this job" in refused(tmp_path, raster, model, output=raster)
    text = refused(tmp_path, raster, model, overlap=65, window_size=64)
    assert "The overlap is 65 pixels, more than the window (64)" in text
    assert "is missing" in refused(tmp_path, [], model)
    assert "band 9" in refused(tmp_path, raster, model, bands=[1, 2, 9])


def test_named_bands_are_taken_by_their_names_and_refused_if_given_in_another_order(
    tmp_path, monkeypatch, model
):
    bands = [{"name": name, "unit": ""} for name in ("tmi", "k", "th")]
    monkeypatch.setattr(
        classify_pixels, "load_predictor", lambda *ignored: known_predictor(bands=bands)
    )
    raster = write_raster(tmp_path / "a.tif", textured(TRUTH), names=("k", "tmi", "th"))
    text = refused(tmp_path, raster, model, bands=[1, 2, 3])
    assert "in the order of the model: tmi, k, th" in text
    classify(tmp_path, raster, model, bands=[2, 1, 3])
    classify(tmp_path, raster, model)


@pytest.mark.parametrize("gsd, warned", [(10.0, 0), (16.0, 1), (None, 0)])
def test_much_other_resolution_is_warned_of(tmp_path, monkeypatch, model, gsd, warned):
    known = known_predictor(gsd=gsd)
    monkeypatch.setattr(classify_pixels, "load_predictor", lambda *ignored: known)
    said = Said()
    classify(tmp_path, write_raster(tmp_path / "a.tif", textured(TRUTH)), model, said.progress)
    assert len(said.warnings) == warned


def test_other_file_with_nameless_bands_is_not_warned_of(tmp_path, monkeypatch, model):
    bands = [{"name": f"survey band {i}", "unit": ""} for i in (1, 2, 3)]
    known, said = known_predictor(bands=bands), Said()
    monkeypatch.setattr(classify_pixels, "load_predictor", lambda *ignored: known)
    classify(tmp_path, write_raster(tmp_path / "a.tif", textured(TRUTH)), model, said.progress)
    assert said.warnings == []


def test_cancelling_leaves_nothing(tmp_path, monkeypatch, model):
    class Slow(PixelPredictor):
        def __call__(self, *asked):
            time.sleep(0.15)
            return super().__call__(*asked)

    slow = Slow(pixel_card("levels"), level_network(), torch.device("cpu"))
    monkeypatch.setattr(classify_pixels, "load_predictor", lambda *ignored: slow)
    raster, start = write_raster(tmp_path / "a.tif", textured(TRUTH)), time.monotonic()
    with pytest.raises(Stopped):
        classify(tmp_path, raster, model, Said(stop_at=0.05).progress, window_size=16, batch_size=1)
    assert time.monotonic() - start < 5
    assert sorted(os.listdir(tmp_path)) == ["a.tif", "m"]


def test_damage_in_the_middle_leaves_no_output(tmp_path, model):
    raster = write_raster(tmp_path / "a.tif", textured(regions(1000, 600, 80)))
    with open(raster, "r+b") as file:
        file.truncate(os.path.getsize(raster) * 3 // 4)
    assert '"a.tif" cannot be read' in refused(tmp_path, raster, model, window_size=64)


def test_image_model_is_refused(tmp_path):
    from plugin.engine.networks import build_classifier
    from plugin.jobs.model_card import CLASSIFICATION, ModelCard

    path = str(tmp_path / "m.safetensors")
    card = ModelCard(**{**vars(pixel_card("small_cnn")), "task": CLASSIFICATION})
    model_file.save(path, card, build_classifier("small_cnn", 3, 3))
    raster = write_raster(tmp_path / "a.tif", textured(TRUTH))
    text = refused(tmp_path, raster, path)
    assert "is for image classification; this tool needs one for pixel classification" in text


@pytest.mark.slow
@pytest.mark.parametrize("blended", [False, True])
def test_memory_does_not_grow_with_the_raster(tmp_path, blended):
    # 4,000 and 20,000 are measured by test/benchmarks/memory_of_a_map.py.
    small = megabytes(str(tmp_path), 3000, blended=blended)
    large = megabytes(str(tmp_path), 7000, blended=blended)
    # Five times the pixels; a busy machine lets a little more wait to be written.
    assert large < 1.2 * small and large < 2000


def test_the_most_probable_class_is_the_first_of_the_largest_and_none_where_nothing_is_known():
    chances = np.random.default_rng(0).integers(0, 4, (6, 40, 50)).astype(np.float32)
    chances[:, 3] = np.nan
    best, surest = most_probable(chances)
    known = ~np.isnan(chances[0])
    assert (best == np.where(known, chances, 0).argmax(0)).all()
    np.testing.assert_array_equal(surest, chances.max(0))
