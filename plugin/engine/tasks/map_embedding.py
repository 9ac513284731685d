"""Lay images out by what a model sees in them."""

import os
from dataclasses import dataclass, field

import numpy as np
from PIL import Image

from ...jobs.colors import class_colors
from ...jobs.errors import JobError
from ...jobs.model_card import class_names
from ...jobs.raster_sizes import check_patches_held
from ..countdown import Countdown
from ..embedding import (
    MOST_TSNE,
    FeatureStore,
    as_colors,
    neighbor_map,
    principal_components,
)
from ..embedding_plot import THUMBNAIL, draw_embedding, write_plot
from ..explanation.inputs import find_images, is_images, read_squares
from ..explanation.layers import check_patches, open_input
from ..explanation.pictures import shown_image
from ..explanation.subject import load_subject
from ..image_places import image_points
from ..prediction import cell_patches
from ..rasters import describe_image, new_raster, shown_name
from ..vectors import Feature, write_features
from ..windows import Cells

_MOST_PICTURES = 400
_COLUMNS = [
    ("path", "text"),
    ("class", "text"),
    ("predicted", "text"),
    ("probability", "real"),
    ("embedding_1", "real"),
    ("embedding_2", "real"),
    ("embedding_3", "real"),
]


@dataclass
class _Seen:
    """What is known of the images or patches that came in.

    Attributes
    ----------
    store : FeatureStore
    names : list of str
        Path of every image, or row and column of a patch.
    folders : list of str
        Subfolder of every image; empty if there is none.
    chances : list of ndarray
        Probabilities, some images at a time.
    pictures : list of (int, ndarray)
        Small images with their number.
    """

    store: FeatureStore
    every: int
    names: list = field(default_factory=list)
    folders: list = field(default_factory=list)
    chances: list = field(default_factory=list)
    pictures: list = field(default_factory=list)

    def add(self, subject, images, names, folders, check):
        features, chances = subject.features(images, check)
        self.store.add(features)
        self.chances.append(chances)
        for image, name, folder in zip(images, names, folders, strict=True):
            if len(self.names) % self.every == 0:
                self.pictures.append((len(self.names), _small(image, subject.card)))
            self.names.append(name)
            self.folders.append(folder)


def _small(image, card):
    pixels = Image.fromarray(shown_image(image, card))
    return np.asarray(pixels.resize((THUMBNAIL, THUMBNAIL), Image.Resampling.BICUBIC))


def run(job, progress):
    """Map the features of images, or of the patches of a raster.

    Returns
    -------
    dict
        OUTPUT, PLOT and COMPONENTS as far as asked for, EXPLAINED.

    Raises
    ------
    JobError
        If there are fewer than three images, or the model does not suit them.
    """
    subject = load_subject(job.model, job.device, job.batch_size)
    images = not job.more_rasters and is_images(job.input)
    if images and job.components:
        raise JobError("Images have no components raster: they lie side by side nowhere.", "Skip COMPONENTS.")  # fmt: skip
    gather = _gather_images if images else _gather_patches
    seen, points, crs, cells = gather(job, subject, progress.part(0.0, 0.8))
    if len(seen.names) < 3:
        count = "is 1" if len(seen.names) == 1 else f"are {len(seen.names)}"
        raise JobError(
            f"A map needs at least 3 images or patches with data; there {count}.",
            "Give more images, a larger extent or a smaller stride.",
        )
    coordinates, explained = principal_components(seen.store.all(), job.seed, progress.check)
    if job.components:
        _write_components(job, cells, seen, coordinates)
    chosen, places = _lay_out(job, coordinates, progress)
    _write(job, subject.card, seen, chosen, places, points, crs)
    share = float(explained[:2].sum())
    progress.note(f"The first two components hold {100 * share:.0f} % of the variance.")
    outputs = {"OUTPUT": job.output, "PLOT": job.plot, "COMPONENTS": job.components}
    return {**{name: path for name, path in outputs.items() if path}, "EXPLAINED": share}


def _gather_images(job, subject, progress):
    paths, names = find_images(job.input)
    seen = _Seen(FeatureStore(len(paths)), max(len(paths) // _MOST_PICTURES, 1))
    tell, waiting = Countdown(progress, len(paths), "Image"), []
    used = []
    for place, square in read_squares(subject, paths, progress):
        waiting.append((paths[place], _folder_of(names[place]), square))
        used.append(paths[place])
        if len(waiting) == subject.batch_size:
            _add(seen, subject, waiting, progress)
            tell(place + 1)
    _add(seen, subject, waiting, progress)
    points, crs = image_points([describe_image(path) for path in used])
    return seen, points, crs, None


def _folder_of(name):
    return os.path.dirname(name).split(os.sep)[0]


def _add(seen, subject, waiting, progress):
    if waiting:
        paths, folders, squares = zip(*waiting, strict=True)
        seen.add(subject, np.stack(squares), paths, folders, progress.check)
        waiting.clear()


def _gather_patches(job, subject, progress):
    with open_input(job, subject.card, progress) as raster:
        window, side = check_patches(subject, raster, job.extent, progress)
        cells = Cells.over(window, job.stride or side, side)
        check_patches_held(raster.name, window[3], window[2], cells.stride)
        total = cells.rows * cells.columns
        seen = _Seen(FeatureStore(total), max(total // _MOST_PICTURES, 1))
        tell, keys = Countdown(progress, total, "Patch"), []
        for some in cell_patches(raster, cells):
            progress.check()
            kept = some.keys[some.usable]
            names = [f"{key // cells.columns},{key % cells.columns}" for key in kept]
            if len(kept):
                seen.add(subject, some.images, names, [""] * len(kept), progress.check)
            keys.append(kept)
            tell(min(int(some.keys.max()) + 1, total))
        grid = raster.grid
    keys = np.concatenate(keys)
    rows = cells.row + (keys // cells.columns + 0.5) * cells.stride
    columns = cells.column + (keys % cells.columns + 0.5) * cells.stride
    ground = np.stack(grid.to_ground(rows, columns), axis=1)
    points = [{"type": "Point", "coordinates": place} for place in ground.tolist()]
    return seen, points, grid.crs, (grid, cells, keys)


def _lay_out(job, coordinates, progress):
    """Numbers of the images that are mapped, and their coordinates (n, up to 3)."""
    everything = np.arange(len(coordinates))
    if job.method == "pca":
        return everything, coordinates[:, :3]
    chosen = everything
    if len(coordinates) > MOST_TSNE:
        chosen = np.linspace(0, len(coordinates) - 1, MOST_TSNE).astype(int)
        progress.note(f"t-SNE maps {MOST_TSNE:,} of {len(coordinates):,}, evenly taken.")
    progress(0.8, f"Laying out {len(chosen):,} images or patches")
    return chosen, neighbor_map(coordinates[chosen], job.perplexity, job.seed, progress.check)


def _write_components(job, cells, seen, coordinates):
    grid, cells, keys = cells
    part = grid.part(cells.row, cells.column, cells.rows, cells.columns)
    part = part.coarser(cells.stride, cells.rows, cells.columns)
    values = np.zeros((3, cells.rows * cells.columns), np.uint8)
    values[:, keys] = as_colors(coordinates).T
    names, inputs = (
        [f"component {n}" for n in (1, 2, 3)],
        (job.input, *(job.more_rasters or ()), job.model),
    )
    tags = {"MODEL": os.path.basename(job.model), "STRIDE": str(cells.stride)}
    with new_raster(job.components, part, "uint8", names, 0, tags=tags, inputs=inputs) as file:
        file.write(values.reshape(3, cells.rows, cells.columns), 0)


def _write(job, card, seen, chosen, places, points, crs):
    chances = np.concatenate(seen.chances)[chosen]
    names = class_names(card)
    predicted = [names[number] for number in chances.argmax(axis=1)]
    folders = [seen.folders[number] for number in chosen]
    classes = [folder or said for folder, said in zip(folders, predicted, strict=True)]
    number = names.index(job.class_name) if job.class_name else None
    shown = chances.max(axis=1) if number is None else chances[:, number]
    if job.output:
        rows = _rows(seen, chosen, places, points, (classes, predicted, shown))
        write_features(job.output, rows, _COLUMNS, crs)
    if job.plot:
        own = None if number is None else (f"probability of {job.class_name}", shown)
        among = {int(index): place for place, index in enumerate(chosen)}
        pictures = [(among[n], image) for n, image in seen.pictures if n in among]
        title = f"{shown_name(job.input.rstrip(os.sep))}, {len(chosen):,} points"
        colors = _colors(classes, card)
        write_plot(job.plot, draw_embedding(places[:, :2], title, classes, colors, own, pictures))


def _colors(classes, card):
    """The model's color of every class, and others for classes that it does not know."""
    known = {entry["name"]: entry["color"] for entry in card.classes}
    names = sorted(set(classes))
    others = dict(zip(names, class_colors(names), strict=True))
    return {name: known.get(name, others[name]) for name in names}


def _rows(seen, chosen, places, points, known):
    """A feature per image: on the map if any image has a place, else in the embedding."""
    nowhere = all(point is None for point in points)
    for row, (index, place) in enumerate(zip(chosen, places.tolist(), strict=True)):
        padded = (place + [None] * 3)[:3]
        point = points[index]
        if nowhere:
            point = {"type": "Point", "coordinates": [place[0], (place + [0.0])[1]]}
        classes, predicted, shown = known
        values = [seen.names[index], classes[row], predicted[row], float(shown[row]), *padded]
        properties = dict(zip([name for name, _ in _COLUMNS], values, strict=True))
        yield Feature(row + 1, point, properties)
