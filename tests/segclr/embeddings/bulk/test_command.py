"""The command: a project file becomes a table, and every mistake a sentence."""

from pathlib import Path

import pytest

from segclr.embeddings.bulk.command import main
from segclr.embeddings.bulk.settings import read_settings
from segclr.embeddings.table import open_table
from segclr.errors import ProjectError


def project_of(world, folder: Path, checkpoint: str = "encoder.safetensors", more: str = "") -> Path:
    path = folder / "project.toml"
    path.write_text(
        f"""
        name = "small"
        [em]
        url = "{world.em_url}"
        [segmentation]
        url = "{world.segmentation_url}"
        version = "v1"
        [skeletons]
        url = "{world.skeletons_url}"
        spacing_nm = 300
        [encoder]
        checkpoint = "{checkpoint}"
        [table]
        folder = "embeddings"
        {more}
        """
    )
    return path


def test_paths_are_relative_to_the_project_file(world, tmp_path: Path) -> None:
    settings = read_settings(project_of(world, tmp_path))
    assert settings.checkpoint == str(tmp_path / "encoder.safetensors")
    assert settings.table_folder == str(tmp_path / "embeddings")
    assert settings.em_url == world.em_url
    assert settings.spacing_nm == 300.0
    assert settings.nodes_from == f"{world.skeletons_url}, every 300 nm"


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("[encoder]", "[coder]", "encoder.checkpoint is missing"),
        ('folder = "embeddings"', "", "table.folder is missing"),
        ("spacing_nm = 300", "spacing_nm = -1", "skeletons.spacing_nm is -1"),
        ('version = "v1"', "resolution_nm = [8, 8]", "segmentation.resolution_nm must be three numbers"),
        ("[table]", "[table]\nrelease = 'h01'", "published release"),
        ("[em]", "[em", "not TOML"),
    ],
)
def test_a_mistake_in_the_project_is_one_sentence(world, tmp_path: Path, capsys, old, new, complaint) -> None:
    path = project_of(world, tmp_path)
    path.write_text(path.read_text().replace(old, new))
    assert main([str(path)]) == 1
    said = capsys.readouterr().err
    assert complaint in said
    assert said.count("\n") == 1


def test_sizes_that_make_no_sense_are_refused(world, tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="--block-um above 0"):
        read_settings(project_of(world, tmp_path), block_um=0.0)


@pytest.mark.torch
def test_a_project_becomes_a_table_and_is_not_done_twice(world, tmp_path: Path, capsys) -> None:
    import torch

    from segclr.em.cutout import CutoutSpec
    from segclr.encoder.checkpoint import TrainingRecord, read_spec
    from segclr.encoder.config import EncoderConfig
    from segclr.encoder.resnet import SegclrResNet
    from segclr.encoder.weights import save_checkpoint

    torch.manual_seed(0)
    checkpoint = tmp_path / "encoder.safetensors"
    network = SegclrResNet(EncoderConfig((4, 6), (1, 2), stem_kernel=3, stem_pool=False)).eval()
    save_checkpoint(checkpoint, network, CutoutSpec(9, world.resolution_nm), TrainingRecord("nothing", 0))
    arguments = [str(project_of(world, tmp_path)), "--threads", "1", "--block-um", "0.8"]
    assert main(arguments) == 0
    table = open_table(tmp_path / "embeddings")
    assert table.provenance.encoder_hash == read_spec(checkpoint).hash
    assert table.provenance.nodes_from.endswith("every 300 nm")
    assert table.segment_ids.tolist() == sorted(world.skeletons)
    capsys.readouterr()
    assert main(arguments) == 0
    assert capsys.readouterr().out == f"{len(table)} rows in {tmp_path / 'embeddings'}\n"
