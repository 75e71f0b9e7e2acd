"""A small project: two tasks, and a table of four cells."""

from typing import Any

import numpy as np

from segclr.em.cutout import CutoutSpec
from segclr.embeddings.provenance import Provenance
from segclr.embeddings.table import EmbeddingTable, build_table
from segclr.explore.layout import pca_layout
from segclr_viewer.project import ClassSpec, Task
from segclr_viewer.world import World

BIG = 2**63 + 5
NODES = Task(
    name="subcompartment",
    unit="node",
    classes=(
        ClassSpec("axon", "#3b82f6", "1"),
        ClassSpec("dendrite", "#ef4444", "2"),
        ClassSpec("spine", "#f59e0b", "3"),
    ),
)
CELLS = Task(
    name="cell type",
    unit="segment",
    aggregation_radius_um=3.5,
    classes=(ClassSpec("astrocyte", "#10b981", "1"), ClassSpec("microglia", "#8b5cf6", "2")),
)
# segment, number of nodes, y of its line of nodes (nm), what its nodes look like
SEGMENTS = ((11, 4, 1000.0, 0), (500, 5, 9000.0, 1), (977, 3, 20000.0, 0), (BIG, 6, 30000.0, 2))
LOOKS = np.array([[4, 0, 0, 1, 0], [0, 4, 0, 0, 1], [0, 0, 4, 1, 1]], np.float32)


def small_table() -> EmbeddingTable:
    """Four cells, each a line of nodes 1500 nm apart along x; embeddings in three clusters."""
    rng = np.random.default_rng(0)
    segments = np.repeat(np.array([row[0] for row in SEGMENTS], np.uint64), [row[1] for row in SEGMENTS])
    nodes = np.concatenate([np.arange(row[1]) for row in SEGMENTS])
    positions = np.column_stack(
        [1500.0 * nodes, np.repeat([row[2] for row in SEGMENTS], [row[1] for row in SEGMENTS]), 40.5 * nodes]
    )
    looks = np.repeat([row[3] for row in SEGMENTS], [row[1] for row in SEGMENTS])
    embeddings = LOOKS[looks] + 0.1 * rng.standard_normal((len(nodes), 5)).astype(np.float32)
    same = np.flatnonzero(segments[1:] == segments[:-1])
    edges = np.column_stack([same, same + 1])
    provenance = Provenance("9f86", CutoutSpec(33, (32.0, 32.0, 40.0)), "/em", "/seg", "test", "0")
    return build_table(segments, nodes, positions, embeddings.astype(np.float32), edges, provenance)


def world_of(table: EmbeddingTable, **changes: Any) -> World:
    """What a session knows of a project of this table, with some of it changed."""
    given: dict[str, Any] = {
        "project": "small",
        "generated": False,
        "annotator": "ana",
        "segmentation": "v1",
        "viewer_url": "/v/x/",
        "resolution_nm": (32.0, 32.0, 40.0),
        "bounds_nm": ((0.0, 0.0, 0.0), (9000.0, 40000.0, 1000.0)),
        "start_segments": (),
        "tasks": (NODES, CELLS),
        "table": table,
    }
    given |= changes
    return World(**given, **({} if "layout" in given else {"layout": pca_layout(table.embeddings)}))
