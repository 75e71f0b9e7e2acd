"""Our scatter beside a bare regl-scatterplot: the same points, the same canvas, the same browser, in turns.

WebGL is in software, so ratios count. Each measurement has a browser of its own, so that memory is that of one plot.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from benchmarks.explore.browser.built import TOOLS, build, served, write_points
from benchmarks.explore.browser.processes import Held, cpu_ms, held
from benchmarks.flow import FLAGS, find_chromium
from benchmarks.report import Row

ROUNDS = 3
STEPS = 8
REPEATS = 3
WAIT_MS = 300_000
VERTICES = 60
MIB = 2**20
ACTIONS = {
    "first": "first draw",
    "recolor": "new colours",
    "pan": "frame of a pan",
    "look": "frame of all points",
    "found": "lasso to mask",
    "lasso": "lasso to frame",
}
HOLDS = {"heap": "JavaScript heap and buffers", "renderer": "process of the page", "gpu": "process that draws"}


@dataclass(frozen=True, slots=True)
class Took:
    """Milliseconds of one action: by the clock, and of processor time in all the browser's processes."""

    clock: float
    cpu: float


@dataclass(frozen=True, slots=True)
class Measured:
    """One tool's figures of one round; `memory` is what it has come to hold, `inside` what the lasso found."""

    took: Mapping[str, Took]
    inside: int
    memory: Held


def measure(sizes: tuple[int, ...], quick: bool) -> list[Row]:
    """Both tools at each size, medians over rounds in which they take turns."""
    chromium = find_chromium()
    if chromium is None:
        raise SystemExit("no Chromium is on the PATH: install the 'chromium' package")
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="segclr-scatter-") as temporary, sync_playwright() as playwright:
        folder = Path(temporary)
        build(folder)
        for size in sizes:
            write_points(folder / "points.bin", size)
            with served(folder) as address:
                found: dict[str, list[Measured]] = {tool: [] for tool in TOOLS}
                for _ in range(1 if quick else ROUNDS):
                    for tool in TOOLS:
                        found[tool].append(_round(playwright, chromium, f"{address}/{tool}.html", size))
            rows += _rows(size, found["ours"], found["bare"])
    return rows


def _round(playwright: Playwright, chromium: str, address: str, size: int) -> Measured:
    browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
    try:
        page = browser.new_page(viewport={"width": 800, "height": 600})
        page.set_default_timeout(WAIT_MS)
        page.goto(address)
        page.wait_for_function("() => window.bench")
        empty = held(browser, page)
        page.evaluate("(rows) => window.bench.load('points.bin', rows)", size)
        took = {"first": _took(browser, page, "first", 1)}
        page.evaluate("() => window.bench.repeat('pan', 2)")  # not counted: shaders are still being compiled
        page.evaluate("() => window.bench.rest()")
        for action in ("pan", "look"):
            took[action] = _took(browser, page, action, STEPS)
            page.evaluate("() => window.bench.rest()")
        page.evaluate("(polygon) => { window.star = polygon; }", _star())
        took["lasso"] = _took(browser, page, "lasso", REPEATS)
        found = page.evaluate("() => window.bench.found")
        took["found"] = Took(float(np.median(found)), math.nan)
        took["recolor"] = _took(browser, page, "recolor", REPEATS)
        inside = page.evaluate("() => window.bench.inside")
        return Measured(took, int(inside), held(browser, page) - empty)
    finally:
        browser.close()


def _took(browser: Browser, page: Page, action: str, times: int) -> Took:
    before = cpu_ms(browser)
    clock = page.evaluate("([action, times]) => window.bench.repeat(action, times, window.star)", [action, times])
    return Took(float(np.median(clock)), (cpu_ms(browser) - before) / times)


def _star() -> list[list[float]]:
    """A star with every second corner further in: a hand would hardly draw a worse one."""
    radii = [0.7 if corner % 2 else 0.45 for corner in range(VERTICES)]
    angles = [2 * math.pi * corner / VERTICES for corner in range(VERTICES)]
    return [[r * math.cos(angle), r * math.sin(angle)] for r, angle in zip(radii, angles, strict=True)]


def _rows(size: int, ours: list[Measured], bare: list[Measured]) -> list[Row]:
    if abs(ours[0].inside - bare[0].inside) > 1e-3 * size:
        raise SystemExit(f"the lassoes differ: {ours[0].inside:,} and {bare[0].inside:,} points inside")
    rows = []
    for name, what in ACTIONS.items():
        clock, bare_clock = (_middle([each.took[name].clock for each in tool]) for tool in (ours, bare))
        cpu, bare_cpu = (_middle([each.took[name].cpu for each in tool]) for tool in (ours, bare))
        note = _ratio(clock, bare_clock, "ms")
        if not math.isnan(cpu):
            note += f"; CPU {cpu:,.0f} ms, {_ratio(cpu, bare_cpu, 'ms')}"
        rows.append(Row(f"{size:,} points: {what}", clock, "ms", "", note))
    for name, what in HOLDS.items():
        mine, theirs = (_middle([getattr(each.memory, name) for each in tool]) / MIB for tool in (ours, bare))
        rows.append(Row(f"{size:,} points: {what}", mine, "MiB", "", _ratio(mine, theirs, "MiB")))
    return rows


def _middle(values: Sequence[float]) -> float:
    return float(np.median(values))


def _ratio(ours: float, bare: float, unit: str) -> str:
    return f"bare {bare:,.0f} {unit}, ratio {bare / max(ours, 1e-9):.1f}"
