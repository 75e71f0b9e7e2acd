"""What the label log is made of. An event says what somebody did; nothing is ever changed or taken out.

One action of an annotator is a group of events. Undo and redo are events too, each naming the group it takes back or
brings back, so that the log alone tells what holds now and how far one can still undo.
"""

import math
import re
from dataclasses import dataclass, fields
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from segclr.em.geometry import XYZ

Kind = Literal[
    "label",
    "unlabel",
    "unsure",
    "bad_segmentation",
    "skip",
    "undo",
    "redo",
    "class_added",
    "class_renamed",
    "class_merged",
    "class_retired",
    "class_recoloured",
    "class_rekeyed",
    "comment",
    "review",
    "import",
]
Unit = Literal["node", "segment"]
Verdict = Literal["agree", "disagree"]
# What a label is for: a position (node task) or a segment (segment task) of one version of the segmentation.
Anchor = tuple[str, XYZ] | tuple[str, int]

STATEMENTS = frozenset({"label", "unlabel", "unsure", "bad_segmentation"})  # what somebody says of a place
CLASS_CHANGES = frozenset(
    {"class_added", "class_renamed", "class_merged", "class_retired", "class_recoloured", "class_rekeyed"}
)
PLACED = STATEMENTS | {
    "skip",
    "comment",
}  # belongs to a place, and is found again there

_PLACE = {"position_nm", "segmentation"}
# kind -> the fields that it needs, and those that it may have besides; `supervoxel_id` goes with every place
_FIELDS: dict[str, tuple[set[str], set[str]]] = {
    "label": (_PLACE | {"class_name"}, set()),
    "unlabel": (_PLACE, set()),
    "unsure": (_PLACE, set()),
    "bad_segmentation": (_PLACE, set()),
    "skip": (_PLACE, set()),
    "undo": ({"target"}, _PLACE),
    "redo": ({"target"}, _PLACE),
    "class_added": ({"class_name", "color", "key"}, set()),
    "class_renamed": ({"class_name", "new_name"}, set()),
    "class_merged": ({"class_name", "new_name"}, set()),
    "class_retired": ({"class_name"}, set()),
    "class_recoloured": ({"class_name", "color"}, set()),
    "class_rekeyed": ({"class_name", "key"}, set()),
    "comment": ({"text"}, _PLACE | {"about"}),
    "review": ({"about", "verdict"}, _PLACE),
    "import": ({"count", "file_name", "file_format"}, set()),
}
_OPTIONAL = (
    "class_name",
    "position_nm",
    "segmentation",
    "supervoxel_id",
    "target",
    "new_name",
    "color",
    "key",
    "text",
    "verdict",
    "about",
    "count",
    "file_name",
    "file_format",
)
_LARGEST_ID = 2**64 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """An event that the log has not numbered yet. Fields that its kind has no use for are left at their default.

    Attributes:
        uuid: made by whoever asked; appending it twice stores it once.
        group: the annotator's action; undone and redone as a whole.
        at: time, ISO 8601, UTC.
        class_name: of a label the class given, of a change of the classes the class changed.
        position_nm: where it was said; with `segmentation` it is the anchor that outlives segment ids.
        segment_id: the segment there, 0 where none is known.
        supervoxel_id: the supervoxel there, where the segmentation has them.
        provenance: how it came about: key, lasso, neighbour, queue, audit, import, adjudication, ...
        target: the group that an undo or redo is about.
        new_name: what a class is called from now on, or the class that it is merged into.
        color, key: of a class, as in the project file.
        text: a comment's.
        verdict, about: a review's, and the uuid of the event reviewed; a comment may be about an event, too.
        count, file_name, file_format: how many labels an import brought, and from where.

    Raises:
        ValueError: a field is missing, is none of this kind's, or holds what it cannot.
    """

    uuid: str
    group: str
    at: str
    annotator: str
    kind: Kind
    task: str
    provenance: str
    class_name: str | None = None
    position_nm: XYZ | None = None
    segmentation: str = ""
    segment_id: int = 0
    supervoxel_id: int | None = None
    target: str | None = None
    new_name: str | None = None
    color: str | None = None
    key: str | None = None
    text: str | None = None
    verdict: Verdict | None = None
    about: str | None = None
    count: int | None = None
    file_name: str | None = None
    file_format: str | None = None

    def __post_init__(self) -> None:
        if self.kind not in _FIELDS:
            raise ValueError(f"there is no kind of event {self.kind!r}")
        needed, allowed = _FIELDS[self.kind]
        given = {name for name in _OPTIONAL if getattr(self, name) not in (None, "")}
        if not needed <= given:
            raise ValueError(f"an event {self.kind!r} needs {', '.join(sorted(needed - given))}")
        surplus = given - needed - allowed - ({"supervoxel_id"} if self.position_nm is not None else set())
        if surplus:
            raise ValueError(f"an event {self.kind!r} has no {', '.join(sorted(surplus))}")
        if not (self.uuid and self.group and self.task):
            raise ValueError("an event needs uuid, group and task")
        self._check_values()

    def _check_values(self) -> None:
        if self.position_nm is not None and not all(map(math.isfinite, self.position_nm)):
            raise ValueError(f"the position {self.position_nm} is no place")
        if not (0 <= self.segment_id <= _LARGEST_ID and 0 <= (self.supervoxel_id or 0) <= _LARGEST_ID):
            raise ValueError(f"{self.segment_id} or {self.supervoxel_id} is no segment id: those have 64 bits")
        if self.verdict is not None and self.verdict not in get_args(Verdict):
            raise ValueError(f"a review says agree or disagree, not {self.verdict!r}")
        if self.color is not None and not re.fullmatch("#[0-9a-fA-F]{6}", self.color):
            raise ValueError(f"{self.color!r} is no colour: write it like '#3b82f6'")
        if self.key is not None and not re.fullmatch("[0-9a-z]", self.key):
            raise ValueError(f"{self.key!r} cannot be a key: take one digit or one small letter")
        if self.class_name is not None and not self.class_name.strip():
            raise ValueError("the name of a class is empty")
        if self.new_name is not None and not self.new_name.strip():
            raise ValueError("the new name of a class is empty")
        if self.kind == "class_merged" and self.class_name == self.new_name:
            raise ValueError(f"the class {self.class_name!r} cannot be merged into itself")
        if self.count is not None and self.count < 0:
            raise ValueError(f"an import cannot bring {self.count} labels")

    @property
    def place_nm(self) -> XYZ:
        """The position of an event that has one, as all statements do.

        Raises:
            ValueError: it has none.
        """
        if self.position_nm is None:
            raise ValueError(f"the event {self.uuid}, {self.kind!r}, has no place")
        return self.position_nm


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelEvent(NewEvent):
    """An event in the log; `seq` counts from 1."""

    seq: int

    def anchor(self, unit: Unit) -> Anchor:
        """What a statement is about in a task of that unit; ValueError for an event without a place.

        Where the segment is not known, a statement about a segment is about its position.
        """
        if unit == "segment" and self.segment_id:
            return (self.segmentation, self.segment_id)
        return (self.segmentation, self.place_nm)


def numbered(event: NewEvent, seq: int) -> LabelEvent:
    """The event with its number in a log."""
    return LabelEvent(**{name: getattr(event, name) for name in EVENT_FIELDS}, seq=seq)


EVENT_FIELDS = tuple(field.name for field in fields(NewEvent))


@dataclass(frozen=True, slots=True)
class SavedPlace:
    """The embedding of a labelled place that no table row stands for, kept so that it can be trained on again."""

    position_nm: XYZ
    segmentation: str
    segment_id: int
    encoder_hash: str
    embedding: NDArray[np.float32]
