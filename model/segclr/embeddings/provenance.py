"""What an embedding table was made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from segclr.em.cutout import CutoutSpec


@dataclass(frozen=True, slots=True)
class Provenance:
    """What the embeddings of a table were made of and by; part of the table's version.

    Attributes:
        encoder_hash: of the checkpoint file.
        em_url: None for an encoder that sees the segment's shape alone.
        nodes_from: where the nodes come from, in words or as a url.
        skipped_background: nodes that got no row, for lying on no segment; likewise `skipped_other_segment`, on one
            that is not their own, and `skipped_outside`, beyond the EM or the segmentation, or with
            nothing to be seen in the view, as where EM is missing.
    """

    encoder_hash: str
    cutout: CutoutSpec
    em_url: str | None
    segmentation_url: str
    nodes_from: str
    code_version: str
    skipped_background: int = 0
    skipped_other_segment: int = 0
    skipped_outside: int = 0

    @property
    def skipped(self) -> int:
        return self.skipped_background + self.skipped_other_segment + self.skipped_outside

    def maker(self) -> str:
        """Say which encoder looked at what."""
        return describe_maker(self.encoder_hash, self.cutout)

    def to_json(self) -> dict[str, object]:
        return asdict(self)

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> Provenance:
        """Undo `to_json`.

        Raises:
            KeyError, TypeError, ValueError: the fields are not those.
        """
        from segclr.em.cutout import CutoutSpec  # with it come the libraries that read volumes: not to import a table

        cutout = fields["cutout"]
        x_nm, y_nm, z_nm = cutout["resolution_nm"]
        spec = CutoutSpec(int(cutout["size"]), (float(x_nm), float(y_nm), float(z_nm)), cutout["content"])
        return cls(**{**fields, "cutout": spec})


def describe_maker(encoder_hash: str, cutout: CutoutSpec) -> str:
    x, y, z = cutout.resolution_nm
    return f"encoder {encoder_hash} on {cutout.size}^3 voxels of {x:g} x {y:g} x {z:g} nm ({cutout.content})"


def differences(one: Provenance, other: Provenance) -> list[str]:
    """Say why the embeddings of two tables cannot be compared, or their rows not be of one table; empty if they can."""
    found = []
    if (one.encoder_hash, one.cutout) != (other.encoder_hash, other.cutout):
        found.append(f"{one.maker()}, against {other.maker()}")
    for what, first, second in (
        ("EM", one.em_url, other.em_url),
        ("segmentation", one.segmentation_url, other.segmentation_url),
    ):
        if first != second:
            found.append(f"{what} {first or 'none'}, against {second or 'none'}")
    return found


def combined(one: Provenance, other: Provenance) -> Provenance:
    """Describe the rows of two tables without `differences` together."""
    return replace(
        one,
        nodes_from=_both(one.nodes_from, other.nodes_from),
        code_version=_both(one.code_version, other.code_version),
        skipped_background=one.skipped_background + other.skipped_background,
        skipped_other_segment=one.skipped_other_segment + other.skipped_other_segment,
        skipped_outside=one.skipped_outside + other.skipped_outside,
    )


def _both(one: str, other: str) -> str:
    return "; ".join(sorted({*one.split("; "), *other.split("; ")}))
