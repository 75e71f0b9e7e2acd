"""The command line: exit statuses, and one line for what is wrong."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from segclr.em.precomputed import PrecomputedWriter
from segclr.encoder.checkpoint import DEMO_CHECKPOINT, read_spec
from segclr_viewer.cli import _invitation, main

if TYPE_CHECKING:
    from tests.conftest import World

BIG = 2**63 + 5


@pytest.fixture
def project_file(world: "World", tmp_path: Path, task_section: str) -> Path:
    path = tmp_path / "project.toml"
    path.write_text(
        f'name = "test"\n[em]\nurl = "{world.em_url}"\n[segmentation]\nurl = "{world.segmentation_url}"\n'
        f'version = "v1"\n[table]\nfolder = "table"\n[labels]\nfile = "labels.sqlite"\n{task_section}'
    )
    return path


def test_check_opens_everything_and_prints_the_settings(project_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check", str(project_file), "--annotator", "ada"]) == 0
    printed = capsys.readouterr().out
    assert "annotator = ada" in printed
    assert "task 1.class 2.name = dendrite" in printed
    assert "voxels are its own" in printed
    assert "warning" not in printed
    assert "no embedding table yet" in printed


def test_one_annotator_is_invited_as_ever_and_several_by_name() -> None:
    assert _invitation({"ana": "http://127.0.0.1:1/?token=x"}) == "open http://127.0.0.1:1/?token=x"
    said = _invitation({"ana": "http://127.0.0.1:1/?token=x", "ben": "http://127.0.0.1:1/?token=y"})
    assert said.splitlines() == ["ana opens http://127.0.0.1:1/?token=x", "ben opens http://127.0.0.1:1/?token=y"]


def test_several_annotators_may_be_named(project_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check", str(project_file), "--annotator", "ada", "--annotator", "bo"]) == 0
    printed = capsys.readouterr().out
    assert "annotator 1.name = ada" in printed
    assert "annotator 2.name = bo" in printed


@pytest.mark.parametrize("grey", [0, 128])
def test_check_warns_of_em_that_is_the_same_all_over(
    project_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], grey: int, world: "World"
) -> None:
    view, shape = read_spec(DEMO_CHECKPOINT).cutout, (13, 19, 17)
    for name, kind, voxels in (
        ("em", "em", np.full(shape, grey, np.uint8)),
        ("segmentation", "segmentation", np.full(shape, BIG, np.uint64)),
    ):
        writer = PrecomputedWriter(tmp_path / name, kind, voxels.dtype, view.resolution_nm, shape[::-1], mips=1)
        writer.write(voxels)
    text = project_file.read_text().replace(f"file://{world.folder}", f"file://{tmp_path}")
    project_file.write_text(f'{text}\n[encoder]\ncheckpoint = "{DEMO_CHECKPOINT}"\n')
    assert main(["--check", str(project_file)]) == 0
    assert f"warning: the EM is {grey} all over the segment in that cutout" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("version", "verion", "did you mean version"),
        ('name = "test"', "name = 3", "name is 3"),
        ("precomputed://", "precomputed://nowhere/", "nowhere"),
    ],
)
def test_a_mistake_is_one_line_and_status_1(
    project_file: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, said: str
) -> None:
    project_file.write_text(project_file.read_text().replace(old, new))
    assert main(["--check", str(project_file)]) == 1
    error = capsys.readouterr().err
    assert error.startswith("segclr-viewer: ")
    assert error.count("\n") == 1
    assert said in error


def test_a_project_without_table_and_encoder_is_told_so(project_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(project_file)]) == 1
    assert "no encoder to make one with" in capsys.readouterr().err


def test_the_demos_options_are_refused_with_a_project(project_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([str(project_file), "--demo-seed", "4"])
    assert stopped.value.code == 2
    assert "for the demo" in capsys.readouterr().err


def test_a_phantom_that_is_too_small_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--demo-size", "10", "10", "10", "--cache", str(tmp_path)]) == 1
    assert "--demo-size is 10 10 10" in capsys.readouterr().err
