"""What an event must have, and what it cannot."""

from dataclasses import replace
from typing import Any

import pytest

from segclr_viewer.log.events import Kind, numbered
from tests.segclr_viewer.log.logs import BIG, other, statement

WHOLE: dict[Kind, dict[str, Any]] = {
    "undo": {"target": "action 1"},
    "redo": {"target": "action 1"},
    "class_added": {"class_name": "glia", "color": "#12abEF", "key": "4"},
    "class_rekeyed": {"class_name": "glia", "key": "g"},
    "class_renamed": {"class_name": "glia", "new_name": "astrocyte"},
    "class_merged": {"class_name": "glia", "new_name": "astrocyte"},
    "class_retired": {"class_name": "glia"},
    "class_recoloured": {"class_name": "glia", "color": "#12abEF"},
    "comment": {"text": "is this myelin?"},
    "review": {"about": "1", "verdict": "agree"},
    "import": {"count": 0, "file_name": "a.csv", "file_format": "csv"},
}


@pytest.mark.parametrize("kind", WHOLE)
def test_an_event_needs_each_of_its_fields(kind: Kind) -> None:
    other("1", kind, **WHOLE[kind])
    for name in WHOLE[kind]:
        with pytest.raises(ValueError, match=f"needs .*{name}"):
            other("1", kind, **{key: value for key, value in WHOLE[kind].items() if key != name})


@pytest.mark.parametrize("kind", WHOLE)
def test_an_event_has_no_field_of_another_kind(kind: Kind) -> None:
    surplus = {"verdict": "agree"} if kind != "review" else {"key": "1"}
    with pytest.raises(ValueError, match=f"has no {next(iter(surplus))}"):
        other("1", kind, **WHOLE[kind], **surplus)


@pytest.mark.parametrize("kind", ["label", "unlabel", "unsure", "bad_segmentation"])
def test_a_statement_needs_its_place(kind: Kind) -> None:
    for change in ({"position_nm": None}, {"segmentation": ""}):
        with pytest.raises(ValueError, match=r"needs (position_nm|segmentation)"):
            statement(kind=kind, **change)
    with pytest.raises(ValueError, match=r"has no class_name|needs class_name"):
        replace(statement(kind=kind), class_name=None if kind == "label" else "axon")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"kind": "rename"}, "there is no kind of event 'rename'"),
        ({"position_nm": (0.0, float("nan"), 1.0)}, "is no place"),
        ({"segment_id": 2**64}, "is no segment id"),
        ({"segment_id": -1}, "is no segment id"),
        ({"supervoxel_id": 2**64}, "is no segment id"),
        ({"class_name": "  "}, "the name of a class is empty"),
        ({"uuid": ""}, "needs uuid, group and task"),
    ],
)
def test_a_label_cannot_hold_nonsense(change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        statement(**change)


@pytest.mark.parametrize(
    ("kind", "change", "sentence"),
    [
        ("class_added", {"color": "red"}, "is no colour"),
        ("class_added", {"key": "F1"}, "cannot be a key"),
        ("class_renamed", {"new_name": " "}, "new name of a class is empty"),
        ("class_merged", {"new_name": "glia"}, "cannot be merged into itself"),
        ("review", {"verdict": "perhaps"}, "agree or disagree"),
        ("import", {"count": -1}, "cannot bring -1 labels"),
    ],
)
def test_other_events_cannot_hold_nonsense(kind: Kind, change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        other("1", kind, **WHOLE[kind] | change)


def test_ids_are_kept_exactly_and_an_anchor_is_what_the_unit_says() -> None:
    event = numbered(statement(supervoxel_id=2**53 + 1), 4)
    assert (event.seq, event.segment_id, event.supervoxel_id) == (4, BIG, 2**53 + 1)
    assert event.anchor("segment") == ("v1", BIG)
    assert event.anchor("node") == ("v1", (0.0, 20.5, 1 / 3))
    nowhere = numbered(statement(segment_id=0), 5)
    assert nowhere.anchor("segment") == ("v1", (0.0, 20.5, 1 / 3))
    with pytest.raises(ValueError, match="has no place"):
        numbered(other("1", "comment", text="?"), 1).anchor("node")
