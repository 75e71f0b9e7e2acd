"""What the server answers: volumes, the overlay, surfaces and columns; on Neuroglancer's real one."""

import json
import re
import struct
from collections.abc import Iterator

import compressed_segmentation
import numpy as np
import pytest

from segclr_viewer.overlay.overlay import code
from segclr_viewer.overlay.precomputed import chunk_body
from segclr_viewer.overlay.surfaces import part_of
from tests.segclr_viewer.served import App, served


@pytest.fixture(scope="module")
def app(world) -> Iterator[App]:  # type: ignore[no-untyped-def]
    with served(world) as app:
        yield app


def test_chunks_hold_the_volume_s_voxels(app: App, world) -> None:  # type: ignore[no-untyped-def]
    for name, array in (("em", world.em), ("segmentation", world.segmentation)):
        for path, part in (
            ("40-104_24-88_12-68", np.s_[:56, :64, :64]),
            ("104-136_88-104_12-68", np.s_[:56, 64:80, 64:96]),
        ):
            status, headers, body = app.ask(f"/volumes/{name}/0/{path}")
            assert status == 200
            assert headers["content-type"] == "application/octet-stream"
            assert body == chunk_body(array[part], "image" if name == "em" else "segmentation")
    body = app.ask("/volumes/segmentation/1/20-68_12-52_12-68")[2]
    shape, block = (48, 40, 56, 1), (8, 8, 8)
    voxels = compressed_segmentation.decompress(body, shape, np.uint64, block, order="F")[..., 0].T
    assert np.array_equal(voxels, world.segmentation[:, ::2, ::2])
    assert {2**63 + 5, 720575940600000977} <= set(np.unique(voxels).tolist())


def test_infos_tell_what_kind_of_voxels_there_are(app: App) -> None:
    kinds = {}
    for path in ("volumes/em", "volumes/segmentation", "overlay/active"):
        info = json.loads(app.ask(f"/{path}/info")[2])
        assert [scale["voxel_offset"] for scale in info["scales"]] == [[40, 24, 12], [20, 12, 12]]
        kinds[path] = (info["type"], info["data_type"])
    assert kinds == {
        "volumes/em": ("image", "uint8"),
        "volumes/segmentation": ("segmentation", "uint64"),
        "overlay/active": ("segmentation", "uint8"),
    }


def test_a_repaint_changes_the_overlay_and_the_surfaces(app: App, world) -> None:  # type: ignore[no-untyped-def]
    chunk, first_part = "/overlay/active/0/40-104_24-88_12-68", part_of(0, 0)
    fragments = set()
    for class_index in (1, 0):
        app.paint(class_index)
        _, headers, body = app.ask(chunk)
        assert headers["cache-control"] == "no-store"
        expected = np.where(world.segmentation[:56, :64, :64] > 0, code(class_index, 7), 0).astype(np.uint8)
        assert body == expected.tobytes()
        (fragment,) = json.loads(app.ask(f"/surfaces/{first_part}:0")[2])["fragments"]
        fragments.add(fragment)
        _, headers, mesh = app.ask(f"/surfaces/{fragment}")
        assert headers["cache-control"] == "no-store"
        assert struct.unpack("<I", mesh[:4]) == ((3,) if class_index == 0 else (0,))
    assert len(fragments) == 2, "a surface that is cut otherwise has another name"


def test_every_part_has_a_mesh_be_it_empty(app: App) -> None:
    assert json.loads(app.ask("/surfaces/info")[2]) == {"@type": "neuroglancer_legacy_mesh"}
    for part in (0, 31, 10**17):
        (fragment,) = json.loads(app.ask(f"/surfaces/{part}:0")[2])["fragments"]
        assert re.fullmatch(rf"part_{part}_\d+", fragment)
        assert app.ask(f"/surfaces/{fragment}")[2] == struct.pack("<I", 0)


def test_columns_are_kept_by_the_browser_since_their_address_names_the_version(app: App) -> None:
    for path in ("0123456789abcdef/segments", "layout/pca%201", "prediction/s1"):
        status, headers, body = app.ask(f"/columns/{path}.bin")
        assert status == 200
        assert len(body) in (8 * app.rows, 2 * app.rows)
        assert "immutable" in headers["cache-control"]
    assert app.ask("/columns/0123456789abcdee/segments.bin")[0] == 404


def test_a_picture_of_a_row_is_made_for_this_volume_and_there_is_none_of_other_rows(app: App) -> None:
    status, headers, body = app.ask("/pictures/0123456789abcdef/3.png")
    assert (status, headers["content-type"]) == (200, "image/png")
    assert headers["cache-control"] == "no-store"  # another run at this port may have another volume
    assert body.startswith(b"\x89PNG")
    for path in (f"/pictures/0123456789abcdef/{app.rows}.png", "/pictures/another/3.png"):
        assert app.ask(path)[0] == 404
    assert app.ask("/pictures/0123456789abcdef/3.png", cookie=False)[0] == 403


def test_what_is_not_there_any_more_is_no_failure_to_tell(app: App) -> None:
    said: list[str] = []
    app.server.say_failure = said.append  # type: ignore[method-assign]
    assert app.ask("/columns/prediction/overtaken.bin")[0] == 404
    assert said == []
