"""Batches."""

from dataclasses import replace

import numpy as np
import pytest

from segclr.errors import ProjectError
from segclr.training.config import Augmentation, TrainingConfig
from segclr.training.loader import Share, batches, make_batch
from segclr.training.pairs import PairTable, find_pairs
from segclr.training.volumes import TrainingVolume


@pytest.fixture
def pairs(config: TrainingConfig, volume: TrainingVolume) -> PairTable:
    rng = np.random.default_rng(config.seed)
    return find_pairs([volume], config.view.resolution_nm, config.distance_buckets_um, rng)


def test_a_batch_depends_on_seed_and_step_alone(
    config: TrainingConfig, volume: TrainingVolume, pairs: PairTable
) -> None:
    one, again = (make_batch(config, [volume], pairs, 3, Share()) for _ in range(2))
    assert np.array_equal(one.views, again.views)
    assert not np.array_equal(one.views, make_batch(config, [volume], pairs, 4, Share()).views)
    other_seed = replace(config, seed=1)
    assert not np.array_equal(one.views, make_batch(other_seed, [volume], pairs, 3, Share()).views)


@pytest.mark.parametrize("count", [2, 4])
def test_shares_of_a_batch_are_the_parts_of_the_whole(
    config: TrainingConfig, volume: TrainingVolume, pairs: PairTable, count: int
) -> None:
    whole = make_batch(config, [volume], pairs, 3, Share())
    parts = [make_batch(config, [volume], pairs, 3, Share(index, count)) for index in range(count)]
    for view in (0, 1):
        joined = np.concatenate([np.split(part.views, 2)[view] for part in parts])
        assert np.array_equal(joined, np.split(whole.views, 2)[view])
    assert all(np.array_equal(part.segment, whole.segment) for part in parts)


def test_a_reader_that_fails_says_so_in_one_sentence(
    config: TrainingConfig, volume: TrainingVolume, pairs: PairTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_memory(*_: object) -> None:
        raise MemoryError("unable to allocate 7 MiB")

    monkeypatch.setattr(TrainingVolume, "cut", no_memory)
    with pytest.raises(ProjectError, match=r"reader thread could not cut its views .*unable to allocate 7 MiB"):
        next(batches(config, [volume], pairs, 0, Share()))


def test_masks_are_255_inside_whatever_the_grey_changes(
    config: TrainingConfig, volume: TrainingVolume, pairs: PairTable
) -> None:
    shapes = replace(volume, em=np.full_like(volume.em, 255))
    masks = replace(config, view=replace(config.view, content="mask"), augmentation=Augmentation())
    views = make_batch(masks, [shapes], pairs, 0, Share()).views
    assert set(np.unique(views)) == {0, 255}


def test_batches_come_in_order_from_any_number_of_readers(
    config: TrainingConfig, volume: TrainingVolume, pairs: PairTable
) -> None:
    many = replace(config, reader_threads=3)
    found = list(batches(many, [volume], pairs, 4, Share()))
    assert len(found) == config.steps - 4
    for step, batch in enumerate(found, start=4):
        assert np.array_equal(batch.views, make_batch(config, [volume], pairs, step, Share()).views)


def test_the_two_views_of_a_pair_show_their_segment_and_nothing_else(
    config: TrainingConfig, volume: TrainingVolume, pairs: PairTable
) -> None:
    still = replace(config, augmentation=Augmentation(0, 0, 0, False, False), pairs=20)
    batch = make_batch(still, [volume], pairs, 0, Share())
    chosen = pairs.draw(20, np.random.default_rng([config.seed, 0]))
    assert batch.views.shape == (40, 9, 9, 9)
    assert np.array_equal(batch.segment, pairs.segment_key[chosen[:, 0]])
    for row, place in enumerate([*chosen[:, 0], *chosen[:, 1]]):
        image, mask = volume.cut(pairs.centre(int(place)), int(pairs.segment[place]), 9)
        assert mask[4, 4, 4]
        assert np.array_equal(batch.views[row], image * mask)


def test_unmasked_views_keep_their_surroundings(
    config: TrainingConfig, volume: TrainingVolume, pairs: PairTable
) -> None:
    unmasked = replace(config, view=replace(config.view, content="em"))
    filled = (make_batch(unmasked, [volume], pairs, 0, Share()).views > 0).mean()
    masked = (make_batch(config, [volume], pairs, 0, Share()).views > 0).mean()
    assert filled > 0.95  # the rest is beyond the volume
    assert masked < 0.8


def test_x_and_y_of_unequal_voxels_are_never_exchanged(
    config: TrainingConfig, volume: TrainingVolume, pairs: PairTable
) -> None:
    transposing = Augmentation(0, 0, 0, flip=False, transpose=True)
    unequal = replace(config, augmentation=transposing)
    still = replace(config, augmentation=Augmentation(0, 0, 0, False, False))
    assert config.view.resolution_nm[0] != config.view.resolution_nm[1]
    assert np.array_equal(
        make_batch(unequal, [volume], pairs, 0, Share()).views[0],
        make_batch(still, [volume], pairs, 0, Share()).views[0],
    )
