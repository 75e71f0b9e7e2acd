"""A session between fakes of its ports, over a small world."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from segclr.embeddings.table import EmbeddingTable
from segclr_viewer.ports import LabelLog
from segclr_viewer.world import World
from tests.project_text import task_text
from tests.segclr.release.replica import Replica
from tests.segclr_viewer.desk import Desk
from tests.segclr_viewer.fakes import MemoryLog, MemoryTraining
from tests.segclr_viewer.published_world import file_of
from tests.segclr_viewer.small_world import BIG, small_table, world_of

if TYPE_CHECKING:
    from tests.conftest import World


@pytest.fixture
def table() -> EmbeddingTable:
    """The small world's table."""
    return small_table()


@pytest.fixture
def make_desk() -> Callable[..., Desk]:
    """Makes a session over the small world, not started; the log may be given, and parts of the world."""
    table, ids = small_table(), count(1)

    def make(log: LabelLog | None = None, training: MemoryTraining | None = None, **changes: Any) -> Desk:
        world = world_of(table, generated=True, start_segments=(BIG, 11))
        return Desk(replace(world, **changes), log or MemoryLog(), ids, training=training or MemoryTraining())

    return make


@pytest.fixture
def desk(make_desk: Callable[..., Desk]) -> Desk:
    """A started session with an empty log."""
    return make_desk().start()


@pytest.fixture
def task_section() -> str:
    """A task of two classes, as a project file has it."""
    return task_text("part", "node", "axon", "dendrite")


@pytest.fixture(scope="session")
def release_server() -> Iterator[Replica]:
    """A server of releases, shared by all tests."""
    server = Replica()
    yield server
    server.close()


@pytest.fixture
def replica(release_server: Replica, world: "World") -> Replica:
    """A copy of h01_nm_coord that has the world's segments, a row at each skeleton node."""
    release_server.reset()
    cells = {at: file_of(world, at) for at in world.segment_ids}
    release_server.put("copy", cells, 10_000, 64, all_shards=False)
    return release_server
