"""The classes of a task changed in the legend, in a real browser, while places are labelled."""

import sqlite3
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.page_state import summary, wait

SAVED = "s.unsaved === 0 && s.ready && s.lastSaved?.text.includes(a) && s.headVersion === s.lastSaved.seq"
LINES = "#legend .class-editor .edited li"
NEW_NAME = "[data-field='new name']"


@pytest.fixture
def opened(page: Page, demo: str) -> Page:
    """The demo, opened, with its classes being edited."""
    page.goto(demo)
    wait(page, "s.ready")
    page.click("#legend .edit")
    return page


def names(page: Page) -> list[str]:
    """The classes in the editor, in their order."""
    return [field.input_value() for field in page.locator(f"{LINES} .name").all()]


def kinds(log: Path) -> list[str]:
    """The kinds of all events in a label log, in order."""
    connection = sqlite3.connect(f"file:{log}?mode=ro", uri=True)
    try:
        return [kind for (kind,) in connection.execute("SELECT kind FROM event ORDER BY seq")]
    finally:
        connection.close()


def test_a_class_is_added_with_the_keyboard_and_the_queue_goes_on_with_its_key(opened: Page, demo_log: Path) -> None:
    before = names(opened)
    opened.focus(NEW_NAME)
    opened.keyboard.type("bus stop")  # letters that are commands elsewhere
    opened.keyboard.press("Enter")
    wait(opened, SAVED, "added the class bus stop")
    assert names(opened) == [*before, "bus stop"]
    expect(opened.locator(NEW_NAME)).to_have_value("")
    expect(opened.locator(NEW_NAME)).to_be_focused()
    opened.keyboard.type("no")
    opened.keyboard.press("Escape")
    expect(opened.locator(NEW_NAME)).to_have_value("")
    opened.keyboard.press("Escape")
    expect(opened.locator("#legend .class-editor")).to_be_hidden()
    assert summary(opened)["unsure"] == summary(opened)["badSegmentation"] == 0

    key = opened.locator("#legend .class kbd").last.inner_text()
    opened.keyboard.press("q")
    for at in range(3):
        wait(opened, "s.queue && s.queue.row !== null && s.queue.at === a", at)
        opened.keyboard.press(key)
    wait(opened, "s.queue.at === 3")
    wait(opened, SAVED, "label bus stop")
    wait(opened, "s.labelled.at(-1) === 3 && s.predicted.at(-1) > 0")
    assert kinds(demo_log)[-4:] == ["class_added", "label", "label", "label"]
    for _ in range(4):
        opened.keyboard.press("Control+z")
    wait(opened, SAVED, "undone: adding the class bus stop")
    assert opened.locator("#legend .class .name").all_inner_texts() == before
    assert summary(opened)["failures"] == []


def test_a_class_is_renamed_and_a_name_that_is_taken_is_written_back(opened: Page) -> None:
    was, other = names(opened)[:2]
    name = opened.locator(f"{LINES} .name").first
    name.fill(other)
    name.press("Enter")
    wait(opened, "s.failures.some((text) => /there is a class .* already/.test(text))")
    expect(name).to_have_value(was)
    name.fill("neurite")
    name.press("Enter")
    wait(opened, SAVED, f"renamed {was} to neurite")
    opened.click("#legend .edit")
    assert opened.locator("#legend .class .name").first.inner_text() == "neurite"
    opened.click("#steps >> text=Undo")
    wait(opened, SAVED, f"undone: renaming {was} to neurite")
    assert opened.locator("#legend .class .name").first.inner_text() == was


def test_a_merge_is_confirmed_and_a_retired_class_comes_back_with_its_labels(opened: Page) -> None:
    wait(opened, "s.labelled.length > 0")
    before, labelled = names(opened), summary(opened)["labelled"]
    more = opened.locator(f"{LINES} .more").nth(1)
    more.select_option(label=before[0])
    asked = opened.locator("#legend .asked")
    expect(asked).to_contain_text(f"Merge {before[1]} ({labelled[1]} labels) into {before[0]} ({labelled[0]} labels)?")
    opened.keyboard.press("Escape")
    expect(asked).to_be_hidden()
    more.select_option(label=before[0])
    opened.keyboard.press("Enter")
    wait(opened, SAVED, f"merged {before[1]} into {before[0]}")
    assert names(opened) == [before[0], *before[2:]]
    assert summary(opened)["labelled"] == [labelled[0] + labelled[1], *labelled[2:]]
    expect(opened.locator("#legend .edit")).to_be_focused()  # so that Escape and keys mean something again
    opened.click("#steps >> text=Undo")
    wait(opened, SAVED, f"undone: merging {before[1]} into {before[0]}")
    assert summary(opened)["labelled"] == labelled

    more.select_option("retire")
    opened.keyboard.press("Enter")
    wait(opened, SAVED, f"retired {before[1]}")
    assert summary(opened)["labelled"] == [labelled[0], *labelled[2:]]
    opened.click("#legend .retired summary")
    expect(opened.locator("#legend .retired li")).to_contain_text(f"{labelled[1]} labels")
    opened.get_by_role("button", name=f"Bring back {before[1]}").click()
    wait(opened, SAVED, f"brought the class {before[1]} back")
    assert names(opened) == before
    assert summary(opened)["labelled"] == labelled
