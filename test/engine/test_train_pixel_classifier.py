"""Training a pixel classifier from rasters and labels to a model and a report."""

import numpy as np
import pytest
import torch

from brightness import Said
from landscapes import NORTH_UP, UTM, box, point, regions, textured, write_labels, write_raster
from plugin.engine import model_file
from plugin.engine.pixels.trust import Trust
from plugin.engine.progress import Progress, Silent
from plugin.engine.tasks import train_pixel_classifier
from plugin.jobs import TrainPixelClassifier
from plugin.jobs.declare import from_values
from plugin.jobs.errors import JobError, Stopped
from plugin.jobs.model_card import PIXELS, read_card

SIDE, FIELD = 128, 16
ROCKS = ("chalk", "marl", "basalt")
QUICK = {"network": "pixel_mlp", "epochs": 3, "folds": 2, "device": "cpu"}


def fields(tmp_path, every=2, classes=ROCKS, name="labels.json"):
    """Labels of some of the fields of a made-up landscape."""
    truth = regions(SIDE, SIDE, FIELD)
    entries = []
    for number, row in enumerate(range(0, SIDE, FIELD)):
        for column in range((number % every) * FIELD, SIDE, every * FIELD):
            shape = box(row + 2, column + 2, row + FIELD - 2, column + FIELD - 2)
            entries.append((shape, classes[truth[row, column]]))
    return write_labels(tmp_path / name, entries)


def landscape(tmp_path, name="survey.tif", **profile):
    truth = regions(SIDE, SIDE, FIELD)
    return write_raster(tmp_path / name, textured(truth, 2, seed=3), **profile)


def train(tmp_path, progress=None, **wishes):
    values = {
        "class_field": "rock",
        "model": str(tmp_path / "m.safetensors"),
        "report": str(tmp_path / "r.html"),
        **QUICK,
        **wishes,
    }
    job = from_values(TrainPixelClassifier, values)
    return train_pixel_classifier.run(job, progress or Silent())


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    place = tmp_path_factory.mktemp("trained")
    torch.set_num_threads(1)
    told = []
    progress = Progress(lambda kind, **words: told.append((kind, words)))
    asked = {"rasters": [landscape(place)], "labels": fields(place)}
    return place, train(place, progress, **asked, epochs=12), told


def test_a_planted_pattern_is_learned_and_the_scores_say_so(trained):
    outputs = trained[1]
    assert set(outputs) == {"MODEL", "REPORT", "ACCURACY", "MACRO_F1", "MEAN_IOU", "KAPPA", "AUC"}
    assert outputs["ACCURACY"] > 0.97 and outputs["MEAN_IOU"] > 0.95 and outputs["AUC"] > 0.98


def test_the_log_warns_when_a_forest_is_better(tmp_path, asked):
    """A network that hardly learns is beaten on levels that a forest tells apart at once."""
    said = Said()
    train(tmp_path, said.progress, **asked, learning_rate=1e-7, epochs=1)
    better = [text for text in said.warnings if "is better here" in text]
    assert len(better) == 1 and "not worth its effort" in better[0]
    assert better[0].split(" (")[0] in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_the_log_says_which_fold_learns(trained):
    told = [words.get("text", "") for _, words in trained[2]]
    places = [told.index(text) for text in (
        "Fold 1 of 2:", "Fold 2 of 2:", "Training on all labels, for the model that ships.",
    )]  # fmt: skip
    assert places == sorted(places)
    for name in ("Fold 1 of 2", "Fold 2 of 2", "All labels"):
        assert any(text.startswith(f"{name}: Epoch ") for text in told)


def test_the_card_says_what_the_model_needs_and_how_it_was_scored(trained):
    card = read_card(trained[1]["MODEL"], PIXELS)
    assert [entry["name"] for entry in card.classes] == sorted(ROCKS)
    assert [band["name"] for band in card.bands] == ["survey band 1", "survey band 2"]
    assert (card.halo, card.stride, card.patch) == (0, 1, SIDE)
    assert (card.dtype, card.gsd) == ("uint8", 10.0)
    assert 90 < card.normalization["mean"][0] < 150
    assert "Spatial blocks" in card.scores["validation"]
    assert card.scores["baselines"]["random_forest"]["accuracy"] > 0.9
    assert card.training["counts"].keys() == set(ROCKS)


def test_the_model_knows_where_it_may_be_trusted(trained):
    card, network, extras = model_file.load_with_extras(trained[1]["MODEL"], PIXELS)
    trust = Trust.load(card, extras)
    own = textured(regions(SIDE, SIDE, FIELD), 2, seed=9).astype(np.float32)
    from plugin.engine.normalization import to_network_range
    from plugin.engine.pixels.trust import trust_features

    def index(values):
        images = to_network_range(torch.from_numpy(values)[None], card.normalization)
        features = trust_features(network, images)[0].flatten(1).T
        return trust.dissimilarity(features.detach()).numpy()

    assert (index(own) <= trust.applicable).mean() > 0.8
    foreign = np.stack([own[0], 255 - own[1]])
    assert (index(foreign) > trust.applicable).mean() > 0.5


def test_the_report_shows_maps_scores_and_the_baseline(trained):
    with open(trained[1]["REPORT"], encoding="utf-8") as file:
        page = file.read()
    for text in ("Out-of-fold map", "Random forest on the values", "Mean IoU", "reliability of the confidence",
                 "basalt", "Spatial blocks", "Logistic regression"):  # fmt: skip
        assert text in page
    assert page.count("data:image") >= 8


def test_the_log_tells_labels_splits_and_scores(trained):
    notes = [words["text"] for kind, words in trained[2] if kind == "note"]
    assert any("32 labels, 4,608 labeled pixels" in text for text in notes)
    assert any("random forest" in text for text in notes)


def test_the_trained_network_maps_unlabeled_ground_too(trained):
    card, network = model_file.load(trained[1]["MODEL"], PIXELS)
    from plugin.engine.normalization import to_network_range

    truth = regions(SIDE, SIDE, FIELD)
    values = torch.from_numpy(textured(truth, 2, seed=8).astype(np.float32))[None]
    with torch.no_grad():
        said = network(to_network_range(values, card.normalization)).argmax(1)[0].numpy()
    names = np.array([entry["name"] for entry in card.classes])
    assert (names[said] == np.array(ROCKS)[truth]).mean() > 0.97


@pytest.mark.parametrize("validation", ["holdout_polygons", "layer"])
def test_other_validations_score_too(tmp_path, validation):
    second = write_labels(
        tmp_path / "second.json",
        [(box(r, 0, r + 16, 16), ROCKS[regions(SIDE, SIDE, FIELD)[r, 0]]) for r in (0, 16, 32, 48)],
    )
    given = {"validation_labels": second} if validation == "layer" else {}
    outputs = train(
        tmp_path, rasters=[landscape(tmp_path)], labels=fields(tmp_path), epochs=8,
        validation=validation, **given,
    )  # fmt: skip
    assert outputs["ACCURACY"] > 0.9


def test_a_u_net_learns_from_rasters_of_two_grids(tmp_path):
    moved = NORTH_UP.translation(-4.4, 7.7) @ NORTH_UP
    truth = regions(SIDE + 20, SIDE + 20, FIELD)
    other = write_raster(tmp_path / "mag.tif", textured(truth, 1, 5, "float32"), moved)
    told = []
    progress = Progress(lambda kind, **words: told.append(words.get("text", "")))
    outputs = train(
        tmp_path, progress, rasters=[landscape(tmp_path), other], labels=fields(tmp_path),
        network="unet_mobilenet_v2", patch_size=64, epochs=2, loss="dice",
    )  # fmt: skip
    card = read_card(outputs["MODEL"], PIXELS)
    assert (card.halo, card.stride, card.dtype) == (177, 16, "float32")
    assert [b["name"] for b in card.bands][2] == "mag" and "Apache" in card.license
    assert any('"mag.tif" is warped to the grid of "survey.tif"' in text for text in told)
    assert 0 <= outputs["MACRO_F1"] <= 1


def test_training_goes_on_from_a_model_and_keeps_its_normalization(trained, tmp_path):
    place, outputs, _ = trained
    again = train(
        tmp_path, rasters=[str(place / "survey.tif")], labels=str(place / "labels.json"),
        start_from="model", base_model=outputs["MODEL"], epochs=1, learning_rate=1e-6,
    )  # fmt: skip
    first, second = (read_card(out["MODEL"]) for out in (outputs, again))
    assert first.normalization == second.normalization
    assert again["ACCURACY"] > 0.95


def test_presence_alone_is_learned_against_background(tmp_path):
    chance = np.random.default_rng(0)
    values = chance.normal(size=(2, SIDE, SIDE)).astype(np.float32)
    rows, columns = np.indices((SIDE, SIDE))
    values[0] += 4 * ((rows // 16 + columns // 16) % 4 == 0)
    favorable = np.argwhere((rows // 16 + columns // 16) % 4 == 0)
    places = favorable[chance.permutation(len(favorable))[:40]] + 0.5
    labels = write_labels(tmp_path / "p.json", [(point(r, c), None) for r, c in places])
    outputs = train(
        tmp_path, rasters=[write_raster(tmp_path / "e.tif", values)], labels=labels, epochs=30,
        class_field="", background="unlabeled", point_radius=10.0,
    )  # fmt: skip
    card = read_card(outputs["MODEL"])
    assert [entry["name"] for entry in card.classes] == ["presence", "background"]
    assert outputs["AUC"] > 0.75
    with open(outputs["REPORT"], encoding="utf-8") as file:
        page = file.read()
    assert "Success-rate curve" in page and "Out-of-fold favorability" in page


def refused(tmp_path, **wishes):
    with pytest.raises(JobError) as error:
        train(tmp_path, **wishes)
    assert not (tmp_path / "m.safetensors").exists()
    return f"{error.value.found} {error.value.remedy}"


@pytest.fixture
def asked(tmp_path):
    return {"rasters": [landscape(tmp_path)], "labels": fields(tmp_path)}


def test_labels_that_do_not_touch_the_rasters_are_refused(tmp_path, asked):
    entries = [(box(900, 900, 910, 910), "a"), (box(950, 900, 960, 910), "b")] * 2
    labels = write_labels(tmp_path / "far.json", entries)
    assert 'No label lies on "survey.tif"' in refused(tmp_path, **{**asked, "labels": labels})


def test_labels_in_another_crs_than_the_rasters_are_brought_to_theirs(tmp_path, asked):
    from rasterio.warp import transform_geom

    truth = regions(SIDE, SIDE, FIELD)
    entries = [
        (transform_geom(UTM, "EPSG:4326", box(r + 2, c + 2, r + 14, c + 14)), ROCKS[truth[r, c]])
        for r in range(0, SIDE, FIELD)
        for c in range(0, SIDE, FIELD)
    ]
    labels = write_labels(tmp_path / "degrees.json", entries, "EPSG:4326")
    assert train(tmp_path, **{**asked, "labels": labels}, epochs=8)["ACCURACY"] > 0.9


def test_one_class_is_refused(tmp_path, asked):
    labels = fields(tmp_path, classes=("chalk",) * 3, name="one.json")
    said = refused(tmp_path, **{**asked, "labels": labels})
    assert 'All labels are of one class, "chalk"' in said


def test_a_class_with_one_polygon_is_refused_by_its_name(tmp_path, asked):
    entries = [(box(1 + 9 * n, 1, 8 + 9 * n, 8), "a") for n in range(9)] + [
        (box(1, 60, 9, 70), "b")
    ]
    labels = write_labels(tmp_path / "b.json", entries)
    assert 'Class "b" has one label only' in refused(tmp_path, **{**asked, "labels": labels})


def test_labels_without_class_are_left_out_and_refused_if_all_are(tmp_path, asked):
    entries = [(box(1, 1, 9, 9), None), (box(20, 20, 30, 30), None)]
    labels = write_labels(tmp_path / "null.json", entries)
    said = refused(tmp_path, **{**asked, "labels": labels})
    assert '2 labels have no "rock"' in said


def test_a_field_that_is_not_there_is_refused_with_those_that_are(tmp_path, asked):
    said = refused(tmp_path, **{**asked, "class_field": "lithology"})
    assert 'no field "lithology"' in said and "Choose one of: rock" in said


def test_labels_where_the_rasters_hold_no_data_are_refused(tmp_path, asked):
    empty = write_raster(tmp_path / "e.tif", np.full((1, SIDE, SIDE), np.nan, np.float32))
    said = refused(tmp_path, **{**asked, "rasters": [empty]})
    assert '"e.tif" holds no data where the labels are' in said


def test_constant_bands_are_told_and_refused_if_all_are(tmp_path, asked):
    flat = write_raster(tmp_path / "flat.tif", np.full((1, SIDE, SIDE), 7, np.uint8))
    said = refused(tmp_path, **{**asked, "rasters": [flat]})
    assert "All bands are constant where the labels are" in said
    told = []
    progress = Progress(lambda kind, **words: told.append(words.get("text", "")))
    train(tmp_path, progress, **{**asked, "rasters": [*asked["rasters"], flat]}, epochs=1)
    assert any('Band "flat" is constant' in text for text in told)


def test_a_raster_smaller_than_the_smallest_patch_is_refused(tmp_path, asked):
    small = write_raster(tmp_path / "s.tif", np.zeros((1, 20, 30), np.uint8))
    said = refused(tmp_path, **{**asked, "rasters": [small]}, network="unet_mobilenet_v2")
    assert '"s.tif" has 30 x 20 pixels; this network needs at least 32 x 32' in said


def test_a_patch_larger_than_the_raster_is_made_smaller(tmp_path, asked):
    outputs = train(
        tmp_path, **asked, network="unet_mobilenet_v2", patch_size=512, epochs=1, minutes=0.05
    )
    card = read_card(outputs["MODEL"])
    assert (card.network, card.patch) == ("unet_mobilenet_v2", SIDE)


def test_a_base_model_of_other_bands_is_refused_with_their_names(trained, tmp_path, asked):
    wishes = {"start_from": "model", "base_model": trained[1]["MODEL"], "bands": [1]}
    said = refused(tmp_path, **asked, **wishes)
    assert "trained on 2 bands (survey band 1, survey band 2); there are 1 here" in said


def test_a_base_model_of_another_task_is_refused(tmp_path, asked):
    from plugin.engine.fine_tuning import BUNDLED

    said = refused(tmp_path, **asked, start_from="model", base_model=BUNDLED)
    assert "is for image classification; this tool needs one for pixel classification" in said


@pytest.mark.parametrize(
    ("wishes", "sentence"),
    [
        ({"start_from": "model"}, "no model is given"),
        ({"network": "unet_resnet18"}, "no bundled weights for unet_resnet18"),
        ({"start_from": "imagenet"}, "no ImageNet weights for pixel_mlp"),
        ({"validation": "layer"}, "second layer of labels, but none is given"),
        ({"patch_size": 100}, "not a multiple of 32. Choose 96."),
        ({"class_field": ""}, "No class field is given"),
        ({"rasters": []}, "Rasters is missing"),
        ({"bands": [3]}, "The rasters have 2 bands in all; band 3"),
        ({"inner_buffer": 500.0}, "the inner buffer leaves nothing of them"),
    ],
)
def test_wishes_that_cannot_be_are_refused_in_one_sentence(tmp_path, asked, wishes, sentence):
    assert sentence in refused(tmp_path, **{**asked, **wishes})


def test_a_cancel_leaves_no_file(tmp_path, asked):
    asks = []

    def stop():
        asks.append(1)
        return len(asks) > 60

    with pytest.raises(Stopped):
        train(tmp_path, Progress(lambda kind, **words: None, stop), **asked, epochs=1000)
    assert not (tmp_path / "m.safetensors").exists() and not (tmp_path / "r.html").exists()
