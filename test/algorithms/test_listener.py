"""What is shown of what the engine says."""

import pytest

from qgis_truth import Ears


class Clock:
    """Seconds that pass when told."""

    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def told(qgis):
    """A listener with its feedback and clock."""
    from deep_geology.algorithms.listener import FeedbackListener

    ears, clock = Ears(), Clock()
    return FeedbackListener(ears, clock), ears, clock


def test_bar_moves_at_most_ten_times_a_second(told):
    listener, ears, clock = told
    for step in range(1000):
        clock.now = step / 1000
        listener.progress(step / 2000, "")
    assert 9 <= len(ears.steps) <= 11


def test_end_is_always_shown(told):
    listener, ears, _ = told
    listener.progress(0.5, "")
    listener.progress(1.0, "")
    assert ears.steps[-1][1] == 100


def test_stage_is_written_once_while_only_its_numbers_change(told):
    listener, ears, clock = told
    for step in range(40):
        clock.now = step / 10
        listener.progress(step / 80, f"Window {step} of 80, {8 - step / 10:.1f} s left")
    listener.progress(0.5, "Writing overviews")
    assert ears.texts == ["Window 0 of 80, 8.0 s left", "Writing overviews"]


def test_long_stage_is_written_again_every_five_seconds(told):
    listener, ears, clock = told
    for second in range(11):
        clock.now = second
        listener.progress(second / 20, f"Epoch {second}")
    assert ears.texts == ["Epoch 0", "Epoch 5", "Epoch 10"]


def test_metrics_of_an_epoch_come_on_one_line(told):
    listener, ears, _ = told
    for epoch in (1, 2):
        listener.metric("training_loss", 1 / epoch, epoch)
        listener.metric("accuracy", 0.5 * epoch, epoch)
    listener.note("Done.")
    assert ears.info == [
        "Epoch 1: training loss 1, accuracy 0.5",
        "Epoch 2: training loss 0.5, accuracy 1",
        "Done.",
    ]


def test_epochs_with_the_same_number_of_two_trainings_have_lines_of_their_own(told):
    listener, ears, _ = told
    for loss in (0.5, 0.25):
        listener.metric("training_loss", loss, 1)
    listener.flush()
    assert ears.info == ["Epoch 1: training loss 0.5", "Epoch 1: training loss 0.25"]


def test_all_that_is_told_names_the_layers_of_the_user(qgis):
    from deep_geology.algorithms.listener import FeedbackListener
    from deep_geology.algorithms.origins import naming_layers

    ears = Ears()
    listener = FeedbackListener(ears, named=naming_layers({"/tmp/a/dem_ 1.tif": "dem: 1"}))
    listener.note('"dem_ 1.tif" is read.')
    listener.warning('"dem_ 1.tif" holds no data there.')
    listener.progress(0.5, "Reading dem_ 1.tif")
    assert ears.info == ['"dem: 1" is read.']
    assert ears.warnings == ['"dem: 1" holds no data there.']
    assert ears.texts == ["Reading dem: 1"]
