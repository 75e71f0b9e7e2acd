"""One is singular, all others are plural."""

import pytest

from segclr.wording import counted, counted_are, percent, verb


@pytest.mark.parametrize(
    ("number", "said"), [(0, "0 places are"), (1, "1 place is"), (2, "2 places are"), (12_041, "12,041 places are")]
)
def test_the_form_of_a_word_goes_with_the_number(number: int, said: str) -> None:
    assert counted_are(number, "place") == said
    assert f"{counted(number, 'place')} {verb(number, 'is', 'are')}" == said


def test_a_plural_of_its_own_is_named() -> None:
    assert counted(1, "class", "classes") == "1 class"
    assert counted(3, "class", "classes") == "3 classes"


@pytest.mark.parametrize(
    ("share", "decimals", "said"),
    [
        (0, 0, "0 %"),
        (0.001, 0, "less than 1 %"),
        (0.5, 0, "50 %"),
        (0.999, 0, "more than 99 %"),
        (1, 0, "100 %"),
        (0.999, 1, "99.9 %"),
    ],
)
def test_little_is_not_said_to_be_nothing_nor_nearly_all_to_be_all(share: float, decimals: int, said: str) -> None:
    assert percent(share, decimals) == said
