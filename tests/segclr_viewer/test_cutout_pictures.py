"""Pictures of rows: what is in them, which there are, and that each is made once."""

import io
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from segclr.em.cutout import CutoutSpec, segment_mask
from segclr.em.volume import Volume, open_volume
from segclr_viewer.cutout_pictures import GAP, PLANE, CutoutPictures, side_by_side
from segclr_viewer.scatter import Scatter

VERSION = "0123456789abcdef"


@pytest.fixture(scope="module")
def volumes(world: Any) -> tuple[Volume, Volume]:
    return open_volume(world.em_url, "em"), open_volume(world.segmentation_url, "segmentation")


@pytest.fixture(scope="module")
def table(world: Any) -> Any:
    nodes = [world.skeletons[segment].nodes_nm for segment in world.segment_ids]
    rows_of = np.repeat(np.array(world.segment_ids, np.uint64), [len(n) for n in nodes])

    class Table(SimpleNamespace):
        def __len__(self) -> int:
            return len(rows_of)

    return Table(
        version=VERSION, positions_nm=np.concatenate(nodes), segment_of_rows=lambda rows: rows_of[np.asarray(rows)]
    )


def opened(png: bytes | None) -> NDArray[np.uint8]:
    assert png is not None
    return np.asarray(Image.open(io.BytesIO(png)))


def test_the_picture_shows_three_sections_with_the_rows_segment_bright(
    world: Any, volumes: tuple[Volume, Volume], table: Any
) -> None:
    row = len(table) - 3
    segment = int(table.segment_of_rows([row])[0])
    assert segment == 2**63 + 5
    spec = CutoutSpec(21, (16.0, 20.0, 33.0))
    picture = opened(CutoutPictures(*volumes, table, Scatter(table), spec).png(VERSION, row))
    assert picture.shape == (PLANE, 3 * PLANE + 2 * GAP)
    x, y, z = (int(v) for v in table.positions_nm[row] // np.array(world.resolution_nm) - world.voxel_offset)
    own, grey = world.segmentation == segment, world.em
    for number, (mask, em) in enumerate(((own[z], grey[z]), (own[:, y], grey[:, y]), (own[:, :, x], grey[:, :, x]))):
        part = picture[:, number * (PLANE + GAP) :][:, :PLANE]
        assert set(np.unique(part[part > 0.3 * 255])) <= set(np.unique(em[mask])), "what is bright is not the segment"
        middle = part[PLANE // 2 - 2 : PLANE // 2 + 2, PLANE // 2 - 2 : PLANE // 2 + 2]
        assert set(np.unique(middle)) <= set(np.unique(em[mask]))


def test_planes_are_shown_in_true_proportions() -> None:
    planes = [np.full((9, 9), 200, np.uint8)] * 3
    picture = side_by_side(planes, (8.0, 8.0, 32.0))
    widths = [(picture[:, n * (PLANE + GAP) :][:, :PLANE] > 0).any(0).sum() for n in range(3)]
    heights = [(picture[:, n * (PLANE + GAP) :][:, :PLANE] > 0).any(1).sum() for n in range(3)]
    assert widths == [PLANE, PLANE // 4, PLANE // 4]
    assert heights == [PLANE, PLANE, PLANE]


def test_there_is_none_of_another_version_or_of_a_row_beyond_the_table(
    volumes: tuple[Volume, Volume], table: Any
) -> None:
    pictures = CutoutPictures(*volumes, table, Scatter(table), None)
    assert pictures.png("another", 0) is None
    assert pictures.png(VERSION, len(table)) is None


def test_without_an_encoder_and_without_em_there_is_a_default_view(volumes: tuple[Volume, Volume], table: Any) -> None:
    em, segmentation = volumes
    for given in (em, None):
        picture = opened(CutoutPictures(given, segmentation, table, Scatter(table), None).png(VERSION, 0))
        assert (picture > 0).any()


def test_a_picture_is_made_once(volumes: tuple[Volume, Volume], table: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    monkeypatch.setattr("segclr_viewer.cutout_pictures.segment_mask", lambda *a: made.append(1) or segment_mask(*a))
    pictures = CutoutPictures(*volumes, table, Scatter(table), None)
    assert pictures.png(VERSION, 2) == pictures.png(VERSION, 2)
    assert len(made) == 3
