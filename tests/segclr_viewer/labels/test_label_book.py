"""The labels kept event by event are those that the whole log gives, whatever happens in it."""

from collections import Counter
from typing import Any

import numpy as np
import pytest

from segclr_viewer.heads.task_state import TaskState
from segclr_viewer.labels.label_sites import LabelSites
from segclr_viewer.log.events import LabelEvent
from segclr_viewer.log.fold import TaskHistory

WHO = ("ana", "ben", "kim")
CHANGES = ("class_renamed", "class_merged", "class_added", "class_retired")


def as_sets(labelled: Any) -> dict[str, Any]:
    conflicts = {(one.site, tuple(label.uuid for label in one.labels)) for one in labelled.conflicts}
    return {
        name: getattr(labelled, name) for name in ("rows", "places", "segments", "unused", "lost", "contradicted")
    } | {"conflicts": conflicts}


def random_log(table: Any, task: Any, seed: int, count: int = 160) -> list[LabelEvent]:
    """Labels, marks, undo and redo, class changes, imports, judgements; on rows, beside them, in another version."""
    rng = np.random.default_rng(seed)
    history = TaskHistory(task.name, task.unit, task.classes)
    log: list[LabelEvent] = []
    names = [spec.name for spec in task.classes] + ["neurite", "unknown"]
    for seq in range(1, count + 1):
        who = str(rng.choice(WHO))
        common = {
            "uuid": f"u{seq}",
            "group": f"g{seq // 2}",
            "at": "now",
            "annotator": who,
            "task": task.name,
            "seq": seq,
        }
        kind = str(
            rng.choice(["label"] * 8 + ["unlabel", "unsure", "bad_segmentation", "class"] + ["undo", "redo"] * 3)
        )
        turned = {"undo": history.to_undo, "redo": history.to_redo}.get(kind, lambda _: [])(who)
        if turned:
            event = LabelEvent(**common, kind=kind, provenance="key", target=turned[0].group)
        elif kind == "class" and rng.random() < 0.3:
            change = str(rng.choice(CHANGES))
            more = {"class_added": {"color": "#010203", "key": "9"}, "class_retired": {}}.get(
                change, {"new_name": str(rng.choice(names)) + ("s" if change == "class_renamed" else "")}
            )
            name = "bouton" if change == "class_added" else names[0]
            if more.get("new_name") == name:
                continue
            event = LabelEvent(**common, kind=change, provenance="page", class_name=name, **more)  # type: ignore[arg-type]
        else:
            kind = "label" if kind in ("class", "undo", "redo") else kind
            row = int(rng.integers(len(table)))
            x, y, z = table.positions_nm[row].tolist()
            position = (x + float(rng.choice([0.0, 0.0, 200.0, 9000.0])), y, z)
            event = LabelEvent(
                **common,
                kind=kind,
                provenance=str(rng.choice(["key", "key", "queue", "import", "adjudication"])),
                class_name=str(rng.choice(names)) if kind == "label" else None,
                position_nm=position,
                segmentation=str(rng.choice(["v1", "v1", "v1", "v0"])),
                segment_id=int(rng.choice([int(table.segment_of_rows(np.array([row]))[0]), 0], p=[0.9, 0.1])),
            )
        history.apply(event)
        log.append(event)
    return log


def segment_at(table: Any) -> Any:
    def find(positions_nm: Any) -> Any:
        rows = [int(np.argmin(((table.positions_nm - at) ** 2).sum(1))) for at in positions_nm]
        found = table.segment_of_rows(np.array(rows, np.int64))
        return np.where(positions_nm[:, 0] > 8000, 0, found).astype(np.uint64)

    return find


@pytest.mark.parametrize("task", [0, 1])
@pytest.mark.parametrize("seed", range(6))
def test_after_every_event_the_labels_are_those_of_the_whole_log(desk: Any, task: int, seed: int) -> None:
    table, task = desk.table, desk.world.tasks[task]
    log = random_log(table, task, seed)
    assert {"undo", "redo", "label", "unlabel"} <= {event.kind for event in log}
    sites = LabelSites(table, "v1", segment_at(table))
    sites.attach(log)
    state = TaskState(task, sites)
    handed_out = []
    for number, event in enumerate(log, 1):
        state.apply(event)
        labelled = state.labelled()
        handed_out.append((labelled, as_sets(labelled)))
        anew = TaskState(task, sites)
        for earlier in log[:number]:
            anew.apply(earlier)
        assert as_sets(labelled) == as_sets(anew.labelled())
        whole = state._book.labelled_by(state.history.current().values())
        assert as_sets(labelled) == as_sets(whole)
        given = {spec.name for spec in state.task.classes}
        named = Counter(map(state.history.name_now, state.history.current().values()))
        assert labelled.out_of_use == {name: held for name, held in named.items() if name not in given}
        for who in WHO:
            held = {statement.uuid for statement in state.history.statements(who).values()}
            assert {statement.uuid for statement in state.own(who)} == held
    for labelled, then in handed_out:
        assert as_sets(labelled) == then, "what was handed out has changed"
    assert any(then["conflicts"] or then["lost"] for _, then in handed_out)
