"""Blocks of several rasters and images: what shows the same is for the same purpose."""

import numpy as np
import pytest
from affine import Affine
from PIL import Image

from brightness import Said
from landscapes import NORTH_UP, write_raster
from plugin.engine.progress import Silent
from plugin.engine.rasters import Raster
from plugin.engine.upscaling import scenes as scenes_of_rasters
from plugin.engine.upscaling.ground import (
    TRAINING,
    VALIDATION,
    WATCHED,
    Block,
    blocks_of,
    divide,
)
from plugin.engine.upscaling.image_scenes import image_scenes
from plugin.engine.upscaling.lessons import training_images, watched_patches
from plugin.engine.upscaling.pairs import make_pair
from plugin.engine.upscaling.scenes import Scene
from plugin.jobs.errors import JobError
from upscalers import ground


def box_on_the_ground(scene, place):
    """West and south, east and north of a rectangle in coarse pixels."""
    ring = np.array(scene.raster.grid.part(*scene.in_raster(*place)).outline())
    return ring.min(axis=0), ring.max(axis=0)


def share_covered(box, other):
    sides = np.minimum(box[1], other[1]) - np.maximum(box[0], other[0])
    return np.prod(np.maximum(sides, 0)) / np.prod(box[1] - box[0])


@pytest.mark.parametrize("moved", [0, 2, 600])
def test_ground_that_is_scored_in_one_raster_does_not_train_in_another(tmp_path, moved):
    scenes = []
    for year, start in enumerate((0, moved)):
        transform = Affine(5, 0, 500000 + start, 0, -5, 5200000 - start)
        path = tmp_path / f"year_{year}.tif"
        write_raster(path, np.ones((1, 1024, 1024), "uint8"), transform=transform)
        scenes.append(Scene(Raster(str(path)), 4))
    blocks = divide(scenes, 32, 0.2, seed=0)
    scored, trained = (
        [box_on_the_ground(scenes[n], place) for n, place in blocks_of(blocks, part)]
        for part in (VALIDATION, TRAINING)
    )
    for scene in scenes:
        scene.raster.close()
    assert len(scored) >= 4 and len(trained) >= 8
    assert max(share_covered(box, other) for box in scored for other in trained) < 0.03


@pytest.mark.parametrize("same", ["source", "values"])
def test_crops_of_one_source_and_copies_are_for_the_same_purpose(tmp_path, same):
    chance = np.random.default_rng(0)
    for letter in "abcdefghijkl":
        first = chance.integers(0, 255, (96, 96), "uint8")
        for crop, word in enumerate(("river", "stone", "field", "water")):
            values = first if same == "values" else chance.integers(0, 255, (96, 96), "uint8")
            name = f"{letter}7_{crop}" if same == "source" else f"{letter}{word}"
            Image.fromarray(values).save(tmp_path / f"{name}.png")
    scenes, parts = image_scenes(str(tmp_path), 2, 0.0, Silent()), {}
    for block in divide(scenes, 32, 0.2, seed=0):
        parts.setdefault(scenes[block.scene].name[0], set()).add(block.part)
    assert len(parts) == 12 and all(len(purposes) == 1 for purposes in parts.values())
    assert set.union(*parts.values()) == {TRAINING, WATCHED, VALIDATION}


def test_what_is_watched_lies_all_over_its_blocks(tmp_path):
    rows = np.repeat(np.linspace(0, 1, 1024), 1024).reshape(1, 1024, 1024)
    with Raster(write_raster(tmp_path / "rows.tif", rows)) as raster:
        scene = Scene(raster, 4)
        blocks = [Block(0, (0, 0, 256, 256), WATCHED)]
        _, fine = watched_patches([scene], blocks, 16, 1, 0.3)
        middles = [float(scene.scale.to_unit(patch[None]).mean()) for patch in fine]
    assert len(middles) == 24 and min(middles) < 0.25 and max(middles) > 0.75


def test_scale_of_a_wide_raster_is_not_that_of_one_column(tmp_path, monkeypatch):
    values = np.zeros((1, 2048, 2048), "uint8")
    values[:, :, 1024:] = 200
    monkeypatch.setattr(scenes_of_rasters, "_STATISTICS_SIDE", 32)
    with Raster(write_raster(tmp_path / "halves.tif", values)) as raster:
        scale = Scene(raster, 4).scale
    assert scale.mean[0] == pytest.approx(100, abs=40) and scale.sd[0] > 80


def test_holes_of_the_coarse_raster_train_and_score_nothing(tmp_path):
    fine = ground(512, 512).astype("float32")
    coarse = fine.reshape(1, 128, 4, 128, 4).mean((2, 4)).astype("float32")
    coarse[:, 0:32, 0:64] = -9
    path = write_raster(tmp_path / "fine.tif", fine)
    wide = NORTH_UP @ Affine.scale(4)
    given = write_raster(tmp_path / "coarse.tif", coarse, transform=wide, nodata=-9)
    with Raster(path) as raster:
        pair = make_pair(raster, given, [], 4)
        scene = Scene(raster, 4, pair=pair)
        blocks = [Block(0, (0, 0, 128, 128), TRAINING)]
        kinds = training_images([scene], blocks, 32, 0, Silent())
        assert np.isnan(kinds[0].coarse[0][:, 0:32, 0:64]).all()
        assert np.isfinite(kinds[0].coarse[0][:, 32:]).all()
        assert scene.piece((0, 0, 40, 40), 8, 0.3) is None
        assert scene.piece((40, 0, 40, 40), 16, 0.3) is not None
        watched = [Block(0, (0, 0, 64, 64), WATCHED)]
        assert len(watched_patches([scene], watched, 32, 1, 0.3)[0]) == 2
        pair.coarse.close()


def test_scenes_are_read_in_strips_and_are_the_same(tmp_path, monkeypatch):
    values = ground(520, 640).astype("float32")
    values[:, 60:90, 100:200] = np.nan
    with Raster(write_raster(tmp_path / "fine.tif", values)) as raster:
        scene, read = Scene(raster, 4), []
        blocks = [Block(0, (0, 0, 130, 160), TRAINING)]
        fine = scene.fine
        monkeypatch.setattr(scene, "fine", lambda *place: read.append(place) or fine(*place))
        image = training_images([scene], blocks, 32, 0, Silent())[0].images[0]
        wanted = scene.scale.to_network(values)[0].numpy()
    assert max(place[2] for place in read) <= 64 and len(read) == 3
    assert np.array_equal(image, wanted, equal_nan=True)


@pytest.mark.parametrize("crs", ["EPSG:32633", None])
def test_georeferenced_chips_that_overlap_are_not_trained_and_scored(tmp_path, crs):
    values = (255 * ground(1024, 1024)).round().astype("uint8")
    for number, (row, column) in enumerate(np.ndindex(14, 14)):
        top, left = 64 * row, 64 * column  # chips of 96 pixels: half of each lies in the next
        place = Affine.translation(500_000 + 5 * left, 5_200_000 - 5 * top) @ Affine.scale(5, -5)
        chip = values[:, top : top + 96, left : left + 96]
        write_raster(
            tmp_path / f"{'chip'[number % 4]}_{np.base_repr(number, 36)}x.tif", chip, place
        )
    scenes = image_scenes(str(tmp_path), 2, 0.0, Silent())
    blocks = divide(scenes, 32, 0.2, seed=0)
    scored, trained = (
        [box_on_the_ground(scenes[n], place) for n, place in blocks_of(blocks, part)]
        for part in (VALIDATION, TRAINING)
    )
    assert len(scored) >= 20 and len(trained) >= 60
    assert max(share_covered(box, other) for box in scored for other in trained) < 0.03
    corners = np.array([box[0] for box in scored])
    near = np.abs(corners[:, None] - corners).max(axis=2) <= 5 * 64 + 1
    assert near.sum(axis=1).mean() > 3  # whole pieces of ground, not chips here and there


def test_damaged_and_odd_images_are_left_out_by_name(tmp_path):
    chance, said = np.random.default_rng(0), Said()
    for number in range(6):
        Image.fromarray(chance.integers(0, 255, (64, 64, 3), "uint8")).save(
            tmp_path / f"{'abcdef'[number]}_good.png"
        )
    (tmp_path / "broken.png").write_bytes((tmp_path / "a_good.png").read_bytes()[:900])
    (tmp_path / "empty.jpg").touch()
    Image.fromarray(chance.integers(0, 255, (64, 64), "uint8")).save(tmp_path / "gray.png")
    scenes = image_scenes(str(tmp_path), 2, 0.0, said.progress)
    assert [scene.name for scene in scenes] == [f"{letter}_good.png" for letter in "abcdef"]
    assert len(said.warnings) == 3
    for words in (
        '"broken.png" cannot be read',
        '"empty.jpg" is an empty file',
        '"gray.png" has 1',
    ):
        assert any(words in text and text.endswith("left out.") for text in said.warnings)


def test_a_folder_in_which_nothing_can_be_read_is_refused_with_the_first_reason(tmp_path):
    (tmp_path / "a.png").write_bytes(b"no picture")
    with pytest.raises(JobError, match=r'No image in .* can be used. "a.png" cannot be read'):
        image_scenes(str(tmp_path), 2, 0.0, Silent())


def test_images_with_a_pixel_size_but_no_place_are_not_taken_for_one_place(tmp_path):
    chance = np.random.default_rng(0)
    for number in range(30):
        values = chance.integers(0, 255, (1, 96, 96), "uint8")
        name = f"{'abc'[number % 3]}{np.base_repr(number, 36)}x.tif"
        write_raster(tmp_path / name, values, Affine.scale(2, -2), None)
    blocks = divide(image_scenes(str(tmp_path), 2, 0.0, Silent()), 32, 0.2, seed=0)
    assert len(blocks_of(blocks, TRAINING)) >= 20 and len(blocks_of(blocks, VALIDATION)) == 6


def test_images_of_one_ground_are_refused(tmp_path):
    chance = np.random.default_rng(0)
    for number in range(30):
        values = chance.integers(0, 255, (1, 96, 96), "uint8")
        write_raster(tmp_path / f"{'abc'[number % 3]}{np.base_repr(number, 36)}x.tif", values)
    with pytest.raises(JobError, match="No ground is left to train on"):
        divide(image_scenes(str(tmp_path), 2, 0.0, Silent()), 32, 0.2, seed=0)
