"""Which keys do what. Page and viewer share them; a project file may change all that are named in `Keys`.

Fixed are Ctrl+Z, Ctrl+Shift+Z and Ctrl+Y (undo and redo), Esc, and the question mark.
"""

import re
from collections.abc import Iterable

from msgspec import Struct, structs

# letters of fixed shortcuts: a slip of the finger must not label
FIXED_KEYS = {"z": "undo", "y": "redo"}
NAMED_KEYS = (
    "left",
    "right",
    "up",
    "down",
    "enter",
    "comma",
    "period",
    "semicolon",
    "slash",
    "minus",
    "equal",
    "quote",
)
NO_KEY = "none"  # of a command that is given by the mouse alone, which leaves its key to a class


class Keys(Struct, frozen=True, forbid_unknown_fields=True):
    """The key of each command: a digit, a small letter, one of NAMED_KEYS, or NO_KEY.

    Attributes:
        queue: start and leave the labelling queue.
        skip, unsure, bad_segmentation: answers that are no class.
        back, forward: among the places asked in this sitting.
        take_back: take a label back.
        neighbours: propose the places most like this one.
        label_selection: propose to label what is selected.
        accept: accept a proposal.
        evaluation: show how good the head is.
        people: show who labels, where they disagree, and what trains.
        others: show or hide the selected cells beside the one that the queue asks about.
        places: show the labelled places as a list.
        comment: say something in words about a place.
        agree, disagree: review the label of a place.
        similar: show the points most like this one.
        clusters: find and show clusters.
        follow: let the points in the viewer's field stand out in the scatter.
        pin: keep the card of the point under the pointer.
        tool: take the next tool of the scatter.
        find: find a cell by its id.
        views: show the saved views.
    """

    queue: str = "q"
    skip: str = "s"
    unsure: str = "u"
    bad_segmentation: str = "b"
    back: str = "left"
    forward: str = "right"
    take_back: str = "x"
    neighbours: str = "n"
    label_selection: str = "l"
    accept: str = "enter"
    evaluation: str = "v"
    people: str = "w"
    others: str = "o"
    places: str = "p"
    comment: str = "slash"
    agree: str = "g"
    disagree: str = "h"
    similar: str = "m"
    clusters: str = "period"
    follow: str = "semicolon"
    pin: str = "quote"
    tool: str = "equal"
    find: str = "f"
    views: str = "comma"

    def __post_init__(self) -> None:
        taken: dict[str, str] = {}
        for name, key in self.by_name().items():
            if key == NO_KEY:
                continue
            if not re.fullmatch("[0-9a-z]", key) and key not in NAMED_KEYS:
                raise ValueError(
                    f"{name} = {key!r} cannot be used: take one digit, one small letter, or one of "
                    f"{', '.join(NAMED_KEYS)}, or {NO_KEY}"
                )
            if key in FIXED_KEYS:
                raise ValueError(f"{name} = {key!r} is taken (it means: {FIXED_KEYS[key]}); use another one")
            if key in taken:
                raise ValueError(f"{name} and {taken[key]} have the same key {key!r}: give each its own")
            taken[key] = name

    def by_name(self) -> dict[str, str]:
        """The key of each command."""
        return structs.asdict(self)

    def refuse(self, class_keys: Iterable[str]) -> None:
        """Refuse classes whose key is a command's.

        Raises:
            ValueError: names the key and what to do.
        """
        names = {key: name for name, key in self.by_name().items()}
        for key in class_keys:
            if key in names:
                raise ValueError(
                    f"the class key {key!r} is also that of {names[key]}: give the class another one, or set "
                    f"keys.{names[key]}"
                )


USUAL_KEYS = Keys()
