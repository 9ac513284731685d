"""Where memory runs out less is taken at once, the log says so, and the result stays the same.

A layer that refuses more than it may hold stands for a card or a computer that is full.
"""

import threading

import numpy as np
import pytest
import rasterio
import torch

from brightness import Said
from plugin.engine import notices, work
from plugin.engine.portions import Portions
from plugin.jobs.errors import JobError
from right_results import check_results
from small_world import World, outputs, read_features, usual

TRAININGS = ("train_image_classifier", "train_pixel_classifier", "train_object_detector",
             "train_upscaler", "train_image_generator", "train_grid_forecast")  # fmt: skip


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return World(tmp_path_factory.mktemp("world"))


def is_main():
    return threading.current_thread() is threading.main_thread()


@pytest.fixture
def scarce(monkeypatch):
    """Let convolutions hold so many images at once, or so many pixels, and no more."""
    whole = torch.nn.functional.conv2d

    def limit(images=None, pixels=None, anywhere=True):
        def frugal(values, weight, *rest, **more):
            many = len(values) * values.shape[-1] * values.shape[-2]
            # On "meta" a network only tells how large its results would be.
            full = (images and len(values) > images) or (pixels and many > pixels)
            if full and values.device.type != "meta" and (anywhere or not is_main()):
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
            return whole(values, weight, *rest, **more)

        monkeypatch.setattr(torch.nn.functional, "conv2d", frugal)

    return limit


def run(name, world, folder, **values):
    """Do a job as the service does; its values, its outputs and what it said."""
    said = Said()
    folder.mkdir()
    values = {**usual(name, world), **outputs(name, folder), **values}
    made = work.do(name, values, said.progress)
    check_results(name, values, made, [("warning", {"text": text}) for text in said.warnings])
    return values, made, said


def is_told(said):
    return [text for text in said.notes if "not enough memory" in text]


def mean_square(weights):
    """The weighted mean loss of a line, and the weight."""

    def loss_of(inputs, wanted, weight):
        missed = (inputs @ weights - wanted) ** 2
        if len(inputs) > 3:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return (missed * weight).sum() / weight.sum(), weight.sum()

    return loss_of


def test_gradients_of_portions_are_those_of_the_batch():
    torch.manual_seed(0)
    weights = torch.randn(4, requires_grad=True)
    inputs, wanted, weight = torch.randn(11, 4), torch.randn(11), torch.rand(11)
    missed = (inputs @ weights - wanted) ** 2
    loss = (missed * weight).sum() / weight.sum()
    (truth,) = torch.autograd.grad(loss, weights)
    portions, optimizer = Portions(), torch.optim.SGD([weights], 0.1)
    for _ in range(2):
        found = portions.descend(optimizer, mean_square(weights), inputs, wanted, weight)
        torch.testing.assert_close(weights.grad, truth)
        assert found == pytest.approx(float(loss))
    assert portions.most == 2


def test_halving_is_told_once():
    said = Said()
    notices.send_to(said.progress.note)
    for _ in range(3):
        portions = Portions()
        assert portions.each(refuse_over_four, torch.arange(16)) == [4] * 4
    assert len(said.notes) == 2 and "from now on 4 are taken" in said.notes[1]


def refuse_over_four(images):
    if len(images) > 4:
        raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory")
    return len(images)


def test_not_even_one_image_is_said_with_a_remedy():
    def never(images):
        raise torch.OutOfMemoryError("CUDA out of memory")

    with pytest.raises(JobError, match="not enough memory for 1 image at once"):
        Portions(4).each(never, torch.arange(4))


def test_another_error_is_not_taken_for_a_lack_of_memory():
    def wrong(images):
        raise RuntimeError("shapes cannot be multiplied")

    with pytest.raises(RuntimeError, match="multiplied"):
        Portions().each(wrong, torch.arange(4))


@pytest.mark.parametrize("name", TRAININGS)
def test_a_training_goes_on_with_less_at_once(name, world, tmp_path, scarce):
    ready = usual(name, world)  # models that it starts from are made with memory enough
    scarce(images=3)
    _, _, said = run(name, world, tmp_path / "out", **ready)
    assert is_told(said)


def read(path):
    with rasterio.open(path) as dataset:
        return dataset.read()


@pytest.mark.parametrize("name, keys, limit", [
    ("classify_raster", ("OUTPUT", "CONFIDENCE"), {"images": 5}),
    ("explain_classification", ("OUTPUT",), {"images": 3}),
    ("map_embedding", ("COMPONENTS",), {"images": 3}),
    ("classify_pixels", ("OUTPUT", "PROBABILITIES"), {"pixels": 60 * 60}),
    ("upscale_raster", ("OUTPUT",), {"pixels": 150 * 150, "anywhere": False}),
])  # fmt: skip
def test_a_raster_comes_out_the_same(name, keys, limit, world, tmp_path, scarce):
    wishes = {"blur": 0.3} if name == "upscale_raster" else {}
    _, plenty, said = run(name, world, tmp_path / "plenty", **wishes)
    assert not is_told(said)
    scarce(**limit)
    _, little, said = run(name, world, tmp_path / "little", **wishes)
    assert is_told(said)
    for key in keys:
        np.testing.assert_allclose(read(plenty[key]), read(little[key]), rtol=1e-4, atol=1e-5)


def test_objects_come_out_the_same(world, tmp_path, scarce):
    wishes = {"batch_size": 8, "min_confidence": 0.01}
    _, plenty, _ = run("detect_objects", world, tmp_path / "plenty", **wishes)
    scarce(images=2)
    _, little, said = run("detect_objects", world, tmp_path / "little", **wishes)
    assert is_told(said)
    plenty, little = read_features(plenty["OUTPUT"]), read_features(little["OUTPUT"])
    assert len(plenty) == len(little) > 0
