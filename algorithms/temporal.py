"""When layers are shown: QGIS's temporal controller plays them."""

from qgis.core import Qgis, QgsDateTimeRange
from qgis.PyQt.QtCore import QDateTime, Qt

from .versions import DAYS


def moment_of(text):
    """A date-time in UTC of an ISO text; None for an empty one.

    Parameters
    ----------
    text : str or None
        With or without ``Z``; without, it is UTC too.
    """
    if not text:
        return None
    moment = QDateTime.fromString(text.rstrip("Zz"), Qt.DateFormat.ISODateWithMs)
    moment.setTimeSpec(Qt.TimeSpec.UTC)
    return moment


def show_at_moments(layer, field, days=1.0):
    """Show every feature from its moment on, for some days.

    Parameters
    ----------
    layer : QgsVectorLayer
    field : str
        Of date-times; nothing happens if the layer's format made text of them.
    days : float
    """
    index = layer.fields().lookupField(field)
    if index < 0 or not layer.fields()[index].isDateOrTime():
        return
    properties = layer.temporalProperties()
    properties.setMode(Qgis.VectorTemporalMode.FeatureDateTimeInstantFromField)
    properties.setStartField(field)
    properties.setFixedDuration(days)
    properties.setDurationUnits(DAYS)
    properties.setIsActive(True)


def show_between(layer, start, end):
    """Show a raster from a moment to just before another, both ISO texts in UTC."""
    properties = layer.temporalProperties()
    properties.setMode(Qgis.RasterTemporalMode.FixedTemporalRange)
    span = QgsDateTimeRange(moment_of(start), moment_of(end), True, False)
    properties.setFixedTemporalRange(span)
    properties.setIsActive(True)
