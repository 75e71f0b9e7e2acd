"""Labels as they leave this program and as they come in, and how their ids and classes are read."""

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from segclr.em.geometry import XYZ
from segclr_viewer.exchange.errors import ExchangeError

LARGEST_SEGMENT_ID = 2**64 - 1

_ROUNDED = re.compile(r"[+-]?[0-9]*[.,]?[0-9]*[eE][+-]?[0-9]+|[+-]?[0-9]+[.,][0-9]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentLabel:
    """A label that holds now; `segmentation` names the version that position and segment id belong to."""

    task: str
    class_name: str
    segment_id: int
    position_nm: XYZ
    segmentation: str
    annotator: str
    provenance: str
    at: str
    uuid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedLabel:
    """A label that a file gives.

    Attributes:
        position_nm: None where the file names a segment alone.
        segment_id: None where the file names a position alone.
        segmentation: the frame that the file names for this label, empty where it names none.
        where: the place in the file, in words: `labels.csv line 7`.
    """

    class_name: str
    position_nm: XYZ | None
    segment_id: int | None
    segmentation: str = ""
    where: str


@dataclass(frozen=True, slots=True)
class ImportedFile:
    """What a file held: its labels, how many it holds of other tasks, and what else the user should know of it.

    Attributes:
        one_per_node: its labels are sites on cells, many of which may lie at one node, which takes one label.
    """

    labels: tuple[ImportedLabel, ...]
    of_other_tasks: int = 0
    notes: tuple[str, ...] = ()
    one_per_node: bool = False


@dataclass(frozen=True, slots=True)
class ClassNames:
    """Which class of the task each name in a file stands for.

    Attributes:
        known: the names of the task's classes.
        renamed: names in the file and what they stand for; an empty text leaves those labels out.
    """

    task: str
    known: Sequence[str]
    renamed: Mapping[str, str] = field(default_factory=dict)

    def resolve(self, name: str, where: str) -> str | None:
        """The task's class for a name in the file, None where its labels are left out.

        Raises:
            ExchangeError: the task has no such class.
        """
        target = self.renamed.get(name, name)
        if name in self.renamed and not target:
            return None
        if target in self.known:
            return target
        by_small_letters = {known.casefold(): known for known in reversed(self.known)}
        close = difflib.get_close_matches(target.casefold(), by_small_letters, n=1, cutoff=0.0)
        nearest = f"; the nearest is {by_small_letters[close[0]]!r}" if close else ""
        raise ExchangeError(
            f"{where}: the task {self.task!r} has no class {target!r}{nearest}: correct it, or say what it stands for "
            f"(--class {target!r}=CLASS)"
        )


def parse_segment_id(text: str, where: str) -> int:
    """A segment id from its decimal digits; nothing that has been through a float is taken.

    Raises:
        ExchangeError: it is no id of 1 to 2^64 - 1 written out in digits.
    """
    if re.fullmatch("[0-9]{1,20}", text) and 0 < int(text) <= LARGEST_SEGMENT_ID:
        return int(text)
    if _ROUNDED.fullmatch(text):
        raise ExchangeError(
            f"{where}: the segment id {text} was written as a rounded number, so its last digits are lost: "
            "export the ids as text or as whole numbers"
        )
    if re.fullmatch("0+", text):
        raise ExchangeError(f"{where}: the segment id is 0, the background, which has no label: take the line out")
    if re.fullmatch("-?[0-9]+", text):
        raise ExchangeError(f"{where}: {text} is no segment id: ids go from 1 to {LARGEST_SEGMENT_ID}")
    raise ExchangeError(f"{where}: {text!r} is no segment id: write its digits alone, such as 864691135000000001")
