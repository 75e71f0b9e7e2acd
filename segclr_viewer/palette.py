"""Colours of classes that colour-blind readers can tell apart."""

from collections.abc import Collection

# Okabe and Ito (2008), Color Universal Design, without black, and two of our own that stand apart from them.
PALETTE = ("#56b4e9", "#e69f00", "#cc79a7", "#f0e442", "#009e73", "#d55e00", "#0072b2", "#b8b8b8", "#8f6bd1")
_DARKER = 0.66  # each further round: lightness is the difference that every reader sees


def free_color(used: Collection[str]) -> str:
    """The first colour of the palette, as `#rrggbb`, that is not among `used`; when all are, a darker round of it."""
    taken = {color.lower() for color in used}
    strength = 1.0
    while True:
        for color in PALETTE:
            shade = "#" + "".join(f"{round(int(color[at : at + 2], 16) * strength):02x}" for at in (1, 3, 5))
            if shade not in taken:
                return shade
        strength *= _DARKER
