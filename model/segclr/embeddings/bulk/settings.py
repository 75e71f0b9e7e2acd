"""What a bulk embedding is of: the parts of a project file that it needs, and how its nodes are chosen."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from segclr.em.address import absolute_path, absolute_url
from segclr.em.geometry import XYZ
from segclr.em.volume import Volume, open_volume
from segclr.errors import ProjectError


@dataclass(frozen=True, slots=True)
class BulkSettings:
    """All that the embeddings depend on; a job that goes on must have the same.

    Attributes:
        em_url: None for an encoder of shapes.
        skeletons_url: None to compute skeletons.
        spacing_nm: between nodes along a skeleton; 0 for its nodes as they are.
        table_folder: where the table shall be.
        min_voxels: of segments whose skeletons are computed.
        min_path_um: segments with a shorter skeleton are left out.
        block_um: least edge of a block; None for four cutouts.
    """

    em_url: str | None
    segmentation_url: str
    skeletons_url: str | None
    checkpoint: str
    table_folder: str
    spacing_nm: float = 1500.0
    em_resolution_nm: XYZ | None = None
    segmentation_resolution_nm: XYZ | None = None
    min_voxels: int = 1000
    min_path_um: float = 0.0
    block_um: float | None = None

    @property
    def nodes_from(self) -> str:
        """Where the nodes come from, in words."""
        return describe_nodes(self.skeletons_url, self.spacing_nm, self.min_voxels, self.min_path_um)

    def open_em(self) -> Volume | None:
        """Open the EM, if there is one.

        Raises:
            VolumeUnavailable: It cannot be opened.
        """
        if self.em_url is None:
            return None
        return open_volume(self.em_url, "em", resolution_nm=self.em_resolution_nm)

    def open_segmentation(self) -> Volume:
        """Open the segmentation; errors as of `open_em`."""
        return open_volume(self.segmentation_url, "segmentation", resolution_nm=self.segmentation_resolution_nm)


def describe_nodes(skeletons_url: str | None, spacing_nm: float, min_voxels: int, min_path_um: float = 0.0) -> str:
    """Say where nodes come from, for the provenance of a table; arguments as of `BulkSettings`."""
    chosen = skeletons_url or f"skeletons of the segmentation, of {min_voxels} voxels or more"
    spacing = f", every {spacing_nm:g} nm" if spacing_nm else ""
    return chosen + spacing + (f", of {min_path_um:g} um or more" if min_path_um else "")


def read_settings(
    project: Path, min_voxels: int = 1000, min_path_um: float = 0.0, block_um: float | None = None
) -> BulkSettings:
    """Read what is needed of a project file; what the app alone needs is not looked at.

    Raises:
        ProjectError: The file cannot be read, or something needed is missing or of another type.
    """
    try:
        found = tomllib.loads(project.read_text(encoding="utf-8"))
    except OSError as error:
        raise ProjectError(f"the project file {project} cannot be read ({error.strerror}): check the path") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProjectError(f"{project} is not TOML: {error}") from None
    if min_voxels < 1 or min_path_um < 0 or (block_um is not None and not 0 < block_um < 1e6):
        raise ProjectError("--min-voxels must be 1 or more, --min-path-um 0 or more, --block-um above 0")
    folder = project.resolve().parent
    em, skeletons = _section(project, found, "em"), _section(project, found, "skeletons")
    segmentation = _section(project, found, "segmentation")
    encoder, table = _section(project, found, "encoder"), _section(project, found, "table")
    if "release" in table:
        raise ProjectError(f"{project}: the table is of a published release; name another folder, and no release")
    spacing_nm = skeletons.get("spacing_nm", 1500.0)
    if type(spacing_nm) not in (int, float) or not 0 <= spacing_nm < 1e6:
        raise ProjectError(f"{project}: skeletons.spacing_nm is {spacing_nm!r}: it must be 0 or more")
    return BulkSettings(
        em_url=absolute_url(_text(project, em, "em", "url"), folder) if em else None,
        segmentation_url=absolute_url(_text(project, segmentation, "segmentation", "url"), folder),
        skeletons_url=absolute_url(_text(project, skeletons, "skeletons", "url"), folder) if skeletons else None,
        checkpoint=absolute_path(_text(project, encoder, "encoder", "checkpoint"), folder),
        table_folder=absolute_path(_text(project, table, "table", "folder"), folder),
        spacing_nm=float(spacing_nm),
        em_resolution_nm=_resolution(project, em, "em"),
        segmentation_resolution_nm=_resolution(project, segmentation, "segmentation"),
        min_voxels=min_voxels,
        min_path_um=min_path_um,
        block_um=block_um,
    )


def _section(project: Path, found: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    section = found.get(name, {})
    if not isinstance(section, dict):
        raise ProjectError(f"{project}: {name} must be a section, written [{name}]")
    return section


def _text(project: Path, section: Mapping[str, Any], where: str, key: str) -> str:
    value = section.get(key)
    if not isinstance(value, str) or not value.strip():
        raise ProjectError(f"{project}: {where}.{key} is missing: it is needed to embed")
    return value


def _resolution(project: Path, section: Mapping[str, Any], where: str) -> XYZ | None:
    value = section.get("resolution_nm")
    if value is None:
        return None
    if not isinstance(value, list) or len(value) != 3 or any(type(edge) not in (int, float) for edge in value):
        raise ProjectError(f"{project}: {where}.resolution_nm must be three numbers, x, y, z")
    x, y, z = value
    return float(x), float(y), float(z)
