"""Area-adjusted accuracies against the paper's worked example, and against simulated samples."""

import numpy as np
import pytest

from plugin.engine.metrics.area_estimation import Z_95, estimate_areas, sample_size

# Olofsson et al. 2014, section 5: deforestation, forest gain, stable forest, stable non-forest;
# mapped class (row), reference class (column), pixels of 0.09 ha.
SAMPLE = np.array([[66, 0, 5, 4], [0, 55, 8, 12], [1, 0, 153, 11], [2, 1, 9, 313]])
MAPPED = np.array([200_000, 150_000, 3_200_000, 6_450_000])
HECTARES = MAPPED.sum() * 0.09


@pytest.fixture
def paper():
    return estimate_areas(SAMPLE.T, MAPPED)


def test_areas_of_the_papers_example_come_out_to_the_hectare(paper):
    assert np.round(paper.shares * HECTARES).tolist() == [21158, 11686, 285770, 581386]
    margins = 1.96 * paper.shares_se * HECTARES
    assert np.round(margins).tolist() == [6158, 3756, 15510, 16282]


def test_accuracies_of_the_papers_example_come_out_as_printed(paper):
    assert [round(v, 2) for v in (paper.accuracy, Z_95 * paper.accuracy_se)] == [0.95, 0.02]
    assert np.round(paper.users, 2).tolist() == [0.88, 0.73, 0.93, 0.96]
    assert np.round(Z_95 * paper.users_se, 2).tolist() == [0.07, 0.10, 0.04, 0.02]
    assert np.round(paper.producers, 2).tolist() == [0.75, 0.85, 0.93, 0.96]
    assert np.round(Z_95 * paper.producers_se, 2)[[0, 2]].tolist() == [0.21, 0.03]


def test_sample_size_of_the_papers_example_is_641():
    assert sample_size(MAPPED / MAPPED.sum(), [0.7, 0.6, 0.9, 0.95], 0.01) == 641


def test_perfect_map_keeps_its_areas_without_doubt():
    known = estimate_areas(np.diag([10, 20, 30]), [1.0, 2.0, 5.0])
    assert known.accuracy == 1 and known.shares == pytest.approx([1 / 8, 2 / 8, 5 / 8])
    assert known.shares_se.tolist() == [0, 0, 0] and known.accuracy_se == 0


def test_producers_error_is_the_delta_method_of_the_proportions():
    """The printed formula against numerical differentiation with multinomial strata."""
    known = estimate_areas(SAMPLE.T, MAPPED)
    weights, places = MAPPED / MAPPED.sum(), SAMPLE.sum(axis=1)
    for j in range(4):
        variance = 0.0
        for i in range(4):
            p = SAMPLE[i] / places[i]
            gradient = np.zeros(4)
            total, right = known.shares[j], known.proportions[j, j]
            gradient[j] = weights[i] * ((i == j) / total - right / total**2)
            covariance = (np.diag(p) - np.outer(p, p)) / (places[i] - 1)
            variance += gradient @ covariance @ gradient
        assert known.producers_se[j] == pytest.approx(np.sqrt(variance), rel=1e-9)


def simulated(seed, design):
    """A map of a landscape with rare class 0, and a sample: confusion and mapped areas."""
    random = np.random.default_rng(seed)
    truth = random.choice(3, 40_000, p=[0.05, 0.35, 0.6])
    wrong = random.random(truth.size) < 0.15
    mapped = np.where(wrong, random.choice(3, truth.size), truth)
    if design == "stratified":
        parts = [random.choice(np.flatnonzero(mapped == c), 100, replace=False) for c in range(3)]
        places = np.concatenate(parts)
    else:
        places = random.choice(truth.size, 300, replace=False)
    confusion = np.zeros((3, 3), int)
    np.add.at(confusion, (truth[places], mapped[places]), 1)
    return confusion, np.bincount(mapped), np.bincount(truth) / truth.size, (truth == mapped).mean()


@pytest.mark.parametrize("design", ["stratified", "simple_random"])
def test_intervals_hold_the_truth_as_often_as_they_say(design):
    held, correct, raw = [], [], []
    for seed in range(300):
        confusion, mapped, truth, accuracy = simulated(seed, design)
        known = estimate_areas(confusion, mapped)
        held.append(np.abs(known.shares - truth) <= Z_95 * known.shares_se)
        correct.append(abs(known.accuracy - accuracy) <= Z_95 * known.accuracy_se)
        raw.append((known.shares - truth, mapped / mapped.sum() - truth))
    assert 0.90 < np.mean(correct) < 0.99
    assert (np.mean(held, axis=0)[1:] > 0.90).all() and np.mean(held, axis=0)[0] > 0.85
    bias, of_the_map = np.abs(np.mean(raw, axis=0))
    assert (bias < 0.004).all() and of_the_map[0] > 0.03  # counting pixels is off by more


def test_class_without_a_place_is_left_out_and_one_with_one_place_has_no_interval():
    confusion = np.array([[5, 1, 0], [2, 0, 0], [0, 0, 0]])
    known = estimate_areas(confusion, [6.0, 2.0, 92.0])
    assert known.shares.sum() == pytest.approx(1) and np.isnan(known.users[2])
    assert np.isnan(known.accuracy_se)


def test_no_place_at_all_is_refused():
    with pytest.raises(ValueError, match="no mapped class"):
        estimate_areas(np.zeros((2, 2), int), [1.0, 1.0])
