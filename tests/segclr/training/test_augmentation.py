"""Random changes of a view."""

import numpy as np
import pytest
from numpy.typing import NDArray

from segclr.training.augmentation import alike_axes, augment_view, draw_change
from segclr.training.config import Augmentation

STILL = Augmentation(contrast=0, brightness=0, gamma_octaves=0, flip=False, transpose=False)


def sample() -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    rng = np.random.default_rng(2)
    image = rng.integers(0, 256, (7, 9, 9), np.uint8)
    mask = np.zeros(image.shape, bool)
    mask[1:4, 2:8, 1:3] = True
    return image, mask


def test_what_lies_outside_the_segment_stays_exactly_zero_however_bright_the_change() -> None:
    image, mask = sample()
    brighter = Augmentation(contrast=0.25, brightness=0.9, gamma_octaves=1.0, flip=False, transpose=False)
    for seed in range(20):
        view = augment_view(image, mask, brighter, True, np.random.default_rng(seed))
        assert not view[~mask].any()
        assert view[mask].any()


def test_without_strength_only_the_mask_is_applied() -> None:
    image, mask = sample()
    assert np.array_equal(augment_view(image, mask, STILL, True, np.random.default_rng(0)), image * mask)
    assert np.array_equal(augment_view(image, None, STILL, True, np.random.default_rng(0)), image)


def test_the_grey_curve_is_the_published_formula() -> None:
    settings = Augmentation(contrast=0.25, brightness=0.25, gamma_octaves=1.0)
    curve = draw_change(settings, (), np.random.default_rng(11)).grey_curve()
    rng = np.random.default_rng(11)
    a, c, g = 1 + rng.uniform(-0.25, 0.25), rng.uniform(-0.25, 0.25), 2 ** rng.uniform(-1, 1)
    expected = [255 * min(1.0, max(0.0, value / 255 * a + c)) ** g for value in range(256)]
    np.testing.assert_allclose(curve, expected, atol=0.5001)
    assert (np.diff(curve.astype(int)) >= 0).all()


def test_all_three_axes_are_flipped_and_each_half_of_the_time() -> None:
    image, mask = sample()
    settings = Augmentation(0, 0, 0, flip=True, transpose=False)
    seen: dict[tuple[int, ...], int] = {}
    for seed in range(400):
        view = augment_view(image, mask, settings, True, np.random.default_rng(seed))
        for axes in [(), (0,), (1,), (2,), (0, 1), (0, 2), (1, 2), (0, 1, 2)]:
            if np.array_equal(view, np.flip(image * mask, axes)):
                seen[axes] = seen.get(axes, 0) + 1
    assert sum(seen.values()) == 400
    assert min(seen.values()) > 25
    assert len(seen) == 8


@pytest.mark.parametrize("may_transpose", [True, False])
def test_only_x_and_y_are_exchanged_and_only_where_their_voxels_are_alike(may_transpose: bool) -> None:
    image, mask = sample()
    settings = Augmentation(0, 0, 0, flip=False, transpose=True)
    views = [augment_view(image, mask, settings, may_transpose, np.random.default_rng(seed)) for seed in range(40)]
    exchanged = [np.array_equal(view, (image * mask).transpose(0, 2, 1)) for view in views]
    kept = [np.array_equal(view, image * mask) for view in views]
    assert all(a or b for a, b in zip(exchanged, kept, strict=True))
    assert any(exchanged) is may_transpose


def test_the_image_itself_is_left_alone() -> None:
    image, mask = sample()
    before = image.copy()
    augment_view(image, mask, Augmentation(), True, np.random.default_rng(0))
    assert np.array_equal(image, before)


@pytest.mark.parametrize(
    ("resolution_nm", "alike", "orders"),
    [
        ((8.0, 10.0, 33.0), (), {(0, 1, 2)}),
        ((32.0, 32.0, 40.0), (1, 2), {(0, 1, 2), (0, 2, 1)}),
        ((32.0, 40.0, 32.0), (0, 2), {(0, 1, 2), (2, 1, 0)}),
        ((10.0, 10.0, 10.0), (0, 1, 2), {(0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)}),
    ],
)
def test_axes_are_exchanged_in_every_way_that_keeps_the_resolution(
    resolution_nm: tuple[float, float, float], alike: tuple[int, ...], orders: set[tuple[int, ...]]
) -> None:
    assert alike_axes(resolution_nm) == alike
    rng = np.random.default_rng(4)
    drawn = [draw_change(Augmentation(), alike, rng).order for _ in range(300)]
    assert set(drawn) == orders
    assert min(drawn.count(order) for order in orders) > 300 / len(orders) / 2
