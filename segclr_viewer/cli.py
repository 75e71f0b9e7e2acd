"""The command line, and the one place where everything is put together."""

import argparse
import logging
import sys
from pathlib import Path

from segclr.errors import SegclrError
from segclr_viewer import demo
from segclr_viewer.opening import Opened, check_table, open_project, read_one_cutout
from segclr_viewer.project import Project, describe, load_project


def main(arguments: list[str] | None = None) -> int:
    """Run the program; returns its exit status. An expected failure is one line on stderr and status 1."""
    options = _parse(arguments)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    try:
        project = _project(options)
        if options.check:
            return _check(project)
        return _serve(project, options)
    except SegclrError as error:
        print(f"segclr-viewer: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="segclr-viewer",
        description="Browse, label and explore SegCLR embeddings of an EM volume. Without a project it opens the demo, "
        "a generated phantom volume.",
    )
    parser.add_argument("project", nargs="?", type=Path, metavar="PROJECT.toml", help="the volume to open")
    parser.add_argument("--check", action="store_true", help="open everything, read one cutout, print the settings, stop")
    parser.add_argument("--port", type=int, help="port on this machine; any free one by default")
    parser.add_argument("--annotator", help="name written into your labels; your user name by default")
    group = parser.add_argument_group("the demo")
    group.add_argument("--demo-size", type=int, nargs=3, metavar=("X", "Y", "Z"), help="voxels of 32 x 32 x 40 nm")
    group.add_argument("--demo-seed", type=int, help="another phantom of the same kind")
    group.add_argument("--cache", type=Path, help=f"folder for generated volumes ({demo.default_cache()})")
    return parser.parse_args(arguments)


def _project(options: argparse.Namespace) -> Project:
    """The project that was named, or the demo's, with what the command line overrides."""
