"""The chunk cache: bounded, and shared by threads."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import numpy as np
import pytest

from segclr.em.chunk import PlainChunk, SegmentChunk
from segclr.em.chunk_cache import ChunkCache
from segclr.em.geometry import Box


def key(x):
    return (0, Box((x, 0, 0), (x + 1, 1, 1)))


def chunk(size=100):
    return PlainChunk(np.zeros(size, np.uint8))


class Loader:
    def __init__(self, size=100):
        self.loaded = []
        self.size = size

    def __call__(self, keys):
        self.loaded.extend(keys)
        return [chunk(self.size) for _ in keys]


def test_a_chunk_is_loaded_once():
    cache, load = ChunkCache(1000), Loader()
    first = cache.get([key(1), key(2)], load)
    again = cache.get([key(2), key(1)], load)
    assert load.loaded == [key(1), key(2)]
    assert again == first[::-1]


def test_the_least_recently_used_chunk_goes_first():
    cache, load = ChunkCache(300), Loader()
    for x in (1, 2, 3, 1, 4):
        cache.get([key(x)], load)
    load.loaded.clear()
    cache.get([key(1), key(3), key(4)], load)
    assert load.loaded == []
    cache.get([key(2)], load)
    assert load.loaded == [key(2)]


def test_it_holds_no_more_bytes_than_allowed():
    cache, load = ChunkCache(350), Loader()
    for x in range(20):
        assert len(cache.get([key(x), key(x + 1)], load)) == 2
        assert cache.bytes_held <= 350


def test_a_chunk_larger_than_the_cache_is_returned_and_not_kept():
    cache, load = ChunkCache(50), Loader()
    assert cache.get([key(1)], load)[0].nbytes == 100
    assert cache.bytes_held == 0


def test_two_threads_that_want_the_same_chunk_load_it_once():
    cache, load, together = ChunkCache(10_000), Loader(), Barrier(8)

    def want(_):
        together.wait()
        return cache.get([key(x) for x in range(50)], load)

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(want, range(8)))
    assert sorted(load.loaded, key=str) == sorted({key(x) for x in range(50)}, key=str)
    assert all([id(c) for c in result] == [id(c) for c in results[0]] for result in results)


def test_after_a_failure_the_next_one_tries_again():
    cache = ChunkCache(1000)

    def fail(keys):
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        cache.get([key(1)], fail)
    assert cache.get([key(1)], Loader())[0].nbytes == 100


def test_segment_ids_survive_renumbering():
    ids = np.array([0, 7, 2**53 + 1, 2**63 + 5, 2**64 - 1], np.uint64)
    voxels = np.random.default_rng(0).choice(ids, (3, 4, 5))
    small = SegmentChunk.of(voxels)
    out = np.zeros((2, 2, 3), np.uint64)
    part = (slice(1, 3), slice(0, 2), slice(2, 5))
    small.copy_to(out, part)
    assert np.array_equal(out, voxels[part])
    for segment_id in ids:
        mask = np.zeros((2, 2, 3), bool)
        small.mask_to(mask, part, int(segment_id))
        assert np.array_equal(mask, voxels[part] == segment_id)


def test_a_chunk_without_background_masks_it_nowhere():
    mask = np.zeros((1, 1, 2), bool)
    SegmentChunk.of(np.full((1, 1, 2), 9, np.uint64)).mask_to(mask, (slice(None),) * 3, 0)
    assert not mask.any()
