"""What a label is given to: a row of the table, or a place that no row stands for."""

from dataclasses import dataclass

import numpy as np

from segclr.em.geometry import XYZ
from segclr.errors import SegclrError
from segclr_viewer.labels.places import KnownPlace
from segclr_viewer.log.events import LabelEvent, SavedPlace
from segclr_viewer.session.app_state import AppState
from segclr_viewer.wire.labelling import Target


@dataclass(frozen=True, slots=True)
class Spot:
    """What a label is given to.

    Attributes:
        segmentation: the version that it belongs to, empty for the one that is open.
        saved: goes into the log with the label where no row of the table stands for it.
    """

    segment_id: int
    position_nm: XYZ
    segmentation: str = ""
    saved: SavedPlace | None = None


def spot_of_target(state: AppState, target: Target) -> Spot:
    """Where the page wants a label; SegclrError where that is not known any more."""
    if target.row is not None:
        return spot_of_row(state, target.row)
    if target.position_nm is not None:
        row = state.sites.row(int(target.segment_id or 0), target.position_nm)
        return Spot(int(target.segment_id or 0), target.position_nm) if row is None else spot_of_row(state, row)
    place = state.places.get(target.place or 0)
    if place is None:
        raise SegclrError("that place is no longer remembered: click it again, then label it")
    return spot_of_place(state, place)


def spot_of_row(state: AppState, row: int) -> Spot:
    """A row of the table; SegclrError where there is none."""
    table = state.world.table
    if row >= len(table):
        raise SegclrError(f"the table has no row {row}: reload the page")
    return Spot(int(table.segment_of_rows(np.array([row]))[0]), state.position_of(row))


def spot_of_place(state: AppState, place: KnownPlace) -> Spot:
    """A remembered place, or the row that stands for it."""
    row = state.sites.row(place.segment_id, place.position_nm)
    if row is not None:
        return spot_of_row(state, row)
    world = state.world
    encoder_hash = world.table.provenance.encoder_hash
    saved = SavedPlace(place.position_nm, world.segmentation, place.segment_id, encoder_hash, place.embedding)
    return Spot(place.segment_id, place.position_nm, saved=saved)


def spot_of_event(event: LabelEvent) -> Spot:
    """Where an event was said, in the version of the segmentation in which it was."""
    return Spot(event.segment_id, event.place_nm, event.segmentation)
