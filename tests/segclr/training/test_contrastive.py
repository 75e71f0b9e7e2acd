"""The contrastive loss against listed values and a slow loop."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from segclr.training.contrastive import alignment, nt_xent, uniformity

pytestmark = pytest.mark.torch


def views(count: int = 4) -> tuple[Tensor, Tensor]:
    both = torch.from_numpy(np.random.RandomState(7).standard_normal((2 * count, 16)).astype(np.float32))
    return both[:count], both[count:]


def slow_loop(first: Tensor, second: Tensor, temperature: float, segment: list[int] | None) -> float:
    """One anchor at a time, one negative at a time."""
    vectors = [vector / vector.norm() for vector in (*first, *second)]
    count = len(first)
    total = 0.0
    for anchor in range(2 * count):
        positive = (anchor + count) % (2 * count)
        denominator = 0.0
        for other in range(2 * count):
            collides = segment is not None and segment[anchor % count] == segment[other % count]
            if other == positive or (other != anchor and not collides):
                denominator += math.exp(float(vectors[anchor] @ vectors[other]) / temperature)
        total -= float(vectors[anchor] @ vectors[positive]) / temperature - math.log(denominator)
    return total / (2 * count)


@pytest.mark.parametrize(("temperature", "published"), [(1.0, 3.839014), (0.1, 6.087597), (0.05, 10.494853)])
def test_it_is_half_of_the_published_loss(temperature: float, published: float) -> None:
    assert float(nt_xent(*views(), temperature)) == pytest.approx(published / 2, abs=2e-6)


@pytest.mark.parametrize("segment", [None, [1, 2, 3, 4, 5], [1, 2, 1, 3, 2], [9, 9, 9, 9, 2], [1, 1, 1, 1, 1]])
def test_it_agrees_with_a_slow_loop_that_skips_views_of_the_same_segment(segment: list[int] | None) -> None:
    first, second = views(5)
    numbers = None if segment is None else torch.tensor(segment)
    loss = float(nt_xent(first, second, 0.2, numbers))
    assert loss == pytest.approx(slow_loop(first, second, 0.2, segment), abs=1e-5)


def test_views_of_one_segment_alone_teach_nothing() -> None:
    first, second = views()
    first.requires_grad_(True)
    loss = nt_xent(first, second, 0.1, torch.ones(4))
    loss.backward()
    assert float(loss.detach()) == pytest.approx(0, abs=1e-6)
    assert first.grad is not None
    assert first.grad.abs().max() < 1e-6


def test_the_length_of_a_projection_does_not_matter() -> None:
    first, second = views()
    assert float(nt_xent(3 * first, second / 7, 0.1)) == pytest.approx(float(nt_xent(first, second, 0.1)), abs=1e-5)


def test_alignment_and_uniformity_are_those_of_wang_and_isola() -> None:
    first, second = views(5)
    a, b = (both / both.norm(dim=1, keepdim=True) for both in (first, second))
    assert float(alignment(3 * first, second)) == pytest.approx(float(((a - b).norm(dim=1) ** 2).mean()), abs=1e-6)
    spread = []
    for side in (a, b):
        distances = [float((side[i] - side[j]).norm()) for i in range(5) for j in range(i)]
        spread.append(math.log(np.mean([math.exp(-2 * distance**2) for distance in distances])))
    assert float(uniformity(first, second)) == pytest.approx(np.mean(spread), abs=1e-5)


def test_views_in_one_point_are_aligned_and_not_uniform_at_all() -> None:
    same = torch.ones(4, 16)
    assert float(alignment(same, same)) == 0
    assert float(uniformity(same, same)) == pytest.approx(0, abs=1e-5)
