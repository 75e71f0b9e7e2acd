"""Settings of a training run: one TOML file, read into frozen values; units are in the names of the keys."""

import difflib
import json
import tomllib
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct, field

from segclr.em.cutout import Content, CutoutSpec
from segclr.em.geometry import XYZ, IntXYZ
from segclr.encoder.config import EncoderConfig
from segclr.errors import ProjectError


class View(Struct, frozen=True, forbid_unknown_fields=True):
    """The cube that the encoder sees."""

    size: int  # voxels per edge, odd
    resolution_nm: XYZ
    content: Content = "masked_em"


class Network(Struct, frozen=True, forbid_unknown_fields=True):
    """Shape of the encoder, see ``EncoderConfig``; the default is the published one."""

    widths: tuple[int, ...] = (64, 128, 256, 512)
    blocks: tuple[int, ...] = (2, 2, 2, 2)
    stem_kernel: int = 7
    stem_pool: bool = True


class Augmentation(Struct, frozen=True, forbid_unknown_fields=True):
    """Strength of the random changes of a view; the default is that of the published code."""

    contrast: float = 0.25  # factor 1 + U(-contrast, contrast)
    brightness: float = 0.25  # plus U(-brightness, brightness), of a grey scale from 0 to 1
    gamma_octaves: float = 1.0  # exponent 2^U(-gamma_octaves, gamma_octaves)
    flip: bool = True  # each axis
    transpose: bool = True  # x with y, where their voxels have the same length


class PhantomData(Struct, frozen=True, forbid_unknown_fields=True):
    """Generated blocks to train on, one per seed."""

    seeds: tuple[int, ...]
    size_voxels: IntXYZ = (256, 384, 192)  # x, y, z
    folder: str = "phantoms"  # where they are kept


class VolumeData(Struct, frozen=True, forbid_unknown_fields=True):
    """A volume to train on; a box of it that fits into memory."""

    segmentation: str
    skeletons: str
    em: str | None = None  # encoders that see the mask alone need none
    start_nm: XYZ | None = None
    stop_nm: XYZ | None = None


class TrainingConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that decides the result."""

    view: View
    output: str  # folder of the log, the state to resume from and the checkpoint
    steps: int
    encoder: Network = Network()
    augmentation: Augmentation = Augmentation()
    phantom: PhantomData | None = None
    volumes: tuple[VolumeData, ...] = field(name="volume", default=())
    pairs: int = 128  # per step
    distance_buckets_um: tuple[float, ...] = (0.0, 2.5, 10.0, 30.0, 150.0)  # path distance of a pair, equal weights
    temperature: float = 0.1
    learning_rate: float = 1e-3
    weight_decay: float = 1e-4
    warmup_steps: int = 100
    seed: int = 0
    precision: Literal["float32", "bfloat16"] = "float32"
    threads: int = 2  # of the network
    reader_threads: int = 1
    save_every_steps: int = 200

    def __post_init__(self) -> None:
        if self.phantom is None and not self.volumes:
            raise ValueError("there is nothing to train on: add a [phantom] section or a [[volume]]")
        if self.pairs < 2:
            raise ValueError(f"pairs is {self.pairs}: a contrast needs at least 2")
        if list(self.distance_buckets_um) != sorted(set(self.distance_buckets_um)) or len(self.distance_buckets_um) < 2:
            raise ValueError("distance_buckets_um must be rising borders, such as [0, 2.5, 10, 30]")
        self.cutout_spec()
        self.encoder_config()

    def cutout_spec(self) -> CutoutSpec:
        return CutoutSpec(self.view.size, self.view.resolution_nm, self.view.content)

    def encoder_config(self) -> EncoderConfig:
        net = self.encoder
        return EncoderConfig(net.widths, net.blocks, net.stem_kernel, net.stem_pool)

    def as_json(self) -> str:
        """All settings, defaults included, in one line."""
        return json.dumps(msgspec.to_builtins(self))


def load_config(path: Path) -> TrainingConfig:
    """Read a training file; its relative paths are relative to itself.

    Raises:
        ProjectError: The file cannot be read, or a key is unknown, missing or wrong.
    """
    try:
        settings = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ProjectError(f"the training file {path} cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProjectError(f"{path} is no valid TOML file: {error}") from None
    try:
        config = msgspec.convert(settings, TrainingConfig)
    except msgspec.ValidationError as error:
        raise ProjectError(f"{path}: {_with_hint(str(error))}") from None
    phantom = config.phantom
    if phantom is not None:
        phantom = msgspec.structs.replace(phantom, folder=str(path.parent / phantom.folder))
    return msgspec.structs.replace(config, output=str(path.parent / config.output), phantom=phantom)


def _with_hint(text: str) -> str:
    """Name the nearest key beside one that is unknown."""
    if "unknown field" not in text:
        return text
    unknown = text.split("`")[1]
    sections = (TrainingConfig, View, Network, Augmentation, PhantomData, VolumeData)
    known = [name for section in sections for name in section.__struct_encode_fields__]
    nearest = difflib.get_close_matches(unknown, known, n=1)
    return f"unknown key `{unknown}`" + (f", did you mean `{nearest[0]}`?" if nearest else "")
