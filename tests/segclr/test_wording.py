"""One is singular, all others are plural."""

import pytest

from segclr.wording import counted, counted_are, verb


@pytest.mark.parametrize(
    ("number", "said"), [(0, "0 places are"), (1, "1 place is"), (2, "2 places are"), (12_041, "12,041 places are")]
)
def test_the_form_of_a_word_goes_with_the_number(number: int, said: str) -> None:
    assert counted_are(number, "place") == said
    assert f"{counted(number, 'place')} {verb(number, 'is', 'are')}" == said


def test_a_plural_of_its_own_is_named() -> None:
    assert counted(1, "class", "classes") == "1 class"
    assert counted(3, "class", "classes") == "3 classes"
