"""The table that an app makes at its first start, and what it says of itself."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from segclr.embeddings.bulk.command import main
from segclr.embeddings.table import open_table
from segclr_viewer.first_run import _embed
from segclr_viewer.project_file import load_project
from tests.project_text import task_text

if TYPE_CHECKING:
    from tests.conftest import World

pytestmark = pytest.mark.torch

PROJECT = """
name = "small"
[em]
url = "{em}"
[segmentation]
url = "{segmentation}"
version = "v1"
[skeletons]
url = "{skeletons}"
spacing_nm = 300
[encoder]
checkpoint = "encoder.safetensors"
[table]
folder = "embeddings"
[labels]
file = "labels.sqlite"
"""


def test_the_command_for_whole_volumes_knows_the_table_that_the_app_made(
    world: "World", tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import torch

    from segclr.em.cutout import CutoutSpec
    from segclr.encoder.checkpoint import TrainingRecord
    from segclr.encoder.config import EncoderConfig
    from segclr.encoder.resnet import SegclrResNet
    from segclr.encoder.weights import save_checkpoint

    torch.manual_seed(0)
    checkpoint = tmp_path / "encoder.safetensors"
    network = SegclrResNet(EncoderConfig((4, 6), (1, 2), stem_kernel=3, stem_pool=False)).eval()
    save_checkpoint(checkpoint, network, CutoutSpec(9, world.resolution_nm), TrainingRecord("nothing", 0))
    path = tmp_path / "project.toml"
    text = PROJECT.format(em=world.em_url, segmentation=world.segmentation_url, skeletons=world.skeletons_url)
    path.write_text(text + task_text("part", "node", "axon", "dendrite"), encoding="utf-8")
    _embed(load_project(path), checkpoint, lambda what, share: None)
    table = open_table(tmp_path / "embeddings")
    assert table.provenance.nodes_from.endswith("every 300 nm")
    assert main([str(path), "--threads", "1"]) == 0
    assert capsys.readouterr().out == f"{len(table)} rows in {tmp_path / 'embeddings'}\n"
    assert not (tmp_path / "embeddings.unfinished").exists()
