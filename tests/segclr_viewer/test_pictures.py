"""Planes of a cutout as pictures."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from segclr_viewer.pictures import png_url


def opened(url: str) -> Image.Image:
    head, _, body = url.partition(",")
    assert head == "data:image/png;base64"
    return Image.open(io.BytesIO(base64.b64decode(body)))


def test_a_plane_keeps_its_grey_values_and_its_orientation() -> None:
    plane = np.arange(130 * 140, dtype=np.uint8).reshape(130, 140)
    np.testing.assert_array_equal(np.asarray(opened(png_url(plane))), plane)


@pytest.mark.parametrize(("shape", "factor"), [((33, 33), 4), ((11, 33), 4), ((119, 5), 2), ((120, 7), 1)])
def test_a_small_plane_is_magnified_by_a_whole_factor_without_blur(shape: tuple[int, int], factor: int) -> None:
    plane = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    expected = np.repeat(np.repeat(plane, factor, 0), factor, 1)
    np.testing.assert_array_equal(np.asarray(opened(png_url(plane))), expected)


def test_a_slice_of_a_larger_array_is_taken_as_it_is() -> None:
    image = np.random.default_rng(0).integers(0, 256, (121, 122, 123), np.uint8)
    np.testing.assert_array_equal(np.asarray(opened(png_url(image[:, :, 5]))), image[:, :, 5])
