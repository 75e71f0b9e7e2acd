"""Meshes of selected segments, split by predicted class, so that one cell shows its parts in their colours.

A part is named by one small number: `part_of(index of the segment in the table, class)`. A segment is meshed once;
which table row each vertex belongs to is kept with the mesh, so that a repaint only splits it anew.
"""

import asyncio
import zlib
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from segclr.em.geometry import XYZ
from segclr.em.mesh import Mesh
from segclr.errors import WorkerDied
from segclr_viewer.overlay.byte_cache import ByteCache
from segclr_viewer.overlay.nearest import NearestNodes
from segclr_viewer.overlay.overlay import Overlay

PARTS_PER_SEGMENT = 32
EMPTY = Mesh(np.zeros((0, 3), np.float32), np.zeros((0, 3), np.uint32))

_MARGIN_NM = 4000.0  # how far a segment may reach beyond its nodes: the radius of a soma


class Mesher(Protocol):
    """Makes meshes elsewhere."""

    def order(self, segment_id: int, low_nm: XYZ, high_nm: XYZ) -> Future[Mesh]: ...


def part_of(segment_index: int, class_index: int | None) -> int:
    """The id of the part of a segment that has the class; None: of the part without prediction."""
    return segment_index * PARTS_PER_SEGMENT + (0 if class_index is None else class_index + 1)


def split(mesh: Mesh, part_of_vertex: NDArray[np.uint8], part: int) -> Mesh:
    """The faces of a part: a face is of the part that is the median of its vertices', so every face is of one."""
    median = np.sort(part_of_vertex[mesh.faces], axis=1)[:, 1]
    faces = mesh.faces[median == part]
    used = np.zeros(len(mesh.vertices_nm), bool)
    used[faces] = True
    renumbered = (np.cumsum(used) - 1).astype(np.uint32)
    return Mesh(mesh.vertices_nm[used], renumbered[faces])


@dataclass(frozen=True, slots=True)
class _Surface:
    """A segment's mesh, and 1 + the table row that each vertex is nearest to."""

    mesh: Mesh
    vertex_rows: NDArray[np.int32]

    @property
    def nbytes(self) -> int:
        return self.mesh.vertices_nm.nbytes + self.mesh.faces.nbytes + self.vertex_rows.nbytes


@dataclass(slots=True, eq=False)
class _Job:
    """A surface in the making, and how many requests wait for it."""

    ordered: Future[Mesh]
    surface: asyncio.Future[_Surface]
    waiting: int = 0


class Surfaces:
    """Lives on the server's loop; splitting is done on its threads."""

    def __init__(
        self,
        mesher: Mesher,
        bounds_nm: tuple[XYZ, XYZ],
        nearest: NearestNodes,
        limit_bytes: int = 256 << 20,
    ) -> None:
        """Make nothing yet.

        Args:
            bounds_nm: corners of the segmentation.
            limit_bytes: most that the kept meshes may take.
        """
        self._mesher = mesher
        self._bounds_nm = np.array(bounds_nm)
        self._nearest = nearest
        self._made: ByteCache[int, _Surface] = ByteCache(limit_bytes, lambda surface: surface.nbytes)
        self._jobs: dict[int, _Job] = {}

    def segment_id(self, part: int) -> int | None:
        """The id of the segment that a part is of, None if there is no such part."""
        ids = self._nearest.nodes.segment_ids
        index = part // PARTS_PER_SEGMENT
        return int(ids[index]) if index < len(ids) else None

    def cut(self, part: int, overlay: Overlay) -> int:
        """A number that tells the ways apart in which the part's segment can be cut into classes; 0 for no segment."""
        nodes, index = self._nearest.nodes, part // PARTS_PER_SEGMENT
        if index >= len(nodes.segment_ids):
            return 0
        first, last = int(nodes.first_row[index]), int(nodes.first_row[index + 1])
        return zlib.crc32(overlay.paint.parts_of(np.arange(1 + first, 1 + last)).tobytes())

    async def part(self, part: int, overlay: Overlay) -> Mesh:
        """The mesh of a part, empty if there is no such part; the segment is meshed first where that is new.

        Args:
            overlay: whose paint, at the time of the answer, decides on the classes.

        Raises:
            WorkerDied: the meshing ended without an answer.
            VolumeUnavailable: the segmentation cannot be read.
        """
        index, wanted = divmod(part, PARTS_PER_SEGMENT)
        if index >= len(self._nearest.nodes.segment_ids):
            return EMPTY
        surface = self._made.peek(index)
        if surface is None:
            surface = await self._wait_for(index)
        return await asyncio.to_thread(lambda: split(surface.mesh, overlay.paint.parts_of(surface.vertex_rows), wanted))

    async def make_ahead(self, segment_id: int) -> None:
        """Mesh a segment that will be asked for soon; nothing happens for one that the table does not have."""
        index = self._nearest.place_of(segment_id)
        if index is not None and self._made.peek(index) is None:
            await self._wait_for(index)

    async def _wait_for(self, index: int) -> _Surface:
        """Wait for a segment's surface; when nobody waits any more before it was begun, it is not made."""
        job = self._jobs.get(index)
        if job is None:
            job = self._begin(index)
        job.waiting += 1
        try:
            return await asyncio.shield(job.surface)
        finally:
            job.waiting -= 1
            if job.waiting == 0 and job.ordered.cancel():
                self._forget(index, job)

    def _begin(self, index: int) -> _Job:
        ordered = self._order(index)
        job = self._jobs[index] = _Job(ordered, asyncio.ensure_future(self._finish(index, ordered)))
        job.surface.add_done_callback(lambda _: self._forget(index, job))
        return job

    def _forget(self, index: int, job: _Job) -> None:
        if self._jobs.get(index) is job:
            del self._jobs[index]

    async def _finish(self, index: int, ordered: Future[Mesh]) -> _Surface:
        try:
            mesh = await asyncio.wrap_future(ordered)
        except BrokenProcessPool:
            raise WorkerDied("the process that makes meshes ended: is there memory left?") from None
        surface = await asyncio.to_thread(self._with_rows, index, mesh)
        return self._made.get(index, lambda: surface)

    def _with_rows(self, index: int, mesh: Mesh) -> _Surface:
        return _Surface(mesh, 1 + self._nearest.rows_of_points(index, mesh.vertices_nm))

    def _order(self, index: int) -> Future[Mesh]:
        nodes = self._nearest.nodes
        positions = nodes.positions_nm[int(nodes.first_row[index]) : int(nodes.first_row[index + 1])]
        low = np.maximum(positions.min(axis=0) - _MARGIN_NM, self._bounds_nm[0])
        high = np.minimum(positions.max(axis=0) + _MARGIN_NM, self._bounds_nm[1])
        return self._mesher.order(int(nodes.segment_ids[index]), _xyz(low), _xyz(high))


def _xyz(values: NDArray[np.float64]) -> XYZ:
    x, y, z = (float(value) for value in values)
    return x, y, z
