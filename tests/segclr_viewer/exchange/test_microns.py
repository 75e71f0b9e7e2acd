"""Labels on real skeletons of MICrONS, checked by the cells' synapses, which say in voxels where the cell is."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial import cKDTree

from segclr_viewer.exchange.errors import ExchangeError
from segclr_viewer.exchange.hdf5 import Hdf5File
from segclr_viewer.exchange.labels import ClassNames
from segclr_viewer.exchange.microns import read_labels_meshwork, read_labels_skeleton_json

CLASSES = ClassNames("part", ("axon", "dendrite", "soma", "apical"))
VOXEL_NM = (4, 4, 40)  # of the synapse tables
# cells whose tables is_axon and is_apical are the same: one of them was saved in the other's stead
SAME_TABLES = (864691135560494305, 864691136286604995)


@pytest.fixture(scope="module")
def cells(shared_data: Path) -> list[Path]:
    return sorted((shared_data / "microns" / "apical").glob("*.h5"))


def test_compartments_of_a_whole_neuron_are_labels_on_its_nodes(shared_data: Path) -> None:
    path = shared_data / "microns" / "ossify" / "skel.json"
    file = read_labels_skeleton_json(path, CLASSES)
    names = [label.class_name for label in file.labels]
    assert {name: names.count(name) for name in set(names)} == {"axon": 14153, "dendrite": 2566, "soma": 1}
    root_id = int((path.parent / "root_id.json").read_text())
    assert {label.segment_id for label in file.labels} == {root_id}
    assert root_id > 2**53
    (soma,) = (label for label in file.labels if label.class_name == "soma")
    assert soma.position_nm == (766848.0, 547712.0, 899480.0)


def test_the_cells_are_those_of_their_files_names(cells: list[Path]) -> None:
    assert len(cells) == 10
    for path in cells:
        segments = {label.segment_id for label in read_labels_meshwork(path, CLASSES).labels}
        own = int(path.name.partition("_")[0])
        assert segments == (set() if own in SAME_TABLES else {own})


def test_labels_lie_on_the_cell_where_its_synapses_are(cells: list[Path]) -> None:
    for path in cells:
        positions = np.array([label.position_nm for label in read_labels_meshwork(path, CLASSES).labels])
        if not len(positions):
            continue
        table = json.loads(Hdf5File(path).read("annotations/post_syn/data").tobytes())
        synapses = np.array(list(table["post_pt_position"].values())) * VOXEL_NM
        nodes = np.array(Hdf5File(path).read("skeleton/vertices"))
        assert np.median(cKDTree(nodes).query(synapses)[0]) < 1500  # 6000 from the corners of the chunks
        assert cKDTree(nodes).query(positions)[0].max() == 0


def test_outgoing_synapses_lie_at_axons_and_incoming_ones_do_not(cells: list[Path]) -> None:
    shares = []
    for path in cells:
        labels = read_labels_meshwork(path, CLASSES).labels
        nodes = Hdf5File(path).read("skeleton/vertices")
        axon = {label.position_nm for label in labels if label.class_name == "axon"}
        is_axon = np.array([tuple(node) in axon for node in nodes.tolist()])
        if is_axon.any():
            near = []
            for table, side in (("pre_syn", "pre"), ("post_syn", "post")):
                rows = json.loads(Hdf5File(path).read(f"annotations/{table}/data").tobytes())
                places = np.array(list(rows[f"{side}_pt_position"].values())) * VOXEL_NM
                near.append(is_axon[cKDTree(nodes).query(places)[1]].mean())
            shares.append(near)
    outgoing, incoming = np.array(shares).T
    assert (outgoing > incoming).all()
    assert np.median(outgoing) > 0.7
    assert np.median(incoming) < 0.02


def test_nodes_that_are_called_both_get_no_label_and_are_counted(cells: list[Path]) -> None:
    for path in cells:
        file = read_labels_meshwork(path, CLASSES)
        both = [note for note in file.notes if "at once" in note]
        assert bool(both) == (int(path.name.partition("_")[0]) in SAME_TABLES)
        assert bool(file.labels) != bool(both)


def test_a_class_that_the_task_lacks_is_refused_or_renamed(cells: list[Path]) -> None:
    with pytest.raises(ExchangeError, match=r"node \d+: the task 'part' has no class 'apical'; the nearest is"):
        read_labels_meshwork(cells[0], ClassNames("part", ("axon", "dendrite")))
    renamed = ClassNames("part", ("axon", "dendrite"), {"apical": "dendrite"})
    assert {label.class_name for label in read_labels_meshwork(cells[0], renamed).labels} == {"axon", "dendrite"}


def test_other_files_are_refused_in_a_sentence(tmp_path: Path, shared_data: Path) -> None:
    (tmp_path / "a.json").write_text('{"vertices": [[1, 2, 3]]}')
    with pytest.raises(ExchangeError, match="is no skeleton with vertices, compartment"):
        read_labels_skeleton_json(tmp_path / "a.json", CLASSES)
    whole = {"vertices": [[1, 2, 3]], "compartment": [9], "meta": {"root_id": 2**63 + 5}}
    (tmp_path / "a.json").write_text(json.dumps(whole))
    with pytest.raises(ExchangeError, match=r"has compartments \[9\], of which it does not say"):
        read_labels_skeleton_json(tmp_path / "a.json", CLASSES)
    whole["compartment"], whole["meta"] = [2], {"root_id": 8.64e17}
    (tmp_path / "a.json").write_text(json.dumps(whole))
    with pytest.raises(ExchangeError, match="was written as a rounded number"):
        read_labels_skeleton_json(tmp_path / "a.json", CLASSES)
    with pytest.raises(ExchangeError, match="is no HDF5 file"):
        read_labels_meshwork(tmp_path / "a.json", CLASSES)
    with pytest.raises(ExchangeError, match="cannot be read"):
        read_labels_meshwork(tmp_path / "no.h5", CLASSES)


def test_a_damaged_file_is_told_in_a_sentence(cells: list[Path], tmp_path: Path) -> None:
    whole = cells[0].read_bytes()
    path = tmp_path / "damaged.h5"
    for share in (0.001, 0.1, 0.6, 0.999):
        path.write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(ExchangeError, match="is damaged at its head"):
            read_labels_meshwork(path, CLASSES)
    rng = np.random.default_rng(0)
    told = 0
    for _ in range(40):
        garbled = bytearray(whole)
        for at in rng.integers(16, 5000, 20):  # where headers and trees are; never the signature and its versions
            garbled[at] = int(rng.integers(256))
        path.write_bytes(garbled)
        try:
            read_labels_meshwork(path, CLASSES)
        except ExchangeError:
            told += 1
    assert told >= 10
