"""Views that are kept under a name, and selections that are kept for views and links; rules as in `answers.py`."""

from typing import Annotated

from msgspec import Meta, Struct

from segclr_viewer.wire.types import RequestText

LONGEST_VIEW = 20_000  # characters; a view with all parts has about 1,500

KeptName = Annotated[str, Meta(pattern="^[0-9a-f]{24}$")]
ViewName = Annotated[str, Meta(min_length=1, max_length=80)]


class KeepSelectionRequest(Struct, frozen=True, forbid_unknown_fields=True, tag="keep-selection"):
    """Keep the selection as it is, so that a view, a link or a comparison can name it."""

    request: RequestText


class BringSelectionRequest(Struct, frozen=True, forbid_unknown_fields=True, tag="bring-selection"):
    """Select again what was kept under this name."""

    request: RequestText
    selection: KeptName


class SaveViewRequest(Struct, frozen=True, forbid_unknown_fields=True, tag="save-view"):
    """Keep a view, which is the page's own text, under a name; a view of the annotator's with that name gives way."""

    request: RequestText
    name: ViewName
    view: Annotated[str, Meta(min_length=1, max_length=LONGEST_VIEW)]


class DropViewRequest(Struct, frozen=True, forbid_unknown_fields=True, tag="drop-view"):
    """Keep one of the annotator's views no longer."""

    request: RequestText
    name: ViewName


class SelectionKept(Struct, frozen=True, forbid_unknown_fields=True, tag="kept-selection"):
    """The selection is kept under this name, null where nothing was selected; it has so many rows of so many cells."""

    request: str
    selection: str | None
    rows: int
    cells: int


class ViewInfo(Struct, frozen=True, forbid_unknown_fields=True):
    """A kept view: by whom, and when (ISO 8601)."""

    name: str
    by: str
    at: str
    view: str


class ViewsKnown(Struct, frozen=True, forbid_unknown_fields=True, tag="views"):
    """All kept views, of all annotators, the newest first."""

    views: list[ViewInfo]


ViewsRequest = KeepSelectionRequest | BringSelectionRequest | SaveViewRequest | DropViewRequest
