"""Keyboard and screen reader: every control of the page has a name that can be read out."""

import re
from typing import Any

from playwright.sync_api import Page

from tests.browser.page_state import summary, wait
from tests.browser.staged import Stage, blobs

CONTROLS = {
    "button", "checkbox", "combobox", "link", "listbox", "radio", "searchbox", "slider", "spinbutton", "switch", "tab",
    "textbox",
}  # fmt: skip


def controls(page: Page) -> list[tuple[str, str]]:
    """Role and name of all, as Chromium tells them to screen readers; parts that are hidden are shown before."""
    page.evaluate("() => document.querySelectorAll('[hidden]:not(button)').forEach(part => { part.hidden = false; })")
    page.evaluate("() => document.querySelectorAll('details').forEach(part => { part.open = true; })")
    page.evaluate("() => document.querySelectorAll('dialog').forEach(part => part.show())")
    tools = page.context.new_cdp_session(page)
    nodes: list[dict[str, Any]] = tools.send("Accessibility.getFullAXTree")["nodes"]
    tools.detach()
    known = [node for node in nodes if not node["ignored"]]
    return [(node["role"]["value"], node.get("name", {}).get("value", "")) for node in known]


def test_every_control_has_a_name_that_can_be_read_out(page: Page) -> None:
    stage = blobs(5000)
    try:
        with_a_selection_and_a_pin(page, stage)
        told = controls(page)
        assert ("application", "Scatter of the embeddings, coloured by predicted class") in told
        found = [(role, name) for role, name in told if role in CONTROLS]
        assert len(found) > 40, "the panels are not in the tree"
        assert [one for one in found if not re.search(r"[A-Za-z0-9?]", one[1])] == []
    finally:
        stage.close()


def with_a_selection_and_a_pin(page: Page, stage: Stage) -> None:
    """A point is chosen and pinned, and some are selected."""
    stage.open(page)
    wait(page, "s.paintedStamp !== null")
    page.locator("#scatter-empty").wait_for(state="hidden")
    page.mouse.click(*page.evaluate("() => window.segclr.pointOnScreen(40)"))
    wait(page, "s.target !== null")
    page.keyboard.press("'")
    page.locator("#pins li").wait_for()
    for key in (".", "m"):
        page.keyboard.press(key)
    page.locator("#clusters header").wait_for()
    page.locator("#similar header").wait_for()
    assert summary(page)["failures"] == []
