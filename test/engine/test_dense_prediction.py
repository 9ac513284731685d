"""Whole rasters through a network: the same result whatever the windows, in little memory."""

import threading
import time
from contextlib import closing

import numpy as np
import pytest
import torch

from brightness import Said
from landscapes import regions, textured, write_raster
from plain_pixels import chance_network, level_network, pixel_card
from plugin.engine import notices
from plugin.engine.dense_prediction import automatic_core, predict_dense
from plugin.engine.layout import Layout
from plugin.engine.pixels.predictor import PixelPredictor
from plugin.engine.progress import Silent
from plugin.engine.rasters import Raster
from plugin.engine.writing_behind import behind
from plugin.jobs.errors import JobError, Stopped

CPU = torch.device("cpu")


def predicted(raster, predict, layout, batch_size=1, progress=None, watch=None):
    """The whole result (channel, row, column)."""
    shape = predict.channels, layout.area[2] * layout.scale, layout.area[3] * layout.scale
    whole = np.full(shape, -1, np.float32)
    for piece in predict_dense(predict, raster, layout, progress or Silent(), batch_size, watch):
        rows, columns = piece.values.shape[1:]
        whole[:, piece.row : piece.row + rows, piece.column : piece.column + columns] = piece.values
    assert not (whole == -1).any()
    return whole


class Finer:
    """Every pixel as scale x scale pixels of its value; remembers what it was given."""

    channels = 3

    def __init__(self, scale=1, most=float("inf"), seconds=0):
        self.scale, self.most, self.seconds, self.seen = scale, most, seconds, []

    def __call__(self, images, cut):
        time.sleep(self.seconds)
        if images[:, 0].numel() > self.most:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried ...")
        self.seen.append(tuple(images.shape))
        inside = images[..., cut : images.shape[2] - cut, cut : images.shape[3] - cut]
        return inside.repeat_interleave(self.scale, 2).repeat_interleave(self.scale, 3)


@pytest.fixture
def values():
    return textured(regions(150, 230, 40))


@pytest.fixture
def raster(tmp_path, values):
    with Raster(write_raster(tmp_path / "a.tif", values)) as opened:
        yield opened


def whole_area(raster):
    return 0, 0, raster.grid.height, raster.grid.width


@pytest.mark.parametrize("scale", [1, 2, 4])
@pytest.mark.parametrize("area", [None, (20, 31, 77, 50)])
def test_result_lies_where_the_raster_lies_and_is_finer_by_the_scale(raster, values, scale, area):
    area = area or whole_area(raster)
    layout = Layout.over(area, 48, 10, 8, scale)
    result = predicted(raster, Finer(scale), layout)
    part = values[:, area[0] : area[0] + area[2], area[1] : area[1] + area[3]]
    assert (result == part.repeat(scale, 1).repeat(scale, 2)).all()


@pytest.mark.parametrize("name", ["unet_mobilenet_v2", "pixel_mlp"])
def test_classes_are_the_same_for_windows_of_every_size(tmp_path, name):
    values = textured(regions(200, 280, 37), seed=3)
    predictor = PixelPredictor(pixel_card(name), chance_network(name), CPU)
    with Raster(write_raster(tmp_path / "a.tif", values)) as raster:
        results = []
        for core in (128, 256, 512):  # the last is larger than the raster
            layout = Layout.over(whole_area(raster), core, predictor.halo, predictor.stride)
            results.append(predicted(raster, predictor, layout))
        halo = 192 if predictor.halo else 0
        read, _ = raster.read(-halo, -halo, 208 + 2 * halo, 288 + 2 * halo)
    whole = predictor(torch.from_numpy(read[None].astype(np.float32)), halo)[0, :, :200, :280]
    classes = [result.argmax(0) for result in [*results, whole.numpy()]]
    assert len(np.unique(classes[0])) == 3
    for other in classes[1:]:
        assert (other == classes[0]).all()
    assert np.abs(results[0] - results[2]).max() < 1e-5


def test_part_of_a_raster_gets_the_classes_of_the_whole(tmp_path):
    values = textured(regions(300, 420, 37), seed=3)
    predictor = PixelPredictor(pixel_card("small"), chance_network("small"), CPU)
    with Raster(write_raster(tmp_path / "a.tif", values)) as raster:
        layout = Layout.over(whole_area(raster), 512, predictor.halo, predictor.stride)
        whole = predicted(raster, predictor, layout)
        layout = Layout.over((101, 203, 90, 77), 64, predictor.halo, predictor.stride)
        part = predicted(raster, predictor, layout)
    assert (part.argmax(0) == whole[:, 101:191, 203:280].argmax(0)).all()


def test_turned_prediction_does_not_depend_on_windows_either(tmp_path):
    values = textured(regions(90, 120, 17), seed=3)
    card, network = pixel_card("small"), chance_network("small")
    once = PixelPredictor(card, network, CPU)
    predictor = PixelPredictor(card, network, CPU, turned=True)
    with Raster(write_raster(tmp_path / "a.tif", values)) as raster:
        layouts = [
            Layout.over(whole_area(raster), core, once.halo, once.stride) for core in (64, 256)
        ]
        results = [predicted(raster, predictor, layout) for layout in layouts]
        plain = predicted(raster, once, layouts[1])
    assert np.abs(results[0] - results[1]).max() < 1e-5
    assert np.abs(results[0] - plain).max() > 1e-3
    assert np.allclose(results[0].sum(0), 1, atol=1e-5)


def test_turned_image_gets_the_turned_probabilities(values):
    predictor = PixelPredictor(pixel_card("small"), chance_network("small"), CPU, turned=True)
    image = torch.from_numpy(values[None, :, :128, :128].astype(np.float32))
    here = predictor(image)
    assert torch.allclose(predictor(image.rot90(1, (2, 3))), here.rot90(1, (2, 3)), atol=1e-5)
    assert torch.allclose(predictor(image.flip(3)), here.flip(3), atol=1e-5)


def test_smaller_halo_is_blended_and_the_difference_is_seen(tmp_path):
    values = textured(regions(200, 300, 37), seed=3)
    predictor, seen = PixelPredictor(pixel_card("p"), level_network(radius=12), CPU), []
    with Raster(write_raster(tmp_path / "a.tif", values)) as raster:
        exact = predicted(raster, predictor, Layout.over(whole_area(raster), 64, 12))
        layout = Layout.over(whole_area(raster), 64, 6, blended=True)
        blended = predicted(
            raster, predictor, layout, watch=lambda *both: seen.append(np.abs(both[0] - both[1]))
        )
        bare = predicted(raster, predictor, Layout.over(whole_area(raster), 64, 0))
    assert len(seen) == 4 * 4 and max(part.max() for part in seen) > 0.01
    assert 0 < np.abs(blended - exact).mean() < np.abs(bare - exact).mean()
    steps = [np.abs(np.diff(result[0], axis=1))[:, 63::64].mean() for result in (blended, bare)]
    assert steps[0] < steps[1]


def test_windows_without_data_are_skipped_and_holes_are_nodata(tmp_path, values):
    values = values.astype(np.float32)
    values[:, :, 100:] = np.nan
    values[:, 5, 5] = np.nan
    predict = Finer()
    with Raster(write_raster(tmp_path / "a.tif", values)) as raster:
        result = predicted(raster, predict, Layout.over(whole_area(raster), 50, 8), batch_size=4)
    assert (np.isnan(result) == np.isnan(values)).all()
    assert sum(shape[0] for shape in predict.seen) == 3 * 2


@pytest.mark.parametrize("batch_size", [1, 3, 16])
def test_batches_do_not_change_the_result(raster, values, batch_size):
    predict = Finer()
    layout = Layout.over(whole_area(raster), 40, 4)
    assert (predicted(raster, predict, layout, batch_size) == values).all()
    assert max(shape[0] for shape in predict.seen) == min(batch_size, 5)


def test_memory_that_runs_out_halves_batches_then_windows(raster, values):
    predict = Finer(2, most=40 * 40)
    layout = Layout.over(whole_area(raster), 64, 8, 8, scale=2)
    result = predicted(raster, predict, layout, batch_size=4)
    assert (result == values.repeat(2, 1).repeat(2, 2)).all()
    assert max(shape[0] for shape in predict.seen) == 1
    assert max(shape[2] * shape[3] for shape in predict.seen) <= 40 * 40


def test_memory_that_runs_out_after_the_network_halves_windows_too(raster, values):
    class Later(Finer):
        """Gives a function for whole windows, as upscaling does."""

        is_alone = False

        def place(self, windows):
            self.is_alone = len(windows) == 1

        def __call__(self, images, cut):
            made = super().__call__(images, cut)
            if not self.is_alone:
                return made
            self.is_alone = False

            def finish():
                if images[:, 0].numel() > 40 * 40:
                    raise MemoryError
                return made

            return finish

    layout = Layout.over(whole_area(raster), 64, 8, 8, scale=2)
    told = []
    notices.send_to(told.append)
    result = predicted(raster, Later(2), layout)
    assert (result == values.repeat(2, 1).repeat(2, 2)).all()
    assert "halves" in told[0]


def test_memory_for_nothing_is_refused_with_the_next_window_size(raster):
    with pytest.raises(JobError, match="not enough memory for a window of 24 pixels") as caught:
        predicted(raster, Finer(most=10), Layout.over(whole_area(raster), 64, 8, 8))
    assert caught.value.remedy.startswith("Set WINDOW_SIZE to 32")
    with pytest.raises(JobError, match="Set WINDOW_SIZE to 32"):
        layout = Layout.over(whole_area(raster), 64, 8, 8, blended=True)
        predicted(raster, Finer(most=1000), layout)


def test_other_errors_rise(raster):
    def predict(images, cut):
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    predict.channels = 3
    with pytest.raises(RuntimeError, match="mat1"):
        list(predict_dense(predict, raster, Layout.over(whole_area(raster), 64, 8), Silent()))


def test_cancel_does_not_wait_for_the_network(raster):
    said = Said(stop_at=0.05)
    predict = Finer(seconds=4)
    pieces = predict_dense(predict, raster, Layout.over(whole_area(raster), 64, 8), said.progress)
    with pytest.raises(Stopped), closing(pieces):
        threading.Timer(0.5, lambda: setattr(said, "_at", 1.0)).start()
        start = time.monotonic()
        next(pieces)
    assert time.monotonic() - start < 2


def test_progress_says_windows_speed_and_time(raster):
    said = Said()
    predicted(raster, Finer(seconds=0.1), Layout.over(whole_area(raster), 50, 8), progress=said.progress)  # fmt: skip
    said.progress.flush()
    assert said.texts[-1].startswith("Window 15 of 15, 0.02 Mpx/s, 0 s left")


@pytest.mark.parametrize(
    "pixel_bytes, budget, halo, stride, core",
    [(100, 100 * 1500**2, 192, 16, 1024), (1e6, 1e6, 192, 16, 256), (1, 1e12, 0, 1, 512),
     (1, 1e12, 192, 16, 1792), (100, 100 * 1500**2, 177, 24, 1032)],
)  # fmt: skip
def test_automatic_core_fits_the_memory_and_the_tiles(pixel_bytes, budget, halo, stride, core):
    assert automatic_core(pixel_bytes, budget, halo, stride) == core


def test_writing_behind_keeps_the_order_and_raises_what_goes_wrong():
    written = []
    with behind(written.append) as put:
        for number in range(20):
            put(number)
    assert written == list(range(20))

    def fail(item):
        raise JobError("The disk is full.", "Free some space.")

    with pytest.raises(JobError, match="disk is full"), behind(fail) as put:
        for number in range(20):
            put(number)
    with pytest.raises(JobError, match="disk is full"), behind(fail) as put:
        put(1)


def test_writing_behind_can_be_cancelled_while_the_disk_is_slow():
    def give_up():
        if time.monotonic() - start > 0.3:
            raise Stopped()

    start = time.monotonic()
    with pytest.raises(Stopped), behind(lambda item: time.sleep(0.5), give_up) as put:
        for number in range(20):
            put(number)
    assert time.monotonic() - start < 2


class Ground:
    """A raster in memory that goes on mirrored beyond its border."""

    def __init__(self, height, width):
        values = np.random.default_rng(0).normal(size=(1, height, width)).astype(np.float32)
        self.values = np.pad(values, ((0, 0), (40, 40), (40, 40)), "reflect")

    def read(self, row, column, height, width):
        return self.values[:, row + 40 :, column + 40 :][:, :height, :width].copy(), None


@pytest.mark.parametrize("blended", [False, True])
@pytest.mark.parametrize("batch_size", [1, 3])
def test_strips_by_themselves_give_what_they_give_among_all(blended, batch_size):
    def predict(images, cut):  # what hangs on the whole window shows every wrong blend
        inside = slice(cut, -cut or None)
        return (images - images.mean((2, 3), keepdim=True))[..., inside, inside]

    predict.channels = 1
    layout = Layout.over((3, 5, 90, 70), 16, 4, blended=blended)
    numbers = range(len(layout.rows))

    def pieces(strips):
        made = predict_dense(predict, Ground(96, 80), layout, Silent(), batch_size, None, strips)
        return {(one.row, one.column): (one.strip, one.values) for one in made}

    whole, apart = pieces(None), {}
    for strips in ([4, 5], [1], [0], [2, 3]):
        some = pieces(strips)
        assert {strip for strip, _ in some.values()} == set(strips)
        apart.update(some)
    assert set(numbers) == {0, 1, 2, 3, 4, 5} and apart.keys() == whole.keys()
    for place, (strip, values) in whole.items():
        assert apart[place][0] == strip and np.array_equal(apart[place][1], values)
