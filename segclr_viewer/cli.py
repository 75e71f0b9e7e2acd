"""The command line: which project, opened how, and what is printed."""

import argparse
import logging
import signal
import threading
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from segclr.commands import exit_status
from segclr.em.phantom.files import open_phantom
from segclr.em.phantom.recipes import SEED, SIZE_VOXELS
from segclr.embeddings.table import table_exists
from segclr.wording import counted
from segclr_viewer import demo
from segclr_viewer.app import RunningApp
from segclr_viewer.first_run import table_of
from segclr_viewer.log.events import NewEvent
from segclr_viewer.opening import check_table, open_project, read_one_cutout
from segclr_viewer.project import Project, overridden
from segclr_viewer.project_file import describe, load_project


def main(arguments: list[str] | None = None) -> int:
    """Run the program; returns its exit status. An expected failure is one line on stderr and status 1."""
    options = _parse(arguments)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    return exit_status("segclr-viewer", lambda: _run(options))


def _run(options: argparse.Namespace) -> int:
    settings = None if options.project else _demo_settings(options)
    project = demo.open_demo(settings) if settings else load_project(options.project)
    project = overridden(project, options.port, options.annotator)
    print(describe(project))
    return _check(project) if options.check else _serve(project, settings)


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="segclr-viewer",
        description="Browse, label and explore SegCLR embeddings of an EM volume. Without a project it opens the demo, "
        "a generated phantom volume.",
    )
    add = parser.add_argument
    add("project", nargs="?", type=Path, metavar="PROJECT.toml", help="the volume to open")
    add("--check", action="store_true", help="open everything, read one cutout, print the settings, and stop")
    add("--port", type=int, help="port on this machine (default: always the same one for a label file, if it is free)")
    add(
        "--annotator",
        action="append",
        metavar="NAME",
        help="name written into your labels (default: your user name); several annotators each get an own address",
    )
    group = parser.add_argument_group("the demo")
    group.add_argument("--demo-size", type=int, nargs=3, metavar=("X", "Y", "Z"), help="voxels of 32 x 32 x 40 nm")
    group.add_argument("--demo-seed", type=int, help="another phantom of the same kind")
    group.add_argument("--cache", type=Path, help="folder for generated volumes (default: your cache folder)")
    options = parser.parse_args(arguments)
    if options.project and (options.demo_size or options.demo_seed is not None or options.cache):
        parser.error("--demo-size, --demo-seed and --cache are for the demo, not for a project")
    return options


def _demo_settings(options: argparse.Namespace) -> demo.DemoSettings:
    cache = (options.cache or demo.default_cache()).expanduser().resolve()
    seed = SEED if options.demo_seed is None else options.demo_seed
    return demo.DemoSettings(cache, seed, tuple(options.demo_size or SIZE_VOXELS))


def _check(project: Project) -> int:
    """Open everything and read one cutout."""
    opened = open_project(project)
    cutout = read_one_cutout(opened)
    if table_exists(Path(project.table.folder)):
        table = table_of(project)
        check_table(table, opened)
        rows = f"{counted(len(table), 'embedding')} of {counted(len(table.segment_ids), 'segment')}"
    else:
        rows = "no embedding table yet: the first start makes it"
    place = ", ".join(f"{value:.0f}" for value in cutout.position_nm)
    seen = int((cutout.image > 0).sum())
    print(f"encoder: {opened.encoder or 'none'}")
    print(f"table: {rows}")
    print(f"cutout at ({place}) nm: segment {cutout.segment_id}, {seen} of {cutout.image.size} voxels are its own")
    greys = np.unique(cutout.image[cutout.image > 0])
    if opened.encoder is not None and opened.encoder.cutout.content != "mask" and len(greys) < 2:
        grey = greys[0] if len(greys) else 0
        print(f"warning: the EM is {grey} all over the segment in that cutout: is it the right volume, and all there?")
    print("all of it fits")
    return 0


def _serve(project: Project, settings: demo.DemoSettings | None) -> int:
    """Run the app until Ctrl+C or the terminal's end."""
    opened = open_project(project)
    table = table_of(project)
    check_table(table, opened)

    def first_labels() -> list[NewEvent]:
        return demo.first_labels(project, table, open_phantom(settings.folder)) if settings else []

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    app = RunningApp(opened, table, first_labels, generated=settings is not None)
    try:
        print(
            f"\n{_invitation(app.addresses)}\n(Ctrl+C ends the program; labels are in {project.labels.file})",
            flush=True,
        )
        stop.wait()
    finally:
        app.close()
    return 0


def _invitation(addresses: Mapping[str, str]) -> str:
    """What is printed for the annotators to open."""
    if len(addresses) == 1:
        return f"open {next(iter(addresses.values()))}"
    return "\n".join(f"{annotator} opens {address}" for annotator, address in addresses.items())
