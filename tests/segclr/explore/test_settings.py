"""Settings of a layout, and what it is kept under."""

from dataclasses import replace

import numpy as np
import pytest

from segclr.errors import LayoutError
from segclr.explore.settings import LayoutSettings, stamp


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"neighbours": 1}, "1 neighbours"),
        ({"neighbours": 201}, "2 to 200"),
        ({"min_distance": float("nan")}, "least distance of nan"),
        ({"min_distance": 1.5}, "0 to 1"),
        ({"metric": "hamming"}, "choose euclidean or cosine"),
        ({"sample_rows": 15}, "more than its 15 neighbours"),
        ({"sample_rows": 10**6}, "at most 200,000"),
        ({"seed": -1}, "seed -1"),
    ],
)
def test_settings_that_fit_no_layout_are_refused_in_a_sentence(change: dict[str, object], sentence: str) -> None:
    with pytest.raises(LayoutError, match=sentence):
        replace(LayoutSettings(), **change).check()  # type: ignore[arg-type]
    LayoutSettings().check()


def test_everything_that_changes_the_layout_changes_its_stamp() -> None:
    settings = LayoutSettings()
    changed = [
        replace(settings, neighbours=20),
        replace(settings, min_distance=0.2),
        replace(settings, metric="cosine"),
        replace(settings, sample_rows=500),
        replace(settings, supervised=True),
        replace(settings, seed=1),
    ]
    stamps = {stamp(one, "table") for one in [settings, *changed]} | {stamp(settings, "another table")}
    assert len(stamps) == 8
    assert stamp(settings, "table") == stamp(LayoutSettings(), "table")


def test_labels_count_only_where_they_guide_the_fit() -> None:
    plain, guided = LayoutSettings(), LayoutSettings(supervised=True)
    first, second = np.array([0, 1, -1]), np.array([0, 1, 1])
    assert stamp(plain, "table", first) == stamp(plain, "table", second)
    assert stamp(guided, "table", first) != stamp(guided, "table", second)
    assert stamp(guided, "table", first) == stamp(guided, "table", first.astype(np.int8))
