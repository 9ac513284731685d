"""Make the ready-made models with QGIS's own writer; run by `make models`, in QGIS 3.22.

QGIS reads the models of older versions, not those of newer ones: therefore the oldest writes them.
"""

import os
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
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
    field = QgsProcessingParameterField(f"{name}_field", f"Class field of: {label}", None, name)
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


def ask_time(model):
    from qgis.core import QgsProcessingParameterNumber

    kind = QgsProcessingParameterNumber.Type.Double
    limit = QgsProcessingParameterNumber(
        "minutes", "Time limit of the training (minutes)", kind, 10
    )
    limit.setMinimum(0)
    model.ask(limit, "The training is planned to end within this time. 0: no limit.")


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


def landforms():
    from qgis.core import QgsProcessingParameterRasterLayer

    asked, made = sources()
    model = Model(
        "Landforms from elevation",
        "Maps landforms from an elevation model and a few labels: slope, roughness and the height "
        "above the surroundings are derived, a network of pixels learns from the labels, and the "
        "map is checked at places kept apart.",
    )
    model.ask(
        QgsProcessingParameterRasterLayer("elevation", "Elevation"),
        "Elevation model in a projected coordinate reference system.",
    )
    ask_labels(model, "labels", "Labels", "Polygons, lines or points that say what landform it is.")
    ask_checked(model)
    ask_network(model)
    ask_time(model)
    model.step("slope", "native:slope", {"INPUT": asked("elevation"), "Z_FACTOR": 1}, (), "Slope")
    edges = {"INPUT": asked("elevation"), "BAND": 1, "COMPUTE_EDGES": True}
    model.step("roughness", "gdal:roughness", edges, (), "Roughness")
    model.step("position", "gdal:tpitopographicpositionindex", edges, (), "Topographic position")
    rasters = [made("slope", "OUTPUT"), made("roughness", "OUTPUT"), made("position", "OUTPUT")]
    train_classify_assess(model, rasters, "turns")
    model.write("landforms.model3")


def land_cover():
    from qgis.core import QgsProcessing, QgsProcessingParameterMultipleLayers

    asked, _ = sources()
    model = Model(
        "Land cover from imagery",
        "Maps land cover from imagery and a few labels: a U-Net learns from the labels, and the map "
        "is checked at places kept apart.",
    )
    model.ask(
        QgsProcessingParameterMultipleLayers(
            "imagery", "Imagery", QgsProcessing.SourceType.TypeRaster
        ),
        "One or several rasters of one time; the first gives the grid.",
    )
    ask_labels(model, "labels", "Labels", "Polygons, lines or points that say what is there.")
    ask_checked(model)
    ask_network(model)
    ask_time(model)
    train_classify_assess(model, asked("imagery"), "overhead")
    model.write("land_cover.model3")


def prospectivity():
    from qgis.core import (
        QgsProcessing,
        QgsProcessingParameterFeatureSource,
        QgsProcessingParameterMultipleLayers,
    )

    asked, made = sources()
    model = Model(
        "Prospectivity from evidence",
        "Maps where deposits are likely, from rasters of evidence and known deposits: a network "
        "learns to tell deposits from the ground at large, and the success-rate curve says which "
        "share of other deposits lies in the most favorable part of the map.",
    )
    model.ask(
        QgsProcessingParameterMultipleLayers(
            "evidence", "Evidence", QgsProcessing.SourceType.TypeRaster
        ),
        "Geophysics, geochemistry, distances to faults; the first raster gives the grid.",
    )
    points = [QgsProcessing.SourceType.TypeVectorPoint]
    model.ask(
        QgsProcessingParameterFeatureSource("deposits", "Deposits to learn from", points),
        "Points of known deposits.",
    )
    model.ask(
        QgsProcessingParameterFeatureSource("kept", "Deposits kept apart", points),
        "Other deposits: how many of them does the map find?",
    )
    ask_time(model)
    training = {
        "RASTERS": asked("evidence"),
        "LABELS": asked("deposits"),
        "NETWORK": "pixel_mlp",
        "BACKGROUND": "unlabeled",
        "AUGMENT": "turns",
        "MINUTES": asked("minutes"),
    }
    model.step("train", "deepgeology:trainpixelclassifier", training, [
        ("MODEL", "model", "The trained model."),
        ("REPORT", "training_report", "Scores of the training, from blocks of ground kept apart."),
    ], "Train pixel classifier")  # fmt: skip
    mapping = {"RASTERS": asked("evidence"), "MODEL": made("train", "MODEL")}
    model.step("classify", "deepgeology:classifypixels", mapping, [
        ("PROBABILITIES", "probabilities", "Band 1: probability of a deposit; band 2: background."),
        ("TRUST", "trust", "How unlike the ground of the training each pixel is."),
    ], "Classify pixels")  # fmt: skip
    checking = {
        "CLASSIFIED": made("classify", "PROBABILITIES"),
        "CONTENT": "probability",
        "REFERENCE": asked("kept"),
    }
    model.step("assess", "deepgeology:assessaccuracy", checking, [
        ("REPORT", "success_report", "Success-rate curve at the deposits kept apart."),
        ("CONFUSION", "success_rate", "The curve as a table."),
    ], "Assess accuracy")  # fmt: skip
    model.write("prospectivity.model3")


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


def seismicity():
    from qgis.core import QgsProcessing, QgsProcessingParameterFeatureSource

    asked, made = sources()
    model = Model(
        "Seismic forecast from a catalog",
        "Checks an earthquake catalog, trains a forecast beside the references of the field, "
        "forecasts the window after the last event, and tests the forecast on the last fifth of "
        "the time, which it has not seen. It is a forecast of rates, not a prediction of an "
        "earthquake.",
    )
    model.ask(
        QgsProcessingParameterFeatureSource(
            "catalog", "Catalog", [QgsProcessing.SourceType.TypeVector]
        ),
        "A layer of points, or a table with longitude and latitude: a CSV file as downloaded will "
        "do. Events down to 70 km count, and those around the extent as what triggers others.",
    )
    ask_grid(model)
    model.step("check", "deepgeology:checkcatalog", {"CATALOG": asked("catalog")}, [
        ("OUTPUT", "events", "The events that can be used."),
        ("REPORT", "catalog_report", "From which magnitude on the catalog is complete, and more."),
    ], "Check catalog")  # fmt: skip
    training = {
        "CATALOG": made("check", "OUTPUT"),
        "EXTENT": asked("extent"),
        "CELL_SIZE": asked("cell_size"),
        "WINDOW_DAYS": asked("window_days"),
    }
    model.step("train", "deepgeology:trainseismicforecast", training, [
        ("MODEL", "model", "The trained model."),
        ("REPORT", "training_report", "Scores of the validation, beside the references."),
    ], "Train seismic forecast")  # fmt: skip
    both = {"MODEL": made("train", "MODEL"), "CATALOG": made("check", "OUTPUT")}
    model.step("forecast", "deepgeology:forecastseismicgrid", both, [
        ("OUTPUT", "forecast", "Rate and probability in every cell in the next window."),
    ], "Forecast seismic grid")  # fmt: skip
    model.step("test", "deepgeology:testseismicforecast", both, [
        ("REPORT", "test_report", "What the forecast gains over the references in the test."),
    ], "Test seismic forecast")  # fmt: skip
    model.write("seismicity.model3")


if __name__ == "__main__":
    application, plugin = start()
    landforms()
    land_cover()
    prospectivity()
    seismicity()
    plugin.unload()
