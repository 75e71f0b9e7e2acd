"""Preparations run in a process of their own and report what went wrong in one sentence."""

import os
from pathlib import Path

import pytest

from segclr.errors import SegclrError, VolumeUnavailable, WorkerDied
from segclr_viewer.prepare import Progress, run_with_progress


def _leaves_a_mark(path: str, progress: Progress) -> None:
    progress("half", 0.5)
    Path(path).write_text(str(os.getpid()))


def _finds_no_volume(progress: Progress) -> None:
    raise VolumeUnavailable("there is no volume at nowhere: check the url")


def _has_a_bug(progress: Progress) -> None:
    raise KeyError("oops")


def _is_killed(progress: Progress) -> None:
    os.kill(os.getpid(), 9)


def test_work_is_done_in_another_process_with_a_bar(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mark = tmp_path / "mark"
    run_with_progress("marking", _leaves_a_mark, str(mark))
    assert int(mark.read_text()) != os.getpid()
    assert "marking: 100%" in capsys.readouterr().err


def test_an_expected_failure_arrives_as_it_was_raised() -> None:
    with pytest.raises(VolumeUnavailable, match="check the url"):
        run_with_progress("reading", _finds_no_volume)


def test_an_unexpected_failure_is_named() -> None:
    with pytest.raises(SegclrError, match="unexpected KeyError: 'oops'"):
        run_with_progress("reading", _has_a_bug)


def test_a_killed_process_is_said_with_its_exit_code() -> None:
    with pytest.raises(WorkerDied, match=r"reading stopped: its process ended \(exit code -9\)"):
        run_with_progress("reading", _is_killed)
