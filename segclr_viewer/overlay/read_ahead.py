"""Reading ahead: what the viewer will ask for at the next place is made before it asks."""

import asyncio
import logging
from collections.abc import Iterator, Sequence

import numpy as np

from segclr.em.geometry import XYZ, Box, Mip
from segclr.em.volume import Volume
from segclr.errors import SegclrError
from segclr_viewer.overlay.overlay import Overlay
from segclr_viewer.overlay.precomputed import CHUNK
from segclr_viewer.overlay.surfaces import Surfaces

log = logging.getLogger(__name__)

_HALF_FIELD_NM = 3500.0  # half of what a panel shows at first
_NM_PER_PIXEL = 24.0  # at first; finer voxels than that are not fetched by the viewer


class ReadAhead:
    """Orders meshes and warms the caches of chunks. Called on the loop's thread; reading is done on its threads."""

    def __init__(self, em: Volume | None, overlay: Overlay, surfaces: Surfaces) -> None:
        self._em = em
        self._overlay = overlay
        self._surfaces = surfaces
        self._task: asyncio.Task[None] | None = None

    def expect(self, places: Sequence[tuple[int, XYZ]]) -> None:
        """Segment and position of the places to come, the next one first; replaces what was expected before.

        All segments are meshed; the chunks round the first place are read.
        """
        if self._task is not None:
            self._task.cancel()
        self._task = asyncio.get_running_loop().create_task(self._read(tuple(places)))

    async def _read(self, places: tuple[tuple[int, XYZ], ...]) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                for segment_id, _ in places:
                    group.create_task(self._surfaces.make_ahead(segment_id))
                for _, position_nm in places[:1]:
                    await self._warm(position_nm)
        except* SegclrError as errors:  # the viewer will ask too, and the user be told then
            log.info("nothing was read ahead: %s", errors.exceptions[0])

    async def _warm(self, position_nm: XYZ) -> None:
        segmentation = self._overlay.segmentation
        mip = _mip_shown(segmentation.mips)
        for box in chunks_round(segmentation.mips[mip], position_nm):
            await asyncio.to_thread(self._overlay.chunk, box, mip)
        if self._em is not None:
            mip = _mip_shown(self._em.mips)
            for box in chunks_round(self._em.mips[mip], position_nm):
                await asyncio.to_thread(self._em.read, box, mip)


def chunks_round(mip: Mip, position_nm: XYZ) -> Iterator[Box]:
    """The chunks that three sections through a position show, the nearest first."""
    low, high = np.array(mip.box.start), np.array(mip.box.stop)
    at = np.array(position_nm) / np.array(mip.resolution_nm)
    reach = _HALF_FIELD_NM / np.array(mip.resolution_nm)
    first = (np.clip(at - reach, low, high - 1) - low).astype(int) // CHUNK
    last = (np.clip(at + reach, low, high - 1) - low).astype(int) // CHUNK
    middle = (np.clip(at, low, high - 1) - low).astype(int) // CHUNK
    grid = np.stack(np.meshgrid(*(np.arange(a, b + 1) for a, b in zip(first, last, strict=True)), indexing="ij"), -1)
    cells = grid.reshape(-1, 3)
    cells = cells[(cells == middle).any(axis=1)]  # a section through the middle passes through it
    order = np.argsort(np.abs(cells - middle).sum(axis=1), kind="stable")
    for start in (low + cells[order] * CHUNK).tolist():
        stop = np.minimum(np.array(start) + CHUNK, high).tolist()
        yield Box((start[0], start[1], start[2]), (stop[0], stop[1], stop[2]))


def _mip_shown(mips: tuple[Mip, ...]) -> int:
    """The mip that the viewer shows at its first zoom: the coarsest whose voxels are no larger than a pixel."""
    fine = [number for number, mip in enumerate(mips) if max(mip.resolution_nm[:2]) <= _NM_PER_PIXEL]
    return fine[-1] if fine else 0
