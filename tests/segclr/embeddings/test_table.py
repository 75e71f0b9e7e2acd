"""The embedding table: grouping, looking up, saving, and refusing what is damaged."""

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from segclr.em.cutout import CutoutSpec
from segclr.embeddings.table import EmbeddingTable, build_table, open_table
from segclr.errors import TableError
from tests.segclr.embeddings.made_tables import BIG, MADE

SEGMENTS = np.array([BIG, 7, BIG, 9, 7, BIG], np.uint64)
NODES = np.array([4, 0, 0, 3, 8, 2])
EDGES = np.array([[0, 5], [2, 5], [4, 1], [1, 4]])


def positions() -> NDArray[np.float64]:
    return np.arange(18.0).reshape(6, 3) * 1000.25


def embeddings() -> NDArray[np.float32]:
    return np.arange(30, dtype=np.float32).reshape(6, 5) - 7.5


def small_table() -> EmbeddingTable:
    return build_table(SEGMENTS, NODES, positions(), embeddings(), EDGES, MADE)


def is_mapped(values: NDArray[np.generic]) -> bool:
    """Whether an array lies in a file."""
    base: object = values
    while isinstance(base, np.ndarray) and not isinstance(base, np.memmap):
        base = base.base
    return isinstance(base, np.memmap)


def assert_same(one: EmbeddingTable, other: EmbeddingTable) -> None:
    for name in ("segment_ids", "first_row", "node_ids", "positions_nm", "embeddings", "edges"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    assert (one.provenance, one.version) == (other.provenance, other.version)


def test_rows_come_sorted_by_segment_and_node_with_their_own_values() -> None:
    table = small_table()
    order = [1, 4, 3, 2, 5, 0]  # arguments in the order of rows
    assert table.segment_ids.tolist() == [7, 9, BIG]
    assert table.first_row.tolist() == [0, 2, 3, 6]
    assert table.node_ids.tolist() == [0, 8, 3, 0, 2, 4]
    np.testing.assert_array_equal(table.positions_nm, positions()[order])
    np.testing.assert_array_equal(table.embeddings, embeddings()[order])
    assert table.edges.tolist() == [[0, 1], [3, 4], [4, 5]]
    assert (len(table), table.dimensions) == (6, 5)


def test_a_table_cannot_be_changed() -> None:
    table = small_table()
    with pytest.raises(ValueError, match="read-only"):
        table.positions_nm[0, 0] = 1
    with pytest.raises(AttributeError):
        table.version = "other"  # type: ignore[misc]


def test_the_order_of_rows_and_edges_changes_nothing() -> None:
    rng = np.random.default_rng(3)
    for _ in range(5):
        order = rng.permutation(6)
        place = np.argsort(order)
        edges = rng.permutation(place[EDGES][:, ::-1])
        shuffled = build_table(SEGMENTS[order], NODES[order], positions()[order], embeddings()[order], edges, MADE)
        assert_same(shuffled, small_table())


def test_segments_are_looked_up_by_their_exact_id() -> None:
    table = small_table()
    assert table.rows_of(BIG) == slice(3, 6)
    assert table.rows_of(9) == slice(2, 3)
    for absent in (BIG - 1, BIG + 1, 8, 0, -7, 2**64, 2**70):
        rows = table.rows_of(absent)
        assert rows.start == rows.stop
        assert len(table.edges_of(absent)) == 0
    assert table.edges_of(BIG).tolist() == [[3, 4], [4, 5]]
    assert table.edges_of(7).tolist() == [[0, 1]]
    assert table.edges_of(9).tolist() == []


def test_rows_know_their_segment() -> None:
    table = small_table()
    found = table.segment_of_rows(np.array([5, 0, 2, 1, 3]))
    assert found.dtype == np.uint64
    assert found.tolist() == [BIG, 7, 9, 7, BIG]
    assert table.segment_of_rows(np.array([], np.int64)).tolist() == []
    for wrong in (-1, 6):
        with pytest.raises(IndexError):
            table.segment_of_rows(np.array([0, wrong]))


def test_the_nearest_row_is_of_the_same_segment_even_if_another_is_closer() -> None:
    table = small_table()
    x, y, z = positions()[3]  # of segment 9
    row, distance_nm = table.nearest_row(7, (float(x), float(y), float(z))) or (-1, -1.0)
    assert row == 1
    assert distance_nm == pytest.approx(3000.75 * np.sqrt(3))
    assert table.nearest_row(9, (float(x), float(y), float(z))) == (2, 0.0)
    assert table.nearest_row(BIG + 1, (0.0, 0.0, 0.0)) is None


def test_of_two_rows_equally_near_the_first_is_taken() -> None:
    table = small_table()
    middle = positions()[[1, 4]].mean(axis=0)
    assert (table.nearest_row(7, tuple(middle.tolist())) or (-1, 0.0))[0] == 0


def test_what_is_saved_is_what_is_opened(tmp_path: Path) -> None:
    table = small_table()
    table.save(tmp_path / "deep" / "table")
    opened = open_table(tmp_path / "deep" / "table")
    assert_same(opened, table)
    assert opened.provenance.skipped == 2
    opened.verify()
    assert is_mapped(opened.embeddings)
    with pytest.raises(ValueError, match="read-only"):
        opened.embeddings[0, 0] = 1


def test_a_table_without_rows_or_edges_is_saved_too(tmp_path: Path) -> None:
    empty = build_table(SEGMENTS[:0], NODES[:0], positions()[:0], embeddings()[:0], EDGES[:0], MADE)
    empty.save(tmp_path)
    opened = open_table(tmp_path)
    assert_same(opened, empty)
    assert (len(opened), opened.dimensions) == (0, 5)
    assert opened.nearest_row(7, (0.0, 0.0, 0.0)) is None


def test_a_table_saved_over_another_replaces_it_and_leaves_its_readers_be(tmp_path: Path) -> None:
    small_table().save(tmp_path)
    reader = open_table(tmp_path)
    other = build_table(SEGMENTS, NODES, positions(), embeddings() + 1, EDGES, MADE)
    other.save(tmp_path)
    assert_same(open_table(tmp_path), other)
    assert_same(reader, small_table())
    assert len(list(tmp_path.glob("*.npy"))) == 8


def test_a_save_that_fails_leaves_the_old_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small_table().save(tmp_path)
    real, calls = os.fsync, []

    def full_disk(file: int) -> None:
        calls.append(file)
        if len(calls) == 5:
            raise OSError(28, "No space left on device")
        real(file)

    monkeypatch.setattr(os, "fsync", full_disk)
    other = build_table(SEGMENTS, NODES, positions(), embeddings() + 1, EDGES, MADE)
    with pytest.raises(TableError, match="No space left on device"):
        other.save(tmp_path)
    assert_same(open_table(tmp_path), small_table())
    assert len(list(tmp_path.glob("*.npy*"))) == 8


def test_the_version_covers_every_column_and_what_the_table_was_made_of() -> None:
    def built(**changed: object) -> str:
        columns = {
            "segment_of_row": SEGMENTS,
            "node_ids": NODES,
            "positions_nm": positions(),
            "embeddings": embeddings(),
            "edges": EDGES,
            "provenance": MADE,
        }
        return build_table(**{**columns, **changed}).version  # type: ignore[arg-type]

    moved, other = positions(), embeddings()
    moved[3, 2] += 1e-3
    other[5, 4] = np.nextafter(other[5, 4], np.float32(9e9))
    versions = [
        built(),
        built(segment_of_row=SEGMENTS + np.uint64(1)),
        built(node_ids=NODES + 1),
        built(positions_nm=moved),
        built(embeddings=other),
        built(edges=EDGES[1:]),
        built(provenance=replace(MADE, encoder_hash="f" * 16)),
    ]
    assert len(set(versions)) == len(versions)
    assert all(len(version) == 16 for version in versions)


def test_broken_embeddings_are_counted_and_refused() -> None:
    broken = embeddings()
    broken[2, 1], broken[4, 0], broken[4, 3] = np.nan, np.inf, -np.inf
    with pytest.raises(TableError, match=f"2 of 6 embeddings are NaN or infinite.*segment {BIG}, node 0"):
        build_table(SEGMENTS, NODES, positions(), broken, EDGES, MADE)
    nowhere = positions()
    nowhere[1, 1] = np.nan
    with pytest.raises(TableError, match="1 of 6 positions"):
        build_table(SEGMENTS, NODES, nowhere, embeddings(), EDGES, MADE)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"segment_of_row": SEGMENTS.astype(np.float64)}, "must be integers"),
        ({"node_ids": NODES.astype(np.float32)}, "must be integers"),
        ({"edges": EDGES.astype(np.float64)}, "must be integers"),
        ({"segment_of_row": np.array([0, 7, 7, 9, 7, 9])}, "background"),
        ({"segment_of_row": np.array([-3, 7, 7, 9, 7, 9])}, "positive"),
        ({"node_ids": np.array([4, 0, 4, 3, 8, 2])}, f"segment {BIG} has the node 4 twice"),
        ({"edges": np.array([[0, 6]])}, "there are 6 rows"),
        ({"edges": np.array([[-1, 5]])}, "there are 6 rows"),
        ({"edges": np.array([[0, 1]])}, "two segments"),
        ({"edges": np.array([[2, 2]])}, "with itself"),
        ({"edges": np.array([0, 5])}, "do not fit"),
        ({"node_ids": NODES[:5]}, "do not fit"),
        ({"positions_nm": positions()[:, :2]}, "do not fit"),
        ({"embeddings": embeddings()[:, 0]}, "do not fit"),
        ({"embeddings": embeddings()[1:]}, "do not fit"),
    ],
)
def test_columns_that_make_no_table_are_refused(changed: dict[str, NDArray[np.generic]], says: str) -> None:
    columns = {
        "segment_of_row": SEGMENTS,
        "node_ids": NODES,
        "positions_nm": positions(),
        "embeddings": embeddings(),
        "edges": EDGES,
    }
    with pytest.raises(TableError, match=says):
        build_table(**{**columns, **changed}, provenance=MADE)  # type: ignore[arg-type]


def edit_index(folder: Path, **changed: object) -> None:
    path = folder / "table.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changed}))


def edit_shard(folder: Path, file: str) -> None:
    """Let the embeddings be in another file."""
    shards = json.loads((folder / "table.json").read_text())["shards"]
    shards[0]["columns"]["embeddings"]["file"] = file
    edit_index(folder, shards=shards)


def column_path(folder: Path, name: str) -> Path:
    return next(folder.glob(f"{name}-*.npy"))


def cut_short(folder: Path) -> None:
    path = column_path(folder, "embeddings")
    path.write_bytes(path.read_bytes()[:-8])


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (lambda folder: (folder / "table.json").unlink(), "no embedding table"),
        (lambda folder: (folder / "table.json").write_text("{"), "not JSON"),
        (lambda folder: (folder / "table.json").write_text("[1]"), "does not describe"),
        (lambda folder: edit_index(folder, format="other"), "does not describe"),
        (lambda folder: edit_index(folder, format_version=3), "version 3"),
        (lambda folder: edit_index(folder, dimensions=64), r"embeddings \(\(6, 5\), but \(6, 64\)"),
        (lambda folder: edit_index(folder, rows=7), "number of rows"),
        (lambda folder: edit_index(folder, storage="float8"), "float8"),
        (lambda folder: edit_shard(folder, "../elsewhere.npy"), "a file name"),
        (lambda folder: edit_index(folder, rows="many"), "damaged"),
        (lambda folder: edit_index(folder, provenance={}), "damaged"),
        (lambda folder: edit_index(folder, provenance=None), "damaged"),
        (lambda folder: column_path(folder, "edges").unlink(), "edges-.*is missing"),
        (cut_short, "cut short"),
        (lambda folder: column_path(folder, "node_ids").write_bytes(b""), "cut short"),
        (lambda folder: column_path(folder, "node_ids").write_bytes(b"garbage!" * 22), "no .npy file"),
        (lambda folder: np.save(column_path(folder, "node_ids"), np.zeros(12, np.int32)), "int32"),
        (lambda folder: np.save(column_path(folder, "first_row"), np.array([0, 2, 3, 5])), "do not cover"),
    ],
)
def test_a_damaged_folder_is_refused_in_one_sentence(tmp_path: Path, harm: Callable[[Path], object], says: str) -> None:
    small_table().save(tmp_path)
    harm(tmp_path)
    with pytest.raises(TableError, match=says) as caught:
        open_table(tmp_path)
    assert "\n" not in str(caught.value)
    assert str(tmp_path) in str(caught.value)


def test_a_column_with_objects_in_it_is_never_unpickled(tmp_path: Path) -> None:
    small_table().save(tmp_path)
    np.save(column_path(tmp_path, "node_ids"), np.array([{}] * 6, object), allow_pickle=True)
    with pytest.raises(TableError, match="damaged"):
        open_table(tmp_path)


def test_a_flipped_bit_is_found_when_asked_for(tmp_path: Path) -> None:
    small_table().save(tmp_path)
    path = column_path(tmp_path, "embeddings")
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(TableError, match="content has changed"):
        open_table(tmp_path).verify()


def test_another_encoder_or_view_is_refused_with_what_differs() -> None:
    table = small_table()
    table.check_made_by(MADE.encoder_hash, MADE.cutout)
    with pytest.raises(TableError, match=r"made by encoder 0123456789abcdef.*has encoder aaaa"):
        table.check_made_by("aaaa", MADE.cutout)
    with pytest.raises(TableError, match=r"33\^3 voxels.*65\^3 voxels"):
        table.check_made_by(MADE.encoder_hash, CutoutSpec(65, (32.0, 32.0, 40.0)))


@pytest.mark.parametrize(("name", "value"), [("embeddings", np.nan), ("embeddings", np.inf), ("positions_nm", np.nan)])
def test_rows_that_are_no_numbers_are_found_in_a_table_from_elsewhere(tmp_path: Path, name: str, value: float) -> None:
    table = small_table()
    table.check_finite()
    table.save(tmp_path)
    column = np.load(column_path(tmp_path, name))
    row = table.rows_of(BIG).start
    column[row, 1] = value
    np.save(column_path(tmp_path, name), column)
    with pytest.raises(TableError, match=f"1 of 6 {name[:9]}.*first that of segment {BIG}, node {table.node_ids[row]}"):
        open_table(tmp_path).check_finite()
