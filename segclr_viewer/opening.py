"""Opening what a project names, and checking that the parts fit each other."""

from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from segclr.em.cutout import Cutout, CutoutSpec, read_cutout
from segclr.em.geometry import XYZ, Box
from segclr.em.volume import Volume, open_volume
from segclr.embeddings.table import EmbeddingTable
from segclr.encoder.checkpoint import CheckpointSpec, check_against, read_spec
from segclr.errors import ProjectError, TableError
from segclr.release.registry import release_named
from segclr_viewer.heads.row_vectors import LARGE_ROWS
from segclr_viewer.project import Project
from segclr_viewer.published import check_published

PROBES_PER_AXIS = 4
PROBE_VOXELS = 64


@dataclass(frozen=True, slots=True)
class Opened:
    """A project's volumes and its encoder's description, checked against each other.

    Attributes:
        encoder: None for a project that only shows a table.
        bounds_nm: corners of what EM and segmentation share.
    """

    project: Project
    em: Volume | None
    segmentation: Volume
    encoder: CheckpointSpec | None
    bounds_nm: tuple[XYZ, XYZ]


def open_project(project: Project) -> Opened:
    """Open the volumes and read the checkpoint's description.

    Raises:
        SegclrError: something cannot be opened, or the parts do not fit; the text says which.
    """
    em, segmentation = open_em(project), open_segmentation(project)
    bounds_nm = _shared_bounds_nm(em, segmentation)
    encoder = None
    if project.encoder is not None:
        encoder = read_spec(Path(project.encoder.checkpoint))
        check_against(encoder, em, segmentation)
    return Opened(project, em, segmentation, encoder, bounds_nm)


def open_em(project: Project) -> Volume | None:
    """The project's EM, if it has one."""
    if project.em is None:
        return None
    return open_volume(project.em.url, "em", resolution_nm=project.em.resolution_nm)


def open_segmentation(project: Project) -> Volume:
    """The project's segmentation."""
    spec = project.segmentation
    return open_volume(spec.url, "segmentation", resolution_nm=spec.resolution_nm)


def check_table(table: EmbeddingTable, opened: Opened) -> None:
    """Refuse a table with embeddings that are no numbers, or from another encoder than would embed the clicks.

    Those of a large table are not read for that.

    One of a published release must also lie in the segmentation.

    Raises:
        TableError: says what differs and what to do.
    """
    release = opened.project.table.release
    if release is not None:
        check_published(table, release_named(release), opened.segmentation, opened.encoder)
    if opened.encoder is not None:
        if release is None:
            table.check_made_by(opened.encoder.hash, opened.encoder.cutout)
        if table.dimensions != opened.encoder.embedding_dim:
            raise TableError(
                f"the embeddings in {opened.project.table.folder} have {table.dimensions} dimensions, those of the "
                f"encoder {opened.encoder.embedding_dim}: delete that folder to embed the volume again, or use the "
                "table's encoder"
            )
    if len(table) > LARGE_ROWS:
        return  # would take seconds; whoever predicts a row that is no number says so
    try:
        table.check_finite()
    except TableError as error:
        raise TableError(f"{error} (delete {opened.project.table.folder} for that)") from None


def read_one_cutout(opened: Opened) -> Cutout:
    """A cutout of the first segment found on a coarse grid over the volume.

    Raises:
        ProjectError: no segment at any of the places looked at.
    """
    spec = (
        opened.encoder.cutout if opened.encoder else CutoutSpec(33, opened.segmentation.mips[0].resolution_nm, "mask")
    )
    return read_cutout(opened.em, opened.segmentation, _a_place_on_a_segment(opened), spec)


def _a_place_on_a_segment(opened: Opened) -> XYZ:
    """Centre (nm) of some voxel of a segment, looked for from the middle of the shared bounds outwards."""
    low, high = np.array(opened.bounds_nm)
    resolution = np.array(opened.segmentation.mips[0].resolution_nm)
    shares = (np.arange(PROBES_PER_AXIS) + 0.5) / PROBES_PER_AXIS
    grid = sorted(product(shares, repeat=3), key=lambda share: float(np.abs(np.array(share) - 0.5).sum()))
    for share in grid:
        centre = ((low + (high - low) * np.array(share)) / resolution).astype(int)
        start = np.maximum(centre - PROBE_VOXELS // 2, (low / resolution).astype(int))
        stop = np.minimum(start + PROBE_VOXELS, (high / resolution).astype(int))
        if (stop <= start).any():
            continue
        x, y, z = (int(value) for value in start)
        ids = opened.segmentation.read(Box((x, y, z), (int(stop[0]), int(stop[1]), int(stop[2]))))
        inside = np.argwhere(ids)
        if len(inside):
            dz, dy, dx = inside[len(inside) // 2]
            place = (np.array([x + dx, y + dy, z + dz]) + 0.5) * resolution
            return (float(place[0]), float(place[1]), float(place[2]))
    raise ProjectError(
        f"{opened.project.segmentation.url} has no segment at any of {len(grid)} places looked at: is it empty?"
    )


def _shared_bounds_nm(em: Volume | None, segmentation: Volume) -> tuple[XYZ, XYZ]:
    """Corners of the box that EM and segmentation share.

    Raises:
        ProjectError: they do not overlap.
    """
    volumes = [volume for volume in (em, segmentation) if volume is not None]
    corners = [_bounds_nm(volume) for volume in volumes]
    low = np.max([corner[0] for corner in corners], axis=0)
    high = np.min([corner[1] for corner in corners], axis=0)
    if (high <= low).any():
        raise ProjectError(
            "EM and segmentation do not overlap: "
            + "; ".join(
                f"{volume.url} spans {_span(low_nm)} to {_span(high_nm)} nm"
                for volume, (low_nm, high_nm) in zip(volumes, corners, strict=True)
            )
        )
    return (_xyz(low), _xyz(high))


def _bounds_nm(volume: Volume) -> tuple[XYZ, XYZ]:
    mip = volume.mips[0]
    resolution = np.array(mip.resolution_nm)
    return (_xyz(np.array(mip.box.start) * resolution), _xyz(np.array(mip.box.stop) * resolution))


def _xyz(values: NDArray[np.float64]) -> XYZ:
    return (float(values[0]), float(values[1]), float(values[2]))


def _span(corner_nm: XYZ) -> str:
    return "(" + ", ".join(f"{value:g}" for value in corner_nm) + ")"
