"""Reading the project file: TOML, into frozen settings with every path made absolute.

A mistake in the file is a ProjectError of one sentence that names the key (`project_words.py` finds the words).
"""

import getpass
import tomllib
from pathlib import Path

import msgspec

from segclr.em.address import absolute_path, absolute_url
from segclr.errors import ProjectError
from segclr_viewer.palette import free_color
from segclr_viewer.project import Annotator, Project
from segclr_viewer.project_words import explain


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
        em=em and replace(em, url=absolute_url(em.url, folder)),
        segmentation=replace(project.segmentation, url=absolute_url(project.segmentation.url, folder)),
        skeletons=skeletons and replace(skeletons, url=absolute_url(skeletons.url, folder)),
        encoder=encoder and replace(encoder, checkpoint=absolute_path(encoder.checkpoint, folder)),
        table=replace(project.table, folder=absolute_path(project.table.folder, folder)),
        labels=replace(project.labels, file=absolute_path(project.labels.file, folder)),
        annotators=project.annotators or (Annotator(_user()),),
    )


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"  # a container without a user database
