"""The stem's convolution, rewritten exactly for processors that want many channels.

A convolution of one channel and stride 2 keeps vector units idle: there is nothing to multiply beside the one channel.
The same sum over 2^3 voxels taken as 8 channels, on a grid of half the resolution and with stride 1, has 8 of them. It
is the rewrite that MLPerf's ResNet-50 uses for TPUs (space-to-depth stem), here in three dimensions.

Shape suffixes: B batch, C channels, D voxels of an edge.
"""

import copy

import torch
from torch import Tensor, nn
from torch.nn import functional


class SpaceToDepthConv(nn.Module):
    """What a one-channel convolution of stride 2 and odd kernel gives, for views with odd edges.

    A kernel of k voxels gets one more, of zeros, and becomes (k + 1) / 2 cells of 2^3 voxels.

    Args:
        conv: The convolution; its weights are copied.

    Raises:
        ValueError: Another kind of convolution.
    """

    def __init__(self, conv: nn.Conv3d) -> None:
        super().__init__()
        if not is_rewritable(conv):
            raise ValueError(
                f"only a one-channel convolution of stride 2 with an odd kernel can be rewritten, not {conv}"
            )
        cells_z, cells_y, cells_x = ((kernel + 1) // 2 for kernel in conv.kernel_size)
        before_z, before_y, before_x = (int(padding) for padding in conv.padding)
        self._padding = (before_x, before_x + 1, before_y, before_y + 1, before_z, before_z + 1)
        self._conv = nn.Conv3d(8, conv.out_channels, (cells_z, cells_y, cells_x), bias=conv.bias is not None)
        with torch.no_grad():
            whole = functional.pad(conv.weight, (0, 1, 0, 1, 0, 1))
            self._conv.weight.copy_(space_to_depth(whole))
            if conv.bias is not None and self._conv.bias is not None:
                self._conv.bias.copy_(conv.bias)

    def forward(self, image_b1ddd: Tensor) -> Tensor:
        """Convolve (B, 1, z, y, x), every edge odd."""
        convolved: Tensor = self._conv(space_to_depth(functional.pad(image_b1ddd, self._padding)))
        return convolved


def space_to_depth(image_b1ddd: Tensor) -> Tensor:
    """Take every 2^3 voxels as 8 channels: (B, 1, 2z, 2y, 2x) to (B, 8, z, y, x)."""
    batch, _, z, y, x = image_b1ddd.shape
    cells = image_b1ddd.reshape(batch, z // 2, 2, y // 2, 2, x // 2, 2)
    return cells.permute(0, 2, 4, 6, 1, 3, 5).reshape(batch, 8, z // 2, y // 2, x // 2)


def is_rewritable(conv: nn.Conv3d) -> bool:
    """Whether ``SpaceToDepthConv`` can stand for this convolution."""
    return (
        conv.in_channels == 1
        and conv.stride == (2, 2, 2)
        and conv.dilation == (1, 1, 1)
        and all(kernel % 2 == 1 for kernel in conv.kernel_size)
        and conv.padding_mode == "zeros"
        and not isinstance(conv.padding, str)
    )


def with_space_to_depth_stem(network: nn.Module) -> nn.Module:
    """Copy a network and rewrite its stem, if it has one that can be rewritten.

    Args:
        network: Left as it is. It gives its image to the stem as it came.
    """
    rewritten = copy.deepcopy(network)
    for name, module in network.named_modules():
        if isinstance(module, nn.Conv3d) and is_rewritable(module):
            rewritten.set_submodule(name, SpaceToDepthConv(module))
    return rewritten
