"""What is served for which path: chunks, meshes, columns and pictures. No web library here.

All answers are made on the loop's threads for such work or in other processes, never on the loop itself.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segclr.em.geometry import Box
from segclr.em.volume import Volume
from segclr_viewer.cutout_pictures import CutoutPictures
from segclr_viewer.overlay.overlay import Overlay
from segclr_viewer.overlay.precomputed import (
    MESH_INFO,
    Kind,
    chunk_body,
    chunk_box,
    mesh_fragment,
    mesh_manifest,
    volume_info,
)
from segclr_viewer.overlay.surfaces import Surfaces
from segclr_viewer.serving.columns import Columns

# names in paths: a colon for stamps such as "cell type:17:3f2a"; never a slash
_NAME = r"(?P<name>[^/]{1,200})"
_CHUNK = r"(?P<mip>[0-9]{1,2})/(?P<box>[-0-9_]{11,70})"
_ROW = r"(?P<row>[0-9]{1,18})"
_PART = r"(?P<part>[0-9]{1,18})"


@dataclass(frozen=True, slots=True)
class Reply:
    """A body to send.

    `lasting` if the same address will always give the same body, in another run too, which has the same port. Chunks
    and pictures are not: another run may be about other volumes. The viewer keeps chunks in its own memory.
    """

    body: bytes
    content_type: str
    lasting: bool


Answer = Callable[..., Awaitable[Reply | None]]


@dataclass(frozen=True, slots=True)
class Route:
    """A pattern for whole paths, and what answers it: called with the groups as text; None means there is none.

    One that is personal answers each annotator otherwise, and is also told `annotator`.
    """

    pattern: str
    answer: Answer
    is_personal: bool = False


def data_routes(
    volumes: Mapping[str, Volume],
    overlays: Mapping[str, Overlay],
    surfaces: Surfaces,
    columns: Columns,
    pictures: CutoutPictures,
) -> list[Route]:
    """All routes of the data.

    Args:
        volumes: "segmentation", and "em" where there is one.
        overlays: by annotator, each painted by the task that is active there.
    """
    routes = [
        Route(rf"/columns/{_NAME}/positions\.bin", _column(columns, columns.positions)),
        Route(rf"/columns/{_NAME}/segments\.bin", _column(columns, columns.segments)),
        Route(rf"/columns/{_NAME}/cells\.bin", _column(columns, columns.cells)),
        Route(rf"/columns/layout/{_NAME}\.bin", _column(columns, columns.layout)),
        Route(rf"/columns/prediction/{_NAME}\.bin", _column(columns, columns.prediction)),
        Route(rf"/columns/mask/{_NAME}\.bin", _column(columns, columns.mask)),
        Route(rf"/columns/color/{_NAME}\.bin", _column(columns, columns.color)),
        Route(rf"/pictures/{_NAME}/{_ROW}\.png", _picture(pictures)),
        Route(r"/surfaces/info", _info(MESH_INFO)),
        Route(rf"/surfaces/{_PART}:0", _manifest(surfaces, overlays), is_personal=True),
        Route(rf"/surfaces/part_{_PART}_[0-9]{{1,10}}", _fragment(surfaces, overlays), is_personal=True),
    ]
    for name, volume in volumes.items():
        kind: Kind = "image" if name == "em" else "segmentation"
        routes.append(Route(f"/volumes/{name}/info", _info(volume_info(volume.mips, kind, volume.dtype.name))))
        routes.append(Route(f"/volumes/{name}/{_CHUNK}", _chunk(volume, volume.read, kind)))
    segmentation = volumes["segmentation"]
    routes.append(Route("/overlay/active/info", _info(volume_info(segmentation.mips, "segmentation", "uint8"))))
    routes.append(Route(f"/overlay/active/{_CHUNK}", _painted(segmentation, overlays), is_personal=True))
    return routes


def _info(info: dict[str, object]) -> Answer:
    reply = Reply(json.dumps(info).encode(), "application/json", lasting=False)

    async def answer() -> Reply:
        return reply

    return answer


def _chunk(volume: Volume, read: Callable[[Box, int], NDArray[np.generic]], kind: Kind) -> Answer:
    async def answer(mip: str, box: str) -> Reply | None:
        number = int(mip)
        wanted = chunk_box(box, volume.mips[number]) if number < len(volume.mips) else None
        if wanted is None:
            return None
        body = await asyncio.to_thread(lambda: chunk_body(read(wanted, number), kind))
        return Reply(body, "application/octet-stream", lasting=False)

    return answer


def _painted(segmentation: Volume, overlays: Mapping[str, Overlay]) -> Answer:
    of_annotator = {
        annotator: _chunk(segmentation, overlay.chunk, "segmentation") for annotator, overlay in overlays.items()
    }

    async def answer(mip: str, box: str, annotator: str) -> Reply | None:
        return await of_annotator[annotator](mip, box)

    return answer


def _manifest(surfaces: Surfaces, overlays: Mapping[str, Overlay]) -> Answer:
    async def answer(part: str, annotator: str) -> Reply:
        manifest = mesh_manifest(int(part), surfaces.cut(int(part), overlays[annotator]))
        return Reply(json.dumps(manifest).encode(), "application/json", lasting=False)

    return answer


def _fragment(surfaces: Surfaces, overlays: Mapping[str, Overlay]) -> Answer:
    async def answer(part: str, annotator: str) -> Reply:
        mesh = await surfaces.part(int(part), overlays[annotator])
        return Reply(mesh_fragment(mesh), "application/octet-stream", lasting=False)

    return answer


def _picture(pictures: CutoutPictures) -> Answer:
    async def answer(name: str, row: str) -> Reply | None:
        body = await asyncio.to_thread(pictures.png, name, int(row))
        return None if body is None else Reply(body, "image/png", lasting=False)

    return answer


def _column(columns: Columns, column: Callable[[str], bytes | None]) -> Answer:
    async def answer(name: str) -> Reply | None:
        body = await asyncio.to_thread(column, name)
        return None if body is None else Reply(body, "application/octet-stream", columns.are_lasting)

    return answer
