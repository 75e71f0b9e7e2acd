"""Make the README's picture: ``python docs/screenshot.py [--cache FOLDER]`` opens the demo as a user would."""

import argparse
import re
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
FLAGS = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist"]
WAIT_MS = 180_000


def main() -> None:
    """Start the demo, click a cell, and save docs/images/app.png."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, help="folder for the demo's volume")
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images" / "app.png")
    parser.add_argument("--size", type=int, nargs=2, default=(1280, 800))
    options = parser.parse_args()
    cache = ["--cache", str(options.cache)] if options.cache else []
    app = subprocess.Popen(
        [sys.executable, "-u", str(ROOT / "launch.py"), *cache],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        address = _address(app)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=options.chromium, args=FLAGS)
            width, height = options.size
            page = browser.new_page(viewport={"width": width, "height": height})
            page.goto(address)
            _prepare(page)
            page.screenshot(path=options.out)
            browser.close()
    finally:
        app.terminate()
        app.wait()


def _address(app: "subprocess.Popen[str]") -> str:
    assert app.stdout is not None
    for line in app.stdout:
        if found := re.search(r"http://\S+token=\S+", line):
            return found[0]
    raise SystemExit("the demo did not start")


def _prepare(page: Page) -> None:
    """Wait for the UMAP and the picture, then embed the middle of the first section."""
    page.wait_for_function("() => window.segclr?.summary().ready", timeout=WAIT_MS)
    page.wait_for_function("() => /umap/i.test(document.querySelector('#scatter-note').textContent)", timeout=WAIT_MS)
    page.wait_for_function("() => /encoder on /.test(document.body.innerText)", timeout=WAIT_MS)  # it starts by itself
    frame = page.frame(url=re.compile("/v/"))
    assert frame is not None
    panel = frame.evaluate(
        "() => { const r = [...viewer.display.panels].find(p => p.sliceView).element.getBoundingClientRect();"
        " return [r.x + r.width / 2, r.y + r.height / 2]; }"
    )
    corner = page.locator("#viewer").bounding_box()
    assert corner is not None
    page.mouse.move(corner["x"] + panel[0], corner["y"] + panel[1])
    frame.wait_for_function("() => viewer.mouseState.active", timeout=WAIT_MS)
    page.keyboard.down("Alt")
    page.mouse.down()
    page.mouse.up()
    page.keyboard.up("Alt")
    page.wait_for_function("() => window.segclr.summary().places > 0", timeout=WAIT_MS)
    frame.wait_for_function("() => viewer.isReady()", timeout=WAIT_MS)
    page.wait_for_timeout(2000)  # the last frames of the software renderer


if __name__ == "__main__":
    main()
