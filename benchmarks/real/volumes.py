"""The real volumes: where they are, their skeletons, and the half that no encoder was trained on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from segclr.em.cutout import CutoutSpec, read_cutout
from segclr.em.geometry import Box, voxel_of
from segclr.em.precomputed_skeletons import write_skeletons
from segclr.em.skeleton import Skeleton
from segclr.em.skeleton_source import open_skeletons
from segclr.em.skeletonize import skeletonize
from segclr.em.volume import Volume, open_volume
from segclr.errors import ProjectError
from segclr.training.config import TrainingConfig, VolumeData


@dataclass(frozen=True, slots=True)
class Halves:
    """A volume of which a training file names one part.

    Attributes:
        view: what the encoder sees.
        data: the volume of the training file; its box is the part to train on.
        trained: that box, in voxels of the view.
    """

    view: CutoutSpec
    data: VolumeData
    trained: Box

    @classmethod
    def of(cls, config: TrainingConfig) -> Halves:
        """The halves of the one volume that a training file names.

        Raises:
            ProjectError: It names none or several, or trains on all of it.
        """
        view = config.cutout_spec()
        if len(config.volume) != 1 or config.volume[0].start_nm is None or config.volume[0].stop_nm is None:
            raise ProjectError("a benchmark on real data needs one [[volume]] with start_nm and stop_nm")
        data = config.volume[0]
        start, stop = (voxel_of(edge, view.resolution_nm) for edge in (data.start_nm, data.stop_nm) if edge is not None)
        return cls(view, data, Box(start, stop))

    def segmentation(self) -> Volume:
        return open_volume(self.data.segmentation, "segmentation")

    def labels(self) -> NDArray[np.uint64]:
        """All segment ids (z, y, x) at the view's resolution."""
        volume = self.segmentation()
        mip = volume.mip_for(self.view.resolution_nm)
        return volume.read(volume.mips[mip].box, mip).astype(np.uint64, copy=False)

    def trained_ids(self, labels: NDArray[np.uint64]) -> NDArray[np.uint64]:
        """Segments of ``labels`` that reach into the part to train on; the volume begins at voxel 0."""
        x, y, z = (slice(start, stop) for start, stop in zip(self.trained.start, self.trained.stop, strict=True))
        return np.unique(labels[z, y, x])

    def cutouts(self, positions_nm: NDArray[np.float64], segment_ids: NDArray[np.uint64]) -> NDArray[np.uint8]:
        """(p, z, y, x) views of (p, 3) places, each masked by its segment."""
        em = None if self.data.em is None else open_volume(self.data.em, "em")
        segmentation = self.segmentation()
        images = np.empty((len(segment_ids), *[self.view.size] * 3), np.uint8)
        for row, (position, segment_id) in enumerate(zip(positions_nm.tolist(), segment_ids.tolist(), strict=True)):
            images[row] = read_cutout(em, segmentation, tuple(position), self.view, segment_id).image
        return images

    def skeletons(self, fewest_voxels: int, progress: Callable[[str], None]) -> dict[int, Skeleton]:
        """Skeletons of all segments of at least so many voxels of the view; made and written if they are not there.

        Raises:
            VolumeUnavailable: The segmentation cannot be read, or kimimaro is not installed.
        """
        folder = Path(self.data.skeletons)
        if not (folder / "info").exists():  # it is written last
            progress(f"skeletons of segments of at least {fewest_voxels:,} voxels")
            volume = self.segmentation()
            made = skeletonize(volume, min_voxels=fewest_voxels, mip=volume.mip_for(self.view.resolution_nm))
            write_skeletons(folder, made)
        source = open_skeletons(self.data.skeletons)
        found = {int(segment_id): source.skeleton(int(segment_id)) for segment_id in source.segment_ids()}
        return {segment_id: skeleton for segment_id, skeleton in found.items() if skeleton is not None}
