"""All places of a task about which somebody said something, newest first, to be asked for some at a time.

A page shows some dozens of them. So each place is noted under what one may filter by, in lists that are sorted by the
number of its newest statement; they are kept in step event by event, and one part of a list is found by bisection.
"""

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from segclr_viewer.labels.double_places import DoublePlaces
from segclr_viewer.labels.label_book import LabelBook, PlaceKey
from segclr_viewer.labels.label_sites import LabelSites
from segclr_viewer.log.events import STATEMENTS, LabelEvent
from segclr_viewer.log.fold import TaskHistory

Reattached = Literal["kept", "moved", "conflict", "lost"]
State = Literal["unsure", "bad_segmentation", "commented", "disputed", "imported"] | Reattached
# What a place can be filtered by: a state, the name of a class, who said something there, or that all are asked blind.
Facet = tuple[Literal["state", "class", "by", "double"], str]

REATTACHED: tuple[Reattached, ...] = ("kept", "moved", "conflict", "lost")
_DOUBLE: Facet = ("double", "")
_ANEW = 8  # when more than this part of all places has changed, all lists are sorted anew


@dataclass(frozen=True, slots=True, eq=False)
class ListedPlace:
    """A place and all that stands about it.

    Attributes:
        seq: number of the newest statement there, or of the newest comment where there is none.
        statements, comments: those that stand, oldest first.
        label: the one that counts; None where there is none, or where labels differ.
        row: the row of the table that it is, in a segment task the row nearest to where it was labelled.
        segment: that is there now, 0 for none.
        reattached: of labels of another version of the segmentation, what became of them.
    """

    seq: int
    statements: tuple[LabelEvent, ...]
    comments: tuple[LabelEvent, ...]
    label: LabelEvent | None
    row: int | None
    segment: int
    reattached: Reattached | None
    facets: frozenset[Facet]

    @property
    def newest(self) -> LabelEvent:
        """The newest statement, or comment where there is none."""
        return (self.statements or self.comments)[-1]

    def is_by(self, annotator: str) -> bool:
        """Whether the annotator said something there."""
        return ("by", annotator) in self.facets


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which places: those that have one facet of each group, and the text.

    Attributes:
        text: part of a comment, in any case, or the first digits of a segment id; empty for all.
    """

    groups: tuple[tuple[Facet, ...], ...] = ()
    text: str = ""

    def takes(self, place: ListedPlace) -> bool:
        """Whether the place is wanted, the text apart."""
        return all(any(facet in place.facets for facet in group) for group in self.groups)


@dataclass(frozen=True, slots=True)
class Part:
    """Some places of a list, newest first; `total` of the whole list, `below` the cursor for the next part."""

    places: list[ListedPlace]
    total: int
    below: int | None


class PlaceIndex:
    """Follows a history; `apply` is called with each of its events after history and book have taken them in."""

    def __init__(self, history: TaskHistory, book: LabelBook, sites: LabelSites, doubles: DoublePlaces) -> None:
        self._history = history
        self._book = book
        self._sites = sites
        self._doubles = doubles
        self._classes = history.classes
        self._event: dict[str, LabelEvent] = {}  # statements and comments, by uuid
        self._comments_at: dict[PlaceKey, list[LabelEvent]] = {}
        self._turned: dict[tuple[str, str], list[PlaceKey]] = {}  # by comments and reviews, by annotator and action
        self._changed: dict[PlaceKey, None] = {}
        self._places: dict[PlaceKey, ListedPlace] = {}
        self._by_seq: dict[int, ListedPlace] = {}
        self._lists: dict[Facet, list[int]] = {}
        self._all: list[int] = []
        self._on_segment: dict[int, set[int]] = {}
        self._known_facets: dict[frozenset[Facet], frozenset[Facet]] = {}

    def apply(self, event: LabelEvent) -> None:
        """Note what the event changes."""
        if event.kind in STATEMENTS:
            self._event[event.uuid] = event
        elif event.kind in ("comment", "review"):
            self._take_note(event)
        keys = self._book.touched_by(event) + self._turned.get((event.annotator, event.target or event.group), [])
        self._changed.update(dict.fromkeys(keys))

    def place_of(self, uuid: str) -> ListedPlace | None:
        """The place of the statement or comment of that uuid; None when nothing stands there any more."""
        self._refresh()
        event = self._event.get(uuid)
        return None if event is None else self._places.get(self._book.key_of(event))

    def place_at(self, key: PlaceKey) -> ListedPlace | None:
        """What stands about a row or place, in a segment task about a segment."""
        self._refresh()
        return self._places.get(key)

    def part(self, wanted: Wanted, annotator: str, below: int | None, count: int) -> Part:
        """Some of the wanted places, newest first; those of which the annotator is not to know yet are left out.

        Args:
            below: only places with a smaller number.
        """
        self._refresh()
        hidden = self.hidden(annotator)
        seqs = self._wanted(wanted)
        at = len(seqs) if below is None else bisect_left(seqs, below)
        found: list[ListedPlace] = []
        while at > 0 and len(found) < count:
            at -= 1
            if seqs[at] not in hidden:
                found.append(self._by_seq[seqs[at]])
        total = len(seqs) - sum(1 for seq in hidden if _holds(seqs, seq))
        return Part(found, total, found[-1].seq if at > 0 and found else None)

    def counts(self, annotator: str) -> Counter[Facet]:
        """How many places the annotator may know of each facet; ("by", "") counts all of them."""
        self._refresh()
        counts = Counter({facet: len(seqs) for facet, seqs in self._lists.items()})
        counts["by", ""] = len(self._all)
        for seq in self.hidden(annotator):
            counts.subtract(self._by_seq[seq].facets)
            counts["by", ""] -= 1
        return counts

    def hidden(self, annotator: str) -> set[int]:
        """The numbers of the double places of which the annotator, who has not answered yet, is not to know."""
        self._refresh()
        doubles = (self._by_seq[seq] for seq in self._lists.get(_DOUBLE, ()))
        return {place.seq for place in doubles if self.is_hidden(place, annotator)}

    def is_hidden(self, place: ListedPlace, annotator: str) -> bool:
        """Whether the annotator is not to know what others said of the place."""
        if _DOUBLE not in place.facets:
            return False
        return not any(event.annotator == annotator for event in place.statements)

    def _take_note(self, event: LabelEvent) -> None:
        if event.kind == "comment":
            self._event[event.uuid] = event
        about = event if event.position_nm is not None else self._event.get(event.about or "")
        if event.kind == "review":
            about = self._event.get(event.about or "")
        if about is None or about.position_nm is None:
            return  # of the task as a whole, or of what is not in this log
        key = self._book.key_of(about)
        if event.kind == "comment":
            self._comments_at.setdefault(key, []).append(event)
        self._turned.setdefault((event.annotator, event.group), []).append(key)

    def _refresh(self) -> None:
        if self._history.classes is not self._classes:
            self._classes = self._history.classes
            self._changed = dict.fromkeys(self._places) | self._changed
        if not self._changed:
            return
        places = {key: self._listed(key) for key in self._changed}
        self._changed = {}
        if _ANEW * len(places) > len(self._places):
            for key, place in places.items():
                self._put(key, place)
            self._sort_all()
            return
        for key, place in places.items():
            if (before := self._places.get(key)) is not None:
                self._strike(before)
            self._put(key, place)
            if place is not None:
                self._enter(place)

    def _put(self, key: PlaceKey, place: ListedPlace | None) -> None:
        if place is None:
            self._places.pop(key, None)
        else:
            self._places[key] = place

    def _sort_all(self) -> None:
        self._by_seq = {place.seq: place for place in self._places.values()}
        self._all = sorted(self._by_seq)
        self._lists, self._on_segment = {}, {}
        for seq in self._all:
            place = self._by_seq[seq]
            self._on_segment.setdefault(place.segment, set()).add(seq)
            for facet in place.facets:
                self._lists.setdefault(facet, []).append(seq)

    def _strike(self, place: ListedPlace) -> None:
        del self._by_seq[place.seq]
        self._on_segment[place.segment].discard(place.seq)
        for seqs in (self._all, *(self._lists[facet] for facet in place.facets)):
            del seqs[bisect_left(seqs, place.seq)]

    def _enter(self, place: ListedPlace) -> None:
        self._by_seq[place.seq] = place
        self._on_segment.setdefault(place.segment, set()).add(place.seq)
        for seqs in (self._all, *(self._lists.setdefault(facet, []) for facet in place.facets)):
            insort(seqs, place.seq)

    def _wanted(self, wanted: Wanted) -> list[int]:
        """The numbers of all wanted places, ascending."""
        if not wanted.groups and not wanted.text:
            return self._all
        if len(wanted.groups) == 1 and len(wanted.groups[0]) == 1 and not wanted.text:
            return self._lists.get(wanted.groups[0][0], [])
        if wanted.text:
            candidates = sorted(self._with_text(wanted.text))
        else:
            lists = [[self._lists.get(facet, []) for facet in group] for group in wanted.groups]
            fewest = min(lists, key=lambda group: sum(map(len, group)))
            candidates = sorted({seq for seqs in fewest for seq in seqs})
        return [seq for seq in candidates if wanted.takes(self._by_seq[seq])]

    def _with_text(self, text: str) -> set[int]:
        part = text.casefold()
        found = {
            seq
            for seq in self._lists.get(("state", "commented"), ())
            if any(part in (comment.text or "").casefold() for comment in self._by_seq[seq].comments)
        }
        if text.isdecimal():
            found.update(*(seqs for segment, seqs in self._on_segment.items() if str(segment).startswith(text)))
        return found

    def _listed(self, key: PlaceKey) -> ListedPlace | None:
        statements = tuple(self._book.statements_of(key))
        comments = tuple(event for event in self._comments_at.get(key, ()) if self._history.stands(event))
        if not statements and not comments:
            return None
        newest = (statements or comments)[-1]
        label, row = self._book.label_of(key), self._book.row_of(newest)
        reattached = self._reattached(key, statements)
        facets = frozenset(self._facets(statements, comments, label, reattached))
        if self._is_double(newest, row):
            facets |= {_DOUBLE}
        return ListedPlace(
            seq=newest.seq,
            statements=statements,
            comments=comments,
            label=label,
            row=row,
            segment=self._sites.segment_of(newest) or 0,
            reattached=reattached,
            facets=self._known_facets.setdefault(facets, facets),
        )

    def _facets(
        self,
        statements: tuple[LabelEvent, ...],
        comments: tuple[LabelEvent, ...],
        label: LabelEvent | None,
        reattached: Reattached | None,
    ) -> Iterator[Facet]:
        labels = [event for event in statements if event.kind == "label"] if label is None else [label]
        for event in labels:
            yield ("class", self._history.name_now(event))
        for event in (*statements, *comments):
            yield ("by", event.annotator)
        for event in statements:
            if event.kind in ("unsure", "bad_segmentation"):
                yield ("state", event.kind)
            if event.provenance == "import":
                yield ("state", "imported")
            if self._history.reviews(event.uuid).state == "disputed":
                yield ("state", "disputed")
        if comments:
            yield ("state", "commented")
        if reattached is not None:
            yield ("state", reattached)

    def _reattached(self, key: PlaceKey, statements: Iterable[LabelEvent]) -> Reattached | None:
        """What became of what was said in another version; None once somebody has spoken in this one."""
        if self._book.is_conflict(key):
            return "conflict"
        said = list(statements)
        if not said or any(event.segmentation == self._sites.segmentation for event in said):
            return None
        now = {event.seq: self._sites.segment_of(event) for event in said}
        if not any(now.values()):
            return "lost"
        moved = any(event.segment_id not in (0, now[event.seq]) for event in said)
        return "moved" if moved else "kept"

    def _is_double(self, event: LabelEvent, row: int | None) -> bool:
        if not self._doubles.share:
            return False
        if row is None and self._history.unit == "segment":
            rows = self._sites.table.rows_of(self._sites.segment_of(event) or 0)
            row = rows.start if rows.stop > rows.start else None
        return row is not None and self._doubles.has(row)


def _holds(seqs: list[int], seq: int) -> bool:
    at = bisect_left(seqs, seq)
    return at < len(seqs) and seqs[at] == seq
