"""Colours that every reader can tell apart."""

import pytest

from segclr_viewer.palette import ALIKE, PALETTE, alike, difference, free_color, free_colors


def test_the_palette_is_told_apart_by_every_reader() -> None:
    assert alike(PALETTE) == []
    assert difference(*PALETTE[:1], PALETTE[1]) > ALIKE


@pytest.mark.parametrize(
    ("one", "other", "hard"),
    [
        ("#ff0000", "#00aa00", True),  # a red and a green of one lightness: the classic confusion
        ("#3b82f6", "#8b5cf6", True),  # blue and violet without the middle cones
        ("#e69f00", "#E6A500", True),
        ("#000000", "#ffffff", False),
        ("#3b82f6", "#ef4444", False),
    ],
)
def test_colours_that_a_colour_blind_reader_confuses_are_named(one: str, other: str, hard: bool) -> None:
    assert alike(["#ffff00", one, other]) == ([(1, 2)] if hard else [])


def test_black_and_white_are_as_far_apart_as_lightness_goes_and_a_colour_is_no_distance_from_itself() -> None:
    assert difference("#000000", "#ffffff") == pytest.approx(100, abs=0.1)
    assert difference("#8f6bd1", "#8F6BD1") == 0


def test_colours_proposed_are_bright_free_and_apart_from_the_used_ones() -> None:
    used = [*PALETTE[:5]]
    proposed = free_colors(used)
    assert len(proposed) == 6
    assert set(proposed[:4]) == set(PALETTE[5:])
    nearest = [min(difference(color, old) for old in used) for color in proposed[:4]]
    assert nearest == sorted(nearest, reverse=True)
    assert free_colors([])[0] in PALETTE


def test_one_class_after_the_other_gets_a_colour_of_its_own() -> None:
    used: list[str] = []
    for _ in range(31):
        used.append(free_color(used))
    assert len(set(used)) == 31
