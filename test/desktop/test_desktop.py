"""The real QGIS desktop under Xvfb: every dialog opens, runs, cancels, and the map is styled."""

import os
import subprocess
from pathlib import Path

import pytest
from qgis.PyQt.QtGui import QImage

ROOT = Path(__file__).resolve().parents[2]
DIALOGS = (
    "exporttrainingchips", "trainimageclassifier", "classifyraster", "classifyfeatures",
    "classifyimages", "describemodel", "prepareengine", "downloadengine",
)  # fmt: skip

# The dialogs of every visit on real data, by the name of its fixture.
VISITS = {
    "labels": (
        "trainpixelclassifier", "classifypixels", "assessaccuracy", "suggestlabels",
        "explainclassification", "mapembedding", "exportonnx", "trainobjectdetector",
        "detectobjects",
    ),
    "seismic": (
        "checkcatalog", "gridcatalog", "trainseismicforecast", "forecastseismicgrid",
        "testseismicforecast", "exportcsepforecast", "downloadcatalog", "traingridforecast",
        "forecastgrid",
    ),
    "upscaling": (
        "upscaleraster", "assessupscaling", "trainupscaler", "trainimagegenerator",
        "generateimages",
    ),
}  # fmt: skip


def visited(folder, story):
    """What the desktop did in a visit: its log, and the folder of pictures."""
    (folder / "pictures").mkdir()
    pictures = {"DEEP_GEOLOGY_PICTURES": str(folder / "pictures"), "DEEP_GEOLOGY_MINUTES": "1"}
    environment = {**os.environ, **pictures}
    script = ["bash", str(ROOT / "docs" / "take_pictures.sh"), str(folder / "work"), story]
    subprocess.run(script, env=environment, check=False, timeout=3600)
    return (folder / "work" / "log.txt").read_text(encoding="utf-8"), folder / "pictures"


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    return visited(tmp_path_factory.mktemp("desktop"), "take_pictures")


def visited_on(raw, story, factory):
    """The log and pictures of a visit on data beside the project; `raw` is a file among them."""
    if not (ROOT.parent / "shared" / "data" / raw).exists():
        pytest.skip("The data that lie beside the project are not there.")
    return visited(factory.mktemp(story), story)


@pytest.fixture(scope="module")
def labels(tmp_path_factory):
    """The visit that makes maps from labels."""
    return visited_on("rasters/srtm.tif", "label_pictures", tmp_path_factory)


@pytest.fixture(scope="module")
def seismic(tmp_path_factory):
    """The visit that forecasts earthquakes and temperatures."""
    return visited_on("earthquakes/japan_1990_2019.csv", "seismic_pictures", tmp_path_factory)


@pytest.fixture(scope="module")
def upscaling(tmp_path_factory):
    """The visit that makes rasters finer and images of thin sections."""
    return visited_on("rasters/naip_2018.tif", "upscaling_pictures", tmp_path_factory)


def colors(path):
    """How many different colors the middle of a picture holds."""
    image = QImage(str(path))
    width, height = image.width(), image.height()
    return len(
        {
            image.pixel(column, row)
            for column in range(width // 3, 2 * width // 3, 7)
            for row in range(height // 3, 2 * height // 3, 7)
        }
    )


@pytest.mark.desktop
def test_the_whole_visit_came_to_its_end(session):
    assert session[0].strip().endswith("done"), session[0]


@pytest.mark.desktop
def test_every_dialog_was_opened(session):
    for name in DIALOGS:
        assert (session[1] / f"dialog_{name}.png").stat().st_size > 10_000


@pytest.mark.desktop
def test_every_run_gave_results(session):
    assert "NO RESULTS" not in session[0]
    assert session[0].count("; on the map:") == 6


@pytest.mark.desktop
def test_cancel_was_answered_within_two_seconds_and_left_no_model(session):
    assert "cancelled in" in session[0] and "TOO LATE" not in session[0]
    assert "model written after cancel: False" in session[0]


@pytest.mark.desktop
def test_the_class_map_has_few_colors_and_the_confidence_many(session):
    assert 2 <= colors(session[1] / "map_classes.png") <= 12
    assert colors(session[1] / "map_confidence.png") > 20


@pytest.mark.desktop
@pytest.mark.parametrize("visit", VISITS)
def test_visit_was_made_to_the_end_without_a_question(request, visit):
    log, _ = request.getfixturevalue(visit)
    assert log.strip().endswith("done"), log
    assert "QUESTION" not in log, log


@pytest.mark.desktop
@pytest.mark.parametrize(
    "visit, name", [(visit, name) for visit, names in VISITS.items() for name in names]
)
def test_dialog_was_opened_and_run(request, visit, name):
    log, pictures = request.getfixturevalue(visit)
    assert (pictures / f"dialog_{name}.png").stat().st_size > 10_000
    assert f"{name}: {{" in log and f"{name}: NO RESULTS" not in log


@pytest.mark.desktop
def test_maps_from_labels_are_styled(labels):
    assert 2 <= colors(labels[1] / "map_pixels.png") <= 12
    for name in ("map_trust", "map_pixel_confidence", "map_heat", "map_components"):
        assert colors(labels[1] / f"{name}.png") > 20, name
    plain, marked = (
        colors(labels[1] / f"{name}.png") for name in ("map_pixels", "map_suggestions")
    )
    assert marked > plain  # the places and their ranks lie over the classes


@pytest.mark.desktop
def test_forecasts_and_counts_are_styled(seismic):
    assert 3 <= colors(seismic[1] / "map_counts.png") <= 40
    for name in ("map_forecast", "map_series"):
        assert colors(seismic[1] / f"{name}.png") > 20, name


@pytest.mark.desktop
def test_upscaled_raster_lies_over_its_scene_in_more_colors(upscaling):
    scene, finer = (
        colors(upscaling[1] / f"{name}.png") for name in ("map_scene", "map_upscaled_raster")
    )
    assert finer > scene > 20
    assert colors(upscaling[1] / "map_synthesized.png") > 20
