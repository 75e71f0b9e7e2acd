"""Predictions of a large table: in whatever order rows are looked at, they end as if all were predicted at once."""

from typing import Any

import numpy as np
import pytest

from segclr.heads.linear import LinearHead, fit_head
from segclr.heads.over_segments import codes_of_segments, mean_over_segments
from segclr_viewer.heads import unfinished
from segclr_viewer.heads.row_vectors import RowVectors
from segclr_viewer.heads.unfinished import Unfinished
from segclr_viewer.overlay.overlay import Paint
from segclr_viewer.points import NO_CLASS, Points
from tests.segclr_viewer.small_world import small_table

TABLE = small_table()


@pytest.fixture(autouse=True)
def in_small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unfinished, "_ROWS_AT_ONCE", 6)


def head_of(vectors: RowVectors) -> LinearHead:
    rows = np.array([0, 1, 5, 6, 13, 14])
    segments = TABLE.segment_of_rows(rows)
    return fit_head(vectors.matrix()[rows], np.array([0, 0, 1, 1, 2, 2]), segments, 3).head


def test_rows_that_are_seen_are_predicted_and_no_others() -> None:
    vectors = RowVectors(TABLE, 0.0)
    head = head_of(vectors)
    rest = Unfinished(head, vectors, of_segments=False)
    rest.predict_rows(np.array([2, 16]))
    expected, confidence = head.predict_codes(TABLE.embeddings)
    assert np.flatnonzero(rest.classes != NO_CLASS).tolist() == [2, 16]
    assert rest.classes[[2, 16]].tolist() == expected[[2, 16]].tolist()
    assert rest.confidence[[2, 16]].tolist() == confidence[[2, 16]].tolist()
    assert sum(rest.counts()) == 2
    assert not rest.is_over


@pytest.mark.parametrize("radius_um", [0.0, 3.5])
def test_in_the_end_all_rows_are_what_one_pass_makes_of_them(radius_um: float) -> None:
    vectors = RowVectors(TABLE, radius_um)
    head = head_of(vectors)
    rest = Unfinished(head, vectors, of_segments=False)
    rest.predict_rows(np.array([7]))
    shares: list[float] = []
    rest.go_on(lambda: shares.append(rest.share) is None)
    expected, confidence = head.predict_codes(np.asarray(vectors.matrix()))
    assert rest.classes.tolist() == expected.tolist()
    assert rest.confidence.tolist() == confidence.tolist()
    assert rest.counts() == tuple(np.bincount(expected, minlength=3).tolist())
    assert shares == sorted(shares)
    assert len(shares) > 2
    assert rest.share == 1.0
    assert rest.is_over


@pytest.mark.parametrize("of_segments", [False, True])
def test_nobody_sees_a_class_before_it_is_known_how_sure_it_is(of_segments: bool) -> None:
    vectors = RowVectors(TABLE, 0.0)
    rest = Unfinished(head_of(vectors), vectors, of_segments)
    written: list[int] = []

    class Watched(np.ndarray[tuple[int, ...], np.dtype[np.uint8]]):
        def __setitem__(self, rows: Any, values: Any) -> None:
            assert (rest.classes[rows] == NO_CLASS).all()
            written.extend(np.arange(len(TABLE))[rows].tolist())
            super().__setitem__(rows, values)

    rest.confidence = rest.confidence.view(Watched)
    rest.go_on(lambda: True)
    assert written == list(range(len(TABLE)))


def test_of_a_segment_task_all_rows_of_a_cell_come_together() -> None:
    vectors = RowVectors(TABLE, 3.5)
    head = head_of(vectors)
    rest = Unfinished(head, vectors, of_segments=True)
    rest.predict_rows(np.array([5]))
    assert np.flatnonzero(rest.classes != NO_CLASS).tolist() == list(range(4, 9))
    assert rest.counts() == (0, 1, 0)
    means = mean_over_segments(head, np.asarray(vectors.matrix()), TABLE.first_row)
    rest.go_on(lambda: True)
    np.testing.assert_allclose(rest.probabilities, means, atol=1e-6)
    assert rest.classes.tolist() == codes_of_segments(means, TABLE.first_row)[0].tolist()


def test_who_wants_it_no_more_ends_it() -> None:
    vectors = RowVectors(TABLE, 0.0)
    rest = Unfinished(head_of(vectors), vectors, of_segments=False)
    wanted = iter([True, False])
    rest.go_on(lambda: next(wanted))
    assert 0 < np.count_nonzero(rest.classes != NO_CLASS) < len(TABLE)


def test_what_is_painted_is_predicted_when_it_comes_in_sight() -> None:
    vectors = RowVectors(TABLE, 0.0)
    head = head_of(vectors)
    rest = Unfinished(head, vectors, of_segments=False)
    lazy = Paint(Points("s", "t", rest.classes, rest.confidence, (0, 0, 0), (2, 2, 2), "", rest))
    classes, confidence = head.predict_codes(TABLE.embeddings)
    whole = Paint(Points("s", "t", classes, confidence, (0, 0, 0), (2, 2, 2), ""))
    voxels = np.array([[0, 3, 3], [18, 0, 1]])
    assert lazy.codes_of(voxels).tolist() == whole.codes_of(voxels).tolist()
    assert np.flatnonzero(rest.classes != NO_CLASS).tolist() == [0, 2, 17]
    assert lazy.parts_of(np.arange(19)).tolist() == whole.parts_of(np.arange(19)).tolist()


def test_rows_that_came_after_a_prediction_are_not_painted_by_it() -> None:
    paint = Paint(Points("s", "t", np.zeros(3, np.uint8), np.zeros(3, np.uint8), (3,), (1,), ""))
    assert paint.codes_of(np.array([1, 3, 4, 900])).tolist() == [1, 1, 0, 0]
