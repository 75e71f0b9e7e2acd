"""A growing table that is read meanwhile, damaged, killed or out of disk loses nothing and says what is wrong."""

import logging
import multiprocessing
import os
import resource
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from segclr.embeddings.growing import append_table, compact_table
from segclr.embeddings.storage.stored_table import open_stored
from segclr.embeddings.storage.verification import damaged_files
from segclr.embeddings.storage.writer import open_writer
from segclr.embeddings.table import open_table
from segclr.errors import TableError
from tests.segclr.embeddings.growing_tables import PARTS, grown, npy_files
from tests.segclr.embeddings.made_tables import BIG, assert_same, made_table, united

pytestmark = pytest.mark.usefixtures("no_waiting_for_the_disk")


def test_who_reads_keeps_what_was_there_while_another_writes(tmp_path: Path) -> None:
    append_table(tmp_path, PARTS[0])
    opened, stored = open_table(tmp_path), open_stored(tmp_path)
    append_table(tmp_path, PARTS[1])
    assert_same(opened, PARTS[0])
    assert len(stored.rows_of_segment(7)) == 3
    assert len(open_stored(tmp_path).rows_of_segment(7)) == 5


def test_a_table_that_is_replaced_while_it_is_opened_is_opened_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    append_table(tmp_path, PARTS[0])
    append_table(tmp_path, PARTS[1])
    real, reads = Path.read_bytes, []

    def read_then_compacted(path: Path) -> bytes:
        content = real(path)
        reads.append(path)
        if len(reads) == 1:
            monkeypatch.setattr(Path, "read_bytes", real)
            compact_table(tmp_path)
            monkeypatch.setattr(Path, "read_bytes", read_then_compacted)
        return content

    monkeypatch.setattr(Path, "read_bytes", read_then_compacted)
    assert_same(open_table(tmp_path), united(*PARTS[:2]))
    assert len(reads) > 1


def test_a_table_that_was_compacted_since_it_was_opened_is_read_as_it_is_now_or_refused(tmp_path: Path) -> None:
    append_table(tmp_path, PARTS[0])
    append_table(tmp_path, PARTS[1])
    untouched, half_read = open_stored(tmp_path), open_stored(tmp_path)
    assert len(half_read.rows_of_segment(BIG)) == 4
    compact_table(tmp_path)
    assert sum(len(chunk) for chunk in untouched.chunks()) == len(untouched) == 15
    assert len(half_read.rows_of_segment(BIG)) == 4
    with pytest.raises(TableError, match="was replaced while it was read: open it again"):
        half_read.rows_of_segment(2**53 + 1)


def test_a_second_writer_is_refused_in_one_sentence_and_may_write_later(tmp_path: Path) -> None:
    append_table(tmp_path, PARTS[0])
    with (
        open_writer(tmp_path),
        pytest.raises(TableError, match=rf"another program \(process {os.getpid()}\) is writing .*wait") as caught,
    ):
        append_table(tmp_path, PARTS[1])
    assert "\n" not in str(caught.value)
    assert_same(open_table(tmp_path), PARTS[0])
    append_table(tmp_path, PARTS[1])


def column_file(folder: Path, shard: int, name: str) -> Path:
    return folder / open_stored(folder).manifest.shards[shard].columns[name].file


@pytest.mark.parametrize("harm", ["cut", "missing", "header"])
def test_a_damaged_shard_is_named_and_the_rest_still_opens(
    tmp_path: Path, harm: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = column_file(grown(tmp_path), 1, "positions_nm")
    name = open_stored(tmp_path).manifest.shards[1].name
    content = path.read_bytes()
    if harm == "missing":
        path.unlink()
    else:
        path.write_bytes(content[:-8] if harm == "cut" else b"x" + content[1:])
    with caplog.at_level(logging.WARNING):
        table = open_table(tmp_path)
    rest = united(PARTS[0], PARTS[2])
    assert table.segment_ids.tolist() == rest.segment_ids.tolist()
    np.testing.assert_array_equal(table.embeddings, rest.embeddings)
    assert len(table.damage) == 1
    assert path.name in table.damage[0]
    assert f"shard {name}, 8 rows" in table.damage[0]
    assert caplog.messages == list(table.damage)
    assert len(open_stored(tmp_path).rows_of_segment(7)) == 3
    for refused in (lambda: append_table(tmp_path, made_table({77: 1})), lambda: compact_table(tmp_path)):
        with pytest.raises(TableError, match=path.name):
            refused()


@pytest.mark.parametrize("column", ["embeddings", "node_ids", "first_edge", "edges", "piece_boxes"])
def test_one_flipped_bit_is_found_in_the_shard_and_column_where_it_is(tmp_path: Path, column: str) -> None:
    path = column_file(grown(tmp_path), 2, column)
    assert list(damaged_files(open_stored(tmp_path))) == []
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    name = open_stored(tmp_path).manifest.shards[2].name
    expected = [f"shard {name}, column {column}, file {path.name}: its content has changed"]
    assert list(damaged_files(open_stored(tmp_path))) == expected


@contextmanager
def disk_with_room_for(size: int) -> Iterator[None]:
    """Let files grow to so many bytes and no further, as a quota would."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_disk_that_fills_up_while_writing_leaves_the_old_state(tmp_path: Path) -> None:
    append_table(tmp_path, PARTS[0])
    before = npy_files(tmp_path)
    large = made_table({13: 40}, dimensions=400)
    for write in (lambda: append_table(tmp_path, made_table({13: 4000})), lambda: large.save(tmp_path)):
        with disk_with_room_for(20_000), pytest.raises(TableError, match=r"cannot be written to .*too large"):
            write()
        assert_same(open_table(tmp_path), PARTS[0])
        assert npy_files(tmp_path) == before
        assert not list(tmp_path.glob("*.part"))


def write_until_killed(folder: Path, what: str, last: int) -> None:
    """Body of a process that kills itself before the file operation `last`."""
    calls: list[str] = []

    def counted(name: str, real: Callable[..., object]) -> Callable[..., object]:
        def call(*arguments: object) -> object:
            calls.append(name)
            if len(calls) > last:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*arguments)

        return call

    os.fsync = counted("fsync", os.fsync)  # type: ignore[assignment]
    Path.replace = counted("replace", Path.replace)  # type: ignore[assignment,method-assign]
    Path.unlink = counted("unlink", Path.unlink)  # type: ignore[assignment,method-assign]
    if what == "append":
        append_table(folder, PARTS[2])
    else:
        compact_table(folder)


@pytest.mark.parametrize("what", ["append", "compact"])
def test_a_writer_killed_at_any_moment_leaves_a_table_that_opens_and_can_be_written(tmp_path: Path, what: str) -> None:
    old, new = united(*PARTS[:2]), united(*PARTS) if what == "append" else united(*PARTS[:2])
    ends = []
    for last in range(60):
        folder = tmp_path / str(last)
        append_table(folder, PARTS[0])
        append_table(folder, PARTS[1])
        process = multiprocessing.get_context("fork").Process(target=write_until_killed, args=(folder, what, last))
        process.start()
        process.join()
        ends.append(process.exitcode)
        found = open_table(folder)
        assert_same(found, new if len(found) == len(new) else old)
        assert list(damaged_files(open_stored(folder))) == []
        append_table(folder, made_table({999: 2}))
        assert npy_files(folder) == open_stored(folder).manifest.files()
        if process.exitcode == 0:
            break
    assert ends == [-signal.SIGKILL] * (len(ends) - 1) + [0]
    assert len(ends) > 20


def test_files_of_others_in_the_folder_are_left_alone(tmp_path: Path) -> None:
    append_table(tmp_path, PARTS[0])
    np.save(tmp_path / "mine.npy", np.zeros(3))
    (tmp_path / "layout-umap-0123456789abcdef.npz").write_bytes(b"kept")
    append_table(tmp_path, PARTS[1])
    assert (tmp_path / "mine.npy").exists()
    assert (tmp_path / "layout-umap-0123456789abcdef.npz").exists()
