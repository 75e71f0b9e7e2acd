"""Tables made up for tests: several segments, ids above 2^63, voxels that are not cubes."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from segclr.em.cutout import CutoutSpec
from segclr.embeddings.provenance import Provenance
from segclr.embeddings.table import EmbeddingTable, build_table

BIG = 2**63 + 5
MADE = Provenance(
    encoder_hash="0123456789abcdef",
    cutout=CutoutSpec(33, (32.0, 32.0, 40.0)),
    em_url="precomputed://file:///em",
    segmentation_url="precomputed://file:///segmentation",
    nodes_from="a test",
    code_version="0",
    skipped_background=2,
)


def made_table(
    sizes: dict[int, int], seed: int = 0, *, dimensions: int = 6, first_node: int = 0, extra: bool = False
) -> EmbeddingTable:
    """A table with so many nodes of each segment, joined in a line, at random places."""
    rng = np.random.default_rng(seed)
    n = sum(sizes.values())
    segments = np.repeat(np.array(list(sizes), np.uint64), list(sizes.values()))
    nodes = np.concatenate([np.zeros(0, np.int64), *(first_node + np.arange(size) for size in sizes.values())])
    after = np.arange(1, n)
    after = after[segments[1:] == segments[:-1]]
    own = {
        "depth": rng.uniform(0, 1, n).astype(np.float32),
        "layer": np.array([f"L{1 + row % 6}" for row in range(n)], np.str_),
        "seen": rng.uniform(size=n) < 0.5,
    }
    return build_table(
        segments,
        nodes,
        rng.uniform(0, 50_000, (n, 3)),
        rng.standard_normal((n, dimensions)).astype(np.float32),
        np.column_stack([after - 1, after]),
        MADE,
        own if extra else None,
    )


def united(*tables: EmbeddingTable) -> EmbeddingTable:
    """The rows of all tables, built at once."""
    starts = np.cumsum([0, *(len(table) for table in tables)])
    made = replace(MADE, skipped_background=sum(table.provenance.skipped_background for table in tables))
    return build_table(
        np.concatenate([table.columns().segment_of_row() for table in tables]),
        np.concatenate([table.node_ids for table in tables]),
        np.concatenate([table.positions_nm for table in tables]),
        np.concatenate([table.embeddings for table in tables]),
        np.concatenate([table.edges + start for table, start in zip(tables, starts, strict=False)]),
        made,
        {name: np.concatenate([table.extra[name] for table in tables]) for name in tables[0].extra},
    )


def assert_same(one: EmbeddingTable, other: EmbeddingTable) -> None:
    for name in ("segment_ids", "first_row", "node_ids", "positions_nm", "embeddings", "edges"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    assert set(one.extra) == set(other.extra)
    for name, values in one.extra.items():
        np.testing.assert_array_equal(values, other.extra[name])
    assert (one.provenance, one.version) == (other.provenance, other.version)


def save_as_first_format(table: EmbeddingTable, folder: Path) -> None:
    """Write a table as the first version of the program did."""
    folder.mkdir(parents=True)
    for name in ("segment_ids", "first_row", "node_ids", "positions_nm", "embeddings", "edges"):
        np.save(folder / f"{name}-{table.version}.npy", getattr(table, name))
    index = {
        "format": "segclr-embeddings",
        "format_version": 1,
        "version": table.version,
        "rows": len(table),
        "segments": len(table.segment_ids),
        "edges": len(table.edges),
        "dimensions": table.dimensions,
        "provenance": table.provenance.to_json(),
    }
    (folder / "table.json").write_text(json.dumps(index, indent=1))
