"""The settings of a project, as the project file holds them (`project_file.py` reads it)."""

import re
from collections.abc import Sequence
from typing import Literal

import msgspec
from msgspec import Struct, field

from segclr.em.geometry import XYZ
from segclr.errors import ProjectError
from segclr.release.registry import release_named
from segclr_viewer.keys import FIXED_KEYS, Keys

Unit = Literal["node", "segment"]
ReviewState = Literal["unreviewed", "agreed", "disputed"]
Axis = Literal["x", "y", "z"]

MAX_CLASSES = 31  # the overlay's voxel is one byte: class and confidence

_LARGEST_SEGMENT_ID = 2**64 - 1


class Em(Struct, frozen=True, forbid_unknown_fields=True):
    """The EM volume; `resolution_nm` only where the format does not tell it."""

    url: str
    resolution_nm: XYZ | None = None


class Segmentation(Struct, frozen=True, forbid_unknown_fields=True):
    """The segmentation; `version` names it, since labels are anchored to it."""

    url: str
    version: str
    resolution_nm: XYZ | None = None

    def __post_init__(self) -> None:
        if not self.version.strip():
            raise ValueError("version is empty: give the segmentation's version a name, such as 'v117'")


class Skeletons(Struct, frozen=True, forbid_unknown_fields=True):
    """Skeletons of the segmentation; nodes are embedded every `spacing_nm` along them, or as they are where it is 0."""

    url: str
    spacing_nm: float = 1500.0

    def __post_init__(self) -> None:
        if not 0 <= self.spacing_nm < 1e6:
            raise ValueError(f"spacing_nm is {self.spacing_nm:g}: it must be 0 (nodes as they are) or more")


class EncoderFile(Struct, frozen=True, forbid_unknown_fields=True):
    """The encoder's checkpoint."""

    checkpoint: str


class TableFolder(Struct, frozen=True, forbid_unknown_fields=True):
    """The embedding table; with a `release`, its name or URL, it holds what of it `start_segments` asks for."""

    folder: str
    release: str | None = None

    def __post_init__(self) -> None:
        if self.release is not None:
            release_named(self.release)


class LabelFile(Struct, frozen=True, forbid_unknown_fields=True):
    """The label log."""

    file: str


class ClassSpec(Struct, frozen=True, forbid_unknown_fields=True):
    """One class: its colour as `#rrggbb` and the key that gives it."""

    name: str
    color: str
    key: str

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise ValueError("name is empty: give the class a name")
        if not re.fullmatch("#[0-9a-fA-F]{6}", self.color):
            raise ValueError(f"color {self.color!r} is no colour: write it like '#3b82f6'")
        if not re.fullmatch("[0-9a-z]", self.key):
            raise ValueError(f"key {self.key!r} cannot be used: take one digit or one small letter")
        if self.key in FIXED_KEYS:
            raise ValueError(f"key {self.key!r} is taken (it means: {FIXED_KEYS[self.key]}); use another one")


class Task(Struct, frozen=True, forbid_unknown_fields=True):
    """What is classified: nodes or whole segments, from embeddings averaged within `aggregation_radius_um`."""

    name: str
    unit: Unit
    classes: tuple[ClassSpec, ...] = field(name="class")
    aggregation_radius_um: float = 0.0

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise ValueError("name is empty: give the task a name")
        if not 0 <= self.aggregation_radius_um < 10_000:
            raise ValueError(f"aggregation_radius_um is {self.aggregation_radius_um:g}: it must be 0 or more")
        if not 2 <= len(self.classes) <= MAX_CLASSES:
            raise ValueError(f"the task has {len(self.classes)} classes: it needs 2 to {MAX_CLASSES}")
        _refuse_twice("the class name", [spec.name for spec in self.classes])
        _refuse_twice("the key", [spec.key for spec in self.classes])

    def class_index(self, name: str | None) -> int | None:
        """The index of the class with that name."""
        return next((index for index, spec in enumerate(self.classes) if spec.name == name), None)


class Annotator(Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody who labels: signs in at an own address, and is written into every label."""

    name: str

    def __post_init__(self) -> None:
        if not self.name.strip() or self.name != self.name.strip() or not self.name.isprintable():
            raise ValueError(f"name {self.name!r} cannot be an annotator's: write it without blanks at its ends")


class Labelling(Struct, frozen=True, forbid_unknown_fields=True):
    """How several annotators work together: `double_share` of each one's queue is asked of all of them, blind."""

    double_share: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.double_share <= 1:
            raise ValueError(f"double_share is {self.double_share:g}: it must be 0 (none) to 1 (all)")


class TrainOn(Struct, frozen=True, forbid_unknown_fields=True):
    """Which statements of the label log the heads are fitted on; without a list, all."""

    annotators: tuple[str, ...] | None = None
    provenances: tuple[str, ...] | None = None
    reviews: tuple[ReviewState, ...] | None = None

    def __post_init__(self) -> None:
        for name in ("annotators", "provenances", "reviews"):
            if getattr(self, name) == ():
                raise ValueError(f"{name} is empty, so that nothing would train: name some, or leave it out for all")


class ServerAddress(Struct, frozen=True, forbid_unknown_fields=True):
    """Where to listen; port 0 takes one made of the label file's path, or another free one."""

    host: str = "127.0.0.1"
    port: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.port <= 65535:
            raise ValueError(f"port is {self.port}: it must be 0 (any free one) to 65535")


class Project(Struct, frozen=True, forbid_unknown_fields=True):
    """All settings of a project. Without `em` cutouts are masks; without `encoder` no place can be embedded live."""

    name: str
    segmentation: Segmentation
    table: TableFolder
    labels: LabelFile
    tasks: tuple[Task, ...] = field(name="task")
    em: Em | None = None
    skeletons: Skeletons | None = None
    encoder: EncoderFile | None = None
    server: ServerAddress = ServerAddress()
    annotators: tuple[Annotator, ...] = field(name="annotator", default=())
    labelling: Labelling = Labelling()
    train_on: TrainOn = TrainOn()
    start_segments: tuple[str, ...] = ()
    depth_axis: Axis = "z"  # along which the tissue changes with depth, as a cortex does
    keys: Keys = Keys()

    def __post_init__(self) -> None:
        if not self.tasks:
            raise ValueError("there is no task: add a [[task]] section")
        _refuse_twice("the task name", [task.name for task in self.tasks])
        _refuse_twice("the annotator", [annotator.name for annotator in self.annotators])
        self.keys.refuse(spec.key for task in self.tasks for spec in task.classes)
        for text in self.start_segments:
            if not re.fullmatch("[0-9]{1,20}", text) or int(text) > _LARGEST_SEGMENT_ID:
                raise ValueError(f"start_segments holds {text!r}, which is no segment id: write ids like '7205'")

    @property
    def annotator(self) -> str:
        """The first annotator, who is the only one of most projects."""
        return self.annotators[0].name if self.annotators else ""


def overridden(project: Project, port: int | None, annotators: Sequence[str] | None = None) -> Project:
    """The project with what the command line says instead.

    Raises:
        ProjectError: there is no such port, or a name cannot be an annotator's.
    """
    try:
        server = project.server if port is None else ServerAddress(project.server.host, port)
    except ValueError as error:
        raise ProjectError(f"--{error}") from None
    try:
        named = tuple(map(Annotator, annotators or ())) or project.annotators
        return msgspec.structs.replace(project, server=server, annotators=named)
    except ValueError as error:
        raise ProjectError(f"--annotator: {error}") from None


def _refuse_twice(what: str, texts: list[str]) -> None:
    for text in texts:
        if texts.count(text) > 1:
            raise ValueError(f"{what} {text!r} is given twice: each must be different")
