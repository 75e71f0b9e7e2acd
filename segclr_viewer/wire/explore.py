"""Exploring by the embedding: what is alike, clusters, and what is said meanwhile; rules as in `answers.py`."""

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from segclr_viewer.wire.types import Ball, RequestText, SegmentText

MOST_ALIKE = 200  # rows in one answer

Scope = Literal["point", "cell", "selection"]


class SimilarRequest(Struct, frozen=True, forbid_unknown_fields=True, tag="similar"):
    """Which rows are most like a row, the mean of its cell, or the mean of the selection?

    Of the questions of one page (`page` names it) the newest is answered. `row` is null for the selection. Only rows
    predicted as one of the `classes` (ids; empty: any), of the `segment` (null: any) and `within` a ball of the volume
    (null: anywhere) answer; with `once`, each cell answers at most once, and that of the question does not.
    """

    request: RequestText
    page: RequestText
    task: str
    scope: Scope
    row: Annotated[int, Meta(ge=0, lt=2**53)] | None
    classes: Annotated[list[str], Meta(max_length=200)]
    segment: SegmentText | None
    within: Ball | None
    once: bool
    count: Annotated[int, Meta(ge=1, le=MOST_ALIKE)]

    def __post_init__(self) -> None:
        if (self.scope == "selection") != (self.row is None):
            raise ValueError("a row is named for a point or a cell, and for nothing else")


class Exploring(Struct, frozen=True, forbid_unknown_fields=True, tag="exploring"):
    """What is being done for a request, and the share of it that is done, 0 to 1; null where that is not known."""

    request: str
    text: str
    share: float | None


class SimilarReady(Struct, frozen=True, forbid_unknown_fields=True, tag="similar"):
    """The rows that are most alike, the nearest first, with their cosine distances in the task's embedding.

    `rows_asked` counts the rows whose mean was asked about, `among` those that could answer.
    """

    request: str
    task: str
    scope: Scope
    row: int | None
    rows: list[int]
    distances: list[float]
    rows_asked: int
    among: int
    note: str


class ClusterRequest(Struct, frozen=True, forbid_unknown_fields=True, tag="cluster"):
    """Find clusters of the task's embeddings, or of the points of the layout; gives up what was asked before.

    `clusters` is of k-means; `least_size` and `fine` (many small groups) are of HDBSCAN.
    """

    request: RequestText
    task: str
    on: Literal["embedding", "layout"]
    method: Literal["hdbscan", "k-means"]
    clusters: Annotated[int, Meta(ge=1, le=1000)]
    least_size: Annotated[int, Meta(ge=2, lt=2**31)]
    fine: bool


class ClusterStopRequest(Struct, frozen=True, forbid_unknown_fields=True, tag="stop-clusters"):
    """Give up finding clusters."""

    request: RequestText


class ClusterSelectRequest(Struct, frozen=True, forbid_unknown_fields=True, tag="select-cluster"):
    """Select the rows of a cluster of a `run`, or change the selection by them."""

    request: RequestText
    run: str
    cluster: Annotated[int, Meta(ge=0, lt=2**31)]
    mode: Literal["replace", "add", "subtract", "intersect"]


class ShareInfo(Struct, frozen=True, forbid_unknown_fields=True):
    """The share of a class (its id) in a cluster and in its nearest neighbour, 0 to 1."""

    class_id: str = field(name="class")
    here: float
    there: float


class ClusterInfo(Struct, frozen=True, forbid_unknown_fields=True):
    """A cluster: rows, cells, its most frequent label (a class's id) and the share of its labels that have it.

    `stability` is how much of it is found again when the cells are drawn anew, 0 to 1. `typical` rows are nearest to
    its mean, `marginal` ones nearly as near to another's. `separation` from the `neighbour` is in units of the spread;
    `differences` are the classes, as predicted, whose shares differ most between the two. `depths` counts its rows in
    equal steps of depth, from the least to the greatest of any cluster; `depth_um` are its quartiles.
    """

    cluster: int
    size: int
    cells: int
    labelled: int
    label: str | None
    purity: float | None
    stability: float | None
    typical: list[int]
    marginal: list[int]
    neighbour: int | None
    separation: float | None
    differences: list[ShareInfo]
    depths: list[int]
    depth_um: tuple[float, float, float]


class ClustersReady(Struct, frozen=True, forbid_unknown_fields=True, tag="clusters"):
    """The clusters by size, at most 200 of `total`; `run` names them when one is to be selected.

    `depth_um` are the ends of the steps that rows are counted in by depth.

    `agreement` is the mean adjusted Rand index with clusters of cells drawn anew, null where it is not known.
    """

    request: str
    task: str
    run: str
    clusters: list[ClusterInfo]
    total: int
    unclustered: int
    rows: int
    agreement: float | None
    depth_um: tuple[float, float]
    note: str
