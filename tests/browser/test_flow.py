"""The next place is fetched before the key, and not again after it; fast keys leave the right place on screen."""

import re

import pytest
from playwright.sync_api import Page

from tests.browser.page_state import WAIT_MS, summary, viewer_frame, wait

READY = "() => window.segclr.settled() && window.segclr.nextFetched()"
SHOWN = """(name) => [...viewer.layerManager.managedLayers.find(one => one.name === name)
  .layer.displayState.segmentationGroupState.value.visibleSegments].map(String)"""


def is_data(url: str) -> bool:
    """Whether it is a chunk or a mesh."""
    return re.search(r"/volumes/\w+/\d|/overlay/active/\d|/surfaces/part_", url) is not None


@pytest.fixture
def asked(page: Page, demo: str) -> Page:
    """The demo with its queue running, the first place on screen and the next one fetched."""
    page.goto(demo)
    wait(page, "s.ready")
    page.wait_for_function("() => window.segclr.settled()", timeout=WAIT_MS)
    page.keyboard.press("q")
    wait(page, "s.queue && s.queue.row !== null")
    page.wait_for_function(READY, timeout=WAIT_MS)
    return page


def test_the_next_place_is_fetched_before_the_key_and_not_again_after_it(asked: Page) -> None:
    urls: list[str] = []
    asked.on("request", lambda request: urls.append(request.url))
    for _ in range(3):
        timed = summary(asked)["queue"]["timed"]
        asked.keyboard.press("s")  # no answer, so that nothing is repainted
        assert viewer_frame(asked).evaluate("() => viewer.isReady()"), "the place was not there at once"
        wait(asked, "s.queue.timed > a", timed)
        asked.wait_for_function(READY, timeout=WAIT_MS)
    data = [url for url in urls if is_data(url)]
    assert data, "nothing was fetched ahead"
    assert len(data) == len(set(data)), "something was fetched twice"


def test_after_fast_keys_the_last_place_is_on_screen_with_its_cell_alone(asked: Page) -> None:
    at = summary(asked)["queue"]["at"]
    for _ in range(5):
        asked.keyboard.press("s")
    wait(asked, "s.queue.at === a && s.queue.row !== null", at + 5)
    asked.wait_for_function(READY, timeout=WAIT_MS)
    frame = viewer_frame(asked)
    segment = re.search(r"\d{15,}", asked.inner_text("#card"))
    assert segment is not None
    assert frame.evaluate(SHOWN, "cells") == [segment[0]]
    cross = frame.evaluate("() => document.querySelectorAll('.segclr-cross').length")
    assert cross == 4, "every panel marks the place"
    assert summary(asked)["failures"] == []


def test_the_other_cells_are_shown_on_request_and_when_the_queue_is_left(asked: Page) -> None:
    frame = viewer_frame(asked)
    visible = "() => viewer.layerManager.managedLayers.find(one => one.name === 'classes').visible"
    assert (len(frame.evaluate(SHOWN, "cells")), frame.evaluate(visible)) == (1, False)
    asked.keyboard.press("o")
    assert len(frame.evaluate(SHOWN, "cells")) > 1
    assert frame.evaluate(visible)
    asked.keyboard.press("o")
    assert len(frame.evaluate(SHOWN, "cells")) == 1
    asked.keyboard.press("Escape")
    wait(asked, "s.queue === null")
    assert len(frame.evaluate(SHOWN, "cells")) > 1
    assert frame.evaluate(visible)
