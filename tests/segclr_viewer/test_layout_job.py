"""The layout of a table: the kept UMAP if there is one, principal components until then."""

import queue
from collections.abc import Callable
from pathlib import Path

import numpy as np

from segclr.em.cutout import CutoutSpec
from segclr.embeddings.provenance import Provenance
from segclr.embeddings.table import EmbeddingTable, build_table
from segclr.explore.fitted import FittedLayout
from segclr.explore.layout import make_layout
from segclr.explore.settings import LayoutSettings
from segclr_viewer.layout_job import LayoutJob, LayoutOrder, Progress, first_layout, kept_layout, layout_file
from segclr_viewer.scatter import Scatter


def table_of(rows: int, equal: bool = False) -> EmbeddingTable:
    """A table of one cell."""
    rng = np.random.default_rng(0)
    provenance = Provenance("9f86", CutoutSpec(33, (32.0, 32.0, 40.0)), "/em", "/seg", "test", "0")
    segments = np.full(rows, 2**63 + 5, np.uint64)
    nodes = np.arange(rows)
    embeddings = np.ones((rows, 6)) if equal else rng.normal(size=(rows, 6))
    return build_table(segments, nodes, rng.normal(size=(rows, 3)), embeddings, np.zeros((0, 2), np.int64), provenance)


def test_without_a_kept_layout_the_principal_components_are_shown(tmp_path: Path) -> None:
    layout = first_layout(tmp_path, table_of(20), Scatter(table_of(20)))
    assert layout.method == "pca"
    assert layout.xy.shape == (20, 2)


def keep_one(folder: Path, table: EmbeddingTable) -> FittedLayout:
    layout = make_layout("umap", np.random.default_rng(1).normal(size=(20, 2)), np.arange(20))
    segments = np.repeat(table.segment_ids, 20)
    kept = FittedLayout(layout, LayoutSettings(), "stamp", segments, table.node_ids, np.zeros(20, np.float32))
    kept.save(layout_file(LayoutOrder(folder), table))
    return kept


def test_a_kept_layout_is_shown_again(tmp_path: Path) -> None:
    table = table_of(20)
    kept = keep_one(tmp_path, table)
    assert first_layout(tmp_path, table, Scatter(table)).id == kept.layout.id


def test_layouts_of_other_settings_or_means_are_kept_beside_it(tmp_path: Path) -> None:
    table = table_of(20)
    keep_one(tmp_path, table)
    assert kept_layout(LayoutOrder(tmp_path), table) is not None
    assert kept_layout(LayoutOrder(tmp_path, LayoutSettings(neighbours=5)), table) is None
    assert kept_layout(LayoutOrder(tmp_path, radius_um=10), table) is None


def test_a_damaged_kept_layout_is_passed_over(tmp_path: Path) -> None:
    table = table_of(20)
    layout_file(LayoutOrder(tmp_path), table).write_bytes(b"half a file")
    assert first_layout(tmp_path, table, Scatter(table)).method == "pca"


class Told:
    """What a job has told, by the session's thread."""

    def __init__(self) -> None:
        self.posted: queue.Queue[Callable[[], None]] = queue.Queue()
        self.made: list[FittedLayout] = []
        self.said: list[str] = []
        self.progress: list[Progress] = []
        self.job = LayoutJob(self.posted.put)

    def start(self, order: LayoutOrder) -> None:
        self.job.start(order, self.made.append, self.said.append, self.progress.append)

    def wait(self) -> None:
        while not self.made and not self.said:
            self.posted.get(timeout=60)()


def test_a_fit_that_fails_is_said_in_one_sentence_on_the_sessions_thread(tmp_path: Path) -> None:
    table_of(3).save(tmp_path)  # too few rows for a neighbour graph
    told = Told()
    told.start(LayoutOrder(tmp_path))
    told.wait()
    told.job.stop()
    assert told.made == []
    assert len(told.said) == 1
    assert "the UMAP could not be fitted (a UMAP of 3 rows needs more than 15 of them" in told.said[0]


def test_a_layout_and_its_progress_come_from_the_process_and_are_kept(tmp_path: Path) -> None:
    table = table_of(60, equal=True)  # laid out without a fit, so that umap is not loaded
    table.save(tmp_path)
    order = LayoutOrder(tmp_path, radius_um=1.0)
    told = Told()
    told.start(order)
    told.wait()
    assert told.said == []
    assert told.progress
    kept = kept_layout(order, table)
    assert kept is not None
    assert kept.layout.id == told.made[0].layout.id
    assert kept.stamp == order.stamp(table)


def test_a_stopped_job_tells_nothing_more(tmp_path: Path) -> None:
    table_of(60, equal=True).save(tmp_path)
    told = Told()
    told.start(LayoutOrder(tmp_path))
    told.job.stop()
    told.job.wait()
    while not told.posted.empty():
        told.posted.get()()
    assert (told.made, told.said, told.progress) == ([], [], [])
