"""From a folder of images to a generator, its report and its scores."""

import json
import os

import numpy as np
import pytest
import rasterio
import torch

from brightness import Said
from images import striped_folder, stripes, write_image
from plugin.engine.generation import scoring
from plugin.engine.generation.collection import read_collection
from plugin.engine.generation.generator import load_maker
from plugin.engine.generation.learning import Lesson
from plugin.engine.generation.likeness import alike, scrambled
from plugin.engine.progress import Silent
from plugin.engine.tasks import describe_model, train_image_generator
from plugin.jobs import DescribeModel, TrainImageGenerator
from plugin.jobs.declare import from_values
from plugin.jobs.errors import JobError, Stopped
from plugin.jobs.model_card import GENERATION, read_card
from report_form import check_form


@pytest.fixture(autouse=True, scope="module")
def short():
    """A training of a few steps of small networks."""

    def lesson(job, device):
        return Lesson(0.0, steps=8, batch_size=4, width=4, seed=job.seed)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(train_image_generator, "make_lesson", lesson)
        yield


def run(folder, tmp_path, progress=None, **wishes):
    places = {
        "model": str(tmp_path / "out" / "m.safetensors"),
        "report": str(tmp_path / "out" / "r.html"),
    }
    job = from_values(TrainImageGenerator, {"input": str(folder), **places, **wishes})
    return train_image_generator.run(job, progress or Silent())


@pytest.fixture(scope="module")
def stripes_of_two_classes(tmp_path_factory):
    return striped_folder(tmp_path_factory.mktemp("images"), count=32, side=40)


@pytest.fixture(scope="module")
def trained(stripes_of_two_classes, tmp_path_factory):
    """Outputs of a training, and what it said."""
    said = Said()
    outputs = run(stripes_of_two_classes, tmp_path_factory.mktemp("trained"), said.progress)
    return outputs, said


def test_a_training_gives_a_model_a_report_and_its_scores(trained):
    outputs, said = trained
    assert set(outputs) == {"MODEL", "REPORT", "DISTANCE", "GAIN"}
    assert outputs["DISTANCE"] > 0 and -1 <= outputs["GAIN"] <= 1
    card = read_card(outputs["MODEL"], GENERATION)
    assert [entry["name"] for entry in card.classes] == ["level", "upright"]
    assert card.patch == 64 and card.dtype == "uint8" and len(card.bands) == 3
    assert card.training["images"] == 51 and card.training["held_out"] == 13
    assert card.scores["distance"] == outputs["DISTANCE"]
    assert card.scores["classifier"]["gain"] == outputs["GAIN"]
    assert any("13 images (20%) were kept" in text for text in said.notes)
    assert any("near copies" in text for text in said.warnings)
    assert any("Scoring with" in text for text in said.notes)


def test_the_report_shows_samples_first_and_then_what_they_are_worth(trained):
    with open(trained[0]["REPORT"], encoding="utf-8") as file:
        page = file.read()
    titles = [part.split("</h2>")[0] for part in page.split("<h2>")[1:]]
    assert titles == [
        "Made images", "Are they copies?", "Does a classifier gain?", "How near are they?",
        "What a classifier gains", "How it learned", "Data and settings",
    ]  # fmt: skip
    assert "upright: real, kept from the generator" in page and "95 % interval" in page
    samples = page.split("Made images</h2>")[1].split("<h2>")[0]
    assert samples.count("<img") == 4  # made and real, of two classes


def test_the_model_makes_an_image_for_every_seed(trained):
    maker = load_maker(trained[0]["MODEL"], "cpu")
    image = maker.image(5)
    assert image.shape == (3, 64, 64) and torch.equal(image, maker.image(5, maker.class_of(5)))
    values = maker.values(image)
    assert values.dtype == np.uint8
    assert not torch.equal(image, maker.image(6)) and maker.class_of(5) == 1


def test_real_and_scrambled_images_stand_beside_the_distance(trained):
    scores = read_card(trained[0]["MODEL"]).scores
    assert scores["distance_of_real"] < scores["distance"]
    assert scores["distance_of_real"] < scores["distance_of_scrambled"]


def test_scrambled_images_keep_their_spectrum_and_lose_their_form():
    image = np.stack([stripes(1, 64, 1).astype(np.float32) / 250 - 0.5])
    other = scrambled(image, np.random.default_rng(0))
    spectra = [np.abs(np.fft.rfft2(part)) for part in (image, other)]
    assert np.corrcoef(spectra[0].ravel(), spectra[1].ravel())[0, 1] > 0.99
    assert other.mean() == pytest.approx(image.mean(), abs=0.01)
    assert abs(np.corrcoef(image.ravel(), other.ravel())[0, 1]) < 0.5


def test_images_are_compared_with_others_of_their_class_each_as_rarely_as_can_be():
    labels = np.array([0, 1, 0, 2, 0, 1])
    wanted = np.array([0, 0, 0, 1, 1, 1, 3])
    rows = alike(wanted, labels, np.random.default_rng(0))
    assert labels[rows[:6]].tolist() == wanted[:6].tolist()
    assert sorted(rows[:3]) == [0, 2, 4] and set(rows[3:6]) == {1, 5}


def plain_folder(root, count=60, **kind):
    for number in range(count):
        write_image(root / f"{number:03d}.tif", stripes(number % 2, seed=number, **kind))
    return root


@pytest.mark.parametrize("step", [0, 200])
def test_images_that_all_show_the_same_ground_are_split_one_by_one_with_a_warning(tmp_path, step):
    """In one place, or so near that blocks of ground leave nothing to learn from."""
    for number in range(60):
        place = rasterio.Affine(10, 0, 500_000 + step * (number % 2), 0, -10, 5_000_000)
        image = stripes(number % 2, seed=number)
        write_image(tmp_path / f"{number:03d}.tif", image, crs="EPSG:32633", transform=place)
    collection = read_collection(str(tmp_path), 32, 0, Silent())
    assert (len(collection.training), len(collection.held)) == (48, 12)
    assert any("single images are held out" in text for text in collection.warnings)


def test_images_without_classes_are_learned_and_no_gain_is_claimed(tmp_path):
    outputs = run(plain_folder(tmp_path / "in", bands=2, dtype="uint16"), tmp_path)
    assert set(outputs) == {"MODEL", "REPORT", "DISTANCE"}
    card = read_card(outputs["MODEL"])
    assert card.classes == [] and card.dtype == "uint16" and "classifier" not in card.scores
    values = load_maker(outputs["MODEL"], "cpu").values(torch.zeros(2, 64, 64))
    assert values.dtype == np.uint16 and 10_000 < values.mean() < 30_000


def test_holes_in_images_are_no_values(tmp_path):
    for number in range(60):
        image = stripes(number % 2, seed=number, bands=1, dtype="float32")
        image[:, :4, :4] = -9999
        write_image(tmp_path / "in" / f"{number}.tif", image, nodata=-9999)
    card = read_card(run(tmp_path / "in", tmp_path)["MODEL"])
    assert 0 < card.normalization["mean"][0] < 1 and 0.3 < card.normalization["sd"][0] < 2


def test_a_described_generator_tells_what_it_makes(trained, tmp_path):
    model = trained[0]["MODEL"]
    page = tmp_path / "page.html"
    outputs = describe_model.run(DescribeModel(model=model, report=str(page)), Silent())
    assert outputs["TASK"] == GENERATION and outputs["CLASSES"] == "level, upright"
    text = page.read_text(encoding="utf-8")
    assert "Makes images of 64 x 64 pixels and 3 bands." in text and "copies" in text


def test_crops_of_one_source_are_held_out_together(tmp_path):
    for source in range(12):
        for crop in range(8):
            angle = (source + crop) % 2
            name = f"{('level', 'upright')[angle]}/ESP_{100 + source}-{crop:03d}.png"
            image = stripes(angle, seed=100 * source + crop)
            write_image(tmp_path / "in" / name, image)
    collection = read_collection(str(tmp_path / "in"), 64, 0, Silent())
    sources = [os.path.basename(path)[:7] for path in collection.samples.paths]
    sides = [{sources[row] for row in rows} for rows in (collection.training, collection.held)]
    assert len(sides[1]) >= 2 and not sides[0] & sides[1]
    assert "12 sources that the file names tell" in collection.split.sentence


def test_copies_of_an_image_stay_on_one_side_and_count_once(tmp_path):
    for number in range(70):
        write_image(tmp_path / "in" / f"{number}.png", stripes(0, seed=number // 2))
    with pytest.raises(JobError, match="35 different images"):
        read_collection(str(tmp_path / "in"), 64, 0, Silent())
    for number in range(70, 140):
        write_image(tmp_path / "in" / f"{number}.png", stripes(0, seed=number // 2))
    collection = read_collection(str(tmp_path / "in"), 64, 0, Silent())
    twins = collection.samples.twins
    assert not set(twins[collection.training]) & set(twins[collection.held])


def test_neighbors_on_the_ground_are_held_out_together(tmp_path):
    from rasterio.transform import from_origin

    for number in range(100):
        row, column = divmod(number, 10)
        place = from_origin(500_000 + 320 * column, 5_000_000 - 320 * row, 10, 10)
        image = stripes(0, seed=number)
        write_image(tmp_path / "in" / f"{number}.tif", image, crs="EPSG:32633", transform=place)
    collection = read_collection(str(tmp_path / "in"), 64, 0, Silent())
    assert "blocks of ground" in collection.split.sentence
    apart = collection.samples.positions[collection.training][:, None]
    apart = np.abs(apart - collection.samples.positions[collection.held]).max(2)
    assert apart.min() >= 320


def test_large_images_are_held_with_room_for_crops_and_small_ones_without(tmp_path):
    for name, side in (("large", 100), ("small", 40)):
        plain_folder(tmp_path / name, count=50, side=side)
        collection = read_collection(str(tmp_path / name), 64, 0, Silent())
        assert collection.samples.values.shape[-1] == {"large": 72, "small": 64}[name]
        assert collection.centers(collection.held).shape[-2:] == (64, 64)


def test_images_beside_subfolders_mean_no_classes_and_a_warning(tmp_path):
    striped_folder(tmp_path / "in", count=26)
    write_image(tmp_path / "in" / "loose.png", stripes(0, seed=7))
    collection = read_collection(str(tmp_path / "in"), 64, 0, Silent())
    assert collection.class_names == [] and len(collection.samples) == 53
    assert "beside the subfolders" in " ".join(collection.warnings)


def refused(folder, tmp_path, **wishes):
    """The sentence of a training that must leave nothing behind."""
    with pytest.raises(JobError) as caught:
        run(folder, tmp_path, **wishes)
    assert caught.value.remedy
    out = tmp_path / "out"
    assert not out.exists() or not os.listdir(out)
    return str(caught.value)


def test_fewer_than_fifty_images_are_refused(tmp_path):
    (tmp_path / "empty").mkdir()
    assert "has 0 different images" in refused(tmp_path / "empty", tmp_path)
    said = refused(plain_folder(tmp_path / "in", count=49), tmp_path)
    assert "has 49 different images" in said and "at least 50" in said


def test_damaged_images_are_named_and_do_not_count(tmp_path):
    folder = plain_folder(tmp_path / "in", count=52)
    (folder / "001.tif").write_bytes(b"damaged")
    said = Said()
    run(folder, tmp_path, said.progress)
    assert any('"001.tif"' in text for text in said.warnings)
    for number in (2, 3):
        (folder / f"{number:03d}.tif").write_bytes(b"")
    said = refused(folder, tmp_path / "again")
    assert "has 49 different images" in said and '"001.tif"' in said


def test_images_of_different_bands_or_types_are_refused(tmp_path):
    folder = plain_folder(tmp_path / "in", count=55)
    write_image(folder / "odd.tif", stripes(0, bands=1))
    assert "different numbers of bands: 55 with 3, 1 with 1" in refused(folder, tmp_path)
    write_image(folder / "odd.tif", stripes(0, dtype="uint16"))
    assert "different data types" in refused(folder, tmp_path)


def test_places_that_cannot_be_written_are_refused_before_work(stripes_of_two_classes, tmp_path):
    (tmp_path / "file").write_text("")
    model = str(tmp_path / "file" / "m.safetensors")
    assert "is a file, not a folder" in refused(stripes_of_two_classes, tmp_path, model=model)


def test_cancelling_leaves_nothing(monkeypatch, stripes_of_two_classes, tmp_path):
    monkeypatch.setattr("plugin.engine.progress.SECONDS_BETWEEN", 0.0)
    for stop_at in (0.02, 0.3, 0.9):
        with pytest.raises(Stopped):
            run(stripes_of_two_classes, tmp_path, Said(stop_at).progress)
        assert not (tmp_path / "out").exists()


def test_copies_are_searched_in_all_training_images(stripes_of_two_classes, tmp_path, monkeypatch):
    monkeypatch.setattr(scoring, "_MOST_TRAINING", 20)
    heart, copied = [], scoring.make

    def by_heart(network, seeds, labels, progress):
        """What a generator gives that knows one image, which is not among the first twenty."""
        images = copied(network, seeds, labels, progress)
        if len(heart) == 1:
            images[:] = heart[0]
        return images

    def score(network, collection, eye, seed, progress):
        order = np.random.default_rng(seed).permutation(collection.training)
        heart.append(collection.centers(order[-1:])[0])
        known.append(order)
        return scoring.score(network, collection, eye, seed, progress)

    known = []
    monkeypatch.setattr(scoring, "make", by_heart)
    monkeypatch.setattr(train_image_generator, "score", score)
    run(stripes_of_two_classes, tmp_path)
    page = (tmp_path / "out" / "r.html").read_text(encoding="utf-8")
    assert f"nearest of all {len(known[0])} training images" in page and len(known[0]) > 40
    headline = check_form(page).headline
    assert "Many of these images are near copies of training images" in headline


def test_a_card_is_plain_json(trained):
    card = read_card(trained[0]["MODEL"])
    assert json.loads(card.to_text())["training"]["counts"] == {"level": 25, "upright": 26}
