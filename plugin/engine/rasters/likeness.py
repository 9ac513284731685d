"""What a raster says of itself beside its pixels, for a raster made of it."""

from dataclasses import dataclass, replace

import numpy as np
from rasterio.control import GroundControlPoint
from rasterio.enums import ColorInterp
from rasterio.rpc import RPC

from .opening import opened

# What GDAL makes up by itself, and what is not true of other pixels any more.
_NO_NAMESPACE = ("IMAGE_STRUCTURE", "DERIVED_SUBDATASETS", "SUBDATASETS", "RPC", "TIFF", "COG")
_NO_TAG = ("STATISTICS_", "TIFFTAG_XRESOLUTION", "TIFFTAG_YRESOLUTION", "TIFFTAG_RESOLUTIONUNIT")
_COLORS = (ColorInterp.red, ColorInterp.green, ColorInterp.blue)
_GDAL_COLORS = (*_COLORS, ColorInterp.gray, ColorInterp.undefined)


@dataclass(frozen=True)
class Likeness:
    """What a raster says of itself.

    Attributes
    ----------
    colors : tuple of ColorInterp
        Of every band.
    scales, offsets : tuple of float
    units : tuple of str
    tags : dict
        Of the file: texts by namespace ("" for none) and name.
    band_tags : list of dict of str
    points : list of GroundControlPoint
    points_crs : rasterio.crs.CRS or None
    rpc : RPC or None
        Rational polynomial coefficients.
    """

    colors: tuple
    scales: tuple
    offsets: tuple
    units: tuple
    tags: dict
    band_tags: list
    points: list
    points_crs: object = None
    rpc: object = None

    def profile(self, dtype):
        """Options of a GeoTIFF that suit measurements: colors, and neighbors that are alike."""
        kind = np.dtype(dtype)
        # Differences are noise: more effort saves 2 % of a file, and takes two to seven times as long.
        known = {"zlevel": 1}
        if kind.itemsize <= 4:
            known["predictor"] = 3 if kind.kind == "f" else 2
        if self.colors[:3] == _COLORS and kind.name in ("uint8", "uint16"):
            known["photometric"] = "RGB"
        # A raster has control points or a transform, not both.
        return {**known, "transform": None} if self.points else known

    def finer(self, factor, row=0, column=0):
        """The likeness of a part, whose pixels are made finer.

        Parameters
        ----------
        factor : int
        row, column : int
            Upper left pixel of the part.

        Returns
        -------
        Likeness
        """
        points = [_moved(point, factor, row, column) for point in self.points]
        return replace(self, points=points, rpc=_scaled(self.rpc, factor, row, column))

    def put_on(self, dataset):
        """Write all of it into a new dataset of as many bands, before its pixels."""
        if self.points:
            dataset.gcps = (self.points, self.points_crs)
        if self.rpc is not None:
            dataset.rpcs = self.rpc
        dataset.colorinterp = [_known(color) for color in self.colors]
        if any((scale, offset) != (1, 0) for scale, offset in zip(self.scales, self.offsets)):
            dataset.scales, dataset.offsets = self.scales, self.offsets
        if any(self.units):
            dataset.units = self.units
        for namespace, tags in self.tags.items():
            dataset.update_tags(ns=namespace or None, **tags)
        for number, tags in enumerate(self.band_tags, 1):
            dataset.update_tags(number, **tags)


def read_likeness(path, bands):
    """Read what a raster says of itself.

    Parameters
    ----------
    path : str
    bands : sequence of int
        Which of its bands, from 1.

    Returns
    -------
    Likeness

    Raises
    ------
    JobError
        If it cannot be opened.
    """
    with opened(path) as dataset:
        points, points_crs = dataset.gcps
        places = [band - 1 for band in bands]
        return Likeness(
            colors=tuple(dataset.colorinterp[place] for place in places),
            scales=tuple(dataset.scales[place] for place in places),
            offsets=tuple(dataset.offsets[place] for place in places),
            units=tuple(dataset.units[place] or "" for place in places),
            tags=_tags(dataset),
            band_tags=[_kept(dataset.tags(band)) for band in bands],
            points=list(points),
            points_crs=points_crs,
            rpc=dataset.rpcs,
        )


def _tags(dataset):
    spaces = [space for space in dataset.tag_namespaces() if _is_plain(space)]
    found = {space: _kept(dataset.tags(ns=space)) for space in spaces}
    return {"": _kept(dataset.tags()), **{space: tags for space, tags in found.items() if tags}}


def _is_plain(namespace):
    return namespace and namespace not in _NO_NAMESPACE and ":" not in namespace


def _kept(tags):
    return {name: text for name, text in tags.items() if not name.startswith(_NO_TAG)}


def _known(color):
    return color if color in _GDAL_COLORS else ColorInterp.undefined


def _moved(point, factor, row, column):
    """A ground control point, whose row and column count from the corner of the first pixel."""
    return GroundControlPoint(
        row=(point.row - row) * factor, col=(point.col - column) * factor,
        x=point.x, y=point.y, z=point.z, id=point.id, info=point.info,
    )  # fmt: skip


def _scaled(rpc, factor, row, column):
    """Coefficients for finer pixels; their lines and samples count from the first pixel's middle."""
    if rpc is None:
        return None
    known = rpc.to_dict()
    for name, start in (("line", row), ("samp", column)):
        known[f"{name}_off"] = (known[f"{name}_off"] - start + 0.5) * factor - 0.5
        known[f"{name}_scale"] = known[f"{name}_scale"] * factor
    return RPC(**{name: np.asarray(v).tolist() for name, v in known.items() if v is not None})
