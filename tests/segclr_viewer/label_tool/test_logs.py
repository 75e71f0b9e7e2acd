"""The command segclr-labels on whole logs: copies, what they hold, one line for what is wrong, and help."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from segclr_viewer.exchange.from_log import read_log
from segclr_viewer.label_tool import main

if TYPE_CHECKING:
    pass
from tests.segclr_viewer.label_tool.steps import Printed, refused, run, writing


def test_while_an_app_has_the_log_open_exports_work_and_imports_wait(
    project: Path, tmp_path: Path, capsys: Printed
) -> None:
    (tmp_path / "in.csv").write_text("class,segment_id\nastrocyte,7\n")
    with writing(tmp_path / "labels.sqlite"):
        run(["export", project, "--what", "labels", "--format", "csv", tmp_path / "labels.csv"], capsys)
        run(["info", tmp_path / "labels.sqlite"], capsys)
        run(["backup", tmp_path / "labels.sqlite", tmp_path / "copy.sqlite"], capsys)
        command = ["import", project, tmp_path / "in.csv", "--task", "cell type", "--frame", "v117"]
        assert "is open in another segclr-viewer" in refused(command, capsys)
        run([*command, "--dry-run"], capsys)
    run(command, capsys)


def test_the_whole_log_goes_round_as_json_lines_and_as_a_copy(project: Path, tmp_path: Path, capsys: Printed) -> None:
    log = tmp_path / "labels.sqlite"
    events = read_log(log).events
    assert f"{len(events)} events are in" in run(["export-log", log, tmp_path / "log.jsonl"], capsys)
    said = run(["import-log", tmp_path / "log.jsonl", tmp_path / "other.sqlite"], capsys)
    assert said.startswith(f"{len(events)} events and 0 places were stored")
    assert read_log(tmp_path / "other.sqlite").events == events
    assert f"{len(events)} of them were there before" in run(
        ["import-log", tmp_path / "log.jsonl", tmp_path / "other.sqlite"], capsys
    )
    assert f"{len(events)} events are in" in run(["backup", log, tmp_path / "copy.sqlite"], capsys)
    assert read_log(tmp_path / "copy.sqlite").events == events


def test_info_says_what_a_log_holds(project: Path, tmp_path: Path, capsys: Printed) -> None:
    said = run(["info", tmp_path / "labels.sqlite"], capsys)
    count = len(read_log(tmp_path / "labels.sqlite").events)
    assert f"{count} events, 0 places" in said
    assert f"label: {count}" in said
    assert f"annotator kim: {count} events" in said
    assert "segmentation v117" in said


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["info", "no.sqlite"], "there is no label file no.sqlite"),
        (["export", "no.toml", "--what", "labels", "--format", "csv", "out.csv"], "there is no project file"),
        (["export", "{project}", "--what", "predictions", "--format", "csv", "o.csv"], "say which (--task)"),
        (["export", "{project}", "--task", "x", "--what", "labels", "--format", "csv", "o"], "has no task 'x'"),
        (
            ["export", "{project}", "--task", "cell type", "--what", "predictions", "--format", "csv", "out.csv"],
            "no predictions of 'cell type': label two classes first",
        ),
        (["import", "{project}", "no.csv", "--task", "part"], "no.csv cannot be read"),
        (["import", "{project}", "no.xlsx", "--task", "part"], "there is no file no.xlsx"),
        (["import", "{project}", "{project}", "--task", "part"], "what project.toml holds is not known"),
        (["import", "{project}", "a.csv", "--task", "part", "--class", "axon"], "--class 'axon' is not understood"),
    ],
)
def test_what_is_wrong_is_one_sentence(project: Path, arguments: list[str], says: str, capsys: Printed) -> None:
    assert says in refused([one.replace("{project}", str(project)) for one in arguments], capsys)


def test_help_names_every_command_and_format(capsys: Printed) -> None:
    for arguments, expected in (
        (["--help"], ("info", "export-log", "import-log", "backup", "export", "import")),
        (["export", "--help"], ("csv", "parquet", "segment_properties", "annotations", "cave", "PROJECT.toml")),
        (["import", "--help"], ("--resolution-nm X Y Z", "--dry-run", "--frame NAME", "x_vox")),
    ):
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        assert ended.value.code == 0
        printed = capsys.readouterr().out
        assert all(word in printed for word in expected)
