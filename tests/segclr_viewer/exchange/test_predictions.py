"""Predictions out: every row once, in chunks, with ids exact and the stamp beside them."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from segclr.embeddings.table import EmbeddingTable
from segclr_viewer.exchange.errors import ExchangeError
from segclr_viewer.exchange.labels import CurrentLabel
from segclr_viewer.exchange.parquet import write_labels_parquet, write_predictions_parquet
from segclr_viewer.exchange.prediction_csv import stamp_path, write_predictions_csv
from segclr_viewer.exchange.predictions import PredictionStamp, prediction_chunks
from segclr_viewer.points import NO_CLASS, Points


def test_the_csv_holds_every_row_once_and_exactly(
    table: EmbeddingTable, points: Points, stamp: PredictionStamp, tmp_path: Path
) -> None:
    path = tmp_path / "predictions.csv"
    assert write_predictions_csv(path, prediction_chunks(table, points, rows_at_once=37), stamp) == len(table)
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["row"]) for row in rows] == list(range(len(table)))
    assert [int(row["segment_id"]) for row in rows] == table.segment_of_rows(np.arange(len(table))).tolist()
    assert [[float(row[f"{axis}_nm"]) for axis in "xyz"] for row in rows] == table.positions_nm.tolist()
    names = [stamp.classes[code] if code != NO_CLASS else "" for code in points.classes.tolist()]
    assert [row["class"] for row in rows] == names
    assert {row["class"] == "" for row in rows if row["confidence"] == ""} == {True}
    told = [row for row in rows if row["class"]]
    codes = points.confidence[points.classes != NO_CLASS]
    np.testing.assert_allclose([float(row["confidence"]) for row in told], codes / 255, atol=5.1e-5)
    assert {row["stamp"] for row in rows} == {stamp.head}


def test_the_stamp_beside_the_csv_says_what_the_predictions_follow_from(
    table: EmbeddingTable, points: Points, stamp: PredictionStamp, tmp_path: Path
) -> None:
    path = tmp_path / "predictions.csv"
    write_predictions_csv(path, prediction_chunks(table, points), stamp)
    beside = json.loads(stamp_path(path).read_text())
    assert (beside["head"], beside["encoder_hash"], beside["table_version"], beside["log_position"]) == (
        stamp.head,
        "9f86",
        table.version,
        12,
    )
    assert beside["classes"] == list(stamp.classes)


def test_a_failure_midway_leaves_the_predictions_and_their_stamp(
    table: EmbeddingTable, points: Points, stamp: PredictionStamp, tmp_path: Path
) -> None:
    path = tmp_path / "predictions.csv"
    path.write_text("old")

    def breaks_off():  # type: ignore[no-untyped-def]
        yield next(iter(prediction_chunks(table, points, 10)))
        raise OSError(28, "No space left on device")

    with pytest.raises(ExchangeError, match=r"cannot be written \(No space left"):
        write_predictions_csv(path, breaks_off(), stamp)
    assert path.read_text() == "old"
    assert [found.name for found in tmp_path.iterdir()] == ["predictions.csv"]


def test_without_pyarrow_one_sentence_says_what_to_install(
    labels: list[CurrentLabel], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(ExchangeError, match=r"need pyarrow: install it with .*\[parquet\]"):
        write_labels_parquet(tmp_path / "labels.parquet", labels)
    assert list(tmp_path.iterdir()) == []


def test_labels_in_parquet_are_the_labels(labels: list[CurrentLabel], tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    assert write_labels_parquet(tmp_path / "labels.parquet", labels) == len(labels)
    read = parquet.read_table(tmp_path / "labels.parquet")
    assert str(read.schema.field("segment_id").type) == "uint64"
    assert read["segment_id"].to_pylist() == [label.segment_id for label in labels]
    assert read["class"].to_pylist() == [label.class_name for label in labels]
    assert read["x_nm"].to_pylist() == [label.position_nm[0] for label in labels]


def test_no_labels_make_a_parquet_file_without_rows(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    assert write_labels_parquet(tmp_path / "labels.parquet", []) == 0
    assert parquet.read_table(tmp_path / "labels.parquet").num_rows == 0


def test_predictions_in_parquet_are_the_predictions_in_row_groups(
    table: EmbeddingTable, points: Points, stamp: PredictionStamp, tmp_path: Path
) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "predictions.parquet"
    assert write_predictions_parquet(path, prediction_chunks(table, points, 150), stamp) == len(table)
    file = parquet.ParquetFile(path)
    assert file.num_row_groups == 3
    assert json.loads(file.schema_arrow.metadata[b"segclr.stamp"])["encoder_hash"] == "9f86"
    read = file.read()
    assert str(read.schema.field("segment_id").type) == "uint64"
    assert read["segment_id"].to_pylist() == table.segment_of_rows(np.arange(len(table))).tolist()
    names = [stamp.classes[code] if code != NO_CLASS else None for code in points.classes.tolist()]
    assert read["class"].to_pylist() == names
    assert [value is None for value in read["confidence"].to_pylist()] == [name is None for name in names]
