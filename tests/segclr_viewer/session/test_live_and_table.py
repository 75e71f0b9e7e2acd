"""A click and the table give the same numbers: same place, same vector, whatever it was embedded beside."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from segclr.em.cutout import CutoutSpec
from segclr.embeddings.embed import embed_volume
from segclr_viewer.embedder import WorkerSettings
from segclr_viewer.opening import open_em, open_segmentation
from segclr_viewer.project_file import load_project

if TYPE_CHECKING:
    from tests.conftest import World

pytestmark = pytest.mark.torch

PROJECT = """
name = "test"
[em]
url = "{em}"
[segmentation]
url = "{segmentation}"
version = "v1"
[encoder]
checkpoint = "encoder.safetensors"
[table]
folder = "table"
[labels]
file = "labels.sqlite"
"""


def test_a_click_on_a_node_gives_the_vector_that_the_table_has_for_it(
    world: "World", tmp_path: Path, task_section: str
) -> None:
    import torch

    from segclr.encoder.checkpoint import TrainingRecord
    from segclr.encoder.config import EncoderConfig
    from segclr.encoder.inference import load_encoder
    from segclr.encoder.resnet import SegclrResNet
    from segclr.encoder.weights import save_checkpoint

    torch.manual_seed(0)
    network = SegclrResNet(EncoderConfig(widths=(4, 8), blocks=(1, 1), stem_kernel=3, stem_pool=False)).eval()
    spec = CutoutSpec(17, world.resolution_nm)
    save_checkpoint(tmp_path / "encoder.safetensors", network, spec, TrainingRecord("nothing", 0))
    path = tmp_path / "project.toml"
    path.write_text(PROJECT.format(em=world.em_url, segmentation=world.segmentation_url) + task_section)
    project = load_project(path)
    encoder = load_encoder(tmp_path / "encoder.safetensors")
    table = embed_volume(open_em(project), open_segmentation(project), world.skeletons.values(), encoder)
    table.save(tmp_path / "table")

    live = WorkerSettings(project)()
    rows = np.random.default_rng(0).choice(len(table), 20, replace=False)
    for row, segment_id in zip(rows, table.segment_of_rows(rows), strict=True):
        x, y, z = table.positions_nm[row].tolist()
        embedded = live.embed((x, y, z), None)
        assert embedded.segment_id == int(segment_id)
        assert (embedded.embedding == table.embeddings[row]).all()
    apart = len(np.unique(table.embeddings[rows], axis=0))
    assert apart > 15, "places that differ have the same vector"  # two nodes of a branch may share a voxel
