"""Boxes from a JSON file in the form of COCO (cocodataset.org, "Data format")."""

import json
import math
import os
from collections import Counter, defaultdict
from dataclasses import dataclass, field

import numpy as np

from ...jobs.errors import JobError


@dataclass
class Drawn:
    """The boxes of one image, as they stand in the file.

    Attributes
    ----------
    width, height : int
        Of the image; 0 if the file does not say.
    boxes : list of [left, top, right, bottom]
    classes : list of str
    """

    width: int = 0
    height: int = 0
    boxes: list = field(default_factory=list)
    classes: list = field(default_factory=list)


def read_coco(path):
    """Read a COCO file.

    Returns
    -------
    drawn : dict of str to Drawn
        By the image's file name as it stands in the file.
    left_out : Counter
        Boxes that are no use, by ``"empty"``, ``"crowd"`` and ``"no image"``.

    Raises
    ------
    JobError
        If it is no such file, or lists no images or no boxes.
    """
    name = os.path.basename(path)
    content = _content(path, name)
    drawn, left_out = {}, Counter()
    try:
        classes = {entry["id"]: str(entry["name"]) for entry in content["categories"]}
        by_image = defaultdict(list)
        for entry in content["annotations"]:
            by_image[entry["image_id"]].append(entry)
        for image in content["images"]:
            here = Drawn(int(image.get("width") or 0), int(image.get("height") or 0))
            _add(here, by_image.pop(image["id"], []), classes, left_out)
            drawn[str(image["file_name"])] = here
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _damaged(name, f"an entry lacks or spoils {error}") from error
    left_out["no image"] += sum(map(len, by_image.values()))
    return drawn, left_out


def _content(path, name):
    try:
        with open(path, encoding="utf-8-sig") as file:
            content = json.load(file)
    except (OSError, ValueError, RecursionError) as error:
        raise _damaged(name, "it is no JSON") from error
    for key in ("images", "annotations", "categories"):
        entries = content.get(key) if isinstance(content, dict) else None
        if not isinstance(entries, list) or not entries:
            raise _damaged(name, f'it has no "{key}"')
    return content


def _damaged(name, why):
    return JobError(
        f'"{name}" is no COCO file of boxes: {why}.',
        'Export it again: it holds lists of "images", "annotations" and "categories".',
    )


def _add(here, entries, classes, left_out):
    for entry in entries:
        left, top, width, height = (float(value) for value in entry["bbox"])
        if entry.get("iscrowd"):
            left_out["crowd"] += 1
        elif not all(map(math.isfinite, (left, top, width, height))) or min(width, height) <= 0:
            left_out["empty"] += 1
        else:
            here.boxes.append([left, top, left + width, top + height])
            here.classes.append(classes[entry["category_id"]])


def cut_boxes(drawn, width, height):
    """Boxes (n, 4) of an image cut to its size, and which of them keep an area."""
    boxes = np.array(drawn.boxes, float).reshape(-1, 4)
    boxes = np.clip(boxes, 0, [width, height, width, height])
    return boxes, (boxes[:, 2:] - boxes[:, :2]).min(axis=1, initial=np.inf) > 0
