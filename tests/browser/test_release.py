"""A project of a release in a real browser: a cell that is asked for is fetched, and appears."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import ADDRESS, start_app, stop_app
from tests.browser.page_state import WAIT_MS, summary, wait
from tests.project_text import task_text
from tests.segclr.release.replica import Fault, Replica
from tests.segclr_viewer.published_world import file_of

if TYPE_CHECKING:
    from tests.conftest import World


@pytest.fixture
def replica(world: "World") -> Iterator[Replica]:
    made = Replica()
    made.put("copy", {at: file_of(world, at) for at in world.segment_ids}, 10_000, 64, all_shards=False)
    yield made
    made.close()


@pytest.fixture
def address(replica: Replica, world: "World", tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Of the app on a project that begins with one segment."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    text = f'name = "a release"\nstart_segments = ["{world.segment_ids[1]}"]\n'
    text += f'[em]\nurl = "{world.em_url}"\n[segmentation]\nurl = "{world.segmentation_url}"\nversion = "c3"\n'
    text += f'[table]\nfolder = "table"\nrelease = "{replica.url}/copy#h01_nm_coord"\n'
    text += '[labels]\nfile = "labels.sqlite"\n' + task_text("subcompartment", "node", "axon", "dendrite")
    (tmp_path / "project.toml").write_text(text)
    app = start_app(str(tmp_path / "project.toml"))
    try:
        yield app.wait_for(ADDRESS)[1]
    finally:
        stop_app(app)


def find(page: Page, segment_id: int) -> None:
    """Type a cell's id where cells are found."""
    page.fill("#tools input[type=search]", str(segment_id))
    page.press("#tools input[type=search]", "Enter")


def test_cells_in_sight_are_fetched_and_appear(page: Page, address: str, replica: Replica, world: "World") -> None:
    replica.fail("/", Fault("status", 999, 403))
    page.goto(address)
    page.wait_for_selector(".toast.release:has-text('cannot be reached')", timeout=WAIT_MS)
    before = summary(page)["rows"]
    replica.faults.clear()
    page.click(".toast.release button:has-text('Try again')")
    wait(page, "s.rows > a", before)
    page.wait_for_selector(".toast.release", state="detached", timeout=WAIT_MS)
    large = world.segment_ids[3]
    find(page, large)
    page.wait_for_function(f"() => window.segclr.rowOf('{large}') >= {before}", timeout=WAIT_MS)
    find(page, 977)
    page.wait_for_selector(".toast.release", timeout=WAIT_MS)
