"""Rasters and images: the only place of the engine that opens them.

A raster is ``(band, row, column)``; a validity mask is ``(row, column)``, True where the pixel
holds data.
"""

from .class_names import read_class_names
from .grid import Grid, ground_sample_distance
from .images import Description, describe_image, read_image
from .layer_names import short_name, shown_name
from .likeness import Likeness, read_likeness
from .new_images import image_ending, write_new_image
from .opening import is_measured, stack_labels
from .raster import Raster
from .sources import source_files
from .stack import Stack, open_layers
from .steps import read_steps
from .tags import read_tags
from .writing import check_space, new_raster, unwritable, write_chip

__all__ = [
    "Description",
    "Grid",
    "Likeness",
    "Raster",
    "Stack",
    "check_space",
    "describe_image",
    "ground_sample_distance",
    "image_ending",
    "is_measured",
    "new_raster",
    "open_layers",
    "read_class_names",
    "read_image",
    "read_likeness",
    "read_steps",
    "read_tags",
    "short_name",
    "shown_name",
    "source_files",
    "stack_labels",
    "unwritable",
    "write_chip",
    "write_new_image",
]
