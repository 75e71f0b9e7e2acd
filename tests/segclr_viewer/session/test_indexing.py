"""The index of what is alike: built when the app is at rest, used when it is there, and missed by nobody."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from segclr.errors import TableError
from segclr_viewer.session import indexing, searches
from segclr_viewer.wire.answers import Status


class Nearest:
    """An index that names the rows it was given."""

    def __init__(self, *rows: int) -> None:
        self.rows = np.array(rows, np.int64)

    def candidates(self, point: NDArray[np.float32], count: int) -> NDArray[np.int64]:
        return self.rows


@pytest.fixture
def looks(desk: Any, monkeypatch: pytest.MonkeyPatch) -> list[Callable[[], None]]:
    """What waits for its time, of a table that counts as large."""
    waiting: list[Callable[[], None]] = []
    for module in (indexing, searches):
        monkeypatch.setattr(module, "EXACT_ROWS", 10)
        monkeypatch.setattr(module, "faiss_installed", lambda: True)
    monkeypatch.setattr(desk.workspace.indexing, "_later", lambda seconds, look: waiting.append(look))
    desk.workspace.indexing.begin()
    return waiting


def said(desk: Any) -> list[str]:
    return [message.text for message in desk.page.all(Status)]


def search(desk: Any, task: str = "subcompartment") -> Any:
    return desk.workspace.searches.of_task[task]


def test_nothing_is_built_before_the_app_is_at_rest(desk: Any, looks: list[Callable[[], None]]) -> None:
    desk.label(0, 0, fit=False)
    desk.label(4, 1, fit=False)
    assert desk.fitter.held
    for _ in range(3):
        looks.pop()()
    assert desk.indexer.asked == []
    desk.fitter.run_newest()
    looks.pop()()
    assert desk.indexer.asked == [], "it has only just come to rest"
    looks.pop()()
    assert desk.indexer.asked == [0.0]
    assert looks == []


def test_a_layout_under_way_comes_first(desk: Any, looks: list[Callable[[], None]]) -> None:
    desk.workspace.begin_layouts()
    assert desk.workspace.layouts.fitting.running
    for _ in range(3):
        looks.pop()()
    assert desk.indexer.asked == []


def test_it_is_used_as_soon_as_it_is_there_and_its_growth_is_told(desk: Any, looks: list[Callable[[], None]]) -> None:
    looks.pop()()
    looks.pop()()
    for share in (0.05, 0.31, 0.32):
        desk.indexer.progress(share)
    assert search(desk).share == 0.32
    assert search(desk).takes_long
    desk.indexer.finish(Nearest(3, 9))
    assert not search(desk).takes_long
    assert said(desk)[-3:] == [
        "building an index of 18 points, so that what is alike is found at once",
        "index of 18 points: 31%",
        "index of 18 points: done, what is alike is found at once",
    ]
    assert search(desk).opened()._index is desk.indexer.built[0.0]


def test_one_that_is_kept_is_taken_at_the_start(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (indexing, searches):
        monkeypatch.setattr(module, "EXACT_ROWS", 10)
        monkeypatch.setattr(module, "faiss_installed", lambda: True)
    radii = {each.radius_um for each in desk.workspace.searches.of_task.values()}
    desk.indexer.built = {radius_um: Nearest(1) for radius_um in radii}
    desk.workspace.indexing.begin()
    assert desk.indexer.asked == []
    assert not search(desk).takes_long


def test_another_task_s_is_built_when_somebody_looks_at_it(desk: Any, looks: list[Callable[[], None]]) -> None:
    looks.pop()()
    looks.pop()()
    desk.indexer.finish(Nearest(1))
    looks.pop()()
    looks.pop()()
    assert desk.indexer.asked == [0.0], "nobody looks at the other task"
    desk.switch("cell type")
    desk.fitter.run_newest()
    looks.pop()()
    assert desk.indexer.asked == [0.0, search(desk, "cell type").radius_um]


def test_one_that_cannot_be_built_is_said_once_and_not_tried_again(desk: Any, looks: list[Callable[[], None]]) -> None:
    looks.pop()()
    looks.pop()()
    desk.indexer.fail(TableError("the disk is full"))
    assert said(desk)[-1] == (
        "there is no index of what is alike (the disk is full): all points are compared for each question"
    )
    assert search(desk).takes_long
    for _ in range(3):
        looks.pop()()
    assert desk.indexer.asked == [0.0]


def test_one_that_is_of_no_use_any_more_is_not_called_done(desk: Any, looks: list[Callable[[], None]]) -> None:
    looks.pop()()
    looks.pop()()
    done, *_ = desk.indexer.held.pop()
    done()
    assert said(desk)[-1] == (
        "there is no index of what is alike (the table has grown, or the file cannot be read): all points are compared "
        "for each question"
    )
    assert search(desk).takes_long


def test_a_small_table_has_none(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk.workspace.indexing, "_later", lambda seconds, look: pytest.fail("looked"))
    desk.workspace.indexing.begin()
    assert desk.indexer.asked == []
