"""Training a seismic forecast from QGIS."""

import os

from qgis.core import QgsVectorLayer

from qgis_seismicity import QUICK, write_clusters


def point_layer(path):
    """The catalog as a layer of points, as users load it."""
    uri = f"file://{path}?delimiter=,&xField=longitude&yField=latitude&crs=EPSG:4326"
    layer = QgsVectorLayer(uri, "events", "delimitedtext")
    assert layer.isValid()
    return layer


def test_layer_of_points_trains_a_model_with_a_report(run, feedback, tmp_path):
    catalog = point_layer(write_clusters(tmp_path / "events.csv"))
    outputs = run(
        "trainseismicforecast",
        feedback,
        CATALOG=catalog,
        MODEL=str(tmp_path / "m.safetensors"),
        REPORT=str(tmp_path / "r.html"),
        **QUICK,
    )
    assert os.path.getsize(outputs["MODEL"]) > 1000
    assert outputs["SHIPS"] in ("network", "reference")
    assert outputs["IGPE_ETAS_LOW"] <= outputs["IGPE_ETAS"] <= outputs["IGPE_ETAS_HIGH"]
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "not a prediction of an earthquake" in page


def test_too_few_events_are_refused_with_counts(refused, tmp_path):
    text = refused(
        "trainseismicforecast",
        CATALOG=write_clusters(tmp_path / "events.csv"),
        MODEL=str(tmp_path / "m.safetensors"),
        REPORT=str(tmp_path / "r.html"),
        TARGET_MAGNITUDE=5.5,
        **QUICK,
    )
    assert "200 are needed for the training" in text
    assert os.listdir(tmp_path) == ["events.csv"]


def test_dates_in_the_wrong_order_are_refused(refused, tmp_path):
    text = refused(
        "trainseismicforecast",
        CATALOG=write_clusters(tmp_path / "events.csv"),
        TRAIN_END="2003-01-01T00:00:00",
        VALIDATION_END="2002-01-01T00:00:00",
        MODEL=str(tmp_path / "m.safetensors"),
        REPORT=str(tmp_path / "r.html"),
        **QUICK,
    )
    assert "VALIDATION_END is 2002-01-01T00:00:00, which is not after TRAIN_END" in text
