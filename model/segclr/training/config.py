"""Settings of a training run; ``settings_file`` reads them from TOML. Units are in the names of the keys."""

import json
from dataclasses import asdict, dataclass
from typing import Literal

from segclr.em.cutout import Content, CutoutSpec
from segclr.em.geometry import XYZ, IntXYZ
from segclr.encoder.config import EncoderConfig, Pooling

_PROBES = 20  # of a run


@dataclass(frozen=True, slots=True)
class View:
    """The cube that the encoder sees."""

    size: int  # voxels per edge, odd
    resolution_nm: XYZ
    content: Content = "masked_em"


@dataclass(frozen=True, slots=True)
class Network:
    """Shape of the encoder, see ``EncoderConfig``; the default is the published one."""

    widths: tuple[int, ...] = (64, 128, 256, 512)
    blocks: tuple[int, ...] = (2, 2, 2, 2)
    stem_kernel: int = 7
    stem_pool: bool = True
    pooling: Pooling = "mean"


@dataclass(frozen=True, slots=True)
class Augmentation:
    """Strength of the random changes of a view; the default is that of the published code."""

    contrast: float = 0.25  # factor 1 + U(-contrast, contrast)
    brightness: float = 0.25  # plus U(-brightness, brightness), of a grey scale from 0 to 1
    gamma_octaves: float = 1.0  # exponent 2^U(-gamma_octaves, gamma_octaves)
    flip: bool = True  # each axis
    transpose: bool = True  # exchange axes, where their voxels have the same length


@dataclass(frozen=True, slots=True)
class PhantomData:
    """Generated blocks to train on, one per seed."""

    seeds: tuple[int, ...]
    size_voxels: IntXYZ = (256, 384, 192)  # x, y, z
    folder: str = "phantoms"  # where they are kept


@dataclass(frozen=True, slots=True)
class VolumeData:
    """A volume to train on; a box of it that fits into memory."""

    segmentation: str
    skeletons: str
    em: str | None = None  # encoders that see the mask alone need none
    start_nm: XYZ | None = None
    stop_nm: XYZ | None = None
    labels: str | None = None  # CSV of labelled places for the probe: x_nm,y_nm,z_nm,segment_id,class; never trained on


@dataclass(frozen=True, slots=True)
class TrainingConfig:
    """Everything that decides the result."""

    view: View
    output: str  # folder of the log, the state to resume from and the checkpoint
    steps: int
    encoder: Network = Network()
    augmentation: Augmentation = Augmentation()
    phantom: PhantomData | None = None
    volume: tuple[VolumeData, ...] = ()
    pairs: int = 128  # per step
    distance_buckets_um: tuple[float, ...] = (0.0, 2.5, 10.0, 30.0, 150.0)  # path distance of a pair, equal weights
    temperature: float = 0.1
    accumulate: int = 1  # chunks that a step's pairs are computed in; more need less memory and a third more time
    optimiser: Literal["adamw", "lars"] = "adamw"
    learning_rate: float = 1e-3
    weight_decay: float = 1e-4
    warmup_steps: int = 100
    seed: int = 0
    precision: Literal["float32", "bfloat16"] = "float32"
    threads: int = 1  # of the network, on a CPU; where others use the cores too, more only wait for each other
    reader_threads: int = 1
    save_every_steps: int = 200
    probe_every_steps: int | None = None  # 0: never; unsaid: some 20 times a run

    def __post_init__(self) -> None:
        if self.phantom is None and not self.volume:
            raise ValueError("there is nothing to train on: add a [phantom] section or a [[volume]]")
        if self.pairs < 2:
            raise ValueError(f"pairs is {self.pairs}: a contrast needs at least 2")
        if self.accumulate < 1 or self.pairs % self.accumulate:
            raise ValueError(f"accumulate is {self.accumulate}: it must divide pairs, {self.pairs}, into equal chunks")
        if list(self.distance_buckets_um) != sorted(set(self.distance_buckets_um)) or len(self.distance_buckets_um) < 2:
            raise ValueError("distance_buckets_um must be rising borders, such as [0, 2.5, 10, 30]")
        self.cutout_spec()
        self.encoder_config()

    def cutout_spec(self) -> CutoutSpec:
        return CutoutSpec(self.view.size, self.view.resolution_nm, self.view.content)

    def encoder_config(self) -> EncoderConfig:
        net = self.encoder
        return EncoderConfig(net.widths, net.blocks, net.stem_kernel, net.stem_pool, net.pooling)

    @property
    def probe_interval(self) -> int:
        """Steps between two probes; 0 for none."""
        return max(1, self.steps // _PROBES) if self.probe_every_steps is None else self.probe_every_steps

    def as_json(self) -> str:
        """All settings, defaults included, in one line."""
        return json.dumps(asdict(self))

    def result_json(self) -> str:
        """The settings that decide the result: a run may go on in another folder, with other threads or labels."""
        settings = asdict(self)
        for name in ("output", "threads", "reader_threads", "save_every_steps", "probe_every_steps"):
            del settings[name]
        for volume in settings["volume"]:
            del volume["labels"]
        if settings["phantom"] is not None:
            del settings["phantom"]["folder"]
        return json.dumps(settings)
