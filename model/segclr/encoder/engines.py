"""What computes an encoder's forward pass: one class per library and device, all behind ``Engine``.

This file holds the interface and PyTorch on the CPU; ``openvino_engine.py`` and ``cuda_engine.py`` the others;
``engine_choice.py`` says which one is taken. Every engine has one fixed batch shape: libraries choose their algorithm
by the shape of the batch, and a cutout must have the same embedding alone as among others.
"""

import copy
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from segclr.encoder.resnet import fold_batch_norms
from segclr.encoder.space_to_depth import with_space_to_depth_stem

SHARED_GFLOP = 1.0  # a cutout below this is too small for threads to share: each thread takes its own
_SMALL_BATCH = (
    4  # of small cutouts: as fast per cutout as larger ones; below 2, torch's 3-D convolutions are slow there
)


class Engine(Protocol):
    """A network that is ready to embed."""

    @property
    def description(self) -> str:
        """What computes, in a few words for a status line."""
        ...

    def embed(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Embed (B, z, y, x) uint8 cutouts of the size it was made for, B > 0, as (B, 64) float32."""
        ...


class GreyInput(nn.Module):
    """A network that takes grey values as they are stored.

    Args:
        network: Takes (B, 1, z, y, x) in [0, 1].
        dtype: What the network computes in; its output is float32 in any case.
    """

    def __init__(self, network: nn.Module, dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        self._network = network.to(dtype)
        self._dtype = dtype

    def forward(self, images_b1zyx: Tensor) -> Tensor:
        """Embed (B, 1, z, y, x) uint8."""
        embedding_be: Tensor = self._network((images_b1zyx.float() / 255).to(self._dtype))
        return embedding_be.float()


def for_inference(network: nn.Module, dtype: torch.dtype, *, space_to_depth: bool) -> nn.Module:
    """Copy a network for embedding grey values: BatchNorms folded, the stem rewritten if asked."""
    folded = copy.deepcopy(network).eval().requires_grad_(False)
    fold_batch_norms(folded)
    if space_to_depth:
        folded = with_space_to_depth_stem(folded)
    return GreyInput(folded, dtype)


class RowwiseLinear(nn.Module):
    """A linear layer whose result for a row does not depend on the row's place in the batch.

    Matrix products take blocks of rows, and the last rows another way than the first: with widths such as 6 or 33 the
    last bits differ. Heads are so small that the plain sum costs nothing.
    """

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self._weight, self._bias = linear.weight, linear.bias

    def forward(self, x_bc: Tensor) -> Tensor:
        """As ``nn.Linear``."""
        summed_bc = (x_bc[:, None, :] * self._weight).sum(dim=2)
        return summed_bc if self._bias is None else summed_bc + self._bias


class TorchEngine:
    """PyTorch on the CPU.

    Args:
        network: Left as it is.
        dtype: float32, or bfloat16 with a space-to-depth stem.
        gflop: Work of one cutout. Small layers leave threads that share a pass waiting for each other, so each thread
            makes passes of its own then; where the work is large all share each pass, of one cutout, and a click is
            answered sooner. Which of both it is changes the last bits, so it never changes.
        compiled: Let ``torch.compile`` write the kernels. It needs a C++ compiler, and many seconds at the first pass.
    """

    def __init__(self, network: nn.Module, dtype: torch.dtype, gflop: float, *, compiled: bool = False) -> None:
        halved = dtype == torch.bfloat16
        prepared = for_inference(network, dtype, space_to_depth=halved)
        for name, module in list(prepared.named_modules()):
            if isinstance(module, nn.Linear):
                prepared.set_submodule(name, RowwiseLinear(module))
        self._network = prepared.to(memory_format=torch.channels_last_3d)  # type: ignore[call-overload]  # stub
        if compiled:
            self._network = torch.compile(self._network, dynamic=False, options={"freezing": True})
        threads = torch.get_num_threads()
        stem = " with space-to-depth stem" if halved else ""
        library = "compiled PyTorch" if compiled else "PyTorch"
        self.description = f"CPU, {count_of(threads)}, {library} {name_of(dtype)}{stem}"
        # Compiled code is not made for several threads. Torch counts threads per calling thread: see the initializer.
        shared = compiled or gflop >= SHARED_GFLOP
        workers, threads_each = (1, threads) if shared else (threads, 1)
        self._batch = 1 if gflop >= SHARED_GFLOP else _SMALL_BATCH
        self._pool = ThreadPoolExecutor(workers, "encoder", initializer=torch.set_num_threads, initargs=(threads_each,))

    def embed(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        parts = [images[start : start + self._batch] for start in range(0, len(images), self._batch)]
        return np.concatenate(list(self._pool.map(self._forward, parts)))

    def _forward(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """One pass over at most a batch of cutouts, filled up with empty ones."""
        filled = np.zeros((self._batch, *images.shape[1:]), np.uint8)
        filled[: len(images)] = images
        with torch.inference_mode():
            result: NDArray[np.float32] = self._network(torch.from_numpy(filled).unsqueeze(1))[: len(images)].numpy()
        return result


@contextmanager
def torch_threads(count: int) -> Iterator[None]:
    """Let PyTorch compute with so many threads inside: where layers are small, several only wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def count_of(threads: int) -> str:
    """A number of threads in words."""
    return f"{threads} thread{'' if threads == 1 else 's'}"


def name_of(dtype: torch.dtype) -> str:
    """The name without its library, such as "bfloat16"."""
    return str(dtype).removeprefix("torch.")
