"""The command `segclr-labels`: labels and predictions out of a project and into it, and copies of its log."""

import argparse
import math
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

from segclr.commands import Commands
from segclr.em.geometry import XYZ
from segclr.wording import counted, counted_are, verb
from segclr_viewer.exchange.cave import CaveTable, Schema
from segclr_viewer.exchange.errors import ExchangeError
from segclr_viewer.exchange.exporting import ExportRequest, Format, What, export
from segclr_viewer.exchange.from_log import read_log
from segclr_viewer.exchange.head_file import export_head
from segclr_viewer.exchange.importing import ImportRequest, dry_run, import_labels
from segclr_viewer.exchange.synapses import Sides
from segclr_viewer.log.backup import backup_log
from segclr_viewer.log.beside import selections_path, training_path, views_path
from segclr_viewer.log.transfer import export_log, import_log
from segclr_viewer.project import overridden
from segclr_viewer.project_file import load_project

_LOG_HELP = "the label file of a project"
_EXPORT_HELP = """Write the labels that hold now, or the predictions that follow from them. The app may run meanwhile.

formats:
  csv, parquet         one line per label, or per row of the embedding table
  segment_properties   a folder for Neuroglancer: classes as tags of segments
  annotations          a folder for Neuroglancer: a layer of points
  cave                 labels as bound spatial points, in voxels of --resolution-nm; OUT ends in .csv or .json"""

_IMPORT_HELP = """Read labels from another program's file into the log, all or none. Close the app first.

files:
  .csv, .tsv   columns class, and x_nm y_nm z_nm (or x_vox y_vox z_vox with --resolution-nm) and/or segment_id
  a folder     a Neuroglancer layer of points in precomputed format
  .h5, .json   a cell or a skeleton of MICrONS: its compartments, or with --synapses a cell's synapses
  .feather     a cell's synapses as CAVE gives them, also .arrow and .parquet; in units of --resolution-nm

Synapses become labels at their sites on the cell; to the file's classes "presynaptic site" and "postsynaptic site"
--class gives the names of the task's.

What could mean two things is refused, with its line."""


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns its exit status. An expected failure is one line on stderr and status 1."""
    return _commands().run(arguments)


def _commands() -> Commands:
    commands = Commands(
        "segclr-labels", "Labels and predictions out of a project and into it, and copies of its label log."
    )
    command = commands.add("info", _info, "say what a log holds")
    command.add_argument("log", type=Path, metavar="LOG", help=_LOG_HELP)
    command = commands.add("export-log", _export_log, "write all of a log as JSON lines, with who said what when")
    command.add_argument("log", type=Path, metavar="LOG", help=_LOG_HELP)
    command.add_argument("out", type=Path, metavar="OUT.jsonl", help="a new file")
    command = commands.add("import-log", _import_log, "append what export-log wrote to a log; nothing is stored twice")
    command.add_argument("file", type=Path, metavar="IN.jsonl", help="an exported log")
    command.add_argument("log", type=Path, metavar="LOG", help="the label file, begun where there is none")
    command = commands.add("backup", _backup, "copy a log and what lies beside it, also while an app writes")
    command.add_argument("log", type=Path, metavar="LOG", help=_LOG_HELP)
    command.add_argument("out", type=Path, metavar="OUT", help="a new file")
    _add_export(commands.add("export", _export, "write labels or predictions in other programs' formats", _EXPORT_HELP))
    command = commands.add(
        "export-head", _export_head, "write the head that the labels give, to predict other tables with"
    )
    command.add_argument("project", type=Path, metavar="PROJECT.toml", help="the project")
    command.add_argument("out", type=Path, metavar="HEAD.npz", help="the file to write; an earlier one is replaced")
    command.add_argument("--task", metavar="NAME", help="one task (default: the only one)")
    _add_import(commands.add("import", _import, "read labels from another program's file", _IMPORT_HELP))
    return commands


def _add_export(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("project", type=Path, metavar="PROJECT.toml", help="the project")
    add("out", type=Path, metavar="OUT", help="the file or folder to write; an earlier export is replaced")
    add("--what", choices=get_args(What), required=True, help="labels, or predictions of all rows")
    add("--format", choices=get_args(Format), required=True, help="see above")
    add("--task", metavar="NAME", help="one task (default: the only one; for tables of labels, all)")
    add("--resolution-nm", type=float, nargs=3, metavar=("X", "Y", "Z"), help="voxel size of CAVE's table")
    add("--cave-schema", choices=get_args(Schema), default="bound_tag", help="default: bound_tag")
    add("--classification-system", default="", metavar="NAME", help="for the schema cell_type_local")


def _add_import(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("project", type=Path, metavar="PROJECT.toml", help="the project")
    add("file", type=Path, metavar="FILE", help="what to read")
    add("--task", required=True, metavar="NAME", help="the task that the labels are of")
    add("--frame", default="", metavar="NAME", help="the segmentation whose coordinates and ids the file has")
    add(
        "--resolution-nm",
        type=float,
        nargs=3,
        metavar=("X", "Y", "Z"),
        help="what a voxel of the file, or a unit, measures",
    )
    add(
        "--class",
        dest="renamed",
        action="append",
        default=[],
        metavar="NAME=CLASS",
        help="what a class of the file stands for; NAME= leaves its labels out; may be repeated",
    )
    add("--relationship", default="", metavar="NAME", help="of an annotation layer: the one that names segments")
    add("--synapses", choices=get_args(Sides), help="of a cell: its outgoing ones (pre), incoming ones, or both")
    add("--annotator", help="name written into the labels (default: as in the app)")
    add("--dry-run", action="store_true", help="say what would be done, and store nothing")


def _info(options: argparse.Namespace) -> list[str]:
    log = read_log(options.log)
    kinds = Counter(event.kind for event in log.events)
    lines = [
        f"{options.log}: {counted(len(log.events), 'event')}, {counted(len(log.places), 'place')} saved with embeddings"
    ]
    if log.events:
        lines.append(f"from {min(event.at for event in log.events)} to {max(event.at for event in log.events)}")
    lines += [f"{kind}: {count}" for kind, count in kinds.most_common()]
    for what, texts in (
        ("task", [event.task for event in log.events]),
        ("annotator", [event.annotator for event in log.events]),
        ("segmentation", [event.segmentation for event in log.events if event.segmentation]),
    ):
        lines += [f"{what} {text}: {counted(count, 'event')}" for text, count in Counter(texts).most_common()]
    return lines


def _export_log(options: argparse.Namespace) -> list[str]:
    return [f"{counted_are(export_log(options.log, options.out), 'event')} in {options.out}"]


def _import_log(options: argparse.Namespace) -> list[str]:
    done = import_log(options.file, options.log)
    known = done.known_events + done.known_places
    again = f"; {known:,} of them {verb(known, 'was', 'were')} there before" if known else ""
    return [f"{counted(done.events, 'event')} and {counted(done.places, 'place')} were stored in {options.log}{again}"]


def _backup(options: argparse.Namespace) -> list[str]:
    lines = [f"{counted_are(backup_log(options.log, options.out), 'event')} in {options.out}"]
    beside = [path_of(options.out) for path_of in (training_path, views_path, selections_path)]
    return lines + [f"what lies beside the log is in {path}" for path in beside if path.exists()]


def _export(options: argparse.Namespace) -> list[str]:
    project = load_project(options.project)
    cave = None
    if options.format == "cave" and options.resolution_nm is not None:
        cave = CaveTable(_resolution(options), options.cave_schema, options.classification_system)
    request = ExportRequest(what=options.what, format=options.format, out=options.out, task=options.task, cave=cave)
    return [export(project, request, _utc_now)]


def _export_head(options: argparse.Namespace) -> list[str]:
    return [export_head(load_project(options.project), options.out, options.task, _utc_now)]


def _import(options: argparse.Namespace) -> list[str]:
    project = overridden(load_project(options.project), None, [options.annotator] if options.annotator else None)
    request = ImportRequest(
        file=options.file,
        task=options.task,
        frame=options.frame,
        resolution_nm=None if options.resolution_nm is None else _resolution(options),
        renamed=dict(_renaming(text) for text in options.renamed),
        relationship=options.relationship,
        synapses=options.synapses,
    )
    return (dry_run if options.dry_run else import_labels)(project, request, _utc_now)


def _resolution(options: argparse.Namespace) -> XYZ:
    x, y, z = options.resolution_nm
    if not all(math.isfinite(size) and size > 0 for size in (x, y, z)):
        raise ExchangeError(f"--resolution-nm is {x:g} {y:g} {z:g}: a voxel has a size above 0 along each axis")
    return (x, y, z)


def _renaming(text: str) -> tuple[str, str]:
    name, equals, stands_for = text.partition("=")
    if not equals or not name:
        raise ExchangeError(f"--class {text!r} is not understood: write NAME=CLASS, or NAME= to leave it out")
    return name, stands_for


def _utc_now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


if __name__ == "__main__":
    sys.exit(main())
