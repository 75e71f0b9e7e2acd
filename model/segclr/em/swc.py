"""Skeletons in SWC files: one node per line: number, kind, x, y, z, radius, number of the parent (-1 for none)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from segclr.em.geometry import XYZ
from segclr.em.skeleton import Skeleton
from segclr.errors import VolumeUnavailable


def read_swc(path: Path, scale_nm: XYZ, segment_id: int | None = None) -> Skeleton:
    """Read one skeleton, with the attributes `radius` (nm) and `kind` (1 soma, 2 axon, 3 dendrite, 4 apical).

    Args:
        scale_nm: what one unit of the file is along x, y and z: (1000, 1000, 1000) for micrometres.
        segment_id: None if the file is named by it.

    Raises:
        VolumeUnavailable: the file is not there, or not SWC.
    """
    if segment_id is None:
        if not path.stem.isdecimal():
            raise VolumeUnavailable(f"{path} is not named by its segment; give the segment's id or rename it to ID.swc")
        segment_id = int(path.stem)
    try:
        lines = path.read_text().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise VolumeUnavailable(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from error
    numbers, kinds, positions, radii, parents = [], [], [], [], []
    for line_number, line in enumerate(lines, 1):
        fields = line.split("#")[0].split()
        if not fields:
            continue
        try:
            number, kind, x, y, z, radius, parent = fields[:7]
            numbers.append(int(float(number)))
            kinds.append(float(kind))
            positions.append((float(x), float(y), float(z)))
            radii.append(float(radius))
            parents.append(int(float(parent)))
        except ValueError as error:
            raise VolumeUnavailable(f"line {line_number} of {path} is not a node of an SWC file: {line!r}") from error
    row_of = {number: row for row, number in enumerate(numbers)}
    edges = [(row, parent) for row, parent in enumerate(parents) if parent >= 0]
    unknown = next((parent for _, parent in edges if parent not in row_of), None)
    if unknown is not None:
        raise VolumeUnavailable(f"{path} names a parent {unknown} that is not in the file")
    # a radius has no direction: the mean of the three units
    attributes = {
        "radius": np.array(radii, np.float32) * np.float32(np.mean(scale_nm)),
        "kind": np.array(kinds, np.float32),
    }
    nodes_nm = np.array(positions, np.float64).reshape(-1, 3) * scale_nm
    pairs = np.array([(row, row_of[parent]) for row, parent in edges], np.int32).reshape(-1, 2)
    return Skeleton(segment_id, nodes_nm, pairs, attributes)
