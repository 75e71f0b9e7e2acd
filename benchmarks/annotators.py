"""``python -m benchmarks annotators``: many annotators at once, each with an own cookie and socket, on the real server.

Each one labels a row of the demo every half second, whether or not the last one was answered yet, and now and then
sends a request twice, as a page does that lost the answer. Afterwards the label log is compared with what was sent.
"""

import argparse
import asyncio
import json
import re
import tempfile
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tornado.httpclient import AsyncHTTPClient, HTTPClientError

from benchmarks import report
from benchmarks.client import App, Client
from benchmarks.report import Row
from segclr_viewer.log.events import LabelEvent
from segclr_viewer.log.store import LabelStore

TWICE = 0.02  # share of the requests that are sent again
WRONG = 0.1  # share of the labels that are not what the head predicts
PATIENCE_S = 20.0  # for the last answers


@dataclass(slots=True)
class Sent:
    """A label that was asked for; times in seconds of one clock, None until it has happened."""

    row: int
    given: int
    at: float
    saved: float | None = None
    seq: int = 0
    repainted: float | None = None


@dataclass(slots=True)
class Annotator:
    """One simulated annotator, who sees the predictions as soon as the page has fetched them."""

    name: str
    client: Client
    task: str
    class_ids: list[str]
    sent: dict[str, Sent] = field(default_factory=dict)
    announced: int = 0
    newest: dict[str, Any] | None = None
    fetched: int = 0
    failures: list[str] = field(default_factory=list)

    async def label(self, rows: NDArray[np.int64], classes: NDArray[np.int64], begin: float, every: float) -> None:
        """Label the rows, one every `every` seconds from `begin` on, without waiting for answers."""
        rng = np.random.default_rng(rows[:4])
        for number, (row, given) in enumerate(zip(rows.tolist(), classes.tolist(), strict=True)):
            due = begin + number * every
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            request = str(uuid.uuid4())
            if rng.random() < WRONG:
                given = int(rng.integers(len(self.class_ids)))
            self.sent[request] = Sent(row, given, due)
            frame = json.dumps(
                {
                    "type": "label",
                    "request": request,
                    "task": self.task,
                    "class": self.class_ids[given],
                    "target": {"row": row},
                    "provenance": "key",
                }
            )
            for _ in range(2 if rng.random() < TWICE else 1):
                await self.client.socket.write_message(frame)

    async def listen(self) -> None:
        """Note when labels are saved and new predictions announced, until cancelled."""
        while (frame := await self.client.socket.read_message()) is not None:
            now, text = time.perf_counter(), str(frame)
            if text.startswith('{"type":"saved"'):
                saved = json.loads(text)
                sent = self.sent[saved["request"]]
                if sent.saved is None:
                    sent.saved, sent.seq = now, int(saved["seq"])
            elif text.startswith('{"type":"points"'):
                self.newest = json.loads(text)
                self.announced += 1
            elif text.startswith('{"type":"failed"'):
                self.failures.append(json.loads(text)["text"])

    async def fetch(self) -> None:
        """Fetch the newest predictions as a page does, one after the other, until cancelled."""
        while True:
            points, self.newest = self.newest, None
            if points is None:
                await asyncio.sleep(0.005)
                continue
            try:
                await self.client.fetch(points["url"])
            except HTTPClientError as error:
                if error.code != 404:  # newer ones have come meanwhile
                    raise
                continue
            now = time.perf_counter()
            self.fetched += 1
            for sent in self.sent.values():
                if sent.repainted is None and sent.seq and points["head"]["version"] >= sent.seq:
                    sent.repainted = now

    def is_done(self) -> bool:
        """Whether every label is saved and painted."""
        return all(sent.saved is not None and sent.repainted is not None for sent in self.sent.values())


def main(arguments: list[str]) -> None:
    """Measure, print the table, and write it as JSON if asked; exit with 1 if a label was lost or doubled."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks annotators", description=__doc__)
    parser.add_argument("--annotators", type=int, default=20)
    parser.add_argument("--rate", type=float, default=2.0, help="labels per second and annotator")
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--cache", type=Path, help="folder for the demo (default: a new one, deleted afterwards)")
    parser.add_argument("--demo-size", nargs=3, metavar=("X", "Y", "Z"), help="voxels of a smaller demo")
    parser.add_argument("--json", type=Path, help="also write the table to this file")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="segclr-benchmark-") as folder:
        size = ["--demo-size", *options.demo_size] if options.demo_size else []
        command = ["--cache", str(options.cache or folder), *size]
        rows, is_sound = asyncio.run(_measure(command, options.annotators, options.rate, options.seconds))
    report.print_table(rows)
    if options.json:
        report.write_json(rows, options.json)
    raise SystemExit(0 if is_sound else 1)


async def _measure(command: list[str], count: int, rate: float, seconds: float) -> tuple[list[Row], bool]:
    run = uuid.uuid4().hex[:6]  # who labelled in an earlier run on the same demo would only say the same again
    names = [f"annotator {number + 1} of {run}" for number in range(count)]
    app = App(*command, *(argument for name in names for argument in ("--annotator", name)))
    watch = asyncio.create_task(app.watch_memory())
    try:
        addresses, log_file = await asyncio.to_thread(_printed, app, count)
        before = len(_events(log_file))
        annotators = [await _join(name, address) for name, address in zip(names, addresses, strict=True)]
        await _run(annotators, rate, seconds)
        cpu_s = cpu_seconds(app.process.pid)
    finally:
        watch.cancel()
        app.stop()
    events = _events(log_file)[before:]
    return _table(annotators, events, app.peak_bytes, cpu_s, seconds)


def _printed(app: App, count: int) -> tuple[list[str], Path]:
    """The addresses, and where the labels are."""
    assert app.process.stdout is not None
    addresses: list[str] = []
    printed = []
    for line in app.process.stdout:
        printed.append(line)
        addresses += re.findall(r"(http://127\.0\.0\.1:\d+/\?token=\S+)", line)
        if found := re.search(r"labels are in (.*)\)$", line.rstrip()):
            assert len(addresses) == count, addresses
            return addresses, Path(found[1])
    raise SystemExit("the app ended before it printed its addresses:\n" + "".join(printed))


def _events(log_file: Path) -> list[LabelEvent]:
    log = LabelStore.open(log_file, reader=True)
    try:
        return log.events()
    finally:
        log.close()


async def _join(name: str, address: str) -> Annotator:
    client = await Client.join(address)
    hello = await client.receive("hello")
    assert hello["annotator"] == name, "the cookie is another annotator's"
    task = next(task for task in hello["tasks"] if task["name"] == hello["task"])
    return Annotator(name, client, task["name"], [spec["id"] for spec in task["classes"]])


async def _run(annotators: list[Annotator], rate: float, seconds: float) -> None:
    """All label at once, evenly spread over the interval between two labels of one of them."""
    points = await annotators[0].client.receive("points")
    while points["head"] is None:
        points = await annotators[0].client.receive("points")
    classes = np.frombuffer(await annotators[0].client.fetch(points["url"]), np.uint8)[: points["rows"]].astype(int)
    labels = min(round(rate * seconds), len(classes))
    AsyncHTTPClient.configure(None, max_clients=2 * len(annotators))
    listening = [asyncio.create_task(annotator.listen()) for annotator in annotators]
    listening += [asyncio.create_task(annotator.fetch()) for annotator in annotators]
    begin = time.perf_counter() + 1.0
    labelling = []
    for number, annotator in enumerate(annotators):
        rows = np.random.default_rng(number).permutation(len(classes))[:labels]
        start = begin + number / len(annotators) / rate
        labelling.append(annotator.label(rows, classes[rows], start, 1 / rate))
    await asyncio.gather(*labelling)
    deadline = time.perf_counter() + PATIENCE_S
    while time.perf_counter() < deadline and not all(annotator.is_done() for annotator in annotators):
        await asyncio.sleep(0.1)
    for task in listening:
        task.cancel()


def _table(
    annotators: list[Annotator], events: list[LabelEvent], peak_bytes: int, cpu_s: float, seconds: float
) -> tuple[list[Row], bool]:
    stored: dict[str, list[LabelEvent]] = {}
    for event in events:
        stored.setdefault(event.uuid, []).append(event)
    sent = {(annotator.name, request): label for annotator in annotators for request, label in annotator.sent.items()}
    lost = [key for key in sent if key[1] not in stored]
    unsaid = [key for key, label in sent.items() if label.saved is None]
    wrong = [
        key
        for key in sent
        for event in stored.get(key[1], [])[:1]
        if (event.annotator, event.seq) != (key[0], sent[key].seq)
    ]
    doubled = len(events) - len(stored) + len(stored.keys() - {request for _, request in sent})
    saved = 1e3 * np.array([label.saved - label.at for label in sent.values() if label.saved])
    painted = 1e3 * np.array([label.repainted - label.at for label in sent.values() if label.repainted])
    failures = [text for annotator in annotators for text in annotator.failures]
    announced = np.mean([annotator.announced for annotator in annotators]) / seconds
    fetched = np.mean([annotator.fetched for annotator in annotators]) / seconds
    note = f"{len(annotators)} annotators, {len(sent)} labels in {seconds:g} s"
    rows = [
        Row("labels lost", len(lost) + len(unsaid), "labels", "0", note),
        Row("labels doubled or of another annotator", doubled + len(wrong), "labels", "0", "compared with the log"),
        Row("failures told", len(failures), "messages", "0", failures[0] if failures else ""),
        *_percentiles("key to saved", saved, "<= 50 ms"),
        *_percentiles("key to new predictions fetched", painted, ""),
        Row("labels never repainted", len(sent) - len(painted), "labels", "0"),
        Row(
            "announcements of new predictions",
            float(announced),
            "per second",
            "",
            f"to every page; {fetched:.1f} fetched",
        ),
        Row("processor time of the app", cpu_s / seconds, "cores", "2"),
        Row("peak memory of all processes", peak_bytes / 2**20, "MiB", "<= 4096 MiB"),
    ]
    return rows, not (lost or unsaid or wrong or doubled or failures)


def _percentiles(what: str, times_ms: NDArray[np.float64], budget: str) -> list[Row]:
    p50, p99 = np.percentile(times_ms, (50, 99)) if len(times_ms) else (np.nan, np.nan)
    return [Row(f"{what}, median", float(p50), "ms"), Row(f"{what}, 99th percentile", float(p99), "ms", budget)]


def cpu_seconds(pid: int) -> float:
    """Processor time of a process, without those that it has started."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100
