"""Clicking: a place of the volume is embedded by the worker, classified, laid out, remembered and shown."""

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from segclr.em.geometry import XYZ
from segclr.errors import NoSegment, SegclrError
from segclr.explore.layout import place as place_in_layout
from segclr_viewer.answers import XY, KnownPlaces, Place, PlaceSummary, Planes, Stages, ToPage, Working
from segclr_viewer.app_state import AppState
from segclr_viewer.log.events import SavedPlace
from segclr_viewer.pictures import png_url
from segclr_viewer.places import KnownPlace
from segclr_viewer.ports import Embedded
from segclr_viewer.wording import position_text


class Clicking:
    """Embeds places and tells about them."""

    def __init__(self, state: AppState) -> None:
        self._state = state

    def embed(self, request: str, position_nm: XYZ, segment_id: int | None, then: Callable[[KnownPlace], None]) -> None:
        """Embed a place and show it; `then` is called with it.

        Raises:
            NoSegment: the viewer knows that there is none.
        """
        if segment_id == 0:
            raise _background(position_nm)
        self._state.ports.page.send(Working(request, f"embedding the place at {position_text(position_nm)}"))
        started = time.perf_counter()

        def done(embedded: Embedded) -> None:
            self._state.answering(request, lambda: then(self._remember(request, embedded, started)))

        def failed(error: SegclrError) -> None:
            self._state.fail(request, _background(position_nm) if isinstance(error, NoSegment) else error)

        self._state.ports.worker.embed(position_nm, segment_id, done, failed)

    def restore(self, saved: SavedPlace) -> None:
        """Remember a place of the label log, without showing it."""
        self._state.places.add(self._known("", saved.segment_id, saved.position_nm, saved.embedding, None))

    def message(self, place: KnownPlace) -> Place:
        """All about a place, as the active task sees it now."""
        task = self._state.active
        (probabilities,) = task.classify([place])
        summary = self._summary(place, probabilities)
        return Place(
            request=place.request,
            place_id=place.place_id,
            position_nm=place.position_nm,
            segment_id=summary.segment_id,
            node_row=place.node_row,
            node_distance_nm=place.node_distance_nm,
            task=task.task.name,
            class_index=summary.class_index,
            probabilities=None if probabilities is None else list(probabilities),
            xy=place.xy,
            stages_ms=place.stages_ms,
            planes=place.planes,
            labelled=summary.labelled,
        )

    def known(self) -> KnownPlaces:
        """All remembered places, as the active task sees them now."""
        task, places = self._state.active, list(self._state.places)
        return KnownPlaces(task.task.name, list(map(self._summary, places, task.classify(places))))

    def _summary(self, place: KnownPlace, probabilities: tuple[float, ...] | None) -> PlaceSummary:
        return PlaceSummary(
            place_id=place.place_id,
            position_nm=place.position_nm,
            segment_id=str(place.segment_id),
            node_row=place.node_row,
            xy=place.xy,
            class_index=None if probabilities is None else probabilities.index(max(probabilities)),
            labelled=self._state.active.class_given(place.segment_id, place.position_nm),
        )

    def show_newest(self, send: Callable[[ToPage], None]) -> None:
        """Send the newest place that was clicked, if there is one."""
        newest = self._state.places.newest()
        if newest is not None and newest.planes is not None:
            send(self.message(newest))

    def lay_out_anew(self) -> None:
        """Move the remembered places to where they lie in the newest layout."""
        for place in self._state.places:
            self._state.places.replace(replace(place, xy=self._xy(place.embedding)))

    def _xy(self, embedding: NDArray[np.float32]) -> XY:
        return place_in_layout(embedding, self._state.world.table.embeddings, self._state.layout.xy)

    def _remember(self, request: str, embedded: Embedded, started: float) -> KnownPlace:
        planes = Planes(*(png_url(plane) for plane in embedded.planes))
        laying_out = time.perf_counter()
        place = self._known(request, embedded.segment_id, embedded.position_nm, embedded.embedding, planes)
        predicting = time.perf_counter()
        self._state.active.classify([place])
        finished = time.perf_counter()
        stages_ms = Stages(
            cut=embedded.stages_ms["cut"],
            embed=embedded.stages_ms["embed"],
            predict=1e3 * (finished - predicting),
            place=1e3 * (predicting - laying_out),
            total=1e3 * (finished - started),
        )
        place = replace(place, stages_ms=stages_ms)
        self._state.places.add(place)
        self._state.ports.page.send(self.message(place))
        return place

    def _known(
        self,
        request: str,
        segment_id: int,
        position_nm: XYZ,
        embedding: NDArray[np.float32],
        planes: Planes | None,
    ) -> KnownPlace:
        table = self._state.world.table
        nearest = table.nearest_row(segment_id, position_nm)
        return KnownPlace(
            place_id=self._state.places.next_id(),
            request=request,
            position_nm=position_nm,
            segment_id=segment_id,
            embedding=embedding,
            node_row=None if nearest is None else nearest[0],
            node_distance_nm=None if nearest is None else nearest[1],
            xy=self._xy(embedding),
            stages_ms=Stages(cut=0, embed=0, predict=0, place=0, total=0),
            planes=planes,
        )


def _background(position_nm: XYZ) -> NoSegment:
    return NoSegment(f"there is no cell at {position_text(position_nm)}, only background: click on a cell")
