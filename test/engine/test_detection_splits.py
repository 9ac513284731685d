"""What a detector is scored on was not seen in training, however it is given."""

from types import SimpleNamespace

import numpy as np
import pytest
from affine import Affine
from rasterio.warp import transform

from images import write_image
from landscapes import NORTH_UP, ROTATED, UTM, box, write_labels, write_raster
from pits import pit_boxes, pit_places, pit_values, write_yolo
from plugin.engine.detection.collection import read_rasters
from plugin.engine.detection.image_sets import read_images
from plugin.engine.detection.same_ground import scenes_on_ground_of
from plugin.engine.detection.units import count_boxes, lay_out, plan, watched_split
from plugin.engine.progress import Silent
from plugin.jobs.errors import JobError

SIDE = 512
PLACES = pit_places(SIDE, SIDE, 90, seed=2)
ANYTHING = pit_values(SIDE, SIDE, PLACES)
NEXT_ZONE = Affine(10.0, 0.0, 59_600.0, 0.0, -10.0, 5_415_000.0), "EPSG:32634"


def job(**wishes):
    usual = {"validation": "holdout", "validation_share": 0.2, "folds": 4, "seed": 0}
    return SimpleNamespace(**(usual | wishes))


def overlapping(folder, *grids):
    """Rasters of one ground, and the collection of their boxes."""
    paths = [
        write_raster(folder / f"{number}.tif", ANYTHING, place, crs)
        for number, (place, crs) in enumerate(grids)
    ]
    shapes = [box(*b[[1, 0, 3, 2]], grids[0][0]) for b in pit_boxes(PLACES)]
    boxes = write_labels(folder / "boxes.geojson", [(shape, "pit") for shape in shapes])
    return read_rasters(
        job(rasters=paths, bands=[], extent=None, boxes=boxes, class_field=""), Silent()
    )


def tiles(folder, step=64, placed=True, name="pit_{}_{}"):
    """Tiles of 128 pixels of one raster with YOLO labels, the read collection."""
    for row, column in np.ndindex(7, 7):
        top, left = step * row, step * column
        values, stem = ANYTHING[:, top : top + 128, left : left + 128], name.format(row, column)
        if placed:
            place = NORTH_UP @ Affine.translation(left, top)
            write_raster(folder / f"{stem}.tif", values, place)
        else:
            write_image(folder / f"{stem}.png", values)
        boxes = pit_boxes(PLACES) - [left, top, left, top]
        inside = ((boxes[:, :2] >= 0) & (boxes[:, 2:] <= 128)).all(axis=1)
        write_yolo(folder / f"{stem}.txt", boxes[inside], 128, 128)
    return read_images(str(folder), "", Silent())


def seen(collection, train, scored):
    """How many places all over the scored units lie in units that train, in any scene."""
    grids, count = collection.grids, 0
    for unit in scored:
        own = grids[unit.scene]
        rows, columns = np.meshgrid(np.linspace(0.01, 0.99, 30), np.linspace(0.01, 0.99, 30))
        rows, columns = (
            unit.row + unit.height * rows.ravel(),
            unit.column + unit.width * columns.ravel(),
        )
        for number, grid in enumerate(grids):
            places = transform(own.crs, grid.crs, *own.to_ground(rows, columns))
            down, right = grid.to_pixels(*places)
            for other in train:
                if other.scene == number:
                    inside = (down > other.row) & (down < other.row + other.height)
                    inside &= (right > other.column) & (right < other.column + other.width)
                    count += int(inside.sum())
    return count


def splits(collection, **wishes):
    units = lay_out(collection, 5)
    made = plan(job(**wishes), collection, units)
    return [(train, [units[i] for i in test]) for train, test in made.splits], made.sentence


@pytest.mark.parametrize("validation", ["holdout", "cross_validation"])
@pytest.mark.parametrize(
    "second",
    [
        (NORTH_UP, UTM),
        (NORTH_UP @ Affine.translation(40, 0), UTM),
        (NORTH_UP @ Affine.translation(61.5, 61.5), UTM),
        (NORTH_UP @ Affine.scale(0.8), UTM),
        NEXT_ZONE,
    ],
    ids=["another date", "next strip", "half a block", "finer pixels", "another CRS"],
)
def test_ground_that_is_scored_in_one_raster_does_not_train_in_another(
    tmp_path, second, validation
):
    collection = overlapping(tmp_path, (NORTH_UP, UTM), second)
    assert len(collection.scenes) == 2
    made, sentence = splits(collection, validation=validation)
    for train, scored in made:
        assert not seen(collection, train, scored)
        assert count_boxes(collection, train) > 0.5 * len(collection.boxes)
        watching = watched_split(collection, train, seed=0)
        assert not seen(collection, *watching)
    collection.close()
    assert "The ground of a scored block was not seen in training, in any raster." in sentence


def test_turned_rasters_of_one_grid_lose_only_what_is_scored(tmp_path):
    collection = overlapping(tmp_path, (ROTATED, UTM), (ROTATED, UTM))
    ((train, scored),), _ = splits(collection)
    collection.close()
    assert {(u.row, u.column) for u in train}.isdisjoint((u.row, u.column) for u in scored)
    assert count_boxes(collection, train) + count_boxes(collection, scored) == 2 * len(PLACES)


def test_strips_that_overlap_one_after_the_other_are_no_single_group(tmp_path):
    moved = [(NORTH_UP @ Affine.translation(40 * n, 40 * n), UTM) for n in range(4)]
    collection = overlapping(tmp_path, *moved)
    units = lay_out(collection, 5)
    collection.close()
    sizes = np.unique([unit.group for unit in units], return_counts=True)[1]
    assert len(sizes) >= 20 and sizes.max() <= 6


@pytest.mark.parametrize("validation", ["holdout", "cross_validation"])
def test_georeferenced_tiles_that_overlap_are_not_on_both_sides(tmp_path, validation):
    collection = tiles(tmp_path)
    made, sentence = splits(collection, validation=validation)
    for train, scored in made:
        assert not seen(collection, train, scored)
        assert count_boxes(collection, train) > 0.3 * len(collection.boxes)
    assert not collection.warnings
    assert "The ground of a scored image was not seen in training." in sentence


def test_tiles_side_by_side_are_scored_in_squares_of_ground(tmp_path):
    collection = tiles(tmp_path, step=64, name="{}x{}")
    units = lay_out(collection, 5)
    assert len({unit.group for unit in units}) < len(units) / 3


def test_crops_of_one_source_by_their_names_are_not_on_both_sides(tmp_path):
    collection = tiles(tmp_path, placed=False, name="core{}-{}")
    ((train, scored),), sentence = splits(collection)
    rows = [{collection.scenes[u.scene].name[:5] for u in units} for units in (train, scored)]
    assert rows[0] and rows[1] and rows[0].isdisjoint(rows[1])
    assert "So do crops of one source, as file names tell." in sentence


def test_boxes_in_one_source_only_are_a_warning(tmp_path):
    collection = tiles(tmp_path, placed=False, name="core{}-{}")
    for path in tmp_path.glob("core[1-6]*.txt"):
        path.write_text("", encoding="utf-8")
    collection = read_images(str(tmp_path), "", Silent())
    assert "look like crops of 7 sources" in collection.warnings[0]
    assert len(np.unique(collection.groups)) == 49


def test_images_without_a_place_among_others_are_told(tmp_path):
    tiles(tmp_path)
    write_raster(tmp_path / "lost.tif", ANYTHING[:, :100, :100], Affine.identity(), None)
    warnings = read_images(str(tmp_path), "", Silent()).warnings
    assert "without a place on the ground: 1 of 50" in warnings[0]


def test_validation_images_on_the_ground_of_others_are_counted(tmp_path):
    for folder in ("train", "own"):
        (tmp_path / folder).mkdir()
    collection, others = tiles(tmp_path / "train"), tmp_path / "own"
    for number, east in enumerate((300, 2000)):
        place = NORTH_UP @ Affine.translation(east, 300)
        write_raster(others / f"{number}.tif", ANYTHING[:, :200, :200] + number, place)
        write_yolo(others / f"{number}.txt", pit_boxes([(50, 50, 10)]), 200, 200)
    own = read_images(str(others), "", Silent())
    assert scenes_on_ground_of(own, collection) == 1


def test_images_of_one_ground_cannot_score_one_another(tmp_path):
    boxes = pit_boxes(PLACES)
    for year in (2020, 2021):
        write_raster(tmp_path / f"{year}.tif", pit_values(SIDE, SIDE, PLACES, seed=year))
        write_yolo(tmp_path / f"{year}.txt", boxes, SIDE, SIDE)
    with pytest.raises(JobError, match="all lie on ground that is scored in another image"):
        splits(read_images(str(tmp_path), "", Silent()))
