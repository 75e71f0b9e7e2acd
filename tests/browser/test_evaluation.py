"""The evaluation panel in a real browser: from a count of mistakes to the place, and a likely label error put right."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.page_state import summary, wait

NAMES = ("axon", "dendrite", "spine", "soma", "glia")


def newest_event(log: Path) -> tuple[Any, ...]:
    """Kind, class and annotator of the last event in a label log."""
    connection = sqlite3.connect(f"file:{log}?mode=ro", uri=True)
    try:
        row = connection.execute("SELECT kind, class_name, verdict FROM event ORDER BY seq DESC LIMIT 1").fetchone()
        return tuple(row)
    finally:
        connection.close()


def recompute(page: Page) -> None:
    """Judge the head on the labels of now."""
    wait(page, "s.unsaved === 0 && s.headVersion === s.lastSaved.seq")
    page.get_by_role("button", name="Recompute").click()
    wait(page, "!s.evaluation.waiting && !s.evaluation.stale")


def fits(page: Page) -> bool:
    """Whether the panel needs no horizontal scrolling."""
    return bool(
        page.evaluate(
            "() => { const e = document.querySelector('.sheet-body'); return e.scrollWidth <= e.clientWidth; }"
        )
    )


def surest(page: Page) -> int:
    """Which of the right cells of the confusion has the label that its held-out head is surest of."""
    cells = page.locator(".confusion button.right")
    percents = []
    for number in range(cells.count()):
        cells.nth(number).click()
        wait(page, "s.evaluation.view === 'cell'")
        percents.append(int(page.locator(".judged .sure").first.inner_text().rstrip(" %")))
        page.get_by_role("button", name="Back to the classes").click()
        wait(page, "s.evaluation.view !== 'cell'")
    return percents.index(max(percents))


@pytest.fixture
def opened(page: Page, demo: str) -> Page:
    """The demo, with the panel open and its figures there."""
    page.goto(demo)
    wait(page, "s.ready")
    page.get_by_role("button", name="How good is the head?").click()
    wait(page, "s.evaluation && !s.evaluation.waiting")
    return page


def test_a_wrong_label_is_found_by_its_class_and_put_right_as_a_likely_error(opened: Page, demo_log: Path) -> None:
    assert 0 < summary(opened)["evaluation"]["macroF1"] <= 1
    assert fits(opened)
    assert opened.get_by_role("img", name="Macro F1 by number of labels").is_visible()

    opened.get_by_role("button", name="Classes and mistakes").click()
    assert fits(opened)
    opened.locator(".confusion button.right").nth(surest(opened)).click()
    wait(opened, "s.evaluation.view === 'cell'")
    opened.locator(".judged button").first.click()
    wait(opened, "s.target !== null")
    row, true = summary(opened)["target"]["row"], summary(opened)["targetLabel"]
    wrong = 3 if true != 3 else 0
    opened.keyboard.press(str(1 + wrong))
    wait(opened, "s.targetLabel === a && s.unsaved === 0 && s.evaluation.stale", wrong)
    assert newest_event(demo_log)[:2] == ("label", NAMES[wrong])
    opened.get_by_text(f"now {NAMES[wrong]}").wait_for()
    recompute(opened)

    opened.get_by_role("button", name="Likely label errors").click()
    wait(opened, "s.evaluation.view === 'suspect' && s.evaluation.row !== null")
    assert fits(opened)
    for _ in range(summary(opened)["evaluation"]["suspects"]):
        if summary(opened)["evaluation"]["row"] == row:
            break
        opened.get_by_role("button", name="The next one").click()
    wait(opened, "s.evaluation.row === a && s.target.row === a", row)
    assert opened.locator(".evidence img").count() > 1
    left = summary(opened)["evaluation"]["left"]
    opened.keyboard.press(str(1 + true))
    wait(opened, "s.evaluation.left === a && s.unsaved === 0", left - 1)
    assert newest_event(demo_log)[:2] == ("label", NAMES[true])
    recompute(opened)
    assert summary(opened)["failures"] == []


def test_a_confirmed_label_is_not_listed_again_and_keys_open_and_leave_the_panel(opened: Page, demo_log: Path) -> None:
    opened.get_by_role("button", name="Likely label errors").click()
    wait(opened, "s.evaluation.view === 'suspect' && s.evaluation.row !== null")
    before = summary(opened)["evaluation"]
    assert opened.locator(".evidence .line").first.evaluate("line => getComputedStyle(line).position") == "static"
    opened.keyboard.press("Enter")  # the tab was clicked: what Enter confirms has the focus
    wait(opened, "s.evaluation.left === a && s.unsaved === 0 && s.lastSaved", before["left"] - 1)
    assert newest_event(demo_log) == ("review", None, "agree")
    recompute(opened)
    after = summary(opened)["evaluation"]
    assert after["suspects"] == before["suspects"] - 1
    assert after["row"] != before["row"]

    opened.keyboard.press("Escape")
    wait(opened, "s.evaluation === null")
    opened.keyboard.press("v")
    wait(opened, "s.evaluation?.view === 'suspect' && !s.evaluation.waiting")
    opened.get_by_role("button", name="Close").click()
    wait(opened, "s.evaluation === null")
    assert summary(opened)["failures"] == []
