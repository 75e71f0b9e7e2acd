"""The selection as a file: exact ids, and nothing known twice or made up."""

import csv
import io
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from segclr.explore.layout import pca_layout
from segclr_viewer.exchange.selection import SelectedRows, selection_columns, selection_csv
from segclr_viewer.points import NO_CLASS, Points
from tests.segclr_viewer.small_world import BIG, small_table


@pytest.fixture
def selected() -> SelectedRows:
    table = small_table()
    extra = {"class": np.arange(len(table)), "region": np.array(["=1+1", *["a, b"] * (len(table) - 1)])}
    classes = np.full(len(table), NO_CLASS, np.uint8)
    classes[12:] = 1
    points = Points("s1", "t", classes, np.full(len(table), 51, np.uint8), (0, 6), (1, 1), "")
    layout = pca_layout(table.embeddings)
    rows = np.array([0, 4, 17])
    return SelectedRows(
        replace(table, extra=extra), rows, layout.id, layout.xy[rows], "t", ("axon", "-dendrite"), points, {4: 0, 5: 1}
    )


def lines(selected: SelectedRows) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(selection_csv(selected).decode())))


def test_ids_beyond_2_to_the_63_and_positions_come_out_exactly(selected: SelectedRows) -> None:
    last = lines(selected)[-1]
    assert last["segment_id"] == str(BIG)
    assert [float(last[f"{axis}_nm"]) for axis in "xyz"] == selected.table.positions_nm[17].tolist()
    assert last["node_id"] == "5"


def test_what_is_not_known_is_empty(selected: SelectedRows) -> None:
    first, second, last = lines(selected)
    assert (first["class"], first["confidence"], first["label"]) == ("", "", "")
    assert second["label"] == "axon"
    assert float(last["confidence"]) == pytest.approx(0.2)


def test_texts_that_look_like_formulas_are_guarded_and_own_columns_keep_their_values(selected: SelectedRows) -> None:
    first, second, last = lines(selected)
    assert first["region"] == "'=1+1"
    assert second["region"] == "a, b"
    assert last["class"] == "'-dendrite"
    assert last["table_class"] == "17"


def test_every_line_says_what_it_follows_from(selected: SelectedRows) -> None:
    for line in lines(selected):
        assert (line["task"], line["predictions"], line["layout"]) == ("t", "s1", selected.layout)
        assert line["table_version"] == selected.table.version


def test_without_predictions_classes_are_empty(selected: SelectedRows) -> None:
    assert [line["class"] for line in lines(replace(selected, points=None))] == ["", "", ""]


def test_parquet_keeps_the_types(selected: SelectedRows) -> None:
    parquet: Any = pytest.importorskip("pyarrow.parquet")
    from segclr_viewer.exchange.parquet import STAMP_KEY, selection_parquet

    read = parquet.read_table(io.BytesIO(selection_parquet(selected)))
    assert str(read.schema.field("segment_id").type) == "uint64"
    assert read.column("segment_id").to_pylist()[-1] == BIG
    assert set(read.column_names) == set(selection_columns(selected))
    assert b"s1" in read.schema.metadata[STAMP_KEY]
