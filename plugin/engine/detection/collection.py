"""The scenes that a detector is trained on, and those that are rasters with polygons."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from rasterio.crs import CRS
from rasterio.warp import transform

from ...jobs.errors import JobError
from ..shared_ground import placed_grids
from .drawn_boxes import draw_boxes
from .scenes import raster_scene

_KEPT_APART = "The ground of a scored block was not seen in training, in any raster."


@dataclass
class Collection:
    """Scenes with boxes.

    Attributes
    ----------
    scenes : list of Scene
    areas : list of (row, column, height, width)
        Where every object of a scene has its box.
    groups : int array, shape (scenes,)
        Scenes that must not be split have the same number; -1 for a raster, which is split
        in blocks.
    kept_apart : str
        What is never on both sides of a split, a sentence for the user.
    class_names : list of str
    bands : list of dict
        ``{"name", "unit"}`` of every band.
    dtype : str
    source : str
        What it was read from, for the user.
    warnings : list of str
    """

    scenes: list
    areas: list
    groups: np.ndarray
    kept_apart: str
    class_names: list
    bands: list
    dtype: str
    source: str
    warnings: list = field(default_factory=list)

    @property
    def boxes(self):
        """Boxes (n, 4) of all scenes."""
        return np.concatenate([scene.boxes for scene in self.scenes])

    @property
    def labels(self):
        """Classes (n,) of all boxes."""
        return np.concatenate([scene.labels for scene in self.scenes])

    @property
    def gsd(self):
        """Median ground sample distance in meters, None if unknown."""
        known = [scene.gsd for scene in self.scenes if scene.gsd]
        return float(np.median(known)) if known else None

    @property
    def grids(self):
        """Where the scenes lie on the ground; None for one without a place."""
        grids = [scene.grid for scene in self.scenes]
        return grids if self.is_raster else placed_grids(grids)

    @property
    def is_raster(self):
        return bool((self.groups < 0).any())

    def close(self):
        """Close all files and forget all pixels."""
        for scene in self.scenes:
            scene.source.close()


def read_rasters(job, progress):
    """Open rasters and give them the boxes of the polygons.

    Parameters
    ----------
    job : TrainObjectDetector
    progress : Progress

    Returns
    -------
    Collection

    Raises
    ------
    JobError
        If a raster cannot be read or is of another kind, or no polygon can be used.
    """
    scenes = []
    for path in job.rasters:
        progress.check()
        scenes.append(raster_scene(path, job.bands))
    rasters = [scene.source.raster for scene in scenes]
    check_alike([(r.name, len(r.bands), r.dtype) for r in rasters])
    crs = rasters[0].grid.crs
    whole = [_asked(scene, job.extent, crs) for scene in scenes]
    names, warnings = draw_boxes(job.boxes, job.class_field, scenes, whole, crs)
    kept = [i for i, scene in enumerate(scenes) if len(scene.boxes)]
    for i, scene in enumerate(scenes):
        if i not in kept:
            warnings.append(f'"{scene.name}" holds no box; it is not used.')
            scene.source.close()
    areas = [whole[i] if job.extent else _around(scenes[i]) for i in kept]
    bands = band_names(rasters[0].names, len(rasters[0].bands))
    return Collection(
        [scenes[i] for i in kept], areas, np.full(len(kept), -1), _KEPT_APART, names, bands,
        rasters[0].dtype, ", ".join(rasters[i].name for i in kept[:3]), warnings,
    )  # fmt: skip


def _asked(scene, extent, crs):
    """The window of a scene that is mapped: that of the extent, or all of it."""
    if not extent:
        return 0, 0, scene.height, scene.width
    own = CRS.from_wkt(scene.crs) if scene.crs else None
    xs, ys = np.array([extent[0], extent[1]] * 2), np.repeat(extent[2:4], 2)
    if crs and own and own != crs:
        xs, ys = (np.array(part) for part in transform(crs, own, xs, ys))
    return scene.window_of([xs.min(), xs.max(), ys.min(), ys.max()])


def _around(scene):
    """The rectangle around all boxes of a scene."""
    left, top = np.floor(scene.boxes[:, :2].min(axis=0)).astype(int)
    right, bottom = np.ceil(scene.boxes[:, 2:].max(axis=0)).astype(int)
    return int(top), int(left), int(bottom - top), int(right - left)


def check_alike(kinds):
    """Refuse scenes, as (name, bands, data type), that differ in bands or data type."""
    for place, what in ((1, "bands"), (2, "data type")):
        counts = Counter(kind[place] for kind in kinds)
        if len(counts) > 1:
            rarest = min(counts, key=counts.get)
            odd = next(kind for kind in kinds if kind[place] == rarest)
            listed = ", ".join(f"{count} with {value}" for value, count in counts.most_common())
            raise JobError(
                f'They differ in {what}: {listed}. "{odd[0]}" has {rarest}.',
                f"Convert all to the same {what}, or remove the odd ones.",
            )


def band_names(names, count):
    """``{"name", "unit"}`` of every band, by its number where it has no name."""
    named = list(names) or [""] * count
    return [{"name": name or f"band {i}", "unit": ""} for i, name in enumerate(named, 1)]
