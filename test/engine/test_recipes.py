"""What a job leaves open is chosen from the images."""

from torch import nn

from plugin.engine.fine_tuning import Start
from plugin.engine.recipes import automatic_epochs, make_recipe
from plugin.jobs.train_image_classifier import TrainImageClassifier

PRETRAINED = Start("mobilenet_v2", nn.Identity(), 0.5)


def recipe(images, start=PRETRAINED, seconds=0.0, **wishes):
    return make_recipe(TrainImageClassifier(input="x", **wishes), start, images, seconds)


def test_small_sets_are_seen_more_often_within_limits():
    assert [automatic_epochs(n, False) for n in (10, 560, 2450, 15_000)] == [60, 30, 14, 12]
    assert automatic_epochs(15_000, True) == 24


def test_small_sets_learn_more_slowly_from_pretrained_weights_only():
    rates = [recipe(n).learning_rate for n in (100, 2500, 10_000, 50_000)]
    assert rates == [3e-4, 5e-4, 1e-3, 1e-3]
    assert recipe(100, Start("small_cnn")).learning_rate == 2e-3


def test_fine_tuning_of_small_sets_keeps_statistics_and_the_last_epoch():
    few, many, scratch = recipe(3000), recipe(20_000), recipe(3000, Start("small_cnn"))
    assert few.keep_statistics and few.keep_last and few.smoothing == 0
    for made in (many, scratch, recipe(3000, fine_tune="head")):
        assert not made.keep_statistics and not made.keep_last and made.smoothing == 0.1


def test_wishes_win_over_what_is_automatic():
    made = recipe(100, epochs=7, learning_rate=0.5, batch_size=8)
    assert (made.epochs, made.learning_rate, made.batch_size) == (7, 0.5, 8)
