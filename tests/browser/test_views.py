"""Colours, layouts, saved views, comparisons and the gallery's filters, in a real browser."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.page_state import summary, wait

UPPER = ((0.2, 0.3), (0.9, 0.3), (0.9, 0.55), (0.2, 0.55), (0.2, 0.3))
LONG_MS = 120_000


def has(where: Locator, text: str | re.Pattern[str]) -> None:
    """Wait until there is this text."""
    expect(where).to_contain_text(text, timeout=LONG_MS)


def lasso(page: Page, corners: tuple[tuple[float, float], ...]) -> int:
    """Draw round a part of the scatter, given in shares of it; how many points that are."""
    box = page.locator("#scatter > canvas").bounding_box()
    assert box is not None
    before = summary(page)["selectionCount"]
    at = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in corners]
    page.mouse.move(*at[0])
    page.mouse.down()
    for corner in at[1:]:
        page.mouse.move(*corner, steps=4)
    page.mouse.up()
    wait(page, "s.selectionCount > 0 && s.selectionCount !== a && !s.selectionWaiting", before)
    return int(summary(page)["selectionCount"])


def test_views_come_back_and_selections_are_compared(page: Page, demo: str) -> None:
    page.goto(demo)
    wait(page, "s.ready")
    has(page.locator("#scatter-foot"), "UMAP of")  # a layout that comes later would make all views of an older one
    colours_have_a_scale(page)
    two_pictures_of_the_same_points(page)
    shown = a_view_comes_back_after_a_reload(page)
    another_view_has_no_selection(page)
    the_link_has_the_selection(page, shown)
    two_selections_are_compared(page)
    the_gallery_is_filtered_by_region(page)
    clusters_are_colours(page)
    assert summary(page)["failures"] == []


def test_another_layout_is_chosen_and_a_view_of_the_other_one_says_so(page: Page, demo: str) -> None:
    """UMAP and principal components; a view tells which one it is of."""
    page.goto(demo)
    wait(page, "s.ready")
    has(page.locator("#scatter-foot"), "UMAP of")
    page.keyboard.press(",")
    page.get_by_label("Name of this view").fill("umap")
    page.keyboard.press("Enter")
    page.locator("#views li", has_text="umap").wait_for()
    page.keyboard.press("Escape")
    page.locator("#scatter-foot > button").click()
    place = page.evaluate("() => window.segclr.pointOnScreen(200)")
    page.get_by_label("Layout that is shown to everybody").select_option("")
    has(page.locator("#scatter-foot"), "PCA of")
    page.wait_for_function("(was) => String(window.segclr.pointOnScreen(200)) !== String(was)", arg=place)
    page.keyboard.press("Escape")
    page.keyboard.press(",")
    page.locator("#views li", has_text="umap").locator(".show").click()
    has(page.locator("#toasts"), "another layout")
    page.locator("#views .chip", has_text="other layout").first.click()
    has(page.locator("#scatter-foot"), "UMAP of")


def colours_have_a_scale(page: Page) -> None:
    choice = page.get_by_label("Colour the points by")
    for name, text in (("novelty", r"\d"), ("z", "µm"), ("label", "without one")):
        choice.select_option(name)
        has(page.locator("#color-scale .scale"), re.compile(text))
    choice.select_option("z")


def two_pictures_of_the_same_points(page: Page) -> None:
    """They have one camera: a point is clicked in the second where it lies in the first."""
    page.get_by_label("The same points in other colours beside these").click()
    page.get_by_label("Colour the points beside by").select_option("confidence")
    has(page.locator("#beside-scale .scale"), "1")
    pictures = page.get_by_role("application", name=re.compile(", coloured by confidence$"))
    assert pictures.count() == 1, "a screen reader cannot tell the two apart"
    box = page.locator("#beside canvas").bounding_box()
    first = page.locator("#scatter > canvas").bounding_box()
    assert box is not None
    assert first is not None
    assert abs(box["width"] - first["width"]) < 3
    x, y = page.evaluate("() => window.segclr.pointOnScreen(200)")
    page.mouse.click(x - first["x"] + box["x"], y)
    wait(page, "s.target?.kind === 'row'")
    page.get_by_label("One picture again").click()
    page.locator("#beside").wait_for(state="hidden")


def a_view_comes_back_after_a_reload(page: Page) -> int:
    """Colours, a hidden class, the fade and the selection are as they were, after all of them have changed."""
    count = lasso(page, UPPER)
    page.locator("#legend button[data-class=soma]").click()
    page.keyboard.press(",")
    page.get_by_label("Name of this view").fill("upper half")
    page.keyboard.press("Enter")
    page.locator("#views li", has_text="upper half").wait_for()
    page.keyboard.press("Escape")
    page.locator("#legend button[data-class=soma]").click()
    page.get_by_label("Colour the points by").select_option("class")
    page.get_by_role("button", name="Clear").click()
    wait(page, "s.selectionCount === 0")
    page.reload()
    wait(page, "s.ready")
    page.keyboard.press(",")
    page.locator("#views li", has_text="upper half").locator(".show").click()
    wait(page, "s.selectionCount === a && !s.selectionWaiting", count)
    expect(page.locator("#legend button[data-class=soma]")).to_have_attribute("aria-pressed", "false", timeout=LONG_MS)
    expect(page.get_by_label("Colour the points by")).to_have_value("z", timeout=LONG_MS)
    page.keyboard.press("Escape")
    page.locator("#legend button[data-class=soma]").click()
    return count


def another_view_has_no_selection(page: Page) -> None:
    page.get_by_role("button", name="Clear").click()
    wait(page, "s.selectionCount === 0")
    page.keyboard.press(",")
    page.get_by_label("Name of this view").fill("nothing")
    page.keyboard.press("Enter")
    page.locator("#views li", has_text="nothing").wait_for()
    page.get_by_label("Delete the view nothing").click()
    page.locator("#views li", has_text="nothing").wait_for(state="detached")
    page.keyboard.press("Escape")


def the_link_has_the_selection(page: Page, count: int) -> None:
    """A link that is followed in a new page shows the selection, and has no token."""
    page.keyboard.press(",")
    page.locator("#views li", has_text="upper half").locator(".show").click()
    wait(page, "s.selectionCount === a && !s.selectionWaiting", count)
    page.get_by_role("button", name="Copy link").click()
    page.wait_for_function("() => location.hash.includes('selection')")
    link = page.url
    assert "token" not in link
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Clear").click()
    wait(page, "s.selectionCount === 0")
    page.goto("about:blank")
    page.goto(link)
    wait(page, "s.ready && s.selectionCount === a && !s.selectionWaiting", count)


def two_selections_are_compared(page: Page) -> None:
    page.get_by_role("button", name="Compare").click()
    has(page.locator("#comparing .found"), "Now select other points")
    before = summary(page)["selectionCount"]
    others = "Select all shown points that are not"  # there are some, wherever this machine's UMAP has put them
    page.get_by_label("More to do with the selection").select_option(label=others)
    wait(page, "s.selectionCount > 0 && s.selectionCount !== a && !s.selectionWaiting", before)
    count = summary(page)["selectionCount"]
    lines = page.locator("#comparing tbody tr")
    has(lines.first, f"{count:,}")
    has(page.locator("#comparing"), "z, µm")
    has(page.locator("#comparing"), "Benjamini")
    page.keyboard.press("Escape")
    page.locator("#comparing").wait_for(state="hidden")
    page.get_by_role("button", name="Clear").click()
    wait(page, "s.selectionCount === 0")


def the_gallery_is_filtered_by_region(page: Page) -> None:
    """Fewer points can answer near the viewer's middle than anywhere."""
    x, y = page.evaluate("() => window.segclr.pointOnScreen(200)")
    page.mouse.click(x, y)
    wait(page, "s.target !== null")
    page.keyboard.press("m")
    found = page.locator("#similar .found")
    has(found, f"of {summary(page)['rows']:,}")
    page.get_by_label("Only points near the middle of the viewer").select_option("2")
    expect(found).not_to_contain_text(f"of {summary(page)['rows']:,}", timeout=LONG_MS)
    page.keyboard.press("Escape")
    page.locator("#similar").wait_for(state="hidden")


def clusters_are_colours(page: Page) -> None:
    page.keyboard.press(".")
    page.get_by_role("button", name="Find", exact=True).click()
    page.locator("#clusters tbody tr").first.wait_for(timeout=LONG_MS)
    page.get_by_role("button", name="Colour by cluster").click()
    expect(page.get_by_label("Colour the points by")).to_have_value("cluster", timeout=LONG_MS)
    page.locator("#clusters tbody tr").first.click()
    has(page.locator("#clusters .inside"), "in the middle")
    page.keyboard.press("Escape")
    has(page.locator("#color-scale"), "cluster 1")
