"""Who labels a task, and which of the labels its head trains on: told to a page, and chosen there for everybody."""

from collections import Counter
from collections.abc import Collection, Iterable

from segclr.errors import SegclrError
from segclr_viewer.heads.task_state import TaskState
from segclr_viewer.log.consensus import ADJUDICATION, Choice
from segclr_viewer.log.events import LabelEvent
from segclr_viewer.log.training_file import Chosen
from segclr_viewer.session.app_state import AppState
from segclr_viewer.session.progress import progress
from segclr_viewer.wire.annotators import (
    PeopleReady,
    PeopleRequest,
    PersonInfo,
    TrainChoice,
    TrainingInfo,
    TrainOnRequest,
    TrainOption,
)

PROVENANCES = ("key", "queue", "audit", "lasso", "neighbour", "import", "demo", ADJUDICATION)
REVIEWS = ("unreviewed", "agreed", "disputed")


class People:
    """Answers the pages' questions, and their wishes of what to train on."""

    def __init__(self, state: AppState) -> None:
        self._state = state

    def tell(self, message: PeopleRequest) -> None:
        """Say who labels a task, and what trains."""
        self._tell(message.request, self._state.task_named(message.task))

    def train_on(self, message: TrainOnRequest) -> None:
        """Train a task's head on chosen labels from now on, in later runs too.

        Raises:
            SegclrError: no head could be fitted on them, or the choice cannot be kept; nothing has changed.
        """
        task = self._state.task_named(message.task)
        choice = task.usual_choice if message.choice is None else _choice(message.choice)
        if choice != task.usual_choice:
            _refuse_too_few(task, choice)
        if choice != task.choice:
            world = self._state.world
            self._state.workspace.train_on(task, Chosen(choice, world.annotator, self._state.now()))
        self._tell(message.request, task)

    def _tell(self, request: str, task: TaskState) -> None:
        standing = task.history.standing()
        names = dict.fromkeys([*self._state.workspace.annotators, *task.history.annotators()])
        people = [self._person(name, task, standing) for name in names]
        answer = PeopleReady(request, task.task.name, people, self._training(task, standing, names))
        self._state.ports.page.send(answer)

    def _person(self, name: str, task: TaskState, standing: Iterable[LabelEvent]) -> PersonInfo:
        own = task.own(name)
        labels = [event for event in own if event.kind == "label"]
        return PersonInfo(
            name=name,
            labels=len(labels),
            today=progress(labels, name, self._state.now()).today,
            marks=len(own) - len(labels),
            decisions=sum((event.annotator, event.provenance) == (name, ADJUDICATION) for event in standing),
            is_here=name in self._state.workspace.present,
        )

    def _training(self, task: TaskState, standing: list[LabelEvent], names: Iterable[str]) -> TrainingInfo:
        labels = [event for event in standing if event.kind == "label"]
        by = Counter(event.annotator for event in labels)
        how = Counter(event.provenance for event in labels)
        reviewed: Counter[str] = Counter(task.history.reviews(event.uuid).state for event in labels)
        choice, chosen = task.choice, self._state.workspace.chosen.get(task.task.name)
        trained, _ = task.trained_on(choice)
        return TrainingInfo(
            annotators=_options(dict.fromkeys([*names, *by]), by, choice.annotators),
            provenances=_options(dict.fromkeys([*PROVENANCES, *how]), how, choice.provenances),
            reviews=_options(REVIEWS, reviewed, choice.reviews),
            trained=len(trained.rows) + len(trained.places),
            labelled=len({event.anchor(task.task.unit) for event in labels}),
            is_usual=choice == task.usual_choice,
            chosen_by="" if chosen is None else chosen.annotator,
            chosen_at="" if chosen is None else chosen.at,
        )


def _options(names: Iterable[str], counts: "Counter[str]", chosen: Collection[str] | None) -> list[TrainOption]:
    return [TrainOption(name, counts[name], chosen is None or name in chosen) for name in names]


def _choice(wanted: TrainChoice) -> Choice:
    annotators, provenances = (
        None if names is None else frozenset(names) for names in (wanted.annotators, wanted.provenances)
    )
    return Choice(annotators, provenances, None if wanted.reviews is None else frozenset(wanted.reviews))


def _refuse_too_few(task: TaskState, choice: Choice) -> None:
    trained, _ = task.trained_on(choice)
    classes = {*trained.rows.values(), *trained.places.values()}
    if len(classes) < 2:
        left = "labels of one class alone" if classes else "no label at all"
        raise SegclrError(
            f"nothing has changed: {left} would train {task.task.name}, and a head needs two classes; leave in more"
        )
