"""What the encoder's process holds: the volumes and the encoder. Torch is loaded there alone, never in the app."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from segclr.em.cutout import read_cutout
from segclr.em.geometry import XYZ
from segclr.em.volume import Volume
from segclr.errors import ProjectError, SegclrError
from segclr_viewer.opening import open_em, open_segmentation
from segclr_viewer.ports import Embedded
from segclr_viewer.project import Project
from segclr_viewer.wording import position_text

if TYPE_CHECKING:
    from segclr.encoder.inference import Encoder


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """All that the process needs to know; sent to it and called there."""

    project: Project
    threads: int | None = None

    def __call__(self) -> "VolumeEmbedder":
        """Open the volumes and load the encoder."""
        if self.project.encoder is None:
            raise ProjectError("the project names no encoder: add [encoder] with a checkpoint to embed places")
        from segclr.encoder.inference import load_encoder  # torch: never in the app's process

        encoder = load_encoder(Path(self.project.encoder.checkpoint), self.threads)
        return VolumeEmbedder(open_em(self.project), open_segmentation(self.project), encoder)


@dataclass(frozen=True, slots=True)
class VolumeEmbedder:
    """Embeds places of opened volumes."""

    em: Volume | None
    segmentation: Volume
    encoder: "Encoder"

    @property
    def device(self) -> str:
        """Where the encoder runs."""
        return self.encoder.device

    def embed(self, position_nm: XYZ, segment_id: int | None) -> Embedded:
        """Cut out, mask and embed a place.

        Raises:
            NoSegment: it is on background.
            SegclrError: nothing is to be seen there, or the encoder gives no numbers.
        """
        started = time.perf_counter()
        cutout = read_cutout(self.em, self.segmentation, position_nm, self.encoder.spec.cutout, segment_id)
        if cutout.is_empty:
            raise SegclrError(
                f"there is nothing of segment {cutout.segment_id} to see at {position_text(position_nm)}: the EM is "
                "black or missing there, or the segment too thin at the encoder's voxel size: click elsewhere on it"
            )
        cut = time.perf_counter()
        embedding = self.encoder.embed(cutout.image[None])[0]
        if not np.isfinite(embedding).all():
            raise SegclrError(
                f"the encoder gives NaN or infinity at {position_text(position_nm)}: its checkpoint "
                f"{self.encoder.spec.path} is broken; use another"
            )
        z, y, x = (size // 2 for size in cutout.image.shape)
        return Embedded(
            segment_id=cutout.segment_id,
            position_nm=position_nm,
            embedding=embedding,
            planes=(cutout.image[z].copy(), cutout.image[:, y].copy(), cutout.image[:, :, x].copy()),
            stages_ms={"cut": 1e3 * (cut - started), "embed": 1e3 * (time.perf_counter() - cut)},
        )
