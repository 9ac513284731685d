"""What the models on top of ETAS learn from: samples, sums, the neuron, the residual networks."""

import numpy as np
import pytest
import torch

from plugin.engine.networks.seismic_residual import SEISMIC_NETWORKS, SeismicEnsemble
from plugin.engine.progress import Silent
from plugin.engine.seismic import recording
from plugin.engine.seismic.additive import fit_additive
from plugin.engine.seismic.basis import choose_basis, magnitude_shares
from plugin.engine.seismic.etas_law import EtasModel
from plugin.engine.seismic.excitation import ExcitationMaps, Past
from plugin.engine.seismic.neuron import fit_neuron, neuron_rates
from plugin.engine.seismic.recording import Samples, neighbors, record
from plugin.engine.seismic.residual import LearningSet, learn, loss_of, make_features, network_rates
from plugin.engine.seismic.smoothing import Smoothing
from plugin.engine.seismic.span import lay_out_training
from seismic_truth import TRUTH, etas_catalog, layout

KINDS = [pytest.param(kind, id=name) for name, kind in SEISMIC_NETWORKS.items()]


@pytest.fixture(scope="module")
def span():
    asked = layout((100, 700, 900, 1100), cell_size=0.5)
    return lay_out_training(asked, etas_catalog(2, 1100.0), Silent())


def past_of(span):
    above = span.events.magnitude - span.completeness
    basis = choose_basis(span.cells, above.max(), 1100.0, 1e-3, len(span.targets))
    node, share = magnitude_shares(above, basis.magnitudes)
    mean = np.bincount(node.ravel(), share.ravel(), len(basis.magnitudes)) / len(above)
    maps = ExcitationMaps.of(1.0, span.cells)
    background = {"background": Smoothing("fixed", 10.0, 0.01)}
    etas = EtasModel(TRUTH, basis, mean, 1.0)
    return Past(span.events, span.cells, span.completeness, etas, maps, background), maps


def samples_of(span, kind=SEISMIC_NETWORKS["cell"]):
    past, maps = past_of(span)
    work = span.grid, span.targets, span.validation, kind, 0, Silent()
    return record(past, *work), maps


@pytest.fixture(scope="module")
def samples(span):
    return samples_of(span)


def test_parameters_are_as_many_as_they_are_said_to_be():
    counts = {
        name: sum(part.numel() for part in kind().parameters())
        for name, kind in SEISMIC_NETWORKS.items()
    }
    assert counts["cell"] == 129 and counts["conv"] == 713


@pytest.mark.parametrize("kind", KINDS)
def test_untrained_network_is_the_reference(kind):
    if kind.is_residual:
        maps = torch.randn(4, kind.steps, 14, 3, 3)
        assert (kind()(maps) == 0).all()


@pytest.mark.parametrize("kind", KINDS)
def test_patch_of_a_cell_has_the_answer_of_the_whole_grid(kind):
    torch.manual_seed(0)
    network = kind()
    torch.nn.init.normal_(network.last.weight)
    reach = kind.side // 2
    maps = torch.randn(1, kind.steps, 14, 9, 8)
    whole = network(maps)
    patch = maps[:, :, :, 4 - reach : 5 + reach, 3 - reach : 4 + reach]
    torch.testing.assert_close(whole[0, 4 - reach, 3 - reach], network(patch)[0, 0, 0])


def test_neighbors_of_a_cell_are_those_around_it_and_the_border_is_repeated():
    around = neighbors((4, 5), 3)
    assert around[7].tolist() == [1, 2, 3, 6, 7, 8, 11, 12, 13]
    assert around[0].tolist() == [0, 0, 1, 0, 0, 1, 5, 5, 6]


def test_samples_hold_every_event_and_stand_for_all_cells(span, samples):
    found, _ = samples
    assert found.count.sum() == span.targets.count.sum()
    drawn = found.weight > 0
    rate = found.centers()[drawn, -1].double().numpy()
    assert found.weight[drawn] @ rate == pytest.approx(found.totals[:, -1].sum(), rel=0.02)
    cells = span.validation * span.grid.rows * span.grid.columns
    assert found.weight[drawn].sum() == pytest.approx(cells, rel=0.05)


def test_fewer_samples_stand_for_the_same_sums(span, monkeypatch):
    monkeypatch.setattr(recording, "_MOST_SAMPLES", 3000)
    few, _ = samples_of(span)
    drawn = few.weight > 0
    assert drawn.sum() < 4000
    rate = few.centers()[drawn, -1].double().numpy()
    assert few.weight[drawn] @ rate == pytest.approx(few.totals[:, -1].sum(), rel=0.1)


def test_additive_model_is_not_negative_and_likelier_than_etas_alone(samples):
    found, _ = samples
    weights = fit_additive(found)
    assert (weights >= 0).all()
    held, totals = found.count > 0, found.totals.sum(0)
    raw, counts = found.centers()[held].double().numpy(), found.count[held]
    own = counts @ np.log(raw @ weights) - totals @ weights
    etas = counts @ np.log(raw[:, -1]) - totals[-1]
    assert own > etas


def test_additive_model_expects_as_many_events_as_there_were(samples):
    found, _ = samples
    expected = found.totals.sum(0) @ fit_additive(found)
    assert expected == pytest.approx(found.count.sum(), rel=0.01)


def test_additive_model_finds_the_weights_that_made_the_counts():
    chance = np.random.default_rng(0)
    raw = chance.gamma(0.5, 1.0, (20_000, 3)).astype(np.float32)
    truth = np.array([0.2, 0.0, 0.5])
    counts = chance.poisson(raw @ truth).astype(np.float32)
    found = Samples(
        np.zeros(len(raw), int), counts, np.zeros(len(raw), np.float32),
        torch.from_numpy(raw)[:, None, None], raw.sum(0, dtype=float)[None],
    )  # fmt: skip
    np.testing.assert_allclose(fit_additive(found), truth, atol=0.02)


def test_neuron_has_four_weights_and_expects_as_many_events_as_there_were(samples):
    found, maps = samples
    units = found.count.sum() / np.maximum(found.totals.sum(0), 1e-300)
    vector = fit_neuron(found, units, maps)
    assert vector.shape == (4,)
    rates = neuron_rates(vector, found.centers().double().numpy(), units, maps)
    assert found.weight @ rates == pytest.approx(found.count.sum(), rel=0.01)


@pytest.mark.parametrize("kind", KINDS)
def test_loss_of_the_untrained_network_is_zero_and_learning_lowers_it(span, kind):
    name = next(n for n, k in SEISMIC_NETWORKS.items() if k is kind)
    found, maps = samples_of(span, kind)
    features = make_features(found, fit_additive(found), maps, kind)
    learning = LearningSet(found, features, kind)
    torch.manual_seed(0)
    before = loss_of(kind(), learning)
    if kind.is_residual:
        assert before == 0
    learned = learn(name, learning, None, 0, 6, Silent())
    assert loss_of(learned.network, learning) < before


def test_network_learns_a_factor_that_only_it_can_know(samples):
    """Twice as many events where the background is strong: the gain is known in closed form."""
    found, maps = samples
    kind = SEISMIC_NETWORKS["cell"]
    weights = fit_additive(found)
    features = make_features(found, weights, maps, kind)
    learning = LearningSet(found, features, kind)
    strong = found.centers()[:, -2] > found.centers()[:, -2].median()
    factor = torch.where(strong, 2.0, 0.3)
    # Expected counts in place of drawn ones: the noise is gone, the law is the same.
    learning.count = learning.mass * factor
    learning.events = float(learning.count.sum())
    learned = learn("cell", learning, learning, 0, 0, Silent())
    best = float((learning.mass * (factor - 1) - learning.count * torch.log(factor)).sum())
    assert loss_of(learned.network, learning) < 0.7 * best / learning.events


def test_early_stopping_keeps_the_untrained_network_where_nothing_helps(samples):
    found, maps = samples
    kind = SEISMIC_NETWORKS["cell"]
    features = make_features(found, fit_additive(found), maps, kind)
    learning, watched = (LearningSet(found, features, kind) for _ in range(2))
    watched.count = watched.mass  # exactly what the reference says
    watched.events = float(watched.count.sum())
    assert learn("cell", learning, watched, 0, 0, Silent()).best_epoch == 0


def test_clamp_keeps_a_factor_within_e_to_the_third(span, samples):
    found, maps = samples
    kind = SEISMIC_NETWORKS["cell"]
    features = make_features(found, fit_additive(found), maps, kind)
    network = kind()
    torch.nn.init.constant_(network.last.bias, 50.0)
    past, _ = past_of(span)
    past.advance(300.0)
    raw = past.raw()
    rates = network_rates([network], features, [raw], span.cells.shape)
    offset = features.offset(raw.T.double()).numpy().reshape(span.cells.shape)
    np.testing.assert_allclose(rates, offset * np.exp(3.0), rtol=1e-5)


def test_ensemble_gives_back_its_members():
    ensemble = SeismicEnsemble("conv", 3)
    assert len(ensemble.members) == 3
    assert ensemble.kind is SEISMIC_NETWORKS["conv"]
