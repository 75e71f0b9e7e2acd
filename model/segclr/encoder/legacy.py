"""The network of the released SegCLR checkpoints, number for number.

Dorkenwald et al., Nature Methods 20:2011 (2023); google-research/connectomics, segclr/resnet.py (resnet18_stack) and
segclr/model_util.py (projection_head). It differs from the usual ResNet-18, and each difference changes the embedding:
- every convolution has a bias, although a BatchNorm follows;
- inside a block the order is conv -> ReLU -> BatchNorm, twice; then the shortcut is added; then a ReLU;
- the stem is conv -> BatchNorm -> max pool, without a ReLU;
- the first block of the first stage has a convolution in its shortcut, although its shape does not change.

Released networks were trained with batch renormalisation inside the blocks. At inference that is a plain BatchNorm, and
this module has plain ones: it is for embedding, and training it further would not repeat the published training.

Shape suffixes: B batch, C channels, D voxels of the view's edge, E embedding, P projection.
"""

from torch import Tensor, nn
from torch.nn import functional

from segclr.encoder.config import LegacyConfig
from segclr.encoder.resnet import three_layer_head

_WIDTHS = (64, 128, 256, 512)  # channels of the stages, which the published code calls stage_2 to stage_5
_BLOCKS = 2  # per stage
_EPSILON, _MOMENTUM = 1e-5, 0.1  # of every BatchNorm; TensorFlow calls the momentum a decay of 0.9


class LegacyBlock(nn.Module):
    """Two 3^3 convolutions, each before its ReLU and BatchNorm, beside a shortcut."""

    def __init__(self, channels_in: int, channels: int, stride: int, convolve_shortcut: bool) -> None:
        super().__init__()
        self.residual = nn.Sequential(
            _conv(channels_in, channels, 3, stride),
            nn.ReLU(),
            _norm(channels),
            _conv(channels, channels, 3, 1),
            nn.ReLU(),
            _norm(channels),
        )
        self.shortcut = nn.Sequential()
        if convolve_shortcut:
            self.shortcut.extend([_conv(channels_in, channels, 1, stride), _norm(channels)])

    def forward(self, x_bcddd: Tensor) -> Tensor:
        return functional.relu(self.residual(x_bcddd) + self.shortcut(x_bcddd))


class LegacyResNet(nn.Module):
    """Masked cutout to embedding; ``project`` continues to what the loss saw."""

    def __init__(self, config: LegacyConfig) -> None:
        super().__init__()
        self.config = config
        self.stem = nn.Sequential(_conv(1, _WIDTHS[0], 7, 2), _norm(_WIDTHS[0]))
        self.stem_pool = nn.MaxPool3d(3, 2, padding=1)
        self.stages = nn.Sequential()
        channels_in = _WIDTHS[0]
        for stage, channels in enumerate(_WIDTHS):
            for block in range(_BLOCKS):
                stride = 2 if stage > 0 and block == 0 else 1
                self.stages.append(LegacyBlock(channels_in, channels, stride, convolve_shortcut=block == 0))
                channels_in = channels
        self.bottleneck = three_layer_head(channels_in, channels_in, config.embedding_dim)
        self.projection = three_layer_head(config.embedding_dim, config.embedding_dim, config.projection_dim)
        self._initialise()

    def forward(self, image_b1ddd: Tensor) -> Tensor:
        """Embed.

        Args:
            image_b1ddd: (B, 1, z, y, x) float in [0, 1], zero outside the segment; every edge 129 voxels as published,
                or another that ``LegacyConfig.check_edge`` accepts.

        Returns:
            (B, 64), raw: not L2-normalised.

        Raises:
            ValueError: An edge that the published padding would treat differently.
        """
        for edge in image_b1ddd.shape[2:]:
            self.config.check_edge(edge)
        x_bcddd = self.stages(self.stem_pool(self.stem(image_b1ddd)))
        embedding_be: Tensor = self.bottleneck(x_bcddd.mean(dim=(2, 3, 4)))
        return embedding_be

    def project(self, embedding_be: Tensor) -> Tensor:
        """The (B, 16) projection of embeddings (B, 64), for the contrastive loss only."""
        projection_bp: Tensor = self.projection(embedding_be)
        return projection_bp

    def _initialise(self) -> None:
        """As published: Glorot uniform convolutions, heads from N(0, 0.01)."""
        if next(self.parameters()).is_meta:
            return  # weights will be given: to draw some would have PyTorch import its compiler, which takes a second
        for module in self.modules():
            if isinstance(module, nn.Conv3d) and module.bias is not None:
                nn.init.xavier_uniform_(module.weight)
                nn.init.zeros_(module.bias)
            elif isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, std=0.01)


def _conv(channels_in: int, channels: int, kernel: int, stride: int) -> nn.Conv3d:
    return nn.Conv3d(channels_in, channels, kernel, stride, padding=kernel // 2)


def _norm(channels: int) -> nn.BatchNorm3d:
    return nn.BatchNorm3d(channels, eps=_EPSILON, momentum=_MOMENTUM)
