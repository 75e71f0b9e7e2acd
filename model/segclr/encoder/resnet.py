"""The encoder network: a modern 3-D ResNet-18 from a masked cutout to a 64-d embedding.

Choices, beside the published network (Dorkenwald et al. 2023; google-research/connectomics, segclr/resnet.py):
- conv -> BatchNorm -> ReLU, convolutions without bias (published: biased conv -> ReLU -> BatchNorm);
- a ReLU after the stem, and no convolution in the shortcut of the first stage, where the shape does not change;
- the same heads: bottleneck to 64 numbers that end in a BatchNorm, projection to 16 for training;
- with ``pooling = "segment"``, what goes into the heads is also each stage's mean over the segment alone. A thin axon
  fills a hundredth of its view: in a mean over the whole grid its texture is lost, and so is that of early stages.

Shape suffixes: B batch, C channels, D voxels of the view's edge, E embedding, P projection.
"""

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval, fuse_linear_bn_eval

from segclr.encoder.config import EncoderConfig

_LEAST_SHARE = 1e-3  # of one cell: an empty view divides by this instead of by nothing


class Block(nn.Module):
    """Two 3^3 convolutions beside a shortcut."""

    def __init__(self, channels_in: int, channels: int, stride: int) -> None:
        super().__init__()
        self.first = _conv_bn(channels_in, channels, 3, stride)
        self.second = _conv_bn(channels, channels, 3, 1)
        same_shape = stride == 1 and channels_in == channels
        self.shortcut = nn.Sequential() if same_shape else _conv_bn(channels_in, channels, 1, stride)

    def forward(self, x_bcddd: Tensor) -> Tensor:
        y_bcddd = self.second(functional.relu(self.first(x_bcddd)))
        return functional.relu(y_bcddd + self.shortcut(x_bcddd))


class SegclrResNet(nn.Module):
    """Masked cutout to embedding; ``project`` continues to what the loss sees."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.config = config
        first, last = config.widths[0], config.widths[-1]
        self.stem = _conv_bn(1, first, config.stem_kernel, 2)
        self.stem_pool = nn.MaxPool3d(3, 2, padding=1) if config.stem_pool else nn.Identity()
        self.stages = nn.Sequential()
        channels_in = first
        for stage, (channels, count) in enumerate(zip(config.widths, config.blocks, strict=True)):
            for block in range(count):
                stride = 2 if stage > 0 and block == 0 else 1
                self.stages.append(Block(channels_in, channels, stride))
                channels_in = channels
        self._last_of_stage = [sum(config.blocks[: stage + 1]) - 1 for stage in range(len(config.blocks))]
        pooled = last + (sum(config.widths) if config.pooling == "segment" else 0)
        self.bottleneck = three_layer_head(pooled, last if pooled == last else 2 * last, config.embedding_dim)
        self.projection = three_layer_head(config.embedding_dim, config.embedding_dim, config.projection_dim)
        self._initialise()

    def forward(self, image_b1ddd: Tensor) -> Tensor:
        """Embed.

        Args:
            image_b1ddd: (B, 1, z, y, x) float in [0, 1], zero outside the segment; every edge odd.

        Returns:
            (B, 64), raw: not L2-normalised.

        Raises:
            ValueError: An edge of the view is even.
        """
        if any(edge % 2 == 0 for edge in image_b1ddd.shape[2:]):
            raise ValueError(
                f"a view of {tuple(image_b1ddd.shape[2:])} voxels (z, y, x) has an even edge: every edge must be odd, "
                "so that the view has a centre voxel and every strided layer keeps it in the centre"
            )
        x_bcddd = functional.relu(self._pooled(self.stem(image_b1ddd)))  # the largest value first: ReLU of an eighth
        if self.config.pooling == "mean":
            pooled_bc = self.stages(x_bcddd).mean(dim=(2, 3, 4))
        else:
            pooled_bc = self._pooled_in_segment(x_bcddd, image_b1ddd)
        embedding_be: Tensor = self.bottleneck(pooled_bc)
        return embedding_be

    def _pooled_in_segment(self, x_bcddd: Tensor, image_b1ddd: Tensor) -> Tensor:
        """Run the stages; each one's mean weighted by the segment's share of a cell, then the plain mean of the last.

        The segment is where the image is not zero.
        """
        share_b1ddd = _halved((image_b1ddd > 0).to(x_bcddd.dtype))
        if self.config.stem_pool:
            share_b1ddd = _halved(share_b1ddd)
        pooled: list[Tensor] = []
        for row, block in enumerate(self.stages):
            x_bcddd = block(x_bcddd)
            if row in self._last_of_stage:
                if pooled:
                    share_b1ddd = _halved(share_b1ddd)
                inside_bc = (x_bcddd * share_b1ddd).sum(dim=(2, 3, 4))
                pooled.append(inside_bc / share_b1ddd.sum(dim=(2, 3, 4)).clamp(min=_LEAST_SHARE))
        return torch.cat([*pooled, x_bcddd.mean(dim=(2, 3, 4))], dim=1)

    def _pooled(self, x_bcddd: Tensor) -> Tensor:
        """Pool in the type that comes in; under autocast a CPU would pool float32 copies of the largest grid."""
        if x_bcddd.device.type != "cpu" or not torch.is_autocast_enabled("cpu"):
            return cast("Tensor", self.stem_pool(x_bcddd))
        with torch.autocast("cpu", enabled=False):
            return cast("Tensor", self.stem_pool(x_bcddd))

    def project(self, embedding_be: Tensor) -> Tensor:
        """The (B, 16) projection of embeddings (B, 64), for the contrastive loss only."""
        projection_bp: Tensor = self.projection(embedding_be)
        return projection_bp

    def _initialise(self) -> None:
        if next(self.parameters()).is_meta:
            return  # weights will be given: to draw some would have PyTorch import its compiler, which takes a second
        for module in self.modules():
            if isinstance(module, nn.Conv3d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")


def _conv_bn(channels_in: int, channels: int, kernel: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv3d(channels_in, channels, kernel, stride, padding=kernel // 2, bias=False), nn.BatchNorm3d(channels)
    )


def _halved(share_b1ddd: Tensor) -> Tensor:
    """The share per cell of a grid half as fine, over the 3^3 cells that a convolution of stride 2 sees."""
    return functional.avg_pool3d(share_b1ddd.float(), 3, 2, padding=1).to(share_b1ddd.dtype)  # a CPU has no other one


def three_layer_head(width_in: int, hidden: int, width_out: int) -> nn.Sequential:
    """Three bias-free layers; the last ends in a BatchNorm without ReLU, as published."""
    return nn.Sequential(
        nn.Linear(width_in, hidden, bias=False),
        nn.BatchNorm1d(hidden),
        nn.ReLU(),
        nn.Linear(hidden, hidden, bias=False),
        nn.BatchNorm1d(hidden),
        nn.ReLU(),
        nn.Linear(hidden, width_out, bias=False),
        nn.BatchNorm1d(width_out),
    )


def parameter_count(model: nn.Module) -> int:
    """Number of trainable values."""
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)


def fold_batch_norms(model: nn.Module) -> None:
    """Merge every BatchNorm that directly follows a convolution or linear layer into it, in place; for inference only.

    The output changes by rounding alone.
    """
    model.eval()
    for layers in model.modules():
        if not isinstance(layers, nn.Sequential):
            continue
        for index in range(len(layers) - 1):
            layer, norm = layers[index], layers[index + 1]
            if isinstance(layer, nn.Conv3d) and isinstance(norm, nn.BatchNorm3d):
                layers[index], layers[index + 1] = fuse_conv_bn_eval(layer, norm), nn.Identity()
            elif isinstance(layer, nn.Linear) and isinstance(norm, nn.BatchNorm1d):
                layers[index], layers[index + 1] = fuse_linear_bn_eval(layer, norm), nn.Identity()
