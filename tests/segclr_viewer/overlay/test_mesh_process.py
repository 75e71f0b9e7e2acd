"""The process that makes meshes: a real one, killed once."""

import os
import signal
from concurrent.futures.process import BrokenProcessPool

import numpy as np
import pytest

from segclr_viewer.overlay.mesh_process import MeshProcess


def use_until_broken(mesher: MeshProcess) -> None:
    """Until the pool has noticed that its process is gone."""
    while True:
        mesher._pool.submit(os.getpid).result(60)


def test_segments_are_meshed_in_another_process_that_is_replaced_when_it_dies(world) -> None:  # type: ignore[no-untyped-def]
    mesher = MeshProcess(world.segmentation_url, None)
    low = tuple(o * r for o, r in zip(world.voxel_offset, world.resolution_nm, strict=True))
    high = tuple((o + n) * r for o, n, r in zip(world.voxel_offset, world.size, world.resolution_nm, strict=True))
    try:
        segment = 2**63 + 5
        mesh = mesher.order(segment, low, high).result(60)
        nodes = world.skeletons[segment].nodes_nm
        reach = 90 + 2 * max(world.resolution_nm)
        assert len(mesh.faces) > 100
        assert (mesh.vertices_nm.min(axis=0) <= nodes.min(axis=0)).all()
        assert (mesh.vertices_nm.min(axis=0) >= nodes.min(axis=0) - reach).all()
        assert (mesh.vertices_nm.max(axis=0) <= nodes.max(axis=0) + reach).all()
        assert len(mesher.order(2**53 + 1, low, high).result(60).faces) == 0

        (process,) = mesher._pool._processes.values()
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        with pytest.raises(BrokenProcessPool):
            use_until_broken(mesher)
        again = mesher.order(segment, low, high).result(60)
        assert np.array_equal(again.vertices_nm, mesh.vertices_nm)
    finally:
        mesher.close()
