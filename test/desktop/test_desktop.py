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


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    """What the desktop did: its log, and the folder of pictures."""
    folder = tmp_path_factory.mktemp("desktop")
    (folder / "pictures").mkdir()
    environment = {**os.environ, "DEEP_GEOLOGY_PICTURES": str(folder / "pictures")}
    script = ["bash", str(ROOT / "docs" / "take_pictures.sh"), str(folder / "work")]
    subprocess.run(script, env=environment, check=False, timeout=1800)
    return (folder / "work" / "log.txt").read_text(encoding="utf-8"), folder / "pictures"


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
