"""The UMAP of a table, fitted once in a process of its own while the app is already in use, and kept beside the table.

Importing umap compiles for up to a minute; until the fit is there the scatter shows the first two principal components.
"""

import logging
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

from segclr.embeddings.table import EmbeddingTable, open_table
from segclr.errors import SegclrError
from segclr.explore.layout import Layout, open_layout, pca_layout
from segclr_viewer.child_process import end_child, new_child

log = logging.getLogger(__name__)

SEED = 0
LEAST_ROWS = 50  # below, a neighbour graph says less than two principal components

Post = Callable[[Callable[[], None]], None]


def layout_file(folder: Path, table: EmbeddingTable) -> Path:
    """Where the table's UMAP is kept."""
    return folder / f"layout-umap-{table.version}.npz"


def first_layout(folder: Path, table: EmbeddingTable) -> Layout:
    """The kept UMAP if there is one, else the principal components."""
    try:
        return open_layout(layout_file(folder, table))
    except (OSError, SegclrError):
        return pca_layout(table.embeddings)


class LayoutJob:
    """One fit under way; it may be stopped at any moment."""

    def __init__(self, post: Post) -> None:
        """Args:
        post: runs a callback on the session's thread.
        """
        self._post = post
        self._pool = new_child(niceness=10)  # clicks and repaints come first

    def start(self, folder: Path, done: Callable[[Layout], None], failed: Callable[[str], None]) -> None:
        """Fit the table in ``folder``; one of the callbacks is run on the session's thread when it is over."""

        def over(future: "Future[Layout]") -> None:
            if future.cancelled():
                return
            error = future.exception()
            if error is None:
                layout = future.result()
                self._post(lambda: done(layout))
            else:
                log.warning("the layout could not be fitted: %s", error)
                self._post(
                    lambda: failed(f"the UMAP could not be fitted ({error}): the scatter keeps its first layout")
                )
            self._pool.shutdown(wait=False)

        self._pool.submit(_fit, folder).add_done_callback(over)

    def stop(self) -> None:
        """End the process, finished or not."""
        end_child(self._pool)


def _fit(folder: Path) -> Layout:
    """Body of the process."""
    from segclr.explore.umap import umap_layout

    table = open_table(folder)
    layout = umap_layout(table.embeddings, seed=SEED, progress=lambda text, share: None)
    try:
        layout.save(layout_file(folder, table))
    except OSError as error:
        log.warning("the layout is not kept: %s", error)
    return layout
