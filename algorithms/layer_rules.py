"""Which layers cannot work together, told before the run from what their headers say."""

from dataclasses import dataclass

from qgis.core import (
    QgsCoordinateTransform,
    QgsCsException,
    QgsFeatureRequest,
    QgsRectangle,
    QgsWkbTypes,
)

from ..plugin.jobs.declare import declared
from ..plugin.jobs.errors import JobError
from .asked_layers import RASTER_KINDS, feature_source, raster_layers
from .raster_header import read_header
from .versions import SKIP_CHECKS

# Jobs whose bands are those of every raster; elsewhere they count through all rasters.
BANDS_OF_EACH = ("train_object_detector", "train_upscaler")
# Features that must lie on rasters, by job.
_ON_RASTERS = {
    "train_pixel_classifier": ("labels", "rasters"),
    "train_object_detector": ("boxes", "rasters"),
    "export_training_chips": ("labels", "input"),
    "explain_classification": ("labels", "input"),
    "classify_features": ("input", "raster"),
    "assess_accuracy": ("reference", "classified"),
}
_STACKS = ("classify_pixels", "train_pixel_classifier", "suggest_labels")


@dataclass(frozen=True)
class Asked:
    """A job with the layers that are given to it.

    Attributes
    ----------
    name : str
        The job's.
    job : object
        Checked.
    headers : dict
        A list of `raster_header.Header` by field name.
    sources : dict
        A QgsProcessingFeatureSource by field name.
    context : QgsProcessingContext
    """

    name: str
    job: object
    headers: dict
    sources: dict
    context: object

    def stack(self):
        """The headers of all rasters that a network sees together."""
        return [one for part in self.rasters() for one in self.headers[part]]

    def numbers(self):
        """Numbers of the bands that are chosen; empty for all."""
        return getattr(self.job, "bands", None) or ()

    def rasters(self):
        """Names of the fields with rasters that are given, in their order."""
        return [name for name, found in self.headers.items() if found]


def look(algorithm, job, parameters, context):
    """Read the headers of all layers that are given to a job; main thread only.

    Returns
    -------
    Asked
    """
    headers, sources = {}, {}
    given = algorithm, parameters, context
    for part in declared(algorithm.job):
        if part.kind in RASTER_KINDS:
            headers[part.name] = [read_header(layer) for layer in raster_layers(*given, part)]
        if part.kind in ("features", "catalog"):
            source = feature_source(*given, part)
            if source is not None:
                sources[part.name] = source
    return Asked(algorithm.job_name, job, headers, sources, context)


def check_layers(asked):
    """Refuse layers that no job of the kind can use.

    Parameters
    ----------
    asked : Asked

    Raises
    ------
    JobError
    """
    for part in declared(type(asked.job)):
        if part.kind in ("features", "catalog") and part.name in asked.sources:
            _check_features(part, asked.sources[part.name])
        if part.kind in ("bands", "stack_bands") and getattr(asked.job, part.name):
            _check_numbers(asked, part)
    for header in asked.stack():
        _check_raster(asked, header)
    _check_extent(asked)
    if asked.name in _STACKS or "more_rasters" in asked.rasters():
        _check_stack(asked.stack())
    _check_ground(asked)


def _check_features(part, source):
    name = source.sourceName()
    if not part.optional and source.featureCount() == 0:
        remedy = "Check its filter and selection, or choose another layer."
        raise JobError(f'"{name}" has no features.', remedy)
    kind = QgsWkbTypes.geometryType(source.wkbType())
    none = QgsWkbTypes.GeometryType.NullGeometry, QgsWkbTypes.GeometryType.UnknownGeometry
    points = QgsWkbTypes.GeometryType.PointGeometry
    if part.kind == "catalog" and kind not in (points, *none):
        remedy = "Choose a point layer, or a table with coordinate fields."
        raise JobError(f'"{name}" holds no points.', remedy)


def _check_numbers(asked, part):
    """Refuse bands that the rasters do not have."""
    wanted, found = getattr(asked.job, part.name), asked.headers[part.parent]
    if not all(header.is_file for header in found):
        return
    if part.kind == "bands" or asked.name in BANDS_OF_EACH:
        for header in found:
            check_band(header, max(wanted))
    elif found and max(wanted) > (total := sum(len(header.bands) for header in found)):
        raise JobError(
            f"The rasters have {total} band{'s' * (total > 1)} in all; band {max(wanted)} is "
            "asked for.",
            f"Choose bands from 1 to {total}.",
        )


def check_band(header, number):
    """Refuse a band that a raster does not have.

    Raises
    ------
    JobError
    """
    count = len(header.bands)
    if header.is_file and number > count:
        raise JobError(
            f'"{header.name}" has {count} band{"s" * (count > 1)}; band {number} is asked for.',
            f"Choose bands from 1 to {count}.",
        )


def _check_raster(asked, header):
    is_placed = bool(asked.sources) or bool(getattr(asked.job, "extent", None))
    if not header.width and not is_placed:
        raise JobError(
            f'"{header.name}" is a web layer with no pixels of its own.',
            "Give an extent, or save the part you need with Export > Save As.",
        )
    if header.is_complex and len(header.bands) == 1:
        raise JobError(
            f'"{header.name}" has complex values.',
            "Save its amplitude or its phase as a raster of real numbers.",
        )


def _check_extent(asked):
    """Refuse an extent beside the first raster; more rasters may lie elsewhere."""
    extent, stack = getattr(asked.job, "extent", None), asked.stack()
    if not extent or not stack or not all(header.crs.isValid() for header in stack):
        return
    west, east, south, north = extent
    area = QgsRectangle(west, south, east, north)
    found = stack if asked.name in BANDS_OF_EACH else stack[:1]
    if all(_are_apart(area, _in(header, stack[0].crs, asked.context)) for header in found):
        raise JobError(
            f'The extent does not touch "{stack[0].name}".',
            "Draw it over the raster, in the raster's coordinate reference system.",
        )


def _check_stack(stack):
    """Refuse rasters that cannot be brought to the grid of the first."""
    first = stack[0]
    for header in stack[1:]:
        if header.crs.isValid() != first.crs.isValid():
            without = header.name if first.crs.isValid() else first.name
            raise JobError(
                f'"{without}" has no coordinate reference system; another of the rasters has one.',
                "Assign it with Assign projection.",
            )


def _check_ground(asked):
    """Refuse features and rasters without ground in common."""
    names, rasters = _ON_RASTERS.get(asked.name, ("", ""))
    source, found = asked.sources.get(names), asked.headers.get(rasters)
    if source is None or not found or not all(header.crs.isValid() for header in found):
        return
    if all(_none_lies_on(source, header, asked.context) for header in found):
        raise JobError(
            f'"{source.sourceName()}" and "{found[0].name}" have no ground in common.',
            "Choose layers of the same area, and check their coordinate reference systems.",
        )


def _none_lies_on(source, header, context):
    """Whether surely no feature lies on a raster: neither the layer's extent nor any of them."""
    back = QgsCoordinateTransform(header.crs, source.sourceCrs(), context.transformContext())
    try:
        box = back.transformBoundingBox(header.box) if back.isValid() else header.box
    except QgsCsException:
        return False  # the run will tell
    if not _are_apart(source.sourceExtent(), box):
        return False
    request = QgsFeatureRequest().setFilterRect(box).setLimit(1)  # the extent may be out of date
    return not any(True for _ in source.getFeatures(request, SKIP_CHECKS))


def _in(header, crs, context):
    """The rectangle around a raster in another CRS; the whole plane if it has no place there."""
    change = QgsCoordinateTransform(header.crs, crs, context.transformContext())
    try:
        return change.transformBoundingBox(header.box)
    except QgsCsException:
        return QgsRectangle(-1e300, -1e300, 1e300, 1e300)


def _are_apart(one, other):
    """Whether two rectangles are known and do not touch; a point has no area, but a place."""
    if one.isNull() or other.isNull():
        return False
    return (
        one.xMinimum() > other.xMaximum() or one.xMaximum() < other.xMinimum()
        or one.yMinimum() > other.yMaximum() or one.yMaximum() < other.yMinimum()
    )  # fmt: skip
