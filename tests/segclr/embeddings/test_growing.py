"""Tables that grow: appended, compacted, given columns, merged."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from segclr.embeddings.growing import add_column, append_table, compact_table, merge_tables
from segclr.embeddings.storage.node_edges import NodeEdges
from segclr.embeddings.storage.stored_table import open_stored
from segclr.embeddings.storage.verification import damaged_files
from segclr.embeddings.table import EmbeddingTable, build_table, open_table
from segclr.errors import TableError
from tests.segclr.embeddings.growing_tables import PARTS, grown, npy_files
from tests.segclr.embeddings.made_tables import BIG, MADE, assert_same, made_table, save_as_first_format, united

pytestmark = pytest.mark.usefixtures("no_waiting_for_the_disk")


def test_a_table_of_shards_is_the_table_of_all_their_rows(tmp_path: Path) -> None:
    assert_same(open_table(grown(tmp_path)), united(*PARTS))
    assert [shard.rows for shard in open_stored(tmp_path).manifest.shards] == [7, 8, 8]


def test_shards_are_never_written_again_by_an_append(tmp_path: Path) -> None:
    append_table(tmp_path, PARTS[0])
    before = {name: (tmp_path / name).stat().st_mtime_ns for name in npy_files(tmp_path)}
    append_table(tmp_path, PARTS[1])
    assert {name: (tmp_path / name).stat().st_mtime_ns for name in before} == before


def test_compacted_shards_are_one_that_is_mapped_and_of_the_same_version(tmp_path: Path) -> None:
    before = open_table(grown(tmp_path))
    compact_table(tmp_path)
    stored = open_stored(tmp_path)
    assert len(stored.manifest.shards) == 1
    assert npy_files(tmp_path) == stored.manifest.files()
    assert_same(open_table(tmp_path), before)
    open_table(tmp_path).verify()


def test_edges_between_shards_are_given_when_they_become_one(tmp_path: Path) -> None:
    whole = made_table({7: 9, BIG: 4, 5: 1}, seed=8)
    segments, nodes = whole.columns().segment_of_row(), whole.node_ids
    none = np.empty((0, 2), np.int64)
    for remainder in range(2):
        rows = np.flatnonzero(np.arange(len(whole)) % 2 == remainder)
        skipped = replace(MADE, skipped_background=remainder * MADE.skipped_background)
        columns = (segments[rows], nodes[rows], whole.positions_nm[rows], whole.embeddings[rows], none)
        append_table(tmp_path, build_table(*columns, skipped))
    edges = NodeEdges(segments[whole.edges[:, 0]], nodes[whole.edges])
    twice = NodeEdges(np.tile(edges.segment_ids, 2), np.concatenate([edges.nodes, edges.nodes[:, ::-1]])[::-1])
    twice = replace(twice, segment_ids=twice.segment_ids[::-1])
    compact_table(tmp_path, twice)
    assert_same(open_table(tmp_path), whole)


@pytest.mark.parametrize(
    ("segment_id", "nodes", "says"),
    [
        (BIG, [0, 4], f"1 edge leads to nodes that have no row, the first to node 4 of segment {BIG}"),
        (7, [-1, 0], "node -1 of segment 7"),
        (BIG + 9, [0, 1], f"node 0 of segment {BIG + 9}"),
        (2**62, [0, 1], f"node 0 of segment {2**62}"),
        (7, [2, 2], "joins node 2 of segment 7 with itself"),
    ],
)
def test_edges_to_nodes_without_a_row_are_refused(tmp_path: Path, segment_id: int, nodes: list[int], says: str) -> None:
    append_table(tmp_path, PARTS[0])
    edges = NodeEdges(np.array([7, segment_id], np.uint64), np.array([[0, 2], nodes]))
    with pytest.raises(TableError, match=says):
        compact_table(tmp_path, edges)
    assert_same(open_table(tmp_path), PARTS[0])


def test_extra_columns_grow_along_and_texts_may_become_longer(tmp_path: Path) -> None:
    one, other = made_table({7: 3}, extra=True), made_table({5: 4}, extra=True)
    other = replace(other, extra={**other.extra, "layer": np.array(["a long name", "b", "", "ä"])})
    other = build_table(
        other.columns().segment_of_row(),
        other.node_ids,
        other.positions_nm,
        other.embeddings,
        other.edges,
        MADE,
        other.extra,
    )
    append_table(tmp_path, one)
    append_table(tmp_path, other)
    assert_same(open_table(tmp_path), united(other, one))
    compact_table(tmp_path)
    assert open_table(tmp_path).extra["layer"].tolist() == ["a long name", "b", "", "ä", "L1", "L2", "L3"]


def test_a_column_is_added_without_writing_the_others_again(tmp_path: Path) -> None:
    table = made_table({7: 3, BIG: 4})
    append_table(tmp_path, table)
    before = npy_files(tmp_path)
    age, name = np.array([1, np.nan, 3, 4, 5, 6, 7]), np.array(["a", "", "b", "c", "ü", "d", "e"])
    add_column(tmp_path, "age", age)
    add_column(tmp_path, "name", name)
    opened = open_table(tmp_path)
    opened.verify()
    assert opened.version != table.version
    np.testing.assert_array_equal(opened.extra["age"], age)
    assert opened.extra["name"].tolist() == name.tolist()
    assert open_stored(tmp_path).rows_of_segment(BIG).extra["name"].tolist() == ["c", "ü", "d", "e"]
    assert npy_files(tmp_path) > before
    assert list(damaged_files(open_stored(tmp_path))) == []
    for values, named, says in (
        (age, "age", "has a column age already"),
        (age[:3], "depth", r"is float64 \(3,\), but must have"),
        (age.astype(object), "depth", "is object"),
        (age, "x_nm", "cannot be named 'x_nm'"),
        (age, "../x", "cannot be named"),
    ):
        with pytest.raises(TableError, match=says):
            add_column(tmp_path, named, values)
    append_table(tmp_path / "shards", table)
    append_table(tmp_path / "shards", made_table({9: 1}))
    with pytest.raises(TableError, match=r"one shard: run `segclr-table compact .*shards` before"):
        add_column(tmp_path / "shards", "age", np.zeros(8))


@pytest.mark.parametrize(
    ("other", "says"),
    [
        (made_table({11: 2}, dimensions=4), "6 dimensions, against 4"),
        (made_table({11: 2}, extra=True), r"extra columns none, against depth \(<f4\), layer \(U\), seen"),
        (replace(PARTS[1], provenance=replace(MADE, encoder_hash="f" * 16)), "encoder 0123456789abcdef.*encoder ffff"),
        (replace(PARTS[1], provenance=replace(MADE, segmentation_url="v2")), "segmentation precomputed.*against v2"),
        (made_table({BIG: 1}, first_node=3), f"segment {BIG} has the node 3 twice"),
    ],
)
def test_rows_of_another_kind_are_refused_with_what_differs(tmp_path: Path, other: EmbeddingTable, says: str) -> None:
    append_table(tmp_path, PARTS[0])
    before = npy_files(tmp_path)
    with pytest.raises(TableError, match=says):
        append_table(tmp_path, other)
    assert_same(open_table(tmp_path), PARTS[0])
    assert npy_files(tmp_path) == before


def test_rows_without_rows_change_nothing(tmp_path: Path) -> None:
    append_table(tmp_path, PARTS[0])
    append_table(tmp_path, made_table({}))
    assert_same(open_table(tmp_path), PARTS[0])


def test_an_empty_table_can_grow(tmp_path: Path) -> None:
    append_table(tmp_path, made_table({}))
    assert len(open_table(tmp_path)) == 0
    append_table(tmp_path, PARTS[0])
    np.testing.assert_array_equal(open_table(tmp_path).embeddings, PARTS[0].embeddings)


@pytest.mark.parametrize(("sizes", "dimensions"), [({5: 30_000, 6: 1}, 2), ({6: 1}, 64)])
def test_segments_of_one_row_and_of_thirty_thousand_keep_their_rows(
    tmp_path: Path, sizes: dict[int, int], dimensions: int
) -> None:
    table = made_table(sizes, dimensions=dimensions)
    table.save(tmp_path)
    stored = open_stored(tmp_path)
    for segment_id, size in sizes.items():
        rows = table.rows_of(segment_id)
        found = stored.rows_of_segment(segment_id)
        assert len(found) == size
        np.testing.assert_array_equal(found.embeddings, table.embeddings[rows])
        np.testing.assert_array_equal(found.edges + rows.start, table.edges_of(segment_id))


def test_a_table_of_the_first_format_opens_and_grows(tmp_path: Path) -> None:
    folder = tmp_path / "old"
    save_as_first_format(PARTS[0], folder)
    assert_same(open_table(folder), PARTS[0])
    open_table(folder).verify()
    rows = open_stored(folder).rows_of_segment(BIG)
    assert (rows.node_ids.tolist(), rows.edges.tolist()) == ([0, 1, 2, 3], [[0, 1], [1, 2], [2, 3]])
    append_table(folder, PARTS[1])
    assert_same(open_table(folder), united(*PARTS[:2]))
    assert list(damaged_files(open_stored(folder))) == []


def test_tables_merge_to_what_they_are_together(tmp_path: Path) -> None:
    for name, part in zip("abc", PARTS, strict=True):
        part.save(tmp_path / name)
    merge_tables([open_stored(tmp_path / name) for name in "cab"], tmp_path / "all")
    assert_same(open_table(tmp_path / "all"), united(*PARTS))


def test_tables_that_differ_are_not_merged_and_it_is_said_in_what(tmp_path: Path) -> None:
    PARTS[0].save(tmp_path / "a")
    replace(PARTS[1], provenance=replace(MADE, em_url="elsewhere")).save(tmp_path / "b")
    made_table({5: 2}, dimensions=3).save(tmp_path / "c")
    for names, says in (
        ("ab", "EM precomputed.*against elsewhere"),
        ("ac", "6 dimensions, against 3"),
        ("aa", "twice"),
    ):
        with pytest.raises(TableError, match=says):
            merge_tables([open_stored(tmp_path / name) for name in names], tmp_path / "out")
    with pytest.raises(TableError, match="one of the tables"):
        merge_tables([open_stored(tmp_path / "a")], tmp_path / "a")
    merge_tables([open_stored(tmp_path / name) for name in "ab"], tmp_path / "out", same_volumes=True)
    assert len(open_table(tmp_path / "out")) == 15


def test_more_embeddings_than_memory_holds_are_refused_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("segclr.embeddings.table.IN_MEMORY_BYTES", 400)
    grown(tmp_path)
    with pytest.raises(TableError, match=r"3 shards .*run `segclr-table compact"):
        open_table(tmp_path)
    compact_table(tmp_path)
    whole = open_table(tmp_path)
    assert len(whole) == 23
    whole.save(tmp_path, "float16")
    assert len(open_table(tmp_path)) == 23


def test_ids_are_texts_in_the_index(tmp_path: Path) -> None:
    append_table(tmp_path, PARTS[0])
    shard = json.loads((tmp_path / "table.json").read_text())["shards"][0]
    assert (shard["first_segment"], shard["last_segment"]) == ("7", str(BIG))
