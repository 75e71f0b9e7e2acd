"""What a page takes: its JavaScript heap with the buffers, and memory and processor time of its processes."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page


@dataclass(frozen=True, slots=True)
class Held:
    """Bytes.

    Attributes:
        heap: JavaScript objects and array buffers, after a collection.
        renderer: resident, of the page's own process.
        gpu: resident, of the process that draws; in software it holds what a card would.
    """

    heap: int
    renderer: int
    gpu: int

    def __sub__(self, other: Held) -> Held:
        return Held(self.heap - other.heap, self.renderer - other.renderer, self.gpu - other.gpu)


def held(browser: Browser, page: Page) -> Held:
    """What the only page of a browser holds now."""
    tools = page.context.new_cdp_session(page)
    tools.send("HeapProfiler.enable")
    tools.send("HeapProfiler.collectGarbage")
    tools.send("HeapProfiler.collectGarbage")
    heap = tools.send("Runtime.getHeapUsage")
    tools.detach()
    resident = [(kind, _resident(pid)) for kind, pid in _processes(browser)]
    return Held(
        int(heap["usedSize"] + heap["backingStorageSize"]),
        max((size for kind, size in resident if kind == "renderer"), default=0),
        max((size for kind, size in resident if kind == "GPU"), default=0),
    )


def cpu_ms(browser: Browser) -> float:
    """Processor time that pages and drawing have taken so far; other programs on the machine do not lengthen it."""
    ticks = 0
    for kind, pid in _processes(browser):
        if kind in ("renderer", "GPU"):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
    return 1000 * ticks / os.sysconf("SC_CLK_TCK")


def _processes(browser: Browser) -> list[tuple[str, int]]:
    tools = browser.new_browser_cdp_session()
    processes = tools.send("SystemInfo.getProcessInfo")["processInfo"]
    tools.detach()
    return [(process["type"], int(process["id"])) for process in processes]


def _resident(pid: int) -> int:
    try:
        found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    except OSError:
        return 0
    return 1024 * int(found[1]) if found else 0
