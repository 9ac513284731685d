"""The ready-made models of maps, scenes and objects."""

from building import (
    Model,
    ask_checked,
    ask_features,
    ask_labels,
    ask_network,
    ask_raster,
    ask_rasters,
    ask_time,
    sources,
    train_classify_assess,
)


def landforms():
    asked, made = sources()
    model = Model(
        "Landforms from elevation",
        "Maps landforms from an elevation model and a few labels: slope, roughness and the height "
        "above the surroundings are derived, a network of pixels learns from the labels, and the "
        "map is checked at places kept apart.",
    )
    ask_raster(
        model,
        "elevation",
        "Elevation",
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
    asked, _ = sources()
    model = Model(
        "Land cover from imagery",
        "Maps land cover from imagery and a few labels: a U-Net learns from the labels, and the map "
        "is checked at places kept apart.",
    )
    ask_rasters(
        model,
        "imagery",
        "Imagery",
        "One or several rasters of one time; the first gives the grid.",
    )
    ask_labels(model, "labels", "Labels", "Polygons, lines or points that say what is there.")
    ask_checked(model)
    ask_network(model)
    ask_time(model)
    train_classify_assess(model, asked("imagery"), "overhead")
    model.write("land_cover.model3")


def prospectivity():
    asked, made = sources()
    model = Model(
        "Prospectivity from evidence",
        "Maps where deposits are likely, from rasters of evidence and known deposits: a network "
        "learns to tell deposits from the ground at large, and the success-rate curve says which "
        "share of other deposits lies in the most favorable part of the map.",
    )
    ask_rasters(
        model,
        "evidence",
        "Evidence",
        "Geophysics, geochemistry, distances to faults; the first raster gives the grid.",
    )
    ask_features(
        model,
        "deposits",
        "Deposits to learn from",
        "VectorPoint",
        "Points of known deposits.",
    )
    ask_features(
        model,
        "kept",
        "Deposits kept apart",
        "VectorPoint",
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


def scenes():
    from qgis.core import QgsProcessingParameterNumber

    asked, made = sources()
    model = Model(
        "Scenes from labels",
        "Names what each patch of a raster shows: chips are cut at labels, an image classifier "
        "learns from them with blocks of ground kept apart, and the raster is classified patch by "
        "patch.",
    )
    ask_raster(model, "image", "Image", "The raster that is classified.")
    ask_labels(model, "labels", "Labels", "Points or polygons that say what is there.")
    kind = QgsProcessingParameterNumber.Type.Integer
    size = QgsProcessingParameterNumber("chip_size", "Chip size (pixels)", kind, 64)
    size.setMinimum(8)
    model.ask(size, "Side of the squares that are cut and named.")
    ask_time(model)
    cutting = {
        "INPUT": asked("image"), "LABELS": asked("labels"), "CLASS_FIELD": asked("labels_field"),
        "CHIP_SIZE": asked("chip_size"),
    }  # fmt: skip
    model.step("cut", "deepgeology:exporttrainingchips", cutting, (), "Export training chips")
    training = {
        "INPUT": made("cut", "OUTPUT"), "VALIDATION": "spatial_blocks", "MINUTES": asked("minutes"),
    }  # fmt: skip
    model.step("train", "deepgeology:trainimageclassifier", training, [
        ("MODEL", "model", "The trained model."),
        ("REPORT", "training_report", "Scores of the training, from ground kept apart."),
    ], "Train image classifier")  # fmt: skip
    naming = {"INPUT": asked("image"), "MODEL": made("train", "MODEL")}
    model.step("classify", "deepgeology:classifyraster", naming, [
        ("OUTPUT", "classes", "A class for every cell of half a chip."),
        ("CONFIDENCE", "confidence", "Probability of that class."),
    ], "Classify raster by patches")  # fmt: skip
    model.write("scenes.model3")


def objects():
    asked, made = sources()
    model = Model(
        "Objects from outlines",
        "Finds objects such as craters, sinkholes or landslides: a detector learns from outlines "
        "in one raster and searches another.",
    )
    ask_raster(model, "drawn", "Raster with outlines", "Where objects are outlined.")
    ask_features(
        model, "outlines", "Outlines", "VectorPolygon",
        "Polygons around all objects of some parts of that raster.",
    )  # fmt: skip
    ask_raster(model, "searched", "Raster to search", "With the same bands and pixel size.")
    ask_time(model)
    training = {
        "RASTERS": [asked("drawn")], "BOXES": asked("outlines"), "MINUTES": asked("minutes"),
    }  # fmt: skip
    model.step("train", "deepgeology:trainobjectdetector", training, [
        ("MODEL", "model", "The trained model."),
        ("REPORT", "training_report", "Found, missed and false objects on ground kept apart."),
    ], "Train object detector")  # fmt: skip
    search = {"INPUT": asked("searched"), "MODEL": made("train", "MODEL")}
    model.step("detect", "deepgeology:detectobjects", search, [
        ("OUTPUT", "objects", "A box for every object, with its sizes."),
    ], "Detect objects")  # fmt: skip
    model.write("objects.model3")


MODELS = (landforms, land_cover, prospectivity, scenes, objects)
