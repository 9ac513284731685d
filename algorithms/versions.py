"""What has another name in another version of QGIS; the only place that knows versions."""

from qgis.core import (
    Qgis,
    QgsFeatureRequest,
    QgsProcessing,
    QgsProcessingFeatureSource,
    QgsProcessingModelChildParameterSource,
    QgsProcessingParameterDefinition,
    QgsRasterFileWriter,
    QgsTask,
    QgsUnitTypes,
)

# QGIS 3.36 moved these enums into Qgis and renamed their members.
if hasattr(Qgis, "ProcessingParameterFlag"):
    ADVANCED = Qgis.ProcessingParameterFlag.Advanced
    OPTIONAL = Qgis.ProcessingParameterFlag.Optional
    _Source = Qgis.ProcessingSourceType
    POINT, LINE, POLYGON = _Source.VectorPoint, _Source.VectorLine, _Source.VectorPolygon
    ANY_GEOMETRY, ANY_VECTOR = _Source.VectorAnyGeometry, _Source.Vector
    RASTER = _Source.Raster
    SKIP_CHECKS = Qgis.ProcessingFeatureSourceFlag.SkipGeometryValidityChecks
    NO_CHECK = Qgis.InvalidGeometryCheck.NoCheck
    SKIP_INVALID = Qgis.InvalidGeometryCheck.SkipInvalid
else:
    ADVANCED = QgsProcessingParameterDefinition.Flag.FlagAdvanced
    OPTIONAL = QgsProcessingParameterDefinition.Flag.FlagOptional
    _Source = QgsProcessing.SourceType
    POINT, LINE = _Source.TypeVectorPoint, _Source.TypeVectorLine
    POLYGON, ANY_GEOMETRY = _Source.TypeVectorPolygon, _Source.TypeVectorAnyGeometry
    ANY_VECTOR, RASTER = _Source.TypeVector, _Source.TypeRaster
    SKIP_CHECKS = QgsProcessingFeatureSource.Flag.FlagSkipGeometryValidityChecks
    NO_CHECK = QgsFeatureRequest.InvalidGeometryCheck.GeometryNoCheck
    SKIP_INVALID = QgsFeatureRequest.InvalidGeometryCheck.GeometrySkipInvalid

# QGIS 3.38 takes the type of a field as a QMetaType; Qt 6 knows no other.
if Qgis.QGIS_VERSION_INT >= 33800:
    from qgis.PyQt.QtCore import QMetaType

    TEXT, INTEGER = QMetaType.Type.QString, QMetaType.Type.Int
    REAL, MOMENT = QMetaType.Type.Double, QMetaType.Type.QDateTime
else:
    from qgis.PyQt.QtCore import QVariant

    TEXT, INTEGER, REAL = QVariant.String, QVariant.Int, QVariant.Double
    MOMENT = QVariant.DateTime

# QGIS 3.38 moved what came of writing a raster.
if hasattr(Qgis, "RasterFileWriterResult"):
    WRITTEN = Qgis.RasterFileWriterResult.Success
else:
    WRITTEN = QgsRasterFileWriter.WriterError.NoError

# QGIS 3.26 can run a task of whose end it says nothing by itself.
SILENT = (QgsTask.Flag.CanCancel | QgsTask.Flag.Silent,) if hasattr(QgsTask.Flag, "Silent") else ()

# QGIS 3.34 moved where a step of a model has its values from.
if hasattr(Qgis, "ProcessingModelChildParameterSource"):
    FROM_PARAMETER = Qgis.ProcessingModelChildParameterSource.ModelParameter
else:
    FROM_PARAMETER = QgsProcessingModelChildParameterSource.Source.ModelParameter

# QGIS 3.30 moved the units of time.
if hasattr(Qgis, "TemporalUnit"):
    DAYS = Qgis.TemporalUnit.Days
else:
    DAYS = QgsUnitTypes.TemporalUnit.TemporalDays
