"""A small checkpoint for the encoder's tests."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An untrained encoder for views of 9 voxels of 8 x 10 x 33 nm."""
    torch = pytest.importorskip("torch", reason="the encoder needs torch")
    from segclr.em.cutout import CutoutSpec
    from segclr.encoder.checkpoint import TrainingRecord
    from segclr.encoder.config import EncoderConfig
    from segclr.encoder.resnet import SegclrResNet
    from segclr.encoder.weights import save_checkpoint

    torch.manual_seed(3)
    network = SegclrResNet(EncoderConfig((4, 6), (1, 2), stem_kernel=3, stem_pool=False)).train()
    with torch.no_grad():
        for _ in range(5):  # give the BatchNorms statistics that are not 0 and 1
            network.project(network(torch.rand(8, 1, 9, 9, 9)))
    path = tmp_path_factory.mktemp("checkpoint") / "tiny.safetensors"
    record = TrainingRecord(data="noise", steps=5, pairs_per_step=4, loss=1.5)
    save_checkpoint(path, network, CutoutSpec(9, (8.0, 10.0, 33.0)), record)
    return path
