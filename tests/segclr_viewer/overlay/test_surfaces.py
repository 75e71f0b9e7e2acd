"""Meshes split by class: every face in one part, made once, and not made for nobody."""

import asyncio
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field

import numpy as np
import pytest
from numpy.typing import NDArray

from segclr.em.geometry import XYZ
from segclr.em.mesh import Mesh
from segclr.errors import WorkerDied
from segclr_viewer.overlay.nearest import NearestNodes
from segclr_viewer.overlay.overlay import Overlay, RowMaps
from segclr_viewer.overlay.surfaces import PARTS_PER_SEGMENT, Surfaces, part_of, split
from segclr_viewer.points import NO_CLASS, Points

BIG = 2**63 + 5
BOUNDS_NM: tuple[XYZ, XYZ] = ((0.0, 0.0, 0.0), (9000.0, 20_000.0, 5000.0))


@dataclass(frozen=True)
class TwoSegments:
    """Two nodes of segment 7, one of the other."""

    segment_ids: NDArray[np.uint64]
    first_row: NDArray[np.int64]
    positions_nm: NDArray[np.float64]


NODES = TwoSegments(
    np.array([7, BIG], np.uint64),
    np.array([0, 2, 3]),
    np.array([[1000.0, 9000.0, 500.0], [2000.0, 9000.0, 500.0], [5000.0, 2000.0, 4500.0]]),
)


@dataclass
class HandMesher:
    """Keeps orders; the test answers them."""

    orders: list[tuple[int, XYZ, XYZ]] = field(default_factory=list)
    answers: list[Future[Mesh]] = field(default_factory=list)

    def order(self, segment_id: int, low_nm: XYZ, high_nm: XYZ) -> Future[Mesh]:
        self.orders.append((segment_id, low_nm, high_nm))
        self.answers.append(Future())
        return self.answers[-1]


def strip(length: int = 11) -> Mesh:
    """A ribbon along x from 1000 to 2000 nm."""
    x = np.linspace(1000, 2000, length)
    low, high = (np.column_stack([x, np.full(length, y), np.full(length, 500.0)]) for y in (8990, 9010))
    a = np.arange(length - 1)
    faces = np.concatenate(
        [np.column_stack([a, a + 1, a + length]), np.column_stack([a + 1, a + length + 1, a + length])]
    )
    return Mesh(np.concatenate([low, high]).astype(np.float32), faces.astype(np.uint32))


class Painted:
    """Surfaces over the two segments, painted by these classes."""

    def __init__(self, classes: list[int]) -> None:
        self.mesher = HandMesher()
        nearest = NearestNodes(NODES)
        self.overlay = Overlay(RowMaps(None, nearest))  # type: ignore[arg-type]  # its volume is not asked
        self.paint(classes)
        self.surfaces = Surfaces(self.mesher, BOUNDS_NM, nearest)

    def paint(self, classes: list[int]) -> None:
        self.overlay.repaint(Points("", "", np.array(classes, np.uint8), np.full(3, 200, np.uint8), (), (), ""))


async def made(painted: Painted, part: int, mesh: Mesh) -> Mesh:
    """The part, its segment's mesh being this one."""
    waiting = asyncio.ensure_future(painted.surfaces.part(part, painted.overlay))
    await asyncio.sleep(0)
    painted.mesher.answers[-1].set_result(mesh)
    return await waiting


def corners(mesh: Mesh) -> set[frozenset[tuple[float, ...]]]:
    """The faces as sets of positions."""
    return {frozenset(tuple(mesh.vertices_nm[v].tolist()) for v in face) for face in mesh.faces}


def test_every_face_is_in_exactly_one_part() -> None:
    mesh = strip()
    of_vertex = np.random.default_rng(0).integers(0, 4, len(mesh.vertices_nm)).astype(np.uint8)
    parts = [split(mesh, of_vertex, part) for part in range(4)]
    assert sum(len(part.faces) for part in parts) == len(mesh.faces)
    assert set.union(*(corners(part) for part in parts)) == corners(mesh)
    for part in parts:
        assert np.array_equal(np.unique(part.faces), np.arange(len(part.vertices_nm)))


def test_a_face_goes_with_most_of_its_vertices() -> None:
    mesh = Mesh(np.eye(3, dtype=np.float32), np.array([[0, 1, 2]], np.uint32))
    for of_vertex, part in (([1, 3, 3], 3), ([1, 1, 3], 1), ([3, 1, 3], 3), ([3, 2, 1], 2)):
        assert len(split(mesh, np.array(of_vertex, np.uint8), part).faces) == 1


def test_a_cell_is_split_where_its_nearest_nodes_differ() -> None:
    async def check() -> None:
        painted = Painted([2, 4, 0])
        near = await made(painted, part_of(0, 2), strip())
        far = await painted.surfaces.part(part_of(0, 4), painted.overlay)
        assert corners(near) | corners(far) == corners(strip())
        assert near.vertices_nm[:, 0].max() <= 1600
        assert far.vertices_nm[:, 0].min() >= 1400
        assert len((await painted.surfaces.part(part_of(0, 0), painted.overlay)).faces) == 0
        assert len(painted.mesher.orders) == 1

    asyncio.run(asyncio.wait_for(check(), 20))


def test_a_repaint_splits_the_same_mesh_anew() -> None:
    async def check() -> None:
        painted = Painted([2, 4, 0])
        await made(painted, part_of(0, 2), strip())
        painted.paint([5, 5, NO_CLASS])
        assert corners(await painted.surfaces.part(part_of(0, 5), painted.overlay)) == corners(strip())
        painted.paint([NO_CLASS, NO_CLASS, 1])
        assert corners(await painted.surfaces.part(part_of(0, None), painted.overlay)) == corners(strip())
        assert len(painted.mesher.orders) == 1

    asyncio.run(asyncio.wait_for(check(), 20))


def test_the_box_to_mesh_holds_the_nodes_with_a_margin_inside_the_volume() -> None:
    async def check() -> None:
        painted = Painted([0, 0, 0])
        await made(painted, part_of(1, 0), strip())
        assert painted.mesher.orders == [(BIG, (1000.0, 0.0, 500.0), (9000.0, 6000.0, 5000.0))]

    asyncio.run(asyncio.wait_for(check(), 20))


def test_requests_for_one_segment_share_one_mesh() -> None:
    async def check() -> None:
        painted = Painted([0, 1, 0])
        requests = [asyncio.ensure_future(painted.surfaces.part(part_of(0, c), painted.overlay)) for c in range(5)]
        await asyncio.sleep(0)
        painted.mesher.answers[0].set_result(strip())
        parts = await asyncio.gather(*requests)
        assert len(painted.mesher.orders) == 1
        assert sum(len(part.faces) for part in parts) == len(strip().faces)

    asyncio.run(asyncio.wait_for(check(), 20))


def test_a_mesh_is_not_made_when_nobody_waits_any_more() -> None:
    async def check() -> None:
        painted = Painted([0, 1, 0])
        first, second = (asyncio.ensure_future(painted.surfaces.part(part_of(0, c), painted.overlay)) for c in range(2))
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.sleep(0)
        assert not painted.mesher.answers[0].cancelled()
        second.cancel()
        await asyncio.gather(first, second, return_exceptions=True)
        assert painted.mesher.answers[0].cancelled()
        again = await made(painted, part_of(0, 0), strip())
        assert len(again.faces) > 0
        assert len(painted.mesher.orders) == 2

    asyncio.run(asyncio.wait_for(check(), 20))


def test_unknown_parts_are_empty_and_ask_for_nothing() -> None:
    async def check() -> None:
        painted = Painted([0, 1, 0])
        for part in (2 * PARTS_PER_SEGMENT, 10**17):
            assert len((await painted.surfaces.part(part, painted.overlay)).vertices_nm) == 0
        assert painted.mesher.orders == []

    asyncio.run(asyncio.wait_for(check(), 20))


def test_a_failed_mesh_is_said_and_tried_again_at_the_next_request() -> None:
    async def check() -> None:
        painted = Painted([0, 1, 0])
        waiting = asyncio.ensure_future(painted.surfaces.part(part_of(0, 0), painted.overlay))
        await asyncio.sleep(0)
        painted.mesher.answers[0].set_exception(BrokenProcessPool())
        with pytest.raises(WorkerDied, match="memory"):
            await waiting
        assert len((await made(painted, part_of(0, 0), strip())).faces) > 0

    asyncio.run(asyncio.wait_for(check(), 20))


def test_a_part_tells_its_segment() -> None:
    surfaces = Painted([0, 1, 0]).surfaces
    assert surfaces.segment_id(part_of(0, None)) == 7
    assert surfaces.segment_id(part_of(1, 30)) == BIG
    assert surfaces.segment_id(part_of(2, None)) is None
    assert len({part_of(index, c) for index in (0, 1) for c in (None, *range(31))}) == 64
