"""Shards, by the vectors that Google's own function gave."""

import pytest

from segclr.errors import ReleaseError
from segclr.release.registry import release_named
from segclr.release.sharding import shard_of
from tests.segclr.release.replica import shard_by_the_book

VECTORS = [
    (0, 6907, 3933, 3933),
    (1, 3132, 39811, 9811),
    (2, 6353, 40009, 9),
    (255, 505, 18404, 8404),
    (256, 4007, 26379, 6379),
    (2**32, 2833, 14330, 4330),
    (2**63, 4870, 37862, 7862),
    (1014493630, 4378, 2187, 2187),
    (864691135293126156, 8617, 25645, 5645),
    (864691135491639135, 3572, 13699, 3699),
    (864691135988665856, 8372, 18494, 8494),
    (864691135591041291, 885, 7443, 7443),
    (864691134928303015, 2234, 12876, 2876),
]


@pytest.mark.parametrize(("segment_id", "wide", "narrow", "narrow_of_ten_thousand"), VECTORS)
def test_a_segment_is_in_the_shard_that_googles_function_says(segment_id, wide, narrow, narrow_of_ten_thousand):
    assert shard_of(segment_id, 10_000, 64) == wide
    assert shard_of(segment_id, 50_000, 8) == narrow
    assert shard_of(segment_id, 10_000, 8) == narrow_of_ten_thousand


@pytest.mark.parametrize(
    ("name", "segment_id", "shard"),
    [
        ("h01", 1014493630, 4378),
        ("microns_v343", 864691135293126156, 8617),
        ("microns_v943", 864691135591041291, 7443),
    ],
)
def test_each_release_has_its_own_hash(name, segment_id, shard):
    assert release_named(name).shard(segment_id) == shard


def test_the_replica_of_the_other_tests_shards_likewise():
    for segment_id, wide, narrow, _ in VECTORS:
        assert shard_by_the_book(segment_id, 10_000, 64) == wide
        assert shard_by_the_book(segment_id, 50_000, 8) == narrow


@pytest.mark.parametrize("segment_id", [-1, 2**64])
def test_what_is_no_segment_id_has_no_shard(segment_id):
    with pytest.raises(ReleaseError, match=str(segment_id)):
        shard_of(segment_id, 10_000, 64)
