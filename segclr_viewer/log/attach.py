"""Labels that outlive their segmentation: each is found again by its position in the version that is there now."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segclr.em.geometry import XYZ
from segclr_viewer.log.events import PLACED, LabelEvent

# positions (n, 3) float64, nm, x y z -> the segment at each, (n,) uint64, 0 where there is none
SegmentAt = Callable[[NDArray[np.float64]], NDArray[np.uint64]]
# What a label is for in the volume as it is now: a row of the table, a segment (both by number), or a place.
Site = int | XYZ


@dataclass(frozen=True, slots=True)
class Attached:
    """Where statements belong now.

    Attributes:
        segments: by uuid the segment at the event's position, 0 for one that was lost sight of.
        lost: the events at whose position is no segment any more, in order.
    """

    segments: dict[str, int]
    lost: tuple[LabelEvent, ...]


@dataclass(frozen=True, slots=True)
class SiteConflict:
    """Labels of different classes that the change of the segmentation brought together, oldest first."""

    site: Site
    labels: tuple[LabelEvent, ...]


@dataclass(frozen=True, slots=True)
class Settled:
    """The label of each site.

    Attributes:
        labels: the one that counts.
        conflicts: sites that have none because of labels of an older segmentation.
        contradicted: how many sites have labels of two classes in this segmentation, of which the later counts.
    """

    labels: dict[Site, LabelEvent]
    conflicts: list[SiteConflict]
    contradicted: int


def is_loose(event: LabelEvent, segmentation: str) -> bool:
    """Whether an event has to be attached by its position: it is of another version, or names no segment."""
    if event.kind not in PLACED or event.position_nm is None:
        return False
    return event.segmentation != segmentation or event.segment_id == 0


def attach(events: Iterable[LabelEvent], segmentation: str, segment_at: SegmentAt) -> Attached:
    """Find the segment of every statement and comment that is of another version than `segmentation`, or names none."""
    loose = [event for event in events if is_loose(event, segmentation)]
    if not loose:
        return Attached({}, ())
    found = segment_at(np.array([event.place_nm for event in loose], np.float64)).tolist()
    return Attached(
        {event.uuid: segment for event, segment in zip(loose, found, strict=True)},
        tuple(event for event, segment in zip(loose, found, strict=True) if not segment),
    )


def settle(
    labels: Iterable[tuple[Site, LabelEvent]], name_of: Callable[[LabelEvent], str], segmentation: str
) -> Settled:
    """Decide on one label per site.

    A label given in this version of the segmentation goes before those of older ones, since whoever gave it saw what
    is there now; the latest of them counts. Where there are only older ones and they differ, none counts.

    Args:
        labels: each with the site that it belongs to.
        name_of: what the class of a label is called now.
    """
    by_site: dict[Site, list[LabelEvent]] = {}
    for site, label in labels:
        by_site.setdefault(site, []).append(label)
    chosen: dict[Site, LabelEvent] = {}
    conflicts: list[SiteConflict] = []
    contradicted = 0
    for site, there in by_site.items():
        there.sort(key=lambda label: label.seq)
        fresh = [label for label in there if label.segmentation == segmentation]
        names = {name_of(label) for label in fresh or there}
        if len(names) == 1 or fresh:
            chosen[site] = (fresh or there)[-1]
            contradicted += len(names) > 1
        else:
            conflicts.append(SiteConflict(site, tuple(there)))
    return Settled(chosen, conflicts, contradicted)
