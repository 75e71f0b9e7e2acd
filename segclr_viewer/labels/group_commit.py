"""Group commit (DeWitt et al. 1984, "Implementation techniques for main memory database systems").

A commit waits for the disk, for some milliseconds or, while others write to it, for many more. What several annotators
ask for in that time is made durable together by the next one, so that they do not wait for each other's.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from segclr.errors import LabelStoreError, SegclrError
from segclr_viewer.log.events import LabelEvent, NewEvent, SavedPlace
from segclr_viewer.ports import Later

log = logging.getLogger(__name__)

Append = Callable[[Sequence[NewEvent], Sequence[SavedPlace]], list[LabelEvent]]


@dataclass(frozen=True, slots=True, eq=False)
class _Action:
    """One annotator's action that waits for its commit."""

    annotator: str
    events: Sequence[NewEvent]
    places: Sequence[SavedPlace]
    done: Callable[[list[LabelEvent]], None]
    failed: Callable[[SegclrError], None]


class GroupCommit:
    """Makes actions durable.

    Of one annotator only one action waits: what that annotator asks meanwhile is to be handed to `after`, since it may
    depend on what the action does. Actions of different annotators do not.

    Args:
        append: makes events durable, all or none, and folds them.
    """

    def __init__(self, append: Append, later: Later) -> None:
        self._append = append
        self._later = later
        self._waiting: list[_Action] = []
        self._afterwards: list[Callable[[], None]] = []

    def is_waiting(self, annotator: str) -> bool:
        """Whether an action of the annotator waits for its commit."""
        return any(action.annotator == annotator for action in self._waiting)

    def after(self, do: Callable[[], None]) -> None:
        """Do something after the commit, in the order of the calls."""
        self._afterwards.append(do)

    def submit(
        self,
        events: Sequence[NewEvent],
        places: Sequence[SavedPlace],
        done: Callable[[list[LabelEvent]], None],
        failed: Callable[[SegclrError], None],
    ) -> None:
        """Make one action's events durable soon; one of the callbacks is called then.

        Raises:
            SegclrError: another annotator's action that waits has a request of the same name.
        """
        uuids = {event.uuid for action in self._waiting for event in action.events}
        if any(event.uuid in uuids for event in events):
            raise SegclrError("that request has the name of another one: reload the page, then try again")
        self._waiting.append(_Action(events[0].annotator, events, places, done, failed))
        if len(self._waiting) == 1:
            self._later(0, self._commit)

    def _commit(self) -> None:
        actions, self._waiting = self._waiting, []
        self._store(actions)
        afterwards, self._afterwards = self._afterwards, []
        for do in afterwards:
            do()

    def _store(self, actions: list[_Action]) -> None:
        try:
            events = [event for action in actions for event in action.events]
            stored = self._append(events, [place for action in actions for place in action.places])
        except SegclrError as error:
            if len(actions) == 1:
                actions[0].failed(error)
                return
            for action in actions:  # what is wrong with one is not the others' fault
                self._store([action])
            return
        except Exception:
            log.exception("labels could not be stored")
            for action in actions:
                action.failed(LabelStoreError("the label was not stored, through a fault of the program: label again"))
            return
        for action in actions:
            own, stored = stored[: len(action.events)], stored[len(action.events) :]
            action.done(own)
