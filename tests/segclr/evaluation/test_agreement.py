"""Kappa: values of the literature, properties, and where it is undefined."""

import numpy as np
import pytest
from numpy.typing import NDArray

from segclr.evaluation.agreement import Agreement, agreement, cohen, fleiss, kappa_of

BIG = np.uint64(2**63 + 5)


def own_cells(count: int) -> NDArray[np.uint64]:
    return BIG + np.arange(count, dtype=np.uint64)


def of_table(table: list[list[int]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Two annotators' classes with that table of counts."""
    counts = np.array(table)
    first, second = np.indices(counts.shape)
    return np.repeat(first.ravel(), counts.ravel()), np.repeat(second.ravel(), counts.ravel())


def cohen_of(table: list[list[int]]) -> Agreement:
    first, second = of_table(table)
    return cohen(first, second, own_cells(len(first)), len(table))


# Cohen (1960), table 2, with the interval that his standard error of 0.055 gives
COHEN_1960 = [[88, 14, 18], [10, 40, 10], [2, 6, 12]]
# Fleiss (1971): 30 patients, 6 psychiatrists, 5 diagnoses
FLEISS_1971 = """
00060 03003 01401 00006 03030 20400 00402 20310 20040 00006 10050 11040 03300 10050 02031
00501 30012 51000 02040 10203 00006 01050 02013 20040 10041 05010 40002 02040 10500 00006
"""
# the worked example of Wikipedia's article on Fleiss' kappa: 10 subjects, 14 raters, 5 categories
FOURTEEN_RATERS = [
    [0, 0, 0, 0, 14],
    [0, 2, 6, 4, 2],
    [0, 0, 3, 5, 6],
    [0, 3, 9, 2, 0],
    [2, 2, 8, 1, 1],
    [7, 7, 0, 0, 0],
    [3, 2, 6, 3, 0],
    [2, 5, 3, 2, 2],
    [6, 5, 2, 1, 0],
    [0, 2, 2, 3, 7],
]


def test_cohens_own_example() -> None:
    found = cohen_of(COHEN_1960)
    assert found.kappa is not None
    assert found.observed is not None
    assert (found.observed.value, found.kappa.value) == pytest.approx((0.70, 0.492), abs=5e-4)
    assert (found.kappa.low, found.kappa.high) == pytest.approx((0.384, 0.600), abs=0.015)
    assert (found.method, found.items, found.cells, found.annotators) == ("Cohen", 200, 200, 2)
    assert found.sentence.startswith("Cohen's kappa 0.49 (95 % interval 0.3")


def test_two_readers_of_fifty_grants() -> None:
    found = cohen_of([[20, 5], [10, 15]])
    assert found.kappa is not None
    assert found.kappa.value == pytest.approx(0.4)
    # positive agreement: 2 x 20 / (25 + 30), negative 2 x 15 / (25 + 20)
    assert [each.share for each in found.classes] == pytest.approx([40 / 55, 30 / 45])
    assert [each.ratings for each in found.classes] == [55, 45]


def test_fleiss_own_example() -> None:
    counts = np.array([[int(digit) for digit in row] for row in FLEISS_1971.split()])
    assert counts.shape == (30, 5)
    assert (counts.sum(axis=1) == 6).all()
    found = fleiss(counts, own_cells(30))
    assert found.kappa is not None
    assert found.observed is not None
    assert (found.observed.value, found.kappa.value) == pytest.approx((0.556, 0.430), abs=5e-4)
    assert found.annotators == 6


def test_fourteen_raters() -> None:
    found = fleiss(np.array(FOURTEEN_RATERS), own_cells(10))
    assert found.kappa is not None
    assert found.observed is not None
    assert (found.observed.value, found.kappa.value) == pytest.approx((0.378, 0.210), abs=5e-4)


def test_unequal_numbers_of_ratings_by_hand() -> None:
    # agreement of pairs 1, 1/3 and 0; mean shares of class 0: (1 + 2/3 + 1/2) / 3 = 13/18
    found = fleiss(np.array([[4, 0], [2, 1], [1, 1]]), own_cells(3))
    expected = (13 / 18) ** 2 + (5 / 18) ** 2
    assert found.kappa is not None
    assert found.kappa.value == pytest.approx((4 / 9 - expected) / (1 - expected))
    # of 7 ratings that name class 0, chances that another of the same item does: 4 x 1, 2 x 1/2, 1 x 0
    assert found.classes[0].share == pytest.approx(5 / 7)
    with pytest.raises(ValueError, match="two ratings"):
        fleiss(np.array([[1, 0], [2, 1]]), own_cells(2))


def test_two_annotators_who_agree_with_equal_shares_have_one_kappa_by_either_method() -> None:
    first, second = of_table([[30, 5], [5, 20]])
    counts = np.zeros((60, 2), np.int64)
    np.add.at(counts, (np.arange(60), first), 1)
    np.add.at(counts, (np.arange(60), second), 1)
    by_cohen, by_fleiss = cohen(first, second, own_cells(60), 2), fleiss(counts, own_cells(60))
    assert by_cohen.kappa is not None
    assert by_fleiss.kappa is not None
    assert by_cohen.kappa.value == pytest.approx(by_fleiss.kappa.value)
    assert [each.share for each in by_cohen.classes] == pytest.approx([each.share for each in by_fleiss.classes])


def test_perfect_agreement_is_one_with_room_below() -> None:
    found = cohen_of([[15, 0], [0, 15]])
    assert found.kappa is not None
    assert found.kappa.value == found.kappa.high == 1
    assert 0.6 < found.kappa.low < 0.95


def test_chance_agreement_is_zero_and_the_interval_holds_it() -> None:
    rng = np.random.default_rng(0)
    found = cohen(rng.integers(0, 4, 500), rng.integers(0, 4, 500), own_cells(500), 4)
    assert found.kappa is not None
    assert found.kappa.value == pytest.approx(0, abs=0.08)
    assert found.kappa.low < 0 < found.kappa.high


def test_full_disagreement_is_minus_one() -> None:
    found = cohen_of([[0, 10], [10, 0]])
    assert found.kappa is not None
    assert found.kappa.value == found.kappa.low == -1


def test_who_is_called_first_changes_nothing() -> None:
    first, second = of_table(COHEN_1960)
    one, other = cohen(first, second, own_cells(200), 3), cohen(second, first, own_cells(200), 3)
    assert (one.kappa, one.observed, one.classes) == (other.kappa, other.observed, other.classes)


def ratings(
    people: int, items: int, errors: float, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Items, annotators and classes: everyone rates everything, each wrong with some chance."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 3, items)
    item, annotator = np.repeat(np.arange(items), people), np.tile(np.arange(people), items)
    wrong = rng.random(items * people) < errors
    return item, annotator, np.where(wrong, (truth[item] + 1) % 3, truth[item])


@pytest.mark.parametrize("people", [2, 3, 5])
def test_order_and_names_of_annotators_change_nothing(people: int) -> None:
    item, annotator, classes = ratings(people, 50, 0.2, seed=people)
    cells = own_cells(50)[item]
    found = agreement(item, annotator, classes, cells, 3)
    shuffled = np.random.default_rng(1).permutation(len(item))
    names = np.random.default_rng(2).permutation(people)[annotator] + 40
    again = agreement(item[shuffled], names[shuffled], classes[shuffled], cells[shuffled], 3)
    assert found.kappa is not None
    assert again.kappa is not None
    assert again.kappa.value == pytest.approx(found.kappa.value)
    assert (again.kappa.low, again.kappa.high) == pytest.approx((found.kappa.low, found.kappa.high))
    assert found.method == ("Cohen" if people == 2 else "Fleiss")
    assert (found.items, found.annotators) == (50, people)


def test_ratings_that_nobody_else_checked_and_those_taken_back_by_later_ones_do_not_count() -> None:
    item = np.array([7, 7, 8, 9, 9, 7])
    annotator = np.array([1, 2, 1, 1, 2, 2])
    classes = np.array([0, 1, 1, 1, 1, 0])
    found = agreement(item, annotator, classes, own_cells(10)[item], 2)
    assert found.observed is not None
    assert (found.method, found.items, found.observed.value) == ("Cohen", 2, 1.0)
    assert [each.ratings for each in found.classes] == [2, 2]


def test_no_overlap_is_said_and_gives_no_figure() -> None:
    for count in (0, 4):
        item = np.arange(count)
        found = agreement(item, item % 2, item % 3, own_cells(count), 3)
        assert (found.items, found.kappa, found.observed) == (0, None, None)
        assert "no place has been labelled by two annotators" in found.sentence
        assert [each.share for each in found.classes] == [None] * 3


def test_one_place_is_said_in_the_singular() -> None:
    assert cohen_of([[0, 1], [0, 0]]).sentence.endswith("on 1 place of 1 cell")
    assert cohen_of([[1, 1], [0, 0]]).sentence.endswith("on 2 places of 2 cells")


def test_one_class_alone_leaves_kappa_undefined_and_says_so() -> None:
    for people in (2, 3):
        item, annotator, _ = ratings(people, 20, 0, seed=0)
        found = agreement(item, annotator, np.ones(len(item), np.int64), own_cells(20)[item], 3)
        assert found.kappa is None
        assert found.observed is not None
        assert found.observed.value == 1
        assert "undefined" in found.sentence
        assert [each.share for each in found.classes] == [None, 1.0, None]


def test_one_item_gives_a_figure_without_nan() -> None:
    found = agreement(np.zeros(2, np.int64), np.arange(2), np.arange(2), own_cells(1)[[0, 0]], 2)
    assert found.kappa is not None
    assert np.isfinite([found.kappa.value, found.kappa.low, found.kappa.high]).all()
    assert found.kappa.high - found.kappa.low > 0.3


def test_the_interval_is_wider_where_whole_cells_are_disputed() -> None:
    item, annotator, classes = ratings(2, 200, 0, seed=3)
    disputed = (item // 10 % 4 == 0) & (annotator == 1)
    classes = np.where(disputed, (classes + 1) % 3, classes)
    cells = own_cells(20)[item // 10]
    alone, crowded = (agreement(item, annotator, classes, ids, 3).kappa for ids in (own_cells(200)[item], cells))
    assert alone is not None
    assert crowded is not None
    assert crowded.value == alone.value
    assert crowded.high - crowded.low > 2 * (alone.high - alone.low)


def test_intervals_of_kappa_cover_the_truth() -> None:
    # each is right 4 times in 5, else names the next class: they agree at .64 + .04, and by chance at 1/3
    truth = (0.68 - 1 / 3) / (2 / 3)
    covered = 0
    for seed in range(100):
        item, annotator, classes = ratings(2, 60, 0.2, seed)
        kappa = agreement(item, annotator, classes, own_cells(60)[item], 3).kappa
        assert kappa is not None
        covered += kappa.low <= truth <= kappa.high
    assert 0.91 <= covered / 100 <= 0.99


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="equally many"):
        agreement(np.zeros(3, np.int64), np.zeros(2, np.int64), np.zeros(3, np.int64), own_cells(3), 2)
    with pytest.raises(ValueError, match="0 to 1"):
        agreement(np.zeros(2, np.int64), np.arange(2), np.array([0, 2]), own_cells(2), 2)


def test_kappa_of_many_tables_at_once() -> None:
    tables = np.array([np.ravel(COHEN_1960), np.zeros(9), [5, 0, 0, 0, 0, 0, 0, 0, 0]], np.float64)
    found = kappa_of(tables)
    assert found[0] == pytest.approx(0.492, abs=5e-4)
    assert np.isnan(found[1:]).all()
