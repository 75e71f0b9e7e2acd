"""One block's work, and what a process that does blocks holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock

import numpy as np
from numpy.typing import NDArray

from segclr.em.volume import Volume
from segclr.embeddings.bulk.job import JobFolder
from segclr.embeddings.bulk.plan import Plan, open_plan
from segclr.embeddings.bulk.settings import BulkSettings
from segclr.embeddings.embed import EncoderLike, SpecLike, embed_nodes
from segclr.errors import TableError

LoadEncoder = Callable[[Path], EncoderLike]


@dataclass(frozen=True, slots=True)
class Load:
    """Loads a checkpoint; `threads` as of `segclr.encoder.inference.load_encoder`."""

    threads: int | None = None

    def __call__(self, checkpoint: Path) -> EncoderLike:
        from segclr.encoder.inference import load_encoder  # torch: only in processes that embed

        return load_encoder(checkpoint, self.threads)


@dataclass(frozen=True, slots=True)
class EmbeddingWork:
    """What a process must know to embed blocks of a job; sent to workers.

    Attributes:
        batch: cutouts that the encoder gets at a time.
        readers: threads that read and cut while it embeds.
    """

    settings: BulkSettings
    load: LoadEncoder
    batch: int = 32
    readers: int = 2

    def open(self) -> BlockEmbedder:
        """Open the volumes and the plan, and load the encoder.

        Raises:
            SegclrError: Something cannot be opened.
        """
        folder = JobFolder.beside(Path(self.settings.table_folder))
        return BlockEmbedder(
            self,
            folder,
            open_plan(folder.path),
            self.settings.open_em(),
            self.settings.open_segmentation(),
            _InTurn(self.load(Path(self.settings.checkpoint))),
        )


class _InTurn:
    """An encoder that embeds for one thread at a time."""

    def __init__(self, encoder: EncoderLike) -> None:
        self._encoder = encoder
        self._lock = Lock()

    @property
    def spec(self) -> SpecLike:
        return self._encoder.spec

    def embed(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        with self._lock:
            return self._encoder.embed(images)


@dataclass(frozen=True, slots=True, eq=False)
class BlockEmbedder:
    """Opened volumes, a plan, and one encoder. Several threads may do blocks."""

    work: EmbeddingWork
    folder: JobFolder
    plan: Plan
    em: Volume | None
    segmentation: Volume
    encoder: EncoderLike
    stopped: Event = field(default_factory=Event)

    def stop(self) -> None:
        """Give up the blocks under way after their next batch, and do no more."""
        self.stopped.set()

    def do(self, block: int) -> int:
        """Embed the nodes of a block and save them as its table; returns the number of nodes, those skipped included.

        Raises:
            SegclrError: Nothing is saved then.
        """
        nodes = self.plan.block(block)
        table = embed_nodes(
            self.em,
            self.segmentation,
            nodes,
            self.encoder,
            self.work.settings.nodes_from,
            self.work.batch,
            self.work.readers,
            self._go_on,
        )
        table.save(self.folder.block(block))
        return len(nodes.segment_ids)

    def _go_on(self, done: int, total: int) -> None:
        if self.stopped.is_set():
            raise TableError(f"stopped after {done} of {total} nodes")
