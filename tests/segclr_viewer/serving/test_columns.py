"""The columns that the page fetches, byte by byte."""

import numpy as np

from segclr.explore.layout import Layout
from segclr_viewer.points import NO_CLASS, Points
from segclr_viewer.scatter import Scatter
from segclr_viewer.serving.columns import Columns
from tests.segclr_viewer.served import Table

BIG = 2**63 + 5
TABLE = Table(
    version="0123456789abcdef",
    segment_ids=np.array([2**53 + 1, BIG], np.uint64),
    first_row=np.array([0, 1, 3]),
    positions_nm=np.array([[1.5, 2.5, 3.5], [4, 5, 6], [7, 8, 9.0]]),
)
SCATTER = Scatter(TABLE)  # type: ignore[arg-type]
LAYOUT = Layout("pca-1", "pca", np.array([[0.1, 0.4], [0.2, 0.5], [0.3, 0.6]], np.float32))
POINTS = Points("s7", "task", np.array([1, NO_CLASS, 0], np.uint8), np.array([9, 0, 255], np.uint8), (), (), "")
COLUMNS = Columns(
    TABLE,  # type: ignore[arg-type]
    SCATTER,
    lambda name: LAYOUT if name == LAYOUT.id else None,
    lambda stamp: POINTS if stamp == POINTS.stamp else None,
    lambda name: b"\x05\0\0\0" if name == "mask" else None,
    lambda name: b"\x07\xff\x00" if name == "color" else None,
)


def test_positions_are_float32_in_xyz_order() -> None:
    body = COLUMNS.positions(TABLE.version)
    assert body is not None
    assert np.frombuffer(body, "<f4").tolist() == [1.5, 2.5, 3.5, 4, 5, 6, 7, 8, 9]


def test_segment_ids_are_exact_and_one_per_row() -> None:
    body = COLUMNS.segments(TABLE.version)
    assert body is not None
    assert np.frombuffer(body, "<u8").tolist() == [2**53 + 1, BIG, BIG]


def test_a_layout_is_all_x_then_all_y() -> None:
    body = COLUMNS.layout("pca-1")
    assert body is not None
    assert np.array_equal(np.frombuffer(body, "<f4"), np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6], np.float32))


def test_predictions_are_all_classes_then_all_confidences() -> None:
    assert COLUMNS.prediction("s7") == bytes([1, 255, 0, 9, 0, 255])


def test_other_versions_are_not_there() -> None:
    assert COLUMNS.positions("fedcba9876543210") is None
    assert COLUMNS.segments("") is None
    assert COLUMNS.layout("umap-1") is None
    assert COLUMNS.prediction("s8") is None


def test_a_mask_is_sent_by_its_name() -> None:
    assert COLUMNS.mask("mask") == b"\x05\0\0\0"
    assert COLUMNS.mask("another") is None


def test_a_column_of_colours_is_sent_by_its_name() -> None:
    assert COLUMNS.color("color") == b"\x07\xff\x00"
    assert COLUMNS.color("another") is None


def test_a_name_means_the_same_bytes_in_every_run_only_where_no_points_enter() -> None:
    growing = Scatter(TABLE, table_grows=True)  # type: ignore[arg-type]
    columns = Columns(TABLE, growing, lambda _: None, lambda _: None, lambda _: None, lambda _: None)  # type: ignore[arg-type]
    assert (COLUMNS.are_lasting, columns.are_lasting) == (True, False)
