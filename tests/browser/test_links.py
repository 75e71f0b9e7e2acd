"""Scatter and viewer linked, each way, on the phantom and on real FIB-SEM of the fly."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Page

from segclr.em.cutout import CutoutSpec
from tests.browser.conftest import ADDRESS, Demo, start_app, stop_app
from tests.browser.page_state import WAIT_MS, summary, viewer_frame, wait
from tests.test_real_data import write_project

pytestmark = pytest.mark.torch

RESOLUTION_NM = {"phantom": (32, 32, 40), "fib25": (10, 10, 10)}
COLUMNS = """async () => {
  const loaded = performance.getEntriesByType('resource').map(one => /columns\\/([^/]+)\\/segments/.exec(one.name));
  const [, version] = loaded.find(Boolean);
  const column = async (name) => (await fetch(`columns/${version}/${name}.bin`)).arrayBuffer();
  return {
    segments: [...new BigUint64Array(await column('segments'))].map(String),
    positions: [...new Float32Array(await column('positions'))],
  };
}"""
CELLS = """const { layer } = viewer.layerManager.managedLayers.find(one => one.name === 'cells');
    const visible = layer.displayState.segmentationGroupState.value.visibleSegments;"""
VISIBLE = f"() => {{ {CELLS} return [...visible].map(String).sort(); }}"
SHOW_ONE = f"(id) => {{ {CELLS} visible.clear(); visible.add(BigInt(id)); }}"


@pytest.fixture(scope="module", params=list(RESOLUTION_NM))
def data(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """A name, and the address of an app that has opened it."""
    if request.param == "phantom":
        scrap: Demo = request.getfixturevalue("scrap_demo")
        yield request.param, scrap.address
        return
    shared: Path = request.getfixturevalue("shared_data")
    volumes = shared / "fib25"
    spec = CutoutSpec(33, (10.0, 10.0, 10.0))
    folder = tmp_path_factory.mktemp("fib25")
    app = start_app(str(write_project(folder, volumes / "em", volumes / "bodies", spec, mip=0)))
    try:
        yield request.param, app.wait_for(ADDRESS)[1]
    finally:
        stop_app(app)


def test_scatter_and_viewer_follow_each_other(page: Page, data: tuple[str, str]) -> None:
    name, address = data
    page.goto(address)
    wait(page, "s.ready")
    has_umap = "() => /UMAP of/.test(document.querySelector('#scatter-foot').textContent)"
    page.wait_for_function(has_umap, timeout=WAIT_MS)  # a lasso of the points of an earlier layout is let go
    page.wait_for_function("() => window.segclr.settled()", timeout=WAIT_MS)
    columns: dict[str, Any] = page.evaluate(COLUMNS)
    voxels = np.array(columns["positions"]).reshape(-1, 3) / RESOLUTION_NM[name]
    assert len(voxels) == summary(page)["rows"] > 30
    pointing_shows_a_cursor_and_leaves_the_viewer_where_it_is(page)
    clicking_flies_to_the_place(page, voxels)
    a_lasso_shows_its_cells_and_says_how_many(page, len(set(columns["segments"])))
    a_cell_chosen_in_the_viewer_lights_its_points(page, columns["segments"])
    moving_in_the_viewer_lights_what_is_there(page, voxels)
    assert summary(page)["failures"] == []


def position(page: Page) -> NDArray[np.float64]:
    """Where the viewer looks, voxels."""
    return np.array(viewer_frame(page).evaluate("() => [...viewer.position.value]"))


def free_row(page: Page, rows: int) -> int:
    """A row whose point lies where nothing is over the canvas, and no other point near it."""
    points = np.array(
        page.evaluate("(n) => Array.from({length: n}, (_, row) => window.segclr.pointOnScreen(row))", rows)
    )
    box = page.locator("#scatter canvas").bounding_box()
    assert box is not None
    shares = (points - (box["x"], box["y"])) / (box["width"], box["height"])
    inside = np.flatnonzero(((shares > (0.05, 0.3)) & (shares < (0.6, 0.85))).all(1))
    apart = [np.partition(np.linalg.norm(points - points[row], axis=1), 1)[1] for row in inside]
    return int(inside[int(np.argmax(apart))])


def pointing_shows_a_cursor_and_leaves_the_viewer_where_it_is(page: Page) -> None:
    before = position(page)
    row = free_row(page, summary(page)["rows"])
    page.mouse.move(*page.evaluate("(row) => window.segclr.pointOnScreen(row)", row))
    viewer_frame(page).locator(".segclr-hint").first.wait_for(state="attached")
    assert np.array_equal(position(page), before)


def clicking_flies_to_the_place(page: Page, voxels: NDArray[np.float64]) -> None:
    row = free_row(page, len(voxels))
    page.mouse.click(*page.evaluate("(row) => window.segclr.pointOnScreen(row)", row))
    wait(page, "s.target?.kind === 'row'")
    page.mouse.move(3, 3)
    page.wait_for_function("() => window.segclr.settled()", timeout=WAIT_MS)
    assert np.abs(position(page) - voxels[summary(page)["target"]["row"]]).max() <= 1


def a_lasso_shows_its_cells_and_says_how_many(page: Page, segments: int) -> None:
    box = page.locator("#scatter canvas").bounding_box()
    assert box is not None
    corners = [(0.01, 0.5), (0.01, 0.0), (1.0, 0.0), (1.0, 1.0), (0.01, 1.0)]
    for turn, (x, y) in enumerate(corners):
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=4)
        if turn == 0:
            page.mouse.down()
    page.mouse.up()
    wait(page, "s.selectionCount === s.rows && !s.selectionWaiting")
    chosen = sorted(summary(page)["selectedSegments"])
    assert len(chosen) == min(200, segments)
    viewer_frame(page).wait_for_function(f"(ids) => String(({VISIBLE})()) === String(ids)", arg=chosen, timeout=WAIT_MS)
    said = page.locator("#selection [role=status]")
    assert f"{segments:,} segments" in (said.get_attribute("title") or "")
    assert (f"200 of {segments:,} cells shown" in said.inner_text()) == (segments > 200)


def a_cell_chosen_in_the_viewer_lights_its_points(page: Page, segment_of_row: list[str]) -> None:
    wanted = max(set(segment_of_row), key=segment_of_row.count)
    viewer_frame(page).evaluate(SHOW_ONE, wanted)
    wait(page, "s.selectionCount === a && !s.selectionWaiting", segment_of_row.count(wanted))
    assert summary(page)["selectedSegments"] == [wanted]


def moving_in_the_viewer_lights_what_is_there(page: Page, voxels: NDArray[np.float64]) -> None:
    page.get_by_role("button", name="Follow").click()
    page.get_by_label("How far from the middle of the viewer").select_option("0.5")
    near = "(row) => { viewer.position.value = Float32Array.from(row); }"
    viewer_frame(page).evaluate(near, voxels[0].tolist())
    lit = "() => /^[1-9][0-9,]* points? within 0.50 µm/.test(document.querySelector('#here span').textContent)"
    page.wait_for_function(lit, timeout=WAIT_MS)
    viewer_frame(page).evaluate(near, [-5000.0, -5000.0, -5000.0])
    page.wait_for_function(
        "() => /^(0|no) points/i.test(document.querySelector('#here span').textContent)", timeout=WAIT_MS
    )
