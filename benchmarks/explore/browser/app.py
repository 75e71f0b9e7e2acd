"""The whole app with a large table: from a lasso to the highlighted viewer, pictures of places, memory of the server.

The lasso is drawn by a mouse round a tenth of the points. Times begin when its button is released; the viewer is
highlighted when it has drawn a frame in which exactly the selected cells are visible. Where drawing takes long their
surfaces come in another frame; each of the two is waited for.
"""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks import report
from benchmarks.client import App, resident_bytes
from benchmarks.explore.browser.large_demo import large_demo
from benchmarks.explore.browser.processes import cpu_ms, held
from benchmarks.flow import FLAGS, find_chromium
from benchmarks.report import Row

WAIT_MS = 300_000
REPEATS = 5
PICTURES = 30
SHARE = 0.1
VERTICES = 32
REST_MS = 2000  # within which the scatter has drawn all points again after the selection before
MIB = 2**20

WATCH = """() => {
  window.times = {};
  const visible = (name) => {
    const { viewer } = document.querySelector('#viewer').contentWindow;
    const { layer } = viewer.layerManager.managedLayers.find(one => one.name === name);
    return [...layer.displayState.segmentationGroupState.value.visibleSegments].map(String).sort().join();
  };
  const whenDrawn = (then) => {
    const frame = document.querySelector('#viewer').contentWindow;
    frame.requestAnimationFrame(() => {
      const { gl } = frame.viewer.display;
      gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));
      then();
    });
  };
  addEventListener('pointerup', () => {
    const started = performance.now();
    const seen = (name) => { window.times[name] ??= performance.now() - started; };
    const look = () => {
      const s = window.segclr.summary();
      if (s.selectionCount > 0) seen('mask');
      if (s.selectionCount > 0 && !s.selectionWaiting) {
        seen('answer');
        if (visible('cells') === [...s.selectedSegments].sort().join()) {
          return whenDrawn(() => {
            seen('highlighted');
            lookForSurfaces();
          });
        }
      }
      setTimeout(look, 5);
    };
    const lookForSurfaces = () => {
      if (visible('surfaces')) whenDrawn(() => seen('surfaces'));
      else setTimeout(lookForSurfaces, 5);
    };
    setTimeout(look, 0);
  }, { capture: true, once: true });
}"""
FETCH = """async (rows) => {
  const loaded = performance.getEntriesByType('resource').map(one => /columns\\/([^/]+)\\/segments/.exec(one.name));
  const [, version] = loaded.find(Boolean);
  const times = [];
  for (const row of rows) {
    const started = performance.now();
    await (await fetch(`pictures/${version}/${row}.png`)).blob();
    times.push(performance.now() - started);
  }
  return times;
}"""


def measure(sizes: tuple[int, ...], quick: bool) -> list[Row]:
    """Open the demo with each number of rows; volumes are kept under `runs/explore`."""
    chromium = find_chromium()
    if chromium is None:
        raise SystemExit("no Chromium is on the PATH: install the 'chromium' package")
    rows: list[Row] = []
    for size in sizes:
        project = large_demo(report.ROOT / "runs" / "explore", size)
        app = App(str(project))
        try:
            address = app.wait_for_address()
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
                rows += _measured(browser, address, app.process.pid, size, 2 if quick else REPEATS)
                browser.close()
        finally:
            app.stop()
    return rows


def _measured(browser: Browser, address: str, server: int, size: int, repeats: int) -> list[Row]:
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.set_default_timeout(WAIT_MS)
    page.goto(address)
    page.wait_for_function("() => window.segclr?.summary().ready")
    stop = page.locator("#fitting button")
    if stop.is_visible():
        stop.click()  # a UMAP would take one of the cores
        page.locator("#fitting").wait_for(state="hidden")
    page.wait_for_function("() => window.segclr.settled()")
    shown = int(page.evaluate("() => window.segclr.summary().rows"))  # of a large table a sample
    found = [_lasso(browser, page, shown) for _ in range(repeats)]
    inside = round(_middle([each["count"] for each in found]))
    say = partial(Row, unit="ms")
    name = f"{size:,} rows, {shown:,} shown, lasso of {inside:,}"
    rows = [
        say(f"{name}: to mask", _middle([each["mask"] for each in found]), note=f"{repeats} lassoes, whole app"),
        say(f"{name}: to the server's answer", _middle([each["answer"] for each in found])),
        say(f"{name}: to highlighted viewer", _middle([each["highlighted"] for each in found]), budget="<= 1000 ms"),
        say(f"{name}: processor time of that", _middle([each["processor"] for each in found]), note="page and drawing"),
        say(f"{name}: to the cells' surfaces", _middle([each["surfaces"] for each in found]), note="those loaded"),
    ]
    asked = np.random.default_rng(5).choice(shown, PICTURES, replace=False).tolist()
    first, again = (page.evaluate(FETCH, asked) for _ in range(2))
    rows.append(say(f"{size:,} rows: picture of a place, first time", _middle(first), note=_worst(first)))
    rows.append(say(f"{size:,} rows: picture of a place, warm", _middle(again), budget="<= 150 ms", note=_worst(again)))
    taken = held(browser, page)
    rows.append(Row(f"{size:,} rows: JavaScript heap and buffers", taken.heap / MIB, "MiB"))
    rows.append(Row(f"{size:,} rows: process of the page", taken.renderer / MIB, "MiB", note="Neuroglancer in it"))
    rows.append(Row(f"{size:,} rows: server", resident_bytes(server) / MIB, "MiB", "", "all its processes, resident"))
    return rows


def _lasso(browser: Browser, page: Page, shown: int) -> dict[str, Any]:
    page.keyboard.press("Escape")
    page.wait_for_function("() => window.segclr.summary().selectionCount === 0")
    page.wait_for_function("() => window.segclr.settled()")
    page.wait_for_timeout(REST_MS)
    page.evaluate(WATCH)
    corners = _round_a_tenth(page, shown)
    page.mouse.move(*corners[0])
    page.mouse.down()
    for corner in corners[1:]:
        page.mouse.move(*corner)
    before = cpu_ms(browser)
    page.mouse.up()
    page.wait_for_function("() => 'highlighted' in window.times")
    processor = cpu_ms(browser) - before
    page.wait_for_function("() => 'surfaces' in window.times")
    times: dict[str, Any] = page.evaluate("() => ({ ...window.times, count: window.segclr.summary().selectionCount })")
    return times | {"processor": processor}


def _round_a_tenth(page: Page, shown: int) -> list[tuple[float, float]]:
    """Corners of a circle on the page round a tenth of the points, where no tool lies over the canvas."""
    sample = np.arange(0, shown, max(1, shown // 4000)).tolist()
    points = np.array(page.evaluate("(rows) => rows.map(row => window.segclr.pointOnScreen(row))", sample))
    box = page.locator("#scatter canvas").bounding_box()
    assert box is not None
    middle = np.array([box["x"] + 0.45 * box["width"], box["y"] + 0.55 * box["height"]])
    away = np.linalg.norm(points - middle, axis=1)
    radius = float(np.quantile(away, SHARE))
    turns = [2 * math.pi * corner / VERTICES + 0.1 for corner in range(VERTICES)]
    return [(middle[0] + radius * math.cos(turn), middle[1] + radius * math.sin(turn)) for turn in turns]


def _middle(values: list[float]) -> float:
    return float(np.median(values))


def _worst(values: list[float]) -> str:
    return f"{len(values)} places, the slowest {max(values):.0f} ms"
