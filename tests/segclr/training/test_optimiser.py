"""AdamW, LARS and the schedule."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from segclr.encoder.resnet import SegclrResNet
from segclr.training.config import TrainingConfig
from segclr.training.lars import Lars
from segclr.training.optimiser import build_optimiser, learning_rate

pytestmark = pytest.mark.torch


def test_the_learning_rate_warms_up_and_falls_along_a_cosine(config: TrainingConfig) -> None:
    rates = [learning_rate(replace(config, steps=103, learning_rate=1.0), step) for step in range(103)]
    assert rates[:3] == pytest.approx([1 / 3, 2 / 3, 1.0])
    assert rates[53] == pytest.approx(0.5)
    assert rates[102] < 0.001
    assert np.diff(rates[3:]).max() < 0


@pytest.mark.parametrize("name", ["adamw", "lars"])
def test_weights_decay_but_batch_norms_do_not(config: TrainingConfig, name: str) -> None:
    network = SegclrResNet(config.encoder_config())
    decayed, others = build_optimiser(replace(config, optimiser=name), network).param_groups
    assert decayed["weight_decay"] == config.weight_decay
    assert others["weight_decay"] == 0
    assert {p.ndim for p in others["params"]} == {1}
    assert len(decayed["params"]) + len(others["params"]) == len(list(network.parameters()))


def test_lars_takes_the_steps_of_the_published_code(config: TrainingConfig) -> None:
    """Two steps by hand, as ``apply_gradients`` of google-research/simclr's lars_optimizer.py goes."""
    weight, bias = nn.Parameter(torch.tensor([[3.0, -4.0]])), nn.Parameter(torch.tensor([2.0]))
    optimiser = Lars(
        [
            {"params": [weight], "weight_decay": 0.1, "adapt": True},
            {"params": [bias], "weight_decay": 0.0, "adapt": False},
        ],
        lr=0.5,
    )
    expected, moment = np.array([[3.0, -4.0]]), np.zeros((1, 2))
    expected_bias, moment_bias = 2.0, 0.0
    for gradient, gradient_bias in [([[1.0, 2.0]], 0.3), ([[-0.5, 0.25]], -0.7)]:
        weight.grad, bias.grad = torch.tensor(gradient), torch.tensor([gradient_bias])
        optimiser.step()
        whole = np.array(gradient) + 0.1 * expected
        trust = 0.001 * np.linalg.norm(expected) / np.linalg.norm(whole)
        moment = 0.9 * moment + 0.5 * trust * whole
        moment_bias = 0.9 * moment_bias + 0.5 * gradient_bias
        expected, expected_bias = expected - moment, expected_bias - moment_bias
        np.testing.assert_allclose(weight.detach().numpy(), expected, rtol=1e-6)
        assert float(bias.detach()) == pytest.approx(expected_bias, rel=1e-6)


def test_lars_computes_the_gradients_itself_where_it_is_told_how_to() -> None:
    weight = nn.Parameter(torch.tensor([3.0, 4.0]))

    def loss() -> float:
        value = 0.5 * (weight**2).sum()
        value.backward()
        return float(value.detach())

    assert Lars([{"params": [weight], "adapt": False}], lr=0.5).step(loss) == 12.5
    assert weight.tolist() == [1.5, 2.0]


def test_lars_moves_weights_of_zero_length_by_the_plain_rate() -> None:
    weight = nn.Parameter(torch.zeros(2, 2))
    optimiser = Lars([{"params": [weight]}], lr=0.5)
    weight.grad = torch.full((2, 2), 0.25)
    optimiser.step()
    assert torch.equal(weight.detach(), torch.full((2, 2), -0.125))
