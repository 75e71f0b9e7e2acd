"""Weights of an encoder to and from a safetensors file."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from segclr.em.cutout import CutoutSpec
from segclr.encoder.checkpoint import (
    FORMAT,
    FORMAT_VERSION,
    NORMALISATION,
    CheckpointSpec,
    TrainingRecord,
    read_spec,
)
from segclr.encoder.config import EncoderConfig, LegacyConfig
from segclr.encoder.network import EncoderNetwork, build_network
from segclr.errors import CheckpointMismatch

_NOT_STORED = "num_batches_tracked"  # counters of BatchNorm that nothing reads


def save_checkpoint(path: Path, model: EncoderNetwork, cutout: CutoutSpec, training: TrainingRecord) -> None:
    """Write the network, atomically: a crash leaves the file that was there before."""
    tensors = {
        name: tensor.detach().cpu().contiguous()
        for name, tensor in model.state_dict().items()
        if not name.endswith(_NOT_STORED)
    }
    content = safetensors.torch.save(tensors)
    start = 8 + int.from_bytes(content[:8], "little")
    description = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "encoder": json.dumps({"architecture": model.config.architecture, **asdict(model.config)}),
        "cutout": json.dumps(asdict(cutout)),
        "normalisation": NORMALISATION,
        "training": json.dumps(asdict(training)),
        "weights_sha256": hashlib.sha256(memoryview(content)[start:]).hexdigest(),
    }
    # The library would write the description in random order: the same weights must give the same file and hash.
    header = json.dumps({"__metadata__": description, **json.loads(content[8:start])}).encode()
    header += b" " * (-len(header) % 8)  # tensors begin at a multiple of 8 bytes
    write_atomically(path, len(header).to_bytes(8, "little") + header + content[start:])


def load_network(path: Path) -> tuple[EncoderNetwork, CheckpointSpec]:
    """Build the network that a checkpoint describes, with its weights, on the CPU and in evaluation mode.

    Raises:
        CheckpointMismatch: The file is damaged, or its tensors are not those of the network it describes.
    """
    spec = read_spec(path)
    try:
        tensors = safetensors.torch.load_file(path)
    except (SafetensorError, OSError) as error:
        raise CheckpointMismatch(f"{path} is damaged: {error}") from None
    with torch.device("meta"):
        state = build_network(spec.encoder).state_dict()
    expected = {name: tensor.shape for name, tensor in state.items() if not name.endswith(_NOT_STORED)}
    found = {name: tensor.shape for name, tensor in tensors.items()}
    if found != expected:
        wrong = sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name))
        raise CheckpointMismatch(
            f"{path} does not hold the network it describes: {len(wrong)} tensors are missing, extra or misshapen, "
            f"first {wrong[0]}"
        )
    return network_with(spec.encoder, tensors), spec


def network_with(config: EncoderConfig | LegacyConfig, tensors: Mapping[str, Tensor]) -> EncoderNetwork:
    """Build a network with given weights, on the CPU and in evaluation mode.

    Args:
        config: Which network.
        tensors: Its whole state, but for the counters of its BatchNorms, which nothing reads. They are copied.
    """
    with torch.device("meta"):  # to draw 34 million random weights first would take longer than all the rest
        model = build_network(config)
    counters = {name: torch.zeros((), dtype=torch.int64) for name in model.state_dict() if name.endswith(_NOT_STORED)}
    weights = {name: tensor.to(torch.float32, copy=True) for name, tensor in tensors.items()}
    model.load_state_dict(weights | counters, assign=True)
    return model.eval()


def write_atomically(path: Path, content: bytes) -> None:
    """Replace a file by a whole new one, or leave it as it was."""
    partial = path.with_name(path.name + ".partial")
    with partial.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
