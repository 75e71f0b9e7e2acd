"""Layouts of the scatter: which are kept, and fitting another one; rules as in `answers.py`."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from segclr_viewer.wire.types import RequestText

Whole = Annotated[int, Meta(ge=0, lt=2**53)]


class LayoutParameters(Struct, frozen=True, forbid_unknown_fields=True):
    """What a UMAP is fitted with; what is allowed, `segclr.explore.settings` says."""

    neighbours: Whole
    min_distance: float
    metric: Literal["euclidean", "cosine"]
    sample_rows: Whole
    supervised: bool
    seed: Whole


class FitRequest(Struct, frozen=True, forbid_unknown_fields=True, tag="fit"):
    """Fit a UMAP for all annotators, or show it if it is kept.

    Of the embeddings, or of their means within the radius of the task `means_of`; guided by the labels of `task` where
    it is supervised.
    """

    request: RequestText
    task: str
    means_of: str | None
    parameters: LayoutParameters


class StopFitRequest(Struct, frozen=True, forbid_unknown_fields=True, tag="stop-fit"):
    """End the fit under way; the scatter keeps its layout."""

    request: RequestText


class ShowLayoutRequest(Struct, frozen=True, forbid_unknown_fields=True, tag="show-layout"):
    """Show a kept UMAP to all annotators; with an empty stamp, the principal components."""

    request: RequestText
    stamp: Annotated[str, Meta(max_length=64)]


class DropLayoutRequest(Struct, frozen=True, forbid_unknown_fields=True, tag="drop-layout"):
    """Delete a kept UMAP that is not shown, for all annotators."""

    request: RequestText
    stamp: Annotated[str, Meta(max_length=64)]


class KeptLayoutInfo(Struct, frozen=True, forbid_unknown_fields=True):
    """A kept UMAP, of means within `radius_um` (0: none), guided by the labels of a task (empty: by none)."""

    stamp: str
    parameters: LayoutParameters
    radius_um: float
    labels_of: str
    fitted_at: str


class LayoutsKnown(Struct, frozen=True, forbid_unknown_fields=True, tag="layouts"):
    """The kept UMAPs, the newest first, the stamp of the one that is shown, empty for principal components.

    `usual` are the parameters that nobody has chosen.
    """

    shown: str
    kept: list[KeptLayoutInfo]
    usual: LayoutParameters


class Fitting(Struct, frozen=True, forbid_unknown_fields=True, tag="fitting"):
    """What the fit under way is at and the share that is done, 0 to 1; `by` is who asked, empty for the app itself.

    With `running` false there is none.
    """

    running: bool
    by: str
    text: str
    share: float


LayoutsRequest = FitRequest | StopFitRequest | ShowLayoutRequest | DropLayoutRequest
