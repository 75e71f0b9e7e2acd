"""Embedding cutouts with a trained encoder.

Live clicks and the bulk embedding of a table must give the same numbers: both come here, and on one machine both get
the same engine (``engine_choice.py``).
"""

import logging
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from segclr.encoder.checkpoint import CheckpointSpec
from segclr.encoder.engine_choice import Choice, EngineName, choose_engine
from segclr.encoder.weights import load_network

log = logging.getLogger(__name__)


class Encoder:
    """A network ready to embed; made by ``load_encoder`` or ``make_encoder``, used from one thread."""

    def __init__(self, choice: Choice, spec: CheckpointSpec) -> None:
        self.spec = spec
        self.reason = choice.reason
        self._engine = choice.engine

    @property
    def device(self) -> str:
        """What computes, for the status line."""
        return self._engine.description

    def embed(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Embed masked cutouts.

        Args:
            images: (B, z, y, x) uint8, zero outside the segment, edges as ``spec.cutout.size`` says. B may be 0.

        Returns:
            (B, 64) float32, the same to the bit for a cutout alone as among others.

        Raises:
            ValueError: Another shape or type.
            EngineUnavailable: A GPU's memory does not suffice for one cutout.
        """
        size = self.spec.cutout.size
        if images.ndim != 4 or images.shape[1:] != (size, size, size) or images.dtype != np.uint8:
            raise ValueError(
                f"the encoder embeds uint8 cutouts (B, {size}, {size}, {size}), not {images.dtype} {images.shape}"
            )
        if len(images) == 0:
            return np.empty((0, self.spec.embedding_dim), np.float32)
        return self._engine.embed(images)


def load_encoder(path: Path, threads: int | None = None, engine: EngineName | Literal["auto"] = "auto") -> Encoder:
    """Load a checkpoint for inference.

    Args:
        path: The checkpoint.
        threads: CPU threads of this whole process; None leaves torch's choice, one per core.
        engine: What shall compute; "auto" takes the fastest that this machine has.

    Raises:
        CheckpointMismatch: The checkpoint is missing, damaged or of another version.
        EngineUnavailable: This machine does not have the engine asked for.
    """
    network, spec = load_network(path)
    return make_encoder(network, spec, threads, engine)


def make_encoder(
    network: nn.Module, spec: CheckpointSpec, threads: int | None = None, engine: EngineName | Literal["auto"] = "auto"
) -> Encoder:
    """Prepare a network for inference; arguments and errors as of ``load_encoder``.

    Args:
        network: Takes (B, 1, z, y, x) in [0, 1]; on the CPU and in evaluation mode. Left as it is.
        spec: Its checkpoint's.
        threads: See ``load_encoder``.
        engine: See ``load_encoder``.
    """
    if threads is not None:
        torch.set_num_threads(threads)
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.deterministic = True
    torch.backends.cudnn.benchmark = False
    encoder = Encoder(choose_engine(network, spec.cutout.size, engine), spec)
    log.info("the encoder runs on %s: %s", encoder.device, encoder.reason)
    return encoder
