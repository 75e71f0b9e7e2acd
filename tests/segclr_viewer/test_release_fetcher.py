"""A running session on a release: a replica of one gives its segments, and the faults of a real server."""

import queue
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from segclr.embeddings.table import open_table
from segclr.release.http import Clock, RangeReader
from segclr_viewer.growing_table import GrowingTable
from segclr_viewer.release_fetcher import ReleaseFetcher
from segclr_viewer.scatter import Scatter
from segclr_viewer.wire.answers import ReleaseState, RowsReady
from segclr_viewer.wire.messages import RefetchRequest
from segclr_viewer.wire.selecting import SegmentsRequest
from tests.segclr.release.replica import FakeClock, Fault, Replica, shard_by_the_book, zip_of
from tests.segclr_viewer.desk import Desk
from tests.segclr_viewer.fakes import MemoryLog
from tests.segclr_viewer.small_world import world_of

if TYPE_CHECKING:
    from tests.conftest import World


class Running:
    """A session whose table began with the first segment, and the fetcher's answers as they come."""

    def __init__(self, replica: Replica, world: "World", folder: Path) -> None:
        self.posted: queue.Queue[Callable[[], None]] = queue.Queue()
        clock = FakeClock()
        http = RangeReader(clock=Clock(clock.passed, clock.calendar, clock.wait))
        self.folder = folder / "table"
        release = f"{replica.url}/copy#h01_nm_coord"
        self.fetcher = ReleaseFetcher(release, self.folder, self.posted.put, http)
        brought = self.fetcher._read(world.segment_ids[0])
        assert brought.table is not None
        self.table = GrowingTable.begin(brought.table)
        about = world_of(
            self.table,
            segmentation="c3",
            resolution_nm=world.resolution_nm,
            scatter=Scatter(self.table, table_grows=True),
            embeds=False,
        )
        self.desk = Desk(about, MemoryLog(), count(1), release=self.fetcher).start()

    def look(self, *segments: int) -> None:
        self.desk.session.receive(SegmentsRequest(self.desk.request(), [str(segment) for segment in segments]))

    def answers(self, number: int) -> None:
        for _ in range(number):
            self.posted.get(timeout=30)()

    @property
    def state(self) -> ReleaseState:
        return self.desk.page.last(ReleaseState)


@pytest.fixture
def running(replica: Replica, world: "World", tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    made = Running(replica, world, tmp_path)
    yield made
    made.fetcher.close()


def test_only_what_is_looked_at_is_downloaded_and_it_is_there_in_the_next_run(
    running: Running, replica: Replica, world: "World"
) -> None:
    first, second, third, _ = world.segment_ids
    running.look(second)
    running.answers(1)
    assert running.table.segment_ids.tolist() == [first, second]
    nodes = np.unique(world.skeletons[second].nodes_nm, axis=0)
    assert np.array_equal(running.table.positions_nm[running.table.rows_of(second)], nodes)
    assert running.desk.page.last(RowsReady).rows == len(running.table)
    asked = {request.path for request in replica.requests}
    assert f"/copy/{shard_by_the_book(third, 10_000, 64)}.zip" not in asked
    assert len(asked) == 2
    running.fetcher.close()
    assert open_table(running.folder).segment_ids.tolist() == [second]


def test_a_server_that_stumbles_is_asked_again_and_nothing_is_said_of_it(
    running: Running, replica: Replica, world: "World"
) -> None:
    for fault in (Fault("status", 1, 429), Fault("status", 1, 500), Fault("truncate"), Fault("reset")):
        replica.fail("/", fault)
    running.look(world.segment_ids[1])
    running.answers(1)
    assert running.state == ReleaseState("", is_busy=False, can_retry=False)
    assert world.segment_ids[1] in running.table.segment_ids


def test_no_network_is_said_and_tried_again_when_asked(running: Running, replica: Replica, world: "World") -> None:
    replica.fail("/", Fault("status", 999, 403))
    running.look(*world.segment_ids[1:])
    running.answers(3)
    assert running.state.can_retry
    assert running.state.text.startswith(
        "the release h01_nm_coord cannot be reached, so that 3 segments could not be fetched ("
    )
    replica.faults.clear()
    running.desk.session.receive(RefetchRequest(running.desk.request()))
    running.answers(3)
    assert sorted(running.table.segment_ids.tolist()) == sorted(world.segment_ids)
    assert running.state == ReleaseState("", is_busy=False, can_retry=False)


def test_a_segment_that_is_not_in_the_release_is_no_matter_of_the_network(running: Running, replica: Replica) -> None:
    absent = 7 + 2**60
    replica.files[f"/copy/{shard_by_the_book(absent, 10_000, 64)}.zip"] = zip_of({})
    running.look(absent)
    running.answers(1)
    assert not running.state.can_retry
    assert running.state.text.startswith(f"segment {absent} is not in the release h01_nm_coord: too small")


def test_a_damaged_file_is_said_and_the_others_come(running: Running, replica: Replica, world: "World") -> None:
    broken = world.segment_ids[1]
    path = f"/copy/{shard_by_the_book(broken, 10_000, 64)}.zip"
    replica.files[path] = zip_of({f"{broken}.csv": b"0,1.0,text,3.0"})
    running.look(*world.segment_ids[1:3])
    running.answers(2)
    assert world.segment_ids[2] in running.table.segment_ids
    assert running.state.can_retry
    assert (
        "the release h01_nm_coord gave no answer that can be used, so that 1 segment could not be fetched"
        in running.state.text
    )
