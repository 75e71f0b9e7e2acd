"""The selections of one annotator, newest last, to go back and forward in."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from segclr_viewer.session.selection import packed, unpacked

Origin = Literal["lasso", "segments", "clear"]

MAX_STEPS = 100  # of a million rows they take 12.5 MB


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """A selection as it is kept.

    Attributes:
        bits: a bit for each row, `selection.packed`.
        segments: in the order of the viewer, of one that was made there; else empty.
    """

    origin: Origin
    bits: NDArray[np.uint8]
    segments: tuple[int, ...] = ()

    @property
    def rows(self) -> NDArray[np.int64]:
        """The selected rows, ascending."""
        return unpacked(self.bits)


class SelectionHistory:
    """Begins with nothing selected; what is selected after going back takes the place of what came after."""

    def __init__(self, rows: int) -> None:
        self._steps = [Step("clear", packed(np.zeros(0, np.int64), rows))]
        self._at = 0

    @property
    def now(self) -> Step:
        """The present one."""
        return self._steps[self._at]

    @property
    def can_back(self) -> bool:
        """Whether there is an earlier one."""
        return self._at > 0

    @property
    def can_forward(self) -> bool:
        """Whether there is a later one."""
        return self._at + 1 < len(self._steps)

    def record(self, step: Step) -> None:
        """Take a selection that was just made; one that changes nothing is no step."""
        now = self._steps[self._at]
        if now.segments == step.segments and np.array_equal(now.bits, step.bits):
            return
        self._steps[self._at + 1 :] = [step]
        del self._steps[: max(0, len(self._steps) - MAX_STEPS)]
        self._at = len(self._steps) - 1

    def back(self) -> Step | None:
        """Go to the one before; None if there is none."""
        if not self.can_back:
            return None
        self._at -= 1
        return self._steps[self._at]

    def forward(self) -> Step | None:
        """Go to the one after; None if there is none."""
        if not self.can_forward:
            return None
        self._at += 1
        return self._steps[self._at]
