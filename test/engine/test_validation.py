"""The plan of a validation keeps neighbors, sources and copies on one side."""

from dataclasses import dataclass

import numpy as np
import pytest

from plugin.engine.validation import plan_validation
from plugin.jobs.errors import JobError
from plugin.jobs.train_image_classifier import TrainImageClassifier


@dataclass
class Set:
    """As much of `Samples` as a plan looks at."""

    paths: list
    labels: np.ndarray
    class_names: tuple = ("a", "b")
    positions: np.ndarray = None
    reach: float = 0.0
    twins: np.ndarray = None
    place_warning: str = ""

    def __post_init__(self):
        if self.twins is None:
            self.twins = np.arange(len(self.labels))

    def __len__(self):
        return len(self.labels)


def plain(count=100):
    labels = np.arange(count) % 2
    return Set([f"{'ab'[label]}/{i}.png" for i, label in enumerate(labels)], labels)


def crops(sources=20, each=5):
    paths = [f"a/ESP_{s:04d}-{i}.jpg" for s in range(sources) for i in range(each)]
    return Set(paths, np.arange(sources * each) // each % 2)


def grid(side=20, step=64.0):
    rows, columns = np.indices((side, side))
    positions = np.stack([columns.ravel(), rows.ravel()], 1) * step
    labels = (rows.ravel() // 2 + columns.ravel() // 2) % 2
    return Set([f"{i}.tif" for i in range(side**2)], labels, positions=positions, reach=step / 2)


def plan(samples, **wishes):
    return plan_validation(TrainImageClassifier(input="x", **wishes), samples)


def test_hold_out_keeps_the_asked_share():
    ((train, test),) = plan(plain(), validation_share=0.3).splits
    assert (len(train), len(test)) == (70, 30)


def test_after_a_hold_out_few_images_all_train_the_model_unless_told_otherwise():
    refits = [plan(plain(count), refit=wish).refit
              for count, wish in ((100, "auto"), (6000, "auto"), (100, "tested"), (6000, "all"))]  # fmt: skip
    assert refits == [True, False, False, True]


def test_cross_validation_scores_all_and_refits():
    made = plan(plain(), validation="cross_validation", folds=4)
    tested = np.sort(np.concatenate([test for _, test in made.splits]))
    assert tested.tolist() == list(range(100)) and made.refit


def test_crops_of_one_source_never_sit_on_both_sides():
    samples = crops()
    for validation in ("holdout", "cross_validation"):
        for train, test in plan(samples, validation=validation, groups=r"^(.+)-\d+").splits:
            sources = np.arange(100) // 5
            assert not set(sources[train]) & set(sources[test])


def test_names_that_look_like_crops_raise_a_warning_unless_they_are_grouped():
    assert "look like crops of 20 sources" in plan(crops()).warnings[0]
    assert not plan(crops(), groups=r"^(.+)-\d+").warnings
    assert not plan(plain()).warnings


def test_georeferenced_chips_are_held_out_in_blocks_without_asking():
    samples = grid()
    ((train, test),) = plan(samples).splits
    gaps = np.abs(samples.positions[train][:, None] - samples.positions[test][None]).max(-1)
    assert gaps.min() >= 2 * samples.reach
    assert len(test) >= 20


def test_groups_do_not_let_overlapping_chips_onto_both_sides():
    samples = grid(step=32.0)
    samples.reach = 32.0
    samples.paths = [f"r_f{i // 3}_{i}_0.tif" for i in range(len(samples))]
    for validation in ("holdout", "cross_validation"):
        for train, test in plan(samples, validation=validation, groups=r"^(.+_f\d+)_").splits:
            gaps = np.abs(samples.positions[train][:, None] - samples.positions[test][None])
            assert gaps.max(-1).min() >= 64


def test_spatial_blocks_need_positions():
    with pytest.raises(JobError, match="need georeferenced chips"):
        plan(plain(), validation="spatial_blocks")


def test_copies_of_an_image_stay_together_and_are_told():
    samples = plain()
    samples.twins = np.arange(100) % 50
    made = plan(samples)
    ((train, test),) = made.splits
    assert not set(samples.twins[train]) & set(samples.twins[test])
    assert "the same pixels as another one: 50;" in made.warnings[0]


def test_leave_one_out_leaves_out_groups():
    samples = crops(sources=6)
    made = plan(samples, validation="leave_one_out", groups=r"^(.+)-\d+")
    assert len(made.splits) == 6 and made.refit


def test_leave_one_out_of_hundreds_is_refused_with_the_count():
    with pytest.raises(JobError, match="would train 100 networks"):
        plan(plain(), validation="leave_one_out")


def test_the_sentence_tells_counts_and_groups():
    sentence = plan(crops(), groups=r"^(.+)-\d+").sentence
    assert "20 images (20%)" in sentence and "20 groups" in sentence


def test_sources_that_are_classes_are_no_reason_for_groups():
    """Files named after their class: a group for each would leave nothing to learn from."""
    labels = np.repeat([0, 1, 2], 20)
    paths = [f"rock{c}/tr_img_{c}_{i}.jpg" for i, c in enumerate(labels)]
    assert not plan(Set(paths, labels, ("rock0", "rock1", "rock2"))).warnings


def test_one_image_in_two_classes_is_named():
    samples = plain()
    samples.twins[1] = samples.twins[0]
    assert "a/0.png and b/1.png" in plan(samples).warnings[0]


def test_images_that_are_all_the_same_are_refused():
    samples = plain(20)
    samples.twins = np.zeros(20, int)
    with pytest.raises(JobError, match="All images are the same"):
        plan(samples)
