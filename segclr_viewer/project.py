"""The project file: TOML, read into frozen settings with every path made absolute.

A mistake in the file is a ProjectError of one sentence that names the key (`project_words.py` finds the words).
"""

import getpass
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct, field

from segclr.em.geometry import XYZ
from segclr.errors import ProjectError
from segclr_viewer.keys import FIXED_KEYS, Keys
from segclr_viewer.palette import free_color
from segclr_viewer.project_words import explain

Unit = Literal["node", "segment"]
ReviewState = Literal["unreviewed", "agreed", "disputed"]

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
    """The embedding table."""

    folder: str


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
    """Where to listen; port 0 takes any that is free."""

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


def load_project(path: Path) -> Project:
    """Read a project file; relative paths in it are relative to the file.

    Raises:
        ProjectError: the file cannot be read, is not TOML, or a key or value in it is wrong.
    """
    try:
        settings = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ProjectError(f"there is no project file {path}: check the path") from None
    except OSError as error:
        raise ProjectError(f"the project file {path} cannot be read ({error.strerror}): check the path") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProjectError(f"{path} is not TOML: {error}") from None
    _fill_in_colors(settings)
    if isinstance(settings.get("annotator"), str):  # one may be named by the name alone
        settings["annotator"] = [{"name": settings["annotator"]}] if settings["annotator"] else []
    try:
        project = msgspec.convert(settings, Project)
    except msgspec.ValidationError as error:
        raise ProjectError(f"{path}: {explain(str(error), Project, settings)}") from None
    return _resolved(project, path.resolve().parent)


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


def describe(project: Project) -> str:
    """All settings, resolved, one `dotted.key = value` per line."""
    settings = msgspec.to_builtins(project)
    if len(project.annotators) == 1:
        settings["annotator"] = project.annotator
    return "\n".join(_lines("", settings))


def _lines(prefix: str, value: object) -> list[str]:
    if isinstance(value, dict):
        return [line for key, inner in value.items() for line in _lines(f"{prefix}.{key}" if prefix else key, inner)]
    if isinstance(value, list | tuple) and value and isinstance(value[0], dict):
        return [line for at, inner in enumerate(value, 1) for line in _lines(f"{prefix} {at}", inner)]
    if isinstance(value, list | tuple):
        return [f"{prefix} = {', '.join(str(item) for item in value) or '(none)'}"]
    return [f"{prefix} = {'(none)' if value is None else value}"]


def _fill_in_colors(settings: dict[str, object]) -> None:
    """Give each class without a colour one of the palette; what is no list of classes is left to the validator."""
    tasks = settings.get("task")
    for task in tasks if isinstance(tasks, list) else []:
        classes = task.get("class") if isinstance(task, dict) else None
        specs = [spec for spec in classes if isinstance(spec, dict)] if isinstance(classes, list) else []
        for spec in specs:
            spec.setdefault("color", free_color([str(other["color"]) for other in specs if "color" in other]))


def _resolved(project: Project, folder: Path) -> Project:
    replace = msgspec.structs.replace
    em, skeletons, encoder = project.em, project.skeletons, project.encoder
    return replace(
        project,
        em=em and replace(em, url=_absolute_url(em.url, folder)),
        segmentation=replace(project.segmentation, url=_absolute_url(project.segmentation.url, folder)),
        skeletons=skeletons and replace(skeletons, url=_absolute_url(skeletons.url, folder)),
        encoder=encoder and replace(encoder, checkpoint=_absolute_path(encoder.checkpoint, folder)),
        table=replace(project.table, folder=_absolute_path(project.table.folder, folder)),
        labels=replace(project.labels, file=_absolute_path(project.labels.file, folder)),
        annotators=project.annotators or (Annotator(_user()),),
    )


def _absolute_path(text: str, folder: Path) -> str:
    return str((folder / Path(text).expanduser()).resolve())


def _absolute_url(url: str, folder: Path) -> str:
    """`url` with its path made absolute if it names a local one: `em`, `file://em`, `precomputed://em`."""
    if "://" not in url:
        path, bar, pipeline = url.partition("|")
        return _absolute_path(path, folder) + bar + pipeline
    prefix, _, rest = url.partition("://")
    if prefix == "file":
        path, bar, pipeline = rest.partition("|")
        return "file://" + _absolute_path(path, folder) + bar + pipeline
    if prefix in ("http", "https", "gs", "s3"):
        return url
    if "://" in rest:
        return f"{prefix}://{_absolute_url(rest, folder)}"
    return f"{prefix}://file://{_absolute_path(rest, folder)}"


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"  # a container without a user database


def _refuse_twice(what: str, texts: list[str]) -> None:
    for text in texts:
        if texts.count(text) > 1:
            raise ValueError(f"{what} {text!r} is given twice: each must be different")
