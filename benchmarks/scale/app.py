"""The app on a table of millions of rows: until it can be used, what it takes, and how long its answers take."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.annotators import cpu_seconds
from benchmarks.client import App, Client
from benchmarks.report import Row
from benchmarks.scale.big_project import DIMENSIONS, BigProject, write_big_project
from segclr.embeddings.storage.precision import Storage

LABELS = 40
QUESTIONS = 60
_CHUNK = "0-64_0-64_0-64"
_AT_ONCE_S = 0.001  # a table that is shown whole is predicted whole before that is told
_PATIENCE_S = 900.0  # for all of it, however slow the machine


def measure(folder: Path, rows: int, storage: Storage) -> list[Row]:
    """Write a project of so many rows, and use it as a page does.

    Args:
        folder: for the project, with room for 2 to 4 bytes a number of its embeddings, and 40 bytes more a row.
    """
    project = write_big_project(folder, rows, storage)
    return _with_app(project, partial(_measure, rows=rows, storage=storage)) + _with_app(project, _measure_reopened)


def _with_app(project: BigProject, measure: Callable[[App, BigProject], Awaitable[list[Row]]]) -> list[Row]:
    """Start the app, measure, and end it, whatever has come."""
    app = App(str(project.file))
    try:
        return asyncio.run(_within_patience(measure(app, project)))
    finally:
        app.stop()


async def _within_patience(measuring: Awaitable[list[Row]]) -> list[Row]:
    try:
        async with asyncio.timeout(_PATIENCE_S):
            return await measuring
    except TimeoutError:
        raise SystemExit(f"the app has not answered all within {_PATIENCE_S:.0f} s: nothing is measured") from None


async def _measure_reopened(app: App, project: BigProject) -> list[Row]:
    client = await Client.join(await asyncio.to_thread(app.wait_for_address))
    page = _Page(client, await client.receive("hello"), project)
    asked_ms = await page.ask_neighbours(1)
    return [Row("app: neighbours at the next opening, first question", asked_ms[0], "ms", "", "the index was kept")]


async def _measure(app: App, project: BigProject, rows: int, storage: Storage) -> list[Row]:
    watch = asyncio.create_task(app.watch_memory())
    try:
        address = await asyncio.to_thread(app.wait_for_address)
        client = await Client.join(address)
        hello = await client.receive("hello")
        layout = await client.receive("layout")
        version, points = hello["table_version"], hello["rows"]
        columns = ("segments", "cells", "positions")
        await asyncio.gather(*(client.fetch(f"/columns/{version}/{name}.bin") for name in columns))
        await client.fetch_if_there(layout["url"])  # a kept UMAP may have come in its stead
        await client.fetch(f"/overlay/active/0/{_CHUNK}")
        open_s, open_cpu_s = time.perf_counter() - app.started, cpu_seconds(app.process.pid)
        opened_bytes = app.peak_bytes
        note = f"{rows:,} rows of {DIMENSIONS} in {storage}, {hello['segments']:,} segments; {points:,} points shown"
        page = _Page(client, hello, project)
        measured = await page.label()
        rest_s, total = await page.wait_for_rest()
        compared_ms = await page.ask_neighbours(1)
        index_s = await page.wait_for_index()
        asked_ms = await page.ask_neighbours(QUESTIONS)
    finally:
        watch.cancel()
    took = f"{rest_s:.1f} s after the last label"
    rest = [Row("app: prediction of the rest", total / rest_s, "rows/s", "", took)] if rest_s > _AT_ONCE_S else []
    saved, painted = np.array(measured.saved_ms), np.array(measured.painted_ms)
    return [
        Row("app: open to interactive", open_s, "s", "<= 5 s", note),
        Row("app: open to interactive, processor time", open_cpu_s, "s", "", "of the main process alone"),
        Row("app: memory when opened, all processes", opened_bytes / 2**30, "GiB"),
        Row("app: peak memory, all processes", app.peak_bytes / 2**30, "GiB", "<= 4 GiB"),
        Row("app: key to saved, median", float(np.median(saved)), "ms", "<= 50 ms"),
        Row("app: key to saved, 99th percentile", float(np.percentile(saved, 99)), "ms"),
        Row("app: key to repaint of what is seen, median", float(np.median(painted)), "ms", "", "a chunk painted anew"),
        Row("app: key to repaint of what is seen, 99th percentile", float(np.percentile(painted, 99)), "ms"),
        *rest,
        Row("app: neighbours before there is an index", compared_ms[0], "ms", "", "all rows are compared"),
        Row("app: index of all rows", index_s, "s", "", "in the background, from its begin to its end"),
        Row("app: neighbours, median", float(np.median(asked_ms)), "ms"),
        Row("app: neighbours, 99th percentile", float(np.percentile(asked_ms, 99)), "ms"),
    ]


class _Labelled:
    """How long labels took."""

    def __init__(self) -> None:
        self.saved_ms: list[float] = []
        self.painted_ms: list[float] = []


class _Page:
    """A page that labels in the viewer's first chunk, and looks at it."""

    def __init__(self, client: Client, hello: dict[str, Any], project: BigProject) -> None:
        self.client, self.project = client, project
        self.task = hello["tasks"][0]["name"]
        self.classes = [spec["id"] for spec in hello["tasks"][0]["classes"]]
        self.version, self.points = hello["table_version"], hello["rows"]
        self.newest: dict[str, Any] = {}

    async def label(self) -> _Labelled:
        """Label points one by one, each when the one before is painted."""
        rng = np.random.default_rng(0)
        await self.client.send("segments", ids=[str(2**60 + 3 * segment) for segment in range(0, 24, 6)])
        positions = np.frombuffer(await self.client.fetch(f"/columns/{self.version}/positions.bin"), "<f4")
        cells = np.frombuffer(await self.client.fetch(f"/columns/{self.version}/cells.bin"), "<u4")
        assert len(positions) == 3 * len(cells)
        measured = _Labelled()
        for number, point in enumerate(rng.permutation(self.points)[:LABELS].tolist()):
            at = time.perf_counter()
            given = self.classes[number % len(self.classes)]
            fields = {"task": self.task, "class": given, "target": {"row": point}, "provenance": "key"}
            await self.client.send("label", **fields)
            saved = False
            while True:
                message = await self.client.receive("saved", "points")
                if message["type"] == "saved":
                    measured.saved_ms.append(1e3 * (time.perf_counter() - at))
                    saved = True
                elif saved and message["task"] == self.task and message["labels"] > number:
                    break
            self.newest = message
            await self.client.fetch(f"/overlay/active/0/{_CHUNK}")
            if message["head"] is not None:
                measured.painted_ms.append(1e3 * (time.perf_counter() - at))
        return measured

    async def wait_for_rest(self) -> tuple[float, int]:
        """Until every row is predicted: after how many seconds, and how many."""
        begun, message = time.perf_counter(), self.newest
        while True:
            if "-some" not in message["url"] and message["labels"] == LABELS:
                return time.perf_counter() - begun, sum(message["predicted"])
            message = await self.client.receive("points")

    async def wait_for_index(self) -> float:
        """Until the index of neighbours is there: for how many seconds it was built."""
        begun = 0.0
        while True:
            text = (await self.client.receive("status"))["text"]
            if "no index" in text:
                raise SystemExit(f"the app said: {text}")
            if "index of" in text:
                begun = begun or time.perf_counter()
                if "done" in text:
                    return time.perf_counter() - begun

    async def ask_neighbours(self, count: int) -> list[float]:
        """What is like some points: for how many ms each answer was waited for."""
        rng = np.random.default_rng(count)
        asked_ms = []
        for point in rng.integers(0, self.points, count).tolist():
            at = time.perf_counter()
            fields = {"task": self.task, "page": "page", "row": point, "scope": "point", "count": 20, "once": False}
            await self.client.send("similar", **fields, classes=[], segment=None, within=None)
            await self.client.receive("similar")
            asked_ms.append(1e3 * (time.perf_counter() - at))
        return asked_ms
