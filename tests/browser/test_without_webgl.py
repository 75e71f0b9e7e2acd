"""A browser that cannot draw: the page says so, and labelling goes on."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, sync_playwright

from tests.browser.conftest import Demo
from tests.browser.page_state import WAIT_MS, summary, wait
from tests.chromium import FLAGS, chromium_path

SOFTWARE = {"--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist"}
NO_DRAWING = ["--disable-gpu", "--disable-software-rasterizer", "--disable-3d-apis"]


@pytest.fixture
def blind_page() -> Iterator[Page]:
    """A tab of a browser without WebGL."""
    with sync_playwright() as playwright:
        flags = [flag for flag in FLAGS if flag not in SOFTWARE] + NO_DRAWING
        browser = playwright.chromium.launch(
            executable_path=chromium_path(), args=flags, ignore_default_args=["--enable-unsafe-swiftshader"]
        )
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        assert page.evaluate("() => document.createElement('canvas').getContext('webgl2')") is None
        yield page
        browser.close()


def test_without_webgl_the_page_says_so_and_labels_by_the_queue(blind_page: Page, scrap_demo: Demo) -> None:
    page = blind_page
    page.goto(scrap_demo.address)
    page.get_by_text("This browser has no WebGL2").wait_for()
    wait(page, "s.paintedStamp !== null")
    page.keyboard.press("q")
    wait(page, "s.queue && s.queue.row !== null")
    page.wait_for_function("() => document.querySelector('#card img')?.naturalWidth > 0", timeout=WAIT_MS)
    labels, at = summary(page)["labels"], summary(page)["queue"]["at"]
    page.keyboard.press("2")
    wait(page, "s.labels > a && s.unsaved === 0", labels)
    wait(page, "s.queue.at > a && s.queue.row !== null", at)
    assert summary(page)["lastSaved"] is not None
