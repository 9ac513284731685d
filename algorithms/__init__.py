"""What QGIS shows: the algorithms, in the order of their groups."""

from .classify_features import ClassifyFeatures
from .classify_images import ClassifyImages
from .classify_raster import ClassifyRaster
from .describe_model import DescribeModel
from .export_training_chips import ExportTrainingChips
from .train_image_classifier import TrainImageClassifier

ALGORITHMS = (
    ExportTrainingChips,
    TrainImageClassifier,
    ClassifyImages,
    ClassifyRaster,
    ClassifyFeatures,
    DescribeModel,
)
