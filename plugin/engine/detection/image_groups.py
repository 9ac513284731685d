"""Which images of a detector's folder belong together: one place, one source, one image."""

import os
import re

import numpy as np

from ..groups import crop_sources, merge_groups
from ..shared_ground import ground_squares, placed_grids

_COPIES = "Copies of one image stay on one side."


def group_images(scenes, digests):
    """Group images that no split may part.

    Images with the same pixels, and copies of one that an editor made, always stay together.
    Where all images have a place, so do those in one square of the ground; else those that
    file names tell to be crops of one source.

    Parameters
    ----------
    scenes : list of Scene
    digests : list of str
        The same for images of the same pixels.

    Returns
    -------
    groups : numpy.ndarray of int, shape (scenes,)
    sentence : str
        What was kept together, for the user.
    warnings : list of str
    """
    names = [_source(scene.name) for scene in scenes]
    copies = merge_groups(_numbered(names), _numbered(digests))
    grids = placed_grids([scene.grid for scene in scenes])
    unplaced = sum(grid is None for grid in grids)
    if not unplaced:
        places = [(n, (0, 0, scene.height, scene.width)) for n, scene in enumerate(scenes)]
        sentence = f"{_COPIES} The ground of a scored image was not seen in training."
        return merge_groups(copies, ground_squares(grids, places)), sentence, []
    warnings = []
    if unplaced < len(scenes):
        warnings.append(
            f"Images without a place on the ground: {unplaced:,} of {len(scenes):,}. Neighbors "
            "may sit on both sides of the split: georeference all of them."
        )
    sources, several = crop_sources([_under_one_class(scene.name) for scene in scenes])
    if sources is None:
        return copies, _COPIES, warnings
    groups = merge_groups(copies, _numbered(sources))
    if len({g for g, scene in zip(groups, scenes, strict=True) if len(scene.boxes)}) < 2:
        warnings.append(
            f"File names look like crops of {len(several)} sources, and all boxes lie in one of "
            "them: if they are, the scores are too good. Add images of other sources with boxes."
        )
        return copies, _COPIES, warnings
    return groups, f"{_COPIES} So do crops of one source, as file names tell.", warnings


def _numbered(values):
    return np.unique(values, return_inverse=True)[1]


def _source(name):
    """What an image was made of: Roboflow writes several varied copies of one, anywhere."""
    stem = os.path.splitext(name)[0]
    bare = re.sub(r"\.rf\.[0-9a-f]+$", "", stem)
    return stem if bare == stem else os.path.basename(bare)


def _under_one_class(name):
    """The path of what an image was made of, as `crop_sources` takes it."""
    return f"images/{os.path.basename(_source(name))}{os.path.splitext(name)[1]}"
