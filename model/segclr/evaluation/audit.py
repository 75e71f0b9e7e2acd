"""How often the head is right in the whole volume: from audit places alone, which were drawn without asking it.

A queue asks for what the head finds hard, so that labels as a whole are no sample of the volume. Audit places are drawn
uniformly from all rows of the table, and each is predicted by a head that has not seen its cell. That makes the share
of right ones an unbiased estimate, over rows of the table, for a head fitted to about four fifths of the labels. Two
things it leans on: every audit place gets an answer, and the rows are places of the volume that one cares for alike.
Places without an answer are likely hard ones: they are counted and told, with the share of right ones if the head were
wrong at all of them (the lower bound of Manski 1990, "Nonparametric bounds on treatment effects").
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segclr.evaluation.held_out import HeldOutLabels
from segclr.evaluation.intervals import Estimate, clustered_share, sums_by_cell
from segclr.wording import counted, percent

FEWEST_AUDITED = 30
"""Below this many audit labels no figure is given: its interval would span some 30 percentage points."""
FEWEST_OF_CLASS = 10


@dataclass(frozen=True, slots=True)
class AuditedClass:
    """How often the head is right where it predicts this class.

    Attributes:
        code: the class.
        predicted: audit places that it is predicted for.
        right: share of them that have the class; None below `FEWEST_OF_CLASS`.
    """

    code: int
    predicted: int
    right: Estimate | None


@dataclass(frozen=True, slots=True)
class Audit:
    """Accuracy in the volume.

    Attributes:
        accuracy: with a Wilson interval at the count of independent places; None below `FEWEST_AUDITED`.
        classes: one for each of the C classes.
        labels: audit labels counted.
        cells: cells they lie on.
        skipped: audit places that were shown and got no answer.
        marked: audit places that were marked as unsure or badly segmented.
        sentence: all of it in words.
    """

    accuracy: Estimate | None
    classes: tuple[AuditedClass, ...]
    labels: int
    cells: int
    skipped: int
    marked: int
    sentence: str


def audit(held_out: HeldOutLabels, is_audit: NDArray[np.bool_], skipped: int = 0, marked: int = 0) -> Audit:
    """Count how many audit labels are predicted rightly by heads without their cell.

    A label of a class that no head without its cell knows counts as wrong: so would the place in the volume.

    Args:
        held_out: of `segclr.evaluation.held_out.predict_held_out`, on all labels, not the audit's alone.
        is_audit: (k,) which of these labels were given to audit places.
        skipped: audit places that were shown and got no answer.
        marked: audit places that were marked as unsure or badly segmented.

    Raises:
        ValueError: `is_audit` is not about the same labels.
    """
    if is_audit.shape != (held_out.asked,):
        raise ValueError(f"{held_out.asked} labels were predicted, but {is_audit.shape} are marked as audit or not")
    drawn = held_out.where(is_audit[held_out.label])
    right = drawn.predicted == drawn.classes
    accuracy = _share(right, drawn.cells) if len(right) >= FEWEST_AUDITED else None
    cells = len(np.unique(drawn.cells))
    return Audit(
        accuracy=accuracy,
        classes=tuple(_class(code, drawn, right) for code in range(held_out.class_count)),
        labels=len(right),
        cells=cells,
        skipped=skipped,
        marked=marked,
        sentence=_sentence(accuracy, int(right.sum()), len(right), cells, skipped, marked),
    )


def _class(code: int, drawn: HeldOutLabels, right: NDArray[np.bool_]) -> AuditedClass:
    said = drawn.predicted == code
    count = int(said.sum())
    return AuditedClass(code, count, _share(right[said], drawn.cells[said]) if count >= FEWEST_OF_CLASS else None)


def _share(right: NDArray[np.bool_], cells: NDArray[np.uint64]) -> Estimate | None:
    by_cell = sums_by_cell(np.stack([right, np.ones(len(right))], axis=1), cells)
    return clustered_share(by_cell[:, 0], by_cell[:, 1])


def _sentence(accuracy: Estimate | None, right: int, labels: int, cells: int, skipped: int, marked: int) -> str:
    if accuracy is None:
        said = f"{counted(labels, 'audit label')} so far: too few to tell, {FEWEST_AUDITED} are needed"
    else:
        said = (
            f"right at {percent(accuracy.value)} of places "
            f"(95 % interval {percent(accuracy.low)} to {percent(accuracy.high)}), "
            f"by {counted(labels, 'audit label')} on {counted(cells, 'cell')}"
        )
    if not skipped + marked:
        return said
    said += f"; not counted: {counted(skipped, 'audit place')} skipped and {marked} marked unsure or badly segmented"
    if accuracy is not None:
        said += f" ({percent(right / (labels + skipped + marked))} right if the head is wrong at all of them)"
    return said
