"""A column of numbers or words as one byte for each row: what the scatter colours its points by."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

NOTHING = 255
"""The code of a row without a value."""
OTHERS = 254
"""The code of a row whose word is none of the frequent ones."""
HIGHEST = 254
MOST_NAMES = 20

_OUTER_PERCENT = 1.0  # of the values at each end that need not be told apart
_MOST_SAMPLED = 200_000


@dataclass(frozen=True, slots=True, eq=False)
class ColorColumn:
    """One byte for each row.

    Attributes:
        codes: (n,) uint8. Of numbers, `low` is 0 and `high` is HIGHEST, with equal steps between them. Of words, the
            place in `names`, or OTHERS. NOTHING where there is no value.
        low, high: of the scale; None for words, and where no row has a number.
        below, above: whether some numbers lie outside the scale; they have the code of its end.
        names: the words, the most frequent first; empty for numbers.
        missing: how many rows have no value.
    """

    codes: NDArray[np.uint8]
    low: float | None
    high: float | None
    below: bool
    above: bool
    names: tuple[str, ...]
    missing: int


def numbers(values: NDArray[Any], limits: tuple[float, float] | None = None) -> ColorColumn:
    """Numbers (n,) in equal steps; NaN and infinite ones are no values.

    Args:
        limits: of the scale; else the middle 98 % of the values, so that a few far ones do not take all colours.
    """
    as_float = values.astype(np.float64)
    finite = np.isfinite(as_float)
    missing = len(as_float) - int(finite.sum())
    codes = np.full(len(as_float), NOTHING, np.uint8)
    if missing == len(as_float):
        return ColorColumn(codes, None, None, False, False, (), missing)
    known = as_float if missing == 0 else as_float[finite]
    low, high = limits or _middle(known)
    width = high - low or 1.0
    codes[finite] = np.rint(np.clip((known - low) / width, 0, 1) * HIGHEST)
    return ColorColumn(codes, low, high, bool(known.min() < low), bool(known.max() > high), (), missing)


def words(values: NDArray[Any]) -> ColorColumn:
    """Words (n,), or truth values; the empty word is no value."""
    if values.dtype.kind == "b":
        values = np.where(values, "yes", "no")
    names, at, counts = np.unique(values, return_inverse=True, return_counts=True)
    order = [index for index in np.argsort(-counts, kind="stable").tolist() if str(names[index])]
    code_of = np.full(len(names), OTHERS, np.uint8)
    code_of[order[:MOST_NAMES]] = np.arange(len(order[:MOST_NAMES]))
    code_of[names == ""] = NOTHING
    missing = int(counts[names == ""].sum())
    return ColorColumn(
        code_of[at], None, None, False, False, tuple(str(names[index]) for index in order[:MOST_NAMES]), missing
    )


def column_of(values: NDArray[Any]) -> ColorColumn:
    """Any extra column of a table: numbers, truth values or words."""
    return words(values) if values.dtype.kind in "bU" else numbers(values)


def _middle(known: NDArray[np.float64]) -> tuple[float, float]:
    """The limits of the middle of the values; of all of them where few different ones stand at the ends."""
    sampled = known[:: max(1, len(known) // _MOST_SAMPLED)]
    low, high = np.percentile(sampled, (_OUTER_PERCENT, 100 - _OUTER_PERCENT)).tolist()
    return (low, high) if high > low else (float(known.min()), float(known.max()))
