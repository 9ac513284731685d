"""Images from seeds, with a generator that was not trained: what matters is where they go."""

import csv
import os

import numpy as np
import pytest
import rasterio
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from brightness import Said
from plugin.engine import model_file
from plugin.engine.generation.generator import load_maker
from plugin.engine.networks.image_generator import ImageGenerator
from plugin.engine.progress import Silent
from plugin.engine.rasters import describe_image, read_image
from plugin.engine.tasks import generate_images
from plugin.jobs import GenerateImages
from plugin.jobs.declare import from_values
from plugin.jobs.errors import JobError, Stopped
from plugin.jobs.model_card import CLASSIFICATION, GENERATION, ModelCard

CLASSES = ("crater", "dune/dark")


def generator(path, bands=3, dtype="uint8", classes=CLASSES, side=64, **values):
    """Write a generator that has learned nothing; its path as text."""
    torch.manual_seed(0)
    network = ImageGenerator(bands, side, max(len(classes), 1), 4)
    middle = {"uint8": 127.5, "uint16": 20_000, "float32": 0.1, "int16": -300}[dtype]
    known = {
        "arguments": {"bands": bands, "side": side, "classes": max(len(classes), 1), "width": 4},
        "bands": [{"name": f"band {i}", "unit": ""} for i in range(1, bands + 1)],
        "normalization": {"mean": [middle] * bands, "sd": [abs(middle)] * bands},
        "classes": [{"value": i, "name": n, "color": "#123456"} for i, n in enumerate(classes, 1)],
        "patch": side,
        "dtype": dtype,
    }
    card = ModelCard(GENERATION, "dcgan", **{**known, **values})
    model_file.save(str(path), card, network)
    return str(path)


@pytest.fixture
def model(tmp_path):
    return generator(tmp_path / "m.safetensors")


def run(model, output, progress=None, **wishes):
    values = {"model": model, "output": str(output), "count": 6, **wishes}
    return generate_images.run(from_values(GenerateImages, values), progress or Silent())


def files(folder):
    found = [
        os.path.relpath(os.path.join(parent, name), folder)
        for parent, _, names in os.walk(folder)
        for name in names
    ]
    return sorted(found)


def content(folder):
    return {name: (folder / name).read_bytes() for name in files(folder)}


def test_images_lie_in_a_folder_per_class_with_their_seeds(model, tmp_path):
    run(model, tmp_path / "made", seed=10)
    assert files(tmp_path / "made") == [
        "crater/crater_00000010.png", "crater/crater_00000012.png", "crater/crater_00000014.png",
        "dune_dark/dune_dark_00000011.png", "dune_dark/dune_dark_00000013.png",
        "dune_dark/dune_dark_00000015.png",
    ]  # fmt: skip
    image = Image.open(tmp_path / "made" / "crater" / "crater_00000010.png")
    assert image.size == (64, 64) and image.mode == "RGB"


def test_a_seed_gives_the_same_image_bit_by_bit_however_many_are_made(model, tmp_path):
    run(model, tmp_path / "many", count=9, seed=3)
    for seed in (3, 7, 11):
        run(model, tmp_path / f"one {seed}", count=1, seed=seed)
        ((name, data),) = content(tmp_path / f"one {seed}").items()
        assert content(tmp_path / "many")[name] == data
    assert len(set(content(tmp_path / "many").values())) == 9


def test_the_manifest_names_every_image_with_its_class_and_seed(model, tmp_path):
    manifest = tmp_path / "lists" / "made.csv"
    outputs = run(model, tmp_path / "made", manifest=str(manifest))
    assert outputs == {"OUTPUT": str(tmp_path / "made"), "MANIFEST": str(manifest)}
    with open(manifest, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert sorted(row["path"] for row in rows) == files(tmp_path / "made")
    assert [row["class"] for row in rows] == list(CLASSES) * 3
    assert [int(row["seed"]) for row in rows] == list(range(6))


def test_the_contact_sheet_shows_the_first_images(model, tmp_path):
    sheet = tmp_path / "sheet.png"
    run(model, tmp_path / "made", contact_sheet=str(sheet), count=13)
    page = np.asarray(Image.open(sheet))
    assert page.shape[0] > 2 * 64 and page.shape[1] > 10 * 64
    first = np.asarray(Image.open(tmp_path / "made" / "crater" / "crater_00000000.png"), int)
    times = page.shape[1] // (10 * 68 - 4)
    shown = page[: 64 * times : times, : 64 * times : times]
    assert np.abs(shown - first).max() <= 1


def test_one_class_can_be_asked_for(model, tmp_path):
    run(model, tmp_path / "made", class_name="dune/dark", count=3)
    assert [os.path.dirname(name) for name in files(tmp_path / "made")] == ["dune_dark"] * 3


@pytest.mark.parametrize(
    "bands, dtype, ending",
    [(1, "uint8", ".png"), (4, "uint8", ".tif"), (2, "uint16", ".tif"), (1, "float32", ".tif"), (5, "int16", ".tif")],
)  # fmt: skip
def test_images_keep_bands_type_and_values_and_lie_nowhere_on_earth(tmp_path, bands, dtype, ending):
    model = generator(tmp_path / "m.safetensors", bands, dtype, classes=())
    run(model, tmp_path / "made", count=2)
    assert files(tmp_path / "made") == [f"image_0000000{i}{ending}" for i in (0, 1)]
    path = str(tmp_path / "made" / f"image_00000001{ending}")
    described, (values, valid) = describe_image(path), read_image(path)
    assert (described.bands, described.dtype, described.crs) == (bands, dtype, "")
    assert described.transform is None and valid is None
    maker = load_maker(model, "cpu")
    assert np.array_equal(values, maker.values(maker.image(1)))
    if ending == ".tif":
        with rasterio.open(path) as file:
            assert file.descriptions[0] == "band 1"


def test_values_beyond_the_type_are_clipped_not_wrapped(tmp_path):
    model = generator(
        tmp_path / "m.safetensors", normalization={"mean": [250.0] * 3, "sd": [99.0] * 3}
    )
    values = load_maker(model, "cpu").values(
        torch.tensor([1.0, -1.0]).view(1, 1, 2).expand(3, 1, 2)
    )
    assert values[0, 0].tolist() == [255, 151]


def refused(model, output, **wishes):
    before = set(os.listdir(os.path.dirname(output)))
    with pytest.raises(JobError) as caught:
        run(model, output, **wishes)
    assert caught.value.remedy and set(os.listdir(os.path.dirname(output))) == before
    return str(caught.value)


def test_a_class_that_the_model_does_not_know_is_refused(model, tmp_path):
    said = refused(model, tmp_path / "made", class_name="volcano")
    assert 'knows no class "volcano"' in said and "crater, dune/dark" in said
    plain = generator(tmp_path / "plain.safetensors", classes=())
    assert "trained without classes" in refused(plain, tmp_path / "made", class_name="crater")


def test_a_folder_that_holds_something_is_refused_and_stays_as_it_is(model, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    assert "is not empty" in refused(model, tmp_path / "mine")
    assert files(tmp_path / "mine") == ["notes.txt"]
    run(model, tmp_path / "again", count=1)
    assert "is not empty" in refused(model, tmp_path / "again", count=1)
    (tmp_path / "file").write_text("mine")
    assert "is a file, not a folder" in refused(model, tmp_path / "file")


def test_an_empty_folder_is_filled(model, tmp_path):
    (tmp_path / "made").mkdir()
    run(model, tmp_path / "made", count=2)
    assert len(files(tmp_path / "made")) == 2


@pytest.mark.parametrize("count", [0, -3, 100_001])
def test_no_or_too_many_images_are_refused(model, tmp_path, count):
    assert "Number of images" in refused(model, tmp_path / "made", count=count)


def test_a_model_of_another_task_is_refused(tmp_path):
    path = str(tmp_path / "m.safetensors")
    model_file.save(path, ModelCard(CLASSIFICATION, "small_cnn"), torch.nn.Linear(2, 2))
    assert "is for image classification" in refused(path, tmp_path / "made")


@pytest.mark.parametrize(
    "change",
    [
        {"arguments": {"bands": 3, "side": 64, "classes": 2}},
        {"arguments": {"bands": 3, "side": 10**9, "classes": 2, "width": 4}},
        {"arguments": {"bands": 4, "side": 64, "classes": 2, "width": 4}},
        {"normalization": {"mean": [1.0], "sd": [1.0]}},
        {"dtype": "complex64"},
    ],
)
def test_a_card_that_does_not_fit_its_network_is_refused(tmp_path, change):
    whole = {"dtype": "uint8"}
    path = str(tmp_path / "m.safetensors")
    if "dtype" in change:
        generator(path, **whole)
        text = read_text(path).replace('"dtype": "uint8"', '"dtype": "complex64"')
        save_file(load_file(path), path, {"deep_geology": text})
    else:
        generator(path, **whole, **change)
    assert "is damaged" in refused(path, tmp_path / "made")


def read_text(path):
    from plugin.jobs.model_card import read_header

    return read_header(path)["__metadata__"]["deep_geology"]


def test_weights_that_are_no_numbers_are_refused(model, tmp_path):
    tensors = load_file(model)
    tensors["end.bias"] = tensors["end.bias"] * float("nan")
    save_file(tensors, model, {"deep_geology": read_text(model)})
    assert "is damaged" in refused(model, tmp_path / "made")


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="a folder that nobody may write to")
def test_a_read_only_folder_is_refused(model, tmp_path):
    with pytest.raises(JobError) as caught:
        run(model, "/proc/self/made")
    assert "Choose a folder you may write to" in caught.value.remedy


def test_what_goes_wrong_while_writing_leaves_nothing(model, tmp_path, monkeypatch):
    written = []

    def fail(path, values, names):
        written.append(path)
        if len(written) == 4:
            raise JobError("The disk is full.", "Free some space.")
        open(path, "wb").close()

    monkeypatch.setattr(generate_images, "write_new_image", fail)
    assert "disk is full" in refused(model, tmp_path / "made")


def test_cancelling_leaves_nothing(model, tmp_path, monkeypatch):
    monkeypatch.setattr("plugin.engine.progress.SECONDS_BETWEEN", 0.0)
    with pytest.raises(Stopped):
        run(model, tmp_path / "made", Said(stop_at=0.4).progress, manifest=str(tmp_path / "m.csv"))
    assert os.listdir(tmp_path) == ["m.safetensors"]


def test_a_generator_that_copies_is_warned_of(tmp_path):
    model = generator(tmp_path / "m.safetensors", scores={"copies": 0.4, "variety": 0.5})
    said = Said()
    run(model, tmp_path / "made", said.progress, count=1)
    assert "40% of its images counted as copies" in said.warnings[0]
    assert "50% as varied" in said.warnings[1]
