"""Shape of an encoder network, readable without torch."""

from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

EMBEDDING_DIM = 64
Pooling = Literal["mean", "segment"]


@dataclass(frozen=True, slots=True)
class EncoderConfig:
    """Everything needed to build the modern network; it travels inside the checkpoint.

    The defaults are the published size: a ResNet-18 for cutouts of 129 voxels.
    """

    architecture: ClassVar[str] = "modern"

    widths: tuple[int, ...] = (64, 128, 256, 512)  # channels of each stage; every stage after the first halves the grid
    blocks: tuple[int, ...] = (2, 2, 2, 2)  # residual blocks of each stage
    stem_kernel: int = 7  # voxels, odd; the stem has stride 2
    stem_pool: bool = True  # a second halving by max pooling, as published; small views go without
    pooling: Pooling = "mean"  # of the last grid, as published; "segment": beside it, of each stage within the segment
    embedding_dim: int = EMBEDDING_DIM
    projection_dim: int = 16  # the head that only training uses

    def __post_init__(self) -> None:
        if not self.widths or len(self.widths) != len(self.blocks) or min((*self.widths, *self.blocks)) < 1:
            raise ValueError(f"widths {self.widths} and blocks {self.blocks} must name the same stages")
        if self.stem_kernel % 2 == 0:
            raise ValueError(f"stem_kernel is {self.stem_kernel}: it must be odd, so that it has a centre voxel")
        if self.pooling not in get_args(Pooling):
            raise ValueError(f"pooling is {self.pooling!r}: it must be one of {', '.join(get_args(Pooling))}")


@dataclass(frozen=True, slots=True)
class LegacyConfig:
    """The released network, whose shape is fixed."""

    architecture: ClassVar[str] = "legacy"
    embedding_dim: ClassVar[int] = EMBEDDING_DIM
    projection_dim: ClassVar[int] = 16
    halvings: ClassVar[int] = 5  # layers of stride 2: stem, max pool and three stages

    def check_edge(self, edge: int) -> None:
        """Refuse a view whose edge becomes even before a layer of stride 2.

        TensorFlow's SAME padding is one-sided there, torch's is not: the embedding would silently be another one.

        Raises:
            ValueError: Says which edges fit.
        """
        step = 2**self.halvings
        if edge % step != 1:
            raise ValueError(
                f"a view with an edge of {edge} voxels does not fit the legacy network: every layer that halves the "
                f"view must meet an odd edge, where TensorFlow's padding is the same on both sides; take 129 voxels, "
                f"as published, or another multiple of {step} plus 1"
            )
