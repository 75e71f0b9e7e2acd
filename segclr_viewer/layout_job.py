"""The UMAP of a table, fitted in a process of its own while the app is in use, and kept beside the table.

Importing umap compiles for up to a minute; until the fit is there the scatter shows the first two principal components.
"""

import logging
import multiprocessing
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from segclr.embeddings.table import EmbeddingTable, open_table
from segclr.errors import SegclrError, WorkerDied
from segclr.explore.fitted import FittedLayout, Rows, Source, fit_layout, open_fitted, with_three_dimensions
from segclr.explore.layout import Layout, pca_layout
from segclr.explore.settings import LayoutSettings, stamp
from segclr_viewer.child_process import begin_child
from segclr_viewer.heads.row_vectors import RowVectors
from segclr_viewer.newest_job import reporting
from segclr_viewer.scatter import Scatter

log = logging.getLogger(__name__)

LEAST_ROWS = 50  # below, a neighbour graph says less than two principal components

Post = Callable[[Callable[[], None]], None]


@dataclass(frozen=True, slots=True, eq=False)
class LayoutOrder:
    """A layout that is asked for.

    Attributes:
        folder: the table's.
        settings: of the fit.
        radius_um: embeddings are averaged over nodes of their segment within it; 0 for the embeddings themselves.
        classes: (n,) predicted class of each row, for the choice of the sample.
        labels: (n,) label of each row, -1 for none, for a supervised layout.
        three_dimensions: whether to fit these, too, for export; the layout is shown before.
        earlier: the file of the layout shown now, towards which the new one is turned.
        labels_of: the task that the labels are of; empty without labels.
        among: (n,) ascending, the rows of the table that are laid out; None for all.
        table: None for the one in the folder.
    """

    folder: Path
    settings: LayoutSettings = LayoutSettings()  # noqa: RUF009 (frozen)
    radius_um: float = 0.0
    classes: NDArray[np.integer] | None = None
    labels: NDArray[np.integer] | None = None
    three_dimensions: bool = False
    earlier: Path | None = None
    labels_of: str = ""
    among: NDArray[np.int64] | None = None
    table: EmbeddingTable | None = None

    def stamp(self, table: EmbeddingTable) -> str:
        """Names what will be fitted."""
        return stamp(self.settings, f"{table.version} {self.radius_um:g} um", self.labels)


@dataclass(frozen=True, slots=True)
class Progress:
    """What is being done, and the share that is done, 0 to 1."""

    doing: str
    share: float


def layout_file(order: LayoutOrder, table: EmbeddingTable) -> Path:
    """Where the layout is kept."""
    return file_of(order.folder, order.stamp(table))


def file_of(folder: Path, stamp: str) -> Path:
    """Where a layout with that stamp is kept."""
    return folder / f"layout-umap-{stamp}.npz"


def kept_layout(order: LayoutOrder, table: EmbeddingTable) -> FittedLayout | None:
    """The layout if it has been fitted before; a damaged one is fitted again."""
    try:
        return open_fitted(layout_file(order, table))
    except (OSError, SegclrError):
        return None


def first_layout(folder: Path, table: EmbeddingTable, scatter: Scatter) -> Layout:
    """The kept UMAP of the points with the usual settings if there is one, else their principal components."""
    kept = kept_layout(LayoutOrder(folder), table)
    if kept is None or len(kept.layout.xy) != len(scatter):
        return pca_layout(scatter.of(table.embeddings))
    return kept.layout


class LayoutJob:
    """One fit under way; it may be stopped at any moment."""

    def __init__(self, post: Post) -> None:
        """Args:
        post: runs a callback on the session's thread.
        """
        self._post = post
        self._stopped = False
        self._process: BaseProcess | None = None
        self._listener: threading.Thread | None = None

    def start(
        self,
        order: LayoutOrder,
        done: Callable[[FittedLayout], None],
        failed: Callable[[str], None],
        progress: Callable[[Progress], None] = lambda news: None,
    ) -> None:
        """Fit a layout; callbacks are run on the session's thread.

        `done` is told again when three dimensions, which take as long, have been added. When all is over, or was
        stopped, nothing more is told.
        """
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe(duplex=False)
        self._process = context.Process(target=_fit, args=(theirs, order), daemon=True)
        self._process.start()
        theirs.close()
        self._listener = threading.Thread(target=self._listen, args=(ours, done, failed, progress), daemon=True)
        self._listener.start()

    def stop(self) -> None:
        """End the process, finished or not; no callback is run any more."""
        self._stopped = True
        if self._process is not None:
            self._process.terminate()

    def wait(self) -> None:
        """Until the process has ended and all its news are posted."""
        if self._listener is not None:
            self._listener.join()

    def _listen(
        self,
        pipe: Connection,
        done: Callable[[FittedLayout], None],
        failed: Callable[[str], None],
        progress: Callable[[Progress], None],
    ) -> None:
        over = False
        while not over:
            try:
                news = pipe.recv()
            except (EOFError, OSError):
                news = WorkerDied("its process ended; is there memory left?")
            if isinstance(news, FittedLayout):
                self._tell(partial(done, news))
            elif isinstance(news, Progress):
                self._tell(partial(progress, news))
            elif isinstance(news, Exception):
                if not self._stopped:
                    log.warning("the layout could not be fitted: %s", news)
                self._tell(partial(failed, f"the UMAP could not be fitted ({news}): the scatter keeps its layout"))
                over = True
            else:
                over = True
        pipe.close()

    def _tell(self, what: Callable[[], None]) -> None:
        if not self._stopped:  # else the session's thread has perhaps ended
            self._post(lambda: None if self._stopped else what())


def _fit(pipe: Connection, order: LayoutOrder) -> None:
    """Body of the process: news, then None, or what went wrong."""
    begin_child(niceness=10)  # clicks and repaints come first
    with reporting(pipe):
        _fit_and_keep(pipe, order)
        pipe.send(None)


def _fit_and_keep(pipe: Connection, order: LayoutOrder) -> None:
    table = order.table or open_table(order.folder)
    rows = _rows(table, order)
    stamp, version = order.stamp(table), table.version
    del table  # it is mapped, and what was read of it would stay in this process's memory

    def tell(doing: str, share: float) -> None:
        pipe.send(Progress(doing, share))

    fitted = fit_layout(rows, order.settings, stamp, _earlier(order), tell)
    guide = order.labels_of if order.settings.supervised else ""
    fitted = replace(fitted, source=Source(version, order.radius_um, guide))
    _keep(fitted, file_of(order.folder, stamp))
    pipe.send(fitted)
    if order.three_dimensions:
        fitted = with_three_dimensions(fitted, rows, lambda doing, share: tell(f"in three dimensions: {doing}", share))
        _keep(fitted, file_of(order.folder, stamp))
        pipe.send(fitted)


def _rows(table: EmbeddingTable, order: LayoutOrder) -> Rows:
    vectors = RowVectors(table, order.radius_um, order.folder).matrix()
    if order.among is None:
        return Rows(_segments(table), table.node_ids, vectors[:], order.classes, order.labels)
    nodes = table.node_ids[order.among]
    return Rows(table.segment_of_rows(order.among), nodes, vectors[order.among], order.classes, order.labels)


def _segments(table: EmbeddingTable) -> NDArray[np.uint64]:
    return np.repeat(table.segment_ids, np.diff(table.first_row))


def _earlier(order: LayoutOrder) -> FittedLayout | None:
    """The layout to be turned towards; without it, or if it is damaged, the new one lies as it comes."""
    try:
        return None if order.earlier is None else open_fitted(order.earlier)
    except (OSError, SegclrError) as error:
        log.warning("the earlier layout cannot be read: %s", error)
        return None


def _keep(fitted: FittedLayout, path: Path) -> None:
    try:
        fitted.save(path)
    except OSError as error:
        log.warning("the layout is not kept: %s", error)
