"""Layouts by the page: fitted, stopped, chosen, for all annotators; clicks are placed in what is shown."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from segclr.embeddings.aggregation import aggregate
from segclr.embeddings.table import EmbeddingTable
from segclr_viewer.wire.answers import Failed, LayoutReady, SelectionMade
from segclr_viewer.wire.layouts import (
    DropLayoutRequest,
    FitRequest,
    Fitting,
    LayoutParameters,
    LayoutsKnown,
    ShowLayoutRequest,
    StopFitRequest,
)

USUAL: dict[str, Any] = {
    "neighbours": 15,
    "min_distance": 0.1,
    "metric": "euclidean",
    "sample_rows": 100_000,
    "supervised": False,
    "seed": 0,
}


def ask(desk: Any, *, task: str = "subcompartment", means_of: str | None = None, **changes: Any) -> str:
    request: str = desk.request()
    desk.session.receive(FitRequest(request, task, means_of, LayoutParameters(**(USUAL | changes))))
    return request


def show(desk: Any, stamp: str) -> str:
    request: str = desk.request()
    desk.session.receive(ShowLayoutRequest(request, stamp))
    desk.chooser.run_newest()
    return request


def finish(desk: Any, xy: NDArray[np.float32] | None = None) -> str:
    """Let the fit end; returns its stamp."""
    made = desk.layouts.finish(mirrored(desk) if xy is None else xy)
    desk.chooser.run_newest()
    stamp: str = made.stamp
    return stamp


def mirrored(desk: Any) -> NDArray[np.float32]:
    xy: NDArray[np.float32] = np.ascontiguousarray(-desk.world.layout.xy)
    return xy


def known(desk: Any) -> LayoutsKnown:
    found: LayoutsKnown = desk.page.last(LayoutsKnown)
    return found


def test_a_fit_is_told_to_everybody_and_shown_to_everybody_when_done(ana: Any, ben: Any) -> None:
    before = ana.page_layout
    ask(ana)
    assert ben.page.last(Fitting) == Fitting(running=True, by="ana", text="starting", share=0.0)
    ana.layouts.tell[2]("epoch 40 of 200", 0.3)
    assert ben.page.last(Fitting).share == 0.3
    assert ana.page_layout == before, "until it is there the old one is shown"
    stamp = finish(ana)
    for desk in (ana, ben):
        assert not desk.page.last(Fitting).running
        assert desk.page.last(LayoutReady).id == ana.page_layout != before
        assert (known(desk).shown, [kept.stamp for kept in known(desk).kept]) == (stamp, [stamp])


def test_small_steps_of_progress_are_not_told(desk: Any) -> None:
    ask(desk)
    desk.layouts.tell[2]("epochs", 0.3)
    told = len(desk.page.all(Fitting))
    desk.layouts.tell[2]("epochs", 0.302)
    assert len(desk.page.all(Fitting)) == told
    desk.layouts.tell[2]("epochs", 0.32)
    assert desk.page.last(Fitting).share == 0.32


def test_the_new_one_is_turned_towards_the_one_shown(desk: Any) -> None:
    ask(desk)
    assert desk.layouts.earlier == "", "principal components have no file"
    first = finish(desk)
    ask(desk, neighbours=5)
    assert desk.layouts.earlier == first
    second = finish(desk)
    show(desk, first)
    ask(desk, neighbours=7)
    assert desk.layouts.earlier == first != second


def test_one_goes_back_to_a_kept_layout_and_to_the_components(desk: Any) -> None:
    components = desk.page_layout
    ask(desk)
    first = finish(desk)
    first_id = desk.page_layout
    ask(desk, seed=1)
    finish(desk, desk.world.layout.xy)
    show(desk, first)
    assert (desk.page_layout, known(desk).shown) == (first_id, first)
    assert desk.layouts.shown_last == first
    show(desk, "")
    assert (desk.page_layout, known(desk).shown) == (components, "")
    assert len(known(desk).kept) == 2


def test_what_is_kept_is_not_fitted_again(desk: Any) -> None:
    ask(desk)
    first = finish(desk)
    show(desk, "")
    ask(desk)
    desk.chooser.run_newest()
    assert known(desk).shown == first
    assert not desk.page.last(Fitting).running


def test_a_cancelled_fit_leaves_the_layout_and_another_may_begin(ana: Any, ben: Any) -> None:
    before = ana.page_layout
    ask(ana)
    request = ask(ben, seed=3)
    assert ben.failed() == Failed(request, "a layout is being fitted already: wait for it, or cancel it first")
    ben.session.receive(StopFitRequest(ben.request()))
    assert ana.layouts.tell is None
    assert not ana.page.last(Fitting).running
    assert ana.page_layout == before
    ask(ben, seed=3)
    assert ana.page.last(Fitting).by == "ben"


def test_a_failed_fit_is_one_sentence_to_who_asked(ana: Any, ben: Any) -> None:
    request = ask(ana)
    ana.layouts.tell[1]("the UMAP could not be fitted (umap-learn cannot be loaded): the scatter keeps its layout")
    assert ana.failed().request == request
    assert "umap-learn" in ana.failed().text
    assert ben.page.all(Failed) == []
    assert not ben.page.last(Fitting).running


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"neighbours": 1}, "2 to 200"),
        ({"min_distance": 2.0}, "0 to 1"),
        ({"sample_rows": 3}, "more than its 15 neighbours"),
        ({"seed": 2**40}, "seed"),
        ({"task": "no such"}, "no task"),
        ({"means_of": "no such"}, "no task"),
    ],
)
def test_settings_that_cannot_be_are_refused_before_anything_is_started(
    desk: Any, changes: dict[str, Any], said: str
) -> None:
    ask(desk, **changes)
    assert said in desk.failed().text
    assert desk.layouts.tell is None


def test_a_layout_that_is_not_kept_is_refused(desk: Any) -> None:
    show(desk, "../../etc/passwd")
    assert desk.failed().text == "that layout is not kept any more: choose another one, or fit it again"


def test_labels_guide_only_a_supervised_fit(desk: Any) -> None:
    desk.label_all_looks()
    ask(desk)
    unguided = desk.layouts.wish.labels
    assert unguided is None
    assert list(desk.layouts.wish.classes) == desk.classes()
    desk.session.receive(StopFitRequest(desk.request()))
    ask(desk, supervised=True)
    assert {row: label for row, label in enumerate(list(desk.layouts.wish.labels)) if label >= 0} == {
        0: 0,
        5: 1,
        13: 2,
    }
    finish(desk)
    assert known(desk).kept[0].labels_of == "subcompartment"


def test_a_labelled_segment_guides_all_its_rows(desk: Any) -> None:
    desk.switch("cell type")
    desk.label(5, 1, "cell type")
    ask(desk, task="cell type", supervised=True)
    assert np.flatnonzero(desk.layouts.wish.labels >= 0).tolist() == [4, 5, 6, 7, 8]


def means_of_cells(table: EmbeddingTable) -> NDArray[np.float32]:
    return aggregate(table, 3.5)


def test_a_click_is_placed_by_the_embedding_that_was_laid_out(desk: Any) -> None:
    table, means = desk.table, means_of_cells(desk.table)
    rng = np.random.default_rng(5)
    xy = rng.uniform(-1, 1, (len(table), 2)).astype(np.float32)
    ask(desk, means_of="cell type")
    assert desk.layouts.wish.radius_um == 3.5
    finish(desk, xy)
    assert desk.page.last(LayoutReady).note == "means within 3.5 µm"
    layout = desk.workspace.layout
    x, y, z = table.positions_nm[6].tolist()
    place = desk.click((x, y, z), 500, look=2)  # on a node the mean is the node's own, whatever the click's embedding
    assert place.xy == pytest.approx(layout.xy[6].tolist(), abs=1e-6)
    show(desk, "")
    raw = desk.workspace.layout.placement(table.embeddings)
    desk.session.page_joined(desk.page.send)
    moved = desk.workspace.places.get(place.place_id)
    assert moved.xy == raw.place(moved.embedding) != place.xy
    assert not np.allclose(means, table.embeddings)


def test_the_selection_survives_a_refit(desk: Any) -> None:
    desk.lasso([12, 14])
    desk.finder.run_newest()
    rows = desk.masked()
    ask(desk)
    finish(desk)
    assert desk.page.sent.index(desk.page.last(LayoutReady)) < len(desk.page.sent)
    assert desk.page.last(SelectionMade).row_total == len(rows)
    assert desk.masked() == rows


def test_a_page_that_joins_is_told_what_is_kept_and_what_is_being_fitted(desk: Any) -> None:
    ask(desk)
    desk.page.sent.clear()
    desk.session.page_joined(desk.page.send)
    assert desk.page.last(Fitting).running
    assert known(desk) == LayoutsKnown(shown="", kept=[], usual=LayoutParameters(**USUAL))


def test_at_the_start_the_layout_shown_last_comes_back_and_else_the_usual_is_fitted(desk: Any) -> None:
    desk.workspace.begin_layouts()
    assert desk.page.last(Fitting).by == ""
    finish(desk)
    ask(desk, seed=4)
    stamp = finish(desk, desk.world.layout.xy)
    show(desk, "")
    desk.layouts.shown_last = stamp
    desk.workspace.begin_layouts()
    desk.chooser.run_newest()
    assert known(desk).shown == stamp


def test_a_failure_at_the_start_is_told_to_all(ana: Any, ben: Any) -> None:
    ana.workspace.begin_layouts()
    ana.layouts.tell[1]("the UMAP could not be fitted")
    assert ana.failed() == ben.failed() == Failed(None, "the UMAP could not be fitted")


def drop(desk: Any, stamp: str) -> str:
    request: str = desk.request()
    desk.session.receive(DropLayoutRequest(request, stamp))
    return request


def test_a_kept_layout_is_deleted_for_everybody(ana: Any, ben: Any) -> None:
    ask(ana)
    first = finish(ana)
    ask(ana, seed=1)
    second = finish(ana)
    drop(ben, first)
    for desk in (ana, ben):
        assert (known(desk).shown, [kept.stamp for kept in known(desk).kept]) == (second, [second])
    request = show(ana, first)
    assert ana.page.last(Failed).request == request
    ask(ana)
    assert ana.page.last(Fitting).running, "it can be fitted again"


def test_the_layout_that_is_shown_is_not_deleted(desk: Any) -> None:
    ask(desk)
    stamp = finish(desk)
    request = drop(desk, stamp)
    assert desk.page.last(Failed) == Failed(request, "that layout is shown: choose another one before you delete it")
    assert [kept.stamp for kept in known(desk).kept] == [stamp]
    show(desk, "")
    request = drop(desk, "")
    assert desk.page.last(Failed).request == request, "principal components are no file"
    request = drop(desk, "../table")
    assert desk.page.last(Failed) == Failed(request, "that layout is not kept any more")


def test_a_layout_that_is_about_to_be_shown_is_not_deleted(desk: Any) -> None:
    ask(desk)
    first = finish(desk)
    ask(desk, seed=1)
    second = finish(desk)
    desk.session.receive(ShowLayoutRequest(desk.request(), first))
    request = drop(desk, first)
    assert desk.page.last(Failed) == Failed(request, "that layout is shown: choose another one before you delete it")
    desk.chooser.run_newest()
    assert known(desk).shown == first
    drop(desk, second)
    assert [kept.stamp for kept in known(desk).kept] == [first]


def test_a_layout_that_could_not_be_opened_can_be_deleted(desk: Any) -> None:
    ask(desk)
    first = finish(desk)
    show(desk, "")
    made = desk.layouts.made.pop(first)
    request = show(desk, first)
    assert desk.page.last(Failed).request == request
    desk.layouts.made[first] = made
    drop(desk, first)
    assert known(desk).kept == []
