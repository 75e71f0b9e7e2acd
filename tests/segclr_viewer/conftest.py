"""A session between fakes of its ports, over a small world."""

from collections.abc import Callable
from dataclasses import replace
from itertools import count
from typing import Any

import pytest

from segclr.embeddings.table import EmbeddingTable
from segclr.explore.layout import pca_layout
from segclr_viewer.ports import LabelLog
from segclr_viewer.world import World
from tests.segclr_viewer.desk import Desk
from tests.segclr_viewer.fakes import MemoryLog, MemoryTraining
from tests.segclr_viewer.small_world import BIG, CELLS, NODES, small_table


@pytest.fixture
def table() -> EmbeddingTable:
    """The small world's table."""
    return small_table()


@pytest.fixture
def make_desk() -> Callable[..., Desk]:
    """Makes a session over the small world, not started; the log may be given, and parts of the world."""
    table, ids = small_table(), count(1)

    def make(log: LabelLog | None = None, training: MemoryTraining | None = None, **changes: Any) -> Desk:
        world = World(
            project="small",
            generated=True,
            annotator="ana",
            segmentation="v1",
            viewer_url="/v/x/",
            resolution_nm=(32.0, 32.0, 40.0),
            bounds_nm=((0.0, 0.0, 0.0), (9000.0, 40000.0, 1000.0)),
            start_segments=(BIG, 11),
            tasks=(NODES, CELLS),
            table=table,
            layout=pca_layout(table.embeddings),
        )
        return Desk(replace(world, **changes), log or MemoryLog(), ids, training=training or MemoryTraining())

    return make


@pytest.fixture
def desk(make_desk: Callable[..., Desk]) -> Desk:
    """A started session with an empty log."""
    return make_desk().start()


@pytest.fixture
def task_section() -> str:
    """A task of two classes, as a project file has it."""
    classes = (("axon", "#56b4e9", "1"), ("dendrite", "#e69f00", "2"))
    return '[[task]]\nname = "part"\nunit = "node"\n' + "".join(
        f'[[task.class]]\nname = "{name}"\ncolor = "{color}"\nkey = "{key}"\n' for name, color, key in classes
    )
