"""Segments of a release as a table of this program."""

from dataclasses import replace

import numpy as np
import pytest

from segclr.embeddings.table import open_table
from segclr.errors import NotInRelease, ReleaseError
from segclr.release.reader import ReleaseReader
from segclr.release.registry import release_named
from segclr.release.release_table import add_to_table, segments_in
from tests.segclr.release.replica import csv_text
from tests.segclr.release.test_csv_rows import some

BIG_ID, MICRONS_ID = 2**63 + 5, 864691135293126156


def reader_of(replica, http, tmp_path, name: str, segments: dict[int, bytes]) -> ReleaseReader:
    release = replace(release_named(name), url=f"{replica.url}/r", shards=2)
    replica.put("r", segments, 2, release.hash_bytes)
    return ReleaseReader(release, tmp_path / "cache", http)


@pytest.mark.parametrize(
    ("name", "dimensions", "voxel_nm", "offset_nm"),
    [
        ("h01", 64, (32, 32, 33), (0, 0, 0)),
        ("h01_nm_coord", 64, (1, 1, 1), (0, 0, 0)),
        ("microns_v343", 64, (32, 32, 40), (110_592, 110_592, 592_640)),
        ("microns_nm_coord_public_offset_v343", 64, (1, 1, 1), (0, 0, 0)),
        ("microns_v943", 128, (1, 1, 1), (0, 0, 0)),
        ("microns_v1300", 128, (1, 1, 1), (0, 0, 0)),
    ],
)
def test_rows_are_in_nm_of_the_public_frame(replica, http, tmp_path, name, dimensions, voxel_nm, offset_nm):
    content = {BIG_ID: some(3, dimensions, 1), MICRONS_ID: some(1, dimensions, 2)}
    reader = reader_of(replica, http, tmp_path, name, {at: csv_text(*rows) for at, rows in content.items()})
    add_to_table(reader, [BIG_ID, MICRONS_ID, BIG_ID], tmp_path / "table")
    table = open_table(tmp_path / "table")
    assert table.segment_ids.tolist() == [MICRONS_ID, BIG_ID]
    assert table.dimensions == dimensions
    for segment_id, (coordinates, embeddings) in content.items():
        rows = table.rows_of(segment_id)
        assert np.array_equal(table.positions_nm[rows], coordinates * voxel_nm + np.array(offset_nm))
        assert np.array_equal(table.embeddings[rows], embeddings)
    assert len(table.edges) == 0


def test_the_table_says_where_it_is_from(replica, http, tmp_path):
    reader = reader_of(replica, http, tmp_path, "microns_v343", {5: csv_text(*some(3))})
    add_to_table(reader, [5], tmp_path / "table")
    made = open_table(tmp_path / "table").provenance
    assert made.nodes_from == f"{replica.url}/r"
    assert made.encoder_hash == "microns_v343:segclr-216000"
    assert (made.cutout.size, made.cutout.resolution_nm) == (129, (32.0, 32.0, 40.0))
    assert made.segmentation_url.endswith("seg_m343")


def test_node_ids_are_kept_but_numbered_anew_where_one_comes_twice(replica, http, tmp_path):
    twice = csv_text(*some(3)).replace(b"\n2,", b"\n1,")
    segments = {5: csv_text(*some(3), first_node=2**53 + 1), 6: twice}
    add_to_table(reader_of(replica, http, tmp_path, "h01", segments), [5, 6], tmp_path / "table")
    table = open_table(tmp_path / "table")
    assert table.node_ids[table.rows_of(5)].tolist() == [2**53 + 1, 2**53 + 2, 2**53 + 3]
    assert table.node_ids[table.rows_of(6)].tolist() == [0, 1, 2]


def test_segments_of_different_dimensions_are_refused(replica, http, tmp_path):
    segments = {5: csv_text(*some(3, 64)), 6: csv_text(*some(3, 128))}
    reader = reader_of(replica, http, tmp_path, "microns_v1300", segments)
    with pytest.raises(ReleaseError, match=r"segment 6 .* has embeddings of 128 numbers, segment 5 of 64"):
        add_to_table(reader, [5, 6], tmp_path / "table")
    assert not (tmp_path / "table").exists()


def test_no_segment_makes_no_table(replica, http, tmp_path):
    reader = reader_of(replica, http, tmp_path, "h01", {5: csv_text(*some(3))})
    add_to_table(reader, [], tmp_path / "table")
    with pytest.raises(NotInRelease):
        add_to_table(reader, [7], tmp_path / "table")
    assert segments_in(tmp_path / "table") == []


def test_many_segments_are_written_a_part_at_a_time(replica, http, tmp_path, monkeypatch):
    monkeypatch.setattr("segclr.release.release_table.ROWS_AT_ONCE", 10)
    segments = {at: csv_text(*some(at, seed=at)) for at in range(1, 9)}
    reader = reader_of(replica, http, tmp_path, "h01", segments)
    add_to_table(reader, [8, 3, 5, 1, 7], tmp_path / "table")
    add_to_table(reader, [2, 4, 6, 8], tmp_path / "table")
    assert segments_in(tmp_path / "table") == [*range(1, 9)]
    table = open_table(tmp_path / "table")
    for at in segments:
        assert np.array_equal(table.embeddings[table.rows_of(at)], some(at, seed=at)[1])


def test_a_writer_that_is_ended_leaves_a_table_that_can_be_completed(replica, http, tmp_path, monkeypatch):
    monkeypatch.setattr("segclr.release.release_table.ROWS_AT_ONCE", 2)
    reader = reader_of(replica, http, tmp_path, "h01", {at: csv_text(*some(2, seed=at)) for at in (5, 6, 7)})
    with pytest.raises(NotInRelease):
        add_to_table(reader, [5, 99, 6], tmp_path / "table")
    assert open_table(tmp_path / "table").segment_ids.tolist() == [5]
    add_to_table(reader, [5, 6, 7], tmp_path / "table")
    assert open_table(tmp_path / "table").segment_ids.tolist() == [5, 6, 7]
