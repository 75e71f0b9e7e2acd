"""Two annotators in two browsers: they disagree, both see it, one decides, and both see it settled."""

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.conftest import ADDRESS, start_app, stop_app
from tests.browser.page_state import summary, wait

NAMES = ("ana", "ben")
PEOPLE = '[[annotator]]\nname = "ana"\n[[annotator]]\nname = "ben"\n[labelling]\ndouble_share = 0.4\n'


@pytest.fixture(scope="module")
def addresses(own_arguments: list[str]) -> Iterator[dict[str, str]]:
    """What each annotator opens: the demo's volume as a project of two, with a log of its own."""
    (file,) = Path(own_arguments[-1]).glob("*/project.toml")
    head, sections = file.read_text().split("[em]", 1)
    project = file.with_name("two.toml")
    project.write_text(f"{head}{PEOPLE}[em]{sections.replace('labels.sqlite', 'two.sqlite')}")
    app = start_app(str(project))
    try:
        yield {name: app.wait_for(f"{name} opens {ADDRESS}")[1] for name in NAMES}
    finally:
        stop_app(app)


@pytest.fixture
def two(chromium: Browser, addresses: dict[str, str]) -> Iterator[tuple[Page, Page]]:
    """Ana's page and ben's, each in a browser profile of its own, ready."""
    contexts = [chromium.new_context(viewport={"width": 1280, "height": 800}) for _ in NAMES]
    errors: list[str] = []
    pages = [opened(context, addresses[name], errors) for context, name in zip(contexts, NAMES, strict=True)]
    yield pages[0], pages[1]
    for context in contexts:
        context.close()
    assert errors == []


def opened(context: BrowserContext, address: str, errors: list[str]) -> Page:
    """A page that has everything but perhaps a head."""
    page = context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(address)
    wait(page, "s.ready")
    return page


def answer(page: Page, kind: str, key: str) -> int:
    """Go on with the queue to an item of that kind and answer it; the row that was asked."""
    if summary(page)["queue"] is None:
        page.keyboard.press("q")
    for _ in range(20):
        wait(page, "s.queue && s.queue.row !== null")
        asked = summary(page)["queue"]
        page.keyboard.press(key if asked["strategy"] == kind else "s")
        wait(page, "s.queue.at === a + 1 && s.unsaved === 0", asked["at"])
        if asked["strategy"] == kind:
            return int(asked["row"])
    raise AssertionError(f"no item of kind {kind} among twenty")


def tab(page: Page, name: str) -> None:
    """Show a part of the panel, which is opened if it is not."""
    if summary(page)["people"] is None:
        page.keyboard.press("w")
    page.get_by_role("button", name=re.compile(f"^{name}")).click()


def events(own_arguments: list[str]) -> list[tuple[Any, ...]]:
    """Annotator, class and provenance of all events, in order."""
    (log,) = Path(own_arguments[-1]).glob("*/two.sqlite")
    connection = sqlite3.connect(f"file:{log}?mode=ro", uri=True)
    try:
        return connection.execute("SELECT annotator, kind, class_name, provenance FROM event ORDER BY seq").fetchall()
    finally:
        connection.close()


def fits(page: Page) -> bool:
    """Whether the open panel needs no horizontal scrolling."""
    return bool(
        page.evaluate(
            "() => { const e = document.querySelector('#people .sheet-body'); return e.scrollWidth <= e.clientWidth; }"
        )
    )


def test_two_annotators_disagree_and_one_of_them_decides_for_both(
    two: tuple[Page, Page], own_arguments: list[str]
) -> None:
    ana, ben = two
    row = answer(ana, "double", "1")
    ana.keyboard.press("Escape")
    wait(ben, "s.conflicts === 0 && s.targetLabel === null")
    assert answer(ben, "double", "2") == row
    ben.keyboard.press("Escape")
    for page in two:
        wait(page, "s.conflicts === 1")
        tab(page, "Conflicts")
        wait(page, "s.people.row === a && s.target?.row === a", row)
        assert page.locator(".said li").count() == 2
        assert fits(page)
    before = events(own_arguments)

    ana.keyboard.press("3")
    for page in two:
        wait(page, "s.conflicts === 0 && s.people.open === 0 && s.people.settled === 1")
        page.locator("#people").get_by_text("Settled (1)").wait_for()
    log = events(own_arguments)
    assert log[:-1] == before
    assert log[-1] == ("ana", "label", "spine", "adjudication")
    wait(ben, "s.targetLabel === 2")

    ana.keyboard.press("Control+z")
    for page in two:
        wait(page, "s.conflicts === 1 && s.people.open === 1 && s.people.settled === 0")
    ben.get_by_role("group", name="Decide").get_by_text("dendrite").click()
    for page in two:
        wait(page, "s.conflicts === 0 && s.people.settled === 1")
        assert summary(page)["failures"] == []


def test_what_trains_is_chosen_on_one_page_and_told_on_both_and_never_left_empty(two: tuple[Page, Page]) -> None:
    ana, ben = two
    for page, keys in ((ana, "12"), (ben, "123")):
        for key in keys:
            answer(page, "double", key)
        page.keyboard.press("Escape")
        wait(page, "s.queue === null")
    for page in two:
        tab(page, "What trains")
        wait(page, "s.people.trained !== null && s.headVersion !== null")
        assert fits(page)
    before = summary(ana)["stamp"]
    ana.get_by_role("checkbox", name=re.compile("^✓?ben")).click()
    for page in two:
        wait(page, "s.stamp !== a && s.paintedStamp === s.stamp && !s.people.waiting", before)
        page.locator("#people .note").get_by_text("Chosen by ana").wait_for()
    trained = summary(ben)["people"]["trained"]
    assert 0 < trained < summary(ben)["people"]["labelled"]

    ana.get_by_role("checkbox", name=re.compile("^✓?ana")).click()
    wait(ana, "s.failures.some((text) => text.includes('no label at all would train'))")
    assert summary(ana)["people"]["trained"] == trained
    ben.get_by_role("button", name="As the project file says").click()
    for page in two:
        wait(page, "s.stamp === a && !s.people.waiting", before)
        page.locator("#people").get_by_text("This is what the project file says").wait_for()


def test_a_second_annotators_address_in_the_same_browser_is_made_plain_on_the_first_ones_page(
    chromium: Browser, addresses: dict[str, str]
) -> None:
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    errors: list[str] = []
    ana = opened(context, addresses["ana"], errors)
    ben = opened(context, addresses["ben"], errors)
    wait(ana, "s.connection === 'replaced'")
    ana.get_by_text("This browser belongs to ben now").wait_for()
    assert ana.locator("#split").evaluate("(split) => split.inert")
    assert summary(ben)["connection"] == "open"
    assert summary(ben)["annotator"] == "ben"
    assert errors == []
    context.close()
