"""Small pictures for the page: planes of a cutout as PNG data URLs."""

import base64
import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_SMALLEST_EDGE = 120  # pixels; smaller planes are magnified by a whole factor, so that voxels stay square and sharp


def png_url(plane: NDArray[np.uint8]) -> str:
    """A grey (row, column) plane as the text of an <img> source."""
    factor = max(1, -(-_SMALLEST_EDGE // max(plane.shape)))
    image = Image.fromarray(np.ascontiguousarray(plane))
    if factor > 1:
        image = image.resize((image.width * factor, image.height * factor), Image.Resampling.NEAREST)
    file = io.BytesIO()
    image.save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode("ascii")
