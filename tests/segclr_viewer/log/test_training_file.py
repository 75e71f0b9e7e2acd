"""The file that keeps what trains: whole or not at all, and never taken for what it is not."""

import json
from pathlib import Path

import pytest

from segclr.errors import LabelStoreError, ProjectError
from segclr_viewer.log.consensus import ALL, Choice
from segclr_viewer.log.training_file import Chosen, TrainingFile

SOME = Chosen(Choice(frozenset({"ana", "bén"}), None, frozenset({"agreed"})), "ana", "2026-11-03T09:15:04Z")


def test_what_was_written_is_read_again_and_nothing_else_is_left_in_the_folder(tmp_path: Path) -> None:
    file = TrainingFile(tmp_path / "labels.sqlite")
    assert file.read() == {}
    file.write({"cell type": SOME})
    file.write({"cell type": SOME, "part": Chosen(ALL, "bén", "later")})
    again = TrainingFile(tmp_path / "labels.sqlite").read()
    assert again == {"cell type": SOME, "part": Chosen(ALL, "bén", "later")}
    assert [path.name for path in tmp_path.iterdir()] == ["labels.sqlite.training.json"]


def of_part(**changes: object) -> str:
    entry = {"annotators": None, "provenances": None, "reviews": None, "by": "", "at": ""}
    return json.dumps({"version": 1, "tasks": {"part": entry | changes}})


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        '{"version": 2, "tasks": {}}',
        '{"version": 1, "tasks": {"part": {}}}',
        of_part(annotators=[]),
        of_part(provenances=[1]),
        of_part(reviews=["good"]),
    ],
)
def test_a_file_that_says_something_else_is_refused_with_what_to_do(tmp_path: Path, content: str) -> None:
    (tmp_path / "l.sqlite.training.json").write_text(content)
    with pytest.raises(ProjectError, match="delete it to train on what the project file says"):
        TrainingFile(tmp_path / "l.sqlite").read()


def test_a_file_that_cannot_be_written_is_said_and_the_old_one_stays(tmp_path: Path) -> None:
    folder = tmp_path / "there"
    folder.mkdir()
    file = TrainingFile(folder / "l.sqlite")
    file.write({"part": SOME})
    before = (folder / "l.sqlite.training.json").read_text()
    stuck = TrainingFile(tmp_path / "not there" / "l.sqlite")
    with pytest.raises(LabelStoreError, match="nothing has changed"):
        stuck.write({})
    assert (folder / "l.sqlite.training.json").read_text() == before
    assert json.loads(before)["tasks"]["part"]["annotators"] == ["ana", "bén"]
