"""A replica server, and a reader that never waits."""

from collections.abc import Iterator

import pytest

from segclr.release.http import Clock, Patience, RangeReader
from tests.segclr.release.replica import FakeClock, Replica


@pytest.fixture(scope="session")
def server() -> Iterator[Replica]:
    replica = Replica()
    yield replica
    replica.close()


@pytest.fixture
def replica(server: Replica) -> Iterator[Replica]:
    """An empty server."""
    server.reset()
    yield server
    server.reset()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def http(clock: FakeClock) -> Iterator[RangeReader]:
    """Reads with the patience of the real one, by a clock whose time passes at once."""
    reader = RangeReader(4, Patience(), Clock(clock.passed, clock.calendar, clock.wait))
    yield reader
    reader.close()
