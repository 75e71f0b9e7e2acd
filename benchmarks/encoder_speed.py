"""``python -m benchmarks.encoder_speed``: what a forward pass costs in every engine, and what it does to the embedding.

Two networks: the published size at 129^3 voxels with random weights (its speed does not depend on them), and the demo's
trained one on cutouts of a generated block that it has not seen. The error is the root mean square difference to plain
PyTorch in float32, as a share of the spread between cutouts.

Times are of the processor, not of the clock, and with one thread: other work on the machine hardly moves them. Engines
take turns, so that a slow minute slows them all.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from benchmarks import report
from segclr.em.cutout import CutoutSpec, read_cutout
from segclr.em.phantom.files import find_phantom, open_phantom
from segclr.em.volume import open_volume
from segclr.encoder.checkpoint import DEMO_CHECKPOINT
from segclr.encoder.config import EncoderConfig
from segclr.encoder.engine_choice import EngineName, error_to_spread, make_engine
from segclr.encoder.resnet import SegclrResNet
from segclr.encoder.weights import load_network
from segclr.encoder.work import counted_work

Embed = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
ENGINES: tuple[EngineName, ...] = (
    "torch-float32",
    "torch-bfloat16",
    "compiled-bfloat16",
    "openvino-float32",
    "openvino-bfloat16",
)
PLAIN = "plain PyTorch, float32, eager"
BLOCK = 201, (128, 160, 96)  # seed that no encoder was trained on, voxels x, y, z
MATRIX = 2048  # edge of the matrices that show what the processor can do


@dataclass(frozen=True, slots=True)
class Case:
    """A network and the cutouts it is measured on."""

    name: str
    network: nn.Module
    images: NDArray[np.uint8]  # (n, z, y, x)
    trained: bool


@dataclass(frozen=True, slots=True)
class Measured:
    """One engine: ms of one cutout alone and of one among many, each the median of the rounds; None: not measured."""

    name: str
    click_ms: float
    bulk_ms: float
    error: float | None


def published() -> Case:
    """The published network, random, with a few cutouts of noise."""
    torch.manual_seed(0)
    images = np.random.default_rng(0).integers(0, 256, (2, 129, 129, 129), np.uint8)
    return Case("published network, 129^3", SegclrResNet(EncoderConfig()).eval(), images, trained=False)


def demo(block_folder: Path) -> Case:
    """The demo's encoder, with the cutouts of a block."""
    network, spec = load_network(DEMO_CHECKPOINT)
    images = cutouts_of(block_folder, spec.cutout)
    return Case(f"demo network, {spec.cutout.size}^3", network, images, trained=True)


def cutouts_of(folder: Path, cutout: CutoutSpec) -> NDArray[np.uint8]:
    """Every second skeleton node's cutout in a generated block, which is written if it is not there."""
    block = find_phantom(folder)
    if block is None:
        from segclr.em.phantom.writing import write_phantom  # numba: only where a block is made

        block = write_phantom(folder, *BLOCK)
    truth = open_phantom(block.folder)
    em, segmentation = open_volume(block.em_url, "em"), open_volume(block.segmentation_url, "segmentation")
    images = []
    for row in range(0, len(truth.node_id), 2):
        x, y, z = truth.position_nm[row].tolist()
        images.append(read_cutout(em, segmentation, (x, y, z), cutout, int(truth.node_segment_id[row])).image)
    return np.stack(images)


def plain(network: nn.Module) -> Embed:
    """The baseline: the network as it was built, one cutout a pass, nothing folded."""

    def embed(images: NDArray[np.uint8]) -> NDArray[np.float32]:
        with torch.inference_mode():
            return np.concatenate([network(torch.from_numpy(i)[None, None].float() / 255).numpy() for i in images])

    return embed


def gflop_of(case: Case) -> float:
    """Work of one cutout, a multiplication and an addition counted as two."""
    with counted_work(case.network) as work:
        plain(case.network)(case.images[:1])
    return work.gflop


def engines_of(case: Case, gflop: float, compiled: bool) -> dict[str, Embed]:
    """All that this machine has; those it has not are named."""
    found = {PLAIN: plain(case.network)}
    for name in ENGINES:
        if name == "compiled-bfloat16" and not compiled:
            continue
        try:
            embed = make_engine(name, case.network, case.images.shape[-1], gflop).embed
            embed(case.images[:1])
            found[name] = embed
        except RuntimeError as error:
            print(f"{name}: not measured, {error}")
    return found


def measure(case: Case, engines: dict[str, Embed], rounds: int) -> list[Measured]:
    """Let the engines take turns; the first turn warms up and is not counted."""
    many = case.images[:32]
    clicks: dict[str, list[float]] = {name: [] for name in engines}
    bulks: dict[str, list[float]] = {name: [] for name in engines}
    for _ in range(rounds + 1):
        for name, embed in engines.items():
            clicks[name].append(cpu_ms(embed, case.images[:1]))
            bulks[name].append(cpu_ms(embed, many) / len(many))
    exact = engines[PLAIN](case.images) if case.trained else None
    return [
        Measured(
            name,
            float(np.median(clicks[name][1:])),
            float(np.median(bulks[name][1:])),
            None if exact is None else error_to_spread(embed(case.images), exact),
        )
        for name, embed in engines.items()
    ]


def cpu_ms(embed: Embed, images: NDArray[np.uint8]) -> float:
    begun = time.process_time()
    embed(images)
    return 1e3 * (time.process_time() - begun)


def matrix_rate(dtype: torch.dtype) -> float:
    """GFLOP a second of processor time, the best of a few products of large matrices."""
    a, b = torch.rand(MATRIX, MATRIX).to(dtype), torch.rand(MATRIX, MATRIX).to(dtype)
    seconds = []
    for _ in range(6):
        begun = time.process_time()
        a @ b
        seconds.append(time.process_time() - begun)
    return 2 * MATRIX**3 / min(seconds) / 1e9


def print_case(case: Case, gflop: float, rows: list[Measured]) -> None:
    print(f"\n{case.name}: {gflop:.3g} GFLOP a cutout, {len(case.images)} cutouts\n")
    print("| engine | one cutout | ratio | of many, each | ratio | GFLOP/s | error / spread |")
    print("|---|--:|--:|--:|--:|--:|--:|")
    base = rows[0]
    for row in rows:
        error = "untrained" if row.error is None else f"{row.error:.1g}" if row.error < 1e-3 else f"{row.error:.1%}"
        print(
            f"| {row.name} | {row.click_ms:.3g} ms | {base.click_ms / row.click_ms:.1f} | {row.bulk_ms:.3g} ms "
            f"| {base.bulk_ms / row.bulk_ms:.1f} | {gflop / row.bulk_ms * 1e3:.0f} | {error} |"
        )


def main(arguments: list[str] | None = None) -> int:
    """Print the machine and one table per network."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.encoder_speed", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--compiled", action="store_true", help="also torch.compile: needs a C++ compiler, and a minute"
    )
    parser.add_argument("--block", type=Path, help="folder of the generated block; a temporary one if not given")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    print("; ".join(f"{key} {value}" for key, value in report.machine().items()) + "; 1 thread, processor time")
    print(f"PyTorch multiplies large bfloat16 matrices at {matrix_rate(torch.bfloat16):.0f} GFLOP/s here")
    with tempfile.TemporaryDirectory(prefix="segclr-benchmark-") as folder:
        for case in (demo(options.block or Path(folder)), published()):
            gflop = gflop_of(case)
            engines = engines_of(case, gflop, options.compiled)
            print_case(case, gflop, measure(case, engines, options.rounds))
    return 0


if __name__ == "__main__":
    sys.exit(main())
