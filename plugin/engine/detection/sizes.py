"""How large patches are, and how far windows overlap, from images and objects."""

import math

import numpy as np

_STEP, _SMALLEST, _LARGEST = 32, 256, 640


def choose_patch(job, start, collection):
    """Side of the patches: as asked, as the base model's, or from images and objects.

    Images of up to 640 pixels are seen whole; from rasters and larger images patches are cut
    that are three times as large as the larger objects.
    """
    if job.patch_size or start.patch:
        return job.patch_size or start.patch
    sizes = (collection.boxes[:, 2:] - collection.boxes[:, :2]).max(axis=1)
    wished = 3 * np.percentile(sizes, 90)
    if not collection.is_raster:
        sides = [max(scene.height, scene.width) for scene in collection.scenes]
        wished = max(wished, min(np.median(sides), _LARGEST))
    return int(min(max(math.ceil(wished / _STEP) * _STEP, _SMALLEST), _LARGEST))


def choose_overlap(collection, patch):
    """How far windows overlap: the size of all but the largest objects, at most half a patch."""
    sizes = (collection.boxes[:, 2:] - collection.boxes[:, :2]).max(axis=1)
    wished = 1.2 * np.percentile(sizes, 98) + 8
    return int(min(max(math.ceil(wished / 8) * 8, 32), patch // 2))
