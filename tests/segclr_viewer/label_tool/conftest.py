"""A project on the small world with its table, with a log and without."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from segclr.em.cutout import CutoutSpec
from segclr.embeddings.provenance import Provenance
from segclr.embeddings.table import EmbeddingTable, build_table
from segclr_viewer.log.events import NewEvent
from tests.segclr_viewer.label_tool.steps import AT, write_project, writing

if TYPE_CHECKING:
    from tests.conftest import World


@pytest.fixture(scope="module")
def table(world: "World", tmp_path_factory: pytest.TempPathFactory) -> EmbeddingTable:
    """All skeleton nodes of the world; those of the first two segments look alike, and the others."""
    rng = np.random.default_rng(0)
    segments = [world.skeletons[one] for one in world.segment_ids]
    counts = [len(one.nodes_nm) for one in segments]
    looks = np.repeat([[4.0, 0.0, 0.5], [4.0, 0.0, 0.5], [0.0, 4.0, 0.5], [0.0, 4.0, 0.5]], counts, axis=0)
    return build_table(
        np.repeat(np.array(world.segment_ids, np.uint64), counts),
        np.concatenate([np.arange(count) for count in counts]),
        np.concatenate([one.nodes_nm for one in segments]).astype(np.float64),
        (looks + 0.3 * rng.standard_normal(looks.shape)).astype(np.float32),
        np.empty((0, 2), np.int64),
        Provenance("9f86", CutoutSpec(33, (32.0, 32.0, 40.0)), "/em", "/seg", "test", "0"),
    )


@pytest.fixture
def project(world: "World", table: EmbeddingTable, tmp_path: Path) -> Path:
    """A project with its table, and a log of labels on every third node."""
    table.save(tmp_path / "table")
    events = []
    for row in range(0, len(table), 3):
        segment = int(table.segment_of_rows(np.array([row]))[0])
        x, y, z = table.positions_nm[row].tolist()
        name = "axon" if segment in world.segment_ids[:2] else "dendrite"
        events.append(
            NewEvent(
                uuid=f"u{row}",
                group=f"g{row}",
                at=AT,
                annotator="kim",
                kind="label",
                task="part",
                provenance="key",
                class_name=name,
                position_nm=(x, y, z),
                segmentation="v117",
                segment_id=segment,
            )
        )
    with writing(tmp_path / "labels.sqlite") as log:
        log.append(events)
    return write_project(tmp_path, world)


@pytest.fixture
def empty(world: "World", table: EmbeddingTable, tmp_path: Path) -> Path:
    """A project like that without a log."""
    (tmp_path / "empty").mkdir()
    table.save(tmp_path / "empty" / "table")
    return write_project(tmp_path / "empty", world)
