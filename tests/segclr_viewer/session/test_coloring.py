"""Colouring the scatter by what follows from the head, or by the user's columns of the table."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from segclr_viewer.color_column import HIGHEST, NOTHING
from segclr_viewer.session.coloring import NO_HEAD
from segclr_viewer.wire.answers import Failed
from segclr_viewer.wire.coloring import Colored, Colorings, ColorRequest


def color(desk: Any, name: str, task: str = "subcompartment") -> tuple[Colored, list[int]]:
    """The answer, and the column as a page would fetch it."""
    request = desk.request()
    desk.session.receive(ColorRequest(request, task, name))
    while desk.chooser.held:
        desk.chooser.run()
    answer: Colored = desk.page.last(Colored)
    assert answer.request == request
    body = desk.workspace.color_columns.named(answer.url.removeprefix("/columns/color/").removesuffix(".bin"))
    assert body is not None
    assert len(body) == answer.rows == len(desk.table)
    return answer, list(body)


@pytest.fixture
def with_extra(make_desk: Callable[..., Any], table: Any) -> Any:
    depth = np.arange(len(table), dtype=np.float64)
    depth[4] = np.nan
    region = np.where(np.arange(len(table)) < 6, "cortex", "white matter")
    return make_desk(table=replace(table, extra={"depth_um": depth, "region": region})).start()


def test_a_page_is_told_what_it_may_colour_by(with_extra: Any) -> None:
    with_extra.session.page_joined(with_extra.page.send)
    names = [each.name for each in with_extra.page.last(Colorings).known]
    assert names == ["ambiguity", "novelty", "extra:depth_um", "extra:region"]


def test_an_extra_column_of_numbers_has_a_range_and_rows_without_value(with_extra: Any) -> None:
    answer, codes = color(with_extra, "extra:depth_um")
    assert answer.missing == 1
    assert codes[4] == NOTHING
    assert codes[0] == 0
    assert codes[-1] == HIGHEST
    assert answer.high == pytest.approx(len(codes) - 1, abs=1)
    assert answer.stamp == with_extra.table.version


def test_an_extra_column_of_words_names_them(with_extra: Any) -> None:
    answer, codes = color(with_extra, "extra:region")
    assert answer.names == ["white matter", "cortex"]
    assert codes == [1] * 6 + [0] * (len(codes) - 6)
    assert answer.low is None


def test_without_a_head_there_are_no_values_and_it_says_what_to_do(desk: Any) -> None:
    answer, codes = color(desk, "novelty")
    assert answer.note == NO_HEAD
    assert set(codes) == {NOTHING}
    assert answer.missing == len(codes)


def test_novelty_is_least_where_labels_are(desk: Any) -> None:
    desk.label(0, 0)
    desk.label(5, 1)
    answer, codes = color(desk, "novelty")
    assert answer.stamp == desk.points().stamp
    spines = range(12, 18)
    assert min(codes[row] for row in spines) > max(codes[row] for row in range(12))


def test_ambiguity_is_that_of_the_head_on_a_scale_from_0_to_1(desk: Any) -> None:
    desk.label(0, 0)
    desk.label(5, 1)
    answer, codes = color(desk, "ambiguity")
    assert (answer.low, answer.high) == (0.0, 1.0)
    fitted = desk.session.active.predicted.fitted
    assert fitted.head is not None
    two = np.sort(fitted.head.predict(desk.session.active.vectors.matrix()), axis=1)[:, -2:]
    assert codes == np.rint((1 - (two[:, 1] - two[:, 0])) * HIGHEST).astype(int).tolist()


def test_in_a_task_on_cells_all_rows_of_a_cell_are_equally_ambiguous(desk: Any) -> None:
    desk.switch("cell type")
    desk.label(0, 0, "cell type")
    desk.label(5, 1, "cell type")
    _, codes = color(desk, "ambiguity", "cell type")
    for first, end in zip(desk.table.first_row[:-1], desk.table.first_row[1:], strict=True):
        assert len(set(codes[first:end])) == 1


def test_new_labels_make_another_column(desk: Any) -> None:
    desk.label(0, 0)
    desk.label(5, 1)
    before, _ = color(desk, "novelty")
    desk.label(13, 2)
    after, codes = color(desk, "novelty")
    assert after.stamp != before.stamp
    assert after.url != before.url
    assert codes[14] < HIGHEST


@pytest.mark.parametrize("name", ["extra:nothing", "temperature", "extra:"])
def test_an_unknown_way_to_colour_is_refused_in_a_sentence(desk: Any, name: str) -> None:
    desk.session.receive(ColorRequest("r", "subcompartment", name))
    assert desk.page.last(Failed).request == "r"
    assert "reload the page" in desk.page.last(Failed).text
