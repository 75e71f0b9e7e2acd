"""The training file: TOML into ``TrainingConfig``, with a sentence for every mistake."""

import difflib
import tomllib
from dataclasses import MISSING, fields, is_dataclass, replace
from pathlib import Path
from types import UnionType
from typing import Literal, cast, get_args, get_origin, get_type_hints

from segclr.errors import ProjectError
from segclr.training.config import TrainingConfig, VolumeData


def load_config(path: Path) -> TrainingConfig:
    """Read a training file; its relative paths are relative to itself.

    Raises:
        ProjectError: The file cannot be read, or a key is unknown, missing or wrong.
    """
    try:
        settings = tomllib.loads(path.read_text("utf-8"))
        config = cast("TrainingConfig", _section(TrainingConfig, settings, ""))
    except OSError as error:
        raise ProjectError(f"the training file {path} cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProjectError(f"{path} is no valid TOML file: {error}") from None
    except ValueError as error:
        raise ProjectError(f"{path}: {error}") from None
    phantom = config.phantom
    if phantom is not None:
        phantom = replace(phantom, folder=str(path.parent / phantom.folder))
    volumes = tuple(_anchored(volume, path.parent) for volume in config.volume)
    return replace(config, output=str(path.parent / config.output), phantom=phantom, volume=volumes)


def _anchored(volume: VolumeData, folder: Path) -> VolumeData:
    """The volume with its local paths made absolute; addresses such as gs://bucket/em stay as they are."""

    def absolute(text: str | None) -> str | None:
        return text if text is None or "://" in text else str((folder / text).resolve())

    return replace(
        volume,
        em=absolute(volume.em),
        segmentation=absolute(volume.segmentation) or "",
        skeletons=absolute(volume.skeletons) or "",
        labels=absolute(volume.labels),
    )


def _section(kind: type, found: object, where: str) -> object:
    """Build a dataclass from a TOML table."""
    if not isinstance(found, dict):
        raise ValueError(f"{where} must be a section, written [{where}]")
    known = {field.name: field for field in fields(kind)}
    for key in found:
        if key not in known:
            nearest = difflib.get_close_matches(key, known, n=1)
            hint = f"did you mean {nearest[0]}?" if nearest else f"known are {', '.join(known)}"
            raise ValueError(f"unknown key {_path(where, key)}; {hint}")
    for name, field in known.items():
        if name not in found and field.default is MISSING:
            raise ValueError(f"the key {_path(where, name)} is missing")
    hints = get_type_hints(kind)
    values = {key: _value(hints[key], value, _path(where, key)) for key, value in found.items()}
    return cast("object", kind(**values))


def _value(kind: object, found: object, where: str) -> object:
    """Check one value against the type of its field."""
    if isinstance(kind, UnionType):  # X | None: TOML knows no null, so a key that is there is an X
        kind = next(part for part in get_args(kind) if part is not type(None))
    if isinstance(kind, type) and is_dataclass(kind):
        return _section(kind, found, where)
    if get_origin(kind) is tuple:
        return _array(get_args(kind), found, where)
    if get_origin(kind) is Literal:
        if found not in get_args(kind):
            raise ValueError(f"{where} is {found!r}: it must be one of {', '.join(map(repr, get_args(kind)))}")
        return found
    if kind is float and isinstance(found, int) and not isinstance(found, bool):
        return float(found)
    if type(found) is not kind:
        words = {int: "a whole number", float: "a number", str: "a text", bool: "true or false"}
        raise ValueError(f"{where} is {found!r}: it must be {words[cast('type', kind)]}")
    return found


def _array(kinds: tuple[object, ...], found: object, where: str) -> tuple[object, ...]:
    """Check a list: any number of one type, or as many as there are types."""
    if not isinstance(found, list):
        raise ValueError(f"{where} is {found!r}: it must be a list, written [...]")
    if kinds[-1] is Ellipsis:
        kinds = (kinds[0],) * len(found)
    if len(found) != len(kinds):
        raise ValueError(f"{where} has {len(found)} entries: it must have {len(kinds)}")
    return tuple(_value(kind, entry, where) for kind, entry in zip(kinds, found, strict=True))


def _path(where: str, key: str) -> str:
    return f"{where}.{key}" if where else key
