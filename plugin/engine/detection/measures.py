"""How large an object is, and where: in map units, or in pixels without georeferencing."""

from dataclasses import dataclass, replace

from affine import Affine

COLUMNS = [
    ("class", "text"),
    ("confidence", "real"),
    ("width", "real"),
    ("height", "real"),
    ("diameter", "real"),
    ("area", "real"),
]


@dataclass(frozen=True)
class Measures:
    """The outline of a box as GeoJSON, and its sizes by column."""

    outline: dict
    sizes: dict


def measures(scene, box, in_pixels=False):
    """Measure a box.

    Parameters
    ----------
    scene : Scene
    box : array of left, top, right, bottom
        In pixels of the scene.
    in_pixels : bool
        Give pixels although the scene has a place on the ground: it is not that of the others.

    Returns
    -------
    Measures
        Width along the rows and height along the columns of the scene; the diameter is their
        mean, the area that of the box.
    """
    if in_pixels:
        scene = replace(scene, ground=Affine.scale(1, -1))
    across, along = scene.pixel
    width, height = float(box[2] - box[0]) * across, float(box[3] - box[1]) * along
    sizes = {
        "width": width,
        "height": height,
        "diameter": (width + height) / 2,
        "area": width * height,
    }
    return Measures(scene.outline(box), sizes)
