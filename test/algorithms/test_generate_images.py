"""Making images from QGIS."""

import csv
import os

import pytest

from qgis_truth import QUICK_TRAINING, chip_folder


@pytest.fixture(scope="module")
def generator(qgis, tmp_path_factory):
    """Path of a generator that has learned for seconds."""
    import processing

    folder = tmp_path_factory.mktemp("generator")
    parameters = {
        "INPUT": chip_folder(folder / "rocks", count=26),
        "MINUTES": 0.1,
        "DEVICE": "cpu",
        "MODEL": str(folder / "m.safetensors"),
        "REPORT": str(folder / "r.html"),
    }
    return processing.run("deepgeology:trainimagegenerator", parameters)["MODEL"]


def pictures(folder):
    """Content by path of every image in a folder."""
    found = {}
    for parent, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(parent, name)
            with open(path, "rb") as file:
                found[os.path.relpath(path, folder)] = file.read()
    return found


def test_images_of_all_classes_with_manifest_and_contact_sheet(run, generator, tmp_path):
    outputs = run(
        "generateimages",
        MODEL=generator,
        COUNT=12,
        SEED=5,
        OUTPUT=str(tmp_path / "made images"),
        MANIFEST=str(tmp_path / "m.csv"),
        CONTACT_SHEET=str(tmp_path / "sheet.png"),
    )
    assert set(outputs) == {"OUTPUT", "MANIFEST", "CONTACT_SHEET"}
    made = pictures(outputs["OUTPUT"])
    with open(outputs["MANIFEST"], encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert sorted(os.path.normpath(row["path"]) for row in rows) == sorted(made)
    assert [row["seed"] for row in rows] == [str(seed) for seed in range(5, 17)]
    assert [row["class"] for row in rows].count("granite") == 6
    with open(outputs["CONTACT_SHEET"], "rb") as file:
        assert file.read(4) == b"\x89PNG"


def test_a_seed_is_one_image(run, generator, tmp_path):
    folders = [str(tmp_path / name) for name in ("many", "one")]
    run("generateimages", MODEL=generator, COUNT=8, SEED=0, OUTPUT=folders[0])
    run("generateimages", MODEL=generator, COUNT=1, SEED=7, OUTPUT=folders[1])
    many, one = map(pictures, folders)
    assert len(many) == 8 and len(one) == 1
    assert all(many[name] == data for name, data in one.items())


def test_made_images_can_be_trained_with(run, generator, tmp_path):
    chips = run("generateimages", MODEL=generator, COUNT=24, OUTPUT="TEMPORARY_OUTPUT")["OUTPUT"]
    places = {"MODEL": str(tmp_path / "m.safetensors"), "REPORT": str(tmp_path / "r.html")}
    outputs = run("trainimageclassifier", **QUICK_TRAINING, INPUT=chips, **places)
    assert 0 <= outputs["ACCURACY"] <= 1


def test_bad_values_are_refused_in_one_sentence(refused, generator, model, tmp_path):
    place = str(tmp_path / "made")
    for change, sentence in (
        ({"CLASS_NAME": "basalt"}, 'knows no class "basalt". Choose one of: granite, schist.'),
        ({"COUNT": 0}, "is under the minimum of 1. Choose at least 1."),
        ({"MODEL": model}, "is for image classification"),
        ({"OUTPUT": os.path.dirname(generator)}, "is not empty. Choose a new folder"),
    ):
        said = refused("generateimages", **{"MODEL": generator, "OUTPUT": place, **change})
        assert sentence in said and "\n" not in said.strip()
        assert not os.path.exists(place)
