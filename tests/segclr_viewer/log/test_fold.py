"""The fold of the log, against a model that remembers every state it was in."""

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from segclr_viewer.log.events import Anchor, Kind, LabelEvent, Unit
from segclr_viewer.log.fold import TaskHistory, fold

BIG = 2**63 + 5


def event(
    seq: int,
    kind: Kind = "label",
    class_name: str | None = "axon",
    *,
    group: str | None = None,
    target: str | None = None,
    task: str = "subcompartment",
    x_nm: float = 0.0,
    segment_id: int = BIG,
) -> LabelEvent:
    said = kind not in ("undo", "redo")
    return LabelEvent(
        seq=seq,
        uuid=f"event {seq}",
        group=group or f"action {seq}",
        at="2026-11-03T09:15:04Z",
        annotator="ana",
        kind=kind,
        task=task,
        class_name=class_name if kind == "label" else None,
        position_nm=(x_nm, 20.5, 30.0) if said else None,
        segmentation="v1" if said else "",
        segment_id=segment_id if said else 0,
        provenance="key",
        target=target,
    )


def names(history: TaskHistory) -> dict[Anchor, str | None]:
    return {anchor: label.class_name for anchor, label in history.current().items()}


@dataclass
class Model:
    """What undo and redo mean, the slow and obvious way: a list of whole states and a place in it."""

    unit: Unit
    events: list[LabelEvent] = field(default_factory=list)
    states: list[dict[Anchor, str | None]] = field(default_factory=lambda: [{}])
    groups: list[str] = field(default_factory=list)
    at: int = 0

    def act(self, steps: list[tuple[str | None, float, int]]) -> None:
        group = f"group {len(self.events)}"
        state = dict(self.states[self.at])
        for class_name, x_nm, segment_id in steps:
            new = event(
                len(self.events) + 1,
                "label" if class_name else "unlabel",
                class_name,
                group=group,
                x_nm=x_nm,
                segment_id=segment_id,
            )
            self.events.append(new)
            anchor: Anchor = ("v1", segment_id) if self.unit == "segment" else ("v1", (x_nm, 20.5, 30.0))
            state.pop(anchor, None)
            if class_name:
                state[anchor] = class_name
        self.states[self.at + 1 :] = [state]
        self.groups[self.at :] = [group]
        self.at += 1

    def undo(self) -> None:
        if self.at:
            self.at -= 1
            self.events.append(event(len(self.events) + 1, "undo", target=self.groups[self.at]))

    def redo(self) -> None:
        if self.at < len(self.groups):
            self.events.append(event(len(self.events) + 1, "redo", target=self.groups[self.at]))
            self.at += 1


steps = st.tuples(
    st.sampled_from([None, "axon", "dendrite"]), st.sampled_from([0.0, 0.25, 7.0]), st.sampled_from([5, BIG])
)
moves = st.lists(st.one_of(st.lists(steps, min_size=1, max_size=3), st.sampled_from(["undo", "redo"])), max_size=25)


@given(moves, st.sampled_from(["node", "segment"]))
def test_any_sequence_of_actions_undos_and_redos_leads_where_the_obvious_model_leads(
    sequence: list[list[tuple[str | None, float, int]] | str], unit: Unit
) -> None:
    model = Model(unit)
    for move in sequence:
        if isinstance(move, list):
            model.act(move)
        elif move == "undo":
            model.undo()
        else:
            model.redo()
        history = fold(model.events, "subcompartment", unit)
        assert names(history) == model.states[model.at]
        newest = model.groups[model.at - 1] if model.at else None
        assert history.to_undo("ana") == [event for event in model.events if event.group == newest]
        assert bool(history.to_redo("ana")) == (model.at < len(model.groups))


@given(moves)
def test_undo_reaches_back_to_the_empty_log_and_redo_forth_again(
    sequence: list[list[tuple[str | None, float, int]] | str],
) -> None:
    model = Model("node")
    for move in sequence:
        if isinstance(move, list):
            model.act(move)
    reached = names(fold(model.events, "subcompartment", "node"))
    for _ in model.groups:
        model.undo()
    history = fold(model.events, "subcompartment", "node")
    assert names(history) == {}
    assert history.to_undo("ana") == []
    for _ in model.groups:
        model.redo()
    history = fold(model.events, "subcompartment", "node")
    assert names(history) == reached
    assert history.to_redo("ana") == []


def test_undo_brings_back_the_label_that_was_there_before() -> None:
    log = [event(1), event(2, class_name="dendrite"), event(3, "undo", target="action 2")]
    assert list(names(fold(log, "subcompartment", "node")).values()) == ["axon"]


def test_a_segment_keeps_one_label_and_a_node_task_one_per_position() -> None:
    log = [event(1, class_name="astrocyte"), event(2, class_name="microglia", x_nm=9.0)]
    assert names(fold(log, "subcompartment", "segment")) == {("v1", BIG): "microglia"}
    assert len(names(fold(log, "subcompartment", "node"))) == 2


def test_tasks_have_histories_of_their_own() -> None:
    log = [event(1), event(2, task="cell type"), event(3, "undo", target="action 2", task="cell type")]
    assert len(names(fold(log, "subcompartment", "node"))) == 1
    assert names(fold(log, "cell type", "segment")) == {}
    assert fold(log, "subcompartment", "node").to_undo("ana") == [log[0]]


def test_an_undo_of_anything_but_the_newest_action_is_passed_over() -> None:
    log = [event(1), event(2, x_nm=9.0), event(3, "undo", target="action 1"), event(4, "redo", target="action 1")]
    history = fold(log, "subcompartment", "node")
    assert len(names(history)) == 2
    assert history.to_undo("ana") == [log[1]]


def test_one_label_can_be_looked_up() -> None:
    history = fold([event(1), event(2, "unlabel", x_nm=9.0)], "subcompartment", "node")
    found = history.label_of(("v1", (0.0, 20.5, 30.0)))
    assert found is not None
    assert found.class_name == "axon"
    assert history.label_of(("v1", (9.0, 20.5, 30.0))) is None
    assert history.label_of(("v1", (1.0, 20.5, 30.0))) is None
