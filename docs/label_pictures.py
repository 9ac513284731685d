"""Take the pictures of the maps from labels in the real QGIS desktop, as a user would work there.

Run by `make pictures`: QGIS starts under Xvfb with this script as ``--code``. It opens and runs the
dialogs of all tools that make maps from labels, on real data that lie beside the project.
"""

import os
import sys

from qgis.core import QgsCoordinateReferenceSystem, QgsProject, QgsRasterLayer, QgsVectorLayer
from qgis.utils import iface

sys.path.insert(0, os.path.join(os.environ["DEEP_GEOLOGY_ROOT"], "docs"))
import ground

from desktop import (
    WORK,
    finish,
    keep,
    keep_beside,
    log,
    look,
    main_window,
    run_dialog,
    show_only,
    visit,
)

MODEL, CRATERS = WORK / "zion.safetensors", WORK / "craters.safetensors"
# A model of craters that has been trained for longer than a visit takes; by default the visit's own.
BETTER = os.environ.get("DEEP_GEOLOGY_CRATERS", "")
MINUTES = float(os.environ.get("DEEP_GEOLOGY_MINUTES", "2"))


def steps():
    """One sentence after another; each yields the seconds to wait before the next."""
    if not ground.is_there():
        log("NO DATA")
        return
    window = main_window()
    ground.prepare_zion()
    rasters, labels, reference = load_zion()
    yield 3
    QgsProject.instance().setCrs(QgsCoordinateReferenceSystem("EPSG:32612"))
    show_only(("elevation", "labels"), rasters[0])
    yield 2
    stack = {"RASTERS": rasters, "MODEL": str(MODEL)}
    yield from run_dialog(
        "trainpixelclassifier",
        {
            **stack,
            "LABELS": labels,
            "CLASS_FIELD": "cover",
            "NETWORK": "pixel_mlp",
            "PATCH_SIZE": 64,
            "START_FROM": "scratch",
            "AUGMENT": "turns",
            "MINUTES": MINUTES,
            "REPORT": str(WORK / "zion.html"),
        },
        midway=True,
    )
    maps = {"OUTPUT": "classes", "CONFIDENCE": "confidence", "TRUST": "trust"}
    places = {key: str(WORK / f"{name}.tif") for key, name in maps.items()}
    yield from run_dialog("classifypixels", {**stack, **places})
    yield from look_at_maps(window, rasters[0])
    assess = {"REFERENCE": reference, "CLASS_FIELD": "cover", "DESIGN": "simple_random"}
    yield from run_dialog(
        "assessaccuracy",
        {
            "CLASSIFIED": places["OUTPUT"],
            **assess,
            "REPORT": str(WORK / "accuracy.html"),
            "CONFUSION": "TEMPORARY_OUTPUT",
        },
    )
    suggested = str(WORK / "places.gpkg")
    yield from run_dialog(
        "suggestlabels", {**stack, "LABELS": labels, "COUNT": 15, "OUTPUT": suggested}
    )
    yield from look(window, ("suggestions", "places", "classes"), rasters[0], "map_suggestions")
    first = {"INPUT": rasters[0], "MORE_RASTERS": rasters[1:], "MODEL": str(MODEL)}
    yield from run_dialog(
        "explainclassification",
        {
            **first,
            "CLASS_NAME": "Forest",
            "OUTPUT": str(WORK / "heat.tif"),
            "REPORT": str(WORK / "heat.html"),
        },
    )
    yield from look(window, ("heat", "elevation"), rasters[0], "map_heat")
    yield from run_dialog(
        "mapembedding",
        {
            **first,
            "STRIDE": 16,
            "OUTPUT": str(WORK / "embedding.gpkg"),
            "COMPONENTS": str(WORK / "components.tif"),
            "PLOT": str(WORK / "embedding.png"),
        },
    )
    yield from look(window, ("components", "elevation"), rasters[0], "map_components")
    yield from run_dialog("exportonnx", {"MODEL": str(MODEL), "OUTPUT": str(WORK / "zion.onnx")})
    yield from map_landslides(window)
    yield from find_craters(window)


def load_zion():
    paths = [ground.ZION / f"{name.lower()}.tif" for name in ("elevation", *ground.DERIVED)]
    names = ("Elevation", "Slope", "Roughness", "Position")
    rasters = [QgsRasterLayer(str(p), name) for p, name in zip(paths, names)]
    labels = QgsVectorLayer(str(ground.ZION / "labels.geojson"), "Labels")
    reference = QgsVectorLayer(str(ground.ZION / "reference.geojson"), "Reference")
    QgsProject.instance().addMapLayers([*reversed(rasters), reference, labels])
    log(f"{labels.featureCount()} labels, {reference.featureCount()} reference places")
    return rasters, labels, reference


def look_at_maps(window, layer):
    """The classes, and the trust beside them in a second view."""
    yield from look(window, ("trust", "elevation"), layer, "map_trust")
    yield from look(window, ("confidence", "elevation"), layer, "map_pixel_confidence")
    yield from look(window, ("classes", "elevation"), layer, "map_pixels")
    yield from side_by_side(window, layer)


def side_by_side(window, layer):
    """The map of classes on the left, and that of trust on the right, in one picture."""
    canvas, parts = iface.mapCanvas(), []
    for names in (("classes",), ("trust",)):
        show_only(names, layer)
        yield 4
        parts.append(canvas.grab())
    keep_beside(parts, "classes_and_trust")


def map_landslides(window):
    """Learn from points in the west where slides have and have not been; judge in the east."""
    QgsProject.instance().clear()
    terrain = QgsRasterLayer(str(ground.copied("ta.tif")), "Terrain")
    place = ground.copied("landslide_points.csv").as_uri()
    points = f"{place}?delimiter=,&xField=x&yField=y&crs=EPSG:32717"
    west, east = (QgsVectorLayer(points, name, "delimitedtext") for name in ("West", "East"))
    west.setSubsetString("x <= 713650")
    east.setSubsetString("x > 713650")
    QgsProject.instance().addMapLayers([terrain, east, west])
    yield 2
    model, chances = str(WORK / "slides.safetensors"), str(WORK / "susceptibility.tif")
    yield from run_dialog(
        "trainpixelclassifier",
        {
            "RASTERS": [terrain],
            "LABELS": west,
            "CLASS_FIELD": "lslpts",
            "NETWORK": "pixel_mlp",
            "START_FROM": "scratch",
            "MINUTES": MINUTES,
            "MODEL": model,
            "REPORT": str(WORK / "slides.html"),
        },
        picture="landslides",
    )
    maps = {"OUTPUT": str(WORK / "slides.tif"), "PROBABILITIES": chances}
    classify = {"RASTERS": [terrain], "MODEL": model, **maps}
    yield from run_dialog("classifypixels", classify, picture="susceptibility")
    yield from look(
        window, ("probabilities", "susceptibility", "terrain"), terrain, "map_susceptibility"
    )
    yield from run_dialog(
        "assessaccuracy",
        {
            "CLASSIFIED": chances,
            "BAND": 2,
            "CONTENT": "probability",
            "REFERENCE": east,
            "CLASS_FIELD": "lslpts",
            "PRESENCE": "true",
            "REPORT": str(WORK / "success.html"),
        },
        picture="success",
    )


def find_craters(window):
    """Train on images of craters and search others."""
    train, sheet = ground.prepare_craters()
    yield from run_dialog(
        "trainobjectdetector",
        {
            "IMAGES": str(train),
            "MINUTES": 2 * MINUTES,
            "MODEL": str(CRATERS),
            "REPORT": str(WORK / "craters.html"),
        },
        midway=True,
    )
    QgsProject.instance().clear()
    image = QgsRasterLayer(str(sheet), "Mars")
    QgsProject.instance().addMapLayer(image)
    yield 2
    yield from run_dialog(
        "detectobjects",
        {"INPUT": image, "MODEL": BETTER or str(CRATERS), "OUTPUT": str(WORK / "craters.gpkg")},
    )
    yield from look(window, ("objects", "craters", "mars"), image, "map_craters")
    keep(iface.mapCanvas().grab(), "map_craters")


try:
    visit(steps)
except Exception as error:
    finish(repr(error))
