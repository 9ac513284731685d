"""A failed run says where it is explained, and a button in its dialog opens that page."""

import re
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from qgis.core import QgsApplication
from qgis.PyQt.QtWidgets import QPushButton

from qgis_truth import write_raster

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def failing(qgis, tmp_path):
    """A call that only the pixels tell to be in vain."""
    empty = write_raster(tmp_path / "empty.tif", np.zeros((1, 64, 64), np.uint8), nodata=0)
    return {"INPUT": empty, "METHOD": "classical", "OUTPUT": str(tmp_path / "finer.tif")}


@pytest.fixture
def opened(qgis, monkeypatch):
    """The addresses that are opened by clicks."""
    from deep_geology.plugin.desktop import explaining

    addresses = []
    monkeypatch.setattr(
        explaining.QDesktopServices, "openUrl", lambda url: addresses.append(url.toString())
    )
    return addresses


@pytest.fixture
def explainer(opened):
    from deep_geology.plugin.desktop import Explainer

    listening = Explainer()
    listening.add()
    yield listening
    listening.remove()


@pytest.fixture
def dialog(qgis):
    from processing.gui.AlgorithmDialog import AlgorithmDialog

    algorithm = QgsApplication.processingRegistry().algorithmById("deepgeology:upscaleraster")
    shown = AlgorithmDialog(algorithm.create(), False, None)
    shown.show()
    yield shown
    shown.close()
    shown.deleteLater()


def buttons(dialog):
    return [one for one in dialog.messageBar().findChildren(QPushButton) if one.text()]


def anchors():
    """Anchors of the headings of the page, as its renderers make them."""
    text = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
    return {re.sub(r"[^a-z ]", "", title.lower()).replace(" ", "-") for title in re.findall("^## (.+)$", text, re.M)}  # fmt: skip


def test_every_error_is_explained_in_a_section_that_exists(qgis):
    from deep_geology.algorithms.explaining import PAGE, address
    from deep_geology.plugin.jobs.errors import JobError

    explained = {
        JobError("The engine is not prepared.", 'Run "Prepare engine" once.'): "the-engine",
        JobError("There is not enough memory for a window of 64 pixels."): "while-a-tool-runs",
        JobError('"engine memory.tif" has 3 bands; band 7 is asked for.'): "data",
    }
    for error, section in explained.items():
        assert address(error) == f"{PAGE}#{section}" and section in anchors()
    assert (ROOT / PAGE.split("/main/")[1]).is_file()


def test_log_of_a_failed_run_names_the_page(refused, feedback, failing):
    assert "Nodata covers 100 %" in refused("upscaleraster", feedback, **failing)
    # Newer QGIS takes a link, which this feedback leaves to its base.
    told = [*feedback.info, feedback.textLog()]
    assert any("docs/troubleshooting.md#data" in line for line in told)


def test_click_in_the_dialog_opens_the_page(explainer, dialog, refused, opened, failing):
    refused("upscaleraster", **failing)
    (button,) = buttons(dialog)
    item = dialog.messageBar().currentItem()
    assert "Nodata covers 100 %" in item.text()
    button.click()
    assert len(opened) == 1 and opened[0].endswith("docs/troubleshooting.md#data")


def test_error_is_one_line_in_the_dialog_and_whole_in_its_tooltip(explainer, dialog, qgis):
    found = f'"{"/folder" * 20}/fields.tif" has 3 bands. The model was trained on {"many " * 20}.'
    explainer._show("deepgeology:upscaleraster", found, "https://example.org")
    item = dialog.messageBar().currentItem()
    assert item.text() == '"fields.tif" has 3 bands.' and item.toolTip() == found


def test_run_in_another_thread_and_dialogs_of_other_tools(explainer, dialog, qgis):
    from deep_geology.algorithms.explaining import LISTENERS

    ours = "deepgeology:upscaleraster"
    for algorithm, count in (("deepgeology:classifypixels", 0), (ours, 1), (ours, 1)):
        said = (algorithm, "It failed.", "https://example.org")
        thread = threading.Thread(target=lambda said=said: [tell(*said) for tell in LISTENERS])
        thread.start()
        thread.join()
        end = time.monotonic() + 5
        while time.monotonic() < end and len(buttons(dialog)) < count:
            qgis.processEvents()
        assert len(buttons(dialog)) == count
