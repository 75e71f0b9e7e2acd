"""The layout of a table: the kept UMAP if there is one, principal components until then."""

import queue
from collections.abc import Callable
from pathlib import Path

import numpy as np

from segclr.em.cutout import CutoutSpec
from segclr.embeddings.provenance import Provenance
from segclr.embeddings.table import EmbeddingTable, build_table
from segclr.explore.layout import Layout, make_layout
from segclr_viewer.layout_job import LayoutJob, first_layout, layout_file


def table_of(rows: int) -> EmbeddingTable:
    """A table of one cell."""
    rng = np.random.default_rng(0)
    provenance = Provenance("9f86", CutoutSpec(33, (32.0, 32.0, 40.0)), "/em", "/seg", "test", "0")
    segments = np.full(rows, 2**63 + 5, np.uint64)
    nodes = np.arange(rows)
    return build_table(
        segments, nodes, rng.normal(size=(rows, 3)), rng.normal(size=(rows, 6)), np.zeros((0, 2), np.int64), provenance
    )


def test_without_a_kept_layout_the_principal_components_are_shown(tmp_path: Path) -> None:
    layout = first_layout(tmp_path, table_of(20))
    assert layout.method == "pca"
    assert layout.xy.shape == (20, 2)


def test_a_kept_layout_is_shown_again(tmp_path: Path) -> None:
    table = table_of(20)
    kept = make_layout("umap", np.random.default_rng(1).normal(size=(20, 2)))
    kept.save(layout_file(tmp_path, table))
    assert first_layout(tmp_path, table).id == kept.id


def test_a_damaged_kept_layout_is_passed_over(tmp_path: Path) -> None:
    table = table_of(20)
    layout_file(tmp_path, table).write_bytes(b"half a file")
    assert first_layout(tmp_path, table).method == "pca"


def test_a_fit_that_fails_is_said_in_one_sentence_on_the_sessions_thread(tmp_path: Path) -> None:
    table_of(3).save(tmp_path)  # too few rows for a neighbour graph
    posted: queue.Queue[Callable[[], None]] = queue.Queue()
    said: list[str] = []
    made: list[Layout] = []
    job = LayoutJob(posted.put)
    job.start(tmp_path, made.append, said.append)
    posted.get(timeout=60)()
    job.stop()
    assert made == []
    assert len(said) == 1
    assert "the UMAP could not be fitted" in said[0]
