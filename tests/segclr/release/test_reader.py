"""One segment: from the server once, from the disk ever after."""

from dataclasses import replace

import numpy as np
import pytest

from segclr.errors import NotInRelease, ReleaseError, ReleaseUnavailable
from segclr.release.disk_cache import CannotKeep
from segclr.release.reader import ReleaseReader
from segclr.release.registry import release_named
from tests.segclr.release.replica import Fault, csv_text
from tests.segclr.release.test_csv_rows import some

BIG_ID = 2**63 + 5
MICRONS_ID = 864691135293126156


@pytest.fixture
def release(replica):
    """A small release as Google's of 2022, of three segments."""
    small = replace(release_named("microns_v343"), url=f"{replica.url}/r", shards=3)
    replica.put("r", {at: csv_text(*some(at % 7 + 1, seed=at % 97)) for at in (5, MICRONS_ID, BIG_ID)}, 3, 64)
    return small


@pytest.fixture
def reader(release, http, tmp_path):
    return ReleaseReader(release, tmp_path, http)


@pytest.mark.parametrize("segment_id", [5, MICRONS_ID, BIG_ID])
def test_a_segment_comes_with_its_own_rows(reader, segment_id):
    rows = reader.segment(segment_id)
    coordinates, embeddings = some(segment_id % 7 + 1, seed=segment_id % 97)
    assert rows.segment_id == segment_id
    assert np.array_equal(rows.coordinates, coordinates)
    assert np.array_equal(rows.embeddings, embeddings)


def test_an_id_that_a_float_cannot_hold_is_not_its_neighbour(reader):
    assert float(MICRONS_ID) == float(MICRONS_ID + 1)
    with pytest.raises(NotInRelease, match=str(MICRONS_ID + 1)):
        reader.segment(MICRONS_ID + 1)


def test_a_segment_is_downloaded_once(replica, reader, release, http, tmp_path):
    first = reader.segment(BIG_ID)
    asked = len(replica.requests)
    replica.fail("/", Fault("status", 99, 500))
    for again in (reader, ReleaseReader(release, tmp_path, http)):
        kept = again.segment(BIG_ID)
        assert np.array_equal(kept.coordinates, first.coordinates)
        assert np.array_equal(kept.embeddings, first.embeddings)
        assert np.array_equal(kept.node_ids, first.node_ids)
    assert len(replica.requests) == asked == 2


def test_a_shards_directory_is_downloaded_once(replica, release, http, tmp_path):
    same_shard = [at for at in range(1, 60) if release.shard(at) == 0][:4]
    replica.put("r", {at: csv_text(*some(2, seed=at)) for at in same_shard}, 3, 64)
    for segment_id in same_shard:
        ReleaseReader(release, tmp_path, http).segment(segment_id)
    assert len(replica.requests) == 1 + len(same_shard)


def test_copies_of_a_release_do_not_share_their_cache(replica, release, http, tmp_path):
    replica.put("other", {5: csv_text(*some(9))}, 3, 64)
    assert len(ReleaseReader(release, tmp_path, http).segment(5)) == 6
    other = replace(release, url=f"{replica.url}/other")
    assert len(ReleaseReader(other, tmp_path, http).segment(5)) == 9


def test_not_in_this_release_is_told_from_not_reachable(replica, reader):
    with pytest.raises(
        NotInRelease, match=r"segment 6 is not in the release microns_v343.* not of the segmentation m343"
    ):
        reader.segment(6)
    replica.fail("/", Fault("status", 99, 500))
    with pytest.raises(ReleaseUnavailable, match="server is not well"):
        reader.segment(next(at for at in range(6, 99) if reader.release.shard(at) != reader.release.shard(6)))


def test_a_shard_that_is_not_there_is_not_a_segment_that_is_not_there(replica, reader):
    replica.files.clear()
    with pytest.raises(ReleaseUnavailable, match=r"there is no file .*\.zip: is it the right release"):
        reader.segment(5)


def test_a_kept_directory_of_a_shard_since_replaced_is_read_anew(replica, release, http, tmp_path):
    ReleaseReader(release, tmp_path, http).segment(5)
    new = [at for at in range(6, 99) if release.shard(at) == release.shard(5)][:2]
    replica.put("r", {at: csv_text(*some(3, seed=at)) for at in (5, *new)}, 3, 64)
    later = ReleaseReader(release, tmp_path, http)
    assert len(later.segment(new[0])) == 3  # not in the old directory
    assert np.array_equal(later.segment(new[1]).embeddings, some(3, seed=new[1])[1])


@pytest.mark.parametrize("tell_etag", [True, False])
def test_a_segment_moved_by_a_replaced_shard_is_found_again(replica, release, http, tmp_path, tell_etag):
    replica.tell_etag = tell_etag
    same = [at for at in range(1, 99) if release.shard(at) == 1][:3]
    replica.put("r", {at: csv_text(*some(2, seed=at)) for at in same}, 3, 64)
    ReleaseReader(release, tmp_path, http).segment(same[0])
    replica.put("r", {at: csv_text(*some(5, seed=at + 1)) for at in same}, 3, 64)
    rows = ReleaseReader(release, tmp_path, http).segment(same[2])
    assert np.array_equal(rows.embeddings, some(5, seed=same[2] + 1)[1])


def test_missing_segments_cost_one_small_question_for_each_shard(replica, release, http, tmp_path):
    ReleaseReader(release, tmp_path, http).segment(5)
    replica.requests.clear()
    missing = [at for at in range(6, 99) if release.shard(at) == release.shard(5)][:5]
    later = ReleaseReader(release, tmp_path, http)
    for segment_id in missing:
        with pytest.raises(NotInRelease):
            later.segment(segment_id)
    assert [request.range for request in replica.requests] == ["bytes=-1"]


def test_a_damaged_file_names_itself_and_is_not_kept(replica, reader, release):
    replica.put("r", {5: csv_text(*some(3)).replace(b"0,0,", b"0,zero,", 1)}, 3, 64)
    for _ in range(2):
        with pytest.raises(ReleaseError, match=rf"/r/{release.shard(5)}\.zip, 5\.csv, line 1, column 2: 'zero'"):
            reader.segment(5)


def test_a_cache_file_that_is_cut_short_is_downloaded_again(reader, release, http, tmp_path):
    first = reader.segment(5)
    kept = list(tmp_path.rglob("*.npz"))
    assert len(kept) == 2
    for path in kept:
        path.write_bytes(path.read_bytes()[:-30])
    again = ReleaseReader(release, tmp_path, http).segment(5)
    assert np.array_equal(again.embeddings, first.embeddings)


def test_a_full_disk_is_said(reader, monkeypatch):
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(CannotKeep, match=r"No space left on device.*make room there"):
        reader.segment(5)
    assert list(reader.cache.folder.rglob("*.part")) == []
