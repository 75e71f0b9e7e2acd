"""The work of a cutout, against PyTorch's own count."""

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from segclr.encoder.config import EncoderConfig, LegacyConfig
from segclr.encoder.network import build_network
from segclr.encoder.work import counted_work

pytestmark = pytest.mark.torch


@pytest.mark.parametrize(
    "config",
    [EncoderConfig((4, 6), (1, 2), stem_kernel=3, stem_pool=False, pooling="segment"), LegacyConfig()],
    ids=["modern", "legacy"],
)
def test_the_work_is_what_pytorch_counts(config: EncoderConfig | LegacyConfig) -> None:
    network = build_network(config).eval()
    views = torch.rand(2, 1, 33, 33, 33) if isinstance(config, EncoderConfig) else torch.rand(1, 1, 129, 129, 129)
    with torch.inference_mode(), FlopCounterMode(display=False) as counter, counted_work(network) as work:
        network(views)
    assert work.gflop == pytest.approx(counter.get_total_flops() / 1e9, rel=1e-9)


def test_nothing_is_counted_afterwards() -> None:
    layer = nn.Linear(3, 5)
    with counted_work(layer) as work:
        layer(torch.zeros(7, 3))
    layer(torch.zeros(7, 3))
    assert work.gflop == pytest.approx(2e-9 * 7 * 5 * 3)
