"""The scatter with a million points, and with points that no good layout has."""

import io
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Page

from segclr_viewer.session.selection import rows_inside
from tests.browser.page_state import summary, wait
from tests.browser.staged import Stage, blobs

ROUND_ALL = [(0.01, 0.5), (0.01, 0.0), (1.0, 0.0), (1.0, 1.0), (0.01, 1.0)]
COUNT_DRAWING = """() => {
  window.drawn = [];
  const kept = WebGL2RenderingContext.prototype;
  const { drawArrays, drawElements } = kept;
  kept.drawArrays = function (...given) { window.drawn.push(given[2]); drawArrays.apply(this, given); };
  kept.drawElements = function (...given) { window.drawn.push(given[1]); drawElements.apply(this, given); };
}"""

NOTHING_NEW = """() => {
  const before = window.counted;
  window.counted = window.drawn.length;
  return window.counted === before;
}"""

Show = Callable[[Stage], Stage]


@pytest.fixture
def show(page: Page) -> Iterator[Show]:
    """Puts a project before the page, and waits for its points."""
    shown: list[Stage] = []

    def put(stage: Stage) -> Stage:
        shown.append(stage)
        stage.open(page)
        if stage.rows:
            wait(page, "s.paintedStamp !== null")
            page.locator("#scatter-empty").wait_for(state="hidden")
        next_frame(page)
        return stage

    yield put
    for stage in shown:
        stage.close()


def next_frame(page: Page) -> None:
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def canvas_box(page: Page) -> dict[str, float]:
    box = page.locator("#scatter canvas").bounding_box()
    assert box is not None
    return {"x": box["x"], "y": box["y"], "width": box["width"], "height": box["height"]}


def colours(page: Page) -> NDArray[np.int16]:
    """Pixels of the canvas alone, (height, width, 3)."""
    page.add_style_tag(content="#scatter > :not(canvas) { visibility: hidden !important; }")
    next_frame(page)
    with Image.open(io.BytesIO(page.locator("#scatter canvas").screenshot())) as image:
        return np.asarray(image.convert("RGB")).astype(np.int16)


def at_rest(page: Page) -> NDArray[np.int16]:
    """Pixels of the canvas when nothing moves any more: two pictures alike."""
    former = colours(page)
    for _ in range(20):
        now = colours(page)
        if np.array_equal(former, now):
            return now
        former = now
    pytest.fail("the picture does not come to rest")


def colourful(pixels: NDArray[np.int16]) -> int:
    """How many pixels are of no grey."""
    return int((pixels.max(2) - pixels.min(2) > 40).sum())


def drag(page: Page, shares: list[tuple[float, float]], steps: int = 3, release: bool = True) -> None:
    """Draw through these places of the canvas, given as shares of its width and height."""
    box = canvas_box(page)
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in shares]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=steps)
    if release:
        page.mouse.up()


def asked(page: Page, stage: Stage, kind: str) -> dict[str, Any]:
    """The newest message of a kind that the page has sent."""
    next_frame(page)
    return [message for message in stage.asked if message["type"] == kind][-1]


def test_a_million_points_are_drawn_selected_and_pointed_at(page: Page, show: Show) -> None:
    stage = show(blobs(1_000_000))
    page.evaluate(COUNT_DRAWING)
    drag(page, [(0.5, 0.5), (0.75, 0.3), (0.5, 0.05), (0.25, 0.3)])
    wait(page, "s.selectionCount > 100000")
    polygon = asked(page, stage, "lasso")["polygon"]
    assert summary(page)["selectionCount"] == len(rows_inside(stage.xy, polygon))
    page.wait_for_function("() => window.drawn.includes(1000000)")
    page.wait_for_function(NOTHING_NEW, polling=1000)
    page.evaluate("() => { window.drawn = []; }")
    x, y = page.evaluate("() => window.segclr.pointOnScreen(999999)")
    page.mouse.move(x, y)
    page.locator("#scatter .tip-ring").wait_for(state="visible")
    next_frame(page)
    assert page.evaluate("() => window.drawn") == [], "pointing at a point draws no other anew"
    page.locator("#scatter canvas").focus()
    page.keyboard.press("ArrowLeft")
    page.wait_for_function("(x) => window.segclr.pointOnScreen(999999)[0] > x + 30", arg=x)
    page.wait_for_function("() => window.drawn.includes(1000000)")
    assert colourful(colours(page)) > 5000


def test_a_table_without_rows_says_what_to_do(page: Page, show: Show) -> None:
    stage = Stage(np.zeros((0, 2), np.float32), np.zeros(0, np.uint8))
    show(stage)
    page.get_by_text("This project has no embeddings yet").wait_for()
    drag(page, ROUND_ALL)
    page.keyboard.press("Home")
    assert summary(page)["failures"] == []


def test_one_point_is_shown_found_and_selected(page: Page, show: Show) -> None:
    stage = Stage(np.array([(0.3, -0.2)], np.float32), np.ones(1, np.uint8))
    show(stage)
    box = canvas_box(page)
    x, y = page.evaluate("() => window.segclr.pointOnScreen(0)")
    assert box["x"] < x < box["x"] + box["width"]
    assert box["y"] < y < box["y"] + box["height"]
    assert colourful(colours(page)) > 4
    page.mouse.click(x, y)
    wait(page, "s.target?.row === 0")
    drag(page, ROUND_ALL)
    wait(page, "s.selectionCount === 1")


def test_points_that_are_all_equal_are_shown_and_selected_together(page: Page, show: Show) -> None:
    stage = Stage(np.full((500, 2), 0.25, np.float32), np.zeros(500, np.uint8))
    show(stage)
    assert colourful(colours(page)) > 4
    drag(page, ROUND_ALL)
    wait(page, "s.selectionCount === 500")
    assert all(np.isfinite(page.evaluate("() => window.segclr.pointOnScreen(7)")))


def test_points_without_coordinates_are_neither_shown_nor_selected(page: Page, show: Show) -> None:
    stage = blobs(2000)
    stage.xy[::4] = np.nan
    stage.xy[1::4, 1] = np.inf
    show(stage)
    drag(page, ROUND_ALL)
    wait(page, "s.selectionCount === 1000")
    box = canvas_box(page)
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert colourful(colours(page)) > 200
    assert summary(page)["failures"] == []


def test_a_lasso_of_no_area_selects_nothing(page: Page, show: Show) -> None:
    stage = blobs(5000)
    show(stage)
    drag(page, [(0.2, 0.5), (0.8, 0.5), (0.2, 0.5)])
    wait(page, "s.selectionWaiting")
    assert summary(page)["selectionCount"] == 0
    assert len(rows_inside(stage.xy, asked(page, stage, "lasso")["polygon"])) == 0


def test_a_lasso_that_a_new_layout_overtakes_is_given_up(page: Page, show: Show) -> None:
    stage = show(blobs(3000))
    drag(page, ROUND_ALL, release=False)
    before = page.evaluate("() => window.segclr.pointOnScreen(0)")
    stage.xy = -stage.xy
    stage.tell(stage.layout("second"))
    page.wait_for_function("(old) => String(window.segclr.pointOnScreen(0)) !== String(old)", arg=before)
    page.mouse.up()
    next_frame(page)
    assert [message for message in stage.asked if message["type"] == "lasso"] == []
    assert summary(page)["selectionCount"] == 0


def test_a_window_resized_during_a_lasso_selects_what_its_line_goes_round(page: Page, show: Show) -> None:
    show(blobs(5000))
    drag(page, [(0.1, 0.6), (0.1, 0.2), (0.9, 0.2)], release=False)
    page.set_viewport_size({"width": 900, "height": 640})
    next_frame(page)
    box = canvas_box(page)
    page.mouse.move(box["x"] + 0.8 * box["width"], box["y"] + 0.6 * box["height"], steps=3)
    drawn = page.locator("#scatter svg polygon").get_attribute("points")
    page.mouse.up()
    wait(page, "s.selectionCount > 0")
    assert drawn is not None
    corners = [tuple(map(float, pair.split(","))) for pair in drawn.split()]
    points = page.evaluate("(rows) => Array.from({length: rows}, (_, row) => window.segclr.pointOnScreen(row))", 5000)
    on_canvas = np.array(points) - (box["x"], box["y"])
    within = len(rows_inside(on_canvas.astype(np.float32), [(x, y) for x, y in corners]))
    assert abs(summary(page)["selectionCount"] - within) <= 2, "but for rounding, the line and the selection agree"


def test_a_lost_drawing_context_comes_back_with_the_same_picture(page: Page, show: Show) -> None:
    show(blobs(20_000))
    before = at_rest(page)
    page.evaluate(
        """() => new Promise(done => {
          const canvas = document.querySelector('#scatter canvas');
          const tools = canvas.getContext('webgl2').getExtension('WEBGL_lose_context');
          canvas.addEventListener('webglcontextlost', () => setTimeout(() => tools.restoreContext(), 0));
          canvas.addEventListener('webglcontextrestored', () => setTimeout(done, 0));
          tools.loseContext();
        })"""
    )
    mean, again = (picture.mean((0, 1)) for picture in (before, at_rest(page)))
    assert np.allclose(mean, again, rtol=0.005), "every column and the palette are there again"
