"""The demo with a table as large as asked: each row is one of its nodes, moved a little."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.client import App
from segclr.embeddings.table import build_table, open_table

APART_NM = 25.0
_NODE_IDS_APART = 10_000_000


def large_demo(cache: Path, rows: int) -> Path:
    """The project file; the demo is generated and embedded first where the cache does not have it.

    Args:
        cache: a folder for generated volumes.
        rows: of the table; there are no edges between them.
    """
    if not list(cache.glob("phantom-*/project.toml")):
        app = App("--cache", str(cache))
        try:
            app.wait_for_address()
        finally:
            app.stop()
    folder = next(cache.glob("phantom-*/project.toml")).parent
    (made,) = folder.glob("embeddings-*/")
    project = folder / f"rows-{rows}.toml"
    text = (folder / "project.toml").read_text(encoding="utf-8")
    project.write_text(
        text.replace(f'"{made.name}"', f'"rows-{rows}"').replace('"labels.sqlite"', f'"rows-{rows}.sqlite"'),
        encoding="utf-8",
    )
    if not (folder / f"rows-{rows}").exists():
        _enlarge(made, folder / f"rows-{rows}", rows)
    return project


def _enlarge(small: Path, large: Path, rows: int) -> None:
    table = open_table(small)
    rng = np.random.default_rng(11)
    source = np.arange(rows) % len(table)
    copy = np.arange(rows) // len(table)
    spread = table.embeddings.std(axis=0) / 10
    noise = rng.standard_normal((rows, table.dimensions), dtype=np.float32)
    build_table(
        table.segment_of_rows(source),
        table.node_ids[source] + _NODE_IDS_APART * copy,
        table.positions_nm[source] + rng.uniform(-APART_NM, APART_NM, (rows, 3)) * (copy > 0)[:, None],
        table.embeddings[source] + noise * spread,
        np.zeros((0, 2), np.int64),
        table.provenance,
    ).save(large)
