"""TensorFlow checkpoints, read without TensorFlow."""

from pathlib import Path

import numpy as np
import pytest

from segclr.encoder.tf_bundle import open_bundle
from segclr.errors import CheckpointMismatch
from tests.segclr.encoder.bundle_writer import (
    DTYPES,
    GRAPH,
    bytes_field,
    entry,
    header,
    number_field,
    table,
    write_bundle,
)

TENSORS = {
    "a/kernel": np.arange(2 * 3 * 5, dtype=np.float32).reshape(2, 3, 5),
    "a/scalar": np.array(2.5, np.float32),
    "empty": np.zeros((0, 4), np.float32),
    **{f"layer_{row:02d}": np.full(row + 1, row, np.float32) for row in range(90)},
}


@pytest.mark.parametrize("compress", [False, True], ids=["plain", "compressed"])
@pytest.mark.parametrize("shards", [1, 3])
def test_every_tensor_comes_back_in_its_shape(tmp_path: Path, compress: bool, shards: int) -> None:
    bundle = open_bundle(write_bundle(tmp_path / "model.ckpt-7", TENSORS, compress, shards))
    assert set(bundle.entries) == {GRAPH, *TENSORS}
    for key, tensor in TENSORS.items():
        assert bundle.entries[key].shape == tensor.shape
        np.testing.assert_array_equal(bundle.read(key), tensor)


def test_the_name_of_the_index_will_do_too(tmp_path: Path) -> None:
    write_bundle(tmp_path / "model.ckpt-7", TENSORS)
    assert open_bundle(tmp_path / "model.ckpt-7.index").prefix == tmp_path / "model.ckpt-7"


def test_a_missing_index_and_missing_data_are_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointMismatch, match=r"absent\.index cannot be read: No such file.*without \.index"):
        open_bundle(tmp_path / "absent")
    bundle = open_bundle(write_bundle(tmp_path / "model", TENSORS))
    (tmp_path / "model.data-00000-of-00001").unlink()
    with pytest.raises(CheckpointMismatch, match=r"model\.data-00000-of-00001 cannot be read: No such file"):
        bundle.read("a/kernel")


@pytest.mark.parametrize("less", [0, 1], ids=["a changed byte", "a byte less"])
def test_damaged_data_is_refused(tmp_path: Path, less: int) -> None:
    bundle = open_bundle(write_bundle(tmp_path / "model", {"kernel": TENSORS["a/kernel"]}))
    data = tmp_path / "model.data-00000-of-00001"
    content = data.read_bytes()
    data.write_bytes(content[:-1] + bytes([content[-1] ^ 1])[less:])
    with pytest.raises(CheckpointMismatch, match="kernel differs from its checksum"):
        bundle.read("kernel")


def test_no_changed_byte_of_the_index_changes_what_is_read(tmp_path: Path) -> None:
    index = write_bundle(tmp_path / "model", {"kernel": TENSORS["a/kernel"]}).with_name("model.index")
    content, whole = index.read_bytes(), open_bundle(index)
    refused = 0
    for position in range(len(content)):
        index.write_bytes(content[:position] + bytes([content[position] ^ 0x55]) + content[position + 1 :])
        try:
            read = open_bundle(index)
        except CheckpointMismatch:
            refused += 1
        else:
            assert read == whole
    unread = 13 + 40 - 2  # the empty block of meta data, and of the footer all but the other block's handle
    assert refused == len(content) - unread


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        ({b"kernel": entry(1, (2,), 0, 0, bytes(8))}, "no index of a TensorFlow checkpoint: no header"),
        ({b"": header(endianness=1)}, "big-endian"),
        ({b"": b"\x0b"}, "unknown type 3"),
        ({b"": header(), b"kernel": bytes_field(2, bytes(3))[:-1]}, "an entry is cut short"),
        ({b"": header(), b"kernel": bytes_field(4, b"x")}, "text where a number belongs"),
        ({b"": header(), b"kernel": number_field(2, 3)}, "a number where a message belongs"),
        ({b"": bytes_field(1, b"x")}, "text where a number belongs"),
        ({b"": header(), b"\xff": b""}, "utf-8"),
    ],
)
def test_an_index_that_cannot_be_understood_is_refused(tmp_path: Path, rows: dict[bytes, bytes], text: str) -> None:
    index = tmp_path / "model.index"
    index.write_bytes(table(sorted(rows.items())))
    with pytest.raises(CheckpointMismatch, match=text) as raised:
        open_bundle(index)
    assert str(index) in str(raised.value)


@pytest.mark.parametrize(
    ("row", "text"),
    [
        (entry(DTYPES["int64"], (1,), 0, 0, bytes(8)), "type number 9: only whole float32"),
        (entry(1, (2,), 0, 0, bytes(8)) + bytes_field(7, b""), "stored in slices: only whole float32"),
        (entry(1, (3,), 0, 0, bytes(8)), r"has 8 bytes for shape \(3,\)"),
    ],
)
def test_a_tensor_that_cannot_be_read_is_refused(tmp_path: Path, row: bytes, text: str) -> None:
    (tmp_path / "model.index").write_bytes(table([(b"", header()), (b"kernel", row)]))
    (tmp_path / "model.data-00000-of-00001").write_bytes(bytes(8))
    with pytest.raises(CheckpointMismatch, match=rf"kernel.*{text}"):
        open_bundle(tmp_path / "model").read("kernel")
