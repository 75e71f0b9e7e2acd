"""Weights to and from the file."""

import json
from pathlib import Path

import pytest
import safetensors.torch
import torch

from segclr.encoder.weights import load_network, save_checkpoint, write_atomically
from segclr.errors import CheckpointMismatch

pytestmark = pytest.mark.torch


def test_what_is_saved_is_what_is_loaded(checkpoint: Path, tmp_path: Path) -> None:
    network, spec = load_network(checkpoint)
    copy = tmp_path / "copy.safetensors"
    save_checkpoint(copy, network, spec.cutout, spec.training)
    assert copy.read_bytes() == checkpoint.read_bytes()
    views = torch.rand(2, 1, 9, 9, 9)
    assert torch.equal(load_network(copy)[0](views), network(views))


def test_tensors_that_do_not_fit_the_described_network_are_named(checkpoint: Path, tmp_path: Path) -> None:
    network, spec = load_network(checkpoint)
    path = tmp_path / "other.safetensors"
    save_checkpoint(path, network, spec.cutout, spec.training)
    content = path.read_bytes()
    end = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:end])
    header["__metadata__"]["encoder"] = header["__metadata__"]["encoder"].replace("[4, 6]", "[4, 7]")
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + content[end:])
    with pytest.raises(CheckpointMismatch, match=r"missing, extra or misshapen, first bottleneck"):
        load_network(path)


def test_no_counter_is_stored(checkpoint: Path) -> None:
    assert not [name for name in safetensors.torch.load_file(checkpoint) if "num_batches" in name]


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    write_atomically(path, b"old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_atomically(path, b"new and longer")
    assert path.read_bytes() == b"old"
