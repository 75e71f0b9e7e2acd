from pathlib import Path

import numpy as np

from segclr.em.phantom.files import find_phantom, open_phantom
from segclr.em.phantom.phantom import make_phantom
from segclr.em.phantom.recipes import AXON, CELL_TYPES, DENDRITE, type_code
from segclr.em.phantom.subtypes import LOOK_OF_CODE, SUBTYPES, look_codes, subtype_codes, true_subtype
from segclr.em.phantom.writing import write_phantom

TINY = (104, 128, 56)
SUBTYPE = SUBTYPES[0]


def test_a_subtype_is_the_axons_of_whole_cells_of_its_type_in_about_its_share() -> None:
    cell = np.repeat(np.arange(8000), 3)
    cell_type = np.repeat(np.arange(8000) % len(CELL_TYPES), 3)
    compartment = np.tile([AXON, AXON, DENDRITE], 8000)
    found = subtype_codes(7, cell_type, compartment, cell).reshape(8000, 3)
    assert (found[:, 0] == found[:, 1]).all()
    assert not found[:, 2].any()
    own = cell_type[::3] == type_code(SUBTYPE.cell_type)
    assert not found[~own].any()
    assert abs((found[own, 0] == 1).mean() - SUBTYPE.share) < 0.05
    assert (subtype_codes(8, cell_type, compartment, cell).reshape(8000, 3) != found).any()


def test_its_axons_are_thick_and_all_other_nodes_look_like_their_type() -> None:
    forest = make_phantom(5, TINY, subtypes=True).fine
    looks = look_codes(5, forest)
    own = looks >= len(CELL_TYPES)
    assert own.any()
    assert LOOK_OF_CODE[int(looks[own][0])] == SUBTYPE.look
    np.testing.assert_array_equal(looks[~own], forest.cell_type[~own])
    others = ~own & (forest.cell_type == type_code(SUBTYPE.cell_type)) & (forest.compartment == AXON)
    assert np.median(forest.radius[own]) > 2 * np.median(forest.radius[others])


def test_a_folder_says_whether_its_block_has_subtypes_and_is_made_anew_for_the_other_kind(tmp_path: Path) -> None:
    folder = tmp_path / "block"
    written = write_phantom(folder, 1, TINY, subtypes=True)
    assert written.subtypes
    assert find_phantom(folder) == written
    truth = open_phantom(folder)
    found = true_subtype(written, truth)
    assert set(truth.cell_type[found == 1]) == {type_code(SUBTYPE.cell_type) - 1}
    plain = write_phantom(folder, 1, TINY)
    assert find_phantom(folder) == plain
    assert not true_subtype(plain, open_phantom(folder)).any()
