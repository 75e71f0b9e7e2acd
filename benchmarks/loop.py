"""The loop of the app as a page sees it: launch, click, label, repaint; beside the bare encoder in the same run."""

import asyncio
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.client import App, Client
from benchmarks.report import Row

FORWARDS = 60
OVERLAY_CHUNKS = 8


def measure(cache: Path, clicks: int, labels: int) -> list[Row]:
    """Launch the demo twice and measure everything in between; ``cache`` should be empty for a first launch."""
    rows = asyncio.run(_first_launch(cache))
    rows += asyncio.run(_second_launch(cache, clicks, labels))
    return rows


async def _first_launch(cache: Path) -> list[Row]:
    app = App("--cache", str(cache))
    watch = asyncio.create_task(app.watch_memory())
    try:
        address = await asyncio.to_thread(app.wait_for_address)
        client = await Client.join(address)
        hello = await client.receive("hello")
        await client.receive("points")
        seconds = time.perf_counter() - app.started
        await client.leave()
    finally:
        await _end(app, watch)
    return [
        Row("first launch to interactive", seconds, "s", "<= 90 s", f"{hello['rows']} nodes generated and embedded"),
        Row("first launch, peak memory of all processes", app.peak_bytes / 2**20, "MiB", "<= 4096 MiB"),
    ]


async def _second_launch(cache: Path, clicks: int, labels: int) -> list[Row]:
    app = App("--cache", str(cache))
    watch = asyncio.create_task(app.watch_memory())
    try:
        address = await asyncio.to_thread(app.wait_for_address)
        client = await Client.join(address)
        hello = await client.receive("hello")
        points = await client.receive("points")
        rows = [Row("second launch to interactive", time.perf_counter() - app.started, "s", "<= 5 s")]
        positions = np.frombuffer(await client.fetch(f"/columns/{hello['table_version']}/positions.bin"), "<f4")
        rows += await _clicks(client, positions.reshape(-1, 3), clicks)
        rows += await _labels(client, hello, points, labels)
        await client.leave()
    finally:
        await _end(app, watch)
    rows.append(Row("the loop, peak memory of all processes", app.peak_bytes / 2**20, "MiB", "<= 4096 MiB"))
    return rows


async def _end(app: App, watch: "asyncio.Task[None]") -> None:
    watch.cancel()
    with suppress(asyncio.CancelledError):
        await watch
    app.stop()


def _bare_forward_ms() -> float:
    """Median of one forward of the demo encoder in this process, nothing else running."""
    from segclr.encoder.checkpoint import DEMO_CHECKPOINT
    from segclr.encoder.inference import load_encoder

    encoder = load_encoder(DEMO_CHECKPOINT)
    size = encoder.spec.cutout.size
    image = np.random.default_rng(0).integers(0, 255, (1, size, size, size), np.uint8)
    times = []
    for _ in range(FORWARDS):
        begun = time.perf_counter()
        encoder.embed(image)
        times.append(1e3 * (time.perf_counter() - begun))
    return float(np.median(times[5:]))


async def _clicks(client: Client, positions_nm: "np.typing.NDArray[np.float32]", count: int) -> list[Row]:
    """Clicks at random nodes, one after the other; the first three warm everything up."""
    bare = await asyncio.to_thread(_bare_forward_ms)
    rng = np.random.default_rng(1)
    walls, stages = [], []
    for at in rng.choice(len(positions_nm), count + 3, replace=False):
        begun = time.perf_counter()
        request = await client.send("embed", position_nm=[float(value) for value in positions_nm[at]])
        place = await client.receive("place")
        while place["request"] != request:
            place = await client.receive("place")
        walls.append(1e3 * (time.perf_counter() - begun))
        stages.append(place["stages_ms"])
    walls, stages = walls[3:], stages[3:]
    total = float(np.median(walls))
    rows = [
        Row("bare encoder forward, one cutout", bare, "ms", "", f"median of {FORWARDS}"),
        Row(
            "click to answer at the page",
            total,
            "ms",
            f"<= {1.25 * bare + 50:.0f} ms (1.25 x bare + 50)",
            f"{count} clicks",
        ),
        Row("click to answer, 99th percentile", float(np.percentile(walls, 99)), "ms"),
    ]
    for stage in ("cut", "embed", "predict", "place"):
        rows.append(Row(f"- {stage}", float(np.median([entry[stage] for entry in stages])), "ms"))
    return rows


async def _labels(client: Client, hello: dict[str, Any], points: dict[str, Any], count: int) -> list[Row]:
    """``count`` labels as fast as the app acknowledges them, then single ones, timed to the last repainted byte."""
    column = np.frombuffer(await client.fetch(points["url"]), np.uint8)
    classes = column[: points["rows"]].astype(int)
    ids = [spec["id"] for task in hello["tasks"] if task["name"] == points["task"] for spec in task["classes"]]
    rows_to_label = np.random.default_rng(2).permutation(np.flatnonzero(classes != 255))[: count + 30]
    saved = []
    for row in rows_to_label[:count]:
        begun = time.perf_counter()
        await _label(client, points["task"], int(row), ids[classes[row]])
        saved.append(1e3 * (time.perf_counter() - begun))
    await _settle(client)
    repainted, fetched, painted, fits = [], [], [], []
    for row in rows_to_label[count:]:
        begun = time.perf_counter()
        seq = await _label(client, points["task"], int(row), ids[classes[row]])
        while (fresh := await client.receive("points"))["head"]["version"] < seq:
            pass
        repainted.append(1e3 * (time.perf_counter() - begun))
        await client.fetch(fresh["url"])
        fetched.append(1e3 * (time.perf_counter() - begun))
        await asyncio.gather(*(client.fetch(path) for path in _overlay_paths(hello)))
        painted.append(1e3 * (time.perf_counter() - begun))
        fits.append(fresh["head"]["fit_ms"])
    median = np.median
    return [
        Row("key to saved, median", float(median(saved)), "ms", "", f"{count} labels, a fit running behind each"),
        Row("key to saved, 99th percentile", float(np.percentile(saved, 99)), "ms", "<= 50 ms"),
        Row(f"key to new predictions at {count} labels", float(median(repainted)), "ms", "", f"{hello['rows']} nodes"),
        Row("- of which fitting the head", float(median(fits)), "ms", "<= 30 ms"),
        Row("key to recoloured scatter (column fetched)", float(median(fetched)), "ms", "<= 300 ms"),
        Row(
            "key to repainted overlay",
            float(median(painted)),
            "ms",
            "<= 300 ms",
            f"and {OVERLAY_CHUNKS} chunks of 64^3",
        ),
    ]


async def _label(client: Client, task: str, row: int, class_id: str) -> int:
    request = await client.send(
        "label", task=task, target={"row": row, "place": None}, provenance="key", **{"class": class_id}
    )
    while (saved := await client.receive("saved"))["request"] != request:
        pass
    return int(saved["seq"])


async def _settle(client: Client) -> None:
    """Wait until no new predictions have come for half a second."""
    with suppress(TimeoutError):
        while True:
            await asyncio.wait_for(client.receive("points"), 0.5)


def _overlay_paths(hello: dict[str, Any]) -> list[str]:
    """Chunks round the middle of the volume, as the viewer's sections would ask for them."""
    low, high = (np.array(corner) / np.array(hello["resolution_nm"]) for corner in hello["bounds_nm"])
    middle = ((low + high) / 2 // 64).astype(int)
    paths = []
    for dx in (0, 1):
        for dy in (0, 1):
            for dz in (0, 1):
                start = 64 * (middle - (dx, dy, dz))
                box = "_".join(f"{a}-{a + 64}" for a in start)
                paths.append(f"/overlay/active/0/{box}")
    return paths[:OVERLAY_CHUNKS]
