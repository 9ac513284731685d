"""Boxes from YOLO labels: a text file per image, a line per object."""

import math
import os
import re
from collections import Counter

import numpy as np

from ...jobs.errors import JobError

_ALMOST = 0.01  # shares may lie this far outside the image: editors round
_FORM = "class, middle column, middle row, width, height as shares of the image"


def label_path(image, root):
    """Where the label file of an image lies, or empty if it has none.

    It lies beside the image, in a folder ``labels`` beside a folder ``images``, or in a folder
    ``labels`` of the root.
    """
    folder, name = os.path.split(image)
    stem = os.path.splitext(name)[0] + ".txt"
    inside = os.path.splitext(os.path.relpath(image, root))[0] + ".txt"
    places = [
        os.path.join(_labels_beside(folder), stem),
        os.path.join(folder, "labels", stem),
        os.path.join(root, "labels", inside),
        os.path.join(folder, stem),
    ]
    return next((place for place in places if os.path.isfile(place)), "")


def _labels_beside(folder):
    """The last folder named images on a path, replaced by labels."""
    parts = os.path.normpath(folder).split(os.sep)
    if "images" in parts:
        place = len(parts) - 1 - parts[::-1].index("images")
        parts[place] = "labels"
    return os.sep.join(parts)


def read_labels(path, width, height):
    """Read a label file.

    Parameters
    ----------
    path : str
    width, height : int
        Of the image in pixels.

    Returns
    -------
    boxes : float array, shape (n, 4)
        In pixels, cut to the image.
    classes : int array, shape (n,)
        Numbers from the file.
    left_out : Counter
        Boxes without an area, by ``"empty"``.

    Raises
    ------
    JobError
        If a line is wrong, with its number.
    """
    boxes, classes, left_out = [], [], Counter()
    for number, line in enumerate(_lines(path), 1):
        if not line.strip():
            continue
        kind, box = _object(line.split(), path, number)
        box = np.clip(box, 0.0, 1.0) * [width, height, width, height]
        if (box[2:] - box[:2]).min() <= 0:
            left_out["empty"] += 1
            continue
        boxes.append(box)
        classes.append(kind)
    return np.array(boxes, float).reshape(-1, 4), np.array(classes, int), left_out


def _lines(path):
    try:
        with open(path, encoding="utf-8-sig") as file:
            return file.read().splitlines()
    except (OSError, UnicodeError) as error:
        raise JobError(
            f'Label file "{os.path.basename(path)}" cannot be read as text.',
            "Export the YOLO labels again.",
            trace=str(error),
        ) from error


def _object(words, path, number):
    """Class and box, in shares of the image, of a line; outlines become their boxes."""
    outline = len(words) >= 7 and len(words) % 2 == 1
    if len(words) != 5 and not outline:
        raise _wrong(path, number, f"has {len(words)} entries, not 5")
    try:
        values = [float(word) for word in words]
    except ValueError:
        raise _wrong(path, number, "holds something that is no number") from None
    if not all(map(math.isfinite, values)) or values[0] != int(values[0]) or values[0] < 0:
        raise _wrong(path, number, f'begins with "{words[0]}", which is no class number')
    box = _box_of_outline(values[1:]) if outline else _box_of_middle(values[1:])
    if box.min() < -_ALMOST or box.max() > 1 + _ALMOST:
        raise _wrong(path, number, "reaches out of the image, or is given in pixels")
    return int(values[0]), box


def _box_of_middle(values):
    column, row, width, height = values
    return np.array([column - width / 2, row - height / 2, column + width / 2, row + height / 2])


def _box_of_outline(values):
    places = np.array(values).reshape(-1, 2)
    return np.concatenate([places.min(0), places.max(0)])


def _wrong(path, number, what):
    return JobError(
        f'Line {number} of "{os.path.basename(path)}" {what}.',
        f"Every line holds: {_FORM}. Export the YOLO labels again.",
    )


def class_names(root, numbers):
    """Names of the classes, from ``data.yaml`` or ``classes.txt`` in the folder or above it.

    Parameters
    ----------
    root : str
    numbers : iterable of int
        The class numbers that occur.

    Returns
    -------
    dict of int to str
    """
    numbers = sorted(set(numbers))
    known = _listed_names(root)
    if all(number in known for number in numbers) and len({*known.values()}) == len(known):
        return {number: known[number] for number in numbers}
    return {number: f"class {number}" for number in numbers}


def _listed_names(root):
    for folder in (root, os.path.dirname(os.path.abspath(root))):
        for name in ("data.yaml", "data.yml", "classes.txt"):
            path = os.path.join(folder, name)
            if os.path.isfile(path):
                listed = _lines(path)
                names = listed if name.endswith(".txt") else _names_in(listed)
                found = {i: text.strip() for i, text in dict(_numbered(names)).items()}
                if found:
                    return found
    return {}


def _numbered(names):
    return names.items() if isinstance(names, dict) else enumerate(n for n in names if n.strip())


def _names_in(listed):
    """The names in a data.yaml, written in brackets or one a line."""
    text = "\n".join(listed)
    bracket = re.search(r"^names:\s*\[(.*?)\]", text, re.MULTILINE | re.DOTALL)
    if bracket:
        return [_bare(word) for word in bracket[1].split(",")]
    block = re.search(r"^names:\s*\n((?:[ \t]*(?:-|\d+:).*\n?)+)", text, re.MULTILINE)
    lines = block[1].splitlines() if block else []
    if all(line.strip().startswith("-") for line in lines):
        return [_bare(line.strip()[1:]) for line in lines]
    pairs = [line.strip().partition(":") for line in lines]
    return {int(number): _bare(name) for number, _, name in pairs if number.isdigit()}


def _bare(word):
    return word.strip().strip("\"'")
