"""The small world of ``tests/conftest.py`` as something to train on."""

from pathlib import Path

import pytest

from segclr.em.cutout import CutoutSpec
from segclr.em.volume import open_volume
from segclr.training.config import Augmentation, Network, TrainingConfig, View, VolumeData
from segclr.training.volumes import TrainingVolume, read_volume


@pytest.fixture(scope="session")
def volume(world) -> TrainingVolume:
    """The whole world at its finest mip."""
    return read_volume(
        open_volume(world.em_url, "em"),
        open_volume(world.segmentation_url, "segmentation"),
        list(world.skeletons.values()),
        CutoutSpec(9, world.resolution_nm),
    )


@pytest.fixture
def config(world, tmp_path: Path) -> TrainingConfig:
    """Ten small steps."""
    return TrainingConfig(
        view=View(9, world.resolution_nm),
        output=str(tmp_path / "run"),
        steps=10,
        encoder=Network((4, 8), (1, 1), 3, False),
        augmentation=Augmentation(0.05, 0.05, 0.1),
        volume=(VolumeData(world.segmentation_url, world.skeletons_url, world.em_url),),
        pairs=8,
        distance_buckets_um=(0.0, 0.1, 0.3, 2.0),
        warmup_steps=3,
        learning_rate=5e-3,
        threads=1,
        save_every_steps=5,
    )
