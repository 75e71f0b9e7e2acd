"""The labels of a task by what they are for, kept in step with the log event by event.

A label changes what holds of one row, one cell or one place. So only that is found anew: with thousands of labels, and
many annotators who each give one every half second, all of it would keep the session's thread busy.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from segclr.em.geometry import XYZ
from segclr_viewer.labels.label_sites import LabelSites
from segclr_viewer.log.attach import Site, SiteConflict, settle
from segclr_viewer.log.classes import Classes
from segclr_viewer.log.consensus import ADJUDICATION
from segclr_viewer.log.events import PLACED, STATEMENTS, Anchor, LabelEvent
from segclr_viewer.log.fold import TaskHistory

_Any = TypeVar("_Any")
PlaceKey = Site | Anchor  # what a statement is for, or where it was said if that is not there any more


@dataclass(frozen=True, slots=True)
class Labelled:
    """The current labels, by what they are for.

    Attributes:
        rows, places: class of each labelled row, and of each labelled place that no row stands for; in a segment task
            one row or place per labelled segment.
        segments: class of each labelled segment, of a segment task.
        retired: how many are of classes that are out of use.
        unused: how many this project cannot use.
        lost: how many lie where the segmentation has nothing any more.
        contradicted: how many rows have labels of two classes, of which the later counts.
        conflicts: labels that the change of the segmentation brought together; none of them counts.
        out_of_use: how many have a class that cannot be given, by its name: a retired one, or none of the task's.
    """

    rows: dict[int, int]
    places: dict[XYZ, int]
    segments: dict[int, int]
    retired: int
    unused: int
    lost: int
    contradicted: int
    conflicts: list[SiteConflict]
    out_of_use: Counter[str]


@dataclass(frozen=True, slots=True)
class _Entry:
    """What holds of one row, cell or place; fields as those of `Labelled`, and the label that counts."""

    row: int | None = None
    place: XYZ | None = None
    segment: int = 0
    given: int = 0
    retired: int = 0
    unused: int = 0
    lost: int = 0
    contradicted: int = 0
    conflict: SiteConflict | None = None
    label: LabelEvent | None = None
    out_of_use: tuple[str, ...] = ()


class LabelBook:
    """Follows a history; `apply` is called with each of its events after it has taken them in."""

    def __init__(self, history: TaskHistory, sites: LabelSites) -> None:
        self._history = history
        self._sites = sites
        self._classes: Classes = history.classes
        self._sited: dict[int, tuple[Site | None, int | None]] = {}  # site and row of a statement, by its number
        self._keys_at: dict[Anchor, dict[PlaceKey, None]] = {}
        self._anchors_of: dict[PlaceKey, dict[Anchor, None]] = {}
        self._on_segment: dict[int, dict[Anchor, None]] = {}
        self._anchors_in: dict[tuple[str, str], dict[Anchor, None]] = {}  # by annotator and action
        self._own: dict[str, dict[Anchor, LabelEvent]] = {}
        self._own_sites: dict[str, frozenset[Site]] = {}
        self._entries: dict[PlaceKey, _Entry] = {}
        self._changed: dict[PlaceKey, None] = {}
        self._labelled = Labelled({}, {}, {}, 0, 0, 0, 0, [], Counter())

    def apply(self, event: LabelEvent) -> None:
        """Note what the event changes."""
        if event.kind in STATEMENTS:
            self._list(event)
            touched = {event.anchor(self._history.unit): None}
        else:
            touched = self._anchors_in.get((event.annotator, event.target or ""), {})
        for anchor in touched:
            self._changed.update(self._keys_at[anchor])
            self._follow_own(event.annotator, anchor)

    def touched_by(self, event: LabelEvent) -> list[PlaceKey]:
        """The places of a statement, or of the statements that an undo or redo turns."""
        if event.kind in STATEMENTS:
            return [self.key_of(event)]
        anchors = self._anchors_in.get((event.annotator, event.target or ""), {})
        return [key for anchor in anchors for key in self._keys_at[anchor]]

    def statements_of(self, key: PlaceKey) -> list[LabelEvent]:
        """What anybody holds of a place, oldest first."""
        held = (event for anchor in self._anchors_of.get(key, ()) for event in self._history.statements_at(anchor))
        return sorted((event for event in held if self.key_of(event) == key), key=lambda event: event.seq)

    def label_of(self, key: PlaceKey) -> LabelEvent | None:
        """The label of a place that counts."""
        self.labelled()
        return self._entries[key].label if key in self._entries else None

    def is_conflict(self, key: PlaceKey) -> bool:
        """Whether the change of the segmentation brought labels of several classes together there."""
        self.labelled()
        return key in self._entries and self._entries[key].conflict is not None

    def labelled(self) -> Labelled:
        """The labels that all annotators together give."""
        if self._history.classes is not self._classes:
            self._classes = self._history.classes
            self._changed = dict.fromkeys(self._anchors_of)
        if self._changed:
            current, classes = self._history.current(), self._class_numbers()
            entries = {}
            for key in self._changed:
                there = [current[anchor] for anchor in self._anchors_of[key] if anchor in current]
                entries[key] = self._entry([event for event in there if self.key_of(event) == key], classes)
            self._changed = {}
            self._replace(entries)
        return self._labelled

    def labelled_by(self, events: Iterable[LabelEvent]) -> Labelled:
        """The labels if these were the ones that hold."""
        by_key: dict[PlaceKey, list[LabelEvent]] = {}
        for event in events:
            by_key.setdefault(self.key_of(event), []).append(event)
        classes = self._class_numbers()
        return _gathered([self._entry(there, classes) for there in by_key.values()], self._history.unit == "segment")

    def own(self, annotator: str) -> list[LabelEvent]:
        """What an annotator holds, judgements left out."""
        return list(self._own.get(annotator, {}).values())

    def own_sites(self, annotator: str) -> frozenset[Site]:
        """What that is for."""
        if annotator not in self._own_sites:
            sites = (self.site_of(event) for event in self._own.get(annotator, {}).values())
            self._own_sites[annotator] = frozenset(site for site in sites if site is not None)
        return self._own_sites[annotator]

    def statements_on(self, segment_id: int) -> list[LabelEvent]:
        """What anybody holds of places on a segment."""
        return [
            event for anchor in self._on_segment.get(segment_id, ()) for event in self._history.statements_at(anchor)
        ]

    def site_of(self, event: LabelEvent) -> Site | None:
        """What a statement is for in the volume as it is now; None where that is not known, or not there any more."""
        return self._place_of(event)[0]

    def row_of(self, event: LabelEvent) -> int | None:
        """The row that a statement or comment is for, None where no row is, and for events without a place."""
        return self._place_of(event)[1] if event.kind in PLACED and event.position_nm is not None else None

    def _place_of(self, event: LabelEvent) -> tuple[Site | None, int | None]:
        known = self._sited.get(event.seq)
        if known is None:
            segment = self._sites.segment_of(event)
            row = self._sites.row(segment, event.place_nm) if segment else None
            place: Site = event.place_nm if row is None else row
            known = (None if not segment else segment if self._history.unit == "segment" else place, row)
            self._sited[event.seq] = known
        return known

    def key_of(self, event: LabelEvent) -> PlaceKey:
        """What names the place of a statement or comment among all."""
        site = self.site_of(event)
        return event.anchor(self._history.unit) if site is None else site

    def _list(self, event: LabelEvent) -> None:
        anchor, key = event.anchor(self._history.unit), self.key_of(event)
        self._keys_at.setdefault(anchor, {})[key] = None
        self._anchors_of.setdefault(key, {})[anchor] = None
        self._anchors_in.setdefault((event.annotator, event.group), {})[anchor] = None
        if segment := self._sites.segment_of(event):
            self._on_segment.setdefault(segment, {})[anchor] = None

    def _follow_own(self, annotator: str, anchor: Anchor) -> None:
        own = self._own.setdefault(annotator, {})
        own.pop(anchor, None)
        for event in self._history.statements_at(anchor):
            if event.annotator == annotator and event.provenance != ADJUDICATION:
                own[anchor] = event
        self._own_sites.pop(annotator, None)

    def _class_numbers(self) -> dict[str, int]:
        return {spec.name: index for index, spec in enumerate(self._classes.specs)}

    def _entry(self, events: list[LabelEvent], classes: dict[str, int]) -> _Entry:
        """What labels of one site come to."""
        name_now, sites = self._history.name_now, self._sites
        site = self.site_of(events[0]) if events else None
        usable = [event for event in events if site is not None and name_now(event) in classes]
        lost = sum(sites.segment_of(event) == 0 for event in events if event not in usable) if site is None else 0
        out_of_use = tuple(name for name in map(name_now, events) if name not in classes)
        known = {spec.name for spec in self._classes.retired} if out_of_use else ()
        retired = 0 if site is None else sum(name in known for name in out_of_use)
        unused = len(events) - len(usable) - lost - retired
        if site is None or not usable:
            return _Entry(retired=retired, unused=unused, lost=lost, out_of_use=out_of_use)
        settled = settle([(site, event) for event in usable], name_now, sites.segmentation)
        if site not in settled.labels:
            answered = self._is_marked_since(site)
            conflict = None if answered else settled.conflicts[0]
            return _Entry(retired=retired, unused=unused, conflict=conflict, out_of_use=out_of_use)
        event = settled.labels[site]
        row = self.row_of(event)
        has_place = event.segmentation == sites.segmentation and sites.saved(event.place_nm) is not None
        return _Entry(
            row=row,
            place=event.place_nm if row is None and has_place else None,
            segment=sites.segment_of(event) or 0,
            given=classes[name_now(event)],
            retired=retired,
            unused=unused + (row is None and not has_place),
            label=event,
            contradicted=settled.contradicted,
            out_of_use=out_of_use,
        )

    def _is_marked_since(self, site: Site) -> bool:
        """Whether somebody, in this version of the segmentation, said of a place something else than a class."""
        said = self.statements_of(site)
        return any(event.kind != "label" and event.segmentation == self._sites.segmentation for event in said)

    def _replace(self, entries: dict[PlaceKey, _Entry]) -> None:
        """Take entries in, in the stead of those they had. What was handed out before is not changed."""
        if 4 * len(entries) > len(self._entries):
            self._entries |= entries
            self._labelled = _gathered(self._entries.values(), self._history.unit == "segment")
            return
        before = _gathered((self._entries[key] for key in entries if key in self._entries), True)
        after, old = _gathered(entries.values(), self._history.unit == "segment"), self._labelled
        self._entries |= entries
        gone = {id(conflict) for conflict in before.conflicts}
        self._labelled = Labelled(
            rows=_exchanged(old.rows, before.rows, after.rows),
            places=_exchanged(old.places, before.places, after.places),
            segments=_exchanged(old.segments, before.segments, after.segments),
            retired=old.retired - before.retired + after.retired,
            unused=old.unused - before.unused + after.unused,
            lost=old.lost - before.lost + after.lost,
            contradicted=old.contradicted - before.contradicted + after.contradicted,
            conflicts=[conflict for conflict in old.conflicts if id(conflict) not in gone] + after.conflicts,
            out_of_use=old.out_of_use - before.out_of_use + after.out_of_use,
        )


def _gathered(entries: Iterable[_Entry], with_segments: bool) -> Labelled:
    rows: dict[int, int] = {}
    places: dict[XYZ, int] = {}
    segments: dict[int, int] = {}
    conflicts: list[SiteConflict] = []
    out_of_use: Counter[str] = Counter()
    retired = unused = lost = contradicted = 0
    for entry in entries:
        if entry.row is not None:
            rows[entry.row] = entry.given
        if entry.place is not None:
            places[entry.place] = entry.given
        if entry.segment and with_segments:
            segments[entry.segment] = entry.given
        if entry.conflict is not None:
            conflicts.append(entry.conflict)
        out_of_use.update(entry.out_of_use)
        retired += entry.retired
        unused, lost, contradicted = unused + entry.unused, lost + entry.lost, contradicted + entry.contradicted
    return Labelled(rows, places, segments, retired, unused, lost, contradicted, conflicts, out_of_use)


def _exchanged(old: dict[_Any, int], before: dict[_Any, int], after: dict[_Any, int]) -> dict[_Any, int]:
    return {key: given for key, given in old.items() if key not in before} | after
