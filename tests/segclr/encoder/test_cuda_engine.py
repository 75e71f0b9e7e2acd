"""Embedding in batches that the GPU's memory can hold; the GPU is a stand-in that counts cutouts."""

import logging
from dataclasses import dataclass, field

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from segclr.encoder.cuda_engine import Pass, ShrinkingBatch
from segclr.errors import EngineUnavailable

pytestmark = pytest.mark.torch


@dataclass
class Card:
    """Has room for some cutouts; embeds a cutout as its first two voxels."""

    room: int
    prepared: list[int] = field(default_factory=list)

    def prepare(self, batch: int) -> Pass:
        self.prepared.append(batch)
        self._check(batch)

        def forward(images: NDArray[np.uint8]) -> NDArray[np.float32]:
            assert images.shape == (batch, 3, 5, 7)
            self._check(batch)
            return images.reshape(batch, -1)[:, :2].astype(np.float32)

        return forward

    def _check(self, batch: int) -> None:
        if batch > self.room:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory")


def cutouts(count: int) -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(1, 256, (count, 3, 5, 7), np.uint8)


def expected(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    return images.reshape(len(images), -1)[:, :2].astype(np.float32)


def test_the_batch_is_halved_until_it_has_room_and_that_is_said(caplog: pytest.LogCaptureFixture) -> None:
    card = Card(room=5)
    with caplog.at_level(logging.WARNING):
        passes = ShrinkingBatch(card.prepare, 16)
    assert card.prepared == [16, 8, 4]
    assert passes.batch == 4
    assert "embedding 4 cutouts at a time" in caplog.text
    images = cutouts(11)
    assert np.array_equal(passes.embed(images), expected(images))


def test_memory_that_goes_between_passes_costs_no_cutout() -> None:
    card = Card(room=16)
    passes = ShrinkingBatch(card.prepare, 8)
    card.room = 2
    images = cutouts(7)
    assert np.array_equal(passes.embed(images), expected(images))
    assert passes.batch == 2
    assert card.prepared == [8, 4, 2]


def test_a_gpu_without_room_for_one_cutout_is_an_error_that_says_so() -> None:
    with pytest.raises(EngineUnavailable, match="no memory left for even one cutout"):
        ShrinkingBatch(Card(room=0).prepare, 4)
    card = Card(room=4)
    passes = ShrinkingBatch(card.prepare, 4)
    card.room = 0
    with pytest.raises(EngineUnavailable, match="no memory left"):
        passes.embed(cutouts(3))
    card.room = 4  # memory is free again
    assert np.array_equal(passes.embed(cutouts(3)), expected(cutouts(3)))
