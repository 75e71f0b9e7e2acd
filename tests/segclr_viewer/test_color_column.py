"""Columns to colour by: one byte for each row, and a scale that says what it means."""

import numpy as np

from segclr_viewer.color_column import HIGHEST, MOST_NAMES, NOTHING, OTHERS, column_of, numbers, words


def test_numbers_keep_their_order_and_the_scale_tells_its_ends() -> None:
    column = numbers(np.array([10.0, 20.0, 15.0]), (10.0, 20.0))
    assert column.codes.tolist() == [0, HIGHEST, HIGHEST // 2]
    assert (column.low, column.high, column.below, column.above) == (10.0, 20.0, False, False)


def test_nan_and_infinity_are_no_values_and_are_counted() -> None:
    column = numbers(np.array([1.0, np.nan, np.inf, 3.0]))
    assert column.codes.tolist() == [0, NOTHING, NOTHING, HIGHEST]
    assert column.missing == 2


def test_a_column_without_any_number_has_no_scale() -> None:
    column = numbers(np.full(3, np.nan))
    assert column.codes.tolist() == [NOTHING] * 3
    assert (column.low, column.high, column.missing) == (None, None, 3)
    assert len(numbers(np.empty(0)).codes) == 0


def test_one_far_value_does_not_take_all_colours_and_the_scale_says_so() -> None:
    values = np.append(np.linspace(0, 1, 1000), 1e9)
    column = numbers(values)
    assert column.high is not None
    assert column.high < 1.1
    assert column.above
    assert column.codes[-1] == HIGHEST
    assert len(np.unique(column.codes)) > 250


def test_equal_values_and_a_rare_other_one_have_a_scale() -> None:
    assert numbers(np.full(5, 7)).codes.tolist() == [0] * 5
    rare = numbers(np.append(np.zeros(1000), 4.0))
    assert (rare.low, rare.high) == (0.0, 4.0)
    assert rare.codes[-1] == HIGHEST


def test_integers_beyond_2_to_the_63_are_numbers_too() -> None:
    column = numbers(np.array([0, 2**64 - 1], np.uint64))
    assert column.codes.tolist() == [0, HIGHEST]


def test_words_are_numbered_by_how_frequent_they_are() -> None:
    column = words(np.array(["L4", "L2", "L4", "", "L2", "L4"]))
    assert column.names == ("L4", "L2")
    assert column.codes.tolist() == [0, 1, 0, NOTHING, 1, 0]
    assert column.missing == 1


def test_of_many_words_the_rare_ones_are_others() -> None:
    many = [f"region {index}" for index in range(MOST_NAMES + 3) for _ in range(MOST_NAMES + 3 - index)]
    column = words(np.array(many))
    assert len(column.names) == MOST_NAMES
    assert column.codes.max() == OTHERS
    assert (column.codes == OTHERS).sum() == 1 + 2 + 3


def test_truth_values_are_words() -> None:
    column = column_of(np.array([True, False, True]))
    assert column.names == ("yes", "no")
    assert column.codes.tolist() == [0, 1, 0]
