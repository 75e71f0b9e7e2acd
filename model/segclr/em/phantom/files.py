"""The phantom as a folder on disk: where its parts are, and its truth. Cheap to import; ``writing`` makes the folder.

em/                     precomputed image, uint8, 32 x 32 x 40 nm and 64 x 64 x 80 nm
segmentation/           precomputed segmentation, uint64; skeletons in segmentation/skeletons
supervoxels/            precomputed segmentation, uint32, finest resolution only
truth.npz               the columns of ``PhantomTruth``
phantom.json            seed, size, version, subtypes, and the names behind the codes
"""

import json
from dataclasses import dataclass, fields
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from segclr.em.phantom.recipes import CELL_TYPES, COMPARTMENTS, LAYERS
from segclr.errors import VolumeUnavailable

PHANTOM_VERSION = 4  # changes whenever the same seed and size give other bytes
SEGMENT_BASE = 720_575_940_600_000_000  # ids like those of real volumes: far above 2**53
SEGMENT_STEP = 977
CELL_TYPE_NAMES = CELL_TYPES[1:]
SUBCOMPARTMENT_NAMES = COMPARTMENTS[1:]
LAYER_NAMES = LAYERS


@dataclass(frozen=True, slots=True, eq=False)
class PhantomTruth:
    """Everything that is known of the block. Codes are rows of the name tables in ``files``.

    Attributes:
        node_segment_id, node_id: (n,) uint64, (n,) int64: a skeleton node is row ``node_id`` of its segment's skeleton.
        position_nm: (n, 3) float64, xyz, inside a voxel of the node's own segment.
        subcompartment, cell_type, layer: (n,) uint8.
        cell: (n,) int64; one cell may reach the block as several segments.
        radius_nm: (n,) float32.
        segment_id: (s,) uint64, all segments, also those too small for a skeleton.
        segment_cell_type, segment_cell, segment_voxels: (s,) uint8, int64, int64.
        synapse_pre, synapse_post: (k,) uint64 segment ids; ``synapse_nm``: (k, 3) float64, xyz.
        synapse_subcompartment: (k,) uint8 of the postsynaptic side; ``synapse_symmetric``: (k,) bool.
        agglomeration_supervoxel, agglomeration_segment: (m,) uint64 pairs; a supervoxel in two pairs is a false merger.
    """

    node_segment_id: NDArray[np.uint64]
    node_id: NDArray[np.int64]
    position_nm: NDArray[np.float64]
    subcompartment: NDArray[np.uint8]
    cell_type: NDArray[np.uint8]
    layer: NDArray[np.uint8]
    cell: NDArray[np.int64]
    radius_nm: NDArray[np.float32]
    segment_id: NDArray[np.uint64]
    segment_cell_type: NDArray[np.uint8]
    segment_cell: NDArray[np.int64]
    segment_voxels: NDArray[np.int64]
    synapse_pre: NDArray[np.uint64]
    synapse_post: NDArray[np.uint64]
    synapse_nm: NDArray[np.float64]
    synapse_subcompartment: NDArray[np.uint8]
    synapse_symmetric: NDArray[np.bool_]
    agglomeration_supervoxel: NDArray[np.uint64]
    agglomeration_segment: NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class PhantomFolder:
    """A finished phantom on disk."""

    folder: Path
    seed: int
    size_voxels: tuple[int, int, int]
    subtypes: bool = False  # some cells are of the hidden ``subtypes.SUBTYPES``

    @property
    def em_url(self) -> str:
        return f"precomputed://{(self.folder / 'em').resolve().as_uri()}"

    @property
    def segmentation_url(self) -> str:
        return f"precomputed://{(self.folder / 'segmentation').resolve().as_uri()}"

    @property
    def skeletons_url(self) -> str:
        return f"precomputed://{(self.folder / 'segmentation' / 'skeletons').resolve().as_uri()}"

    @property
    def supervoxels_url(self) -> str:
        return f"precomputed://{(self.folder / 'supervoxels').resolve().as_uri()}"


def segment_id_of(number: NDArray[np.integer]) -> NDArray[np.uint64]:
    """The 64-bit id of each segment number; 0, the background, stays 0."""
    number = number.astype(np.uint64)
    return np.where(number > 0, np.uint64(SEGMENT_BASE) + np.uint64(SEGMENT_STEP) * number, np.uint64(0))


def find_phantom(folder: Path) -> PhantomFolder | None:
    """What phantom is in the folder; None where there is none, or one that this version would make differently."""
    try:
        about = json.loads((folder / "phantom.json").read_text())
        if about["version"] != PHANTOM_VERSION:
            return None
        x, y, z = about["size_voxels"]
        return PhantomFolder(folder, int(about["seed"]), (int(x), int(y), int(z)), bool(about.get("subtypes")))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def open_phantom(folder: Path) -> PhantomTruth:
    """Read the truth of a phantom written by ``write_phantom``.

    Raises:
        VolumeUnavailable: there is no phantom, or one of another version.
    """
    if find_phantom(folder) is None:
        raise VolumeUnavailable(
            f"no phantom of version {PHANTOM_VERSION} in {folder}; make it with: python -m segclr.em.phantom {folder}"
        )
    try:
        with (folder / "truth.npz").open("rb") as file, np.load(file, allow_pickle=False) as columns:
            return PhantomTruth(**{field.name: columns[field.name] for field in fields(PhantomTruth)})
    except (OSError, ValueError, KeyError, BadZipFile) as error:
        raise VolumeUnavailable(
            f"the truth of the phantom in {folder} is damaged ({error}); delete the folder"
        ) from error
