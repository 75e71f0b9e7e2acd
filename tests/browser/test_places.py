"""The list of labelled places in a real browser, by the keyboard alone."""

import sqlite3
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from tests.browser.page_state import label_log, summary, wait


def events(log: Path, kind: str) -> list[tuple[Any, ...]]:
    """Class, text and verdict of all events of a kind in a label log."""
    connection = sqlite3.connect(f"file:{log}?mode=ro", uri=True)
    try:
        asked = "SELECT class_name, text, verdict FROM event WHERE kind = ? ORDER BY seq"
        return connection.execute(asked, (kind,)).fetchall()
    finally:
        connection.close()


def test_places_are_gone_through_commented_reviewed_and_labelled_anew(
    page: Page, own_demo: str, own_arguments: list[str]
) -> None:
    page.goto(own_demo)
    wait(page, "s.ready")
    go_through(page)
    log = label_log(Path(own_arguments[-1]))
    assert events(log, "comment") == [(None, "a branched spine, 1 or 2?", None)]
    assert events(log, "review") == [(None, None, "disagree")]
    assert events(log, "label")[-1][0] == "dendrite"


def go_through(page: Page) -> None:
    """Open the list, go to a place, say all that can be said of it, undo, and find it again."""
    press = page.keyboard.press
    press("p")
    wait(page, "s.listing?.loaded > 3 && !s.listing.waiting")
    assert summary(page)["listing"]["total"] >= summary(page)["listing"]["loaded"]
    for line in range(3):
        press("j")
        wait(page, "s.listing.at === a && s.target?.row === s.listing.row && s.said !== null", line)
    press("ArrowUp")
    wait(page, "s.listing.at === 1 && s.target?.row === s.listing.row && s.said?.statements.length > 0")
    row = summary(page)["listing"]["row"]

    press("/")
    wait(page, "s.commenting")
    page.keyboard.type("a branched spine, 1 or 2?")
    press("Enter")
    wait(page, "!s.commenting && s.unsaved === 0 && s.said.comments.includes('a branched spine, 1 or 2?')")
    press("h")
    wait(page, "s.unsaved === 0 && s.said.disagree === 1")
    press("2")
    wait(page, "s.unsaved === 0 && s.listing.class === 1 && s.listing.at === 1 && s.listing.row === a", row)
    press("u")
    wait(page, "s.unsaved === 0 && s.targetMark === 'unsure'")
    press("Control+z")
    wait(page, "/undone: unsure at /.test(s.lastSaved.text) && s.targetMark === null && s.listing.class === 1")
    assert page.get_by_role("button", name="Show it").is_visible()

    page.get_by_role("searchbox", name="Search").focus()
    page.keyboard.type("branched")
    wait(page, "s.listing.total === 1 && s.listing.rows[0] === a && !s.listing.waiting", row)
    press("Escape")
    wait(page, "s.listing.total > 1 && !s.listing.waiting")
    press("Escape")
    wait(page, "s.listing === null")
    assert summary(page)["failures"] == []
