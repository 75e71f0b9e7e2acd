"""Labels as rows for CAVE: bound spatial points, whose positions are voxels of the table's resolution.

Schemas: CAVEconnectome/EMAnnotationSchemas, `bound_tag` and `cell_type_local`. Root and supervoxel ids are found by
CAVE itself from the position, so the rows for upload hold none.
"""

import csv
import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from segclr.em.geometry import XYZ
from segclr_viewer.exchange.atomic import replacing_text
from segclr_viewer.exchange.cells import guarded
from segclr_viewer.exchange.errors import ExchangeError
from segclr_viewer.exchange.labels import CurrentLabel

Schema = Literal["bound_tag", "cell_type_local"]

# For these CAVE keeps lists of cell types, and marks any other type as not valid without telling whoever uploads it.
SYSTEMS_WITH_LISTS = ("valence", "ivscc_m", "classical", "allen_cortex_excitatory", "allen_cortex_inhibitory")


@dataclass(frozen=True, slots=True)
class CaveTable:
    """The table that the rows are for.

    Attributes:
        resolution_nm: its voxel resolution.
        classification_system: for `cell_type_local` alone.
    """

    resolution_nm: XYZ
    schema: Schema = "bound_tag"
    classification_system: str = ""

    def __post_init__(self) -> None:
        if not all(math.isfinite(size) and size > 0 for size in self.resolution_nm):
            raise ExchangeError(f"a voxel cannot measure {self.resolution_nm} nm: name the resolution of CAVE's table")
        if self.schema == "cell_type_local" and not self.classification_system:
            raise ExchangeError("cell_type_local needs a classification system: name one (--classification-system)")
        if self.classification_system in SYSTEMS_WITH_LISTS:
            raise ExchangeError(
                f"CAVE keeps its own list of cell types for {self.classification_system!r} and quietly marks others as "
                "not valid: name a classification system of your own"
            )


def write_cave_csv(path: Path, labels: Iterable[CurrentLabel], table: CaveTable) -> int:
    """Write one line per label, with `pt_root_id` as it was when the label was given; returns how many.

    Raises:
        ExchangeError: a position is negative, or the file cannot be written; what was there is still whole.
    """
    fields = ("classification_system", "cell_type") if table.schema == "cell_type_local" else ("tag",)
    count = 0
    with replacing_text(path) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["pt_position_x", "pt_position_y", "pt_position_z", "pt_root_id", *fields])
        for label in labels:
            texts = _texts(label, table)
            voxel = _voxel(label, table)
            writer.writerow([*voxel, str(label.segment_id), *(guarded(texts[field]) for field in fields)])
            count += 1
    return count


def write_cave_json(path: Path, labels: Iterable[CurrentLabel], table: CaveTable) -> int:
    """Write `annotations` as CAVE's annotation service takes them, with their schema and resolution; returns how many.

    Raises:
        ExchangeError: a position is negative, or the file cannot be written; what was there is still whole.
    """
    rows = [{"pt": {"position": list(_voxel(label, table))}, **_texts(label, table)} for label in labels]
    content = {"schema_type": table.schema, "voxel_resolution": list(table.resolution_nm), "annotations": rows}
    with replacing_text(path) as file:
        json.dump(content, file, indent=1, ensure_ascii=False)
    return len(rows)


def _texts(label: CurrentLabel, table: CaveTable) -> dict[str, str]:
    if table.schema == "bound_tag":
        return {"tag": label.class_name}
    return {"classification_system": table.classification_system, "cell_type": label.class_name}


def _voxel(label: CurrentLabel, table: CaveTable) -> tuple[int, int, int]:
    """The voxel that the position lies in."""
    x, y, z = (math.floor(value / size) for value, size in zip(label.position_nm, table.resolution_nm, strict=True))
    if min(x, y, z) < 0:
        raise ExchangeError(
            f"the label {label.class_name!r} at {label.position_nm} nm lies at negative voxels, which CAVE does not "
            "take: is the volume's offset right?"
        )
    return x, y, z
