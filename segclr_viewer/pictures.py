"""Small pictures for the page, as PNG files and as data URLs."""

import base64
import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_SMALLEST_EDGE = 120  # pixels; smaller planes are magnified by a whole factor, so that voxels stay square and sharp


def png(picture: NDArray[np.uint8]) -> bytes:
    """A grey (row, column) picture as a PNG file."""
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG", compress_level=3)  # the usual 6 takes thrice as long for a few per cent
    return file.getvalue()


def fitted(plane: NDArray[np.uint8], tall_nm: float, wide_nm: float, edge: int) -> NDArray[np.uint8]:
    """The plane, whose pixels measure that much, with square pixels, `edge` of them along its longer side."""
    extents_nm = np.array([plane.shape[1] * wide_nm, plane.shape[0] * tall_nm])
    width, height = np.maximum(1, np.rint(extents_nm / extents_nm.max() * edge)).astype(int).tolist()
    method = Image.Resampling.NEAREST if width >= plane.shape[1] else Image.Resampling.BOX
    return np.asarray(Image.fromarray(np.ascontiguousarray(plane)).resize((width, height), method))


def png_url(plane: NDArray[np.uint8]) -> str:
    """A grey (row, column) plane as the text of an <img> source."""
    factor = max(1, -(-_SMALLEST_EDGE // max(plane.shape)))
    image = Image.fromarray(np.ascontiguousarray(plane))
    if factor > 1:
        image = image.resize((image.width * factor, image.height * factor), Image.Resampling.NEAREST)
    file = io.BytesIO()
    image.save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode("ascii")
