"""Colours of classes that colour-blind readers can tell apart."""

from collections.abc import Collection, Iterator, Sequence
from functools import cache
from itertools import combinations, islice

import numpy as np
from numpy.typing import NDArray

# Okabe and Ito (2008), Color Universal Design, without black, and two of our own that stand apart from them.
PALETTE = ("#56b4e9", "#e69f00", "#cc79a7", "#f0e442", "#009e73", "#d55e00", "#0072b2", "#b8b8b8", "#8f6bd1")
# CIE 1976 colour difference below which two colours are hard to tell apart in small patches: the nearest pair of the
# palette is just above it.
ALIKE = 9.3

_DARKER = 0.66  # each further round: lightness is the difference that every reader sees
# What is left of linear RGB without the long, middle and short cones: Machado, Oliveira and Fernandes (2009), A
# Physiologically-based Model for Simulation of Color Vision Deficiency, severity 1; before them all colours.
_READERS = np.array(
    (
        ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
        ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
        ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
        ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
    )
)
# sRGB (IEC 61966-2-1) to CIE XYZ, white D65
_XYZ = np.array(
    ((0.4124564, 0.3575761, 0.1804375), (0.2126729, 0.7151522, 0.0721750), (0.0193339, 0.1191920, 0.9503041))
)


def free_color(used: Collection[str]) -> str:
    """The first colour of the palette, as `#rrggbb`, that is not among `used`; when all are, a darker round of it."""
    taken = {color.lower() for color in used}
    return next(shade for shade in _shades() if shade not in taken)


def free_colors(used: Collection[str], count: int = 6) -> list[str]:
    """Colours for one more class: bright before dark ones, and those first that are furthest from the used ones.

    Those that some readers cannot tell from a used one come last.
    """
    taken = {color.lower() for color in used}
    shades = list(islice(_shades(), 2 * len(PALETTE)))
    apart = {shade: min((difference(shade, color) for color in taken), default=np.inf) for shade in shades}

    def rank(shade: str) -> tuple[bool, int, float]:
        return (apart[shade] < ALIKE, shades.index(shade) // len(PALETTE), -apart[shade])

    return sorted((shade for shade in shades if shade not in taken), key=rank)[:count]


def alike(colors: Sequence[str]) -> list[tuple[int, int]]:
    """Pairs of colours, by number, that some readers can hardly tell apart."""
    pairs = combinations(range(len(colors)), 2)
    return [(one, other) for one, other in pairs if difference(colors[one], colors[other]) < ALIKE]


def difference(one: str, other: str) -> float:
    """How far two colours `#rrggbb` are apart (CIE 1976, in Lab) for the reader who sees the least of it.

    Readers are those who see all colours, and those without the long, the middle or the short cones.
    """
    return float(np.linalg.norm(_seen(one.lower()) - _seen(other.lower()), axis=1).min())


def _shades() -> Iterator[str]:
    """The palette, then darker rounds of it, without end."""
    strength = 1.0
    while True:
        for color in PALETTE:
            yield "#" + "".join(f"{round(int(color[at : at + 2], 16) * strength):02x}" for at in (1, 3, 5))
        strength *= _DARKER


@cache
def _seen(color: str) -> NDArray[np.float64]:
    """(4, 3) Lab of a colour, one line per reader."""
    encoded = np.array([int(color[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    seen = np.clip(_READERS @ linear, 0, 1)
    ratio = (seen @ _XYZ.T) / _XYZ.sum(axis=1)
    x, y, z = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio / (3 * (6 / 29) ** 2) + 4 / 29).T
    return np.column_stack((116 * y - 16, 500 * (x - y), 200 * (y - z)))
