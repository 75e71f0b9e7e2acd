"""Logs for tests: single events, and whole random logs that only hold what an app could have written."""

import random
from dataclasses import replace
from typing import Any

from segclr_viewer.log.events import Kind, LabelEvent, NewEvent, numbered

BIG = 2**63 + 5
SEGMENTS = (7, 2**53 + 1, BIG)
NAMES = ("axon", "dendrite", "spine", "bouton")
ANNOTATORS = ("ana", "ben", "cleo")
TASK = "subcompartment"


def statement(
    uuid: str = "1",
    kind: Kind = "label",
    class_name: str | None = "axon",
    *,
    annotator: str = "ana",
    x_nm: float = 0.0,
    **changes: Any,
) -> NewEvent:
    """Something said of a place; an action of its own unless `group` is given."""
    values: dict[str, Any] = {
        "uuid": uuid,
        "group": f"action {uuid}",
        "at": "2026-11-03T09:15:04Z",
        "annotator": annotator,
        "kind": kind,
        "task": TASK,
        "provenance": "key",
        "class_name": class_name if kind == "label" else None,
        "position_nm": (x_nm, 20.5, 1 / 3),
        "segmentation": "v1",
        "segment_id": BIG,
    }
    return NewEvent(**(values | changes))


def other(uuid: str, kind: Kind, *, annotator: str = "ana", **fields: Any) -> NewEvent:
    """An event that is no statement about a place."""
    group = fields.pop("group", f"action {uuid}")
    return NewEvent(
        uuid=uuid,
        group=group,
        at="2026-11-03T09:15:04Z",
        annotator=annotator,
        kind=kind,
        task=TASK,
        provenance="key",
        **fields,
    )


def in_log(*events: NewEvent) -> list[LabelEvent]:
    """Numbered as a log would."""
    return [numbered(event, seq) for seq, event in enumerate(events, 1)]


def of(log: list[LabelEvent], annotator: str) -> list[LabelEvent]:
    """The events of one annotator."""
    return [event for event in log if event.annotator == annotator]


def random_log(seed: int, actions: int = 60, annotators: tuple[str, ...] = ANNOTATORS) -> list[LabelEvent]:
    """A log of all kinds of events, whose undos and redos name the group in turn."""
    rng = random.Random(seed)
    done: dict[str, list[str]] = {name: [] for name in annotators}
    undone: dict[str, list[str]] = {name: [] for name in annotators}
    events: list[NewEvent] = []
    for _ in range(actions):
        who, uuid = rng.choice(annotators), f"event {len(events)}"
        turn: Kind = rng.choice(("undo", "redo"))
        source, target = (done, undone) if turn == "undo" else (undone, done)
        if rng.random() < 0.35 and source[who]:
            target[who].append(source[who].pop())
            events.append(other(uuid, turn, annotator=who, target=target[who][-1]))
            continue
        group = f"group {len(events)}"
        done[who].append(group)
        undone[who].clear()
        for _ in range(rng.choice((1, 1, 1, 3))):
            event = _any_event(rng, f"event {len(events)}", [known.uuid for known in events] or ["none"])
            events.append(replace(event, annotator=who, group=group))
    return in_log(*events)


def _any_event(rng: random.Random, uuid: str, known: list[str]) -> NewEvent:
    name, new_name = rng.sample(NAMES, 2)
    if rng.random() < 0.7:
        kinds: tuple[Kind, ...] = ("label", "label", "label", "unlabel", "unsure", "bad_segmentation")
        return statement(
            uuid,
            rng.choice(kinds),
            name,
            x_nm=rng.choice((0.0, 0.25, 7.0)),
            segment_id=rng.choice(SEGMENTS),
            segmentation=rng.choice(("v1", "v2")),
            provenance=rng.choice(("key", "lasso", "import", "adjudication")),
        )
    choices: tuple[tuple[Kind, dict[str, Any]], ...] = (
        ("class_added", {"class_name": name, "color": "#123abc", "key": rng.choice("123q")}),
        ("class_renamed", {"class_name": name, "new_name": new_name}),
        ("class_merged", {"class_name": name, "new_name": new_name}),
        ("class_retired", {"class_name": name}),
        ("class_recoloured", {"class_name": name, "color": "#abcdef"}),
        ("class_rekeyed", {"class_name": name, "key": rng.choice("0q9")}),
        ("comment", {"text": "looks odd", "about": rng.choice(known)}),
        ("review", {"about": rng.choice(known), "verdict": rng.choice(("agree", "disagree"))}),
        ("import", {"count": 3, "file_name": "a.csv", "file_format": "csv"}),
    )
    kind, fields = rng.choice(choices)
    return other(uuid, kind, **fields)
