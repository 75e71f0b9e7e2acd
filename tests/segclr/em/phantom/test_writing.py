import errno
import json
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from segclr.em.geometry import Box
from segclr.em.phantom import writing
from segclr.em.phantom.files import PhantomFolder, PhantomTruth, find_phantom, open_phantom, segment_id_of
from segclr.em.phantom.phantom import Phantom
from segclr.em.skeleton_source import open_skeletons
from segclr.em.volume import open_volume
from segclr.errors import VolumeUnavailable

WHOLE = Box((0, 0, 0), (112, 144, 80))
TINY = (72, 88, 56)


def test_written_volumes_read_back_equal(written: PhantomFolder, phantom: Phantom) -> None:
    np.testing.assert_array_equal(open_volume(written.em_url, "em").read(WHOLE), phantom.em)
    segmentation = open_volume(written.segmentation_url, "segmentation")
    np.testing.assert_array_equal(segmentation.read(WHOLE), segment_id_of(phantom.segmentation))
    assert [mip.resolution_nm for mip in segmentation.mips] == [(32, 32, 40), (64, 64, 80)]
    supervoxels = open_volume(written.supervoxels_url, "segmentation")
    np.testing.assert_array_equal(supervoxels.read(WHOLE), phantom.supervoxels)


def test_written_skeletons_are_the_nodes_of_the_truth(written: PhantomFolder, written_truth: PhantomTruth) -> None:
    source = open_skeletons(written.skeletons_url)
    for segment in np.unique(written_truth.node_segment_id)[:5]:
        skeleton = source.skeleton(int(segment))
        assert skeleton is not None
        expected = written_truth.position_nm[written_truth.node_segment_id == segment]
        np.testing.assert_array_equal(skeleton.nodes_nm, expected)


def test_truth_reads_back_equal(written_truth: PhantomTruth, truth: PhantomTruth) -> None:
    for field in fields(PhantomTruth):
        np.testing.assert_array_equal(getattr(written_truth, field.name), getattr(truth, field.name))
        assert getattr(written_truth, field.name).dtype == getattr(truth, field.name).dtype


def test_a_path_that_goes_up_and_down_again_leads_to_the_volumes(written: PhantomFolder) -> None:
    folder = written.folder / ".." / written.folder.name  # what a training file's "../runs/blocks" becomes
    found = find_phantom(folder)
    assert found is not None
    assert open_volume(found.em_url, "em").mips[0].box == WHOLE
    assert len(open_skeletons(found.skeletons_url).segment_ids())


def test_the_folder_says_that_it_is_generated(written: PhantomFolder) -> None:
    about = json.loads((written.folder / "phantom.json").read_text())
    assert about["generated"] is True
    assert (about["seed"], about["size_voxels"]) == (3, [112, 144, 80])
    assert len(about["cell_types"]) == 9
    assert find_phantom(written.folder) == written


def test_a_phantom_that_is_there_is_not_made_again(written: PhantomFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "make_phantom", lambda *_, subtypes: pytest.fail("made again"))
    assert writing.write_phantom(written.folder, written.seed, written.size_voxels) == written


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch, phantom: Phantom) -> None:
    """The phantom that is there already, whatever is asked for: these tests are about files."""
    monkeypatch.setattr(writing, "make_phantom", lambda *_, subtypes: phantom)


@pytest.mark.usefixtures("quick")
def test_an_interrupted_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(writing, "_write_about", interrupted)
    with pytest.raises(KeyboardInterrupt):
        writing.write_phantom(tmp_path / "block", 1, TINY)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("quick")
def test_a_full_disk_is_one_sentence_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(writing, "_write_parts", full)
    with pytest.raises(VolumeUnavailable, match=r"cannot write the phantom to .*block: No space left on device"):
        writing.write_phantom(tmp_path / "block", 1, TINY)
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_hold_a_folder_is_known_before_the_computation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setattr(writing, "make_phantom", lambda *_, subtypes: pytest.fail("computed for nothing"))
    with pytest.raises(VolumeUnavailable, match="cannot write the phantom"):
        writing.write_phantom(tmp_path / "file" / "block", 1, TINY)


def test_a_folder_in_use_for_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(VolumeUnavailable, match="something else than a phantom"):
        writing.write_phantom(tmp_path, 1, TINY)
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


@pytest.mark.usefixtures("quick")
def test_another_phantom_in_the_folder_is_replaced(tmp_path: Path, written: PhantomFolder) -> None:
    folder = tmp_path / "block"
    folder.mkdir()
    about = json.loads((written.folder / "phantom.json").read_text()) | {"version": -1}
    (folder / "phantom.json").write_text(json.dumps(about))
    assert find_phantom(folder) is None
    writing.write_phantom(folder, 1, TINY)
    assert find_phantom(folder) == replace(written, folder=folder, seed=1, size_voxels=TINY)
    assert [path.name for path in tmp_path.iterdir()] == ["block"]


def test_a_folder_without_a_phantom_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(VolumeUnavailable, match=r"python -m segclr.em.phantom"):
        open_phantom(tmp_path)


def test_damaged_truth_is_named(tmp_path: Path, written: PhantomFolder) -> None:
    (tmp_path / "phantom.json").write_text((written.folder / "phantom.json").read_text())
    (tmp_path / "truth.npz").write_bytes(b"PK\x03\x04 cut short")
    with pytest.raises(VolumeUnavailable, match="damaged"):
        open_phantom(tmp_path)
