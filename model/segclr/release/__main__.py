"""The command `segclr-release`: what has been published, and segments of it as an embedding table."""

import argparse
import re
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import cast

from tqdm import tqdm

from segclr.commands import exit_status
from segclr.embeddings.storage.stored_table import open_stored
from segclr.embeddings.table import table_exists
from segclr.errors import ReleaseError
from segclr.release.cave import PastIds, open_cave, past_ids
from segclr.release.disk_cache import default_cache
from segclr.release.fetch import Fetched, doubt, fetch
from segclr.release.http import RangeReader
from segclr.release.reader import ReleaseReader
from segclr.release.registry import RELEASES, Release, release_named
from segclr.release.release_table import add_to_table, segments_in
from segclr.wording import counted

_FETCH_HELP = """Download segments and write them as an embedding table. Of each shard of 170 to 300 MB its directory
and the segments' own bytes are read. What has come stays in the cache: the same command goes on where it ended."""


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns its exit status. An expected failure is one line on stderr and status 1."""
    options = _parser().parse_args(arguments)
    run = cast(Callable[[argparse.Namespace], int], options.run)
    return exit_status("segclr-release", lambda: run(options))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="segclr-release", description="Google's published SegCLR embeddings: what there is, and segments of it."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    command = commands.add_parser("list", help="name all releases that are known")
    command.set_defaults(run=_list)
    command = commands.add_parser("info", help="say where a release is, what its numbers mean, and who says so")
    command.add_argument("release", metavar="NAME", help="a name of `list`, or URL#NAME for a copy")
    command.set_defaults(run=_info)
    command = commands.add_parser("fetch", help="write segments as an embedding table", description=_FETCH_HELP)
    add = command.add_argument
    add("segments", nargs="*", metavar="SEGMENT", help="segment ids")
    add("--segments-from", type=Path, metavar="FILE", help="a text file with an id in each line, besides or instead")
    add("--release", required=True, metavar="NAME", help="a name of `list`, or URL#NAME for a copy")
    add("--out", type=Path, required=True, metavar="TABLE", help="the table's folder")
    add("--add", action="store_true", help="add to the table that is there")
    add("--cache", type=Path, help="folder of what was downloaded (default: in your cache folder)")
    add("--connections", type=_connections, default=8, help="segments read at the same time (default: %(default)s)")
    add("--cave", metavar="DATASTACK", help="the ids are today's root ids in CAVE: map them to the release's first")
    add("--cave-time", type=datetime.fromisoformat, metavar="TIME", help="of the release, where it is not registered")
    command.set_defaults(run=_fetch)
    return parser


def _connections(text: str) -> int:
    if not re.fullmatch("[0-9]{1,3}", text) or not 1 <= int(text) <= 64:
        raise argparse.ArgumentTypeError(f"{text} connections: 1 to 64")
    return int(text)


def _list(_: argparse.Namespace) -> int:
    width = max(len(release.name) for release in RELEASES)
    for release in RELEASES:
        print(f"{release.name:{width}}  {release.volumes.version:5}  {_what(release)}")
    return 0


def _what(release: Release) -> str:
    dimensions = release.dimensions or "64 or 128"
    radius = f", averaged within {release.radius_um:g} um" if release.radius_um else ""
    return f"{dimensions} dimensions{radius}"


def _info(options: argparse.Namespace) -> int:
    release = release_named(options.release)
    view, volumes = release.encoder.cutout, release.volumes
    lines = {
        "name": release.name,
        "url": release.url,
        "embeddings": _what(release),
        "shards": f"{release.shards}, by the MD5 of the id in {release.hash_bytes} bytes",
        "coordinates": f"units of {_xyz(release.voxel_nm)} nm, plus ({_xyz(release.offset_nm, ', ')}) nm",
        "segmentation": f"{volumes.version}, {volumes.segmentation}",
        "taken from CAVE": f"{release.materialised:%Y-%m-%d %H:%M} UTC" if release.materialised else "(not known)",
        "EM": volumes.em,
        "skeletons": volumes.skeletons or "(none known)",
        "encoder": f"{release.encoder.name}, {release.encoder.url}",
        "its view": f"{view.size}^3 voxels of {_xyz(view.resolution_nm)} nm, {view.content}",
        "known from": release.evidence,
    }
    for key, value in lines.items():
        print(f"{key:15}  {value}")
    return 0


def _fetch(options: argparse.Namespace) -> int:
    release = release_named(options.release)
    ids = _asked_ids(options.segments, options.segments_from)
    if options.cave:
        mapped = past_ids(ids, open_cave(options.cave), release, options.cave_time)
        _say_mapped(mapped, release)
        ids = list(mapped.segment_ids)
    if table_exists(options.out) and not options.add:
        raise ReleaseError(f"there is a table in {options.out}: --add adds segments to it, or name another folder")
    ids = sorted(set(ids).difference(segments_in(options.out)))
    if not ids and table_exists(options.out):
        print(f"{options.out} has all of these segments")
        return 0
    if not ids:
        raise ReleaseError("no segment is asked for: name ids, or a file of them (--segments-from)")
    http = RangeReader(options.connections)
    reader = ReleaseReader(release, (options.cache or default_cache()).expanduser().resolve(), http)
    try:
        with tqdm(total=len(ids), unit="segment", desc=release.name) as bar:
            fetched = fetch(
                reader, ids, connections=options.connections, progress=lambda done, _: bar.update(done - bar.n)
            )
        _say(fetched, release)
        if not fetched.found:
            raise ReleaseError(f"none of {counted(len(ids), 'segment')} came from {release.name}: nothing is written")
        add_to_table(reader, fetched.found, options.out)
    finally:
        http.close()
    rows, segments = len(open_stored(options.out)), len(segments_in(options.out))
    print(f"{options.out}: {counted(rows, 'embedding')} of {counted(segments, 'segment')}")
    return 1 if fetched.failed else 0


def _asked_ids(words: Sequence[str], file: Path | None) -> list[int]:
    """Return the ids of the command line and of the file."""
    texts = [(word, "") for word in words]
    if file is not None:
        try:
            lines = file.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise ReleaseError(f"the segment ids in {file} cannot be read: {error}") from None
        texts += [(line.strip(), f"{file}, line {at}: ") for at, line in enumerate(lines, 1) if line.strip()]
    for text, where in texts:
        if not re.fullmatch("[0-9]{1,20}", text):
            raise ReleaseError(
                f"{where}{text!r} is no segment id: write it in digits, as it is, like 864691135293126156"
            )
    return [int(text) for text, _ in texts]


def _say(fetched: Fetched, release: Release) -> None:
    """Tell on stderr what did not come, and why."""
    for segment_id, failure in fetched.failed:
        print(f"failed: {segment_id}: {failure}", file=sys.stderr)
    if fetched.missing:
        few = ", ".join(str(segment_id) for segment_id in fetched.missing[:5])
        more = f" and {len(fetched.missing) - 5} more" if len(fetched.missing) > 5 else ""
        print(f"not in {release.name}: {few}{more}", file=sys.stderr)
    if (sentence := doubt(release, fetched)) is not None:
        print(f"warning: {sentence}", file=sys.stderr)


def _say_mapped(mapped: PastIds, release: Release) -> None:
    for root, ids in mapped.of_root.items():
        print(f"{root} was {', '.join(map(str, ids)) or '(nothing that CAVE knows)'} in {release.volumes.version}")


def _xyz(values: tuple[float, float, float], between: str = " x ") -> str:
    return between.join(f"{value:g}" for value in values)


if __name__ == "__main__":
    sys.exit(main())
