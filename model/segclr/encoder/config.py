"""Shape of an encoder network, readable without torch."""

from dataclasses import dataclass

EMBEDDING_DIM = 64


@dataclass(frozen=True, slots=True)
class EncoderConfig:
    """Everything needed to build the network; it travels inside the checkpoint.

    The defaults are the published size: a ResNet-18 for cutouts of 129 voxels.
    """

    widths: tuple[int, ...] = (64, 128, 256, 512)  # channels of each stage; every stage after the first halves the grid
    blocks: tuple[int, ...] = (2, 2, 2, 2)  # residual blocks of each stage
    stem_kernel: int = 7  # voxels, odd; the stem has stride 2
    stem_pool: bool = True  # a second halving by max pooling, as published; small views go without
    embedding_dim: int = EMBEDDING_DIM
    projection_dim: int = 16  # the head that only training uses

    def __post_init__(self) -> None:
        if not self.widths or len(self.widths) != len(self.blocks) or min((*self.widths, *self.blocks)) < 1:
            raise ValueError(f"widths {self.widths} and blocks {self.blocks} must name the same stages")
        if self.stem_kernel % 2 == 0:
            raise ValueError(f"stem_kernel is {self.stem_kernel}: it must be odd, so that it has a centre voxel")
