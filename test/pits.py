"""Small made-up grounds with bright round pits whose boxes are known."""

import json

import numpy as np

from images import write_image


def pit_places(height, width, count, seed=0, least=6, most=13):
    """Middles and radii (row, column, radius) of pits that do not touch, in a raster."""
    chance, places = np.random.default_rng(seed), []
    for _ in range(50 * count):
        radius = int(chance.integers(least, most))
        row = int(chance.integers(radius + 2, height - radius - 2))
        column = int(chance.integers(radius + 2, width - radius - 2))
        apart = [np.hypot(row - r, column - c) > radius + s + 6 for r, c, s in places]
        if all(apart):
            places.append((row, column, radius))
        if len(places) == count:
            break
    return places


def pit_values(height, width, places, bands=1, seed=0, dtype="uint8"):
    """A raster (band, row, column) of noise around 90 with pits of 210."""
    chance = np.random.default_rng(seed)
    values = chance.normal(90, 8, (bands, height, width))
    row, column = np.indices((height, width))
    for top, left, radius in places:
        values[:, (row - top) ** 2 + (column - left) ** 2 <= radius**2] = 210
    return values.clip(0, 255).astype(dtype)


def pit_boxes(places):
    """Left, top, right, bottom (n, 4) of pits in pixels."""
    rows, columns, radii = np.array(places, float).reshape(-1, 3).T
    return np.stack([columns - radii, rows - radii, columns + radii + 1, rows + radii + 1], axis=1)


def pit_folder(root, count=6, side=96, pits=3, ending=".png", label_folder="labels"):
    """A folder of images with YOLO labels; returns its path as text, and the boxes by image."""
    truth = {}
    for number in range(count):
        places = pit_places(side, side, pits, seed=number)
        name = f"ground_{number}"
        image = pit_values(side, side, places, bands=3, seed=number)
        write_image(root / "images" / (name + ending), image)
        truth[name + ending] = pit_boxes(places)
        write_yolo(root / label_folder / f"{name}.txt", truth[name + ending], side, side)
    return str(root), truth


def write_yolo(path, boxes, width, height, kind=0):
    """Write boxes as a YOLO label file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = []
    for left, top, right, bottom in boxes:
        middle = (left + right) / 2 / width, (top + bottom) / 2 / height
        spans = (right - left) / width, (bottom - top) / height
        lines.append(" ".join([str(kind), *(f"{value:.6f}" for value in (*middle, *spans))]))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_coco(path, truth, side, name="pit"):
    """Write the boxes by image name as a COCO file; returns its path as text."""
    images = [
        {"id": number, "file_name": file, "width": side, "height": side}
        for number, file in enumerate(truth)
    ]
    annotations = [
        {"id": 100 * number + i, "image_id": number, "category_id": 7,
         "bbox": [box[0], box[1], box[2] - box[0], box[3] - box[1]]}
        for number, boxes in enumerate(truth.values()) for i, box in enumerate(boxes.tolist())
    ]  # fmt: skip
    content = {
        "images": images,
        "annotations": annotations,
        "categories": [{"id": 7, "name": name}],
    }
    path.write_text(json.dumps(content), encoding="utf-8")
    return str(path)
