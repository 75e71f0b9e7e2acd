"""What the tests of segclr-labels do: write a project, run the command, and read the log."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from segclr_viewer.exchange.from_log import labels_as_given, read_log, task_named
from segclr_viewer.exchange.labels import CurrentLabel
from segclr_viewer.label_tool import main
from segclr_viewer.log.events import Kind, NewEvent
from segclr_viewer.log.store import LabelStore
from segclr_viewer.project_file import load_project
from tests.project_text import task_text

if TYPE_CHECKING:
    from tests.conftest import World

BIG = 2**63 + 5
AT = "2026-11-03T09:15:04.120+00:00"
TASKS = task_text("part", "node", "axon", "dendrite") + task_text("cell type", "segment", "astrocyte", "microglia")

Printed = pytest.CaptureFixture[str]


def write_project(folder: Path, world: "World", version: str = "v117") -> Path:
    path = folder / "project.toml"
    path.write_text(
        f'name = "test"\nannotator = "ada"\n[segmentation]\nurl = "{world.segmentation_url}"\nversion = "{version}"\n'
        f'[table]\nfolder = "table"\n[labels]\nfile = "labels.sqlite"\n{TASKS}'
    )
    return path


@contextmanager
def writing(path: Path) -> Iterator[LabelStore]:
    log = LabelStore.open(path)
    try:
        yield log
    finally:
        log.close()


def class_event(uuid: str, kind: Kind, **fields: Any) -> NewEvent:
    return NewEvent(uuid=uuid, group=uuid, at=AT, annotator="kim", kind=kind, task="part", provenance="page", **fields)


def labels_of(project: Path, task: str = "part") -> list[CurrentLabel]:
    settings = load_project(project)
    return labels_as_given(read_log(Path(settings.labels.file)), task_named(settings, task))


def essence(labels: list[CurrentLabel]) -> set[tuple[object, ...]]:
    return {(one.task, one.class_name, one.segment_id, one.position_nm, one.segmentation) for one in labels}


def refused(arguments: list[object], capsys: pytest.CaptureFixture[str]) -> str:
    """The one line that a command fails with."""
    capsys.readouterr()
    assert main([str(one) for one in arguments]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("segclr-labels: ")
    assert printed.err.count("\n") == 1
    return printed.err


def run(arguments: list[object], capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    assert main([str(one) for one in arguments]) == 0
    return capsys.readouterr().out
