"""Train upscaler from rasters and images to a model that works, and back when it must."""

import os
import time
from pathlib import Path

import numpy as np
import pytest
import rasterio
import torch
from affine import Affine

from brightness import Said
from images import write_image
from landscapes import NORTH_UP, write_raster
from plugin.engine import model_file
from plugin.engine.degradation import degrade
from plugin.engine.progress import Silent
from plugin.engine.rasters import Raster
from plugin.engine.tasks import assess_upscaling, describe_model, train_upscaler, upscale_raster
from plugin.engine.upscaling import adversarial, opponents, starting
from plugin.engine.upscaling.contrast import check_contrast
from plugin.engine.upscaling.ground import Block
from plugin.engine.upscaling.scenes import Scene
from plugin.jobs.assess_upscaling import AssessUpscaling
from plugin.jobs.declare import from_values
from plugin.jobs.describe_model import DescribeModel
from plugin.jobs.errors import JobError, Stopped
from plugin.jobs.model_card import UPSCALING, read_card
from plugin.jobs.train_upscaler import TrainUpscaler
from plugin.jobs.upscale_raster import UpscaleRaster
from report_form import check_form
from terrain import terrain, write_terrain
from upscalers import save_upscaler, wild_network


def train(folder, progress=None, **values):
    """Train for a moment; gives the outputs."""
    known = {"factor": "4", "size": "fast", "start_from": "scratch", "minutes": 0.1,
             "device": "cpu", "model": str(folder / "m.safetensors"),
             "report": str(folder / "r.html")}  # fmt: skip
    job = from_values(TrainUpscaler, {**known, **values})
    return train_upscaler.run(job, progress or Silent())


def refused(folder, **values):
    """What is said; nothing is written."""
    with pytest.raises(JobError) as caught:
        train(folder, **values)
    assert not list(folder.glob("m.safetensors*")) and not list(folder.glob("r.html*"))
    return str(caught.value)


@pytest.fixture(scope="module")
def fine(tmp_path_factory):
    return write_terrain(tmp_path_factory.mktemp("fine") / "fine.tif", bands=2)


@pytest.fixture(scope="module")
def trained(fine, tmp_path_factory):
    folder, said = tmp_path_factory.mktemp("trained"), Said()
    started = time.thread_time()
    outputs = train(folder, said.progress, fine=[fine], minutes=0.4)
    return folder, outputs, said, time.thread_time() - started


def test_training_beats_cubic_interpolation_on_ground_that_it_never_saw(trained):
    _, outputs, _, _ = trained
    assert outputs["PSNR_GAIN"] > 1.0 and 0 < outputs["SSIM"] < 1


def test_all_of_it_keeps_to_the_time(trained):
    _, _, _, spent = trained
    assert spent < 1.25 * 0.4 * 60


def test_card_says_what_the_model_is_and_how_it_was_scored(trained):
    _, outputs, _, _ = trained
    card = read_card(outputs["MODEL"], UPSCALING)
    assert card.arguments["bands"] == 2 and card.arguments["factor"] == 4
    assert card.arguments["width"] == 32 and card.arguments["blocks"] == 6 and card.halo == 15
    assert [band["name"] for band in card.bands] == ["band 1", "band 2"]
    assert card.training["blur"] == [0.15, 0.64] and card.training["start"] == "nothing"
    assert card.training["gsd"][0] < 10 < card.training["gsd"][1] and card.training["steps"] > 20
    assert "no patch of this training touches" in card.scores["validated"]
    assert card.training["before"] == "" and "learned before" not in card.scores["validated"]
    assert card.scores["generator"]["psnr"] - card.scores["cubic"]["psnr"] == pytest.approx(
        outputs["PSNR_GAIN"], abs=1e-6
    )
    assert len(card.normalization["mean"]) == 2
    network = model_file.load(outputs["MODEL"], UPSCALING)[1]
    assert (network.detail is not None) == card.arguments["detail"]


def test_report_shows_the_pictures_first_and_everything_that_was_asked_for(trained):
    folder, _, _, _ = trained
    page = (folder / "r.html").read_text(encoding="utf-8")
    titles = [title for _, title in check_form(page).titles]
    for title in ("Before and after", "Texture: how much, and how true", "How it learned",
                  "Held to the measurements", "How it was validated", "Settings"):  # fmt: skip
        assert title in titles
    assert titles[0] == "Before and after"
    for words in ("Lanczos", "Back-projection", "Nearest", "Bilinear", "hallucination",
                  "bootstrap", "Dashed: cubic"):  # fmt: skip
        assert words in page
    assert page.count("<img ") >= 7


def test_model_works_in_upscale_raster_and_in_assess_upscaling(trained, tmp_path):
    _, outputs, _, _ = trained
    truth = np.round(terrain(256, 320, 2, seed=9)).astype("uint8")
    coarse = degrade(torch.from_numpy(truth.astype("float64"))[None], 4, 0.3)[0].numpy()
    coarse = write_raster(
        tmp_path / "c.tif", np.round(coarse).astype("uint8"), NORTH_UP @ Affine.scale(4)
    )
    made = str(tmp_path / "made.tif")
    job = UpscaleRaster(
        input=coarse, model=outputs["MODEL"], blur=0.3, detail=0.0, device="cpu", output=made
    )
    upscale_raster.run(job, Silent())
    reference = write_raster(tmp_path / "truth.tif", truth)
    scores = []
    for how in ({"upscaled": made}, {"model": outputs["MODEL"]}):
        job = AssessUpscaling(reference=reference, blur=0.3, device="cpu", **how)
        scores.append(assess_upscaling.run(job, Silent())["PSNR"])
    assert scores[0] == pytest.approx(scores[1], abs=0.1)  # but for rounding to bytes
    with rasterio.open(made) as raster:
        assert raster.count == 2 and raster.shape == (256, 320)


def test_description_tells_what_it_learned_and_how_well(trained, tmp_path):
    _, outputs, _, _ = trained
    page = str(tmp_path / "d.html")
    said = describe_model.run(DescribeModel(model=outputs["MODEL"], report=page), Silent())
    assert said["TASK"] == "upscaling" and said["BANDS"] == "band 1, band 2"
    text = Path(page).read_text(encoding="utf-8")
    gained = f"{outputs['PSNR_GAIN']:+.2f} dB over cubic interpolation"
    for words in ("Makes rasters 4 times finer, with 2 bands", gained, "32 channels, 6 blocks"):
        assert words in text


def test_one_band_makes_a_model_for_any_raster_and_no_texture_if_not_wanted(fine, tmp_path):
    outputs = train(tmp_path, fine=[fine], bands=[2], gan_share=0.0)
    card = read_card(outputs["MODEL"])
    assert card.arguments["bands"] == 1 and card.bands == []
    assert card.arguments["detail"] is False and card.training["adversarial"] == "none"
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "There was no adversarial stage" in page


def test_factor_2_is_trained(fine, tmp_path):
    outputs = train(tmp_path, fine=[fine], bands=[1], factor="2", minutes=0.25)
    assert read_card(outputs["MODEL"]).arguments["factor"] == 2
    assert outputs["PSNR_GAIN"] > 0.3


def test_at_the_same_size_a_moment_of_training_does_little_harm(fine, tmp_path):
    outputs = train(tmp_path, fine=[fine], bands=[1], factor="1", gan_share=0.0, steps=20)
    assert read_card(outputs["MODEL"]).arguments["factor"] == 1
    assert outputs["PSNR_GAIN"] > -0.5  # so few steps change next to nothing
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "than the raster as it is" in page and "Lanczos resampling" not in page


def test_a_folder_of_images_is_learned_from_and_images_are_kept_apart_whole(tmp_path):
    ground = np.round(terrain(512, 640, 3, seed=3)).astype("uint8")
    for number in range(40):
        row, column = 96 * (number // 8), 78 * (number % 8)
        write_image(
            tmp_path / "in" / f"{number}.png", ground[:, row : row + 70, column : column + 66]
        )
    write_image(tmp_path / "in" / "tiny.png", ground[:, :20, :20])
    said = Said()
    outputs = train(tmp_path, said.progress, images=str(tmp_path / "in"))
    assert any("40 rasters or images in 40 blocks; 8 of them" in text for text in said.notes)
    assert read_card(outputs["MODEL"]).arguments["bands"] == 3
    assert np.isfinite(outputs["PSNR_GAIN"])


def test_training_goes_on_from_a_model_and_adapts_its_bands(fine, tmp_path):
    base = save_upscaler(
        tmp_path / "base.safetensors", wild_network(strength=0.0, width=16, blocks=2)
    )
    outputs = train(tmp_path, fine=[fine], start_from="model", base_model=base, gan_share=0.0)
    card = read_card(outputs["MODEL"])
    assert card.arguments["width"] == 16 and card.arguments["bands"] == 2
    assert card.training["start"] == "base.safetensors"


def test_without_a_bundled_upscaler_training_begins_from_nothing_and_says_so(
    fine, tmp_path, monkeypatch
):
    monkeypatch.setattr(starting, "bundled_path", lambda name: str(tmp_path / name))
    said = Said()
    outputs = train(tmp_path, said.progress, fine=[fine], start_from="bundled", gan_share=0.0)
    assert read_card(outputs["MODEL"]).training["start"] == "nothing"
    assert any("does not exist for a factor of 4: training begins from nothing" in text
               for text in said.notes)  # fmt: skip


def test_the_bundled_upscaler_is_gone_on_from(fine, tmp_path, monkeypatch):
    training = {"rasters": ["old.tif", "older.tif"], "before": "even older ones"}
    bundled = save_upscaler(
        tmp_path / "b.safetensors",
        wild_network(width=32, blocks=6, strength=0.0),
        training=training,
    )
    monkeypatch.setattr(starting, "bundled_path", lambda name: bundled)
    outputs = train(tmp_path, fine=[fine], start_from="bundled", gan_share=0.0)
    card = read_card(outputs["MODEL"])
    assert card.training["start"] == "the bundled upscaler"
    assert card.training["before"] == "old.tif, older.tif; before that even older ones"
    assert "began from the bundled upscaler, which had learned" in card.scores["validated"]
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "On ground that this training never saw" in page
    assert "had learned before from: old.tif, older.tif; before that even older ones." in page


def test_real_coarse_rasters_are_learned_from(fine, tmp_path):
    values = terrain(512, 640, 2)
    coarse = degrade(torch.from_numpy(values)[None], 4, 0.2)[0].numpy() * 3 + 100
    path = write_raster(
        tmp_path / "c.tif", np.round(coarse).astype("uint16"), NORTH_UP @ Affine.scale(4)
    )
    said = Said()
    outputs = train(tmp_path, said.progress, fine=[fine], coarse=[path], minutes=0.2)
    card = read_card(outputs["MODEL"])
    assert card.training["paired"] and card.training["blur"] == pytest.approx([0.2, 0.2])
    assert outputs["PSNR_GAIN"] > 0.5
    assert any("with a blur of about 0.20" in text for text in said.notes)


def test_rasters_with_holes_are_learned_from(tmp_path):
    values = (3000 + terrain(640, 768)).astype("float32")
    values[:, 100:110, 100:400] = -9999
    path = write_raster(tmp_path / "dem.tif", values, nodata=-9999.0)
    outputs = train(tmp_path, fine=[path])
    assert np.isfinite(outputs["PSNR_GAIN"]) and outputs["PSNR_GAIN"] > 0


def test_bad_input_is_refused_with_what_was_found(fine, tmp_path):
    tiny = write_raster(tmp_path / "tiny.tif", terrain(9, 12).astype("uint8"))
    assert '"tiny.tif" is 12 x 9 px; at least 16 x 16 px' in refused(tmp_path, fine=[tiny])
    small = write_raster(tmp_path / "small.tif", terrain(256, 500).astype("uint8"))
    assert "at least 20 squares of 128 x 128 fine pixels; found 6" in refused(
        tmp_path, fine=[small]
    )
    other = write_terrain(tmp_path / "other.tif", bands=1)
    assert '"other.tif" has 1 bands, "fine.tif" has 2' in refused(tmp_path, fine=[fine, other])
    empty = write_raster(tmp_path / "empty.tif", np.zeros((1, 512, 640), "uint8"), nodata=0)
    assert "nodata covers 100 %" in refused(tmp_path, fine=[empty])
    assert "Give either FINE or IMAGES" in refused(tmp_path)
    assert "one coarse raster for each fine one" in refused(
        tmp_path, fine=[fine], coarse=[fine] * 2
    )
    assert "is over the sharpest" in refused(tmp_path, fine=[fine], softest_blur=0.5, blur=0.3)
    os.mkdir(tmp_path / "void")
    assert "has no images" in refused(tmp_path, images=str(tmp_path / "void"))
    base = save_upscaler(tmp_path / "two.safetensors", wild_network(factor=2))
    said = refused(tmp_path, fine=[fine], start_from="model", base_model=base)
    assert "2 times finer; the factor is 4" in said
    broken = tmp_path / "broken.tif"
    broken.write_bytes(Path(fine).read_bytes()[:5000])
    assert '"broken.tif" cannot be read' in refused(tmp_path, fine=[str(broken)])
    many = write_raster(tmp_path / "many.tif", np.ones((40, 64, 64), "uint8"))
    assert refused(tmp_path, fine=[many])


@pytest.mark.parametrize("what", ["constant", "nearly", "bands", "one of two", "images"])
def test_what_shows_nothing_is_refused_before_it_trains(fine, tmp_path, monkeypatch, what):
    monkeypatch.setattr(train_upscaler, "learn", lambda *given: pytest.fail("it trained"))
    values = np.full((3 if what == "bands" else 2, 512, 640), 7, "uint8")
    if what == "nearly":
        values[:, 100:103, 200:203] = 9
    path = write_raster(tmp_path / "flat.tif", values)
    given = {"fine": [fine, path] if what == "one of two" else [path]}
    if what == "images":
        given = {"images": str(tmp_path / "in")}
        for number in range(24):
            write_image(tmp_path / "in" / f"{number}.png", values[[0] * 3, :128, :128])
    found = refused(tmp_path, **given)
    name = "All 24 images hold" if what == "images" else '"flat.tif" holds'
    assert f"{name} the value 7, 7" in found and "everywhere" in found
    assert "declare it as nodata" in found


def test_scores_on_nothing_are_refused_before_the_training(tmp_path):
    values = terrain(256, 512).astype("float32")
    values[:, :, 256:] = 0
    with Raster(write_raster(tmp_path / "coast.tif", values)) as raster:
        scene = Scene(raster, 4)
        land, sea = Block(0, (0, 0, 64, 64), "training"), Block(0, (0, 64, 64, 64), "validation")
        mixed = Block(0, (0, 48, 64, 64), "validation")
        check_contrast([scene], [land, mixed], 32, 0, Silent())
        with pytest.raises(JobError, match="kept for the scores holds the value 0 everywhere"):
            check_contrast([scene], [land, sea], 32, 0, Silent())


@pytest.mark.parametrize("at", [0.02, 0.4, 0.92])
def test_cancelling_leaves_no_half_written_file(fine, tmp_path, at):
    (tmp_path / "m.safetensors").write_text("mine", encoding="utf-8")
    with pytest.raises(Stopped):
        train(tmp_path, Said(stop_at=at).progress, fine=[fine])
    assert [path.name for path in tmp_path.iterdir()] == ["m.safetensors"]
    assert (tmp_path / "m.safetensors").read_text(encoding="utf-8") == "mine"


def test_a_stage_that_collapses_gives_the_faithful_generator_with_a_warning(
    fine, tmp_path, monkeypatch
):
    monkeypatch.setattr(adversarial, "_WATCH_EVERY", 3)
    monkeypatch.setattr(opponents, "_RATES", (5e-2, 3e-4))  # a generator out of control
    said = Said()
    outputs = train(tmp_path, said.progress, fine=[fine], minutes=0.4, gan_share=0.5,
                    adversarial_weight=1.0)  # fmt: skip
    assert read_card(outputs["MODEL"]).arguments["detail"] is False
    assert any(text.startswith("Adversarial stage stopped at step") for text in said.warnings)
    assert outputs["PSNR_GAIN"] > 0
    assert "back to the last good state" in (tmp_path / "r.html").read_text(encoding="utf-8")


@pytest.mark.soak
def test_three_minutes_with_a_weight_of_one_still_beat_cubic_interpolation(tmp_path):
    ground = np.round(terrain(640, 512, 1, seed=7)).astype("uint8")
    for number in range(20):
        row, column = 128 * (number // 4), 128 * (number % 4)
        write_image(
            tmp_path / "in" / f"{number}.png", ground[:, row : row + 128, column : column + 128]
        )
    outputs = train(
        tmp_path, images=str(tmp_path / "in"), minutes=3, gan_share=0.6, adversarial_weight=1.0
    )
    card = read_card(outputs["MODEL"])
    assert outputs["PSNR_GAIN"] > 0.3
    if card.arguments["detail"]:
        assert card.scores["texture"]["psnr"] > card.scores["cubic"]["psnr"]
