"""What docs/data.md tells a new user to type works."""

import re
from pathlib import Path

import numpy as np
import pytest

from segclr.em.volume import open_volume
from segclr_viewer.project_file import load_project

DOC = Path(__file__).resolve().parents[1] / "docs" / "data.md"


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", DOC.read_text(encoding="utf-8"), re.DOTALL)


def test_arrays_become_a_volume_that_a_project_opens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    em, ids = rng.integers(0, 256, (40, 70, 90), np.uint8), rng.integers(2**63, 2**64 - 1, (40, 70, 90), np.uint64)
    np.save("em.npy", em)
    np.save("segmentation.npy", ids)
    writes, *_ = (block for block in blocks("python") if "write_zarr" in block)
    exec(writes, {})  # noqa: S102 (of our own documentation)
    text, *_ = (block for block in blocks("toml") if "[labels]" in block)
    (tmp_path / "project.toml").write_text(text, encoding="utf-8")
    project = load_project(tmp_path / "project.toml")
    assert project.em is not None
    for part, kind, wanted in ((project.em, "em", em), (project.segmentation, "segmentation", ids)):
        volume = open_volume(part.url, kind, resolution_nm=part.resolution_nm)
        assert volume.mips[0].resolution_nm == (32.0, 32.0, 40.0)
        np.testing.assert_array_equal(volume.read(volume.mips[0].box), wanted)


def test_every_project_in_it_is_toml_that_a_project_takes(tmp_path: Path) -> None:
    whole, *_ = (block for block in blocks("toml") if "[labels]" in block)
    bucket, *_ = (block for block in blocks("toml") if "zarr://https" in block)
    rest = whole[whole.index("[encoder]") :]
    (tmp_path / "project.toml").write_text(f'name = "b"\n{bucket}\n{rest}', encoding="utf-8")
    project = load_project(tmp_path / "project.toml")
    assert project.em is not None
    assert project.em.url == "zarr://https://host/em.zarr"
