"""Distances of sets of images, whose truth is known."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from plugin.engine.generation.copies import find_copies
from plugin.engine.generation.usefulness import measure_usefulness
from plugin.engine.metrics.image_sets import (
    kernel_distance,
    mean_distance,
    mean_pairwise,
    nearest,
    share_nearer,
    sliced_wasserstein,
)
from plugin.engine.progress import Silent


def textures(count, seed, blur=1.0, side=64):
    noise = np.random.default_rng(seed).normal(size=(count, 2, side, side))
    images = gaussian_filter(noise, (0, 0, blur, blur))
    return (images / images.std()).astype(np.float32)


def test_a_set_has_no_distance_from_itself_and_little_from_its_like():
    first, second = textures(60, 0), textures(60, 1)
    assert mean_distance(sliced_wasserstein(first, first)) < 0.05  # other places of the patches
    same = mean_distance(sliced_wasserstein(first, second))
    other = mean_distance(sliced_wasserstein(first, textures(60, 1, blur=2.0)))
    assert 0 < same < 0.05 and other > 8 * same


def test_blurred_details_are_missed_at_the_finest_scale_most():
    first = textures(60, 0)
    levels = sliced_wasserstein(first, gaussian_filter(textures(60, 1), (0, 0, 0.7, 0.7)))
    assert list(levels) == [64, 32, 16]
    assert levels[64] > 3 * levels[16]


def test_sets_of_different_size_are_compared_fairly():
    first = textures(60, 0)
    all_, half = (sliced_wasserstein(first, textures(n, 1)) for n in (60, 30))
    assert mean_distance(half) == pytest.approx(mean_distance(all_), abs=0.03)


def test_the_distance_of_a_shift_is_the_shift_in_standard_deviations():
    first = textures(200, 0, blur=0.5)
    levels = sliced_wasserstein(first, first + 1.0, seed=3)
    # A constant is seen only at the coarsest scale, where a random direction over 49 pixels and
    # two bands sees it as the absolute sum of its components.
    assert levels[64] < 0.02 and levels[32] < 0.02 and levels[16] > 1


def test_kernel_distance_is_unbiased():
    chance = np.random.default_rng(0)
    draws = [
        kernel_distance(*chance.normal(size=(2, 20, 8)).astype(np.float32)) for _ in range(400)
    ]
    error = np.std(draws) / np.sqrt(len(draws))
    assert abs(np.mean(draws)) < 4 * error
    assert kernel_distance(chance.normal(size=(50, 8)), 1 + chance.normal(size=(50, 8))) > 1


def test_pairwise_distance_is_that_of_a_square():
    corners = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], float)
    assert mean_pairwise(corners) == pytest.approx((4 + 2 * np.sqrt(2)) / 6)
    assert mean_pairwise(corners[:1]) == 0


def test_the_nearest_is_found():
    distances, places = nearest(np.array([[0.0, 0], [9, 9]]), np.array([[8.0, 9], [0, 2]]))
    assert distances.tolist() == [2, 1] and places.tolist() == [1, 0]


def test_share_nearer_is_the_probability_of_a_random_pair():
    made, held = np.array([1.0, 5, 3]), np.array([2.0, 3])
    pairs = [(m < h) + 0.5 * (m == h) for m in made for h in held]
    assert share_nearer(made, held) == pytest.approx(np.mean(pairs))


def features(count, seed):
    return np.random.default_rng(seed).normal(size=(count, 12))


def test_new_images_are_not_taken_for_copies():
    training = features(400, 0)
    copies = find_copies(
        features(300, 1), features(300, 2), [np.concatenate([training, -training])]
    )
    assert not copies.is_memory
    assert copies.share == pytest.approx(0.05, abs=0.04)
    assert copies.nearer == pytest.approx(0.5, abs=0.07)


@pytest.mark.parametrize("held", [10, 20, 40])
def test_few_held_out_images_raise_no_false_alarm_and_expect_what_comes(held):
    chance = np.random.default_rng(held)
    found = []
    for _ in range(200):
        training = chance.normal(size=(30, 6))
        made, apart = chance.normal(size=(100, 6)), chance.normal(size=(held, 6))
        found.append(find_copies(made, apart, [np.concatenate([training, training])]))
    assert np.mean([copies.share for copies in found]) == pytest.approx(
        found[0].expected, abs=0.015
    )
    assert np.mean([copies.is_memory for copies in found]) < 0.1


def test_copies_are_found_with_ten_held_out_images():
    training = features(40, 0)
    made = np.concatenate([training[:20] + 0.05 * features(20, 3), features(20, 4)])
    assert find_copies(made, features(10, 2), [np.concatenate([training, -training])]).is_memory


def test_copies_are_found_also_mirrored_ones():
    training = features(400, 0)
    mirrored = -training
    seen = np.concatenate([training, mirrored])
    rows = np.arange(0, 300)
    made = np.where(rows[:, None] % 2, training[rows], mirrored[rows]) + 0.05 * features(300, 3)
    copies = find_copies(made, features(300, 2), [seen])
    assert copies.is_memory and copies.share > 0.95
    assert copies.places.tolist() == rows.tolist()


def test_training_images_in_parts_are_searched_as_at_once():
    training, made, held = features(500, 0), features(100, 1), features(60, 2)
    made[:20] = 0.01 + training[470:490]
    whole = find_copies(made, held, [np.concatenate([training, -training])])
    parts = (np.concatenate([part, -part]) for part in np.split(training, [200, 400]))
    found = find_copies(made, held, parts)
    assert found.searched == 500 and found.places[:20].tolist() == list(range(470, 490))
    assert found.places.tolist() == whole.places.tolist() and found.limit == whole.limit
    assert np.allclose(found.made, whole.made) and found.share == whole.share


def test_a_fifth_of_copies_among_new_images_is_found():
    training = features(400, 0)
    made = features(300, 1)
    made[:60] = training[:60]
    copies = find_copies(made, features(300, 2), [np.concatenate([training, -training])])
    assert copies.is_memory and copies.nearer < 0.75


def two_classes(count, seed, apart=0.5):
    chance = np.random.default_rng(seed)
    labels = np.arange(count) % 2
    return chance.normal(size=(count, 30)) + apart * (labels[:, None] - 0.5), labels


def use(made, held=(400, 9)):
    known, asked = two_classes(16, 0), two_classes(*held)
    groups = np.arange(len(asked[1]))
    return measure_usefulness(known, made, asked, groups, 2, 0, Silent())


def test_a_classifier_of_few_images_gains_from_many_true_ones():
    gained = use([two_classes(400, seed) for seed in (1, 2, 3)])
    assert gained.word == "gains" and gained.gain > 0.02
    assert gained.gain == pytest.approx(np.mean(gained.mixed) - gained.real)
    assert gained.interval[0] < gained.gain < gained.interval[1]
    assert gained.majority == 0.5 and gained.scored == 400 and gained.made == 400


def test_a_classifier_loses_by_wrong_images():
    wrong = [(two_classes(400, seed)[0], 1 - two_classes(400, seed)[1]) for seed in (1, 2, 3)]
    assert use(wrong).word == "loses"


def test_the_same_images_again_show_no_gain():
    assert use([two_classes(16, 0)] * 3).word == "same"


def test_few_sources_make_the_interval_wider():
    (features, labels), widths = two_classes(100, 9), []
    asked = np.tile(features, (4, 1)), np.tile(labels, 4)  # four crops of each source
    made = [two_classes(60, seed) for seed in (1, 2, 3)]
    for groups in (np.arange(400), np.tile(np.arange(100), 4)):
        known = two_classes(16, 0)
        low, high = measure_usefulness(known, made, asked, groups, 2, 0, Silent()).interval
        widths.append(high - low)
    assert widths[1] > 1.5 * widths[0]
