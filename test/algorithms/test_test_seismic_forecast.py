"""Testing a seismic forecast from QGIS: what is refused before work."""

import os


def test_model_of_images_is_refused(refused, model, tmp_path):
    catalog = tmp_path / "events.csv"
    catalog.write_text("time,latitude,longitude,depth,mag\n2020-01-01,40,10,5,4\n", "utf-8")
    text = refused(
        "testseismicforecast",
        MODEL=model,
        CATALOG=str(catalog),
        REPORT=str(tmp_path / "r.html"),
        SCORES=str(tmp_path / "s.json"),
    )
    assert "is for image classification; this tool needs one for seismic forecast" in text
    assert os.listdir(tmp_path) == ["events.csv"]


def test_dates_in_the_wrong_order_are_refused(refused, model, tmp_path):
    catalog = tmp_path / "events.csv"
    catalog.write_text("time,latitude,longitude,depth,mag\n2020-01-01,40,10,5,4\n", "utf-8")
    text = refused(
        "testseismicforecast",
        MODEL=model,
        CATALOG=str(catalog),
        START="2020-01-01T00:00:00",
        END="2019-01-01T00:00:00",
        REPORT=str(tmp_path / "r.html"),
    )
    assert "END is 2019-01-01T00:00:00, which is not after START" in text
