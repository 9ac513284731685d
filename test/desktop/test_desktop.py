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


LABEL_DIALOGS = (
    "trainpixelclassifier", "classifypixels", "assessaccuracy", "suggestlabels",
    "explainclassification", "mapembedding", "exportonnx", "trainobjectdetector", "detectobjects",
)  # fmt: skip

SEISMIC_DIALOGS = (
    "checkcatalog", "gridcatalog", "trainseismicforecast", "forecastseismicgrid",
    "testseismicforecast", "exportcsepforecast", "downloadcatalog", "traingridforecast",
    "forecastgrid",
)  # fmt: skip

UPSCALING_DIALOGS = (
    "upscaleraster", "assessupscaling", "trainupscaler", "trainimagegenerator", "generateimages",
)  # fmt: skip


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


@pytest.fixture(scope="module")
def labels(tmp_path_factory):
    """The visit that makes maps from labels, on real data."""
    if not (ROOT.parent / "shared" / "data" / "rasters" / "srtm.tif").exists():
        pytest.skip("The data that lie beside the project are not there.")
    return visited(tmp_path_factory.mktemp("labels"), "label_pictures")


@pytest.fixture(scope="module")
def seismic(tmp_path_factory):
    """The visit that forecasts earthquakes and temperatures, on real data."""
    if not (ROOT.parent / "shared" / "data" / "earthquakes" / "japan_1990_2019.csv").exists():
        pytest.skip("The data that lie beside the project are not there.")
    return visited(tmp_path_factory.mktemp("seismic"), "seismic_pictures")


@pytest.fixture(scope="module")
def upscaling(tmp_path_factory):
    """The visit that makes rasters finer and images of thin sections, on real data."""
    data = ROOT.parent / "shared" / "data"
    if not (data / "rasters" / "naip_2018.tif").exists():
        pytest.skip("The data that lie beside the project are not there.")
    return visited(tmp_path_factory.mktemp("upscaling"), "upscaling_pictures")


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
def test_maps_from_labels_were_made_to_the_end_without_a_question(labels):
    assert labels[0].strip().endswith("done"), labels[0]
    assert "QUESTION" not in labels[0], labels[0]


@pytest.mark.desktop
@pytest.mark.parametrize("name", LABEL_DIALOGS)
def test_dialog_of_a_map_from_labels_was_opened_and_run(labels, name):
    assert (labels[1] / f"dialog_{name}.png").stat().st_size > 10_000
    assert f"{name}: {{" in labels[0] and f"{name}: NO RESULTS" not in labels[0]


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
def test_seismic_grids_were_made_to_the_end_without_a_question(seismic):
    assert seismic[0].strip().endswith("done"), seismic[0]
    assert "QUESTION" not in seismic[0], seismic[0]


@pytest.mark.desktop
@pytest.mark.parametrize("name", SEISMIC_DIALOGS)
def test_dialog_of_the_seismic_grids_was_opened_and_run(seismic, name):
    assert (seismic[1] / f"dialog_{name}.png").stat().st_size > 10_000
    assert f"{name}: {{" in seismic[0] and f"{name}: NO RESULTS" not in seismic[0]


@pytest.mark.desktop
def test_forecasts_and_counts_are_styled(seismic):
    assert 3 <= colors(seismic[1] / "map_counts.png") <= 40
    for name in ("map_forecast", "map_series"):
        assert colors(seismic[1] / f"{name}.png") > 20, name


@pytest.mark.desktop
def test_gan_upscaling_came_to_its_end_without_a_question(upscaling):
    assert upscaling[0].strip().endswith("done"), upscaling[0]
    assert "QUESTION" not in upscaling[0], upscaling[0]


@pytest.mark.desktop
@pytest.mark.parametrize("name", UPSCALING_DIALOGS)
def test_dialog_of_gan_upscaling_was_opened_and_run(upscaling, name):
    assert (upscaling[1] / f"dialog_{name}.png").stat().st_size > 10_000
    assert f"{name}: {{" in upscaling[0] and f"{name}: NO RESULTS" not in upscaling[0]


@pytest.mark.desktop
def test_upscaled_raster_lies_over_its_scene_in_more_colors(upscaling):
    scene, finer = (
        colors(upscaling[1] / f"{name}.png") for name in ("map_scene", "map_upscaled_raster")
    )
    assert finer > scene > 20
    assert colors(upscaling[1] / "map_synthesized.png") > 20
