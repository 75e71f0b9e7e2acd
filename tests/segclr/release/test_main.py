"""The command `segclr-release`, from the words typed to the table on disk."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from segclr.embeddings.table import open_table
from segclr.release import __main__ as command
from segclr.release.http import Clock, Patience, RangeReader
from segclr.release.registry import RELEASES
from tests.segclr.release.replica import Fault, csv_text, shard_by_the_book, zip_of
from tests.segclr.release.test_cave import MERGED, recorded
from tests.segclr.release.test_csv_rows import some

BIG_ID, MICRONS_ID = 2**63 + 5, 864691135293126156


@pytest.fixture
def copy(replica):
    """The words for a copy of microns_v343 that has three segments and only their shards."""
    for segment_id, n in ((MICRONS_ID, 4), (BIG_ID, 1), (5, 2)):
        put(replica, segment_id, {segment_id: csv_text(*some(n, seed=n))})
    return f"{replica.url}/copy#microns_v343"


def put(replica, of: int, segments: dict[int, bytes]) -> None:
    """Write the shard of the segment `of`."""
    files = {f"{segment_id}.csv": content for segment_id, content in segments.items()}
    replica.files[f"/copy/{shard_by_the_book(of, 10_000, 64)}.zip"] = zip_of(files)


@pytest.fixture
def run(tmp_path, capsys, clock, monkeypatch):
    """Runs the command with its cache in the test's folder, without waiting; returns status, stdout, stderr."""
    time = Clock(clock.passed, clock.calendar, clock.wait)
    monkeypatch.setattr(command, "RangeReader", lambda connections: RangeReader(connections, Patience(), time))

    def run(*words: object) -> tuple[int, str, str]:
        extra = ("--cache", str(tmp_path / "cache")) if words[0] == "fetch" else ()
        status = command.main([*(str(word) for word in words), *extra])
        out, err = capsys.readouterr()
        return status, out, err

    return run


def test_list_names_every_release(run):
    status, out, _ = run("list")
    assert status == 0
    assert [line.split()[0] for line in out.splitlines()] == [release.name for release in RELEASES]


def test_info_says_what_the_numbers_mean(run):
    status, out, _ = run("info", "microns_v343")
    assert status == 0
    assert "units of 32 x 32 x 40 nm, plus (110592, 110592, 592640) nm" in out
    assert "129^3 voxels of 32 x 32 x 40 nm, masked_em" in out
    status, out, err = run("info", "microns_v344")
    assert (status, out) == (1, "")
    assert err.startswith("segclr-release: there is no release 'microns_v344'")


def test_segments_become_a_table_with_exact_ids(run, copy, tmp_path):
    status, out, err = run("fetch", MICRONS_ID, BIG_ID, "--release", copy, "--out", tmp_path / "table")
    assert (status, "warning" in err) == (0, False)
    assert out.endswith("table: 5 embeddings of 2 segments\n")
    table = open_table(tmp_path / "table")
    assert table.segment_ids.tolist() == [MICRONS_ID, BIG_ID]
    coordinates, embeddings = some(4, seed=4)
    assert np.array_equal(table.embeddings[table.rows_of(MICRONS_ID)], embeddings)
    assert np.array_equal(
        table.positions_nm[table.rows_of(MICRONS_ID)], coordinates * (32, 32, 40) + (110_592, 110_592, 592_640)
    )


def test_ids_may_come_from_a_file(run, copy, tmp_path):
    (tmp_path / "ids.txt").write_text(f"{MICRONS_ID}\n\n {BIG_ID} \n")
    status, *_ = run("fetch", "--segments-from", tmp_path / "ids.txt", "--release", copy, "--out", tmp_path / "table")
    assert status == 0
    assert len(open_table(tmp_path / "table").segment_ids) == 2


def test_segments_are_added_to_a_table_without_downloading_the_others_again(run, replica, copy, tmp_path):
    run("fetch", MICRONS_ID, "--release", copy, "--out", tmp_path / "table")
    replica.requests.clear()
    status, *_ = run("fetch", BIG_ID, "--release", copy, "--out", tmp_path / "table", "--add")
    assert status == 0
    assert len(replica.requests) == 2
    assert open_table(tmp_path / "table").segment_ids.tolist() == [MICRONS_ID, BIG_ID]


def test_a_table_that_is_there_is_never_replaced(run, replica, copy, tmp_path):
    run("fetch", MICRONS_ID, "--release", copy, "--out", tmp_path / "table")
    replica.requests.clear()
    status, _, err = run("fetch", BIG_ID, "--release", copy, "--out", tmp_path / "table")
    assert (status, replica.requests) == (1, [])
    assert "--add adds segments to it" in err
    assert open_table(tmp_path / "table").segment_ids.tolist() == [MICRONS_ID]


def test_segments_that_a_table_has_are_not_asked_for(run, replica, copy, tmp_path):
    run("fetch", MICRONS_ID, "--release", copy, "--out", tmp_path / "table")
    replica.requests.clear()
    status, out, _ = run("fetch", MICRONS_ID, "--release", copy, "--out", tmp_path / "table", "--add")
    assert (status, replica.requests) == (0, [])
    assert "has all of these segments" in out


def test_another_release_is_not_added_to_a_table(run, replica, copy, tmp_path):
    run("fetch", MICRONS_ID, "--release", copy, "--out", tmp_path / "table")
    other = copy.replace("#microns_v343", "#microns_nm_coord_public_offset_v343")
    status, _, err = run("fetch", BIG_ID, "--release", other, "--out", tmp_path / "table", "--add")
    assert status == 1
    assert "rows of another kind cannot be added" in err


def test_a_command_that_is_killed_goes_on_where_it_was(run, replica, copy, tmp_path):
    order = sorted([MICRONS_ID, BIG_ID, 5], key=lambda at: shard_by_the_book(at, 10_000, 64))
    replica.fail(f"/copy/{shard_by_the_book(order[2], 10_000, 64)}.zip", Fault("silent"))
    words = ["fetch", *map(str, order), "--release", copy, "--out", str(tmp_path / "table"), "--connections", "1"]
    command_line = [sys.executable, "-m", "segclr.release", *words, "--cache", str(tmp_path / "cache")]
    environment = os.environ | {"PYTHONPATH": str(Path(command.__file__).parents[2])}
    with subprocess.Popen(command_line, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert replica.fell_silent.wait(60)
        process.kill()
    assert not (tmp_path / "table").exists()
    replica.go_on.set()
    replica.requests.clear()
    assert run(*words)[0] == 0
    assert len(replica.requests) == 2  # of the last segment alone
    assert open_table(tmp_path / "table").segment_ids.tolist() == sorted(order)


def test_damaged_segments_are_listed_and_the_others_written(run, replica, copy, tmp_path):
    put(replica, 5, {5: b"0,1,2,three"})
    status, out, err = run("fetch", MICRONS_ID, 5, "--release", copy, "--out", tmp_path / "table")
    assert status == 1
    assert "failed: 5: " in err
    assert "5.csv, line 1: 4 columns" in err
    assert out.endswith("4 embeddings of 1 segment\n")


def test_ids_of_another_materialisation_are_said_to_be_so(run, replica, copy, tmp_path):
    for segment_id in (11, 12, 13):
        put(replica, segment_id, {99: csv_text(*some(1))})
    status, _, err = run("fetch", MICRONS_ID, 11, 12, 13, "--release", copy, "--out", tmp_path / "table")
    assert status == 0
    assert "not in microns_v343: 11, 12, 13" in err
    assert "warning: 3 of 4 segments are not in microns_v343" in err
    assert "another segmentation or materialisation than m343" in err


def test_nothing_found_writes_no_table(run, replica, copy, tmp_path):
    put(replica, 5, {5: b"0,1,2,three"})
    status, _, err = run("fetch", 5, "--release", copy, "--out", tmp_path / "table")
    assert status == 1
    assert "none of 1 segment came from microns_v343: nothing is written" in err
    assert not (tmp_path / "table").exists()


def test_an_address_with_no_shards_is_one_sentence(run, replica, tmp_path):
    status, _, err = run("fetch", 5, 6, 7, 8, "--release", f"{replica.url}/no#h01", "--out", tmp_path / "table")
    assert status == 1
    assert "there is no file" in err
    assert "Traceback" not in err


@pytest.mark.parametrize("word", ["8.64691135293126e17", "5,6", "abc", "123456789012345678901"])
def test_what_is_no_id_is_refused_before_anything_is_read(run, replica, copy, tmp_path, word):
    status, _, err = run("fetch", word, "--release", copy, "--out", tmp_path / "table")
    assert status == 1
    assert f"{word!r} is no segment id" in err
    assert replica.requests == []


def test_roots_of_today_are_mapped_to_the_release_first(run, replica, copy, tmp_path, monkeypatch):
    class Graph:
        def get_past_ids(self, root_ids, timestamp_past=None, timestamp_future=None):
            answer = recorded()
            answer["past_id_map"][MERGED] = [MICRONS_ID, BIG_ID]
            return answer

    monkeypatch.setattr(command, "open_cave", lambda datastack: Graph())
    words = ("fetch", MERGED, "--release", copy, "--out", tmp_path / "table", "--cave", "minnie65_public")
    status, out, _ = run(*words)
    assert status == 0
    assert f"{MERGED} was {MICRONS_ID}, {BIG_ID} in m343" in out
    assert open_table(tmp_path / "table").segment_ids.tolist() == [MICRONS_ID, BIG_ID]


def test_a_fault_that_passes_is_not_even_noticed(run, replica, copy, tmp_path):
    replica.fail("/copy", Fault("truncate"))
    replica.fail("/copy", Fault("reset"))
    assert run("fetch", MICRONS_ID, "--release", copy, "--out", tmp_path / "table")[0] == 0
