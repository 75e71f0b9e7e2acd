"""Fixtures that every part of the suite may use."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from numpy.typing import NDArray

from segclr.em.precomputed import PrecomputedWriter, downsampled
from segclr.em.precomputed_skeletons import write_skeletons
from segclr.em.skeleton import Skeleton

# a busy machine is no bug: no test is about time
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real EM data beside the checkout; tests that need it are skipped where it is absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"no real EM data beside the checkout ({SHARED_DATA.parent.name}/{SHARED_DATA.name})")
    return SHARED_DATA


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """A small volume on disk: edges of unequal lengths, anisotropic voxels, an offset, ids above 2**53.

    Attributes:
        em, segmentation: (z, y, x) at mip 0, uint8 (never 0) and uint64 (0 between the segments).
        size: (x, y, z) voxels at mip 0; mip 1 has half of them in x and y, and all in z.
        skeletons: per segment, nodes_nm inside the segment, 60 to 90 nm apart, one branching.
    """

    folder: Path
    em_url: str
    segmentation_url: str
    skeletons_url: str
    em: NDArray[np.uint8]
    segmentation: NDArray[np.uint64]
    resolution_nm: tuple[float, float, float]
    voxel_offset: tuple[int, int, int]
    size: tuple[int, int, int]
    segment_ids: tuple[int, ...]
    skeletons: Mapping[int, Skeleton]


# Per segment: radius in nm, then polylines in fractions of the volume's edges (x, y, z); later ones begin on the first.
WORLD_TUBES = {
    7: (70, [[(0.05, 0.2, 0.2), (0.95, 0.2, 0.2)], [(0.5, 0.2, 0.2), (0.5, 0.45, 0.2)]]),
    720575940600000977: (60, [[(0.2, 0.75, 0.05), (0.2, 0.75, 0.95)], [(0.2, 0.75, 0.5), (0.65, 0.75, 0.5)]]),
    720575940600001954: (80, [[(0.1, 0.3, 0.5), (0.9, 0.3, 0.5)]]),
    2**63 + 5: (90, [[(0.8, 0.1, 0.75), (0.8, 0.95, 0.75)], [(0.8, 0.5, 0.75), (0.45, 0.5, 0.85)]]),
}


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A small synthetic volume with EM, segmentation and skeletons. Shared by all tests: do not write into it."""
    folder = tmp_path_factory.mktemp("world")
    resolution_nm, voxel_offset, size = (8.0, 10.0, 33.0), (40, 24, 12), (96, 80, 56)
    origin_nm = np.multiply(voxel_offset, resolution_nm)
    extent_nm = np.multiply(size, resolution_nm)

    z, y, x = np.indices(size[::-1])
    centres_nm = (np.stack([x, y, z], -1) + 0.5 + voxel_offset) * resolution_nm
    segmentation = np.zeros(size[::-1], np.uint64)
    skeletons = {}
    for segment_id, (radius_nm, lines) in WORLD_TUBES.items():
        nodes: list[NDArray[np.float64]] = []
        edges: list[tuple[int, int]] = []
        for begin, end in lines:
            a, b = np.array(begin) * extent_nm + origin_nm, np.array(end) * extent_nm + origin_nm
            points = np.linspace(a, b, int(np.linalg.norm(b - a) / 75) + 1)
            previous = int(np.argmin(np.linalg.norm(np.array(nodes) - a, axis=1))) if nodes else None
            for point in points:
                if previous is not None:
                    edges.append((previous, len(nodes)))
                previous = len(nodes)
                nodes.append(point)
            along = np.clip((centres_nm - a) @ (b - a) / ((b - a) @ (b - a)), 0, 1)
            distance_nm = np.linalg.norm(centres_nm - (a + along[..., None] * (b - a)), axis=-1)
            segmentation[distance_nm <= radius_nm] = segment_id
        radii = np.full(len(nodes), radius_nm, np.float32)
        skeletons[segment_id] = Skeleton(
            segment_id, np.array(nodes), np.array(edges, np.int32).reshape(-1, 2), {"radius": radii}
        )

    noise = np.random.default_rng(1).integers(-20, 21, segmentation.shape)
    brightness = 60 + 30 * np.searchsorted(sorted(WORLD_TUBES), segmentation) + x // 4 + y // 8
    em = np.clip(np.where(segmentation == 0, 40, brightness) + noise, 1, 255).astype(np.uint8)

    for kind, array in (("em", em), ("segmentation", segmentation)):
        skeleton_folder = "skeletons" if kind == "segmentation" else None
        writer = PrecomputedWriter(
            folder / kind,
            kind,
            array.dtype,
            resolution_nm,
            size,
            voxel_offset,
            (32, 32, 16),
            2,
            (2, 2, 1),
            skeleton_folder,
        )
        writer.write(array)
        writer.write(downsampled(array, kind, (2, 2, 1)), mip=1)
        array.flags.writeable = False
    write_skeletons(folder / "segmentation" / "skeletons", skeletons.values())
    return World(
        folder=folder,
        em_url=f"precomputed://file://{folder}/em",
        segmentation_url=f"precomputed://file://{folder}/segmentation",
        skeletons_url=f"precomputed://file://{folder}/segmentation/skeletons",
        em=em,
        segmentation=segmentation,
        resolution_nm=resolution_nm,
        voxel_offset=voxel_offset,
        size=size,
        segment_ids=tuple(sorted(WORLD_TUBES)),
        skeletons=skeletons,
    )
