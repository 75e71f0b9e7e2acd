"""The program dies under the annotator's hands, and is started anew: nothing that was answered is lost or doubled."""

import sqlite3
from pathlib import Path

from playwright.sync_api import Page

from tests.browser.conftest import App, start_app, stop_app
from tests.browser.page_state import label_log, summary, viewer_frame, wait

ADDRESS = r"(http://127\.0\.0\.1:\d+/\?token=\S+)"


def killed(app: App, page: Page) -> None:
    """End the program at once, and wait until the page knows."""
    app.process.kill()
    app.process.wait(timeout=30)
    while app.lines.get(timeout=30) is not None:
        pass  # until all that hold the pipe have ended
    if app.process.stdout is not None:
        app.process.stdout.close()
    wait(page, "s.connection === 'lost'")


def labels_in(log: Path) -> int:
    with sqlite3.connect(f"file:{log}?mode=ro", uri=True) as connection:
        (found,) = connection.execute("SELECT count(*) FROM event WHERE provenance IN ('queue', 'audit')").fetchone()
    return int(found)


def asked(page: Page) -> None:
    """Start the queue, which has asked its first places."""
    wait(page, "s.ready")
    page.mouse.click(640, 10)
    page.keyboard.press("q")
    wait(page, "s.queue && s.queue.toCome > 6")


def answer(page: Page, keys: str) -> None:
    for key in keys:
        at = summary(page)["queue"]["at"]
        page.keyboard.press(key)
        wait(page, "s.queue.at === a + 1", at)


def test_answers_to_a_dead_program_are_saved_once_when_it_is_started_again(
    page: Page, own_arguments: list[str]
) -> None:
    app = start_app(*own_arguments)
    address = app.wait_for(ADDRESS)[1]
    page.goto(address)
    asked(page)
    answer(page, "1")
    wait(page, "s.unsaved === 0 && s.lastSaved")
    killed(app, page)
    before = labels_in(label_log(Path(own_arguments[-1])))
    answer(page, "23")
    assert summary(page)["unsaved"] == 2
    said = viewer_frame(page).locator("#neuroglancer-status-container")
    assert said.count() == 1, "the viewer's own word is not where it was"
    assert not said.is_visible(), "two sentences say the same"
    banner = page.inner_text("#banner")
    assert "2 answers are not saved" in banner

    app = start_app(*own_arguments)
    try:
        other = app.wait_for(ADDRESS)[1]
        assert other.partition("?")[0] == address.partition("?")[0], "the port is the same"
        wait(page, "s.connection === 'ended'")
        assert "2 answers are not saved" in page.inner_text("#banner")

        with page.expect_download() as download:
            page.click("#banner button:has-text('Save them as a file')")
        file = Path(download.value.path()).read_bytes()
        fresh = page.context.new_page()
        fresh.goto(other)
        wait(fresh, "s.ready && s.unsaved === 0 && s.lastSaved")
        wait(page, "s.connection === 'open' && s.unsaved === 0")
        assert labels_in(label_log(Path(own_arguments[-1]))) == before + 2

        # the same answers once more, as a file in another browser
        fresh.click("#project")
        fresh.keyboard.press("p")
        fresh.set_input_files("#listing input[type=file]", {"name": "a.jsonl", "mimeType": "", "buffer": file})
        wait(fresh, "s.lastSaved && /done before/.test(s.lastSaved.text) && s.unsaved === 0")
        assert labels_in(label_log(Path(own_arguments[-1]))) == before + 2
    finally:
        stop_app(app)


def test_answers_outlive_a_page_that_is_closed_while_the_program_is_dead(page: Page, own_arguments: list[str]) -> None:
    app = start_app(*own_arguments)
    page.goto(app.wait_for(ADDRESS)[1])
    asked(page)
    killed(app, page)
    before = labels_in(label_log(Path(own_arguments[-1])))
    answer(page, "123")
    later = page.context.new_page()
    page.close()
    app = start_app(*own_arguments)
    try:
        later.goto(app.wait_for(ADDRESS)[1])
        wait(later, "s.ready && s.lastSaved && s.unsaved === 0")
        assert labels_in(label_log(Path(own_arguments[-1]))) == before + 3
        later.reload()
        wait(later, "s.ready")
        assert labels_in(label_log(Path(own_arguments[-1]))) == before + 3
    finally:
        stop_app(app)
