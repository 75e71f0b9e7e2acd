"""The UMAPs that lie beside a table, and the one that is being fitted."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from segclr.embeddings.table import EmbeddingTable
from segclr.errors import LayoutError, SegclrError
from segclr.explore.carrying import carried_over
from segclr.explore.fitted import FittedLayout, Rows, describe_fitted, open_fitted
from segclr_viewer.growing_table import GrowingTable, plain_copy
from segclr_viewer.heads.row_vectors import RowVectors
from segclr_viewer.layout_job import LayoutJob, LayoutOrder, Post, file_of
from segclr_viewer.ports import KeptLayout, LayoutWish
from segclr_viewer.scatter import Scatter

MOST_LISTED = 12

_SHOWN = "layout-shown.txt"

log = logging.getLogger(__name__)


class KeptLayouts:
    """The session's `Layouts` port."""

    def __init__(self, folder: Path, table: EmbeddingTable, scatter: Scatter, post: Post) -> None:
        """Args:
        folder: the table's.
        scatter: the points that are laid out.
        post: runs a callback on the session's thread.
        """
        self._folder = folder
        self._table = table
        self._scatter = scatter
        self._post = post
        self._job: LayoutJob | None = None

    def kept(self) -> list[KeptLayout]:
        """Those of the points of this version of the table, the newest first, at most `MOST_LISTED`, without damaged
        files."""
        usual, found = self.stamp_of(LayoutWish()), []
        for path in self._files():
            try:
                stamp, settings, source, rows = describe_fitted(path)
                fitted_at = datetime.fromtimestamp(path.stat().st_mtime, UTC).isoformat(timespec="seconds")
            except (OSError, SegclrError) as error:
                log.warning("a kept layout is passed over: %s", error)
                continue
            # layouts of earlier releases do not tell their source; only the usual one's stamp is known to be of it
            of_table = source.table == self._table.version or (source.table == "" and stamp == usual)
            if of_table and self._fits(rows):
                found.append(KeptLayout(stamp, settings, source, fitted_at))
        return found[:MOST_LISTED]

    def carry_over(self) -> None:
        """Take the layout shown last over to the table as it is, if segments have come to it since it was fitted.

        For a table that only grows, so that the rows it had are what they were.
        """
        try:
            shown = open_fitted(self._file(self.remembered()))
        except (OSError, SegclrError):
            return
        table, source = self._table, shown.source
        if source.table in ("", table.version):
            return
        stamp = LayoutOrder(self._folder, shown.settings, source.radius_um).stamp(table)
        embeddings = RowVectors(table, source.radius_um, self._folder).matrix()[:]
        segments = table.segment_of_rows(np.arange(len(table)))
        try:
            carried = carried_over(shown, Rows(segments, table.node_ids, embeddings), stamp, table.version)
            if carried is None:
                return
            carried.save(self._file(stamp))
        except (OSError, SegclrError) as error:  # it is fitted anew, as if there had been none
            log.warning("the layout is not taken over: %s", error)
            return
        self.remember(stamp)

    def stamp_of(self, wish: LayoutWish) -> str:
        """The stamp that this UMAP is kept under when it has been fitted."""
        return self._order(wish).stamp(self._table)

    def opened(self, stamp: str) -> FittedLayout:
        """A kept one; a stamp of a page has to be one of `kept`.

        Raises:
            LayoutError: it is not there any more, damaged, or of another table.
        """
        try:
            fitted = open_fitted(self._file(stamp))
        except (OSError, SegclrError) as error:
            raise LayoutError(f"that layout cannot be read any more ({error}): fit it again") from None
        if not self._fits(len(fitted.layout.xy)):
            raise LayoutError("that layout is of another table: fit it again")
        return fitted

    def drop(self, stamp: str) -> None:
        """Delete the file of a kept one, with a stamp of `kept`.

        Raises:
            LayoutError: it cannot be deleted.
        """
        try:
            self._file(stamp).unlink(missing_ok=True)
        except OSError as error:
            raise LayoutError(f"{self._file(stamp)} cannot be deleted ({error.strerror}): check its folder") from None

    def fit(
        self,
        wish: LayoutWish,
        earlier: str,
        done: Callable[[FittedLayout], None],
        failed: Callable[[str], None],
        progress: Callable[[str, float], None],
    ) -> None:
        """Fit one in a process of its own, in the stead of what is being fitted."""
        self.stop()
        self._job = LayoutJob(self._post)
        order = self._order(wish, self._file(earlier) if earlier else None)
        self._job.start(order, done, failed, lambda news: progress(news.doing, news.share))

    def stop(self) -> None:
        """End the fit under way; none of its callbacks is run any more."""
        if self._job is not None:
            self._job.stop()
            self._job = None

    def remembered(self) -> str:
        """The stamp that was shown last, empty for none."""
        try:
            return (self._folder / _SHOWN).read_text(encoding="ascii").strip()
        except (OSError, ValueError):
            return ""

    def remember(self, stamp: str) -> None:
        """Show this one in the next run, too."""
        try:
            (self._folder / _SHOWN).write_text(stamp, encoding="ascii")
        except OSError as error:
            log.warning("the choice of the layout is not kept: %s", error)

    def _fits(self, rows: int) -> bool:
        """Whether a layout of so many rows can be one of the points; a growing table had fewer."""
        sampled = self._scatter.sampled
        now = len(self._table if sampled is None else sampled)
        return rows == now or (isinstance(self._table, GrowingTable) and rows < now)

    def _order(self, wish: LayoutWish, earlier: Path | None = None) -> LayoutOrder:
        return LayoutOrder(
            self._folder,
            wish.settings,
            wish.radius_um,
            wish.classes,
            wish.labels,
            earlier=earlier,
            labels_of=wish.labels_of,
            among=self._scatter.sampled,
            table=plain_copy(self._table),
        )

    def _file(self, stamp: str) -> Path:
        return file_of(self._folder, stamp)

    def _files(self) -> list[Path]:
        """The newest first."""
        times = []
        for path in self._folder.glob("layout-umap-*.npz"):
            try:
                times.append((path.stat().st_mtime, path))
            except OSError:
                continue
        return [path for _, path in sorted(times, reverse=True)]
