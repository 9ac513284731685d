"""What can be asked of Deep Geology; read by QGIS and by the engine."""

from .assess_accuracy import AssessAccuracy
from .classify_features import ClassifyFeatures
from .classify_images import ClassifyImages
from .classify_pixels import ClassifyPixels
from .classify_raster import ClassifyRaster
from .describe_model import DescribeModel
from .detect_objects import DetectObjects
from .download_engine import DownloadEngine
from .explain_classification import ExplainClassification
from .export_training_chips import ExportTrainingChips
from .map_embedding import MapEmbedding
from .prepare_engine import PrepareEngine
from .train_image_classifier import TrainImageClassifier
from .train_object_detector import TrainObjectDetector
from .train_pixel_classifier import TrainPixelClassifier

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
    "assess_accuracy": AssessAccuracy,
    "train_object_detector": TrainObjectDetector,
    "detect_objects": DetectObjects,
    "explain_classification": ExplainClassification,
    "map_embedding": MapEmbedding,
    "describe_model": DescribeModel,
}
