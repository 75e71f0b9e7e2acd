"""Makes meshes of segments in a process of its own, so that neither the server nor the encoder waits for them."""

import logging
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import cache

from segclr.em.geometry import XYZ
from segclr.em.mesh import Mesh, mesh_segment
from segclr.em.volume import Volume, open_volume
from segclr_viewer.child_process import new_child

log = logging.getLogger(__name__)

_MAX_VOXELS = 16_000_000  # a coarser mip is taken for segments that are larger: a mesh within a second


class MeshProcess:
    """One process, which is replaced when it has died. Orders are served one after the other."""

    def __init__(self, url: str, resolution_nm: XYZ | None) -> None:
        """Start the process.

        Args:
            url, resolution_nm: of the segmentation, as given to `open_volume`.
        """
        self._source = (url, resolution_nm)
        self._pool = self._new_pool()

    def order(self, segment_id: int, low_nm: XYZ, high_nm: XYZ) -> Future[Mesh]:
        """Mesh what a segment has in a box; an order that was not begun can be cancelled."""
        try:
            return self._pool.submit(_mesh, *self._source, segment_id, low_nm, high_nm)
        except BrokenProcessPool:
            log.warning("the process that makes meshes had ended; starting another")
            self._pool = self._new_pool()
            return self._pool.submit(_mesh, *self._source, segment_id, low_nm, high_nm)

    def close(self) -> None:
        """End the process once it has finished what it is at."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _new_pool(self) -> ProcessPoolExecutor:
        pool = new_child(niceness=5)  # clicks come first
        pool.submit(_open, *self._source)
        return pool


@cache
def _opened(url: str, resolution_nm: XYZ | None) -> Volume:
    return open_volume(url, "segmentation", resolution_nm=resolution_nm)


def _open(url: str, resolution_nm: XYZ | None) -> None:
    """In the process: open the volume before the first order."""
    _opened(url, resolution_nm)


def _mesh(url: str, resolution_nm: XYZ | None, segment_id: int, low_nm: XYZ, high_nm: XYZ) -> Mesh:
    """In the process: one order."""
    return mesh_segment(_opened(url, resolution_nm), segment_id, low_nm, high_nm, _MAX_VOXELS)
