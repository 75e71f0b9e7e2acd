"""Parts of a table, from a folder and over HTTP, against the same table in memory."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from segclr.embeddings.growing import append_table, compact_table
from segclr.embeddings.storage import ranges
from segclr.embeddings.storage.stored_table import Rows, StoredTable, open_stored
from segclr.embeddings.storage.verification import broken_rows, damaged_files, rows_at_one_place
from segclr.embeddings.table import EmbeddingTable, open_table
from segclr.errors import TableError
from tests.segclr.embeddings.made_tables import BIG, made_table, save_as_first_format
from tests.segclr.embeddings.range_server import RangeServer, serving

PARTS = (
    made_table({7: 1500, BIG: 4, 2**53 + 1: 900}, seed=1, extra=True),
    made_table({9: 1, 7: 300}, seed=2, first_node=5000, extra=True),
    made_table({BIG + 1: 2600}, seed=3, extra=True),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("tables") / "table"
    for part in PARTS:
        append_table(made, part)
    return made


@pytest.fixture(scope="module")
def whole(folder: Path) -> EmbeddingTable:
    return open_table(folder)


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[RangeServer]:
    with serving(folder) as running:
        yield running


@pytest.fixture(params=["folder", "http", "fsspec"])
def stored(request: pytest.FixtureRequest, folder: Path, server: RangeServer) -> StoredTable:
    if request.param == "folder":
        return open_stored(folder)
    if request.param == "http":
        return open_stored(server.url)
    fsspec = pytest.importorskip("fsspec", reason="fsspec is not installed")
    memory = fsspec.filesystem("memory")
    for path in folder.iterdir():
        memory.pipe_file(f"/bucket/{path.name}", path.read_bytes())
    return open_stored("memory://bucket")


def rows_of(found: Rows, whole: EmbeddingTable) -> list[int]:
    """Where rows stand in the whole table; they must be the same there."""
    where = {
        (int(segment), int(node)): row
        for row, (segment, node) in enumerate(zip(whole.columns().segment_of_row(), whole.node_ids, strict=True))
    }
    rows = [where[int(s), int(n)] for s, n in zip(found.segment_ids, found.node_ids, strict=True)]
    np.testing.assert_array_equal(found.positions_nm, whole.positions_nm[rows])
    np.testing.assert_array_equal(found.embeddings, whole.embeddings[rows])
    for name, values in whole.extra.items():
        np.testing.assert_array_equal(found.extra[name], values[rows])
    assert found.embeddings.dtype == np.float32
    return rows


@pytest.mark.parametrize("segment_id", [7, 9, 2**53 + 1, BIG, BIG + 1])
def test_a_segment_comes_with_all_its_rows_and_edges_whichever_shards_they_are_in(
    stored: StoredTable, whole: EmbeddingTable, segment_id: int
) -> None:
    found = stored.rows_of_segment(segment_id)
    rows = whole.rows_of(segment_id)
    assert rows_of(found, whole) == list(range(rows.start, rows.stop))
    edges = found.edges[np.lexsort(found.edges.T[::-1])]
    np.testing.assert_array_equal(edges + rows.start, whole.edges_of(segment_id))


def test_a_segment_that_is_not_there_has_no_rows(stored: StoredTable) -> None:
    for absent in (8, 2**53, BIG - 1, 0, -1, 2**64 + 3):
        found = stored.rows_of_segment(absent)
        assert (len(found), found.embeddings.shape, found.edges.shape) == (0, (0, 6), (0, 2))
        assert found.extra["layer"].dtype.kind == "U"


def test_chunks_are_all_rows_once(stored: StoredTable, whole: EmbeddingTable) -> None:
    rows = [row for chunk in stored.chunks(700) for row in rows_of(chunk, whole)]
    assert sorted(rows) == list(range(len(whole)))
    assert len(stored) == len(whole) == 5305


def test_a_sample_has_as_many_rows_as_asked_for_from_all_shards(stored: StoredTable, whole: EmbeddingTable) -> None:
    rows = rows_of(stored.sample(530, seed=4), whole)
    assert len(set(rows)) == 530
    counts = [sum(row in range(whole.rows_of(s).start, whole.rows_of(s).stop) for row in rows) for s in (7, BIG + 1)]
    assert counts == pytest.approx([180, 260], abs=3)
    assert len(stored.sample(10**6)) == len(whole)
    by_segment = stored.sample(12, by="segments")
    assert len(by_segment) == 12
    assert 9 in by_segment.segment_ids.tolist()


@pytest.mark.parametrize("size", [200.0, 9_000.0, 60_000.0])
def test_a_box_has_the_rows_in_it_and_no_others(stored: StoredTable, whole: EmbeddingTable, size: float) -> None:
    x, y, z = whole.positions_nm[1234].tolist()
    low, high = (x, y - size / 2, z - size), (x + size, y + size / 2, z + 1e-6)
    inside = ((whole.positions_nm >= low) & (whole.positions_nm < high)).all(axis=1)
    assert 1234 in np.flatnonzero(inside)
    assert sorted(rows_of(stored.box(low, high), whole)) == np.flatnonzero(inside).tolist()
    assert whole.rows_in_box(low, high).tolist() == np.flatnonzero(inside).tolist()


def test_a_box_without_an_inside_is_refused(stored: StoredTable, whole: EmbeddingTable) -> None:
    for low, high in (((0.0, 0.0, 5.0), (1.0, 1.0, 5.0)), ((0.0, 0.0, 0.0), (1.0, np.nan, 1.0))):
        for ask in (stored.box, whole.rows_in_box):
            with pytest.raises(TableError, match="has no inside"):
                ask(low, high)


def test_one_segment_over_http_takes_few_requests_and_no_more_bytes_than_it_has(
    folder: Path, server: RangeServer
) -> None:
    stored = open_stored(server.url)
    stored.rows_of_segment(BIG)
    server.asked.clear()
    stored.rows_of_segment(2**53 + 1)
    assert len(server.asked) == 7, server.asked  # a column each
    spans = [asked.rpartition(" ")[2].split("-") for asked in server.asked]
    per_row = 8 + 24 + 6 * 4 + 4 + 4 * 2 + 1 + 16
    assert sum(int(last) + 1 - int(first) for first, last in spans) == 900 * per_row - 16


def test_long_columns_are_read_in_several_requests(
    server: RangeServer, whole: EmbeddingTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ranges, "_MOST_AT_ONCE", 1000)
    monkeypatch.setattr(ranges, "_WORTH_ASKING_AGAIN", 100)
    stored = open_stored(server.url)
    rows_of(stored.rows_of_segment(BIG + 1), whole)
    rows_of(stored.sample(200), whole)
    sizes = [int(last) + 1 - int(first) for first, last in (a.split()[1].split("-") for a in server.asked if " " in a)]
    assert max(sizes[-100:]) <= 1000


@pytest.mark.parametrize("faults", [["500"], ["503", "429"], ["cut"], ["reset", "cut", "500"]])
def test_a_server_that_fails_for_a_moment_is_asked_again(
    server: RangeServer, whole: EmbeddingTable, faults: list[str]
) -> None:
    stored = open_stored(server.url)
    server.faults[:] = faults
    rows = whole.rows_of(BIG)
    assert rows_of(stored.rows_of_segment(BIG), whole) == list(range(rows.start, rows.stop))
    assert server.faults == []


@pytest.mark.parametrize(
    ("fault", "says"),
    [("404", "is missing"), ("403", "status 403"), ("whole", "sends whole files only"), ("416", "shorter than")],
)
def test_what_will_not_pass_is_said_in_one_sentence(folder: Path, fault: str, says: str) -> None:
    with serving(folder) as failing:
        stored = open_stored(failing.url)
        stored.rows_of_segment(BIG)
        failing.faults[:] = [fault] * 9
        with pytest.raises(TableError, match=says) as caught:
            stored.rows_of_segment(7)
        assert failing.url in str(caught.value)
        assert "\n" not in str(caught.value)


def test_an_address_without_a_table_or_a_server_is_said_in_one_sentence(server: RangeServer, tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"no embedding table at http.*/nowhere: it has no table\.json"):
        open_stored(f"{server.url}/nowhere")
    with pytest.raises(TableError, match="no way to read carrier-pigeon://x"):
        open_stored("carrier-pigeon://x")
    with pytest.raises(TableError, match="no embedding table in"):
        open_stored(tmp_path / "nowhere")
    assert len(open_stored(f"file://{server.folder}")) == 5305


def test_the_first_format_is_read_from_a_disk_alone(tmp_path: Path) -> None:
    save_as_first_format(made_table({7: 3}), tmp_path / "old")
    with serving(tmp_path / "old") as running, pytest.raises(TableError, match=r"version 1.*segclr-table convert"):
        open_stored(running.url).rows_of_segment(7)
    assert list(damaged_files(open_stored(tmp_path / "old"))) == []


def test_all_of_a_table_is_verified_wherever_it_is(stored: StoredTable) -> None:
    assert list(damaged_files(stored)) == []
    assert list(broken_rows(stored)) == []
    assert rows_at_one_place(stored) == (0, 0)


def harmed(tmp_path: Path, name: str, change: object) -> StoredTable:
    """A table whose column holds something else, with a header that fits."""
    made_table({7: 5, BIG: 4}).save(tmp_path)
    path = tmp_path / open_stored(tmp_path).manifest.shards[0].columns[name].file
    column = np.load(path)
    change(column)  # type: ignore[operator]
    np.save(path, column)
    return open_stored(tmp_path)


@pytest.mark.parametrize(
    ("name", "index", "value", "says"),
    [
        ("embeddings", (6, 2), np.nan, f"1 of 9 embeddings are NaN or infinite, the first in segment {BIG}"),
        ("positions_nm", (1, 0), np.inf, "1 of 9 positions_nm are NaN or infinite, the first in segment 7"),
        ("segment_ids", 0, BIG + 3, "the segments are not in ascending order"),
        ("first_row", 1, 9, "a segment has no rows"),
        ("node_ids", 7, 0, f"the nodes of segment {BIG} are not in ascending order"),
        ("edges", (0, 1), 8, "1 edge joins two segments"),
        ("edges", (0, 1), 70, "edges join rows 0 to 70 of 9"),
    ],
)
def test_rows_that_no_table_should_have_are_told(
    tmp_path: Path, name: str, index: object, value: float, says: str
) -> None:
    stored = harmed(tmp_path, name, lambda column: column.__setitem__(index, value))
    assert any(says in sentence for sentence in broken_rows(stored)), list(broken_rows(stored))


def test_rows_at_the_same_position_of_one_segment_are_counted(tmp_path: Path) -> None:
    def same(positions: np.ndarray) -> None:  # type: ignore[type-arg]
        positions[3] = positions[1]
        positions[8] = positions[1]  # of another segment: that may be

    assert rows_at_one_place(harmed(tmp_path, "positions_nm", same)) == (1, 7)


def test_opening_and_reading_leaves_no_file_open(folder: Path) -> None:
    opened = Path("/proc/self/fd")
    if not opened.exists():
        pytest.skip("this system does not list the files that a process has open")
    before = len(list(opened.iterdir()))
    tables = [open_stored(folder) for _ in range(20)]
    assert [len(table) for table in tables] == [5305] * 20
    assert len(list(opened.iterdir())) <= before + 1


def test_a_compacted_table_is_read_the_same(folder: Path, whole: EmbeddingTable, tmp_path: Path) -> None:
    for part in PARTS:
        append_table(tmp_path, part)
    compact_table(tmp_path)
    stored = open_stored(tmp_path)
    rows = whole.rows_of(7)
    assert rows_of(stored.rows_of_segment(7), whole) == list(range(rows.start, rows.stop))
