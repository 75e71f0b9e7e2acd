"""What the tests of several annotators say and ask."""

from collections.abc import Sequence
from typing import Any

from segclr_viewer.wire.annotators import (
    AdjudicateRequest,
    AgreementRequest,
    ConflictsRequest,
    PeopleRequest,
    TrainChoice,
    TrainOnRequest,
)
from segclr_viewer.wire.answers import AgreementReady, ConflictsReady, PeopleReady, QueueReady
from segclr_viewer.wire.labelling import MarkRequest, SkipRequest, Target
from segclr_viewer.wire.messages import QueueRequest

BIG = 2**63 + 5
TASK = "subcompartment"


def mark(desk: Any, row: int, kind: Any = "unsure") -> None:
    desk.session.receive(MarkRequest(desk.request(), TASK, kind, Target(row=row), "key"))
    desk.fitter.run_newest()


def skip(desk: Any, row: int, provenance: Any = "queue") -> None:
    desk.session.receive(SkipRequest(desk.request(), TASK, row, provenance))


def ask(desk: Any, count: int = 20, held: tuple[int, ...] = ()) -> list[Any]:
    message = QueueRequest(desk.request(), f"page of {desk.world.annotator}", TASK, count, [*held], [], None)
    desk.session.receive(message)
    while desk.chooser.held:
        desk.chooser.run()
    return desk.page.last(QueueReady).items


def conflicts(desk: Any) -> ConflictsReady:
    desk.session.receive(ConflictsRequest(desk.request(), TASK))
    return desk.page.last(ConflictsReady)


def agreement(desk: Any) -> AgreementReady:
    while desk.chooser.held:
        desk.chooser.run()
    desk.session.receive(AgreementRequest(desk.request(), TASK))
    return desk.page.last(AgreementReady)


def people(desk: Any, task: str = TASK) -> PeopleReady:
    desk.session.receive(PeopleRequest(desk.request(), task))
    return desk.page.last(PeopleReady)


def train_on(
    desk: Any,
    annotators: Sequence[str] | None = None,
    provenances: Sequence[str] | None = None,
    reviews: Sequence[Any] | None = None,
) -> None:
    lists = (None if names is None else list(names) for names in (annotators, provenances, reviews))
    desk.session.receive(TrainOnRequest(desk.request(), TASK, TrainChoice(*lists)))
    desk.fitter.run_newest()


def train_as_usual(desk: Any) -> None:
    desk.session.receive(TrainOnRequest(desk.request(), TASK, None))
    desk.fitter.run_newest()


def adjudicate(desk: Any, about: str, class_index: int | None, kind: Any = "label", request: str | None = None) -> None:
    desk.session.receive(
        AdjudicateRequest(
            request or desk.request(), TASK, about, kind, None if class_index is None else desk.class_id(class_index)
        )
    )
    desk.fitter.run_newest()
