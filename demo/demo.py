"""The demo: the main tools on the shipped samples, through qgis_process.

Everything a user clicks in the toolbox is run here without a screen, in order: prepare the
engine, train on a folder of images, classify new images; cut chips out of an aerial image,
train on them, classify the whole image and mapped units; train on polygons and map every pixel;
check an earthquake catalog, train on it and forecast; upscale the aerial image. What is made lies
in `demo-output`. Training is cut short; left to itself it takes longer and does better.
"""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "resources" / "samples"
OUTPUT = ROOT / "demo-output"
PROFILE = ROOT / ".build" / "profile"
PLUGINS = ROOT / ".build" / "plugins"

IMAGES = SAMPLES / "land_cover"
NEW_IMAGES = SAMPLES / "land_cover_new"
AERIAL = SAMPLES / "prairie" / "image.tif"
LABELS = SAMPLES / "prairie" / "labels.geojson"
UNITS = SAMPLES / "prairie" / "units.geojson"

LAND_COVER = OUTPUT / "land_cover.safetensors"
LAND_COVER_REPORT = OUTPUT / "land_cover.html"
NEW_CLASSES = OUTPUT / "new_images.gpkg"
CHIPS = OUTPUT / "chips"
PRAIRIE = OUTPUT / "prairie.safetensors"
PRAIRIE_REPORT = OUTPUT / "prairie.html"
CLASSES = OUTPUT / "prairie_classes.tif"
CONFIDENCE = OUTPUT / "prairie_confidence.tif"
CLASSIFIED_UNITS = OUTPUT / "prairie_units.gpkg"
DESCRIPTION = OUTPUT / "prairie_model.html"
PICTURE = OUTPUT / "prairie.png"
PIXELS = OUTPUT / "prairie_pixels.safetensors"
PIXELS_REPORT = OUTPUT / "prairie_pixels.html"
PIXEL_MAP = OUTPUT / "prairie_map.tif"
TRUST = OUTPUT / "prairie_trust.tif"
CATALOG = SAMPLES / "japan" / "earthquakes.csv"
EVENTS = OUTPUT / "earthquakes.gpkg"
CATALOG_REPORT = OUTPUT / "catalog.html"
SEISMIC = OUTPUT / "japan.safetensors"
SEISMIC_REPORT = OUTPUT / "japan.html"
FORECAST = OUTPUT / "japan_forecast.tif"
FINER = OUTPUT / "prairie_finer.tif"
FINER_REPORT = OUTPUT / "prairie_finer.html"

# Title, algorithm, parameters.
STEPS = (
    ("Find or make the engine", "prepareengine", {"BACKEND": "cpu"}),
    (
        "Train a land-cover classifier on 200 satellite images",
        "trainimageclassifier",
        {"INPUT": IMAGES, "EPOCHS": 8, "MODEL": LAND_COVER, "REPORT": LAND_COVER_REPORT},
    ),
    (
        "Classify 25 images that it has not seen",
        "classifyimages",
        {"INPUT": NEW_IMAGES, "MODEL": LAND_COVER, "OUTPUT": NEW_CLASSES},
    ),
    (
        "Cut labeled chips out of an aerial image",
        "exporttrainingchips",
        {
            "INPUT": AERIAL,
            "LABELS": LABELS,
            "CLASS_FIELD": "class",
            "CHIP_SIZE": 16,
            "OUTPUT": CHIPS,
            "FOOTPRINTS": OUTPUT / "footprints.gpkg",
        },
    ),
    (
        "Train a classifier on the chips; blocks in space are kept apart for its scores",
        "trainimageclassifier",
        {
            "INPUT": CHIPS,
            "VALIDATION": "spatial_blocks",
            "FOLDS": 3,
            "EPOCHS": 5,
            "MODEL": PRAIRIE,
            "REPORT": PRAIRIE_REPORT,
        },
    ),
    (
        "Classify the whole aerial image",
        "classifyraster",
        {"INPUT": AERIAL, "MODEL": PRAIRIE, "OUTPUT": CLASSES, "CONFIDENCE": CONFIDENCE},
    ),
    (
        "Classify mapped units",
        "classifyfeatures",
        {"INPUT": UNITS, "RASTER": AERIAL, "MODEL": PRAIRIE, "OUTPUT": CLASSIFIED_UNITS},
    ),
    ("Tell what the model is", "describemodel", {"MODEL": PRAIRIE, "REPORT": DESCRIPTION}),
    (
        "Train a map of every pixel on polygons; two minutes",
        "trainpixelclassifier",
        {
            "RASTERS": AERIAL,
            "LABELS": LABELS,
            "CLASS_FIELD": "class",
            "MINUTES": 2,
            "MODEL": PIXELS,
            "REPORT": PIXELS_REPORT,
        },
    ),
    (
        "Map every pixel, and where the map may be trusted",
        "classifypixels",
        {"RASTERS": AERIAL, "MODEL": PIXELS, "OUTPUT": PIXEL_MAP, "TRUST": TRUST},
    ),
    (
        "Check an earthquake catalog",
        "checkcatalog",
        {"CATALOG": CATALOG, "OUTPUT": EVENTS, "REPORT": CATALOG_REPORT},
    ),
    (
        "Train a forecast of earthquakes in cells of a degree and windows of four weeks",
        "trainseismicforecast",
        {
            "CATALOG": CATALOG,
            "CELL_SIZE": 1,
            "WINDOW_DAYS": 28,
            "COMPLETENESS": 5.2,
            "MODEL": SEISMIC,
            "REPORT": SEISMIC_REPORT,
        },
    ),
    (
        "Forecast the next window",
        "forecastseismicgrid",
        {"CATALOG": CATALOG, "MODEL": SEISMIC, "OUTPUT": FORECAST},
    ),
    (
        "Make the aerial image two times finer",
        "upscaleraster",
        {"INPUT": AERIAL, "FACTOR": 2, "OUTPUT": FINER, "REPORT": FINER_REPORT},
    ),
)


def environment():
    """Variables with which QGIS finds the plugin and leaves the user's own profile alone."""
    return {
        **os.environ,
        "QGIS_PLUGINPATH": str(PLUGINS),
        "QGIS_CUSTOM_CONFIG_PATH": str(PROFILE),
        "XDG_CONFIG_HOME": str(PROFILE),
        "QT_QPA_PLATFORM": "offscreen",
        "QT_LOGGING_RULES": "*=false",
    }


def qgis_process(*words):
    """Run qgis_process; print what it says, line by line, and give the lines back."""
    # Debian's wrapper named qgis_process hands on options that the program does not know.
    program = shutil.which("qgis_process.bin") or shutil.which("qgis_process") or ""
    if not program:
        sys.exit("qgis_process is missing: run `make setup`.")
    command = [program, *map(str, words)]
    lines = []
    with subprocess.Popen(
        command,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        for line in process.stdout:
            lines.append(line.rstrip())
            with open(OUTPUT / "log.txt", "a", encoding="utf-8") as log:
                log.write(line)
    return process.returncode, lines


def run_step(title, algorithm, parameters):
    """Run one algorithm; print its numbers and how long it took."""
    print(f"\n{title}\n  deepgeology:{algorithm}", flush=True)
    words = [f"{name}={value}" for name, value in parameters.items()]
    started = time.monotonic()
    status, lines = qgis_process("run", f"deepgeology:{algorithm}", "--", *words)
    if status or "Results" not in " ".join(lines):
        print("\n".join(lines[-30:]))
        sys.exit(f"{algorithm} failed; the whole log is in {OUTPUT / 'log.txt'}.")
    for line in results(lines):
        print(f"    {line}")
    print(f"  {time.monotonic() - started:.0f} s", flush=True)


def results(lines):
    """The outputs that qgis_process prints after its "Results" line."""
    start = max(number for number, line in enumerate(lines) if "Results" in line)
    said = (line.partition(":") for line in lines[start + 1 :])
    return [f"{name}: {value.strip()}" for name, _, value in said if value.strip()]


def main():
    shutil.rmtree(OUTPUT, ignore_errors=True)
    OUTPUT.mkdir()
    PROFILE.mkdir(parents=True, exist_ok=True)
    status, lines = qgis_process("plugins", "enable", "deep_geology")
    # The second time QGIS calls it an error that the plugin is enabled.
    if status and "already enabled" not in " ".join(lines):
        sys.exit("\n".join(lines))
    for step in STEPS:
        run_step(*step)
    subprocess.run(
        [sys.executable, str(ROOT / "demo" / "outcome.py"), str(OUTPUT)],
        env=environment(),
        check=True,
    )
    print()
    tell(
        "Layers",
        CLASSES,
        CONFIDENCE,
        CLASSIFIED_UNITS,
        EVENTS,
        NEW_CLASSES,
        PIXEL_MAP,
        TRUST,
        FORECAST,
        FINER,
    )
    tell(
        "Reports",
        LAND_COVER_REPORT, PRAIRIE_REPORT, PIXELS_REPORT, CATALOG_REPORT, SEISMIC_REPORT, FINER_REPORT,
    )  # fmt: skip
    tell("Models", LAND_COVER, PRAIRIE, PIXELS, SEISMIC)
    tell("Picture", PICTURE)


def tell(kind, *paths):
    """Say where things lie, a line each."""
    for number, path in enumerate(paths):
        print(f"{'' if number else kind + ':':9s}{path}")


if __name__ == "__main__":
    main()
