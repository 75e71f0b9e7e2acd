"""What the encoder's process does with a place, on a small volume and with a small encoder."""

from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.typing import NDArray

from segclr.em.cutout import CutoutSpec
from segclr.em.precomputed import PrecomputedWriter
from segclr.em.volume import open_volume
from segclr.errors import NoSegment, ProjectError, SegclrError
from segclr_viewer.embedder import VolumeEmbedder, WorkerSettings
from segclr_viewer.project_file import load_project

BIG = 2**63 + 5
RESOLUTION_NM = (32.0, 32.0, 40.0)


@dataclass(frozen=True)
class SumEncoder:
    """Embeds a cutout as its corner, its middle and its sum."""

    spec = SimpleNamespace(cutout=CutoutSpec(5, RESOLUTION_NM), path="encoder.safetensors")
    device = "abacus"

    def embed(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        assert images.shape[1:] == (5, 5, 5)
        return np.array([[image[0, 0, 0], image[2, 2, 2], image.sum()] for image in images], np.float32)


@pytest.fixture
def embedder(tmp_path: Path) -> VolumeEmbedder:
    """EM whose grey tells x + 5 y + 25 z, and one cell in it below z = 6."""
    z, y, x = np.indices((9, 11, 13))
    em = (x + 5 * y + 25 * z).astype(np.uint8)
    segmentation = np.where(z < 6, np.uint64(BIG), np.uint64(0))
    for name, kind, voxels in (("em", "em", em), ("segmentation", "segmentation", segmentation)):
        writer = PrecomputedWriter(tmp_path / name, kind, voxels.dtype, RESOLUTION_NM, (13, 11, 9), mips=1)
        writer.write(voxels)
    return VolumeEmbedder(
        open_volume(str(tmp_path / "em"), "em"),
        open_volume(str(tmp_path / "segmentation"), "segmentation"),
        SumEncoder(),  # type: ignore[arg-type]
    )


def test_a_place_is_cut_out_masked_embedded_and_pictured_from_three_sides(embedder: VolumeEmbedder) -> None:
    found = embedder.embed((7.5 * 32, 4.5 * 32, 4.5 * 40), None)
    assert found.segment_id == BIG
    assert found.position_nm == (240.0, 144.0, 180.0)
    assert found.embedding[1] == 7 + 5 * 4 + 25 * 4
    xy, xz, yz = found.planes
    steps = np.arange(-2, 3)
    middle = 7 + 5 * 4 + 25 * 4
    inside = (steps < 2)[:, None]  # the cell ends below the last plane
    np.testing.assert_array_equal(xy, middle + steps[None] + 5 * steps[:, None])
    np.testing.assert_array_equal(xz, (middle + steps[None] + 25 * steps[:, None]) * inside)
    np.testing.assert_array_equal(yz, (middle + 5 * steps[None] + 25 * steps[:, None]) * inside)
    assert all(plane.base is None for plane in found.planes)  # the whole cutout does not cross to the app
    assert set(found.stages_ms) == {"cut", "embed"}


def test_background_has_no_embedding(embedder: VolumeEmbedder) -> None:
    with pytest.raises(NoSegment):
        embedder.embed((240.0, 144.0, 7.5 * 40), None)


def test_a_place_where_the_em_is_missing_is_not_embedded(embedder: VolumeEmbedder, tmp_path: Path) -> None:
    writer = PrecomputedWriter(tmp_path / "black", "em", np.dtype(np.uint8), RESOLUTION_NM, (13, 11, 9), mips=1)
    writer.write(np.zeros((9, 11, 13), np.uint8))
    black = replace(embedder, em=open_volume(str(tmp_path / "black"), "em"))
    with pytest.raises(SegclrError, match=rf"nothing of segment {BIG} to see at \(240, 144, 180\) nm: the EM is black"):
        black.embed((240.0, 144.0, 180.0), None)


def test_a_place_without_a_voxel_of_the_segment_asked_for_is_not_embedded(embedder: VolumeEmbedder) -> None:
    with pytest.raises(SegclrError, match="nothing of segment 977 to see"):
        embedder.embed((240.0, 144.0, 180.0), 977)


@dataclass(frozen=True)
class BrokenEncoder(SumEncoder):
    """Gives one number that is none."""

    def embed(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        return np.array([[1, np.nan, 2]] * len(images), np.float32)


def test_an_encoder_that_gives_nan_is_told_and_nothing_is_answered(embedder: VolumeEmbedder) -> None:
    broken = replace(embedder, encoder=BrokenEncoder())  # type: ignore[arg-type]
    with pytest.raises(SegclrError, match=r"NaN or infinity at \(240, 144, 180\) nm: its checkpoint encoder"):
        broken.embed((240.0, 144.0, 180.0), None)


def test_a_project_without_encoder_is_told(tmp_path: Path) -> None:
    (tmp_path / "project.toml").write_text(
        'name = "p"\n[segmentation]\nurl = "s"\nversion = "1"\n[table]\nfolder = "t"\n[labels]\nfile = "l"\n'
        '[[task]]\nname = "t"\nunit = "node"\n'
        '[[task.class]]\nname = "a"\ncolor = "#000000"\nkey = "1"\n'
        '[[task.class]]\nname = "b"\ncolor = "#000000"\nkey = "2"\n'
    )
    settings = WorkerSettings(load_project(tmp_path / "project.toml"))
    assert hash(settings) == hash(WorkerSettings(load_project(tmp_path / "project.toml")))
    with pytest.raises(ProjectError, match="the project names no encoder"):
        settings()
