"""A field of a job <-> a Processing parameter."""

from qgis.core import (
    QgsProcessingOutputHtml,
    QgsProcessingOutputNumber,
    QgsProcessingOutputString,
    QgsProcessingParameterBand,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterDateTime,
    QgsProcessingParameterEnum,
    QgsProcessingParameterExtent,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
    QgsProcessingParameterFile,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterFolderDestination,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterDestination,
    QgsProcessingParameterRasterLayer,
    QgsProcessingParameterString,
)

from .translation import tr
from .versions import ADVANCED, ANY_GEOMETRY, ANY_VECTOR, LINE, POINT, POLYGON, RASTER

_FILE = QgsProcessingParameterFile.Behavior
_NUMBER = QgsProcessingParameterNumber.Type
_GEOMETRIES = {
    "point": POINT,
    "line": LINE,
    "polygon": POLYGON,
    "any": ANY_GEOMETRY,
    "none": ANY_VECTOR,
}
_FILTERS = {
    "safetensors": "Deep Geology models (*.safetensors)",
    "html": "HTML files (*.html)",
    "csv": "CSV files (*.csv)",
    "json": "JSON files (*.json)",
    "nc": "NetCDF files (*.nc)",
    "onnx": "ONNX files (*.onnx)",
    "png": "PNG pictures (*.png)",
    "dat": "CSEP forecasts (*.dat)",
}
FOLDER_SUFFIX = "_FOLDER"


def make_parameter(part):
    """Make the Processing parameter of a declared input or output.

    Parameters
    ----------
    part : Declared
        A parameter of a job; see `plugin.jobs.declare`.

    Returns
    -------
    QgsProcessingParameterDefinition
        Named as the field in upper case, with help, unit, bounds, default and flags.
    """
    parameter = _MAKERS[part.kind](part, part.name.upper(), label(part))
    parameter.setHelp(help_text(part))
    if part.advanced:
        parameter.setFlags(parameter.flags() | ADVANCED)
    return parameter


def make_parameters(part):
    """All parameters of a declared input or output, see `make_parameter`; none of a result.

    A raster or images has a second one, for the folder: Processing has no dialog for both.
    """
    if part.is_result:
        return []
    parameters = [make_parameter(part)]
    if part.kind == "raster_or_images":
        text = tr("Folder of images, instead of the raster")
        name = part.name.upper() + FOLDER_SUFFIX
        folder = QgsProcessingParameterFile(name, text, _FILE.Folder, "", None, True)
        folder.setHelp(tr("A folder of images, if there is no raster to work on."))
        parameters.append(folder)
    return parameters


def make_output(part, title):
    """Make the Processing output of a declared number, text or report.

    QGIS's list of results names a report as its output is named: by the tool's `title` too.
    """
    name, text = part.name.upper(), tr(part.label)
    if part.is_report:
        return QgsProcessingOutputHtml(name, tr("{}: {}").format(text, title))
    kind = QgsProcessingOutputNumber if part.kind == "result_number" else QgsProcessingOutputString
    return kind(name, text)


def label(part):
    """The label in the dialog, with its unit."""
    words = tr(part.label)
    return tr("{} ({})").format(words, tr(part.unit)) if part.unit else words


def help_text(part):
    """The help of a parameter; every choice is explained, with the name that a script gives."""
    lines = [explanation(part)] if part.help else []
    if part.options and is_counted(part):
        lines.append(tr("In a script, give the name, or its number in this list counted from 0:"))
    lines += ["\t" + tr("{}: {}").format(value, tr(words)) for value, words in part.options]
    return "\n".join(lines)


def explanation(part):
    """What is said of a parameter, and what a number means that is not set."""
    told = tr(part.help)
    if not part.unset:
        return told
    return tr("{} Not set is the same as {}.").format(told, f"{part.default:g}")


def is_counted(part):
    """Whether a choice goes by its number, too: not where the names are numbers themselves."""
    return not all(value.isdigit() for value, _ in part.options)


def _numbers(types):
    """Types of sources as the plain numbers that a parameter takes; older enums are numbers."""
    return [getattr(kind, "value", kind) for kind in types]


def _raster(part, name, text):
    return QgsProcessingParameterRasterLayer(name, text, None, part.optional)


def _rasters(part, name, text):
    return QgsProcessingParameterMultipleLayers(name, text, RASTER, None, part.optional)


def _raster_or_images(part, name, text):
    return QgsProcessingParameterRasterLayer(name, text, None, True)


def _stack_bands(part, name, text):
    return QgsProcessingParameterString(name, text, None, False, True)


def _catalog(part, name, text):
    return QgsProcessingParameterFeatureSource(
        name, text, _numbers([ANY_VECTOR]), None, part.optional
    )


def _moment(part, name, text):
    kind = QgsProcessingParameterDateTime.Type.DateTime
    return QgsProcessingParameterDateTime(name, text, kind, part.default, part.optional)


def _bands(part, name, text):
    parent = part.parent.upper()
    return QgsProcessingParameterBand(name, text, None, parent, part.optional, True)


def _features(part, name, text):
    types = _numbers(_GEOMETRIES[geometry] for geometry in part.geometry)
    return QgsProcessingParameterFeatureSource(name, text, types, None, part.optional)


def _attribute(part, name, text):
    any_type = QgsProcessingParameterField.DataType.Any
    parent = part.parent.upper()
    return QgsProcessingParameterField(name, text, None, parent, any_type, False, part.optional)


def _folder(part, name, text):
    return QgsProcessingParameterFile(name, text, _FILE.Folder, "", None, part.optional)


def _file(part, name, text):
    every = tr("All files (*)")  # not *.*, which QGIS takes at its word: python3 has no dot
    known = _FILTERS.get(part.extension)
    names = f"{tr(known)};;{every}" if known else every
    return QgsProcessingParameterFile(name, text, _FILE.File, "", None, part.optional, names)


def _model_file(part, name, text):
    """A file with the Model library as a drop-down; the value is a path, or a name of it."""
    parameter = _file(part, name, text)
    chooser = f"{__package__}.model_chooser.ModelChooser"  # imported by dialogs alone
    parameter.setMetadata({"widget_wrapper": {"class": chooser, "task": part.task}})
    return parameter


def _text(part, name, text):
    optional = part.optional or part.default == ""
    return QgsProcessingParameterString(name, text, part.default or None, False, optional)


def _number(part, name, text):
    kind = _NUMBER.Integer if part.kind == "integer" else _NUMBER.Double
    default, optional = (None, True) if part.unset else (part.default, part.optional)
    parameter = QgsProcessingParameterNumber(name, text, kind, default, optional)
    if not part.advanced:  # rates and penalties are fine and advanced; six zeros say nothing here
        parameter.setMetadata({"widget_wrapper": {"decimals": 2}})
    if part.minimum is not None:
        parameter.setMinimum(part.minimum)
    if part.maximum is not None:
        parameter.setMaximum(part.maximum)
    return parameter


def _choice(part, name, text):
    """A name out of a list; the dialog shows what the names mean."""
    values, meanings = map(list, zip(*part.options))
    parameter = QgsProcessingParameterEnum(
        name, text, values, False, part.default, part.optional, usesStaticStrings=True
    )
    box = f"{__package__}.choice_box.ChoiceBox"  # imported by dialogs alone
    known = {"class": box, "values": values, "meanings": meanings}
    parameter.setMetadata({"widget_wrapper": known})
    return parameter


def _boolean(part, name, text):
    return QgsProcessingParameterBoolean(name, text, part.default, part.optional)


def _extent(part, name, text):
    return QgsProcessingParameterExtent(name, text, None, part.optional)


def _new_raster(part, name, text):
    optional = part.optional
    return QgsProcessingParameterRasterDestination(name, text, None, optional, not optional)


def _new_features(part, name, text):
    kind = _GEOMETRIES[part.geometry[0]] if len(part.geometry) == 1 else ANY_GEOMETRY
    optional = part.optional
    return QgsProcessingParameterFeatureSink(name, text, kind, None, optional, not optional)


def _new_folder(part, name, text):
    optional = part.optional
    return QgsProcessingParameterFolderDestination(name, text, None, optional, not optional)


def _new_file(part, name, text):
    names = tr(_FILTERS[part.extension])
    optional = part.optional
    return QgsProcessingParameterFileDestination(name, text, names, None, optional, not optional)


_MAKERS = {
    "raster": _raster,
    "rasters": _rasters,
    "raster_or_images": _raster_or_images,
    "stack_bands": _stack_bands,
    "catalog": _catalog,
    "moment": _moment,
    "bands": _bands,
    "features": _features,
    "attribute": _attribute,
    "folder": _folder,
    "images": _folder,
    "file": _file,
    "model_file": _model_file,
    "text": _text,
    "integer": _number,
    "number": _number,
    "choice": _choice,
    "boolean": _boolean,
    "extent": _extent,
    "new_raster": _new_raster,
    "new_features": _new_features,
    "new_folder": _new_folder,
    "new_file": _new_file,
}
