"""What the encoder's process holds: the volumes and the encoder. Torch is loaded there alone, never in the app."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from segclr.em.cutout import read_cutout
from segclr.em.geometry import XYZ
from segclr.em.volume import Volume
from segclr.errors import ProjectError
from segclr_viewer.opening import open_em, open_segmentation
from segclr_viewer.ports import Embedded
from segclr_viewer.project import Project

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
        """Cut out, mask and embed a place."""
        started = time.perf_counter()
        cutout = read_cutout(self.em, self.segmentation, position_nm, self.encoder.spec.cutout, segment_id)
        cut = time.perf_counter()
        embedding = self.encoder.embed(cutout.image[None])[0]
        z, y, x = (size // 2 for size in cutout.image.shape)
        return Embedded(
            segment_id=cutout.segment_id,
            position_nm=position_nm,
            embedding=embedding,
            planes=(cutout.image[z].copy(), cutout.image[:, y].copy(), cutout.image[:, :, x].copy()),
            stages_ms={"cut": 1e3 * (cut - started), "embed": 1e3 * (time.perf_counter() - cut)},
        )
