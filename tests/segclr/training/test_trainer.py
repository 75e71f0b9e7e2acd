"""One step, whole and in chunks."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from segclr.errors import ProjectError
from segclr.training.config import TrainingConfig
from segclr.training.loader import Batch
from segclr.training.trainer import Trainer

pytestmark = pytest.mark.torch


@pytest.fixture
def batch() -> Batch:
    rng = np.random.default_rng(5)
    return Batch(rng.integers(0, 256, (16, 9, 9, 9), np.uint8), rng.integers(0, 4, 8) + 2**60)


def without_norms(config: TrainingConfig) -> Trainer:
    """A trainer whose network treats every view by itself."""
    trainer = Trainer(config)
    for name, module in list(trainer.network.named_modules()):
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm3d):
            trainer.network.set_submodule(name, nn.Identity())
    return trainer


def gradients(trainer: Trainer) -> list[Tensor]:
    return [parameter.grad for parameter in trainer.network.parameters() if parameter.grad is not None]


@pytest.mark.parametrize("chunks", [2, 4, 8])
def test_chunks_give_the_gradients_of_the_whole_batch(config: TrainingConfig, batch: Batch, chunks: int) -> None:
    whole, parts = without_norms(config), without_norms(replace(config, accumulate=chunks))
    told, again = whole.set_gradients(batch), parts.set_gradients(batch)
    assert again.loss == pytest.approx(told.loss, rel=1e-6)  # all negatives are there
    assert again.alignment == pytest.approx(told.alignment, rel=1e-5)
    assert len(gradients(whole)) > 8
    for expected, found in zip(gradients(whole), gradients(parts), strict=True):
        assert float((expected - found).norm()) <= 2e-5 * float(expected.norm())


def test_a_chunk_holds_first_and_second_views_of_the_same_pairs(config: TrainingConfig, batch: Batch) -> None:
    trainer = Trainer(replace(config, accumulate=4))
    seen: list[tuple[bool, Tensor]] = []
    trainer.network.register_forward_pre_hook(lambda _, inputs: seen.append((torch.is_grad_enabled(), inputs[0])))
    trainer.set_gradients(batch)
    assert [graph for graph, _ in seen] == [False] * 4 + [True] * 4
    views = torch.from_numpy(batch.views)[:, None].float() / 255
    for chunk, (_, found) in enumerate([*seen[:4], *seen[4:]]):
        first = 2 * (chunk % 4)
        assert torch.equal(found, views[[first, first + 1, 8 + first, 9 + first]])


def test_running_statistics_see_every_chunk_once(config: TrainingConfig, batch: Batch) -> None:
    trainer = Trainer(replace(config, accumulate=4))
    trainer.set_gradients(batch)
    counters = [value for name, value in trainer.network.state_dict().items() if name.endswith("num_batches_tracked")]
    assert counters
    assert all(int(counter) == 4 for counter in counters)


def test_chunks_keep_less_for_the_way_back(config: TrainingConfig, batch: Batch) -> None:
    kept = []
    for chunks in (1, 4):
        trainer = Trainer(replace(config, accumulate=chunks))
        held: list[int] = []
        with torch.autograd.graph.saved_tensors_hooks(
            lambda tensor, held=held: held.append(tensor.nbytes) or tensor, lambda tensor: tensor
        ):
            trainer.set_gradients(batch)
        kept.append(sum(held) / chunks)  # a chunk's are freed before the next one's are kept
    assert kept[1] < 0.5 * kept[0]


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB"),
        RuntimeError("[enforce fail at alloc_cpu.cpp:118] DefaultCPUAllocator: can't allocate memory: you tried ..."),
        MemoryError(),
    ],
)
def test_too_little_memory_is_told_with_what_to_do(
    config: TrainingConfig, batch: Batch, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: object) -> None:
        raise error

    trainer = Trainer(config)
    monkeypatch.setattr(trainer, "_project", fail)
    with pytest.raises(
        ProjectError,
        match=r"does not hold 8 pairs of 9\^3 voxels at once: halve pairs \(now 8\), or double accumulate \(now 1\)",
    ):
        trainer.step(batch, 0)


def test_other_errors_are_not_taken_for_memory(
    config: TrainingConfig, batch: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("shape '[2, 3]' is invalid for input of size 7")

    trainer = Trainer(config)
    monkeypatch.setattr(trainer, "_project", fail)
    with pytest.raises(RuntimeError, match="shape"):
        trainer.step(batch, 0)


def test_embedding_leaves_no_trace_in_the_network(config: TrainingConfig, batch: Batch) -> None:
    trainer = Trainer(config)
    before = {name: value.clone() for name, value in trainer.network.state_dict().items()}
    assert trainer.embed(batch.views).shape == (16, 64)
    assert all(torch.equal(before[name], value) for name, value in trainer.network.state_dict().items())
