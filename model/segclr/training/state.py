"""The state of an unfinished run, to resume from: network, optimiser and step in one safetensors file, no pickle."""

import json
from pathlib import Path

import safetensors
import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor, nn

from segclr.encoder.weights import write_atomically
from segclr.errors import CheckpointMismatch


def save_state(path: Path, network: nn.Module, optimiser: torch.optim.Optimizer, step: int, settings: str) -> None:
    """Write atomically; ``settings`` is what must be equal for the run to be continued."""
    tensors = {f"network/{name}": tensor.contiguous() for name, tensor in network.state_dict().items()}
    for name, parameter in network.named_parameters():
        for key, value in optimiser.state[parameter].items():
            tensors[f"optimiser/{name}/{key}"] = value.contiguous()
    metadata = {"step": json.dumps(step), "settings": settings}
    write_atomically(path, safetensors.torch.save(tensors, metadata))


def load_state(path: Path, network: nn.Module, optimiser: torch.optim.Optimizer, settings: str) -> int:
    """Restore a run in place.

    Returns:
        The number of steps already done.

    Raises:
        CheckpointMismatch: The state belongs to a run with other settings, or is damaged.
    """
    try:
        with safetensors.safe_open(path, "pt") as file:
            metadata: dict[str, str] = file.metadata() or {}
            tensors: dict[str, Tensor] = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise CheckpointMismatch(
            f"the training state {path} cannot be read ({error}): delete it to start again"
        ) from None
    if metadata.get("settings") != settings:
        raise CheckpointMismatch(
            f"{path} belongs to a run with other settings: choose another output folder, or delete it to start again"
        )
    network.load_state_dict({name.removeprefix("network/"): t for name, t in tensors.items() if name[:2] == "ne"})
    for name, parameter in network.named_parameters():
        prefix = f"optimiser/{name}/"
        optimiser.state[parameter] = {
            key.removeprefix(prefix): tensor.to(parameter.device) if tensor.ndim else tensor  # counts stay on the CPU
            for key, tensor in tensors.items()
            if key.startswith(prefix)
        }
    step: int = json.loads(metadata["step"])
    return step
