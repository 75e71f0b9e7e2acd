"""How far the annotators agree on the places that all of them are asked: found off the session's thread."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from segclr.errors import SegclrError
from segclr.evaluation.agreement import Agreement, agreement
from segclr_viewer.heads.task_state import TaskState
from segclr_viewer.session.one_by_one import OneByOne


@dataclass(frozen=True, slots=True, eq=False)
class Ratings:
    """Labels of double places, one per place and annotator; marks such as "unsure" are none.

    Attributes:
        items, annotators, classes: (r,) int64.
        cells: (r,) uint64 segment ids.
        class_count: of the task.
    """

    items: NDArray[np.int64]
    annotators: NDArray[np.int64]
    classes: NDArray[np.int64]
    cells: NDArray[np.uint64]
    class_count: int

    def run(self) -> Agreement:
        """Compare them; the interval is from draws of whole cells."""
        return agreement(self.items, self.annotators, self.classes, self.cells, self.class_count)


def ratings_of(task: TaskState) -> Ratings:
    """All that was said of the double places of a task, by annotators who did not see what the others said there."""
    codes = {spec.name: index for index, spec in enumerate(task.task.classes)}
    number_of: dict[object, int] = {}
    found: list[tuple[int, int, int, int]] = []
    for rater, annotator in enumerate(task.history.annotators()):
        for event in sorted(task.own(annotator), key=lambda event: event.seq):
            row, given = task.row_of(event), codes.get(task.history.name_now(event))
            if event.kind != "label" or event.provenance == "import" or given is None or row is None:
                continue
            if task.doubles.has(row):
                item = number_of.setdefault(task.doubles.site_of(row), len(number_of))
                found.append((item, rater, given, task.segment_of_row(row)))
    items, raters, classes, cells = zip(*found, strict=True) if found else ((), (), (), ())
    return Ratings(
        np.array(items, np.int64),
        np.array(raters, np.int64),
        np.array(classes, np.int64),
        np.array(cells, np.uint64),
        len(codes),
    )


class Agreeing:
    """Keeps the agreement of each task in step with its labels.

    Args:
        tell: called with a task and the sentence about it, when that is another than before.
    """

    def __init__(self, errands: OneByOne, tell: Callable[[TaskState, str], None]) -> None:
        self._errands = errands
        self._tell = tell
        self._newest: dict[str, Agreement] = {}
        self._seq: dict[str, int] = {}

    def refresh(self, task: TaskState) -> None:
        """Find a task's agreement anew if its double labels may have changed."""
        name, seq = task.task.name, task.history.seq
        if not task.doubles.share or self._seq.get(name) == seq:
            return
        self._seq[name] = seq
        ratings = ratings_of(task)
        if len(ratings.items):
            self._errands.ask(f"agreement {name}", ratings.run, partial(self._found, task), _pass_over)

    def of(self, task: TaskState) -> Agreement | None:
        """The newest that was found, None before the first double label."""
        return self._newest.get(task.task.name)

    def _found(self, task: TaskState, found: Agreement) -> None:
        before = self._newest.get(task.task.name)
        self._newest[task.task.name] = found
        if found.items and (before is None or before.sentence != found.sentence):
            self._tell(task, f"agreement on {task.task.name}: {found.sentence}")


def _pass_over(_: SegclrError) -> None:
    """The figure before stays; the next double label asks again."""
