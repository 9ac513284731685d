"""Assessing upscaled rasters from QGIS."""

from pathlib import Path

import numpy as np
import pytest
from qgis.core import QgsProject, QgsRasterLayer, QgsVectorLayer

from qgis_truth import PIXEL
from qgis_upscaling import BLUR, FACTOR, coarse_values, fine_values, write_ground

KNOWN = {"FACTOR": "2", "BLUR": BLUR, "DEVICE": "cpu"}


@pytest.fixture(scope="module")
def truth(tmp_path_factory):
    return write_ground(tmp_path_factory.mktemp("truth") / "the truth.tif", fine_values())


@pytest.fixture
def copied(truth, tmp_path):
    """The truth in another file."""
    return write_ground(tmp_path / "copied.tif", fine_values())


def test_classical_result_is_judged_beside_the_usual_resamplings(run, truth, tmp_path):
    coarse = write_ground(tmp_path / "coarse.tif", coarse_values(), FACTOR * PIXEL)
    made = run("upscaleraster", INPUT=coarse, METHOD="classical", **KNOWN,
               OUTPUT=str(tmp_path / "made.tif"))["OUTPUT"]  # fmt: skip
    outputs = run(
        "assessupscaling", REFERENCE=QgsRasterLayer(truth, "truth", "gdal"), **KNOWN,
        UPSCALED=QgsRasterLayer(made, "made", "gdal"), REPORT=str(tmp_path / "r.html"),
        SCORES=str(tmp_path / "scores.gpkg"),
    )  # fmt: skip
    rows = {row["method"]: row for row in QgsVectorLayer(outputs["SCORES"], "s").getFeatures()}
    # The same thing twice, but for rounding to bytes.
    assert rows["Upscaled raster"]["psnr"] == pytest.approx(
        rows["Back-projection"]["psnr"], abs=0.1
    )
    assert outputs["PSNR"] == pytest.approx(rows["Upscaled raster"]["psnr"])
    assert outputs["CONSISTENCY"] < 0.5 and outputs["SAM"] > 0
    assert "Before and after" in Path(outputs["REPORT"]).read_text(encoding="utf-8")


def test_table_goes_to_memory_and_the_report_to_a_temporary_file(run, truth, copied):
    outputs = run("assessupscaling", REFERENCE=truth, UPSCALED=copied, **KNOWN,
                  REPORT="TEMPORARY_OUTPUT", SCORES="memory:")  # fmt: skip
    assert outputs["SCORES"].featureCount() == 6 and not outputs["SCORES"].isSpatial()
    assert outputs["PSNR"] > 100 and Path(outputs["REPORT"]).is_file()


def test_layer_of_the_project_is_found_by_its_name(run, truth, copied, project):
    project.addMapLayer(QgsRasterLayer(truth, "my truth", "gdal"))
    outputs = run("assessupscaling", REFERENCE="my truth", UPSCALED=copied, BANDS=[2], **KNOWN,
                  REPORT="TEMPORARY_OUTPUT")  # fmt: skip
    assert outputs["SAM"] is None and outputs["PSNR"] > 100
    assert QgsProject.instance().mapLayersByName("my truth")


def test_rasters_that_do_not_belong_together_are_refused(refused, truth, model, tmp_path):
    report = {"REPORT": str(tmp_path / "r.html")}
    text = refused("assessupscaling", REFERENCE=truth, UPSCALED=truth, **KNOWN, **report)
    assert "are the same file" in text
    coarse = write_ground(tmp_path / "coarse.tif", coarse_values(), FACTOR * PIXEL)
    text = refused("assessupscaling", REFERENCE=truth, UPSCALED=coarse, **KNOWN, **report)
    assert "has pixels of 20" in text
    far = write_ground(tmp_path / "far.tif", fine_values(), north=1e6)
    text = refused("assessupscaling", REFERENCE=truth, UPSCALED=far, **KNOWN, **report)
    assert "do not overlap" in text
    text = refused("assessupscaling", REFERENCE=truth, MODEL=model, **KNOWN, **report)
    assert "is for image classification; this tool needs one for upscaling" in text
    assert not (tmp_path / "r.html").exists()


def test_noise_costs_what_it_must(run, truth, tmp_path):
    values = fine_values() + np.random.default_rng(5).normal(0, 6, fine_values().shape)
    made = write_ground(tmp_path / "n.tif", np.clip(np.rint(values), 0, 255).astype(np.uint8))
    outputs = run("assessupscaling", REFERENCE=truth, UPSCALED=made, **KNOWN,
                  REPORT="TEMPORARY_OUTPUT")  # fmt: skip
    assert outputs["PSNR"] == pytest.approx(20 * np.log10(255 / 6), abs=0.3)
