"""The command segclr-table: what it says, what it copies, and what it refuses."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest

from segclr.embeddings.growing import append_table
from segclr.embeddings.storage.stored_table import open_stored
from segclr.embeddings.table import EmbeddingTable, build_table, open_table
from segclr.embeddings.table_tool import main
from tests.segclr.embeddings.made_tables import BIG, MADE, assert_same, made_table, united

Printed = pytest.CaptureFixture[str]

TABLE = made_table({7: 40, 2**53 + 1: 3, BIG: 70_000, BIG + 1: 1}, dimensions=3, extra=True)
SMALL = made_table({7: 4, 2**53 + 1: 3, BIG: 5}, extra=True)


def run(*arguments: object) -> int:
    return main([str(argument) for argument in arguments])


@pytest.fixture
def small(tmp_path: Path) -> Path:
    SMALL.save(tmp_path / "small")
    return tmp_path / "small"


def test_info_says_what_a_table_holds_and_what_made_it(small: Path, capsys: Printed) -> None:
    assert run("info", small) == 0
    said = capsys.readouterr().out
    for words in (
        "12 rows of 3 segments, at most 5 each, with 9 edges",
        "6 dimensions, stored as float32",
        "encoder 0123456789abcdef on 33^3 voxels of 32 x 32 x 40 nm",
        "2 were left out: 2 on background",
        "extra column layer (U)",
        "um (x, y, z)",
    ):
        assert words in said


def test_info_of_an_empty_table_and_of_none(tmp_path: Path, capsys: Printed) -> None:
    made_table({}).save(tmp_path / "empty")
    assert run("info", tmp_path / "empty") == 0
    assert "0 rows of 0 segments" in capsys.readouterr().out
    assert run("info", tmp_path / "none") == 1
    assert capsys.readouterr().err.startswith("segclr-table: there is no embedding table in ")


def test_verify_names_every_damaged_file_and_fails(small: Path, capsys: Printed) -> None:
    append_table(small, made_table({99: 3}, extra=True))
    assert run("verify", small) == 0
    assert "15 rows in 2 shards, all whole" in capsys.readouterr().out
    first, second = (shard.columns for shard in open_stored(small).manifest.shards)
    (small / first["edges"].file).unlink()
    path = small / second["node_ids"].file
    path.write_bytes(path.read_bytes()[:-1] + b"\1")
    assert run("verify", small) == 1
    printed = capsys.readouterr()
    assert f"column edges, file {first['edges'].file}: it is missing" in printed.out
    assert f"column node_ids, file {path.name}: its content has changed" in printed.out
    assert "has 2 faults" in printed.err


@pytest.mark.parametrize("ending", [".csv", ".parquet", ".arrow", ".feather"])
def test_a_file_made_of_a_table_becomes_the_same_table_again(tmp_path: Path, small: Path, ending: str) -> None:
    if ending != ".csv":
        pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    out = tmp_path / f"rows{ending}"
    assert run("convert", small, out) == 0
    assert run("convert", out, tmp_path / "again") == 0
    again = open_table(tmp_path / "again")
    if ending == ".csv":  # which does not say how wide a number was
        assert again.extra["depth"].dtype == np.float64
        np.testing.assert_array_equal(again.extra["depth"].astype(np.float32), SMALL.extra["depth"])
        again = rebuilt(again, {**again.extra, "depth": again.extra["depth"].astype(np.float32)})
    assert_same(again, SMALL)
    assert not list(tmp_path.glob("*.part"))


def rebuilt(table: EmbeddingTable, extra: dict[str, np.ndarray]) -> EmbeddingTable:  # type: ignore[type-arg]
    segments = table.columns().segment_of_row()
    return build_table(
        segments, table.node_ids, table.positions_nm, table.embeddings, table.edges, table.provenance, extra
    )


def test_large_tables_of_several_shards_go_out_whole(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    append_table(tmp_path / "table", TABLE)
    append_table(tmp_path / "table", made_table({7: 5}, first_node=50, dimensions=3, extra=True))
    assert run("convert", tmp_path / "table", tmp_path / "rows.parquet") == 0
    assert run("convert", tmp_path / "rows.parquet", tmp_path / "again") == 0
    assert_same(open_table(tmp_path / "again"), open_table(tmp_path / "table"))


def test_an_arrow_file_can_be_mapped_into_memory_by_others(tmp_path: Path, small: Path) -> None:
    arrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    assert run("convert", small, tmp_path / "rows.arrow") == 0
    with arrow.memory_map(str(tmp_path / "rows.arrow")) as mapped:
        read = arrow.ipc.open_file(mapped).read_all()
        embeddings = read.column("embedding").chunk(0).flatten().to_numpy(zero_copy_only=True).reshape(-1, 6)
        np.testing.assert_array_equal(embeddings, SMALL.embeddings)
        assert read.column("segment_id").type == arrow.uint64()


def test_conversion_to_fewer_bits_and_to_one_shard(tmp_path: Path, small: Path, capsys: Printed) -> None:
    append_table(small, made_table({99: 3}, extra=True))
    assert run("convert", small, tmp_path / "half", "--dtype", "float16") == 0
    half = open_stored(tmp_path / "half")
    assert (half.manifest.storage, len(half.manifest.shards), len(half)) == ("float16", 1, 15)
    open_table(tmp_path / "half").verify()
    assert run("compact", small) == 0
    assert "has one shard, and had 2" in capsys.readouterr().out


def test_a_sample_is_a_table_or_a_file_of_its_own(tmp_path: Path, small: Path, capsys: Printed) -> None:
    assert run("sample", small, 5, tmp_path / "some", "--by", "segments") == 0
    assert "5 of 12 rows" in capsys.readouterr().out
    some = open_table(tmp_path / "some")
    assert (len(some), len(some.segment_ids)) == (5, 3)
    assert run("sample", small, 5, tmp_path / "some.csv", "--seed", 3) == 0
    assert len((tmp_path / "some.csv").read_text().splitlines()) == 6
    assert run("sample", small, 0, tmp_path / "none") == 1


def test_tables_of_one_encoder_merge_and_others_are_refused(tmp_path: Path, small: Path, capsys: Printed) -> None:
    other = made_table({BIG: 9}, first_node=10, extra=True)
    other.save(tmp_path / "other")
    assert run("merge", small, tmp_path / "other", tmp_path / "both") == 0
    assert "21 rows of 2 tables" in capsys.readouterr().out
    assert_same(open_table(tmp_path / "both"), united(SMALL, other))
    made_table({1: 2}, dimensions=4).save(tmp_path / "narrow")
    assert run("merge", small, tmp_path / "narrow", tmp_path / "both") == 1
    assert "differ: 6 dimensions, against 4; extra columns depth, layer, seen, against none" in capsys.readouterr().err
    assert_same(open_table(tmp_path / "both"), united(SMALL, other))


def written(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "rows.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (("segment_id,x_nm,y_nm,z_nm", "1,2,3,4"), "no column e0"),
        (("segment_id,x_nm,y_nm,z_nm,e0,e2", "1,2,3,4,5,6"), "gaps or another order"),
        (("segment_id,x_nm,y_nm,z_nm,e0,e0", "1,2,3,4,5,6"), "a column twice"),
        (("",), "no column segment_id"),
        (("segment_id,x_nm,y_nm,z_nm,e0", "1,2,3,4,5", "1,2,3,4"), "line 3: 4 cells, not 5"),
        (("segment_id,x_nm,y_nm,z_nm,e0", "1,2,3,4,5", "1,2,x,4,5"), "line 3: y_nm is 'x', which is no number"),
        (("segment_id,x_nm,y_nm,z_nm,e0", "7.2e17,2,3,4,5"), "segment_id is '7.2e17', but must be whole"),
        (("segment_id,x_nm,y_nm,z_nm,e0", f"{2**64},2,3,4,5"), "must be whole and below 18446744073709551616"),
        (("segment_id,x_nm,y_nm,z_nm,e0", "0,2,3,4,5"), "background"),
        (("segment_id,x_nm,y_nm,z_nm,e0", "1,2,3,4,nan"), "1 of 1 embeddings are NaN"),
        (("segment_id,x_nm,y_nm,z_nm,e0", "1,2,3,4,5", "1,2,3,4,6"), "1 row lies where another one.*1 at 2, 3, 4 nm"),
        (("segment_id,node_id,x_nm,y_nm,z_nm,e0", "1,5,2,3,4,5", "1,5,2,3,5,6"), "has the node 5 twice"),
        (
            ("segment_id,node_id,x_nm,y_nm,z_nm,edges_to,e0", "1,5,2,3,4,6,5"),
            "1 edge leads to nodes that are not there",
        ),
        (("segment_id,x_nm,y_nm,z_nm,edges_to,e0", "1,2,3,4,a b,5"), "edges_to is 'a b'"),
        (("segment_id,x_nm,y_nm,z_nm,embeddings,e0", "1,2,3,4,a,5"), "cannot be named 'embeddings'"),
    ],
)
def test_a_file_that_makes_no_table_is_refused_with_its_place(
    tmp_path: Path, small: Path, capsys: Printed, lines: tuple[str, ...], says: str
) -> None:
    assert run("convert", written(tmp_path, *lines), tmp_path / "out", "--like", small) == 1
    said = capsys.readouterr().err
    assert re.search(says, said), said
    assert said.count("\n") == 1
    assert not (tmp_path / "out" / "table.json").exists()


def test_a_file_of_others_needs_to_be_told_what_made_it(tmp_path: Path, small: Path, capsys: Printed) -> None:
    path = written(
        tmp_path, "segment_id,x_nm,y_nm,z_nm,e0,age", f"{BIG},2,3,4,5,", "3,1,1,1,2,8.5", f"{BIG},2,3,9,4,7", ""
    )
    assert run("convert", path, tmp_path / "out") == 1
    assert "name a table of the same encoder and volumes with --like" in capsys.readouterr().err
    assert run("convert", path, tmp_path / "out", "--like", small) == 0
    table = open_table(tmp_path / "out")
    assert table.provenance == MADE
    assert table.segment_ids.tolist() == [3, BIG]
    assert table.node_ids.tolist() == [0, 0, 1]
    np.testing.assert_array_equal(table.extra["age"], [8.5, np.nan, 7])


def test_of_rows_at_one_position_the_first_is_kept_if_asked_for(tmp_path: Path, small: Path, capsys: Printed) -> None:
    path = written(
        tmp_path,
        "segment_id,node_id,x_nm,y_nm,z_nm,edges_to,e0",
        "1,5,2,3,4,6 7,0.5",
        "1,6,2,3,4,7,0.25",
        "1,7,9,3,4,,1",
        "2,5,2,3,4,,2",
    )
    assert run("convert", path, tmp_path / "out", "--like", small, "--keep-first") == 0
    assert "1 at the position of another row of their segment were left out" in capsys.readouterr().out
    table = open_table(tmp_path / "out")
    assert table.node_ids.tolist() == [5, 7, 5]
    assert table.embeddings[:, 0].tolist() == [0.5, 1, 2]
    assert table.edges.tolist() == [[0, 1]]


def test_nodes_at_one_position_stay_apart_where_they_have_ids_and_are_told(
    tmp_path: Path, small: Path, capsys: Printed
) -> None:
    lines = ("segment_id,node_id,x_nm,y_nm,z_nm,e0", "1,5,2,3,4,1", "1,6,2,3,4,1")
    assert run("convert", written(tmp_path, *lines), tmp_path / "out", "--like", small) == 0
    assert "1 row lies where another one of the same segment lies, such as in segment 1" in capsys.readouterr().out
    assert len(open_table(tmp_path / "out")) == 2


def test_arrow_files_with_gaps_lists_of_several_lengths_or_ids_as_floats_are_refused(
    tmp_path: Path, small: Path, capsys: Printed
) -> None:
    arrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    parquet = pytest.importorskip("pyarrow.parquet")
    good = {
        "segment_id": arrow.array([BIG, 3], arrow.uint64()),
        **{name: arrow.array([1.0, 2.0]) for name in ("x_nm", "y_nm", "z_nm")},
        "embedding": arrow.array([[1.0, 2.0], [3.0, 4.0]]),
    }
    cases = {
        "floats would change": {"segment_id": arrow.array([1.5e18, 3.0])},
        "1 row has no y_nm": {"y_nm": arrow.array([None, 2.0])},
        "have 1 to 2 dimensions (row 1": {"embedding": arrow.array([[1.0, 2.0], [3.0]])},
        "the column when is": {"when": arrow.array([1, 2], arrow.timestamp("s"))},
        "has no column embedding": {"embedding": None},
    }
    for says, changed in cases.items():
        columns = {name: values for name, values in {**good, **changed}.items() if values is not None}
        parquet.write_table(arrow.table(columns), tmp_path / "rows.parquet")
        assert run("convert", tmp_path / "rows.parquet", tmp_path / "out", "--like", small) == 1
        assert says in capsys.readouterr().err
    parquet.write_table(arrow.table(good), tmp_path / "rows.parquet")
    assert run("convert", tmp_path / "rows.parquet", tmp_path / "out", "--like", small) == 0
    assert open_table(tmp_path / "out").embeddings.tolist() == [[3, 4], [1, 2]]
    (tmp_path / "rows.parquet").write_bytes(b"PAR1 cut short")
    assert run("convert", tmp_path / "rows.parquet", tmp_path / "out", "--like", small) == 1
    assert "is it a .parquet file?" in capsys.readouterr().err


def test_without_pyarrow_one_sentence_says_what_to_install(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Printed
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "pyarrow.ipc", None)
    assert run("convert", small, tmp_path / "rows.arrow") == 1
    assert "need pyarrow: install it with" in capsys.readouterr().err


def test_a_command_that_makes_no_sense_is_refused(tmp_path: Path, small: Path, capsys: Printed) -> None:
    for arguments, says in (
        (("convert", tmp_path / "a.csv", tmp_path / "b.csv"), "give a folder for one of them"),
        (("convert", small, tmp_path / "b.csv", "--dtype", "int8"), "--dtype is for tables"),
        (("convert", tmp_path / "a.csv", tmp_path / "b"), "cannot be read"),
        (("compact", tmp_path / "nothing"), "no embedding table in"),
        (("convert", small, small), "name another folder"),
    ):
        assert run(*arguments) == 1
        assert says in capsys.readouterr().err
