"""A segment's file, as it is in the release and as it should not be."""

import numpy as np
import pytest

from segclr.errors import ReleaseError
from segclr.release.csv_rows import parse_rows
from tests.segclr.release.replica import csv_text

BIG_ID = 2**63 + 5
WHERE = "http://host/7.zip, 864691135293126156.csv"


def some(n: int, dimensions: int = 64, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    coordinates = np.stack([np.arange(n) * 31.0, rng.integers(0, 9999, n), rng.integers(0, 99, n) + 0.5], axis=1)
    return coordinates, rng.normal(0, 3, (n, dimensions)).astype(np.float32)


def in_blocks(content: bytes, size: int) -> list[bytes]:
    return [content[start : start + size] for start in range(0, len(content), size)]


@pytest.mark.parametrize("dimensions", [64, 128])
@pytest.mark.parametrize(("ends", "last"), [("\n", ""), ("\n", "\n"), ("\r\n", ""), ("\r\n", "\r\n"), ("\n", "\n\n")])
@pytest.mark.parametrize("block", [10**9, 1000, 7])
def test_every_number_comes_back_exactly(dimensions, ends, last, block):
    coordinates, embeddings = some(40, dimensions)
    content = csv_text(coordinates, embeddings, ends, last, first_node=2**53 + 1)
    rows = parse_rows(BIG_ID, in_blocks(content, block), WHERE, dimensions)
    assert rows.segment_id == BIG_ID
    assert np.array_equal(rows.coordinates, coordinates)
    assert np.array_equal(rows.embeddings, embeddings)
    assert rows.embeddings.dtype == np.float32
    assert rows.node_ids.tolist() == [2**53 + 1 + at for at in range(40)]


def test_one_row_and_thirty_thousand_are_read_alike():
    _, embeddings = some(100)
    cells = [b",".join(str(value).encode() for value in embedding) for embedding in embeddings]
    lines = [b"%d,%d,%d,9,%s" % (at, at // 7, 3 * at, cells[at % 100]) for at in range(30_000)]
    rows = parse_rows(7, in_blocks(b"\n".join(lines), 1 << 20), WHERE, 64)
    assert np.array_equal(rows.embeddings, np.tile(embeddings, (300, 1)))
    assert rows.coordinates[29_999].tolist() == [4285, 89_997, 9]
    one = parse_rows(7, lines[:1], WHERE, 64)
    assert len(one) == 1
    assert np.array_equal(one.embeddings, embeddings[:1])


def test_the_dimensions_are_told_by_the_file_where_nobody_knows_them():
    for dimensions in (64, 128):
        content = csv_text(*some(3, dimensions))
        assert parse_rows(7, [content], WHERE, None).embeddings.shape == (3, dimensions)
    with pytest.raises(ReleaseError, match=r"line 1: 36 columns, but it must be node_id, x, y, z and 64 or 128"):
        parse_rows(7, [csv_text(*some(3, 32))], WHERE, None)


def broken(line: int, change) -> bytes:
    """A file of 20 lines, of which one was changed."""
    lines = csv_text(*some(20)).split(b"\n")
    lines[line - 1] = change(lines[line - 1])
    return b"\n".join(lines)


def with_cell(column: int, cell: bytes):
    def change(line: bytes) -> bytes:
        cells = line.split(b",")
        cells[column - 1] = cell
        return b",".join(cells)

    return change


@pytest.mark.parametrize("block", [10**9, 300])
@pytest.mark.parametrize(
    ("content", "says"),
    [
        (broken(3, with_cell(2, b"abc")), "line 3, column 2: 'abc' is no finite number"),
        (broken(20, with_cell(68, b"")), "line 20, column 68: '' is no finite number"),
        (broken(5, with_cell(9, b"nan")), "line 5, column 9: 'nan' is no finite number"),
        (broken(5, with_cell(9, b"-inf")), "line 5, column 9: '-inf' is no finite number"),
        (broken(5, with_cell(9, b"1e39")), "line 5, column 9: '1e39' is no finite number"),
        (broken(5, with_cell(9, b"1e999")), "line 5, column 9: '1e999' is no finite number"),
        (broken(1, with_cell(1, b"node_id")), "line 1, column 1: 'node_id' is no finite number"),
        (broken(6, with_cell(1, b"6.5")), "line 6, column 1: '6.5' is no node id"),
        (broken(6, with_cell(1, b"-6")), "line 6, column 1: '-6' is no node id"),
        (broken(4, lambda line: line.rpartition(b",")[0]), "line 4: 67 columns, but there must be 68"),
        (broken(4, lambda line: line + b",1.5"), "line 4: 69 columns, but there must be 68"),
        (broken(9, lambda line: b""), "line 9: empty, though lines follow"),
        (broken(9, lambda line: b"  "), "line 9: 1 columns, but there must be 68"),
        (broken(2, with_cell(4, b"\xff\xfe")), r"line 2, column 4: '\\xff\\xfe' is no finite number"),
        (broken(2, with_cell(68, b"1.5#3")), "line 2, column 68: '1.5#3' is no finite number"),
        (broken(2, with_cell(4, b"#3")), "line 2, column 4: '#3' is no finite number"),
        (b"", "is empty: a segment of the release has at least one row"),
        (b"\n", "is empty: a segment of the release has at least one row"),
    ],
)
def test_what_is_not_as_it_must_be_is_named_by_file_and_line(content, says, block):
    with pytest.raises(ReleaseError) as caught:
        parse_rows(7, in_blocks(content, block), WHERE, 64)
    assert str(caught.value).startswith(WHERE)
    assert says in str(caught.value)


def test_other_dimensions_than_the_releases_are_refused():
    with pytest.raises(ReleaseError, match=r"line 1: 132 columns, but there must be 68: .* the 64 numbers"):
        parse_rows(7, [csv_text(*some(3, 128))], WHERE, 64)


def test_mixed_dimensions_in_one_file_are_refused():
    content = csv_text(*some(3, 64)) + b"\n" + csv_text(*some(3, 128))
    with pytest.raises(ReleaseError, match="line 4: 132 columns, but there must be 68"):
        parse_rows(7, in_blocks(content, 100), WHERE, None)


def test_two_rows_at_one_place_are_named():
    coordinates, embeddings = some(20)
    coordinates[16] = coordinates[4]
    with pytest.raises(ReleaseError, match=r"lines 5 and 17: both are at \(124, \d+, \d+\.5\), but a place has one"):
        parse_rows(7, [csv_text(coordinates, embeddings)], WHERE, 64)


def test_bytes_that_are_no_text_end_soon():
    with pytest.raises(ReleaseError, match="line 1: of more than 1048576 bytes: is it text"):
        parse_rows(7, [b"\x01" * 600_000] * 10, WHERE, 64)
