"""The linear probe and the labelled places that it reads."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import f1_score

from segclr.em.phantom.files import PHANTOM_VERSION, SUBCOMPARTMENT_NAMES, PhantomTruth
from segclr.errors import ProjectError
from segclr.training.config import PhantomData, TrainingConfig
from segclr.training.labelled_places import LabelledPlace, labelled_places
from segclr.training.probe import macro_f1, make_probe, ridge_classes
from segclr.training.volumes import TrainingVolume, block_folder

HEADER = "x_nm,y_nm,z_nm,segment_id,class\n"


@pytest.fixture
def labelled(config: TrainingConfig, tmp_path: Path) -> Callable[[str], TrainingConfig]:
    """The settings with a file of labels."""

    def write(text: str) -> TrainingConfig:
        (tmp_path / "places.csv").write_text(text)
        return replace(config, volume=(replace(config.volume[0], labels=str(tmp_path / "places.csv")),))

    return write


def lines_of(world) -> str:
    """Every skeleton node; the kind is told by the segment."""
    kinds = dict(zip(world.skeletons, ("axon", "dendrite", "axon", "dendrite"), strict=True))
    lines = [
        f"{x},{y},{z},{segment_id},{kinds[segment_id]}"
        for segment_id, skeleton in world.skeletons.items()
        for x, y, z in skeleton.nodes_nm
    ]
    return HEADER + "\n".join(lines) + "\n"


def test_a_place_in_a_file_is_the_voxel_under_it(labelled, volume: TrainingVolume, world) -> None:
    x_nm, y_nm, z_nm = world.skeletons[2**63 + 5].nodes_nm[1]
    found = labelled_places(labelled(f"{HEADER}{x_nm},{y_nm},{z_nm},{2**63 + 5},soma\r\n1,1,1,7,far away\n"), [volume])
    voxel = tuple(int(nm // edge) for nm, edge in zip((x_nm, y_nm, z_nm), world.resolution_nm, strict=True))
    assert found == [LabelledPlace(0, voxel, 4, "soma", 4)]  # what lies outside the box is left out


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x_nm,y_nm,z_nm,class\n", r"has no column segment_id"),
        (f"{HEADER}1,2,three,7,axon\n", r"line 2: three finite numbers|line 2: three numbers"),
        (f"{HEADER}1,2,nan,7,axon\n", r"line 2: three finite numbers"),
        (f"{HEADER}1,2,3,-7,axon\n", r"line 2: three finite numbers"),
        (f"{HEADER}1,2\n", r"line 2: three numbers"),
        (f"{HEADER}1,2,3,7,axon\n", r"no place inside the volume's box"),
        (f"{HEADER}600,500,1000,7,axon\n", r"line 2: segment 7 is not at this position"),
    ],
)
def test_a_wrong_file_is_told_with_its_line(labelled, volume: TrainingVolume, text: str, message: str) -> None:
    with pytest.raises(ProjectError, match=message):
        labelled_places(labelled(text), [volume])


def test_a_missing_file_is_named(config: TrainingConfig, volume: TrainingVolume) -> None:
    missing = replace(config, volume=(replace(config.volume[0], labels="absent.csv"),))
    with pytest.raises(ProjectError, match=r"absent\.csv cannot be read"):
        labelled_places(missing, [volume])


def test_the_truth_of_a_block_labels_its_nodes(
    config: TrainingConfig, volume: TrainingVolume, world, tmp_path: Path
) -> None:
    blocks = PhantomData((101,), world.size, str(tmp_path))
    folder = block_folder(blocks, 101)
    folder.mkdir()
    skeleton = world.skeletons[2**63 + 5]
    count = len(skeleton.nodes_nm)
    nothing = {name: np.zeros(0) for name in PhantomTruth.__dataclass_fields__}
    columns = nothing | {
        "node_segment_id": np.full(count, 2**63 + 5, np.uint64),
        "position_nm": skeleton.nodes_nm,
        "subcompartment": np.full(count, 3, np.uint8),
        "cell": np.full(count, 12),
    }
    np.savez(folder / "truth.npz", **columns)
    (folder / "phantom.json").write_text(
        f'{{"version": {PHANTOM_VERSION}, "seed": 101, "size_voxels": {list(world.size)}}}'
    )
    found = labelled_places(replace(config, phantom=blocks, volume=()), [volume])
    assert 0 < len(found) <= count
    assert {(place.segment, place.kind, place.cell) for place in found} == {(4, SUBCOMPARTMENT_NAMES[3], 12)}


def test_no_cell_is_on_both_sides_and_both_know_the_same_kinds(labelled, volume: TrainingVolume, world) -> None:
    config = labelled(lines_of(world))
    probe = make_probe(config, [volume], labelled_places(config, [volume]))
    assert probe is not None
    sides = [{place.cell for place in places} for places in (probe.fitted, probe.held_out)]
    assert not sides[0] & sides[1]
    assert {p.kind for p in probe.fitted} == {p.kind for p in probe.held_out} == {"axon", "dendrite"}


def test_kinds_of_one_cell_each_cannot_be_probed(config: TrainingConfig, volume: TrainingVolume) -> None:
    places = [LabelledPlace(0, (50, 40, 30), number, f"kind {number}", number) for number in (1, 2)]
    assert make_probe(config, [volume], places) is None
    assert make_probe(config, [volume], []) is None


def test_the_score_is_that_of_what_an_embedding_tells(labelled, volume: TrainingVolume, world) -> None:
    config = labelled(lines_of(world))
    probe = make_probe(config, [volume], labelled_places(config, [volume]))
    assert probe is not None
    kinds = iter([place.kind for place in (*probe.fitted, *probe.held_out)])

    def all_knowing(images: NDArray[np.uint8]) -> NDArray[np.float32]:
        assert images.shape[1:] == (9, 9, 9)
        assert images[:, 4, 4, 4].all()  # the segment is at the centre
        return np.array([[next(kinds) == "axon", 1.0] for _ in images], np.float32)

    assert probe.score(all_knowing) == 1.0
    assert probe.score(lambda images: np.ones((len(images), 2), np.float32)) <= 0.5


def test_ridge_classes_are_those_of_the_nearer_blob() -> None:
    rng = np.random.default_rng(0)
    centres = np.array([[0.0, 0, 9], [0, 9, 0], [9, 0, 0]])
    classes = rng.integers(0, 3, 90)
    points = centres[classes] + rng.standard_normal((90, 3)) + 100
    others = np.concatenate([centres, centres]) + 100
    assert ridge_classes(points, classes, others).tolist() == [0, 1, 2, 0, 1, 2]


def test_macro_f1_is_the_usual_one() -> None:
    rng = np.random.default_rng(1)
    truth, predicted = rng.integers(0, 4, 200), rng.integers(0, 4, 200)
    assert macro_f1(truth, predicted) == pytest.approx(f1_score(truth, predicted, average="macro"))
    assert macro_f1(np.array([0, 0, 1]), np.array([0, 0, 0])) == pytest.approx(0.4)
