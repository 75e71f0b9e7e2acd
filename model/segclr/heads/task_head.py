"""A head with what it is for: classes, unit, radius, encoder, and the labels that it follows from; one file."""

from __future__ import annotations

import hashlib
import json
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from segclr.em.cutout import CutoutSpec
from segclr.embeddings.provenance import Provenance, describe_maker
from segclr.errors import CheckpointMismatch
from segclr.heads.head import Head
from segclr.heads.linear import open_head
from segclr.heads.storage import damaged, kind_of
from segclr.replacing import replacing_path

_ORIGIN = "origin.json"  # beside the arrays in the .npz file, which is a ZIP archive


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadOrigin:
    """What a head predicts, of which embeddings, and what it was fitted on.

    Attributes:
        stamp: hex digits that name the head by task, labels and table.
        unit: "segment" gives all nodes of a segment the class of their mean probability.
        classes: names, in the order of the head's.
        colors: "#rrggbb" of each class.
        aggregation_radius_um: within which embeddings are averaged before they are classified.
        encoder_hash, cutout: of the embeddings.
        segmentation: version that the labels belong to.
        log_position: number of the last label event that it follows from.
        labels: how many places it was fitted on.
        fitted_at: the time in words.
    """

    stamp: str
    task: str
    unit: Literal["node", "segment"]
    classes: tuple[str, ...]
    colors: tuple[str, ...]
    aggregation_radius_um: float
    encoder_hash: str
    cutout: CutoutSpec
    segmentation: str = ""
    project: str = ""
    log_position: int = 0
    labels: int = 0
    fitted_at: str = ""

    def to_json(self) -> dict[str, object]:
        return asdict(self)


@dataclass(frozen=True, slots=True, eq=False)
class TaskHead:
    """A head and its origin."""

    head: Head
    origin: HeadOrigin

    def check_fits(self, made: Provenance, dimensions: int, table: str) -> None:
        """Refuse a table whose embeddings the head was not fitted on the like of.

        Args:
            table: its name, for the message.

        Raises:
            CheckpointMismatch: Says what differs.
        """
        origin = self.origin
        if (made.encoder_hash, made.cutout) != (origin.encoder_hash, origin.cutout):
            raise CheckpointMismatch(
                f"the head {origin.stamp} ({origin.task}) is for embeddings by "
                f"{describe_maker(origin.encoder_hash, origin.cutout)}, but the table {table} was made by "
                f"{made.maker()}: fit a head on embeddings of that encoder"
            )
        if dimensions != self.head.dimensions:
            raise CheckpointMismatch(
                f"the head {origin.stamp} ({origin.task}) classifies {self.head.dimensions} numbers, but the table "
                f"{table} has {dimensions} for each row: fit a head on embeddings like those"
            )

    def save(self, path: Path) -> None:
        """Write both to one .npz file, at once; `segclr.heads.linear.open_head` opens it, too.

        Raises:
            CheckpointMismatch: It cannot be written; what was there is still whole.
        """
        with replacing_path(path, CheckpointMismatch) as part:
            self.head.save(part)
            with zipfile.ZipFile(part, "a") as archive:
                archive.writestr(_ORIGIN, json.dumps(self.origin.to_json(), indent=1))


def open_task_head(path: Path) -> TaskHead:
    """Read what `TaskHead.save` wrote, of whatever kind the head is; a network's needs torch.

    Raises:
        CheckpointMismatch: There is no such file, it is damaged, or it does not say what the head is for.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            described = archive.read(_ORIGIN) if _ORIGIN in names else None
    except OSError as error:
        raise CheckpointMismatch(f"the head {path} cannot be read: {error.strerror or error}") from None
    except (zipfile.BadZipFile, EOFError):
        raise damaged(path) from None
    if described is None:
        raise CheckpointMismatch(
            f"the head {path} does not say what its classes are: write it with `segclr-labels export-head`, or with "
            "segclr.heads.task_head"
        )
    try:
        origin = origin_of(json.loads(described))
    except (KeyError, TypeError, ValueError):
        raise damaged(path) from None
    head = _open(path)
    if head.class_count != len(origin.classes) or len(origin.colors) != len(origin.classes):
        raise damaged(path)
    return TaskHead(head, origin)


def origin_of(fields: dict[str, object]) -> HeadOrigin:
    """Undo `HeadOrigin.to_json`.

    Raises:
        KeyError, TypeError, ValueError: The fields are not those.
    """
    found: dict[str, object] = {**fields}
    cutout = fields["cutout"]
    classes, colors = fields["classes"], fields["colors"]
    if not isinstance(cutout, dict) or not isinstance(classes, list) or not isinstance(colors, list):
        raise TypeError("no origin of a head")
    x_nm, y_nm, z_nm = cutout["resolution_nm"]
    found["cutout"] = CutoutSpec(int(cutout["size"]), (float(x_nm), float(y_nm), float(z_nm)), cutout["content"])
    found["classes"], found["colors"] = tuple(map(str, classes)), tuple(map(str, colors))
    if fields["unit"] not in ("node", "segment"):
        raise ValueError("no unit of a head")
    return HeadOrigin(**found)  # type: ignore[arg-type]  # a wrong key is a TypeError; numbers are used as they are


def hash_of_head(path: Path) -> str:
    """Return 16 hex digits of a head's file.

    Raises:
        CheckpointMismatch: It cannot be read.
    """
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    except OSError as error:
        raise CheckpointMismatch(f"the head {path} cannot be read: {error.strerror or error}") from None


def _open(path: Path) -> Head:
    kind = kind_of(path)
    if kind == "resnet":
        from segclr.heads.resnet import open_resnet  # torch: only for networks

        return open_resnet(path)
    if kind == "sngp":
        from segclr.heads.sngp import open_sngp

        return open_sngp(path)
    return open_head(path)
