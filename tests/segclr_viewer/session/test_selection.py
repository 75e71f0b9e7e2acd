"""Selections: the lasso against a slow, obvious one, and the caps that are told."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segclr.em.cutout import CutoutSpec
from segclr.embeddings.provenance import Provenance
from segclr.embeddings.table import EmbeddingTable, build_table
from segclr_viewer.session.selection import (
    MAX_MARKS,
    MAX_SEGMENTS,
    along_skeleton,
    combine,
    packed,
    pick,
    rows_brushed,
    rows_inside,
    rows_of_segments,
    unpacked,
    whole_cells,
)

BIG = 2**63 + 5
STROKES = Path(__file__).resolve().parents[2] / "wire" / "strokes.json"


def inside(polygon: list[tuple[float, float]], x: float, y: float) -> bool:
    """The page's `inPolygon`, word for word."""
    odd = False
    j = len(polygon) - 1
    for i in range(len(polygon)):
        (xi, yi), (xj, yj) = polygon[i], polygon[j]
        if (yi > y) != (yj > y) and x < xi + ((xj - xi) * (y - yi)) / (yj - yi):
            odd = not odd
        j = i
    return odd


grid = st.integers(-4, 4).map(lambda value: value / 4)  # corners on points, edges through points, edges on each other
anywhere = st.floats(-1, 1, width=32)
coordinate = st.one_of(grid, anywhere)


@given(
    st.lists(st.tuples(coordinate, coordinate), min_size=3, max_size=12),
    st.lists(st.tuples(coordinate, coordinate), max_size=30),
)
def test_the_lasso_selects_what_the_page_selects(
    polygon: list[tuple[float, float]], points: list[tuple[float, float]]
) -> None:
    xy = np.array([*points, (np.nan, 0.0), (0.0, np.nan)], np.float32)
    expected = [row for row, (x, y) in enumerate(xy.astype(np.float64).tolist()) if inside(polygon, x, y)]
    assert rows_inside(xy, polygon).tolist() == expected


@pytest.mark.parametrize(
    ("first", "second", "point"),
    [
        ((-0.7, -0.7), (0.0, 0.0), (-0.375, -0.375)),
        ((0.2, 0.7), (0.1, -0.9), (0.1171875, -0.625)),
        ((0.0, 0.0), (-0.1, 0.2), (0.0, 0.0)),
    ],
)
@pytest.mark.parametrize("turned", [False, True])
def test_points_on_an_edge_are_rounded_as_in_the_page(
    first: tuple[float, float], second: tuple[float, float], point: tuple[float, float], turned: bool
) -> None:
    polygon = [first, second, (2.0, 0.1)]  # computed from its other end, the edge passes on the other side of the point
    if turned:
        polygon.reverse()
    assert (len(rows_inside(np.array([point], np.float32), polygon)) == 1) == inside(polygon, *point)


def test_a_lasso_that_crosses_itself_leaves_its_doubly_enclosed_part_out() -> None:
    twice_round = [(0, 0), (4, 0), (4, 4), (0, 4), (0, 0), (3, 1), (3, 3), (1, 3), (1, 1), (3, 1)]
    xy = np.array([(0.5, 0.5), (2, 2), (3.5, 2)], np.float32)
    assert rows_inside(xy, twice_round).tolist() == [0, 2]


def test_a_flat_lasso_selects_nothing() -> None:
    xy = np.array([(0, 0), (0.5, 0), (0, 0.5)], np.float32)
    assert rows_inside(xy, [(-1, 0), (1, 0), (0, 0)]).tolist() == []
    assert rows_inside(xy, [(0, -1), (0, 1), (0, 0)]).tolist() == []


def test_a_brush_selects_what_the_page_selects() -> None:
    golden = json.loads(STROKES.read_text())
    xy = np.array([golden["x"], golden["y"]], np.float32).T
    for stroke in golden["strokes"]:
        assert rows_brushed(xy, stroke["path"], stroke["radius"]).tolist() == stroke["rows"]


@given(
    st.lists(st.tuples(grid, grid), min_size=1, max_size=6),
    st.sampled_from([0.125, 0.25, 1.0]),
    st.lists(st.tuples(coordinate, coordinate), max_size=30),
)
def test_a_brush_selects_the_points_that_are_near_its_line(
    path: list[tuple[float, float]], radius: float, points: list[tuple[float, float]]
) -> None:
    xy = np.array([*points, (np.nan, 0.0)], np.float32)
    found = set(rows_brushed(xy, path, radius).tolist())
    steps = np.linspace(0, 1, 257)[:, None]
    line = np.concatenate([np.add(a, steps * np.subtract(b, a)) for a, b in zip([path[0], *path], path, strict=False)])
    apart = np.linalg.norm(xy[:, None].astype(np.float64) - line, axis=2).min(axis=1)
    assert found >= set(np.flatnonzero(apart < radius - 1e-9).tolist())
    assert found <= set(np.flatnonzero(apart < radius + 0.01).tolist())


def test_a_selection_grows_along_skeletons_and_to_whole_cells() -> None:
    table = table_of([5, 5, 5, 5, 7, 7, BIG], edges=[(0, 1), (1, 2), (2, 3), (4, 5)])
    assert along_skeleton(table, np.array([1])).tolist() == [0, 1, 2]
    assert along_skeleton(table, np.array([3, 4])).tolist() == [2, 3, 4, 5]
    assert along_skeleton(table, np.array([6])).tolist() == [6]
    assert whole_cells(table, np.array([1, 6])).tolist() == [0, 1, 2, 3, 6]
    assert whole_cells(table, np.zeros(0, np.int64)).tolist() == []


@given(st.integers(1, 200), st.data())
def test_rows_survive_their_mask(total: int, data: st.DataObject) -> None:
    rows = np.array(sorted(data.draw(st.sets(st.integers(0, total - 1)))), np.int64)
    bits = packed(rows, total)
    assert len(bits) % 4 == 0
    assert unpacked(bits).tolist() == rows.tolist()
    words = bits.view("<u4")
    assert [row for row in range(total) if words[row >> 5] >> (row & 31) & 1] == rows.tolist()


def table_of(segments: list[int], edges: Sequence[tuple[int, int]] = ()) -> EmbeddingTable:
    n = len(segments)
    return build_table(
        np.array(segments, np.uint64),
        np.arange(n),
        np.arange(3.0 * n).reshape(n, 3),
        np.zeros((n, 2), np.float32),
        np.array(edges, np.int64).reshape(-1, 2),
        Provenance("9f86", CutoutSpec(33, (32.0, 32.0, 40.0)), None, "/seg", "test", "0"),
    )


def test_segments_are_named_with_most_selected_rows_first() -> None:
    table = table_of([5, 5, 5, 7, 7, BIG, BIG, BIG])
    picked = pick(table, np.array([0, 3, 4, 5, 6, 7]))
    assert picked.segments == (BIG, 7, 5)
    assert picked.segment_total == 3
    assert picked.mark_rows == (0, 3, 4, 5, 6, 7)
    assert picked.marks_nm[1] == (9.0, 10.0, 11.0)
    assert picked.note == ""


def test_what_is_left_out_is_said() -> None:
    table = table_of([10 + row // 5 for row in range(1510)])
    picked = pick(table, np.arange(1510))
    assert len(picked.segments) == MAX_SEGMENTS
    assert picked.segment_total == 302
    assert len(picked.mark_rows) == len(picked.marks_nm) == MAX_MARKS
    assert len(set(picked.mark_rows)) == MAX_MARKS
    assert picked.note == "showing 200 of 302 segments and 1000 of 1510 points"


@given(st.integers(0, 3000))
def test_marks_are_spread_over_the_selection_and_none_is_twice(count: int) -> None:
    table = table_of([5] * 3000)
    marks = pick(table, np.arange(count)).mark_rows
    assert len(marks) == min(count, MAX_MARKS)
    assert list(marks) == sorted(set(marks))
    assert (count == 0) == (marks == ())
    if marks:
        assert (marks[0], marks[-1]) == (0, count - 1)


def test_rows_of_segments_are_found_once_and_in_order() -> None:
    table = table_of([5, 5, 7, BIG])
    assert rows_of_segments(table, [BIG, 5, 5, 6]).tolist() == [0, 1, 3]
    assert rows_of_segments(table, []).tolist() == []


@pytest.mark.parametrize(
    ("mode", "expected"),
    [("replace", [2, 5]), ("add", [1, 2, 3, 5]), ("subtract", [1, 3]), ("intersect", [2])],
)
def test_a_lasso_replaces_adds_subtracts_or_intersects(mode: str, expected: list[int]) -> None:
    assert combine(np.array([1, 2, 3]), np.array([2, 5]), mode).tolist() == expected  # type: ignore[arg-type]
