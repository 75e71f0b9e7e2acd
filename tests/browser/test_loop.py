"""The whole loop in a real browser: open, see, click, label, repaint, lasso, undo, reload."""

import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Page

from tests.browser.page_state import WAIT_MS, summary, viewer_frame, wait

PANELS = """() => [...viewer.display.panels].map(panel => [panel.element.getBoundingClientRect(), !!panel.sliceView])
    .map(([r, flat]) => ({x: r.x, y: r.y, width: r.width, height: r.height, flat}))"""


def sections(page: Page) -> list[dict[str, float]]:
    """The 2-D panels of the viewer in page coordinates, the xy section first."""
    frame = viewer_frame(page)
    frame.wait_for_function("() => window.viewer && [...viewer.display.panels].length > 1", timeout=WAIT_MS)
    corner = page.query_selector("#viewer").bounding_box()  # type: ignore[union-attr]
    assert corner is not None
    flat = [panel for panel in frame.evaluate(PANELS) if panel["flat"]]
    for panel in flat:
        panel["x"] += corner["x"]
        panel["y"] += corner["y"]
    return sorted(flat, key=lambda panel: (panel["y"], panel["x"]))


def drawn(page: Page) -> None:
    """Wait until everything that is visible in the viewer is loaded."""
    page.wait_for_function("() => window.segclr.settled()", timeout=WAIT_MS)
    viewer_frame(page).evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def picture(page: Page, panel: dict[str, float]) -> NDArray[np.int16]:
    """Pixels of a panel, (height, width, 3)."""
    clip = {key: panel[key] for key in ("x", "y", "width", "height")}
    with Image.open(io.BytesIO(page.screenshot(clip=clip))) as image:  # type: ignore[arg-type]
        return np.asarray(image.convert("RGB")).astype(np.int16)


@pytest.fixture
def opened(page: Page, own_demo: str) -> Page:
    """The demo, opened and drawn."""
    page.goto(own_demo)
    wait(page, "s.ready")
    drawn(page)
    return page


def click_a_cell(page: Page, share: tuple[float, float] = (0.5, 0.5)) -> None:
    """Alt+click in the xy section, at these shares of its width and height or beside, and wait for the answer."""
    panel = sections(page)[0]
    before = summary(page)
    for aside in (0, 8, 16, 24):  # pixels: what is clicked may be the space between cells
        page.mouse.move(panel["x"] + share[0] * panel["width"] + aside, panel["y"] + share[1] * panel["height"])
        viewer_frame(page).wait_for_function("() => viewer.mouseState.active", timeout=WAIT_MS)
        told = [before["places"], len(summary(page)["failures"])]
        page.keyboard.down("Alt")
        page.mouse.down()
        page.mouse.up()
        page.keyboard.up("Alt")
        wait(page, "s.places > a[0] || s.failures.length > a[1]", told)
        if summary(page)["places"] > before["places"]:
            return
    pytest.fail(f"there is no cell near {share} of the section")


def test_both_panes_are_drawn_in_the_classes_colours(opened: Page) -> None:
    seen = summary(opened)
    assert seen["rows"] > 100
    assert sum(seen["predicted"]) == seen["rows"]
    section = picture(opened, sections(opened)[0])
    coloured = (section.max(2) - section.min(2)) > 25
    assert coloured.mean() > 0.3, "the overlay does not cover the section"
    scatter = opened.query_selector("#scatter").bounding_box()  # type: ignore[union-attr]
    assert scatter is not None
    points = picture(opened, dict(scatter))
    assert ((points.max(2) - points.min(2)) > 40).sum() > 200, "the scatter shows no coloured points"


def test_a_click_in_the_em_fills_the_card_and_a_key_saves_and_repaints(opened: Page) -> None:
    section = sections(opened)[0]
    click_a_cell(opened)
    card = opened.inner_text("#card")
    assert "ms" in card
    assert opened.query_selector_all("#card img[src^='data:image/png']"), "the cutout's planes are not shown"

    before, painted = summary(opened), picture(opened, section)
    for share, key in (((0.5, 0.5), "4"), ((0.3, 0.4), "4"), ((0.7, 0.6), "4")):
        click_a_cell(opened, share)
        saved = summary(opened)["lastSaved"]
        opened.keyboard.press(key)
        wait(opened, "s.lastSaved && (!a || s.lastSaved.seq > a.seq)", saved)
    wait(opened, "s.ready && s.headVersion >= s.lastSaved.seq")
    after = summary(opened)
    assert after["labelled"][3] >= before["labelled"][3] + 1
    assert after["predicted"] != before["predicted"]
    drawn(opened)
    assert (np.abs(picture(opened, section) - painted).max(2) > 12).sum() > 200, "the overlay was not repainted"


def test_undo_takes_labels_back_and_redo_brings_them_again(opened: Page) -> None:
    click_a_cell(opened, (0.4, 0.6))
    opened.mouse.click(640, 10)  # the page, not the viewer, has the keys now
    labels = summary(opened)["labels"]
    seq = summary(opened)["lastSaved"]
    opened.keyboard.press("1")
    wait(opened, "s.lastSaved && (!a || s.lastSaved.seq > a.seq) && s.ready", seq)
    wait(opened, "s.headVersion === s.lastSaved.seq")
    labelled = summary(opened)
    assert labelled["labels"] in (labels, labels + 1)  # that node may have had a label
    opened.keyboard.press("Control+z")
    wait(opened, "s.headVersion > a && s.canRedo", labelled["headVersion"])
    assert summary(opened)["labels"] == labels
    opened.keyboard.press("Control+Shift+Z")
    wait(opened, "s.headVersion > a && !s.canRedo", labelled["headVersion"] + 1)
    assert summary(opened)["labelled"] == labelled["labelled"]
    assert summary(opened)["predicted"] == labelled["predicted"]


def test_a_lasso_selects_rows_and_shows_their_segments_in_the_viewer(opened: Page) -> None:
    scatter = opened.query_selector("#scatter canvas").bounding_box()  # type: ignore[union-attr]
    assert scatter is not None
    x, y, w, h = (scatter[key] for key in ("x", "y", "width", "height"))
    corners = [(0.15, 0.15), (0.85, 0.15), (0.85, 0.85), (0.15, 0.85), (0.15, 0.15)]
    opened.mouse.move(x + corners[0][0] * w, y + corners[0][1] * h)
    opened.mouse.down()
    for a, b in corners[1:]:
        opened.mouse.move(x + a * w, y + b * h, steps=4)
    opened.mouse.up()
    wait(opened, "s.selectionCount > 0 && !s.selectionWaiting")
    chosen = summary(opened)
    assert 0 < len(chosen["selectedSegments"]) <= 200
    assert all(int(segment) > 2**53 for segment in chosen["selectedSegments"])
    viewer_frame(opened).wait_for_function(
        """ids => { const layer = viewer.layerManager.managedLayers.find(l => l.name === 'cells').layer;
            const visible = layer.displayState.segmentationGroupState.value.visibleSegments;
            return visible.size === ids.length && ids.every(id => visible.has(BigInt(id))); }""",
        arg=chosen["selectedSegments"],
        timeout=WAIT_MS,
    )
    opened.keyboard.press("Escape")
    wait(opened, "s.selectionCount === 0")


def test_selecting_a_segment_in_the_viewer_lights_its_points(opened: Page) -> None:
    segment = viewer_frame(opened).evaluate(
        """() => { const layer = viewer.layerManager.managedLayers.find(l => l.name === 'cells').layer;
            const visible = layer.displayState.segmentationGroupState.value.visibleSegments;
            const [first] = [...visible]; visible.clear(); visible.add(first); return String(first); }"""
    )
    wait(opened, "s.selectionCount > 0 && !s.selectionWaiting && s.selectedSegments.length === 1")
    assert summary(opened)["selectedSegments"] == [segment]


def test_clicking_a_point_flies_there_and_makes_it_the_target(opened: Page) -> None:
    where = "() => [...viewer.position.value].map(Math.round)"
    before = viewer_frame(opened).evaluate(where)
    scatter = opened.query_selector("#scatter canvas").bounding_box()  # type: ignore[union-attr]
    assert scatter is not None
    spots = opened.evaluate(
        """() => { const s = window.segclr.summary();
            return Array.from({length: s.rows}, (_, row) => window.segclr.pointOnScreen(row)); }"""
    )
    inside = [
        (x, y) for x, y in spots
        if scatter["x"] + 60 < x < scatter["x"] + scatter["width"] - 60
        and scatter["y"] + 60 < y < scatter["y"] + scatter["height"] - 60
    ]  # fmt: skip
    opened.mouse.click(*inside[len(inside) // 2])
    wait(opened, "s.target && s.target.kind === 'row'")
    viewer_frame(opened).wait_for_function(f"old => String(({where})()) !== String(old)", arg=before, timeout=WAIT_MS)


def test_a_reload_and_a_second_tab_show_the_same_state(opened: Page) -> None:
    click_a_cell(opened, (0.6, 0.5))
    first = summary(opened)
    opened.reload()
    wait(opened, "s.ready")
    second = opened.context.new_page()
    second.goto(opened.url)
    wait(second, "s.ready")
    for page in (opened, second):
        seen = summary(page)
        assert [seen[key] for key in ("task", "stamp", "labels", "predicted", "places")] == [
            first[key] for key in ("task", "stamp", "labels", "predicted", "places")
        ]


def test_switching_the_task_repaints_by_cell_type_and_back(opened: Page) -> None:
    section = sections(opened)[0]
    before = picture(opened, section)
    opened.click("#tasks button:has-text('cell type')")
    wait(opened, "s.ready && s.task === 'cell type'")
    drawn(opened)
    assert len(summary(opened)["predicted"]) == 9
    assert (np.abs(picture(opened, section) - before).max(2) > 12).mean() > 0.05
    opened.click("#tasks button:has-text('subcompartment')")
    wait(opened, "s.ready && s.task === 'subcompartment'")


def test_clicking_background_says_so(opened: Page) -> None:
    opened.evaluate("() => 0")
    frame = viewer_frame(opened)
    low = frame.evaluate("() => { const p = viewer.position; p.value = Float32Array.of(-40.5, -40.5, 0.5); return 1; }")
    assert low == 1
    panel = sections(opened)[0]
    opened.mouse.move(panel["x"] + panel["width"] / 2, panel["y"] + panel["height"] / 2)
    frame.wait_for_function("() => viewer.mouseState.active", timeout=WAIT_MS)
    places = summary(opened)["places"]
    opened.keyboard.down("Alt")
    opened.mouse.down()
    opened.mouse.up()
    opened.keyboard.up("Alt")
    wait(opened, "s.failures.some(text => /background|no segment/i.test(text))")
    assert summary(opened)["places"] == places
