"""How far the annotators agree on the places that all of them are asked: found off the session's thread."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from segclr.errors import SegclrError
from segclr.evaluation.agreement import Agreement, agreement
from segclr_viewer.heads.task_state import TaskState
from segclr_viewer.session.one_by_one import OneByOne

MOST_PAIRS = 6  # each takes some hundredths of a second
FEWEST_PLACES = 20
WIDEST = 0.5  # of an interval that says something
_GOOD = 0.6
_DEGREES = (
    (0.8, "almost full agreement"),
    (0.6, "substantial agreement"),
    (0.4, "moderate agreement"),
    (0.2, "fair agreement"),
    (0.0, "slight agreement"),
    (-1.0, "less agreement than chance gives"),
)


@dataclass(frozen=True, slots=True)
class Agreed:
    """Of all annotators, and of pairs of them where there are more than two."""

    agreement: Agreement
    pairs: tuple[tuple[str, str, Agreement], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Ratings:
    """Labels of double places, one per place and annotator; marks such as "unsure" are none.

    Attributes:
        names: of the annotators, by their number.
        items, annotators, classes: (r,) int64.
        cells: (r,) uint64 segment ids.
        class_count: of the task.
    """

    names: tuple[str, ...]
    items: NDArray[np.int64]
    annotators: NDArray[np.int64]
    classes: NDArray[np.int64]
    cells: NDArray[np.uint64]
    class_count: int

    def run(self) -> Agreed:
        """Compare them; the intervals are from draws of whole cells."""
        pairs = [(one, other, self._of((one, other))) for one, other in self._pairs()]
        everybody = range(len(self.names))
        return Agreed(self._of(everybody), tuple((self.names[a], self.names[b], found) for a, b, found in pairs))

    def _of(self, raters: Sequence[int]) -> Agreement:
        use = np.isin(self.annotators, raters)
        return agreement(self.items[use], self.annotators[use], self.classes[use], self.cells[use], self.class_count)

    def _pairs(self) -> list[tuple[int, int]]:
        """Those with the most places in common, where there are more than two annotators."""
        rated = [set(self.items[self.annotators == rater].tolist()) for rater in range(len(self.names))]
        pairs = [pair for pair in combinations(range(len(rated)), 2) if rated[pair[0]] & rated[pair[1]]]
        if len(pairs) < 2:
            return []
        return sorted(pairs, key=lambda pair: -len(rated[pair[0]] & rated[pair[1]]))[:MOST_PAIRS]


def ratings_of(task: TaskState) -> Ratings:
    """All that was said of the double places of a task, by annotators who did not see what the others said there."""
    codes = {spec.name: index for index, spec in enumerate(task.task.classes)}
    number_of: dict[object, int] = {}
    found: list[tuple[int, int, int, int]] = []
    names = task.history.annotators()
    for rater, annotator in enumerate(names):
        for event in sorted(task.own(annotator), key=lambda event: event.seq):
            row, given = task.row_of(event), codes.get(task.history.name_now(event))
            if event.kind != "label" or event.provenance == "import" or given is None or row is None:
                continue
            if task.doubles.has(row):
                item = number_of.setdefault(task.doubles.site_of(row), len(number_of))
                found.append((item, rater, given, task.segment_of_row(row)))
    items, raters, classes, cells = zip(*found, strict=True) if found else ((), (), (), ())
    return Ratings(
        tuple(names),
        np.array(items, np.int64),
        np.array(raters, np.int64),
        np.array(classes, np.int64),
        np.array(cells, np.uint64),
        len(codes),
    )


def meaning(found: Agreement) -> str:
    """What to think of it, by the scale of Landis & Koch ("The measurement of observer agreement for categorical data",
    Biometrics, 1977), which is custom and not law; empty where nothing is agreed on or not."""
    kappa = found.kappa
    if kappa is None:
        return ""
    if kappa.high - kappa.low > WIDEST or found.items < FEWEST_PLACES:
        return (
            f"too few places to tell: the truth may well be {_degree(kappa.low)} or {_degree(kappa.high)}; "
            "go on with the places that are asked of everyone"
        )
    if kappa.value < _GOOD:
        advice = "talk about the places on which you differ before you label many more"
    else:
        advice = "what you differ on is listed under conflicts"
    return f"{_degree(kappa.value)}, where 1 is full agreement and 0 what chance alone gives: {advice}"


def _degree(kappa: float) -> str:
    return next(word for least, word in _DEGREES if kappa >= least)


class Agreeing:
    """Keeps the agreement of each task in step with its labels.

    Args:
        tell: called with a task and the sentence about it, when that is another than before.
    """

    def __init__(self, errands: OneByOne, tell: Callable[[TaskState, str], None]) -> None:
        self._errands = errands
        self._tell = tell
        self._newest: dict[str, Agreed] = {}
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

    def of(self, task: TaskState) -> Agreed | None:
        """The newest that was found, None before the first double label."""
        return self._newest.get(task.task.name)

    def _found(self, task: TaskState, agreed: Agreed) -> None:
        before, found = self._newest.get(task.task.name), agreed.agreement
        self._newest[task.task.name] = agreed
        if found.items and (before is None or before.agreement.sentence != found.sentence):
            self._tell(task, f"agreement on {task.task.name}: {found.sentence}")


def _pass_over(_: SegclrError) -> None:
    """The figure before stays; the next double label asks again."""
