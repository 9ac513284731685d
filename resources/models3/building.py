"""What puts a ready-made model together: its inputs, its steps, its help."""

import os
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("QT_HASH_SEED", "0")  # the same file from the same model
ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
GROUP = "Ready-made models"
CREATOR = "Deep Geology"
NETWORKS = ["unet_mobilenet_v2", "pixel_mlp"]
DESIGNS = ["stratified", "simple_random", "opportunistic"]


def start():
    """QGIS with Processing and our provider."""
    from qgis.core import QgsApplication

    application = QgsApplication([], False, tempfile.mkdtemp())
    application.initQgis()
    plugins = Path(tempfile.mkdtemp())
    (plugins / "deep_geology").symlink_to(ROOT, target_is_directory=True)
    sys.path.insert(0, str(plugins))
    from processing.core.Processing import Processing

    Processing.initialize()
    import deep_geology

    plugin = deep_geology.classFactory(None)
    plugin.initProcessing()
    return application, plugin


class Model:
    """A model that is put together step by step.

    Parameters
    ----------
    name : str
        Its name in the toolbox, and its id after ``deepgeology:``.
    about : str
    """

    def __init__(self, name, about):
        from qgis.core import QgsProcessingModelAlgorithm

        self.model = QgsProcessingModelAlgorithm(name, GROUP)
        self.help = {"ALG_DESC": about, "ALG_CREATOR": CREATOR}
        self.order = []

    def ask(self, parameter, help):
        """Add an input."""
        from qgis.core import QgsProcessingModelParameter
        from qgis.PyQt.QtCore import QPointF

        place = QgsProcessingModelParameter(parameter.name())
        place.setPosition(QPointF(220 * len(self.model.parameterComponents()) + 120, 60))
        self.model.addModelParameter(parameter, place)
        self.help[parameter.name()] = help
        self.order.append(parameter.name())

    def step(self, name, algorithm, values, outputs=(), about=""):
        """Add an algorithm; a value is a `Source`, a list of them, or plain."""
        from qgis.core import (
            QgsProcessingModelChildAlgorithm,
            QgsProcessingModelChildParameterSource as Source,
            QgsProcessingModelOutput,
        )
        from qgis.PyQt.QtCore import QPointF

        child = QgsProcessingModelChildAlgorithm(algorithm)
        child.setChildId(name)
        child.setDescription(about or name)
        for key, value in {**defaults(child.algorithm()), **values}.items():
            sources = value if isinstance(value, list) else [value]
            sources = [s if isinstance(s, Source) else Source.fromStaticValue(s) for s in sources]
            child.addParameterSources(key, sources)
        known = {}
        for key, shown, help in outputs:
            output = QgsProcessingModelOutput(shown)
            output.setChildId(name)
            output.setChildOutputName(key)
            known[shown] = output
            self.help[f"{name}:{shown}"] = help
        child.setModelOutputs(known)
        child.setPosition(QPointF(300, 180 + 110 * len(self.model.childAlgorithms())))
        if not child.reattach():
            raise SystemExit(f"{algorithm} is not there.")
        self.model.addChildAlgorithm(child)

    def write(self, file_name):
        self.model.setHelpContent(self.help)
        self.model.setParameterOrder(self.order)
        if not self.model.toFile(str(HERE / file_name)):
            raise SystemExit(f"{file_name} cannot be written.")


def defaults(algorithm):
    """What the dialog would fill in; a step without it counts as incomplete in the modeler."""
    return {
        one.name(): one.defaultValue()
        for one in algorithm.parameterDefinitions()
        if not one.isDestination() and one.defaultValue() not in (None, "")
    }


def sources():
    from qgis.core import QgsProcessingModelChildParameterSource as Source

    return Source.fromModelParameter, Source.fromChildOutput


def ask_labels(model, name, label, help):
    """A layer of labels with its class field."""
    from qgis.core import (  # fmt: skip
        QgsProcessing,
        QgsProcessingParameterFeatureSource,
        QgsProcessingParameterField,
    )

    kinds = [QgsProcessing.SourceType.TypeVectorAnyGeometry]
    model.ask(QgsProcessingParameterFeatureSource(name, label, kinds), help)
    field = QgsProcessingParameterField(
        f"{name}_field", f"Class field of: {label}", None, name, optional=True
    )  # empty: the tools guess it, where QGIS would take the first field
    model.ask(field, "Field that names the class.")


def ask_checked(model):
    """Places kept apart for the assessment, and how they were chosen."""
    from qgis.core import QgsProcessingParameterEnum

    ask_labels(
        model, "checked", "Checked places",
        "Points or polygons whose class is known and that are not among the labels.",
    )  # fmt: skip
    design = QgsProcessingParameterEnum(
        "design", "Sampling design of the checked places", DESIGNS, False, "opportunistic",
        False, True,
    )  # fmt: skip
    model.ask(design, "Only a sample drawn by chance says something of the whole map.")


def ask_time(model, default=10, least=0):
    """The time of the training, in minutes."""
    from qgis.core import QgsProcessingParameterNumber

    kind = QgsProcessingParameterNumber.Type.Double
    limit = QgsProcessingParameterNumber(
        "minutes", "Time limit of the training (minutes)", kind, default
    )
    limit.setMinimum(least)
    no_limit = "" if least else " 0: no limit."
    model.ask(limit, "The training is planned to end within this time." + no_limit)


def ask_raster(model, name, label, help):
    """A raster layer."""
    from qgis.core import QgsProcessingParameterRasterLayer

    model.ask(QgsProcessingParameterRasterLayer(name, label), help)


def ask_rasters(model, name, label, help):
    """One or several raster layers."""
    from qgis.core import QgsProcessing, QgsProcessingParameterMultipleLayers

    kind = QgsProcessing.SourceType.TypeRaster
    model.ask(QgsProcessingParameterMultipleLayers(name, label, kind), help)


def ask_features(model, name, label, kind, help):
    """A vector layer; `kind` such as ``"VectorPoint"``, or ``"Vector"`` for any table."""
    from qgis.core import QgsProcessing, QgsProcessingParameterFeatureSource

    kinds = [getattr(QgsProcessing.SourceType, f"Type{kind}")]
    model.ask(QgsProcessingParameterFeatureSource(name, label, kinds), help)


def ask_factor(model, factors=("2", "4", "8"), default="4"):
    """How much finer."""
    from qgis.core import QgsProcessingParameterEnum

    factor = QgsProcessingParameterEnum(
        "factor", "Factor", list(factors), False, default, False, True
    )
    model.ask(factor, "How many pixels one pixel becomes in each direction.")


def ask_network(model):
    from qgis.core import QgsProcessingParameterEnum

    network = QgsProcessingParameterEnum(
        "network", "Network", NETWORKS, False, NETWORKS[0], False, True
    )
    model.ask(
        network,
        "unet_mobilenet_v2 sees shapes and textures; pixel_mlp looks at every pixel "
        "alone, which is fast and enough where values tell the classes.",
    )


def train_classify_assess(model, rasters, augment):
    """The three last steps of a map of classes."""
    asked, made = sources()
    training = {
        "RASTERS": rasters,
        "LABELS": asked("labels"),
        "CLASS_FIELD": asked("labels_field"),
        "NETWORK": asked("network"),
        "AUGMENT": augment,
        "MINUTES": asked("minutes"),
    }
    model.step("train", "deepgeology:trainpixelclassifier", training, [
        ("MODEL", "model", "The trained model."),
        ("REPORT", "training_report", "Scores of the training, from ground kept apart."),
    ], "Train pixel classifier")  # fmt: skip
    mapping = {"RASTERS": rasters, "MODEL": made("train", "MODEL")}
    model.step("classify", "deepgeology:classifypixels", mapping, [
        ("OUTPUT", "classes", "A class for every pixel."),
        ("TRUST", "trust", "How unlike the ground of the labels each pixel is."),
    ], "Classify pixels")  # fmt: skip
    checking = {
        "CLASSIFIED": made("classify", "OUTPUT"),
        "REFERENCE": asked("checked"),
        "CLASS_FIELD": asked("checked_field"),
        "DESIGN": asked("design"),
    }
    model.step("assess", "deepgeology:assessaccuracy", checking, [
        ("REPORT", "accuracy_report", "Accuracy of the map at the checked places."),
        ("CONFUSION", "confusion", "Confusion matrix as a table."),
    ], "Assess accuracy")  # fmt: skip


def ask_grid(model):
    """Where and how finely earthquakes are forecast."""
    from qgis.core import QgsProcessingParameterExtent, QgsProcessingParameterNumber

    extent = QgsProcessingParameterExtent("extent", "Extent", None, True)
    model.ask(extent, "Where events count. Empty: around all events of the catalog.")
    kinds = QgsProcessingParameterNumber.Type.Double, QgsProcessingParameterNumber.Type.Integer
    size = QgsProcessingParameterNumber("cell_size", "Cell size (degrees)", kinds[0], 0.1)
    size.setMinimum(0.01)
    model.ask(size, "Side of a cell of the grid.")
    window = QgsProcessingParameterNumber("window_days", "Window (days)", kinds[1], 1)
    window.setMinimum(1)
    model.ask(window, "Length of a window in time: 1, 7 or 30 days are usual.")
