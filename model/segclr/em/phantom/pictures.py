"""Two pictures of a phantom for the documentation: a section, plain and coloured by cell type, and a 3-D view."""

import struct
import zlib
from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter

from segclr.em.phantom.forest import Floats, Ints
from segclr.em.phantom.phantom import Phantom
from segclr.em.phantom.recipes import AXON, DENDRITE, GLIA, SOMA, VOXEL_NM, type_code

SHADES = 24
TYPE_COLOURS = np.array(
    [(235, 235, 235), (70, 130, 230), (110, 90, 220), (240, 90, 60), (250, 160, 60), (220, 60, 190),
     (90, 200, 120), (250, 230, 80), (170, 110, 60), (90, 220, 220)]
)  # fmt: skip
SHOWN = (
    ("exc_l23", DENDRITE, 2), ("exc_l5", DENDRITE, 1), ("martinotti", DENDRITE, 1), ("exc_l23", AXON, 2),
    ("basket", AXON, 1), ("martinotti", AXON, 1), ("thalamocortical", AXON, 2), ("astrocyte", GLIA, 1),
    ("microglia", GLIA, 1), ("opc", GLIA, 1),
)  # fmt: skip


def write_pictures(folder: Path, phantom: Phantom) -> list[Path]:
    """Write ``phantom_section.png`` and ``phantom_cells.png``; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    section, cells = folder / "phantom_section.png", folder / "phantom_cells.png"
    _write_png(section, section_picture(phantom, len(phantom.em) // 4))
    _write_png(cells, cells_picture(phantom))
    return [section, cells]


def section_picture(phantom: Phantom, z: int) -> Ints:
    """One xy section, plain on the left and coloured by cell type on the right: (y, 2 x) palette rows."""
    shade = phantom.em[z].astype(int) * SHADES // 256
    kind = np.r_[0, phantom.fine.cell_type][phantom.owner[z]].astype(int)
    return np.concatenate([shade, kind * SHADES + shade], 1)


def cells_picture(phantom: Phantom, yaw: float = 0.6, pitch: float = 0.25) -> Ints:
    """A few cells of every type, seen obliquely with light from the viewer: (rows, columns) palette rows."""
    numbers, kinds = _shown(phantom)
    kind_of = np.zeros(int(phantom.fine.segment.max()) + 1, np.uint8)
    kind_of[numbers] = kinds
    solid = kind_of[phantom.segmentation]
    inner = solid > 0
    surface = inner.copy()
    surface[1:-1, 1:-1, 1:-1] &= ~(
        inner[2:, 1:-1, 1:-1] & inner[:-2, 1:-1, 1:-1] & inner[1:-1, 2:, 1:-1]
        & inner[1:-1, :-2, 1:-1] & inner[1:-1, 1:-1, 2:] & inner[1:-1, 1:-1, :-2]
    )  # fmt: skip
    z, y, x = np.nonzero(surface)
    points = np.stack([x, y, z], 1) * np.array(VOXEL_NM) / VOXEL_NM[0]
    points -= points.mean(0)
    turn = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
    tilt = np.array([[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]])
    seen = points @ (tilt @ turn).T
    column, row, depth = (seen - seen.min(0)).T
    depth_map = np.full((int(row.max()) + 3, int(column.max()) + 3), np.inf)
    kind_map = np.zeros(depth_map.shape, int)
    far_first = np.argsort(-depth, kind="stable")
    for down, right in ((0, 1), (1, 0), (1, 1), (0, 0)):  # two pixels wide, so that surfaces are closed
        r, c = row[far_first].astype(int) + down, column[far_first].astype(int) + right
        near = np.full(depth_map.shape, np.inf)
        near[r, c] = depth[far_first]
        kind = np.zeros_like(kind_map)
        kind[r, c] = solid[z, y, x][far_first]
        closer = near < depth_map
        depth_map[closer], kind_map[closer] = near[closer], kind[closer]
    return kind_map * SHADES + _shading(depth_map, kind_map)


def _shown(phantom: Phantom) -> tuple[Ints, Ints]:
    """The largest segments without a soma of the types in ``SHOWN``."""
    fine = phantom.fine
    voxels = np.bincount(phantom.segmentation.ravel(), minlength=int(fine.segment.max()) + 1)
    numbers, kinds = [], []
    for name, compartment, count in SHOWN:
        own = (fine.cell_type == type_code(name)) & (fine.compartment == compartment) & (fine.lumen == 0)
        pieces = np.unique(fine.segment[own])
        pieces = np.setdiff1d(pieces, fine.segment[fine.compartment == SOMA])
        pieces = pieces[np.argsort(-voxels[pieces], kind="stable")][:count]
        numbers += pieces.tolist()
        kinds += [type_code(name)] * len(pieces)
    return np.array(numbers, int), np.array(kinds, np.uint8)


def _shading(depth: Floats, kind: Ints) -> Ints:
    """Shade 0..SHADES - 1 from the slope of the surface and from what stands in front of its surroundings."""
    seen = kind > 0
    filled = np.where(seen, depth, depth[seen].max())
    smooth = gaussian_filter(filled, 1.2)
    dy, dx = np.gradient(smooth)
    light = 1 / np.sqrt(1 + 0.35 * (dx**2 + dy**2))
    shadow = np.clip((smooth - gaussian_filter(filled, 12)) / 150, 0, 0.5)
    fog = 1 - 0.35 * (filled - filled.min()) / np.ptp(filled)
    shade = np.clip(light * (1 - shadow) * fog, 0.12, 1) * (SHADES - 1)
    result: Ints = np.where(seen, shade, 0).astype(int)
    return result


def _write_png(path: Path, rows: Ints) -> None:
    """An indexed PNG; row ``kind * SHADES + shade`` of the palette is a shade of the kind's colour."""
    shade = np.linspace(0, 1, SHADES)[None, :, None]
    palette = (TYPE_COLOURS[:, None] * shade).reshape(-1, 3).astype(np.uint8)
    height, width = rows.shape
    lines = np.concatenate([np.zeros((height, 1), np.uint8), rows.astype(np.uint8)], 1)  # filter 0 for every line
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
        (b"PLTE", palette.tobytes()),
        (b"IDAT", zlib.compress(lines.tobytes(), 9)),
        (b"IEND", b""),
    )
    data = b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in chunks
    )
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + data)
