"""Labels found again by their position when the segmentation has changed."""

import numpy as np
import pytest
from numpy.typing import NDArray

from segclr.em.geometry import Box, Mip
from segclr_viewer.log.attach import SiteConflict, attach, settle
from segclr_viewer.log.events import LabelEvent
from segclr_viewer.log.segment_reading import segments_at
from tests.segclr_viewer.log.logs import BIG, in_log, other, statement

ASKED: list[NDArray[np.float64]] = []


def halves(positions_nm: NDArray[np.float64]) -> NDArray[np.uint64]:
    """Below x = 100 nm one segment, above another, and nothing beyond 1000 nm."""
    ASKED.append(positions_nm)
    x = positions_nm[:, 0]
    return np.where(x > 1000, 0, np.where(x < 100, BIG, 2**53 + 1)).astype(np.uint64)


def name(event: LabelEvent) -> str:
    return event.class_name or ""


def test_only_what_was_said_in_another_version_or_without_a_segment_is_looked_up() -> None:
    ASKED.clear()
    log = in_log(
        statement("same", segmentation="v2"),
        statement("old", x_nm=50.0),
        statement("unknown", segmentation="v2", segment_id=0, x_nm=150.0),
        statement("gone", "unsure", x_nm=2000.0),
        other("comment", "comment", text="?", position_nm=(0.0, 0.0, 0.0), segmentation="v1"),
        other("of the task", "comment", text="?"),
    )
    found = attach(log, "v2", halves)
    assert found.segments == {"old": BIG, "unknown": 2**53 + 1, "gone": 0, "comment": BIG}
    assert [event.uuid for event in found.lost] == ["gone"]
    (positions,) = ASKED
    assert positions.shape == (4, 3)


def test_nothing_is_read_when_all_labels_are_of_this_version() -> None:
    ASKED.clear()
    assert attach(in_log(statement("1")), "v1", halves).segments == {}
    assert ASKED == []


def test_labels_that_now_fall_on_one_site_and_differ_are_listed_and_none_counts() -> None:
    one, two, three = in_log(statement("1"), statement("2", class_name="spine"), statement("3"))
    settled = settle([(7, two), (7, one), (8, three)], name, "v2")
    assert settled.conflicts == [SiteConflict(7, (one, two))]
    assert settled.labels == {8: three}
    assert settled.contradicted == 0


def test_labels_that_now_fall_on_one_site_and_agree_are_one_label() -> None:
    one, two = in_log(statement("1"), statement("2", x_nm=9.0))
    assert settle([(7, one), (7, two)], name, "v2").labels == {7: two}


def test_a_label_given_since_the_change_goes_before_older_ones_and_settles_their_conflict() -> None:
    fresh, one, two = in_log(
        statement("1", segmentation="v2", class_name="bouton"), statement("2"), statement("3", class_name="spine")
    )
    settled = settle([(7, one), (7, two), (7, fresh)], name, "v2")
    assert settled.labels == {7: fresh}
    assert settled.conflicts == []


def test_of_two_labels_of_this_version_for_one_site_the_later_counts() -> None:
    one, two = in_log(statement("1"), statement("2", class_name="spine"))
    settled = settle([(7, two), (7, one)], name, "v1")
    assert (settled.labels, settled.contradicted) == ({7: two}, 1)


class Blocks:
    """A segmentation whose voxels (32 x 32 x 40 nm) are numbered; it counts how often it is read."""

    mips = (Mip((32.0, 32.0, 40.0), Box((10, 0, 0), (300, 200, 100))),)

    def __init__(self) -> None:
        self.reads = 0
        z, y, x = np.meshgrid(np.arange(100), np.arange(200), np.arange(300), indexing="ij")
        self.ids = (np.uint64(2**63) + (x + 300 * (y + 200 * z)).astype(np.uint64)).astype(np.uint64)
        self.ids[:, :, :10] = 0

    def read(self, box: Box) -> NDArray[np.uint64]:
        self.reads += 1
        (x0, y0, z0), (x1, y1, z1) = box.start, box.stop
        out = np.zeros((z1 - z0, y1 - y0, x1 - x0), np.uint64)
        inside = box.intersect(self.mips[0].box)
        if inside is not None:
            out[inside.slices_in(box)] = self.ids[inside.slices_in(Box((0, 0, 0), (300, 200, 100)))]
        return out


def test_segments_are_read_block_by_block_and_are_those_under_each_position() -> None:
    volume = Blocks()
    rng = np.random.default_rng(3)
    voxels = rng.integers((-20, -20, -20), (320, 220, 120), (500, 3))
    positions = (voxels + rng.random((500, 3)) * 0.999) * [32.0, 32.0, 40.0]
    found = segments_at(volume, positions)  # type: ignore[arg-type]
    x, y, z = voxels.T
    inside = (x >= 10) & (y >= 0) & (z >= 0) & (x < 300) & (y < 200) & (z < 100)
    expected = np.zeros(500, np.uint64)
    expected[inside] = volume.ids[z[inside], y[inside], x[inside]]
    assert found.dtype == np.uint64
    np.testing.assert_array_equal(found, expected)
    assert volume.reads < 150


@pytest.mark.parametrize("count", [0, 1])
def test_few_positions_are_read_as_well(count: int) -> None:
    found = segments_at(Blocks(), np.full((count, 3), 400.0))  # type: ignore[arg-type]
    assert found.tolist() == [2**63 + 12 + 300 * (12 + 200 * 10)] * count
