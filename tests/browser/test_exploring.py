"""Scatter and volume linked in a real browser: hover, pins, what is here, what is alike, and clusters."""

from playwright.sync_api import Page

from tests.browser.page_state import summary, viewer_frame, wait

SHOWN = "() => (document.querySelector('#glance img')?.naturalWidth ?? 0) > 0"


def test_from_a_point_to_what_is_alike_and_to_a_cluster(page: Page, demo: str) -> None:
    page.goto(demo)
    wait(page, "s.ready")
    labels = summary(page)["labels"]
    hover_and_pin(page)
    follow(page)
    look_at_what_is_alike(page)
    find_clusters(page)
    assert summary(page)["labels"] == labels, "exploring stores nothing"


def hover_and_pin(page: Page) -> None:
    """The point under the pointer has its picture and a cursor in the viewer, which does not move."""
    x, y = page.evaluate("() => window.segclr.pointOnScreen(40)")
    page.mouse.move(x, y)
    page.wait_for_function(SHOWN)
    assert viewer_frame(page).locator(".segclr-hint").count() > 0
    page.locator("#scatter canvas").focus()
    page.keyboard.press("'")
    page.locator("#pins li").wait_for()
    page.mouse.move(3, 3)
    page.locator("#glance").wait_for(state="hidden")
    assert page.locator("#pins li").count() == 1


def follow(page: Page) -> None:
    """What is in the viewer's field stands out, and less of it where less is asked for."""
    page.get_by_role("button", name="Follow").click()
    page.wait_for_function("() => /^[1-9].* points? within/.test(document.querySelector('#here span').textContent)")
    page.get_by_label("How far from the middle of the viewer").select_option("0.5")
    page.wait_for_function("() => / within 0.50 µm/.test(document.querySelector('#here span').textContent)")
    page.get_by_role("button", name="Follow").click()
    page.locator("#here").wait_for(state="hidden")


def look_at_what_is_alike(page: Page) -> None:
    """The pinned point is chosen; the gallery of what is like it is gone through by the keyboard alone."""
    page.locator("#pins .pinned").click()
    wait(page, "s.target?.kind === 'row'")
    asked = summary(page)["target"]["row"]
    page.keyboard.press("m")
    page.locator("#similar .kin button").first.wait_for()
    page.keyboard.press("j")
    wait(page, "s.target.row !== a", asked)
    page.keyboard.press("Escape")
    page.locator("#similar").wait_for(state="hidden")


def find_clusters(page: Page) -> None:
    """Clusters are found, and the points of one become the selection."""
    page.keyboard.press(".")
    page.get_by_role("button", name="Find", exact=True).click()
    lines = page.locator("#clusters tbody tr")
    lines.first.wait_for(timeout=120_000)
    size = int(lines.first.locator("td").nth(1).inner_text().replace(",", ""))
    lines.first.click()
    wait(page, "s.selectionCount === a && !s.selectionWaiting", size)
    page.locator("#clusters .examples button").first.click()
    wait(page, "s.target?.kind === 'row'")
    page.keyboard.press("Escape")
    page.locator("#clusters").wait_for(state="hidden")
