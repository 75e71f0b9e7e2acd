"""The hash that deals out folds, audit items and double items: it must never change, or they all would."""

import numpy as np

from segclr.splitmix import splitmix64


def test_it_gives_the_numbers_of_the_published_generator() -> None:
    seed = np.array([1234567], np.uint64)
    published = (6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431)
    assert [int(splitmix64(seed, turn)[0]) for turn in range(4)] == list(published)


def test_each_number_follows_from_its_own_seed_alone_and_seeds_above_2_63_differ() -> None:
    seeds = np.array([2**63 + 5, 2**53 + 1, 2**53, 2**64 - 1], np.uint64)
    together = splitmix64(seeds)
    assert together.tolist() == [int(splitmix64(seeds[at : at + 1])[0]) for at in range(4)]
    assert len(set(together.tolist())) == 4
    assert seeds.tolist() == [2**63 + 5, 2**53 + 1, 2**53, 2**64 - 1]
