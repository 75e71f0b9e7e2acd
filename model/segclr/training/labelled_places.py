"""Places whose class is known, for the probe that tells how training goes. Nothing here is ever trained on.

The truth of generated blocks says the subcompartment at every skeleton node; for volumes of one's own a CSV file may.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import numpy as np

from segclr.em.geometry import XYZ, IntXYZ, voxel_of
from segclr.em.phantom.files import SUBCOMPARTMENT_NAMES, open_phantom
from segclr.errors import ProjectError
from segclr.training.config import TrainingConfig
from segclr.training.volumes import TrainingVolume, block_folder

_COLUMNS = ("x_nm", "y_nm", "z_nm", "segment_id", "class")


@dataclass(frozen=True, slots=True)
class LabelledPlace:
    """One place.

    Attributes:
        volume: row of the list of volumes.
        voxel: xyz at the view's resolution.
        segment: as in ``TrainingVolume.segments``.
        cell: places of one cell (of a segment, where cells are not known) are never on both sides of a split.
    """

    volume: int
    voxel: IntXYZ
    segment: int
    kind: str
    cell: int


def labelled_places(config: TrainingConfig, volumes: Sequence[TrainingVolume]) -> list[LabelledPlace]:
    """All places with a known class inside the volumes' boxes.

    Args:
        volumes: As ``open_volumes`` gives them: generated blocks first.

    Raises:
        ProjectError: A file of labels is wrong.
        VolumeUnavailable: The truth of a block cannot be read.
    """
    resolution_nm = config.view.resolution_nm
    found: list[LabelledPlace] = []
    blocks = () if config.phantom is None else config.phantom.seeds
    for row, seed in enumerate(blocks):
        assert config.phantom is not None  # noqa: S101 (for the type checker)
        found += _of_block(row, volumes[row], block_folder(config.phantom, seed), resolution_nm)
    for row, data in enumerate(config.volume, start=len(blocks)):
        if data.labels is not None:
            found += _of_file(row, volumes[row], Path(data.labels), resolution_nm)
    return found


def _of_block(row: int, volume: TrainingVolume, folder: Path, resolution_nm: XYZ) -> list[LabelledPlace]:
    truth = open_phantom(folder)
    places = []
    for position_nm, segment_id, code, cell in zip(
        truth.position_nm, truth.node_segment_id, truth.subcompartment, truth.cell, strict=True
    ):
        voxel, segment = voxel_of(tuple(position_nm), resolution_nm), volume.number_of(int(segment_id))
        if segment and volume.number_at(voxel) == segment:  # at a coarser mip a thin neurite may have lost its node
            places.append(LabelledPlace(row, voxel, segment, SUBCOMPARTMENT_NAMES[code], int(cell)))
    return places


def _of_file(row: int, volume: TrainingVolume, path: Path, resolution_nm: XYZ) -> list[LabelledPlace]:
    try:
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            missing = [name for name in _COLUMNS if name not in (reader.fieldnames or ())]
            if missing:
                raise ProjectError(f"{path} has no column {missing[0]}: its header must be {','.join(_COLUMNS)}")
            lines = list(zip(count(2), reader))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ProjectError(f"the labels {path} cannot be read: {error}") from None
    places = []
    for line, values in lines:
        place = _of_line(row, volume, values, f"{path}, line {line}", resolution_nm)
        if place is not None:
            places.append(place)
    if not places:
        raise ProjectError(f"{path} has no place inside the volume's box: check its unit, which is nm")
    return places


def _of_line(
    row: int, volume: TrainingVolume, values: dict[str, str], where: str, resolution_nm: XYZ
) -> LabelledPlace | None:
    """One line; None for a place outside the box."""
    try:
        x_nm, y_nm, z_nm = (float(values[name]) for name in _COLUMNS[:3])
        segment_id, kind = int(values["segment_id"]), values["class"].strip()
    except (ValueError, TypeError, AttributeError):
        raise ProjectError(f"{where}: three numbers, a segment id and a class must be given") from None
    if not kind or not np.isfinite([x_nm, y_nm, z_nm]).all() or not 0 < segment_id < 2**64:
        raise ProjectError(f"{where}: three finite numbers, a segment id and a class must be given")
    voxel = voxel_of((x_nm, y_nm, z_nm), resolution_nm)
    if not volume.box.contains(voxel):
        return None
    segment = volume.number_of(segment_id)
    if segment == 0 or volume.number_at(voxel) != segment:
        raise ProjectError(
            f"{where}: segment {segment_id} is not at this position; check the unit (nm) and the segmentation"
        )
    return LabelledPlace(row, voxel, segment, kind, segment)
