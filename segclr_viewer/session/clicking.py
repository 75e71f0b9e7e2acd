"""Clicking: a place of the volume is embedded by the worker, classified, laid out, remembered and shown."""

import time
from collections.abc import Callable
from dataclasses import replace

from segclr.em.geometry import XYZ
from segclr.errors import NoSegment, NotYetThere, SegclrError
from segclr_viewer.labels.places import KnownPlace
from segclr_viewer.pictures import png_url
from segclr_viewer.ports import Embedded
from segclr_viewer.session.app_state import AppState
from segclr_viewer.wire.answers import KnownPlaces, Place, PlaceSummary, Planes, Stages, ToPage, Working
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
        self._refuse_what_is_coming(segment_id)
        self._state.ports.page.send(Working(request, f"embedding the place at {position_text(position_nm)}"))
        started = time.perf_counter()

        def done(embedded: Embedded) -> None:
            self._state.answering(request, lambda: then(self._remember(request, embedded, started)))

        def failed(error: SegclrError) -> None:
            self._state.fail(request, _background(position_nm) if isinstance(error, NoSegment) else error)

        self._state.shared.worker.embed(position_nm, segment_id, done, failed)

    def _refuse_what_is_coming(self, segment_id: int | None) -> None:
        """Have a segment of a release fetched that is clicked before it is there.

        Raises:
            NotYetThere: it is on its way.
        """
        fetching = self._state.workspace.fetching
        if fetching is not None and segment_id is not None:
            fetching.want([segment_id])
            if fetching.is_coming(segment_id):
                raise NotYetThere(f"segment {segment_id} is being fetched: try again when it is there")

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
            labelled=self._state.active.class_given(place.segment_id, place.position_nm, self._state.world.annotator),
        )

    def show_newest(self, send: Callable[[ToPage], None]) -> None:
        """Send the newest place that the annotator clicked, if there is one."""
        newest = self._state.places.get(self._state.newest_place)
        if newest is not None:
            send(self.message(newest))

    def _remember(self, request: str, embedded: Embedded, started: float) -> KnownPlace:
        planes = Planes(*(png_url(plane) for plane in embedded.planes))
        laying_out = time.perf_counter()
        place = self._state.places.made(request, embedded.segment_id, embedded.position_nm, embedded.embedding, planes)
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
        self._state.newest_place = place.place_id
        self._state.ports.page.send(self.message(place))
        return place


def _background(position_nm: XYZ) -> NoSegment:
    return NoSegment(f"there is no cell at {position_text(position_nm)}, only background: click on a cell")
