"""Which engine embeds: the fastest that this machine has and that keeps the embeddings right.

The order is measured (docs/benchmarks.md, "The encoder"). The choice depends on the machine and the checkpoint alone,
never on a stopwatch, so that a click and a table made on one machine have the same engine and the same bits. bfloat16
moves an embedding by one or two hundredths of the spread between cutouts, float32 engines by a millionth: so much can a
table that was made on another machine differ from a click.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from segclr.encoder.cuda_engine import CudaEngine
from segclr.encoder.engines import SHARED_GFLOP, Engine, TorchEngine, torch_threads
from segclr.encoder.work import counted_work
from segclr.errors import EngineUnavailable

EngineName = Literal[
    "cuda-bfloat16",
    "cuda-float32",
    "openvino-bfloat16",
    "compiled-bfloat16",  # never chosen by itself: slower than OpenVINO, needs a C++ compiler and many seconds
    "torch-bfloat16",
    "openvino-float32",
    "torch-float32",
]

_LARGE_GFLOP = 1.0  # a cutout below this gains too little from bfloat16 to lose digits for it
_LARGEST_ERROR = 0.1  # of the probes' spread; trained encoders have 0.01 to 0.03 in bfloat16


@dataclass(frozen=True, slots=True)
class Choice:
    """An engine and why it was taken."""

    engine: Engine
    reason: str


@dataclass(frozen=True, slots=True)
class Probes:
    """A few artificial cutouts with what plain PyTorch in float32 makes of them.

    Attributes:
        images: (n, z, y, x) uint8.
        embeddings: (n, 64) float32.
        gflop: work of one cutout, a multiplication and an addition counted as two.
    """

    images: NDArray[np.uint8]
    embeddings: NDArray[np.float32]
    gflop: float

    def error(self, engine: Engine) -> float:
        """Root mean square of the engine's errors, as a share of the spread of the embeddings about their mean."""
        return error_to_spread(engine.embed(self.images), self.embeddings)


def error_to_spread(embeddings: NDArray[np.float32], exact: NDArray[np.float32]) -> float:
    """How far embeddings are off, as a share of how far cutouts are apart.

    A cosine would say nothing: where all embeddings are alike, a useless engine has a cosine near 1.

    Args:
        embeddings: (n, E), of at least two cutouts.
        exact: (n, E), of the same cutouts.

    Returns:
        Root mean square distance between the two, over that of ``exact`` from its mean.
    """
    spread = np.sqrt(np.square(exact - exact.mean(axis=0)).sum(axis=1).mean())
    error = np.sqrt(np.square(embeddings - exact).sum(axis=1).mean())
    return float(error / spread) if spread > 0 else float(error > 0)


def probe(network: nn.Module, size: int) -> Probes:
    """Embed a few ellipsoids of noise the slow and certain way.

    Args:
        network: Takes (B, 1, z, y, x) in [0, 1]; on the CPU and in evaluation mode.
        size: Edge of the view in voxels.
    """
    rng = np.random.default_rng(0)
    offsets = np.indices((size, size, size)) - size // 2
    images = []
    for _ in range(3):
        semi_axes = size * rng.uniform(0.15, 0.5, (3, 1, 1, 1))
        inside = np.square(offsets / semi_axes).sum(axis=0) <= 1
        grey = rng.normal(rng.uniform(90, 190), 30, inside.shape).clip(1, 255)
        images.append(np.where(inside, grey, 0).astype(np.uint8))
    views = [torch.from_numpy(image)[None, None].float() / 255 for image in images]
    with torch.inference_mode(), counted_work(network) as work, torch_threads(1):
        embeddings = [network(views[0]).numpy()]
    with torch.inference_mode(), torch_threads(1 if work.gflop < SHARED_GFLOP else torch.get_num_threads()):
        embeddings += [network(view).numpy() for view in views[1:]]
    return Probes(np.stack(images), np.concatenate(embeddings), work.gflop)


def choose_engine(network: nn.Module, size: int, name: EngineName | Literal["auto"] = "auto") -> Choice:
    """Make the fastest engine that this machine has, or the one that is asked for.

    Args:
        network: Takes (B, 1, z, y, x) in [0, 1]; on the CPU and in evaluation mode. Left as it is.
        size: Edge of the view in voxels.
        name: One engine, or "auto".

    Raises:
        EngineUnavailable: The engine asked for is unknown, is not on this machine, or changes the embeddings too much.
    """
    probes = probe(network, size)
    if name != "auto":
        if name not in get_args(EngineName):
            raise EngineUnavailable(f'there is no engine "{name}": "auto", {", ".join(get_args(EngineName))} are known')
        return Choice(_made(name, network, size, probes), "as asked for")
    left_out: list[str] = []
    for candidate in _candidates(probes.gflop):
        try:
            return Choice(_made(candidate, network, size, probes), "; ".join([_merit(probes.gflop), *left_out]))
        except EngineUnavailable as error:
            left_out.append(f"{candidate} left out: {error}")
    return Choice(
        TorchEngine(network, torch.float32, probes.gflop), "; ".join(["plain PyTorch is always there", *left_out])
    )


def has_bfloat16_units() -> bool:
    """Whether this processor has instructions for bfloat16; no if PyTorch is too old (before 2.10) to tell."""
    if not hasattr(torch.cpu, "get_capabilities"):
        return False
    capabilities = torch.cpu.get_capabilities()
    return any(capabilities.get(unit, False) for unit in ("avx512_bf16", "amx_bf16", "bf16", "sve_bf16"))


def _candidates(gflop: float) -> Iterator[EngineName]:
    if torch.cuda.is_available():
        yield from ("cuda-bfloat16", "cuda-float32")
    if gflop >= _LARGE_GFLOP and has_bfloat16_units():
        yield from ("openvino-bfloat16", "torch-bfloat16")
    yield "openvino-float32"


def _merit(gflop: float) -> str:
    if gflop < _LARGE_GFLOP and not torch.cuda.is_available():
        return f"the fastest in float32; bfloat16 gains little for a network as small as this ({gflop:.2g} GFLOP)"
    return "the fastest that this machine has"


def make_engine(name: EngineName, network: nn.Module, size: int, gflop: float) -> Engine:
    """Make an engine whatever its precision; arguments as of ``choose_engine``.

    Args:
        name: Which one.
        network: Left as it is.
        size: Edge of the view in voxels.
        gflop: Work of one cutout.

    Raises:
        EngineUnavailable: It is not on this machine, or cannot take the network.
    """
    return _MAKERS[name](network, size, gflop)


def _made(name: EngineName, network: nn.Module, size: int, probes: Probes) -> Engine:
    try:
        engine = make_engine(name, network, size, probes.gflop)
        error = probes.error(engine)
    except RuntimeError as problem:  # a layer that the library lacks in this precision, a compiler that is missing
        if isinstance(problem, EngineUnavailable):
            raise
        raise EngineUnavailable(f"it cannot run this network ({problem})") from problem
    if not error <= _LARGEST_ERROR:
        raise EngineUnavailable(
            f"its error is {error:.0%} of the spread between cutouts, allowed are {_LARGEST_ERROR:.0%}"
        )
    return engine


def _openvino(network: nn.Module, size: int, gflop: float, dtype: torch.dtype) -> Engine:
    try:
        from segclr.encoder.openvino_engine import OpenvinoEngine  # optional, and slow to import
    except ImportError:
        raise EngineUnavailable('OpenVINO is not installed (pip install "segclr-viewer[openvino]")') from None
    return OpenvinoEngine(network, size, dtype, gflop)


def _cuda(network: nn.Module, size: int, dtype: torch.dtype) -> Engine:
    if not torch.cuda.is_available():
        raise EngineUnavailable("this machine has no GPU that PyTorch can use")
    return CudaEngine(network, size, dtype, torch.device("cuda", torch.cuda.current_device()))


_MAKERS: dict[EngineName, Callable[[nn.Module, int, float], Engine]] = {
    "cuda-bfloat16": lambda network, size, _: _cuda(network, size, torch.bfloat16),
    "cuda-float32": lambda network, size, _: _cuda(network, size, torch.float32),
    "openvino-bfloat16": lambda network, size, gflop: _openvino(network, size, gflop, torch.bfloat16),
    "openvino-float32": lambda network, size, gflop: _openvino(network, size, gflop, torch.float32),
    "compiled-bfloat16": lambda network, _, gflop: TorchEngine(network, torch.bfloat16, gflop, compiled=True),
    "torch-bfloat16": lambda network, _, gflop: TorchEngine(network, torch.bfloat16, gflop),
    "torch-float32": lambda network, _, gflop: TorchEngine(network, torch.float32, gflop),
}
