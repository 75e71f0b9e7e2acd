"""How the programs of a terminal run: what they say, and how they end."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import cast

from segclr.errors import SegclrError

# does what the options say; returns sentences to print
Run = Callable[[argparse.Namespace], list[str]]


GOES_ON = "stopped; the same command goes on from here"
"""What a program that resumes its work says when it is interrupted."""


def exit_status(program: str, run: Callable[[], int], interrupted: str = "") -> int:
    """Run a program; an expected failure is one line on stderr and status 1, Ctrl + C is status 130.

    Args:
        interrupted: what is said at Ctrl + C; nothing if empty.
    """
    try:
        return run()
    except SegclrError as error:
        print(f"{program}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        if interrupted:
            print(f"\n{interrupted}", file=sys.stderr)
        return 130


class Commands:
    """A program of several commands."""

    def __init__(self, program: str, description: str) -> None:
        self._program = program
        self._parser = argparse.ArgumentParser(prog=program, description=description)
        self._commands = self._parser.add_subparsers(required=True, metavar="COMMAND")

    def add(self, name: str, run: Run, brief: str, description: str = "") -> argparse.ArgumentParser:
        """Add a command, whose arguments are then added to what this returns.

        Args:
            brief: what it does, for the list of commands; without a `description` it is that, too.
        """
        parser = self._commands.add_parser(
            name,
            help=brief,
            description=description or f"{brief[0].upper()}{brief[1:]}.",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        parser.set_defaults(run=run)
        return parser

    def run(self, arguments: list[str] | None = None) -> int:
        """Run the command that the arguments name; returns the exit status."""
        options = self._parser.parse_args(arguments)

        def run() -> int:
            for sentence in cast(Run, options.run)(options):
                print(sentence)
            return 0

        return exit_status(self._program, run)
