"""Volumes in memory."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from segclr.em.cutout import CutoutSpec, read_cutout
from segclr.em.geometry import voxel_of
from segclr.em.phantom.files import PhantomFolder
from segclr.em.precomputed import PrecomputedWriter
from segclr.em.volume import open_volume
from segclr.errors import ProjectError, VolumeUnavailable
from segclr.training.config import PhantomData, TrainingConfig, VolumeData
from segclr.training.volumes import TrainingVolume, open_volumes, read_volume


def test_a_cut_masked_is_the_cutout_that_inference_sees(volume: TrainingVolume, world) -> None:
    em, segmentation = open_volume(world.em_url, "em"), open_volume(world.segmentation_url, "segmentation")
    spec = CutoutSpec(41, world.resolution_nm)  # wide enough to hold parts of other segments
    for segment_id, skeleton in world.skeletons.items():
        for node_nm in skeleton.nodes_nm[::4]:
            position_nm = tuple(node_nm)
            expected = read_cutout(em, segmentation, position_nm, spec, segment_id).image
            number = int(np.searchsorted(volume.segment_ids, np.uint64(segment_id))) + 1
            image, mask = volume.cut(voxel_of(position_nm, spec.resolution_nm), number, 41)
            assert np.array_equal(image * mask, expected)


def test_a_cut_beyond_the_box_is_empty(volume: TrainingVolume) -> None:
    image, mask = volume.cut((100_000, 0, 0), 1, 5)
    assert image.shape == mask.shape == (5, 5, 5)
    assert not image.any()
    assert not mask.any()


def test_large_ids_become_small_numbers_and_background_stays_0(volume: TrainingVolume, world) -> None:
    assert volume.segment_ids.tolist() == sorted(world.segment_ids)
    ids = np.concatenate([[np.uint64(0)], volume.segment_ids])
    assert np.array_equal(ids[volume.segments], world.segmentation)


def test_a_box_in_nm_is_cut_out(world) -> None:
    em, segmentation = open_volume(world.em_url, "em"), open_volume(world.segmentation_url, "segmentation")
    spec = CutoutSpec(9, world.resolution_nm)
    part = read_volume(em, segmentation, [], spec, (400.0, 300.0, 660.0), (560.0, 500.0, 990.0))
    assert (part.box.start, part.box.stop) == ((50, 30, 20), (70, 50, 30))
    x, y, z = np.subtract(part.box.start, world.voxel_offset)
    assert np.array_equal(part.em, world.em[z : z + 10, y : y + 20, x : x + 20])
    with pytest.raises(ProjectError, match="lies outside"):
        read_volume(em, segmentation, [], spec, (1e6, 1e6, 1e6), (2e6, 2e6, 2e6))


def test_a_coarser_mip_is_taken_where_the_view_wants_it(world) -> None:
    em, segmentation = open_volume(world.em_url, "em"), open_volume(world.segmentation_url, "segmentation")
    coarse = read_volume(em, segmentation, [], CutoutSpec(9, (16.0, 20.0, 33.0)))
    assert coarse.em.shape == (56, 40, 48)


def test_an_encoder_of_masks_sees_no_em(world) -> None:
    segmentation = open_volume(world.segmentation_url, "segmentation")
    shapes = read_volume(None, segmentation, [], CutoutSpec(9, world.resolution_nm, "mask"))
    assert (shapes.em == 255).all()


def test_settings_name_what_is_missing(config: TrainingConfig, world) -> None:
    assert len(open_volumes(config, print)) == 1
    without_em = VolumeData(world.segmentation_url, world.skeletons_url)
    with pytest.raises(ProjectError, match="has no em"):
        open_volumes(replace(config, volume=(without_em,)), print)
    no_such_mip = replace(config, view=replace(config.view, resolution_nm=(4.0, 4.0, 4.0)))
    with pytest.raises(VolumeUnavailable, match="no mip of 4 x 4 x 4 nm"):
        open_volumes(no_such_mip, print)


def test_generated_blocks_are_made_one_per_seed_and_opened(
    config: TrainingConfig, world, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []

    def make(folder: Path, seed: int, size_voxels: tuple[int, int, int]) -> PhantomFolder:
        made.append((folder.name, seed, size_voxels))
        return PhantomFolder(world.folder, seed, size_voxels)  # a phantom's folder is laid out like the world's

    monkeypatch.setattr("segclr.em.phantom.writing.write_phantom", make)
    blocks = PhantomData((101, 102), (96, 80, 56), "blocks")
    said: list[str] = []
    volumes = open_volumes(replace(config, phantom=blocks, volume=()), said.append)
    assert made == [("phantom-96x80x56-101", 101, (96, 80, 56)), ("phantom-96x80x56-102", 102, (96, 80, 56))]
    assert [len(volume.skeletons) for volume in volumes] == [4, 4]
    assert said == ["generated block, seed 101", "generated block, seed 102"]


def test_em_that_shows_nothing_is_refused(world, tmp_path: Path) -> None:
    writer = PrecomputedWriter(
        tmp_path / "em", "em", np.dtype(np.uint8), world.resolution_nm, world.size, world.voxel_offset
    )
    writer.write(np.full(world.size[::-1], 37, np.uint8))
    em = open_volume(f"precomputed://file://{tmp_path}/em", "em")
    segmentation = open_volume(world.segmentation_url, "segmentation")
    with pytest.raises(ProjectError, match="is 37 in the whole box: there is nothing to learn from"):
        read_volume(em, segmentation, [], CutoutSpec(9, world.resolution_nm))


def test_the_number_of_a_segment_is_0_where_it_is_not(volume: TrainingVolume, world) -> None:
    assert [volume.number_of(segment_id) for segment_id in (7, 2**63 + 5, 8)] == [1, 4, 0]
    x, y, z = volume.box.start
    assert volume.number_at((x - 1, y, z)) == 0
