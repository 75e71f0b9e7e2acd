"""What the annotators have chosen to train on, in a small file beside the label log; the log itself is not touched.

It is no part of the log, since it changes no label, and none of the project file, which is the user's own to write.
"""

import json
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from segclr.errors import LabelStoreError, ProjectError
from segclr_viewer.log.beside import training_path
from segclr_viewer.log.consensus import Choice, ReviewState

_VERSION = 1
_LISTS = ("annotators", "provenances", "reviews")


@dataclass(frozen=True, slots=True)
class Chosen:
    """What one task trains on, by whose word, and since when (ISO 8601)."""

    choice: Choice
    annotator: str
    at: str


class TrainingFile:
    """The file, by task; a task that is not in it trains on what the project file says.

    Args:
        log: the label log that it lies beside.
    """

    def __init__(self, log: Path) -> None:
        self._path = training_path(log)

    def read(self) -> dict[str, Chosen]:
        """What is in it; nothing where there is none.

        Raises:
            ProjectError: it cannot be read, or is another program's.
        """
        try:
            content = json.loads(self._path.read_text(encoding="utf-8"))
            if content["version"] != _VERSION:
                raise ValueError
            return {str(name): _chosen(entry) for name, entry in content["tasks"].items()}
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise ProjectError(f"{self._path} cannot be read ({error.strerror}): check its permissions") from None
        except (ValueError, KeyError, TypeError, AttributeError):
            raise ProjectError(
                f"{self._path} does not say what to train on: delete it to train on what the project file says"
            ) from None

    def write(self, chosen: Mapping[str, Chosen]) -> None:
        """Put this in its place; on disk when this returns, the old file or the new one whole at any moment.

        Raises:
            LabelStoreError: it cannot be written; what was there is still whole.
        """
        text = json.dumps(
            {"version": _VERSION, "tasks": {name: _entry(each) for name, each in chosen.items()}}, indent=1
        )
        part = self._path.with_name(f".{self._path.name}.{secrets.token_hex(4)}")
        try:
            with part.open("w", encoding="utf-8") as file:
                file.write(text + "\n")
                file.flush()
                os.fsync(file.fileno())
            part.replace(self._path)
        except OSError as error:
            raise LabelStoreError(
                f"{self._path} cannot be written ({error.strerror}), so that nothing has changed: check folder and disk"
            ) from error
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)


def _entry(chosen: Chosen) -> dict[str, object]:
    choice = chosen.choice
    lists = (choice.annotators, choice.provenances, choice.reviews)
    named = {name: None if some is None else sorted(some) for name, some in zip(_LISTS, lists, strict=True)}
    return {**named, "by": chosen.annotator, "at": chosen.at}


def _chosen(entry: dict[str, object]) -> Chosen:
    annotators, provenances, reviews = (_names(entry[name]) for name in _LISTS)
    if reviews is not None and not reviews <= set(get_args(ReviewState)):
        raise ValueError
    states = None if reviews is None else frozenset(state for state in get_args(ReviewState) if state in reviews)
    return Chosen(Choice(annotators, provenances, states), str(entry["by"]), str(entry["at"]))


def _names(value: object) -> frozenset[str] | None:
    if value is None:
        return None
    if not isinstance(value, list) or not value or not all(isinstance(name, str) for name in value):
        raise ValueError
    return frozenset(value)
