"""What a cubic millimetre costs, on paper: of inputs that are measured here, or named with their source."""

from __future__ import annotations

import gzip
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import compressed_segmentation
import numpy as np
import torch

from benchmarks.report import Row
from benchmarks.scale.tables import write_head, write_table
from segclr.em.cutout import CutoutSpec
from segclr.em.geometry import Box
from segclr.em.phantom.writing import write_phantom
from segclr.em.volume import open_volume
from segclr.embeddings.bulk.blocks import Load
from segclr.embeddings.bulk.plan import CUTOUTS
from segclr.embeddings.storage.precision import ROWS_AT_ONCE
from segclr.embeddings.table import open_table
from segclr.encoder.checkpoint import TrainingRecord
from segclr.encoder.config import EncoderConfig
from segclr.encoder.resnet import SegclrResNet
from segclr.encoder.weights import save_checkpoint
from segclr.encoder.work import counted_work
from segclr.heads.task_head import open_task_head
from segclr.predictions.point_layer import BYTES_OF_A_POINT

CUTOUT, RESOLUTION_NM, CHUNK = 129, (32.0, 32.0, 40.0), 64
NODES = 4.0e9
PEAK_TFLOPS, REACHED = 989.0, 0.25
ROWS = 500_000
BYTES_OF_A_NODE = 50
SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Inputs:
    """What the arithmetic starts from; the sources are in `rows`."""

    gflop: float
    core_seconds: float
    gpu_cutouts: float
    gpu_source: str
    em_bytes: float
    segmentation_bytes: float
    row_bytes: float
    predicted_rows: float

    def rows(self) -> list[Row]:
        """Each with where it is from."""
        return [
            Row(
                "nodes of 1 mm^3",
                NODES / 1e9,
                "billion",
                "",
                "published: H01 has 3.9, MICrONS 4.2",
            ),
            Row("a cutout", self.gflop, "GFLOP", "", f"counted in this run: {CUTOUT}^3, the published network"),
            Row("- on one core of this machine", self.core_seconds, "s", "", "processor time, measured in this run"),
            Row("- on one GPU", self.gpu_cutouts, "cutouts/s", "", self.gpu_source),
            Row("EM", self.em_bytes, "byte a voxel", "", "a generated block in gzip, measured in this run"),
            Row("segmentation", self.segmentation_bytes, "byte a voxel", "", "likewise, compressed_segmentation"),
            Row("voxels of 1 mm^3", _voxels() / 1e12, "10^12", "", "32 x 32 x 40 nm, of the release"),
            Row("chunks read, of those in the volume", _read_again(), "ratio", "", "by the width of blocks"),
            Row("a row of the table, float32", self.row_bytes, "byte", "", "a made-up table, measured in this run"),
            Row("prediction, one core", self.predicted_rows / 1e6, "million rows/s", "", "processor time, measured"),
        ]


def measure(folder: Path, gpu_cutouts: float | None) -> list[Row]:
    """Measure the inputs and do the arithmetic.

    Args:
        gpu_cutouts: that a GPU embeds in a second, if it was measured.
    """
    inputs = _inputs(folder, gpu_cutouts)
    chunks = _voxels() / CHUNK**3 * _read_again()
    em, segmentation = (_voxels() * each * _read_again() for each in (inputs.em_bytes, inputs.segmentation_bytes))
    gpu_seconds = NODES / inputs.gpu_cutouts
    table = NODES * inputs.row_bytes
    results = [
        Row("embedding, on GPUs", gpu_seconds / SECONDS, "GPU-hours", "", "nodes / cutouts/s"),
        Row("embedding, on cores like this", NODES * inputs.core_seconds / SECONDS / 1e3, "thousand core-hours"),
        Row("EM read", em / 1e12, "TB", "", "voxels x bytes x chunks read"),
        Row("segmentation read", segmentation / 1e12, "TB", "", "likewise; each cutout reads both"),
        Row("requests", 2 * chunks / 1e6, "million", "", f"one a chunk of {CHUNK}^3, of both"),
        Row("- by one GPU", 2 * chunks / gpu_seconds, "per second", "", "to keep it busy"),
        Row("- bytes by one GPU", (em + segmentation) / gpu_seconds / 1e6, "MB/s", "", "to keep it busy"),
        Row("table written, float32", table / 1e12, "TB", "", "the job needs about three times that for a while"),
        Row("- float16", (table - NODES * 128) / 1e12, "TB", "", "128 bytes a row less"),
        Row("list of nodes in memory", NODES * BYTES_OF_A_NODE / 1e9, "GB", "", f"{BYTES_OF_A_NODE} bytes a node"),
        Row("predicting all rows", NODES / inputs.predicted_rows / SECONDS, "core-hours", "", "from memory"),
        Row("- embeddings read for that", NODES * 256 / 1e12, "TB", "", "float32"),
        Row("- predictions written", NODES * 2 / 1e9, "GB", "", "2 bytes a row"),
        Row("all points as a layer", NODES * BYTES_OF_A_POINT / 1e12, "TB", "", f"{BYTES_OF_A_POINT} bytes a point"),
    ]
    return [*inputs.rows(), *results]


def _inputs(folder: Path, gpu_cutouts: float | None) -> Inputs:
    torch.manual_seed(0)
    network = SegclrResNet(EncoderConfig()).eval()
    with counted_work(network) as work, torch.inference_mode():
        network(torch.zeros(1, 1, CUTOUT, CUTOUT, CUTOUT))
    save_checkpoint(
        folder / "encoder.safetensors", network, CutoutSpec(CUTOUT, RESOLUTION_NM), TrainingRecord("none", 0)
    )
    encoder = Load(1)(folder / "encoder.safetensors")
    images = np.random.default_rng(0).integers(1, 255, (2, CUTOUT, CUTOUT, CUTOUT), dtype=np.uint8)
    encoder.embed(images)
    core_seconds = min(_own(lambda: encoder.embed(images)) for _ in range(3)) / len(images)
    source = "given"
    if gpu_cutouts is None:
        gpu_cutouts = REACHED * PEAK_TFLOPS * 1e3 / work.gflop
        source = f"ASSUMED: {REACHED:.0%} of {PEAK_TFLOPS:.0f} TFLOP/s (data sheet of H100 and H200, bf16)"
    em, segmentation = _stored(folder / "phantom")
    write_table(folder / "table", ROWS)
    size = sum(path.stat().st_size for path in (folder / "table").iterdir())
    write_head(folder / "head.npz")
    embeddings, head = open_table(folder / "table").embeddings, open_task_head(folder / "head.npz").head
    cuts = [slice(start, start + ROWS_AT_ONCE) for start in range(0, ROWS, ROWS_AT_ONCE)]
    predicted = min(_own(lambda: [head.predict_codes(embeddings[cut]) for cut in cuts]) for _ in range(4))
    return Inputs(work.gflop, core_seconds, gpu_cutouts, source, em, segmentation, size / ROWS, ROWS / predicted)


def _stored(folder: Path) -> tuple[float, float]:
    """Bytes a voxel of EM and segmentation of a generated block, in chunks as buckets have them."""
    phantom = write_phantom(folder, 201, (2 * CHUNK, 2 * CHUNK, 2 * CHUNK))
    em, segmentation = open_volume(phantom.em_url, "em"), open_volume(phantom.segmentation_url, "segmentation")
    sizes = np.zeros(2)
    for corner in np.ndindex(2, 2, 2):
        x, y, z = (CHUNK * at for at in corner)
        box = Box((x, y, z), (x + CHUNK, y + CHUNK, z + CHUNK))
        ids = np.ascontiguousarray(segmentation.read(box).T)
        packed = compressed_segmentation.compress(ids, order="C")
        sizes += [len(gzip.compress(em.read(box).tobytes(), 6)), len(gzip.compress(packed, 6))]
    return float(sizes[0]) / (2 * CHUNK) ** 3, float(sizes[1]) / (2 * CHUNK) ** 3


def _voxels() -> float:
    return float(1e18 / np.prod(RESOLUTION_NM))


def _read_again() -> float:
    """Chunks that the blocks read, over those that there are: a block is whole chunks, and cutouts reach out of it."""
    chunks = -(-CUTOUTS * CUTOUT // CHUNK)
    reach = -(-(CUTOUT // 2) // CHUNK)
    return float(((chunks + 2 * reach) / chunks) ** 3)


def _own(action: Callable[[], object]) -> float:
    started = time.process_time()
    action()
    return time.process_time() - started
