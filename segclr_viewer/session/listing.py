"""The labelled places as a list, what stands about one of them, and what a new segmentation made of them."""

from segclr_viewer.heads.task_state import TaskState
from segclr_viewer.labels.place_index import REATTACHED, Facet, ListedPlace, Wanted
from segclr_viewer.log.events import LabelEvent
from segclr_viewer.session.app_state import AppState
from segclr_viewer.session.out_of_use import out_of_use
from segclr_viewer.wire.labelling import Target
from segclr_viewer.wire.listing import (
    Attached,
    CommentInfo,
    ListCounts,
    Listed,
    ListedInfo,
    ListRequest,
    LookRequest,
    SaidInfo,
    Seen,
    State,
)
from segclr_viewer.wording import statement_text

_STATES: tuple[State, ...] = (
    "unsure",
    "bad_segmentation",
    "commented",
    "disputed",
    "imported",
    "kept",
    "moved",
    "conflict",
    "lost",
)


class Listing:
    """Answers the pages' questions about labelled places; what is kept from the annotator is left out."""

    def __init__(self, state: AppState) -> None:
        self._state = state

    @property
    def _annotator(self) -> str:
        return self._state.world.annotator

    def tell(self, message: ListRequest) -> None:
        """Tell a part of the list, and what has become of places that the page holds."""
        task = self._state.task_named(message.task)
        part = task.listed.part(self._wanted(task, message), self._annotator, message.below, message.count)
        places = {place.position_nm: place.place_id for place in self._state.places}
        answer = Listed(
            request=message.request,
            task=message.task,
            places=[self._info(task, place, places) for place in part.places],
            total=part.total,
            below=part.below,
            counts=self._counts(task),
            renewed=[self._known(task, uuid, places) for uuid in message.renew],
        )
        self._state.ports.page.send(answer)

    def look(self, message: LookRequest) -> None:
        """Tell what stands about a row or a remembered place."""
        task = self._state.task_named(message.task)
        found = self._said_at(task, message.target)
        places = {place.position_nm: place.place_id for place in self._state.places}
        info = None if found is None else self._censored(task, found, places)
        self._state.ports.page.send(Seen(message.request, message.task, info))

    def attached(self, task: TaskState) -> Attached | None:
        """What became of places labelled in another version of the segmentation; None where there are none."""
        counts = task.listed.counts(self._annotator)
        kept, moved, conflict, lost = (counts["state", state] for state in REATTACHED)
        if not kept + moved + conflict + lost:
            return None
        text = attached_text(self._state.world.segmentation, kept, moved, conflict, lost)
        return Attached(task.task.name, kept, moved, conflict, lost, text)

    def _wanted(self, task: TaskState, message: ListRequest) -> Wanted:
        groups: list[tuple[Facet, ...]] = []
        if message.classes:
            known = task.classes.by_identity | {class_id: spec.name for class_id, spec in out_of_use(task).items()}
            names = map(known.get, message.classes)
            groups.append(tuple(("class", name) for name in names if name is not None))
        if message.states:
            groups.append(tuple(("state", state) for state in message.states))
        if message.mine:
            groups.append((("by", self._annotator),))
        return Wanted(tuple(groups), message.text.strip())

    def _counts(self, task: TaskState) -> ListCounts:
        counts = task.listed.counts(self._annotator)
        return ListCounts(
            everyone=counts["by", ""],
            mine=counts["by", self._annotator],
            classes=[counts["class", spec.name] for spec in task.task.classes],
            states={state: counts["state", state] for state in _STATES},
        )

    def _said_at(self, task: TaskState, target: Target) -> ListedPlace | None:
        if target.row is not None:
            if target.row >= len(self._state.world.table):
                return None
            return task.said_at(task.segment_of_row(target.row), self._state.position_of(target.row))
        place = self._state.places.get(target.place or 0)
        return None if place is None else task.said_at(place.segment_id, place.position_nm)

    def _known(self, task: TaskState, uuid: str, places: dict[tuple[float, float, float], int]) -> ListedInfo | None:
        place = task.listed.place_of(uuid)
        if place is None or task.listed.is_hidden(place, self._annotator):
            return None
        return self._info(task, place, places)

    def _censored(
        self, task: TaskState, place: ListedPlace, places: dict[tuple[float, float, float], int]
    ) -> ListedInfo | None:
        """Of a place that is asked blind, only what the annotator has said."""
        if not task.listed.is_hidden(place, self._annotator):
            return self._info(task, place, places)
        own = [comment for comment in place.comments if comment.annotator == self._annotator]
        if not own:
            return None
        return ListedInfo(
            about=own[-1].uuid,
            row=task.row_of(own[-1]),
            place=places.get(own[-1].place_nm),
            position_nm=own[-1].place_nm,
            segment_id=str(task.segment_of(own[-1]) or 0),
            class_index=None,
            statements=[],
            comments=[_comment(comment) for comment in own],
            reattached=None,
        )

    def _info(self, task: TaskState, place: ListedPlace, places: dict[tuple[float, float, float], int]) -> ListedInfo:
        newest = place.newest
        label = place.label
        return ListedInfo(
            about=newest.uuid,
            row=place.row,
            place=places.get(newest.place_nm) if place.row is None else None,
            position_nm=newest.place_nm,
            segment_id=str(place.segment),
            class_index=None if label is None else task.task.class_index(task.history.name_now(label)),
            statements=[self._said(task, event) for event in place.statements],
            comments=[_comment(comment) for comment in place.comments],
            reattached=place.reattached,
        )

    def _said(self, task: TaskState, event: LabelEvent) -> SaidInfo:
        name = task.history.name_now(event) if event.kind == "label" else ""
        reviews = task.history.reviews(event.uuid)
        here = event.segmentation == self._state.world.segmentation
        return SaidInfo(
            uuid=event.uuid,
            annotator=event.annotator,
            kind="label" if event.kind == "label" else "unsure" if event.kind == "unsure" else "bad_segmentation",
            class_index=task.task.class_index(name) if name else None,
            class_name=name or statement_text(event),
            provenance=event.provenance,
            at=event.at,
            agree=reviews.agree,
            disagree=reviews.disagree,
            verdict=task.history.verdict(event.uuid, self._annotator),
            segmentation="" if here else event.segmentation,
            segment_id=str(event.segment_id),
        )


def _comment(event: LabelEvent) -> CommentInfo:
    return CommentInfo(event.uuid, event.annotator, event.at, event.text or "")


def attached_text(segmentation: str, kept: int, moved: int, conflict: int, lost: int) -> str:
    """All of it in one sentence."""
    total = kept + moved + conflict + lost
    were = "place that was labelled" if total == 1 else "places that were labelled"
    return (
        f"of {total:,} {were} before the segmentation became {segmentation}, {kept:,} kept their segment, {moved:,} "
        f"lie on another one, {conflict:,} conflict now and {lost:,} have none any more"
    )
