"""``python -m benchmarks flow``: from the key that answers to the next place ready, in a real browser.

The page measures it itself: the place is ready when the sections round it and the surface of its cell are loaded and
drawn, and its picture is decoded. Labels are given at a person's pace, so that each is followed by a new head and a
repaint. With and without what the viewer fetches ahead, in turns, in the same run.
"""

import argparse
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks import report
from benchmarks.client import App
from benchmarks.report import Row

FLAGS = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist"]
WAIT_MS = 120_000
WARM = 2  # answers that are not counted: the first places could not be fetched ahead

# The views that fetch ahead are made like those of the panels; without their navigation they cannot be made.
NOTHING_AHEAD = """() => {
  const refuse = class { constructor() { throw new Error("nothing is fetched ahead in this run"); } };
  for (const panel of viewer.display.panels) {
    if (panel.sliceView) Object.defineProperty(panel.sliceView.navigationState, "constructor", { value: refuse });
  }
}"""


@dataclass(frozen=True, slots=True)
class Pace:
    """How the simulated annotator works.

    Attributes:
        answers: counted ones of each task and way.
        thinks_s: seconds between a place being ready and its answer.
    """

    answers: int
    thinks_s: float


def measure(address: str, pace: Pace, chromium: str) -> list[Row]:
    """Label with keys in a browser, in both tasks of the demo, and tell the page's own times."""
    rows = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        for task in ("subcompartment", "cell type"):
            for ahead in (True, False):
                times = _times(browser, address, task, ahead, pace)
                way = "" if ahead else ", nothing fetched ahead"
                note = f"{len(times)} answers, {pace.thinks_s:g} s apart, 1280 x 800, WebGL in software"
                what = f"key to next place ready, {task}{way}"
                rows.append(Row(f"{what}, median", float(np.median(times)), "ms", "", note))
                rows.append(Row(f"{what}, 90th percentile", float(np.percentile(times, 90)), "ms"))
        browser.close()
    return rows


def _times(browser: Browser, address: str, task: str, ahead: bool, pace: Pace) -> list[float]:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.goto(address)
    _wait(page, "s.ready")
    if not page.evaluate("(task) => window.segclr.summary().task === task", task):
        page.click(f"#tasks >> text={task}")
        page.wait_for_function(
            "(task) => { const s = window.segclr.summary(); return s.task === task && s.ready; }",
            arg=task,
            timeout=WAIT_MS,
        )
    page.wait_for_function("() => window.segclr.settled()", timeout=WAIT_MS)
    if not ahead:
        page.frames[1].evaluate(NOTHING_AHEAD)
    page.keyboard.press("q")
    _wait(page, "s.queue && s.queue.row !== null")
    times = [_answer(page, str(1 + number % 5), pace.thinks_s) for number in range(WARM + pace.answers)]
    page.keyboard.press("Escape")
    context.close()
    return times[WARM:]


def _answer(page: Page, key: str, thinks_s: float) -> float:
    """Think, answer, and wait until the next place is ready; the page's own time."""
    page.wait_for_timeout(1e3 * thinks_s)
    before = page.evaluate("() => window.segclr.summary().queue.timed")
    page.keyboard.press(key)
    page.wait_for_function("(n) => window.segclr.summary().queue.timed > n", arg=before, timeout=WAIT_MS)
    return float(page.evaluate("() => window.segclr.summary().queue.times.at(-1)"))


def _wait(page: Page, condition: str) -> None:
    page.wait_for_function(
        f"() => {{ const s = window.segclr?.summary(); return s && ({condition}); }}", timeout=WAIT_MS
    )


def find_chromium() -> str | None:
    """Where a Chromium is on the PATH."""
    return next(
        (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
    )


def main(arguments: list[str]) -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks flow", description=__doc__)
    parser.add_argument("--cache", type=Path, help="folder of a demo that was started before; it gets labels")
    parser.add_argument("--answers", type=int, default=20)
    parser.add_argument("--thinks", type=float, default=1.5, help="seconds between a place and its answer")
    parser.add_argument("--chromium", default=find_chromium())
    options = parser.parse_args(arguments)
    if options.chromium is None:
        raise SystemExit("no Chromium is on the PATH: install the 'chromium' package, or name one with --chromium")
    with tempfile.TemporaryDirectory(prefix="segclr-benchmark-") as folder:
        app = App("--cache", str(options.cache or folder))
        try:
            rows = measure(app.wait_for_address(), Pace(options.answers, options.thinks), options.chromium)
        finally:
            app.stop()
    report.print_table(rows)
