"""Take the pictures of GAN upscaling in the real QGIS desktop, as a user would work there.

Run by `make pictures`: QGIS starts under Xvfb with this script as ``--code``. It opens and runs the
dialogs of all tools of the group on an aerial image, whose east no bundled upscaler has learned, and
on images of thin sections; both lie beside the project.
"""

import os
import sys
import zipfile

from osgeo import gdal
from qgis.core import QgsProject, QgsRasterLayer, QgsRectangle
from qgis.utils import iface

sys.path.insert(0, os.path.join(os.environ["DEEP_GEOLOGY_ROOT"], "docs"))
from desktop import (
    ROOT,
    WORK,
    finish,
    keep_beside,
    log,
    look,
    main_window,
    named,
    run_dialog,
    show_only,
    visit,
)

DATA = ROOT.parent / "shared" / "data"
AERIAL, SECTIONS = DATA / "rasters" / "naip_2018.tif", DATA / "limestone_thin_sections.zip"
WEST, EAST = (0, 0, 600, 724), (614, 0, 320, 720)  # column, row, columns, rows
FACTOR, IMAGES_EACH = 4, 30
MINUTES = float(os.environ.get("DEEP_GEOLOGY_MINUTES", "1"))


def steps():
    """One sentence after another; each yields the seconds to wait before the next."""
    if not (AERIAL.exists() and SECTIONS.exists()):
        log("NO DATA")
        return
    window = main_window()
    scene, fine, west = load_aerial()
    yield 3
    yield from look(window, ("scene",), scene, "map_scene")
    yield from run_dialog(
        "upscaleraster",
        {
            "INPUT": scene,
            "FACTOR": str(FACTOR),
            "OUTPUT": place("upscaled.tif"),
            "SYNTHESIZED_DETAIL": place("synthesized.tif"),
            "REPORT": place("upscaled.html"),
        },
    )
    yield from look(window, ("synthesized",), scene, "map_synthesized")
    yield from look(window, ("upscaled",), scene, "map_upscaled_raster")
    yield from before_and_after(scene)
    judge = {"REFERENCE": fine, "FACTOR": str(FACTOR), "SCORES": "TEMPORARY_OUTPUT"}
    upscaled = named("upscaled")
    yield from run_dialog(
        "assessupscaling", {**judge, "UPSCALED": upscaled, "REPORT": place("judged.html")}
    )
    model = place("aerial.safetensors")
    yield from run_dialog(
        "trainupscaler",
        {
            "FINE": [west],
            "FACTOR": str(FACTOR),
            "MINUTES": MINUTES,
            "MODEL": model,
            "REPORT": place("trained.html"),
        },
        midway=True,
    )
    yield from run_dialog(
        "assessupscaling",
        {**judge, "MODEL": model, "REPORT": place("judged_model.html")},
        picture="assess_model",
    )
    yield from make_images()


def place(name):
    return str(WORK / name)


def load_aerial():
    """The east of an aerial image, also with pixels of 20 m, and the west to train on."""
    gdal.UseExceptions()
    for name, window in (("fine", EAST), ("west", WEST)):
        gdal.Translate(place(f"{name}.tif"), str(AERIAL), srcWin=window)
    size = 5 * FACTOR
    gdal.Warp(place("scene.tif"), place("fine.tif"), xRes=size, yRes=size, resampleAlg="average")
    names = {"Scene": "scene", "Fine": "fine", "West": "west"}
    layers = [QgsRasterLayer(place(f"{file}.tif"), name) for name, file in names.items()]
    QgsProject.instance().addMapLayers(list(reversed(layers)))
    log(", ".join(f"{one.name()} {one.width()} x {one.height()}" for one in layers))
    return layers


def before_and_after(scene):
    """The scene on the left, and what was made of it on the right, near enough to see pixels."""
    canvas, parts = iface.mapCanvas(), []
    middle, reach = scene.extent().center(), 500
    near = QgsRectangle(
        middle.x() - reach, middle.y() - reach, middle.x() + reach, middle.y() + reach
    )
    for name in ("scene", "upscaled"):
        show_only((name,), scene)
        canvas.setExtent(near)
        canvas.refreshAllLayers()
        yield 4
        parts.append(canvas.grab())
    keep_beside(parts, "map_upscaled")


def make_images():
    """Learn from some thin sections of each class and make others."""
    model = place("sections.safetensors")
    with zipfile.ZipFile(SECTIONS) as archive:
        classes = {}
        for name in sorted(archive.namelist()):
            if name.endswith(".jpg"):
                classes.setdefault(name.rsplit("/", 2)[-2], []).append(name)
        for names in classes.values():
            archive.extractall(WORK, names[:: len(names) // IMAGES_EACH][:IMAGES_EACH])
    yield from run_dialog(
        "trainimagegenerator",
        {
            "INPUT": place("limestone_thin_sections"),
            "MINUTES": MINUTES,
            "MODEL": model,
            "REPORT": place("generator.html"),
        },
        midway=True,
    )
    yield from run_dialog(
        "generateimages",
        {
            "MODEL": model,
            "COUNT": 24,
            "OUTPUT": place("made"),
            "MANIFEST": place("made.csv"),
            "CONTACT_SHEET": place("made.png"),
        },
    )


try:
    visit(steps)
except Exception as error:
    finish(repr(error))
