"""One block's work, and what a process that does blocks holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from segclr.em.volume import Volume
from segclr.embeddings.bulk.job import JobFolder
from segclr.embeddings.bulk.plan import Plan, open_plan
from segclr.embeddings.bulk.settings import BulkSettings
from segclr.embeddings.embed import EncoderLike, embed_nodes

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
            self.load(Path(self.settings.checkpoint)),
        )


@dataclass(frozen=True, slots=True, eq=False)
class BlockEmbedder:
    """Opened volumes, a plan, and one encoder; used from one thread."""

    work: EmbeddingWork
    folder: JobFolder
    plan: Plan
    em: Volume | None
    segmentation: Volume
    encoder: EncoderLike

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
        )
        table.save(self.folder.block(block))
        return len(nodes.segment_ids)
