"""The index of a large table's neighbours, built in a process of its own while the app is used, and kept beside it."""

from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from segclr.embeddings.averaged import PassingMeans
from segclr.embeddings.storage.stored_embeddings import StoredEmbeddings
from segclr.embeddings.table import EmbeddingTable, open_table
from segclr.errors import SegclrError, TableError
from segclr.explore.faiss_index import FaissIndex, RowSlices
from segclr.explore.kept_index import IndexStamp, keep_index, kept_index
from segclr_viewer.child_process import begin_child
from segclr_viewer.newest_job import NewestJob, Post, reporting

_REOPENED_ROWS = 1 << 20
_LEAST_NEWS = 0.01  # the app is told of progress in steps of so much

Done = Callable[[], None]
Failed = Callable[[SegclrError], None]
Progress = Callable[[float], None]


class IndexJobs:
    """The `Indexer` port.

    Args:
        folder: the table's.
        table: as the app has opened it.
        post: runs a callback on the session's thread.
    """

    def __init__(self, folder: Path, table: EmbeddingTable, post: Post) -> None:
        self._folder = folder
        self._table = table
        self._job = NewestJob(post)

    def kept(self, radius_um: float) -> FaissIndex | None:
        """The index of the table as it is, None if it has not been built."""
        return kept_index(self._folder, self._stamp(radius_um))

    def build(self, radius_um: float, done: Done, failed: Failed, progress: Progress) -> None:
        """Build and keep one; what was being built is given up."""

        def hear(news: object) -> None:
            if isinstance(news, float):
                progress(news)
            elif isinstance(news, SegclrError):
                failed(news)
            else:
                done()

        died = "the process that built it ended; is there memory left?"
        self._job.start(_build, (self._folder, self._stamp(radius_um)), float, died, hear)

    def stop(self) -> None:
        """Give up what is being built; nothing more is told of it."""
        self._job.stop()

    def _stamp(self, radius_um: float) -> IndexStamp:
        return IndexStamp(self._table.version, len(self._table), radius_um)


class _Rows:
    """(n, d) what is indexed, for whoever reads from the first row to the last.

    A mapped table is opened anew now and then, so that what was read of it does not stay in this process's memory.
    """

    def __init__(self, folder: Path, stamp: IndexStamp) -> None:
        """Raises:
        TableError: there is no table, or it is not the one of the stamp any more.
        """
        self._folder = folder
        self._stamp = stamp
        self._rows = self._opened()
        self.shape = self._rows.shape
        self._read = 0

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: slice, /) -> NDArray[np.float32]:
        if self._read > _REOPENED_ROWS and self._is_mapped:
            self._rows, self._read = self._opened(), 0
        found = self._rows[rows]
        self._read += len(found)
        return found

    def _opened(self) -> RowSlices:
        table = open_table(self._folder)
        if (table.version, len(table)) != (self._stamp.table, self._stamp.rows):
            raise TableError(f"the embedding table {self._folder} has changed since it was opened")
        self._is_mapped = isinstance(table.embeddings, StoredEmbeddings | np.memmap)
        radius_um = self._stamp.radius_um
        return PassingMeans(table, radius_um) if radius_um > 0 else table.embeddings


def _build(pipe: Connection, folder: Path, stamp: IndexStamp) -> None:
    """Body of the process: how far it is, then None, or what went wrong."""
    begin_child(niceness=19)  # nobody waits for it
    told = 0.0

    def tell(share: float) -> None:
        nonlocal told
        if share - told >= _LEAST_NEWS:
            told = share
            pipe.send(share)

    with reporting(pipe):
        keep_index(folder, stamp, _Rows(folder, stamp), tell)
        pipe.send(None)
