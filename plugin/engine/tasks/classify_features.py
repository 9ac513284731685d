"""Classify mapped features by the raster under them."""

from contextlib import closing

import numpy as np

from ...jobs.errors import JobError
from ..classification import (
    attributes,
    check_raster,
    chosen_bands,
    columns,
    patch_side,
    say_counts,
)
from ..classifier import load_classifier
from ..prediction import corner_patches, probabilities
from ..rasters import Raster
from ..vectors import Feature, lattice_inside, middle, pieces, read_features, write_features


def run(job, progress):
    """Classify features.

    A patch is cut around every point, around the middle of the longest line, and around the
    middle of a polygon; a polygon that holds middles of a lattice of patches is covered with
    these. A feature's probabilities are the means over its patches. Where a patch reaches beyond
    the raster it is mirrored; a feature outside, or on nodata, gets no class.

    Returns
    -------
    dict
        OUTPUT.

    Raises
    ------
    JobError
        If the model does not suit the raster, or no feature lies on it.
    """
    classifier = load_classifier(job.model, job.device, job.batch_size)
    card = classifier.card
    bands = chosen_bands(card, [job.raster], job.bands, progress)
    with Raster(job.raster, bands) as raster:
        check_raster(card, raster, progress)
        features = read_features(job.input, raster.grid.crs)
        corners, owners = _place_patches(features, raster, patch_side(card), progress)
        chances = _mean_probabilities(
            classifier, raster, corners, owners, len(features), progress.part(0.1, 1.0)
        )
    _say_what_came(card, chances, progress)
    if not job.output:
        return {}
    rows = [
        Feature(feature.id, None, attributes(card, chance))
        for feature, chance in zip(features, chances, strict=True)
    ]
    write_features(job.output, rows, columns(card), None)
    return {"OUTPUT": job.output}


def _place_patches(features, raster, patch, progress):
    """Corners of all patches (n, 2), and the index of the feature that each belongs to."""
    corners, owners, outside = [], [], 0
    for index, feature in enumerate(features):
        progress(0.1 * index / len(features), f"Feature {index + 1:,} of {len(features):,}")
        found = patch_corners(feature.geometry, raster.grid, patch)
        outside += not len(found)
        corners.append(found)
        owners.append(np.full(len(found), index))
    if outside == len(features):
        raise JobError(
            f'None of the {len(features):,} features lies on "{raster.name}".',
            "Choose a raster that covers them, and check the CRS of both layers.",
        )
    if outside:
        progress.warning(
            f'{outside:,} of {len(features):,} features lie outside "{raster.name}" or have no '
            "geometry; they get no class."
        )
    return np.concatenate(corners), np.concatenate(owners)


def patch_corners(geometry, grid, patch):
    """Upper left pixels of the patches of a feature whose middle is on the raster.

    Parameters
    ----------
    geometry : dict or None
        GeoJSON, in the grid's CRS.
    grid : Grid
    patch : int
        Side of a patch in pixels.

    Returns
    -------
    int array, shape (n, 2)
        (row, column); no row if the feature lies outside.
    """
    parts = pieces(geometry)
    polygons = [coordinates for kind, coordinates in parts if kind == "Polygon"]
    covering = [_covering(coordinates, grid, patch) for coordinates in polygons]
    if any(len(found) for found in covering):
        return np.unique(np.concatenate(covering), axis=0)
    places = _on_grid(_middles(parts), grid)
    return np.unique(places - patch // 2, axis=0)


def _covering(coordinates, grid, patch):
    rows, columns = lattice_inside(coordinates, grid, patch / 2, patch)
    return np.stack([rows, columns], axis=1) * patch


def _middles(parts):
    """All points; or else the middle of the largest polygon or longest line."""
    points = [middle(*part) for part in parts if part[0] == "Point"]
    others = [part for part in parts if part[0] != "Point"]
    if others:
        points.append(middle(*max(others, key=_spread)))
    return np.array(points, float).reshape(-1, 2)


def _spread(part):
    kind, coordinates = part
    line = coordinates[0] if kind == "Polygon" else coordinates
    places = np.array([place[:2] for place in line], float)
    return kind == "Polygon", float(np.hypot(*np.ptp(places, axis=0)))


def _on_grid(points, grid):
    """Pixels (row, column) of the points that lie inside the grid."""
    if not len(points):
        return np.zeros((0, 2), int)
    places = np.stack(grid.to_pixels(points[:, 0], points[:, 1]), axis=1)
    places = np.floor(np.where(np.isfinite(places), places, -1)).astype(int)
    inside = (places >= 0).all(axis=1) & (places < (grid.height, grid.width)).all(axis=1)
    return places[inside]


def _mean_probabilities(classifier, raster, corners, owners, count, progress):
    """Probabilities (feature, class), NaN where no patch holds data."""
    sums = np.zeros((count, len(classifier.card.classes)))
    used = np.zeros(count)
    patches = corner_patches(raster, corners, patch_side(classifier.card))
    with closing(probabilities(classifier, patches, len(corners), progress, "Patch")) as coming:
        for keys, chances in coming:
            known = ~np.isnan(chances[:, 0])
            np.add.at(sums, owners[keys[known]], chances[known])
            np.add.at(used, owners[keys[known]], 1)
    with np.errstate(invalid="ignore"):
        return sums / used[:, None]


def _say_what_came(card, chances, progress):
    known = ~np.isnan(chances[:, 0])
    counts = np.bincount(chances[known].argmax(axis=1), minlength=chances.shape[1])
    say_counts(card, counts, "features", progress)
    if not known.all():
        progress.note(f"No class: {(~known).sum():,} features.")
