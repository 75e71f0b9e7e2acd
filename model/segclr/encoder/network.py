"""The encoder networks behind one name: an image in, ``forward`` embeds it, ``project`` goes on to the loss."""

from segclr.encoder.config import EncoderConfig, LegacyConfig
from segclr.encoder.legacy import LegacyResNet
from segclr.encoder.resnet import SegclrResNet

EncoderNetwork = SegclrResNet | LegacyResNet


def build_network(config: EncoderConfig | LegacyConfig) -> EncoderNetwork:
    """The network that a configuration describes, with fresh weights."""
    return LegacyResNet(config) if isinstance(config, LegacyConfig) else SegclrResNet(config)
