"""Shards, read back by TensorStore, which knows nothing of this writer."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import tensorstore
from numpy.typing import NDArray

from segclr.predictions.sharding import Sharding, sharding_of_any, sharding_of_runs, write_shards

IDS = np.array([0, 1, 2, 7, 300, 2**53 + 1, 2**63 + 5, 2**64 - 1, *range(5000, 5900)], np.uint64)


def content_of(number: int) -> bytes:
    return bytes([number % 251]) * (number % 9)  # some are empty


def written(folder: Path, sharding: Sharding, ids: NDArray[np.uint64]) -> tensorstore.KvStore:
    def contents(order: NDArray[np.int64]) -> Iterator[bytes]:
        yield b"".join(content_of(index) for index in order.tolist())

    folder.mkdir()
    write_shards(folder, sharding, ids, np.array([len(content_of(index)) for index in range(len(ids))]), contents)
    spec = {"driver": "neuroglancer_uint64_sharded", "base": f"file://{folder}/", "metadata": sharding.to_json()}
    return tensorstore.KvStore.open(spec).result()


def found(store: tensorstore.KvStore, chunk: int) -> bytes | None:
    read = store.read(int(chunk).to_bytes(8, "big")).result()
    return None if read.state == "missing" else read.value


@pytest.mark.parametrize(
    "sharding",
    [
        Sharding(0, "identity", 0, 0),
        Sharding(3, "identity", 2, 5),
        Sharding(0, "murmurhash3_x86_128", 3, 2),
        Sharding(2, "murmurhash3_x86_128", 0, 9),
        sharding_of_any(len(IDS), 10**9),
    ],
)
def test_every_chunk_is_found_and_no_other(tmp_path: Path, sharding: Sharding) -> None:
    shuffled = np.random.default_rng(0).permutation(IDS)
    store = written(tmp_path / "shards", sharding, shuffled)
    for index, chunk in enumerate(shuffled.tolist()):
        got = found(store, chunk)
        assert got == content_of(index) or (got is None and not content_of(index))
    assert found(store, 4000) is None
    assert found(store, 2**62) is None


@pytest.mark.parametrize("count", [1, 2, 511, 513, 40_000])
def test_runs_of_ids_are_in_few_files_in_their_order(tmp_path: Path, count: int) -> None:
    sharding = sharding_of_runs(count, 36 * count)
    store = written(tmp_path / "shards", sharding, np.arange(count, dtype=np.uint64))
    assert len(list((tmp_path / "shards").iterdir())) == 1
    for chunk in {min(1, count - 1), count // 2, count - 1}:
        assert (found(store, chunk) or b"") == content_of(chunk)


def test_large_runs_are_cut_into_shards_of_some_64_mb() -> None:
    sharding = sharding_of_runs(10**8, 36 * 10**8)
    shard, minishard = sharding.places(np.arange(0, 10**8, 997, dtype=np.uint64))
    sizes = 997 * np.bincount(shard.astype(np.int64)) * 36
    assert 2**24 < sizes[0] <= 2**27
    assert len(np.unique(minishard)) <= 1 << sharding.minishard_bits
    assert (np.diff(shard.astype(np.int64)) >= 0).all()


def test_contents_of_another_length_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="3 bytes, not 4"):
        write_shards(tmp_path, Sharding(0, "identity", 0, 0), IDS[:1], np.array([4]), lambda _: iter([b"abc"]))
