"""How a program of a terminal ends, and what it says."""

import argparse

import pytest

from segclr.commands import GOES_ON, Commands, exit_status
from segclr.errors import TableError


def program() -> Commands:
    def double(options: argparse.Namespace) -> list[str]:
        if options.number < 0:
            raise TableError(f"{options.number} is below 0: take 0 or more")
        return [f"{options.number} is doubled", f"to {2 * options.number}"]

    commands = Commands("segclr-test", "Counts.")
    commands.add("double", double, "double a number").add_argument("number", type=int)
    return commands


def test_a_command_prints_its_sentences_and_ends_well(capsys: pytest.CaptureFixture[str]) -> None:
    assert program().run(["double", "4"]) == 0
    assert capsys.readouterr() == ("4 is doubled\nto 8\n", "")


def test_an_expected_failure_is_one_line_and_status_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert program().run(["double", "-4"]) == 1
    assert capsys.readouterr() == ("", "segclr-test: -4 is below 0: take 0 or more\n")


def test_control_c_ends_without_a_word(capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted() -> int:
        raise KeyboardInterrupt

    assert exit_status("segclr-test", interrupted) == 130
    assert capsys.readouterr() == ("", "")


def test_help_lists_the_commands_and_each_has_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, says in ((["--help"], "double a number"), (["double", "--help"], "Double a number.")):
        with pytest.raises(SystemExit) as ended:
            program().run(arguments)
        assert ended.value.code == 0
        assert says in capsys.readouterr().out


def test_a_program_that_resumes_says_so_when_it_is_interrupted(capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted() -> int:
        raise KeyboardInterrupt

    assert exit_status("segclr-test", interrupted, GOES_ON) == 130
    assert capsys.readouterr().err == "\nstopped; the same command goes on from here\n"
