"""``python -m segclr.training``."""

from pathlib import Path

import pytest

from segclr.encoder.checkpoint import read_spec
from segclr.training.__main__ import main

pytestmark = pytest.mark.torch


def test_the_command_trains_on_a_volume_and_goes_on_where_it_stopped(
    world, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    x_nm, y_nm, z_nm = world.resolution_nm
    path = tmp_path / "config.toml"
    path.write_text(
        f"""
output = "run"
steps = 4
pairs = 4
distance_buckets_um = [0, 2]
threads = 1
[view]
size = 9
resolution_nm = [{x_nm}, {y_nm}, {z_nm}]
[encoder]
widths = [4]
blocks = [1]
stem_kernel = 3
[[volume]]
em = "{world.em_url}"
segmentation = "{world.segmentation_url}"
skeletons = "{world.skeletons_url}"
"""
    )
    assert main([str(path)]) == 0
    assert "step 4/4" in capsys.readouterr().out
    assert read_spec(tmp_path / "run" / "encoder.safetensors").training.steps == 4
    assert main([str(path)]) == 0
    assert "step" not in capsys.readouterr().out.split("\n", 1)[1].replace("steps", "")


def test_a_mistake_is_one_line_and_no_traceback(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "absent.toml")]) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "absent.toml cannot be read" in error
