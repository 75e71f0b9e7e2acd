"""The loop on real volumes, without a browser: open, click, label, repaint, undo, close, reopen.

FIB-SEM of the fly with its own small view; and mouse cortex without grey values, where the encoder sees shapes alone.
The encoders are not trained: what is tested is that every part fits real data, not what an embedding is worth.
"""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.client import App, Client
from segclr.em.cutout import CutoutSpec
from segclr.em.precomputed_skeletons import write_skeletons
from segclr.em.skeletonize import skeletonize
from segclr.em.volume import open_volume
from tests.project_text import task_text

pytestmark = pytest.mark.torch

SEGMENTS = 12


def write_project(folder: Path, em: Path | None, segmentation: Path, spec: CutoutSpec, mip: int) -> Path:
    """A project of the largest segments of a volume, with an encoder for its view."""
    import torch

    from segclr.encoder.checkpoint import TrainingRecord
    from segclr.encoder.config import EncoderConfig
    from segclr.encoder.resnet import SegclrResNet
    from segclr.encoder.weights import save_checkpoint

    volume = open_volume(f"precomputed://file://{segmentation}", "segmentation")
    whole = volume.read(volume.mips[-1].box, len(volume.mips) - 1)
    ids, counts = np.unique(whole[whole > 0], return_counts=True)
    largest = [int(segment) for segment in ids[np.argsort(-counts)][:SEGMENTS]]
    skeletons = skeletonize(volume, segment_ids=largest, mip=mip)
    assert len(skeletons) == SEGMENTS
    write_skeletons(folder / "skeletons", skeletons)
    torch.manual_seed(0)
    network = SegclrResNet(EncoderConfig(widths=(4, 8), blocks=(1, 1), stem_kernel=3, stem_pool=False)).eval()
    save_checkpoint(folder / "encoder.safetensors", network, spec, TrainingRecord("nothing", 0))
    named = f'[em]\nurl = "precomputed://file://{em}"\n' if em else ""
    (folder / "project.toml").write_text(
        f'name = "real"\n{named}[segmentation]\nurl = "precomputed://file://{segmentation}"\nversion = "v1"\n'
        '[skeletons]\nurl = "skeletons"\nspacing_nm = 700\n[encoder]\ncheckpoint = "encoder.safetensors"\n'
        '[table]\nfolder = "table"\n[labels]\nfile = "labels.sqlite"\n' + task_text("part", "node", "neurite", "other")
    )
    return folder / "project.toml"


def with_app(project: Path, work: Callable[[Client], Awaitable[None]]) -> None:
    """Start the app on a project, do the work as its page, and end the app."""

    async def run() -> None:
        app = App(str(project))
        try:
            client = await Client.join(await asyncio.to_thread(app.wait_for_address))
            try:
                await work(client)
            finally:
                await client.leave()
        finally:
            app.stop()

    asyncio.run(run())


async def the_loop(client: Client) -> dict[str, Any]:
    """Click a node, label six, undo one; returns the last predictions and their column."""
    hello = await client.receive("hello")
    positions = np.frombuffer(await client.fetch(f"/columns/{hello['table_version']}/positions.bin"), "<f4").reshape(
        -1, 3
    )
    assert len(positions) == hello["rows"] > 3 * SEGMENTS
    request = await client.send("embed", position_nm=[float(value) for value in positions[5]])
    while (place := await client.receive("place"))["request"] != request:
        pass
    assert place["node_row"] is not None
    assert place["node_distance_nm"] < 1000
    assert place["planes"]["xy"].startswith("data:image/png")
    seq = 0
    ids = [spec["id"] for task in hello["tasks"] if task["name"] == "part" for spec in task["classes"]]
    for row in range(6):
        await client.send("label", task="part", target={"row": 7 * row}, provenance="key", **{"class": ids[row % 2]})
        seq = (await client.receive("saved"))["seq"]
    await client.send("undo")
    undone = await client.receive("saved")
    assert undone["seq"] == seq + 1
    assert undone["can_redo"]
    while not (points := await client.receive("points"))["head"] or points["head"]["version"] < undone["seq"]:
        pass
    assert points["labels"] == 5
    assert sum(points["predicted"]) == hello["rows"]
    return {"stamp": points["stamp"], "column": await client.fetch(points["url"])}


def check(project: Path) -> None:
    """The loop, and then the same predictions after a restart."""
    seen: dict[str, Any] = {}

    async def first(client: Client) -> None:
        seen.update(await the_loop(client))

    async def second(client: Client) -> None:
        points = await client.receive("points")
        assert points["stamp"] == seen["stamp"]
        assert await client.fetch(points["url"]) == seen["column"]

    with_app(project, first)
    with_app(project, second)


def test_the_loop_runs_on_fib_sem(shared_data: Path, tmp_path: Path) -> None:
    spec = CutoutSpec(33, (10.0, 10.0, 10.0))
    check(write_project(tmp_path, shared_data / "fib25" / "em", shared_data / "fib25" / "bodies", spec, mip=0))


def test_the_loop_runs_on_a_segmentation_without_em(shared_data: Path, tmp_path: Path) -> None:
    spec = CutoutSpec(33, (32.0, 32.0, 40.0), "mask")
    check(write_project(tmp_path, None, shared_data / "pinky40", spec, mip=1))
