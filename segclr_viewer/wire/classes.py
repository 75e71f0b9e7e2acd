"""Tasks and their classes, as the server tells them and as the page asks to change them; rules as in `answers.py`.

A class has an id, which stays when it is renamed, merged or brought back. Requests name classes by it, so that none
means another class because somebody has changed the list meanwhile; answers number them as the list was told last.
"""

from typing import Literal

from msgspec import Struct, field

from segclr_viewer.wire.types import RequestText


class ClassInfo(Struct, frozen=True, forbid_unknown_fields=True):
    """One class of a task: its name, its colour as `#rrggbb` and the key that gives it."""

    id: str
    name: str
    color: str
    key: str


class TaskInfo(Struct, frozen=True, forbid_unknown_fields=True):
    """A classification task; `radius_um` is its aggregation radius.

    `retired` classes are known, but neither given nor trained on; those too that only labels know. `alike` are pairs of
    classes, by number, whose colours some readers cannot tell apart. `free_colors` and `free_key` are proposals for a
    new class, the best first; the key is empty when none is left.
    """

    name: str
    unit: Literal["node", "segment"]
    radius_um: float
    classes: list[ClassInfo]
    retired: list[ClassInfo]
    alike: list[tuple[int, int]]
    free_colors: list[str]
    free_key: str


class ClassesChanged(Struct, frozen=True, forbid_unknown_fields=True, tag="classes"):
    """The classes of a task are others from here on. `heirs` has the id of each merged class, and of what it is now."""

    task: TaskInfo
    heirs: dict[str, str]


class _TaskRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """What asks to change the classes of a task."""

    request: RequestText
    task: str


class _OfClass(_TaskRequest, frozen=True, forbid_unknown_fields=True):
    """What asks to change one of them."""

    class_id: str = field(name="class")


class AddClassRequest(_TaskRequest, frozen=True, forbid_unknown_fields=True, tag="add-class"):
    """Add a class."""

    name: str
    color: str
    key: str


class RenameClassRequest(_OfClass, frozen=True, forbid_unknown_fields=True, tag="rename-class"):
    """Call a class something else; its labels stay with it."""

    name: str


class RecolourClassRequest(_OfClass, frozen=True, forbid_unknown_fields=True, tag="recolour-class"):
    """Give a class another colour."""

    color: str


class RekeyClassRequest(_OfClass, frozen=True, forbid_unknown_fields=True, tag="rekey-class"):
    """Give a class another key."""

    key: str


class MergeClassRequest(_OfClass, frozen=True, forbid_unknown_fields=True, tag="merge-class"):
    """Let all labels of a class, those to come from old files included, count as another one's."""

    into: str


class RetireClassRequest(_OfClass, frozen=True, forbid_unknown_fields=True, tag="retire-class"):
    """Take a class out of use: its labels stay in the log, but do not train."""


class BringBackClassRequest(_OfClass, frozen=True, forbid_unknown_fields=True, tag="bring-back-class"):
    """Take a retired class into use again, with its labels."""


ClassRequest = (
    AddClassRequest
    | RenameClassRequest
    | RecolourClassRequest
    | RekeyClassRequest
    | MergeClassRequest
    | RetireClassRequest
    | BringBackClassRequest
)
