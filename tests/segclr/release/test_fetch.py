"""Many segments at once, with a server that fails now and then."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from segclr.errors import ReleaseUnavailable
from segclr.release.disk_cache import CannotKeep
from segclr.release.fetch import Fetched, doubt, fetch
from segclr.release.reader import ReleaseReader
from segclr.release.registry import release_named
from tests.segclr.release.replica import Fault, csv_text
from tests.segclr.release.test_csv_rows import some

FIRST = 864691135000000000
SEGMENTS = [FIRST + 17 * at for at in range(60)]
ROWS = {SEGMENTS[0]: 100, SEGMENTS[1]: 1}  # the others have three


@pytest.fixture
def release(replica):
    """Sixty segments in four shards, one of 100 rows and one of a single row."""
    replica.put("r", {at: csv_text(*some(ROWS.get(at, 3), seed=at % 101)) for at in SEGMENTS}, 4, 64)
    return replace(release_named("microns_v343"), url=f"{replica.url}/r", shards=4)


@pytest.fixture
def reader(release, http, tmp_path):
    return ReleaseReader(release, tmp_path, http)


def test_all_segments_come_whatever_their_size(reader):
    told = []
    fetched = fetch(reader, SEGMENTS, connections=4, progress=lambda done, total: told.append((done, total)))
    assert fetched == Fetched(tuple(SEGMENTS), (), ())
    assert told == [(done, 60) for done in range(61)]
    for segment_id in SEGMENTS:
        expected = some(ROWS.get(segment_id, 3), seed=segment_id % 101)[1]
        assert np.array_equal(reader.segment(segment_id).embeddings, expected)


def test_each_shards_directory_is_read_once_though_many_want_it(replica, reader):
    fetch(reader, SEGMENTS, connections=4)
    assert sum(request.range.startswith("bytes=-") for request in replica.requests) == 4
    assert len(replica.requests) == 64


def test_segments_of_a_shard_come_after_each_other(replica, reader):
    fetch(reader, SEGMENTS, connections=1)
    shards = [request.path for request in replica.requests]
    assert sum(one != other for one, other in pairwise(shards)) == 3


def test_no_more_connections_are_used_than_allowed(replica, reader):
    fetch(reader, SEGMENTS, connections=4)
    assert len({request.connection for request in replica.requests}) <= 4


def test_faults_that_pass_lose_nothing(replica, reader):
    for kind in ("truncate", "reset", "truncate", "reset"):
        replica.fail("/r/", Fault(kind))
    replica.fail("/r/1", Fault("status", 3, 503))
    replica.fail("/r/2", Fault("status", 1, 429, {"Retry-After": "5"}))
    fetched = fetch(reader, SEGMENTS, connections=4)
    assert (fetched.failed, fetched.missing) == ((), ())


def test_segments_asked_for_twice_come_once_and_in_the_order_asked(reader):
    asked = [SEGMENTS[3], SEGMENTS[1], SEGMENTS[3], SEGMENTS[2]]
    assert fetch(reader, asked).found == (SEGMENTS[3], SEGMENTS[1], SEGMENTS[2])


def test_what_is_missing_and_what_is_damaged_is_told_apart_and_the_rest_comes(replica, reader):
    segments = {at: csv_text(*some(3)) for at in SEGMENTS[:9]} | {SEGMENTS[9]: b"7,8,x"}
    replica.put("r", segments, 4, 64)
    fetched = fetch(reader, [*SEGMENTS[:10], FIRST + 1])
    assert fetched.found == tuple(SEGMENTS[:9])
    assert fetched.missing == (FIRST + 1,)
    ((failed, words),) = fetched.failed
    assert failed == SEGMENTS[9]
    assert f"{failed}.csv, line 1" in words


def test_a_network_that_goes_down_ends_it_and_the_same_request_goes_on_from_there(replica, reader):
    fetch(reader, SEGMENTS[:20], connections=2)
    replica.fail("/", Fault("status", 9999, 500))
    with pytest.raises(ReleaseUnavailable, match="20 of 60 segments are on this disk, and the same command goes on"):
        fetch(reader, SEGMENTS, connections=2)


def test_an_interrupted_request_is_resumed_without_reading_anything_twice(replica, release, http, tmp_path):
    fetch(ReleaseReader(release, tmp_path, http), SEGMENTS[:20], connections=2)
    replica.requests.clear()
    told = []
    again = ReleaseReader(release, tmp_path, http)
    fetch(again, SEGMENTS, connections=2, progress=lambda done, total: told.append(done))
    assert told[0] == 20
    assert len(replica.requests) == 40


def test_a_full_disk_ends_it(reader, monkeypatch):
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(CannotKeep, match="No space left"):
        fetch(reader, SEGMENTS, connections=2)


@pytest.mark.parametrize(
    ("found", "missing", "doubted"),
    [(50, 1, False), (50, 9, False), (12, 3, True), (0, 40, True), (0, 1, True), (3, 2, False), (13, 3, False)],
)
def test_ids_of_another_materialisation_are_known_by_how_many_are_missing(found, missing, doubted):
    fetched = Fetched(tuple(range(1, found + 1)), tuple(range(1000, 1000 + missing)), ())
    sentence = doubt(release_named("microns_v343"), fetched)
    assert (sentence is not None) == doubted
    if sentence is not None:
        assert f"{missing} of {found + missing} segments are not in microns_v343" in sentence
        assert "m343, CAVE's of 2022-02-24 08:10 UTC" in sentence


def test_a_release_that_was_never_in_cave_is_doubted_without_a_time():
    sentence = doubt(release_named("h01"), Fetched((), (1, 2, 3), ()))
    assert sentence is not None
    assert sentence.endswith("than c3")
