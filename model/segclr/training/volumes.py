"""Volumes to train on, held in memory at the view's resolution, so that cutting costs nothing beside the network."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from segclr.em.cutout import CutoutSpec
from segclr.em.geometry import XYZ, Box, IntXYZ, voxel_of
from segclr.em.phantom.files import PhantomFolder
from segclr.em.skeleton import Skeleton
from segclr.em.skeleton_source import open_skeletons
from segclr.em.volume import Volume, open_volume
from segclr.errors import ProjectError, VolumeUnavailable
from segclr.training.config import PhantomData, TrainingConfig, VolumeData

_LARGEST_VOXELS = 2_000_000_000  # of one box: 2 GB of EM and 8 GB of ids


@dataclass(frozen=True, slots=True, eq=False)
class TrainingVolume:
    """A box of a data set with its skeletons.

    Attributes:
        em: (z, y, x) uint8; all 255 for encoders that see the mask alone.
        segments: (z, y, x) uint32, row of ``segment_ids`` + 1; 0 is background.
        box: where the arrays lie, voxels of the view's resolution, xyz.
        skeletons: those with nodes in the box.
    """

    em: NDArray[np.uint8]
    segments: NDArray[np.uint32]
    segment_ids: NDArray[np.uint64]
    box: Box
    skeletons: tuple[Skeleton, ...]

    def cut(self, centre: IntXYZ, segment: int, size: int) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        """The EM round a voxel, unmasked, and where the segment (as in ``segments``) is; zero outside the box."""
        wanted = Box.around(centre, size)
        image, mask = np.zeros((size, size, size), np.uint8), np.zeros((size, size, size), np.bool_)
        inside = wanted.intersect(self.box)
        if inside is not None:
            source, target = inside.slices_in(self.box), inside.slices_in(wanted)
            image[target] = self.em[source]
            mask[target] = self.segments[source] == segment
        return image, mask

    def number_of(self, segment_id: int) -> int:
        """The number of a segment in ``segments``; 0 if it is not in the box."""
        row = int(np.searchsorted(self.segment_ids, np.uint64(segment_id)))
        return row + 1 if row < len(self.segment_ids) and int(self.segment_ids[row]) == segment_id else 0

    def number_at(self, voxel: IntXYZ) -> int:
        """What ``segments`` holds at a voxel; 0 outside the box."""
        if not self.box.contains(voxel):
            return 0
        x, y, z = (at - start for at, start in zip(voxel, self.box.start, strict=True))
        return int(self.segments[z, y, x])


def read_volume(
    em: Volume | None,
    segmentation: Volume,
    skeletons: list[Skeleton],
    spec: CutoutSpec,
    start_nm: XYZ | None = None,
    stop_nm: XYZ | None = None,
) -> TrainingVolume:
    """Load a box at the view's resolution.

    Raises:
        VolumeUnavailable: A volume cannot be read, or lacks the resolution.
        ProjectError: The box does not fit into memory, or its EM shows nothing.
    """
    if em is None:
        source, mip = segmentation, segmentation.mip_for(spec.resolution_nm)
    else:
        source, mip = em, em.mip_for(spec.resolution_nm)
    box: Box | None = source.mips[mip].box
    if start_nm is not None and stop_nm is not None and box is not None:
        box = box.intersect(Box(voxel_of(start_nm, spec.resolution_nm), voxel_of(stop_nm, spec.resolution_nm)))
    if box is None:
        raise ProjectError(f"start_nm {start_nm} to stop_nm {stop_nm} lies outside {source.url}")
    if box.voxels > _LARGEST_VOXELS:
        raise ProjectError(f"{box.voxels:.1e} voxels of {source.url} do not fit into memory: set start_nm and stop_nm")
    ids, dense = _dense_segments(segmentation, box, spec)
    if em is None or spec.content == "mask":
        image: NDArray[np.uint8] = np.full(dense.shape, 255, np.uint8)
    else:
        image = em.read(box, mip).astype(np.uint8, copy=False)
        _check_contrast(image, em.url)
    return TrainingVolume(image, dense, ids, box, tuple(skeletons))


def open_volumes(config: TrainingConfig, progress: Callable[[str], None]) -> list[TrainingVolume]:
    """Make or open everything that the settings name.

    Raises:
        VolumeUnavailable: Something cannot be opened.
        ProjectError: A volume has no skeleton, or does not fit into memory.
    """
    blocks = [VolumeData(b.segmentation_url, b.skeletons_url, b.em_url) for b in make_blocks(config, progress)]
    return [_open(data, config.cutout_spec()) for data in (*blocks, *config.volume)]


def make_blocks(config: TrainingConfig, progress: Callable[[str], None]) -> list[PhantomFolder]:
    """Make the generated blocks that the settings name, or find them made.

    Raises:
        VolumeUnavailable: A block cannot be written.
    """
    if config.phantom is None:
        return []
    from segclr.em.phantom.writing import write_phantom

    made: list[PhantomFolder] = []
    for seed in config.phantom.seeds:
        progress(f"generated block, seed {seed}")
        made.append(write_phantom(block_folder(config.phantom, seed), seed, config.phantom.size_voxels))
    return made


def block_folder(blocks: PhantomData, seed: int) -> Path:
    """Where the generated block of a seed is kept."""
    size = "x".join(str(edge) for edge in blocks.size_voxels)
    return Path(blocks.folder) / f"phantom-{size}-{seed}"


def _open(data: VolumeData, spec: CutoutSpec) -> TrainingVolume:
    source = open_skeletons(data.skeletons)
    found = [source.skeleton(int(segment_id)) for segment_id in source.segment_ids()]
    skeletons = [skeleton for skeleton in found if skeleton is not None]
    if not skeletons:
        raise ProjectError(f"there are no skeletons at {data.skeletons}: training needs them to find pairs")
    if data.em is None and spec.content != "mask":
        raise ProjectError(f'the volume {data.segmentation} has no em: only content = "mask" can do without')
    em = None if data.em is None or spec.content == "mask" else open_volume(data.em, "em")
    segmentation = open_volume(data.segmentation, "segmentation")
    return read_volume(em, segmentation, skeletons, spec, data.start_nm, data.stop_nm)


def _check_contrast(image: NDArray[np.uint8], url: str) -> None:
    darkest, brightest = int(image.min()), int(image.max())
    if darkest == brightest:
        raise ProjectError(
            f"the EM of {url} is {darkest} in the whole box: there is nothing to learn from; check start_nm and "
            "stop_nm, the mip and the volume"
        )


def _dense_segments(segmentation: Volume, box: Box, spec: CutoutSpec) -> tuple[NDArray[np.uint64], NDArray[np.uint32]]:
    """Segment ids as small numbers."""
    try:
        ids = segmentation.read(box, segmentation.mip_for(spec.resolution_nm))
    except VolumeUnavailable as error:
        raise VolumeUnavailable(f"{error}; training needs a segmentation at the view's resolution") from error
    found, rows = np.unique(ids, return_inverse=True)
    numbers = (np.cumsum(found != 0) * (found != 0)).astype(np.uint32)
    return found[found != 0].astype(np.uint64), numbers[rows.reshape(ids.shape)]
