"""What a page may carry away of the selection."""

from typing import Any

from segclr_viewer.exchange.selection import selection_columns


def mask_of(desk: Any, rows: list[int]) -> str:
    desk.lasso(rows)
    desk.finder.run_newest()
    name: str = desk.selected().mask.removeprefix("/columns/mask/").removesuffix(".bin")
    return name


def test_the_rows_of_a_mask_come_with_predictions_and_labels(desk: Any) -> None:
    desk.label_all_looks()
    mask = mask_of(desk, [12, 13, 14, 15, 16, 17])
    columns = selection_columns(desk.session.selected_rows(mask))
    assert columns["row"].tolist() == desk.masked()
    assert columns["class"].tolist() == ["spine"] * len(columns["row"])
    assert dict(zip(columns["row"].tolist(), columns["label"].tolist(), strict=True))[13] == "spine"


def test_a_mask_that_is_gone_is_nothing(desk: Any) -> None:
    assert desk.session.selected_rows("0" * 24) is None


def test_in_a_task_on_cells_the_label_is_that_of_all_rows(desk: Any) -> None:
    desk.switch("cell type")
    desk.label(13, 1, "cell type")
    columns = selection_columns(desk.session.selected_rows(mask_of(desk, [12, 17])))
    of_cell = columns["row"] >= 12
    assert set(columns["label"][of_cell]) == {"microglia"}


def test_labels_of_others_on_places_asked_twice_are_kept(blind: Any) -> None:
    blind.label(13, 2)
    ben = blind.neighbour("ben")
    columns = selection_columns(ben.session.selected_rows(mask_of(blind, [12, 13, 14])))
    assert set(columns["label"]) == {""}
