"""The forward pass on an NVIDIA GPU.

Layers of a small network end sooner than the CPU can ask for the next: the whole pass is recorded once as a CUDA graph
and then started as one. Where there is no room for a batch, half of it is tried.
"""

import logging
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from segclr.encoder.engines import for_inference, name_of
from segclr.errors import EngineUnavailable

log = logging.getLogger(__name__)

CUDA_BATCH = 64
_WARM_UPS = 3  # passes before recording, as PyTorch's notes on CUDA graphs ask: libraries allocate in the first ones

Pass = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
"""(batch, z, y, x) uint8 to (batch, 64) float32, for one number of cutouts."""


class CudaEngine:
    """PyTorch on a GPU.

    Args:
        network: Left as it is.
        size: Edge of the cutouts in voxels.
        dtype: float32, or bfloat16 with a space-to-depth stem: one channel would leave the tensor cores idle.
        device: Which GPU.

    Raises:
        EngineUnavailable: Not even one cutout has room in the GPU's memory.
    """

    def __init__(self, network: nn.Module, size: int, dtype: torch.dtype, device: torch.device) -> None:
        prepared = for_inference(network, dtype, space_to_depth=dtype == torch.bfloat16).to(device)
        self._network = prepared.to(memory_format=torch.channels_last_3d)  # type: ignore[call-overload]  # stub
        self._size, self._dtype, self._device = size, dtype, device
        self._passes = ShrinkingBatch(self._recorded, CUDA_BATCH)

    @property
    def description(self) -> str:
        """The card, the precision, and how many cutouts a pass has where memory allows fewer than usual."""
        batch = self._passes.batch
        fewer = "" if batch == CUDA_BATCH else f", {batch} cutouts at a time for want of memory"
        return f"{torch.cuda.get_device_name(self._device)}, {name_of(self._dtype)}{fewer}"

    def embed(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        return self._passes.embed(images)

    def _recorded(self, batch: int) -> Pass:
        """The pass over ``batch`` cutouts as a CUDA graph (PyTorch notes, "CUDA semantics", CUDA Graphs)."""
        images = torch.zeros((batch, 1, *[self._size] * 3), dtype=torch.uint8, device=self._device)
        graph = torch.cuda.CUDAGraph()
        beside = torch.cuda.Stream(self._device)  # type: ignore[no-untyped-call]  # stub
        with torch.inference_mode():
            beside.wait_stream(torch.cuda.current_stream(self._device))
            with torch.cuda.stream(beside):
                for _ in range(_WARM_UPS):
                    self._network(images)
            torch.cuda.current_stream(self._device).wait_stream(beside)
            with torch.cuda.graph(graph):
                embeddings = self._network(images)

        def replay(given: NDArray[np.uint8]) -> NDArray[np.float32]:
            images.copy_(torch.from_numpy(given).unsqueeze(1))
            graph.replay()
            result: NDArray[np.float32] = embeddings.cpu().numpy()
            return result

        return replay


class ShrinkingBatch:
    """Passes with a fixed number of cutouts, halved when the GPU's memory does not suffice, and said so.

    Args:
        prepare: Makes the pass for a number of cutouts. It, or the pass, raises ``torch.cuda.OutOfMemoryError``.
        batch: The number to begin with.

    Raises:
        EngineUnavailable: Not even one cutout has room.
    """

    def __init__(self, prepare: Callable[[int], Pass], batch: int) -> None:
        self._prepare = prepare
        self.batch = batch
        self._pass: Pass | None = None
        while self._pass is None:
            try:
                self._pass = prepare(self.batch)
            except torch.cuda.OutOfMemoryError:
                self._halve()

    def embed(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Embed (B, z, y, x); each pass is filled up with empty cutouts.

        Raises:
            EngineUnavailable: Not even one cutout has room any more.
        """
        embeddings = []
        start = 0
        while start < len(images):
            part = images[start : start + self.batch]
            filled = np.zeros((self.batch, *images.shape[1:]), np.uint8)
            filled[: len(part)] = part
            try:
                self._pass = self._pass or self._prepare(self.batch)
                embeddings.append(self._pass(filled)[: len(part)])
            except torch.cuda.OutOfMemoryError:  # another program took memory meanwhile
                self._halve()
                continue
            start += len(part)
        return np.concatenate(embeddings)

    def _halve(self) -> None:
        self._pass = None  # with it go its buffers
        torch.cuda.empty_cache()
        if self.batch == 1:
            raise EngineUnavailable(
                "the GPU has no memory left for even one cutout: end other programs that use it, or take a CPU's engine"
            )
        self.batch //= 2
        log.warning("the GPU's memory is too small for the batch: embedding %d cutouts at a time", self.batch)
