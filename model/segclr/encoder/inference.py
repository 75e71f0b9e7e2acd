"""Embedding cutouts with a trained encoder.

Live clicks and the bulk embedding of a table must give the same numbers. Libraries choose their algorithm by the shape
of the batch, so every forward pass here has one fixed batch shape, filled up with empty cutouts, in float32.

On a CPU one pass is shared by all threads; of many passes each thread takes its own, which is twice as fast: small
layers leave threads that share a pass waiting for each other.
"""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from segclr.encoder.checkpoint import CheckpointSpec
from segclr.encoder.network import EncoderNetwork
from segclr.encoder.resnet import fold_batch_norms
from segclr.encoder.weights import load_network

CPU_BATCH = 4  # as fast per cutout as larger ones; below 2, torch has no fast 3-D convolution on the CPU
CUDA_BATCH = 64


class Encoder:
    """A network ready to embed; made by ``load_encoder``, used from one thread."""

    def __init__(self, network: EncoderNetwork, spec: CheckpointSpec, device: torch.device) -> None:
        self.spec = spec
        self._device = device
        self._batch = CUDA_BATCH if device.type == "cuda" else CPU_BATCH
        fold_batch_norms(network)
        self._network = network.to(device).to(memory_format=torch.channels_last_3d)  # type: ignore[call-overload]  # stub
        # torch counts threads per calling thread: those of this pool compute alone
        threads = torch.get_num_threads() if device.type == "cpu" else 1
        self._pool = ThreadPoolExecutor(threads, "encoder", initializer=torch.set_num_threads, initargs=(1,))

    @property
    def device(self) -> str:
        """What computes, for the status line."""
        if self._device.type == "cuda":
            return f"{torch.cuda.get_device_name(self._device)}, float32"
        threads = torch.get_num_threads()
        return f"CPU, {threads} thread{'' if threads == 1 else 's'}, float32"

    def embed(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Embed masked cutouts.

        Args:
            images: (B, z, y, x) uint8, zero outside the segment, edges as ``spec.cutout.size`` says. B may be 0.

        Returns:
            (B, 64) float32, the same for a cutout alone as among others.

        Raises:
            ValueError: Another shape or type.
        """
        size = self.spec.cutout.size
        if images.ndim != 4 or images.shape[1:] != (size, size, size) or images.dtype != np.uint8:
            raise ValueError(
                f"the encoder embeds uint8 cutouts (B, {size}, {size}, {size}), not {images.dtype} {images.shape}"
            )
        parts = [images[start : start + self._batch] for start in range(0, len(images), self._batch)]
        several = len(parts) > 1 and self._device.type == "cpu"
        passes = self._pool.map(self._forward, parts) if several else map(self._forward, parts)
        return np.concatenate([np.empty((0, self.spec.embedding_dim), np.float32), *passes])

    def _forward(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """One pass over at most a batch of cutouts."""
        filled = np.zeros((self._batch, *images.shape[1:]), np.uint8)
        filled[: len(images)] = images
        with torch.inference_mode():
            batch = torch.from_numpy(filled).to(self._device).unsqueeze(1).float().div_(255)
            result: NDArray[np.float32] = self._network(batch)[: len(images)].cpu().numpy()
        return result


def load_encoder(path: Path, threads: int | None = None) -> Encoder:
    """Load a checkpoint for inference, on the GPU if there is one.

    Args:
        path: The checkpoint.
        threads: CPU threads of this whole process; None leaves torch's choice, one per core.

    Raises:
        CheckpointMismatch: The checkpoint is missing, damaged or of another version.
    """
    if threads is not None:
        torch.set_num_threads(threads)
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.deterministic = True
    torch.backends.cudnn.benchmark = False
    network, spec = load_network(path)
    encoder = Encoder(network, spec, torch.device("cuda" if torch.cuda.is_available() else "cpu"))
    size = spec.cutout.size
    encoder.embed(np.zeros((1, size, size, size), np.uint8))  # the first pass prepares the kernels: not on a click
    return encoder
