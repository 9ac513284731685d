"""Labeled images in folders: find them, check them, and hold them ready for training."""

import hashlib
import os
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np

from ..jobs.errors import JobError
from .image_folders import Found
from .normalization import fit
from .rasters import Grid, describe_image, read_image
from .rasters.grid import crs_of
from .shared_ground import placed_grids

_IN_MEMORY_BYTES = 2 * 2**30
_THREADS = 4
_AT_A_TIME = 64


@dataclass
class Samples:
    """Labeled images, resized and decoded.

    Attributes
    ----------
    root : str
        Folder they come from.
    paths : list of str
        Relative to the root.
    labels : numpy.ndarray of int, shape (N,)
    class_names : list of str
    values : numpy.ndarray, shape (N, band, side, side)
        In the files' data type; float32 with NaN if pixels are not valid.
    bands : list of dict
        ``{"name", "unit"}`` of every band.
    dtype : str
        Data type of the files.
    sides : numpy.ndarray of int, shape (N,)
        Shorter side of every image before it was resized.
    positions : numpy.ndarray, shape (N, 2), or None
        Centers on the ground, if all images are georeferenced in one CRS, or have coordinates
        without one.
    reach : float
        Half the side of the largest image on the ground, in units of the CRS.
    place_warning : str
        Why neighbors cannot be kept apart although images have places; else empty.
    gsd : float or None
        Median ground sample distance in meters.
    twins : numpy.ndarray of int, shape (N,)
        Images with the same pixels have the same number.
    left_out : list of str
        Why images were left out, a sentence each.
    """

    root: str
    paths: list
    labels: np.ndarray
    class_names: list
    values: np.ndarray
    bands: list
    dtype: str
    sides: np.ndarray
    positions: np.ndarray = None
    reach: float = 0.0
    place_warning: str = ""
    gsd: float = None
    twins: np.ndarray = None
    left_out: list = field(default_factory=list)

    def __len__(self):
        return len(self.paths)


def describe_samples(found, progress):
    """Describe every image without decoding it; leave out what cannot be read.

    Returns
    -------
    found : Found
        What is left.
    descriptions : list of rasters.Description
    left_out : list of str

    Raises
    ------
    JobError
        If the images differ in bands or data type, or a class has too few left.
    """
    described = []
    for description in _in_threads(_describe_or_error, _full_paths(found)):
        described.append(description)
        progress(
            len(described) / len(found.paths),
            f"Looking at image {len(described):,} of {len(found.paths):,}",
        )
    good = np.array([not isinstance(d, JobError) for d in described])
    left_out = [str(d.found) for d in described if isinstance(d, JobError)]
    found = _only(found, good)
    _check_enough(found, left_out)
    descriptions = [d for d, keep in zip(described, good, strict=True) if keep]
    _check_alike(descriptions)
    return found, descriptions, left_out


def _in_threads(function, paths):
    """Apply a function to paths in threads, a few at a time, so that a cancel need not wait."""
    with ThreadPoolExecutor(_THREADS) as pool:
        for start in range(0, len(paths), _AT_A_TIME):
            yield from pool.map(function, paths[start : start + _AT_A_TIME])


def _full_paths(found):
    return [os.path.join(found.root, path) for path in found.paths]


def _describe_or_error(path):
    try:
        return describe_image(path)
    except JobError as error:
        return error


def _only(found, keep):
    paths = [path for path, good in zip(found.paths, keep, strict=True) if good]
    return Found(found.root, paths, found.labels[keep], found.class_names)


def _check_enough(found, left_out):
    counts = np.bincount(found.labels, minlength=len(found.class_names))
    if left_out and counts.min() < 2:
        name = found.class_names[int(counts.argmin())]
        raise JobError(
            f'Class "{name}" has {counts.min()} readable images. {left_out[0]}',
            "Replace the damaged images of that class.",
        )


def _check_alike(descriptions):
    for what, name in (("bands", "numbers of bands"), ("dtype", "data types")):
        counts = Counter(getattr(d, what) for d in descriptions)
        if len(counts) > 1:
            rarest = min(counts, key=counts.get)
            odd = next(d for d in descriptions if getattr(d, what) == rarest)
            listed = ", ".join(f"{count} with {value}" for value, count in counts.most_common())
            raise JobError(
                f"The images have different {name}: {listed}. "
                f'"{os.path.basename(odd.path)}" has {rarest}.',
                f"Convert all images to the same {what}, or remove the odd ones.",
            )


def load_samples(found, descriptions, side, progress, left_out=()):
    """Decode and resize all images.

    Parameters
    ----------
    found : Found
    descriptions : list of rasters.Description
    side : int
        Side of the square in pixels.
    progress : Progress
    left_out : list of str
        What was left out before.

    Returns
    -------
    Samples

    Raises
    ------
    JobError
        If a class has too few images that can be decoded.
    """
    values = _room_for(found, descriptions[0], side)
    digests, left_out = [b""] * len(found.paths), list(left_out)
    keep = np.ones(len(found.paths), dtype=bool)
    decoded = _in_threads(lambda path: _decode_or_error(path, side), _full_paths(found))
    for index, image in enumerate(decoded):
        if isinstance(image, JobError):
            keep[index] = False
            left_out.append(image.found)
        else:
            digests[index] = hashlib.sha256(image.tobytes()).digest()
            values = _put(values, index, image)
        progress(
            (index + 1) / len(found.paths), f"Reading image {index + 1:,} of {len(found.paths):,}"
        )
    kept = _only(found, keep)
    _check_enough(kept, left_out)
    descriptions = [d for d, good in zip(descriptions, keep, strict=True) if good]
    positions, reach = _positions(descriptions)
    return Samples(
        root=found.root,
        paths=kept.paths,
        labels=kept.labels,
        class_names=found.class_names,
        values=values if keep.all() else values[keep],
        bands=_bands(descriptions[0]),
        dtype=descriptions[0].dtype,
        sides=np.array([min(d.width, d.height) for d in descriptions]),
        positions=positions,
        reach=reach,
        place_warning=_place_warning(descriptions),
        gsd=_median([d.gsd for d in descriptions if d.gsd]),
        twins=np.unique([digests[i] for i in np.flatnonzero(keep)], return_inverse=True)[1],
        left_out=left_out,
    )


def _room_for(found, description, side):
    """An array for all images: in memory, or in a file the system pages if it is large."""
    dtype = np.dtype(description.dtype)
    if dtype.kind == "f" or dtype.itemsize > 2:
        dtype = np.dtype(np.float32)
    shape = len(found.paths), description.bands, side, side
    if np.prod(shape, dtype=float) * dtype.itemsize <= _IN_MEMORY_BYTES:
        return np.zeros(shape, dtype)
    with tempfile.TemporaryFile(prefix="deep_geology_") as file:  # the map keeps it open
        return np.memmap(file, dtype, "w+", shape=shape)


def _decode_or_error(path, side):
    try:
        values, valid = read_image(path, side)
    except JobError as error:
        return error
    image = fit(values, side, valid=valid)
    if not np.isfinite(image).any():
        name = os.path.basename(path)
        return JobError(f'"{name}" has no valid pixel.', "Remove it.")
    return image


def _put(values, index, image):
    """Store an image; the first with holes turns whole numbers into float32 with NaN."""
    if values.dtype.kind in "iu" and not np.isfinite(image).all():
        values = values.astype(np.float32)
    values[index] = image
    return values


def _positions(descriptions):
    grids = placed_grids([_grid(d) for d in descriptions])
    if None in grids or len({d.crs for d in descriptions}) > 1:
        return None, 0.0
    centers = [d.transform @ (d.width / 2, d.height / 2) for d in descriptions]
    return np.array(centers), max(map(_extent, descriptions)) / 2


def _grid(description):
    """Where an image lies, None if nothing tells it."""
    if description.transform is None:
        return None
    crs = crs_of(description.crs)
    return Grid(description.width, description.height, description.transform, crs)


def _extent(description):
    """The longer side of an image's bounding box on the ground, however it is turned."""
    t, width, height = description.transform, description.width, description.height
    return max(abs(t.a) * width + abs(t.b) * height, abs(t.d) * width + abs(t.e) * height)


def _place_warning(descriptions):
    """Say why places that some images have cannot keep neighbors apart; empty if they can."""
    placed = [d for d in descriptions if d.transform is not None and d.crs]
    if not placed:
        return ""
    rest = "Neighbors may sit on both sides of the split: name what belongs together in GROUPS."
    if len(placed) < len(descriptions):
        count = len(descriptions) - len(placed)
        return f"Images without a place on the ground: {count:,} of {len(descriptions):,}. {rest}"
    if len({d.crs for d in placed}) > 1:
        return f"The images are in several coordinate reference systems. {rest}"
    return ""


def _bands(description):
    names = [name or f"band {i}" for i, name in enumerate(description.names, 1)]
    return [{"name": name, "unit": ""} for name in names]


def _median(numbers):
    return float(np.median(numbers)) if numbers else None
