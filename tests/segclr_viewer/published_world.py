"""The small volume's cells as a release publishes them."""

from typing import TYPE_CHECKING

import numpy as np

from segclr.em.geometry import XYZ
from tests.segclr.release.replica import csv_text

if TYPE_CHECKING:
    from tests.conftest import World


def file_of(world: "World", segment_id: int, moved_nm: XYZ = (0.0, 0.0, 0.0)) -> bytes:
    """A cell's file, with a row at each skeleton node."""
    nodes = np.unique(world.skeletons[segment_id].nodes_nm, axis=0) + np.array(moved_nm)
    return csv_text(nodes, np.random.default_rng(segment_id % 97).normal(size=(len(nodes), 64)).astype(np.float32))
