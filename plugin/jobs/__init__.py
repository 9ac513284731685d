"""What can be asked of Deep Geology; read by QGIS and by the engine."""

from .assess_accuracy import AssessAccuracy
from .assess_upscaling import AssessUpscaling
from .check_catalog import CheckCatalog
from .classify_features import ClassifyFeatures
from .classify_images import ClassifyImages
from .classify_pixels import ClassifyPixels
from .classify_raster import ClassifyRaster
from .describe_model import DescribeModel
from .detect_objects import DetectObjects
from .download_catalog import DownloadCatalog
from .download_engine import DownloadEngine
from .explain_classification import ExplainClassification
from .export_csep_forecast import ExportCsepForecast
from .export_onnx import ExportOnnx
from .export_training_chips import ExportTrainingChips
from .forecast_grid import ForecastGrid
from .forecast_seismic_grid import ForecastSeismicGrid
from .generate_images import GenerateImages
from .grid_catalog import GridCatalog
from .import_model import ImportModel
from .map_embedding import MapEmbedding
from .prepare_engine import PrepareEngine
from .suggest_labels import SuggestLabels
from .test_seismic_forecast import TestSeismicForecast
from .train_grid_forecast import TrainGridForecast
from .train_image_classifier import TrainImageClassifier
from .train_image_generator import TrainImageGenerator
from .train_object_detector import TrainObjectDetector
from .train_pixel_classifier import TrainPixelClassifier
from .train_seismic_forecast import TrainSeismicForecast
from .train_upscaler import TrainUpscaler
from .upscale_raster import UpscaleRaster

JOBS = {
    "prepare_engine": PrepareEngine,
    "download_engine": DownloadEngine,
    "export_training_chips": ExportTrainingChips,
    "train_image_classifier": TrainImageClassifier,
    "classify_images": ClassifyImages,
    "classify_raster": ClassifyRaster,
    "classify_features": ClassifyFeatures,
    "train_pixel_classifier": TrainPixelClassifier,
    "classify_pixels": ClassifyPixels,
    "suggest_labels": SuggestLabels,
    "assess_accuracy": AssessAccuracy,
    "train_object_detector": TrainObjectDetector,
    "detect_objects": DetectObjects,
    "explain_classification": ExplainClassification,
    "map_embedding": MapEmbedding,
    "download_catalog": DownloadCatalog,
    "check_catalog": CheckCatalog,
    "grid_catalog": GridCatalog,
    "train_seismic_forecast": TrainSeismicForecast,
    "forecast_seismic_grid": ForecastSeismicGrid,
    "test_seismic_forecast": TestSeismicForecast,
    "export_csep_forecast": ExportCsepForecast,
    "train_grid_forecast": TrainGridForecast,
    "forecast_grid": ForecastGrid,
    "upscale_raster": UpscaleRaster,
    "train_upscaler": TrainUpscaler,
    "assess_upscaling": AssessUpscaling,
    "train_image_generator": TrainImageGenerator,
    "generate_images": GenerateImages,
    "export_onnx": ExportOnnx,
    "import_model": ImportModel,
    "describe_model": DescribeModel,
}
