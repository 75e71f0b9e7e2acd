"""The classes of a task changed in the legend, in a real browser, while the places are labelled."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

WAIT_MS = 60_000
NEW_NAME = "[data-field='new name']"


def summary(page: Page) -> dict[str, Any]:
    """What the page says is on screen."""
    found: dict[str, Any] = page.evaluate("() => window.segclr.summary()")
    return found


def wait(page: Page, condition: str, argument: object = None) -> None:
    """Wait until a condition on ``s``, the page's summary, holds (``a`` is the argument)."""
    page.wait_for_function(
        f"(a) => {{ const s = window.segclr?.summary(); return s && ({condition}); }}", arg=argument, timeout=WAIT_MS
    )


def wait_painted(page: Page) -> None:
    """Wait until everything is saved and the newest predictions are drawn."""
    wait(page, "s.unsaved === 0 && s.ready && s.lastSaved && s.headVersion === s.lastSaved.seq")


def names(page: Page) -> list[str]:
    """The classes in the legend."""
    found: list[str] = page.locator("#legend .class .name").all_inner_texts()
    return found


@pytest.fixture
def opened(page: Page, demo: str) -> Page:
    """The demo, opened, with its legend's editor."""
    page.goto(demo)
    wait(page, "s.ready")
    page.click("#legend .edit")
    return page


def kinds(demo_arguments: list[str]) -> list[str]:
    """The kinds of all events in the demo's label log, in order."""
    (log,) = Path(demo_arguments[-1]).glob("*/labels.sqlite")
    connection = sqlite3.connect(f"file:{log}?mode=ro", uri=True)
    try:
        return [kind for (kind,) in connection.execute("SELECT kind FROM event ORDER BY seq")]
    finally:
        connection.close()


def test_a_class_is_added_by_keyboard_labelled_with_its_key_and_painted_and_undone(
    opened: Page, demo_arguments: list[str]
) -> None:
    before = names(opened)
    opened.focus(NEW_NAME)
    opened.keyboard.type("bus stop")  # letters that are commands elsewhere
    opened.keyboard.press("Enter")
    wait_painted(opened)
    expect(opened.locator(NEW_NAME)).to_have_value("")
    opened.keyboard.press("Escape")
    opened.keyboard.press("Escape")
    opened.keyboard.press("Escape")
    assert names(opened) == [*before, "bus stop"]
    assert len(summary(opened)["predicted"]) == len(before) + 1
    assert summary(opened)["unsure"] == summary(opened)["badSegmentation"] == 0

    key = opened.locator("#legend .class kbd").last.inner_text()
    opened.keyboard.press("q")
    for at in range(3):
        wait(opened, "s.queue && s.queue.row !== null && s.queue.at === a", at)
        opened.keyboard.press(key)
    wait(opened, "s.queue.at === 3")
    opened.keyboard.press("Escape")
    wait_painted(opened)
    found = summary(opened)
    assert found["labelled"][-1] == 3
    assert found["predicted"][-1] > 0
    assert kinds(demo_arguments)[-4:] == ["class_added", "label", "label", "label"]

    for _ in range(4):
        opened.keyboard.press("Control+z")
    wait(opened, "/undid adding the class bus stop/.test(s.lastSaved?.text)")
    wait_painted(opened)
    assert names(opened) == before
    assert found["failures"] == []


def test_a_class_is_renamed_and_given_another_colour_and_key(opened: Page) -> None:
    line = opened.locator("#legend .edited li").first
    line.locator(".name").fill("neurite")
    line.locator(".name").press("Enter")
    wait(opened, "/renamed .* to neurite/.test(s.lastSaved?.text)")
    line.locator(".key").fill("p")
    line.locator(".key").press("Enter")
    wait(opened, "/gave neurite the key p/.test(s.lastSaved?.text)")
    line.locator("input[type=color]").fill("#102030")
    wait(opened, "/recoloured neurite/.test(s.lastSaved?.text)")
    wait_painted(opened)
    expect(line.locator("input[type=color]")).to_have_value("#102030")
    opened.click("#legend .edit")
    assert names(opened)[0] == "neurite"
    assert opened.locator("#legend .class kbd").first.inner_text() == "p"
    swatch = opened.locator("#legend .class .swatch").first.evaluate("one => getComputedStyle(one).backgroundColor")
    assert swatch == "rgb(16, 32, 48)"
    for _ in range(3):
        opened.click("#steps >> text=Undo")
    wait(opened, "/undid renaming/.test(s.lastSaved?.text)")
    assert "neurite" not in names(opened)


def test_what_is_refused_is_said_and_written_back(opened: Page) -> None:
    line = opened.locator("#legend .edited li").first
    was, other = names_written(opened)[:2]
    line.locator(".name").fill(other)
    line.locator(".name").press("Enter")
    wait(opened, "s.failures.some((text) => /there is a class .* already/.test(text))")
    expect(line.locator(".name")).to_have_value(was)
    line.locator(".key").fill("u")
    line.locator(".key").press("Enter")
    wait(opened, "s.failures.some((text) => /the key u means/.test(text))")
    expect(line.locator(".key")).not_to_have_value("u")


def names_written(page: Page) -> list[str]:
    """The names in the editor's fields."""
    return [field.input_value() for field in page.locator("#legend .edited li .name").all()]


def test_a_merge_shows_its_labels_first_and_undo_brings_the_class_back(opened: Page) -> None:
    before, labelled = names_written(opened), summary(opened)["labelled"]
    opened.locator("#legend .edited li").nth(1).locator(".more").select_option(label=before[0])
    asked = opened.locator("#legend .asked")
    expect(asked).to_contain_text(f"Merge {before[1]} ({labelled[1]} labels) into {before[0]} ({labelled[0]} labels)?")
    opened.keyboard.press("Escape")
    expect(asked).to_be_hidden()
    opened.locator("#legend .edited li").nth(1).locator(".more").select_option(label=before[0])
    opened.keyboard.press("Enter")
    wait(opened, "/merged .* into/.test(s.lastSaved?.text)")
    wait_painted(opened)
    assert names_written(opened) == [before[0], *before[2:]]
    assert summary(opened)["labelled"] == [labelled[0] + labelled[1], *labelled[2:]]
    opened.click("#steps >> text=Undo")
    wait(opened, "/undid merging/.test(s.lastSaved?.text)")
    wait_painted(opened)
    assert names_written(opened) == before
    assert summary(opened)["labelled"] == labelled


def test_a_retired_class_is_folded_away_with_its_labels_and_comes_back(opened: Page) -> None:
    before, labelled = names_written(opened), summary(opened)["labelled"]
    opened.locator("#legend .edited li").nth(2).locator(".more").select_option("retire")
    opened.keyboard.press("Enter")
    wait(opened, "/retired/.test(s.lastSaved?.text)")
    wait_painted(opened)
    assert summary(opened)["labelled"] == [*labelled[:2], *labelled[3:]]
    opened.click("#legend .retired summary")
    expect(opened.locator("#legend .retired li")).to_contain_text(f"{labelled[2]} labels")
    opened.get_by_role("button", name=f"Bring back {before[2]}").click()
    wait(opened, "/brought the class .* back/.test(s.lastSaved?.text)")
    wait_painted(opened)
    assert names_written(opened) == before
    assert summary(opened)["labelled"] == labelled


def test_the_editor_fits_beside_the_queue_without_scrolling(opened: Page) -> None:
    assert opened.evaluate(
        "() => { const l = document.getElementById('legend'); return l.scrollHeight <= l.clientHeight; }"
    )
