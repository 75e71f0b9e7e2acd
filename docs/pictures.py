"""Take the pictures of README and docs: ``python docs/pictures.py [NAME ...] [--cache FOLDER]``.

Each picture is of the demo, opened in a headless Chromium and used as a user would; without names all are taken.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
FLAGS = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist"]
WAIT_MS = 180_000
ANNOTATORS = ("ada", "ben")
GROUPS, SWOLLEN, BASKET = 20, 9, 10  # of the demo's clusters; docs/hidden_subtype.py says what they are
TYPICAL = 2  # which of the pictures of a group's most typical places is gone to
SWOLLEN_ROW = 7779  # a point of that group
ANSWERS = 6  # places that are answered before the queue's picture


def main() -> None:
    """Take the pictures that are named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(SCENES)}")
    parser.add_argument("--cache", type=Path, help="folder with the demo's volume; its labels are left alone")
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images")
    parser.add_argument("--size", type=int, nargs=2, default=(1280, 800))
    options = parser.parse_args()
    if strangers := set(options.names) - set(SCENES):
        parser.error(f"no picture {', '.join(sorted(strangers))}; there are {', '.join(SCENES)}")
    with tempfile.TemporaryDirectory(prefix="segclr-pictures-") as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=options.chromium, args=FLAGS)
        for name in options.names or SCENES:
            cache = _demo_without_labels(options.cache, Path(folder) / name)
            scene = SCENES[name]
            annotators = ANNOTATORS if scene is _people_scene else ANNOTATORS[:1]
            with _app(cache, annotators) as addresses:
                pages = [_open(browser, address, options.size) for address in addresses]
                scene(*pages)
                _settle(pages[0])
                pages[0].screenshot(path=options.out / f"{name}.png", timeout=WAIT_MS)
                for page in pages:
                    page.context.close()
        browser.close()


def _demo_without_labels(cache: Path | None, folder: Path) -> Path:
    """A folder for the demo with the files of `cache`, linked, but for its labels."""
    if cache is None:
        return folder
    shutil.copytree(cache, folder, copy_function=os.link, ignore=shutil.ignore_patterns("labels.*", "project.toml"))
    return folder


@contextmanager
def _app(cache: Path, annotators: tuple[str, ...]) -> Iterator[list[str]]:
    """The addresses of the running demo, one for each annotator."""
    command = [sys.executable, "-u", str(ROOT / "launch.py"), "--cache", str(cache)]
    command += [word for name in annotators for word in ("--annotator", name)]
    app = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert app.stdout is not None
    try:
        found = (match[0] for line in app.stdout if (match := re.search(r"http://\S+token=\S+", line)))
        addresses = list(islice(found, len(annotators)))
        if len(addresses) < len(annotators):
            raise SystemExit("the demo did not start")
        yield addresses
    finally:
        app.terminate()
        app.wait()


def _open(browser: Browser, address: str, size: tuple[int, int]) -> Page:
    """The page with its viewer, its UMAP and its encoder."""
    page = browser.new_context(viewport={"width": size[0], "height": size[1]}).new_page()
    page.goto(address)
    _wait(page, "window.segclr?.summary().ready")
    _wait(page, "/UMAP of/.test(document.querySelector('#scatter-foot').textContent)")
    _wait(page, "/encoder on /.test(document.body.innerText)")  # it starts by itself
    return page


def _wait(page: Page, condition: str) -> None:
    page.wait_for_function(f"() => {condition}", timeout=WAIT_MS)


def _settle(page: Page) -> None:
    """Wait for the last label's colours, and for the software renderer's last frames."""
    _wait(page, "window.segclr.summary().unsaved === 0 && window.segclr.settled()")
    page.wait_for_timeout(2000)


def _app_scene(page: Page) -> None:
    """The middle of the first section is clicked."""
    frame = page.frame(url=re.compile("/v/"))
    assert frame is not None
    panel = frame.evaluate(
        "() => { const r = [...viewer.display.panels].find(p => p.sliceView).element.getBoundingClientRect();"
        " return [r.x + r.width / 2, r.y + r.height / 2]; }"
    )
    corner = page.locator("#viewer").bounding_box()
    assert corner is not None
    page.mouse.move(corner["x"] + panel[0], corner["y"] + panel[1])
    frame.wait_for_function("() => viewer.mouseState.active", timeout=WAIT_MS)
    page.keyboard.down("Alt")
    page.mouse.down()
    page.mouse.up()
    page.keyboard.up("Alt")
    _wait(page, "window.segclr.summary().places > 0")


def _queue_scene(page: Page) -> None:
    """Some places are answered with what the head believes; the next one is asked."""
    page.keyboard.press("q")
    for number in range(ANSWERS):
        _wait(page, f"(q => q && q.at === {number} && q.row !== null)(window.segclr.summary().queue)")
        _wait(page, "window.segclr.summary().targetClass !== null")
        page.keyboard.press(str(1 + page.evaluate("() => window.segclr.summary().targetClass")))
    _wait(page, f"(q => q.at === {ANSWERS} && q.row !== null)(window.segclr.summary().queue)")


def _proposal_scene(page: Page) -> None:
    """What the head takes for glia is shown alone, lassoed in a part of the scatter, and proposed as that class."""
    page.locator("#legend button[data-class='glia']").dblclick()
    box = page.locator("#scatter canvas").first.bounding_box()
    assert box is not None
    corners = ((0.02, 0.2), (0.6, 0.2), (0.6, 0.8), (0.02, 0.8), (0.02, 0.2))
    at = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in corners]
    page.mouse.move(*at[0])
    page.mouse.down()
    for corner in at[1:]:
        page.mouse.move(*corner, steps=6)
    page.mouse.up()
    _wait(page, "(s => s.selectionCount > 8 && !s.selectionWaiting)(window.segclr.summary())")
    page.keyboard.press("l")
    _wait(page, "window.segclr.summary().proposal !== null")
    page.keyboard.press("5")


def _evaluation_scene(page: Page) -> None:
    """The evaluation panel, once it has its figures."""
    page.keyboard.press("v")
    _wait(page, "(e => e && !e.waiting)(window.segclr.summary().evaluation)")


def _people_scene(ada: Page, ben: Page) -> None:
    """Two annotators answer the same places, of which they see some otherwise; one looks at a conflict."""
    for page, keys in ((ada, "5512345"), (ben, "5412325")):
        for number, key in enumerate(keys):
            row = 2000 + 2500 * number
            at = page.evaluate("row => window.segclr.pointOnScreen(row)", row)
            page.mouse.click(*at)
            _wait(page, "window.segclr.summary().target !== null")
            page.keyboard.press(key)
            _wait(page, "window.segclr.summary().unsaved === 0")
    ada.keyboard.press("w")
    ada.get_by_role("button", name=re.compile("^Conflicts")).click()


def _places_scene(page: Page) -> None:
    """Some places are answered, one with a comment; the list of all is open."""
    _queue_scene(page)
    page.keyboard.press("u")
    _wait(page, "window.segclr.summary().unsaved === 0")
    page.keyboard.press("/")
    page.keyboard.type("myelin ends here?")
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    page.keyboard.press("p")
    page.wait_for_timeout(3000)


def _classes_scene(page: Page) -> None:
    """The classes are edited."""
    page.get_by_role("button", name="Edit").click()


def _beside_scene(page: Page) -> None:
    """The same points by class and by novelty; the pointer is over one of them."""
    _cell_types(page)
    page.get_by_label("The same points in other colours beside these").click()
    page.get_by_label("Colour the points beside by").select_option("novelty")
    page.get_by_role("button", name="Fit").click()
    _wait(page, "/≥|\\d/.test(document.querySelector('#beside-scale .scale').textContent)")
    page.mouse.move(*page.evaluate(f"() => window.segclr.pointOnScreen({SWOLLEN_ROW})"))
    _wait(page, "(document.querySelector('#glance img')?.naturalWidth ?? 0) > 0")


def _clusters_scene(page: Page) -> None:
    """Twenty groups are found; the points are coloured by them, and one is looked at."""
    _find_clusters(page)
    page.get_by_role("button", name="Colour by cluster").click()
    _choose_cluster(page, SWOLLEN)


def _checked_scene(page: Page) -> None:
    """The viewer is at one of the most typical places of a group."""
    _clusters_scene(page)
    _go_to_typical(page)


def _comparison_scene(page: Page) -> None:
    """Two of the groups are compared."""
    _find_clusters(page)
    _choose_cluster(page, SWOLLEN)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Compare").click()
    _wait(page, "/Now select other/.test(document.querySelector('#comparing .found').textContent)")
    page.keyboard.press(".")
    _choose_cluster(page, BASKET)
    page.get_by_role("button", name="Compare").click()
    _wait(page, "document.querySelectorAll('#comparing tbody tr').length > 8")


def _similar_scene(page: Page) -> None:
    """What is most like a typical place of a group, each cell once."""
    _find_clusters(page)
    _choose_cluster(page, SWOLLEN)
    _go_to_typical(page)
    page.keyboard.press("Escape")
    page.keyboard.press("m")
    _wait(page, "document.querySelectorAll('#similar .kin img').length > 8")
    _wait(page, "[...document.querySelectorAll('#similar .kin img')].slice(0, 6).every(i => i.naturalWidth > 0)")


def _named_scene(page: Page) -> None:
    """A group is proposed as a new class."""
    _checked_scene(page)
    page.locator("#clusters .naming input").fill("dystrophic axon")
    page.locator("#clusters .naming button").click()
    page.locator("#proposal[open]").wait_for(timeout=WAIT_MS)
    _wait(page, "[...document.querySelectorAll('#proposal .handful img')].every(i => i.naturalWidth > 0)")


def _painted_scene(page: Page) -> None:
    """The proposal is accepted, and the new class is painted."""
    _named_scene(page)
    page.keyboard.press("Enter")
    _wait(page, "window.segclr.summary().proposal === null && window.segclr.summary().unsaved === 0")
    page.locator("#clusters").get_by_label("Close").click()
    page.get_by_label("Colour the points by").select_option("class")


def _go_to_typical(page: Page) -> None:
    picture = page.locator("#clusters img").nth(TYPICAL)
    picture.scroll_into_view_if_needed()
    picture.click()
    _wait(page, "window.segclr.summary().target !== null")
    page.wait_for_timeout(4000)  # of flight


def _cell_types(page: Page) -> None:
    page.get_by_role("button", name="cell type", exact=True).click()
    _wait(page, "window.segclr.summary().task === 'cell type'")
    _wait(page, "/UMAP of/.test(document.querySelector('#scatter-foot').textContent)")


def _find_clusters(page: Page) -> None:
    _cell_types(page)
    page.keyboard.press(".")
    page.locator("#clusters .settings input").first.fill(str(GROUPS))
    page.keyboard.press("Tab")
    page.get_by_role("button", name="Find", exact=True).click()
    page.locator("#clusters tbody tr").nth(GROUPS - 1).wait_for(timeout=WAIT_MS)


def _choose_cluster(page: Page, number: int) -> None:
    page.locator("#clusters tbody tr:not(.inside)").nth(number - 1).click()
    _wait(page, "(s => s.selectionCount > 0 && !s.selectionWaiting)(window.segclr.summary())")


SCENES: dict[str, Callable[..., None]] = {
    "app": _app_scene,
    "labelling_queue": _queue_scene,
    "labelling_proposal": _proposal_scene,
    "labelling_evaluation": _evaluation_scene,
    "labelling_people": _people_scene,
    "labelling_places": _places_scene,
    "labelling_classes": _classes_scene,
    "exploring_beside": _beside_scene,
    "exploring_clusters": _clusters_scene,
    "exploring_checked": _checked_scene,
    "exploring_comparison": _comparison_scene,
    "exploring_similar": _similar_scene,
    "exploring_named": _named_scene,
    "exploring_painted": _painted_scene,
}


if __name__ == "__main__":
    main()
