"""What the tests ask of the page: its summary, conditions on it, and the label file behind it."""

from pathlib import Path
from typing import Any

from playwright.sync_api import Frame, Page

WAIT_MS = 60_000


def summary(page: Page) -> dict[str, Any]:
    """What the page says is on screen."""
    found: dict[str, Any] = page.evaluate("() => window.segclr.summary()")
    return found


def wait(page: Page, condition: str, argument: object = None) -> None:
    """Wait until a condition on ``s``, the page's summary, holds (``a`` is the argument)."""
    page.wait_for_function(
        f"(a) => {{ const s = window.segclr?.summary(); return s && ({condition}); }}", arg=argument, timeout=WAIT_MS
    )


def viewer_frame(page: Page) -> Frame:
    """Neuroglancer's frame."""
    frame = page.query_selector("#viewer").content_frame()  # type: ignore[union-attr]
    assert frame is not None
    return frame


def label_log(cache: Path) -> Path:
    """The label file of the demo with this cache."""
    (found,) = cache.glob("*/labels.sqlite")
    return found
