"""Where the annotators disagree, for one of them to decide; and how far they agree."""

from collections.abc import Iterable

from segclr.evaluation.agreement import Agreement
from segclr_viewer.heads.task_state import TaskState
from segclr_viewer.log.events import Anchor, LabelEvent
from segclr_viewer.session.agreeing import meaning
from segclr_viewer.session.app_state import AppState
from segclr_viewer.wire.annotators import ConflictInfo, ConflictsRequest, PairInfo, StatementInfo, StatementKind
from segclr_viewer.wire.answers import AgreementReady, ConflictsReady
from segclr_viewer.wording import statement_text

MOST_CONFLICTS = 200
NO_SHARE = "this project asks no places of several annotators: set double_share in its [labelling] section"
NOTHING_YET = "no place has been labelled by two annotators yet: there is no agreement to tell"


class Conflicts:
    """Answers the pages' questions."""

    def __init__(self, state: AppState) -> None:
        self._state = state

    def tell(self, message: ConflictsRequest) -> None:
        """List the conflicts of a task, open and settled, but those of which the annotator is not to know yet."""
        task = self._state.task_named(message.task)
        conflicts = task.history.conflicts()
        shown = [conflict.anchor for conflict in conflicts if not self._is_hidden(task, conflict.statements)]
        verdicts = task.history.adjudications()
        decided = [verdict.anchor(task.task.unit) for verdict in verdicts if not self._is_hidden(task, [verdict])]
        answer = ConflictsReady(
            request=message.request,
            task=message.task,
            conflicts=[_described(task, anchor) for anchor in shown[:MOST_CONFLICTS]],
            total=len(shown),
            hidden=len(conflicts) - len(shown),
            settled=[_described(task, anchor) for anchor in decided[:MOST_CONFLICTS]],
            settled_total=len(decided),
        )
        self._state.ports.page.send(answer)

    def tell_agreement(self, request: str, task: TaskState) -> None:
        """Tell the newest agreement on a task."""
        agreed = self._state.workspace.agreeing.of(task)
        found = None if agreed is None else agreed.agreement
        kappa = None if found is None else found.kappa
        nothing = NOTHING_YET if task.doubles.share else NO_SHARE
        self._state.ports.page.send(
            AgreementReady(
                request=request,
                task=task.task.name,
                method="" if found is None else found.method,
                places=0 if found is None else found.items,
                annotators=0 if found is None else found.annotators,
                kappa=None if kappa is None else kappa.value,
                low=None if kappa is None else kappa.low,
                high=None if kappa is None else kappa.high,
                text=nothing if found is None else found.sentence,
                meaning="" if found is None else meaning(found),
                pairs=[] if agreed is None else [_pair(*pair) for pair in agreed.pairs],
            )
        )

    def _is_hidden(self, task: TaskState, statements: Iterable[LabelEvent]) -> bool:
        rows = {task.row_of(statement) for statement in statements}
        return any(row is not None and task.hides(self._state.world.annotator, row) for row in rows)


def _pair(one: str, other: str, found: Agreement) -> PairInfo:
    kappa = found.kappa
    values = (None, None, None) if kappa is None else (kappa.value, kappa.low, kappa.high)
    return PairInfo(one, other, found.items, *values)


def _described(task: TaskState, anchor: Anchor) -> ConflictInfo:
    statements = task.history.statements_at(anchor)
    first = statements[0]
    return ConflictInfo(
        row=task.row_of(first),
        position_nm=first.place_nm,
        segment_id=str(task.segment_of(first) or first.segment_id),
        statements=[_statement(task, statement) for statement in statements],
    )


def _statement(task: TaskState, event: LabelEvent) -> StatementInfo:
    name = task.history.name_now(event) if event.kind == "label" else ""
    kind: StatementKind = "label"
    if event.kind != "label":
        kind = "unsure" if event.kind == "unsure" else "bad_segmentation"
    return StatementInfo(
        uuid=event.uuid,
        annotator=event.annotator,
        kind=kind,
        class_index=task.task.class_index(name) if name else None,
        class_name=name or statement_text(event),
        provenance=event.provenance,
        at=event.at,
    )
