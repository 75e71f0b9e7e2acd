"""The labelling queue with the keyboard alone, in a real browser, and what the log holds afterwards."""

import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Demo
from tests.browser.page_state import label_log, summary, wait

ANSWERS = 50


@pytest.fixture
def opened(page: Page, scrap_demo: Demo) -> Page:
    """The demo, opened."""
    page.goto(scrap_demo.address)
    wait(page, "s.ready")
    return page


def press(page: Page, key: str) -> dict[str, Any]:
    """Answer with a key and wait for the next place; what was asked and what the page says then."""
    before = summary(page)
    page.keyboard.press(key)
    wait(page, "s.queue && s.queue.at === a + 1 && s.queue.row !== null", before["queue"]["at"])
    return before["queue"]  # type: ignore[no-any-return]


def events(log: Path) -> list[tuple[Any, ...]]:
    """Kind, class, provenance and segment of all events by the annotator, in order."""
    connection = sqlite3.connect(f"file:{log}?mode=ro", uri=True)
    try:
        return connection.execute(
            "SELECT kind, class_name, provenance, segment_id, annotator FROM event ORDER BY seq"
        ).fetchall()
    finally:
        connection.close()


def test_fifty_places_are_labelled_with_the_keyboard_alone(opened: Page, scrap_demo: Demo) -> None:
    log = label_log(scrap_demo.cache)
    stored, before = len(events(log)), summary(opened)
    opened.keyboard.press("q")
    wait(opened, "s.queue && s.queue.row !== null")
    assert summary(opened)["queue"]["reason"]

    given: list[tuple[str, str]] = []
    for number in range(ANSWERS):
        key = "s" if number % 10 == 4 else "u" if number % 10 == 7 else "b" if number == 25 else str(1 + number % 5)
        asked = press(opened, key)
        provenance = "audit" if asked["strategy"] == "audit" else "queue"
        given.append(({"s": "skip", "u": "unsure", "b": "bad_segmentation"}.get(key, "label"), provenance))
    wait(opened, "s.unsaved === 0 && s.lastSaved")
    new = events(log)[stored:]
    assert [(kind, provenance) for kind, _, provenance, *_ in new] == given
    kinds = Counter(kind for kind, *_ in new)
    assert kinds == {"label": 39, "unsure": 5, "bad_segmentation": 1, "skip": 5}
    assert all(int(segment) > 2**53 for *_, segment, _ in new)

    # Labels are told again once they are saved, the predictions after them.
    counts = {key: before[key] + more for key, more in (("unsure", 5), ("badSegmentation", 1), ("today", 39))}
    wait(opened, "Object.entries(a).every(([key, count]) => s[key] === count)", counts)
    wait(opened, "s.headVersion === s.lastSaved.seq")
    seen = summary(opened)
    assert seen["failures"] == []
    assert seen["queue"]["at"] == ANSWERS


def test_back_and_forward_show_the_answers_which_can_be_changed(opened: Page) -> None:
    opened.keyboard.press("q")
    wait(opened, "s.queue && s.queue.row !== null")
    first, second = press(opened, "1")["row"], press(opened, "2")["row"]
    opened.keyboard.press("ArrowLeft")
    opened.keyboard.press("ArrowLeft")
    wait(opened, "s.queue.row === a && s.targetLabel === 0", first)
    opened.keyboard.press("3")
    wait(opened, "s.queue.row === a && s.targetLabel === 1", second)
    opened.keyboard.press("ArrowLeft")
    wait(opened, "s.queue.row === a && s.targetLabel === 2", first)
    opened.keyboard.press("x")
    wait(opened, "s.queue.row === a && s.targetLabel === null", first)
    opened.keyboard.press("ArrowRight")
    opened.keyboard.press("ArrowRight")
    opened.keyboard.press("ArrowRight")
    wait(opened, "s.queue.at === 2 && s.queue.seen === 3")
    opened.keyboard.press("Escape")
    wait(opened, "s.queue === null")


def test_undo_goes_back_to_the_place_that_it_changed(opened: Page) -> None:
    opened.keyboard.press("q")
    wait(opened, "s.queue && s.queue.row !== null")
    press(opened, "4")
    row = press(opened, "u")["row"]
    wait(opened, "s.unsaved === 0")
    opened.keyboard.press("Control+z")
    wait(opened, "s.queue.row === a && s.targetMark === null && /undone: unsure/.test(s.lastSaved.text)", row)
    opened.keyboard.press("Control+Shift+Z")
    wait(opened, "s.queue.row === a && s.targetMark === 'unsure' && /redone: unsure/.test(s.lastSaved.text)", row)


def test_keys_in_the_viewer_answer_the_queue_while_it_runs(opened: Page) -> None:
    opened.mouse.move(200, 300)
    opened.evaluate("() => document.querySelector('#viewer').contentWindow.focus()")
    wait(opened, "s.keysIn === 'viewer'")
    opened.keyboard.press("q")
    wait(opened, "s.queue && s.queue.row !== null")
    row = press(opened, "2")["row"]
    wait(opened, "s.unsaved === 0 && s.keysIn === 'viewer'")
    opened.keyboard.press("ArrowLeft")
    wait(opened, "s.queue.row === a && s.targetLabel === 1", row)
    opened.keyboard.press("Escape")
    wait(opened, "s.queue === null")


def test_each_page_has_its_own_place_in_the_queue_and_all_share_the_labels(opened: Page) -> None:
    opened.keyboard.press("q")
    wait(opened, "s.queue && s.queue.row !== null")
    second = opened.context.new_page()
    second.goto(opened.url)
    wait(second, "s.ready")
    assert summary(second)["queue"] is None
    at = summary(opened)["queue"]["at"]
    labels = summary(opened)["today"]
    second.bring_to_front()
    second.keyboard.press("q")
    wait(second, "s.queue && s.queue.row !== null")
    press(second, "3")
    wait(opened, "s.today === a", labels + 1)
    assert summary(opened)["queue"]["at"] == at
    second.close()


def test_a_lasso_is_labelled_as_a_proposal_of_which_a_handful_is_looked_at(opened: Page, scrap_demo: Demo) -> None:
    log = label_log(scrap_demo.cache)
    stored = len(events(log))
    box = opened.query_selector("#scatter canvas").bounding_box()  # type: ignore[union-attr]
    assert box is not None
    corners = [(0.3, 0.3), (0.7, 0.3), (0.7, 0.7), (0.3, 0.7), (0.3, 0.3)]
    at = [(box["x"] + a * box["width"], box["y"] + b * box["height"]) for a, b in corners]
    opened.mouse.move(*at[0])
    opened.mouse.down()
    for corner in at[1:]:
        opened.mouse.move(*corner, steps=4)
    opened.mouse.up()
    wait(opened, "s.selectionCount > 8 && !s.selectionWaiting")
    before = summary(opened)
    opened.keyboard.press("l")
    wait(opened, "s.proposal && s.proposal.handful === 8")
    opened.keyboard.press("Enter")
    opened.wait_for_selector("#proposal .wanted")
    assert summary(opened)["proposal"]["class"] is None, "no class is chosen by itself"
    opened.keyboard.press("2")
    opened.keyboard.press("Space")  # strikes the first of the handful out
    wait(opened, "s.proposal.class === 1")
    rows = summary(opened)["proposal"]["rows"]
    assert summary(opened)["today"] == before["today"], "labelled before it was accepted"
    opened.keyboard.press("Enter")
    wait(opened, "s.proposal === null && s.today > a && s.unsaved === 0", before["today"])
    new = events(log)[stored:]
    assert Counter(new_event[:3] for new_event in new) == {("label", "dendrite", "lasso"): rows}
    opened.keyboard.press("Control+z")
    wait(opened, "s.today === a", before["today"])


def test_a_reload_in_mid_queue_asks_the_same_place_again(opened: Page) -> None:
    opened.keyboard.press("q")
    wait(opened, "s.queue && s.queue.toCome > 3")
    press(opened, "s")
    wait(opened, "s.queue.at === 1 && s.unsaved === 0")
    row = summary(opened)["queue"]["row"]
    opened.reload()
    wait(opened, "s.queue && s.queue.row === a && s.target?.row === a && s.queue.toCome > 3", row)
    opened.keyboard.press("Escape")
    wait(opened, "s.queue === null")
    opened.reload()
    wait(opened, "s.ready")
    assert summary(opened)["queue"] is None


def test_neighbours_are_proposed_and_rejected_without_a_trace(opened: Page) -> None:
    opened.keyboard.press("q")
    wait(opened, "s.queue && s.queue.row !== null")
    today = summary(opened)["today"]
    opened.keyboard.press("n")
    wait(opened, "s.proposal && s.proposal.rows > 8")
    opened.keyboard.press("Escape")
    wait(opened, "s.proposal === null && s.queue !== null")
    assert summary(opened)["today"] == today


def test_the_sheet_of_keys_lists_them_as_configured(opened: Page) -> None:
    opened.keyboard.press("?")
    sheet = opened.inner_text("#help")
    for line in ("In the labelling queue", "skip the place", "one cannot tell", "label as axon"):
        assert line in sheet
    opened.keyboard.press("Escape")
