"""Recurrent networks over grids."""

import pytest
import torch

from plugin.engine.networks.recurrent import RECURRENT, RecurrentNetwork


def network(name, learned=True, **known):
    torch.manual_seed(0)
    made = RecurrentNetwork(name, bands=2, outputs=3, hidden=4, **known)
    if learned:
        torch.nn.init.normal_(made.head.weight)
    return made.eval()


@pytest.mark.parametrize("name", RECURRENT)
def test_new_network_answers_zero_everywhere(name):
    answer = network(name, learned=False)(torch.randn(2, 5, 2, 6, 7))
    assert answer.shape == (2, 3, 6, 7) and not answer.any()


@pytest.mark.parametrize("name", RECURRENT)
def test_answer_at_a_step_depends_on_earlier_steps_and_on_no_later_one(name):
    made, sequence = network(name), torch.randn(1, 6, 2, 5, 5)
    answers, _ = made.every_step(sequence)
    for changed, differs in (
        (2, [False, False, True, True, True, True]),
        (5, [False] * 5 + [True]),
    ):
        other = sequence.clone()
        other[:, changed] += 1.0
        moved = (made.every_step(other)[0] - answers).abs().amax((0, 2, 3, 4)) > 0
        assert moved.tolist() == differs


@pytest.mark.parametrize("name", RECURRENT)
def test_going_on_from_a_state_is_as_reading_in_one_go(name):
    made, sequence = network(name), torch.randn(1, 6, 2, 5, 5)
    whole, _ = made.every_step(sequence)
    first, state = made.every_step(sequence[:, :4])
    second, _ = made.every_step(sequence[:, 4:], state)
    assert torch.allclose(torch.cat([first, second], 1), whole, atol=1e-6)
    assert torch.allclose(made(sequence), whole[:, -1], atol=1e-6)


@pytest.mark.parametrize("name", RECURRENT)
def test_moving_the_grids_moves_the_answer_inside(name):
    made, sequence = network(name), torch.randn(1, 2, 2, 14, 14)
    here, there = made(sequence), made(sequence.roll((2, 1), (-2, -1)))
    assert torch.allclose(here[..., 5:8, 5:8], there[..., 7:10, 6:9], atol=1e-6)


@pytest.mark.parametrize("name", RECURRENT)
def test_it_learns_to_repeat_a_grid_of_two_steps_ago(name):
    torch.manual_seed(1)
    made = RecurrentNetwork(name, bands=1, outputs=1, hidden=8)
    optimizer = torch.optim.Adam(made.parameters(), 0.02)
    for _ in range(150):
        sequence = torch.randn(16, 3, 1, 4, 4)
        loss = ((made(sequence) - sequence[:, 0]) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss < 0.5  # 1 for any network that remembers nothing
