"""What an encoder's checkpoint says about itself, read without torch or safetensors.

A checkpoint is one safetensors file: 8 bytes with the length of a JSON header, the header, the tensors. The header's
``__metadata__`` holds all that is needed to use the weights rightly: shape of the network, view, normalisation, and how
it was trained. Writing and loading the weights themselves: ``weights.py``.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

from segclr.em.cutout import CutoutSpec
from segclr.encoder.config import EncoderConfig, LegacyConfig
from segclr.errors import CheckpointMismatch

if TYPE_CHECKING:
    from segclr.em.volume import Volume

FORMAT = "segclr-encoder"
FORMAT_VERSION = "1"
NORMALISATION = "uint8 / 255"
DEMO_CHECKPOINT = Path(__file__).with_name("phantom.safetensors")
"""The encoder for the generated demo volume, shipped with the package."""

_LARGEST_HEADER = 100_000_000  # bytes, the limit of the safetensors format


@dataclass(frozen=True, slots=True)
class TrainingRecord:
    """Where the weights come from; None for what is not known, as of converted weights."""

    data: str  # the volumes, in words
    steps: int  # 0: never trained, weights as initialised
    pairs_per_step: int | None = None
    temperature: float | None = None
    learning_rate: float | None = None
    seed: int | None = None
    loss: float | None = None  # mean of the last steps


@dataclass(frozen=True, slots=True)
class CheckpointSpec:
    """All of a checkpoint but its weights."""

    path: Path
    encoder: EncoderConfig | LegacyConfig
    cutout: CutoutSpec
    normalisation: str
    training: TrainingRecord
    hash: str  # 16 hex digits of the file's SHA-256: what tables and heads remember

    @property
    def embedding_dim(self) -> int:
        return self.encoder.embedding_dim

    def __str__(self) -> str:
        """One line for a status line or a log."""
        view = f"{self.cutout.size}^3 voxels of {_text(self.cutout.resolution_nm)} nm"
        trained = f"{self.training.steps} steps on {self.training.data}" if self.training.steps else "NOT trained"
        return f"{self.path.name} {self.hash}: {view}, {self.embedding_dim}-d, {trained}"


def read_spec(path: Path) -> CheckpointSpec:
    """Read and verify a checkpoint's description.

    Raises:
        CheckpointMismatch: There is no such file, it is damaged, or it was written by another format version.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CheckpointMismatch(f"the encoder checkpoint {path} cannot be read: {error.strerror}") from None
    metadata, data_start = _read_metadata(path, content)
    if metadata.get("format") != FORMAT:
        raise CheckpointMismatch(f"{path} is a safetensors file but no SegCLR encoder: its metadata names no {FORMAT}")
    if metadata.get("format_version") != FORMAT_VERSION:
        raise CheckpointMismatch(
            f"{path} has encoder format version {metadata.get('format_version')}, this program reads version "
            f"{FORMAT_VERSION}: use the program version that wrote it, or train again"
        )
    if metadata.get("weights_sha256") != hashlib.sha256(memoryview(content)[data_start:]).hexdigest():
        raise CheckpointMismatch(f"{path} is damaged: its weights differ from their checksum; copy it again")
    if metadata.get("normalisation") != NORMALISATION:
        raise CheckpointMismatch(
            f"{path} wants EM normalised as {metadata.get('normalisation')}, known: {NORMALISATION}"
        )
    try:
        encoder = _encoder_config(json.loads(metadata["encoder"]))
        cutout = _cutout_spec(json.loads(metadata["cutout"]))
        if isinstance(encoder, LegacyConfig):
            encoder.check_edge(cutout.size)
        return CheckpointSpec(
            path=path,
            encoder=encoder,
            cutout=cutout,
            normalisation=NORMALISATION,
            training=TrainingRecord(**json.loads(metadata["training"])),
            hash=hashlib.sha256(content).hexdigest()[:16],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointMismatch(f"{path} is damaged: its description cannot be understood ({error})") from None


def check_against(spec: CheckpointSpec, em: "Volume | None", segmentation: "Volume") -> None:
    """Refuse an encoder that was trained at a voxel size which the volumes do not have.

    Args:
        spec: The encoder.
        em: None for a project without EM, which only a mask-only encoder can use.
        segmentation: May be finer than the view by whole factors; it is then sampled.

    Raises:
        CheckpointMismatch: Says what the encoder wants and what is there.
    """
    wanted = spec.cutout.resolution_nm
    if spec.cutout.content != "mask":
        if em is None:
            raise CheckpointMismatch(f"the encoder {spec.path.name} looks at EM, but the project has no EM volume")
        if not any(_same_resolution(mip.resolution_nm, wanted) for mip in em.mips):
            raise CheckpointMismatch(_missing_resolution(spec, "EM", em))
    if not any(_divides(mip.resolution_nm, wanted) for mip in segmentation.mips):
        raise CheckpointMismatch(_missing_resolution(spec, "segmentation", segmentation))


def _read_metadata(path: Path, content: bytes) -> tuple[Mapping[str, str], int]:
    """The header's free-text part, and where the tensors' bytes begin."""
    length = int.from_bytes(content[:8], "little")
    data_start = 8 + length
    if len(content) < 8 or length > min(_LARGEST_HEADER, len(content) - 8):
        raise CheckpointMismatch(f"{path} is not a safetensors file, or was cut short ({len(content)} bytes)")
    try:
        header = json.loads(content[8:data_start])
        metadata = header.pop("__metadata__", {})
        data_size = max((entry["data_offsets"][1] for entry in header.values()), default=0)
    except (ValueError, TypeError, KeyError, AttributeError, IndexError):
        raise CheckpointMismatch(f"{path} is not a safetensors file: its header is not what the format wants") from None
    if len(content) != data_start + data_size:
        raise CheckpointMismatch(
            f"{path} is damaged: it has {len(content)} bytes, its header promises {data_start + data_size}; "
            "copy it again"
        )
    return cast("Mapping[str, str]", metadata), data_start


def _encoder_config(fields: dict[str, object]) -> EncoderConfig | LegacyConfig:
    fields = dict(fields)
    architecture = fields.pop("architecture", None)
    if architecture == LegacyConfig.architecture:
        return LegacyConfig(**fields)
    if architecture != EncoderConfig.architecture:
        raise ValueError(f"unknown architecture {architecture}")
    for name in ("widths", "blocks"):
        fields[name] = tuple(cast("list[int]", fields[name]))
    return EncoderConfig(**fields)  # type: ignore[arg-type]  # checked by the constructor and by loading the weights


def _cutout_spec(fields: dict[str, object]) -> CutoutSpec:
    x_nm, y_nm, z_nm = cast("list[float]", fields["resolution_nm"])
    return CutoutSpec(
        size=cast("int", fields["size"]),
        resolution_nm=(x_nm, y_nm, z_nm),
        content=cast('Literal["masked_em", "em", "mask"]', fields["content"]),
    )


def _same_resolution(have_nm: tuple[float, ...], wanted_nm: tuple[float, ...]) -> bool:
    return all(abs(have / want - 1) <= 0.01 for have, want in zip(have_nm, wanted_nm, strict=True))


def _divides(fine_nm: tuple[float, ...], coarse_nm: tuple[float, ...]) -> bool:
    factors = [coarse / fine for fine, coarse in zip(fine_nm, coarse_nm, strict=True)]
    return all(round(factor) >= 1 and abs(factor / round(factor) - 1) <= 0.01 for factor in factors)


def _missing_resolution(spec: CheckpointSpec, kind: str, volume: "Volume") -> str:
    there = ", ".join(_text(mip.resolution_nm) for mip in volume.mips)
    return (
        f"the encoder {spec.path.name} was trained at {_text(spec.cutout.resolution_nm)} nm per voxel (x y z), but the "
        f"{kind} volume {volume.url} has {there} nm: use an encoder for one of these, or add that mip"
    )


def _text(resolution_nm: tuple[float, ...]) -> str:
    return " x ".join(f"{edge:g}" for edge in resolution_nm)
