"""Numbers of things, and shares, in words."""

from __future__ import annotations


def counted(number: int, thing: str, things: str = "") -> str:
    """Write how many there are of a thing: `1 place`, `2,041 places`.

    Args:
        things: the plural, where it is not the singular with an s.
    """
    return f"{number:,} {thing if number == 1 else things or thing + 's'}"


def verb(number: int, singular: str, plural: str) -> str:
    """Choose the form of a word, mostly a verb, that goes with a number of things: `is` with 1, `are` with 2."""
    return singular if number == 1 else plural


def counted_are(number: int, thing: str) -> str:
    """Begin a sentence on how many there are of a thing: `1 place is`, `2,041 places are`."""
    return f"{counted(number, thing)} {verb(number, 'is', 'are')}"


def percent(share: float, decimals: int = 0) -> str:
    """Write a share so that little is not mistaken for nothing, nor nearly all for all."""
    step = 10.0**-decimals
    if 0 < share < step / 200:
        return f"less than {step:.{decimals}f} %"
    if 1 - step / 200 <= share < 1:
        return f"more than {100 - step:.{decimals}f} %"
    return f"{100 * share:.{decimals}f} %"
