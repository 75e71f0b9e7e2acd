"""The command `segclr-table`: what an embedding table holds, whether it is whole, and copies of it in other forms."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import get_args

import numpy as np

from segclr.commands import Commands
from segclr.embeddings.exchange.arrow_files import ARROW_ENDINGS, read_arrow, write_arrow
from segclr.embeddings.exchange.csv_files import read_csv, write_csv
from segclr.embeddings.exchange.sheets import Block, block_of, blocks_of, table_of
from segclr.embeddings.growing import compact_table, merge_tables
from segclr.embeddings.provenance import Provenance
from segclr.embeddings.sampling import Strata
from segclr.embeddings.storage.precision import Storage
from segclr.embeddings.storage.stored_table import Rows, StoredTable, open_stored
from segclr.embeddings.storage.verification import broken_rows, damaged_files, rows_at_one_place
from segclr.embeddings.table import build_table
from segclr.errors import TableError
from segclr.wording import counted, counted_are, verb

_FILE_ENDINGS = (*ARROW_ENDINGS, ".csv")
_TABLE_HELP = "a table's folder, or its http(s), gs or s3 address"
_CONVERT_HELP = """Copy a table, as one shard, in another precision, or as a file; or make a table of a file.

files, by their ending:
  .parquet            Parquet
  .arrow, .feather    Arrow, uncompressed, which other programs can map into memory
  .csv                text; with its provenance beside it

The columns of a file are segment_id, node_id (numbered if missing), x_nm, y_nm, z_nm, embedding (or e0, e1, ...),
edges_to (nodes that the row is joined to), and any others with numbers or texts. Files are read into memory as a
whole."""


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns its exit status. An expected failure is one line on stderr and status 1."""
    return _commands().run(arguments)


def _commands() -> Commands:
    commands = Commands("segclr-table", "What an embedding table holds, whether it is whole, and copies of it.")
    added = commands.add("info", _info, "say what a table holds and what it was made of")
    added.add_argument("table", metavar="TABLE", help=_TABLE_HELP)
    added = commands.add(
        "verify", _verify, "read all of a table and name every file that is damaged, and rows that are wrong"
    )
    added.add_argument("table", metavar="TABLE", help=_TABLE_HELP)
    added = commands.add("convert", _convert, "copy a table in another form, or make one of a file", _CONVERT_HELP)
    added.add_argument("source", metavar="IN", help="a table or a file")
    added.add_argument("out", type=Path, metavar="OUT", help="a table's folder or a file; what is there is replaced")
    _add_dtype(added)
    added.add_argument("--like", metavar="TABLE", help="for a file: a table of the same encoder and volumes")
    added.add_argument(
        "--keep-first", action="store_true", help="of rows of one segment at the same position, take the first"
    )
    added = commands.add("sample", _sample, "take a random sample of rows that misses no part of a table")
    added.add_argument("table", metavar="TABLE", help=_TABLE_HELP)
    added.add_argument("count", type=int, metavar="COUNT", help="how many rows")
    added.add_argument("out", type=Path, metavar="OUT", help="a table's folder or a file, as for convert")
    added.add_argument("--seed", type=int, default=0, help="another one draws other rows (default: 0)")
    added.add_argument(
        "--by",
        choices=get_args(Strata),
        default="rows",
        help="rows: each has the same chance (default); segments: all give the same number of rows",
    )
    added = commands.add("merge", _merge, "write the rows of several tables of one encoder as one table")
    added.add_argument("tables", nargs="+", metavar="TABLE", help=_TABLE_HELP)
    added.add_argument("out", type=Path, metavar="OUT", help="the folder of the new table")
    _add_dtype(added)
    added.add_argument(
        "--same-volumes", action="store_true", help="EM and segmentation are the same although their urls differ"
    )
    added = commands.add("compact", _compact, "write the shards of a table anew as one, which opens at once")
    added.add_argument("table", type=Path, metavar="TABLE", help="a table's folder")
    return commands


def _add_dtype(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--dtype", choices=get_args(Storage), help="precision of a table's embeddings (default: as they are)"
    )


def _info(options: argparse.Namespace) -> list[str]:
    stored = open_stored(options.table)
    readers = stored.readers()
    made, manifest = stored.provenance, stored.manifest
    sizes = np.concatenate([np.zeros(1, np.int64), *(np.diff(reader.first_row) for reader in readers)])
    segments = np.unique(np.concatenate([np.empty(0, np.uint64), *(reader.segment_ids for reader in readers)]))
    lines = [
        f"{options.table}: {counted(len(stored), 'row')} of {counted(len(segments), 'segment')}, at most "
        f"{sizes.max()} each, with {counted(sum(shard.edges for shard in manifest.shards), 'edge')}",
        f"embeddings: {stored.dimensions} dimensions, stored as {manifest.storage}",
        f"made by {made.maker()}, of EM {made.em_url or 'none'} and segmentation {made.segmentation_url}",
        f"nodes from {made.nodes_from or 'unknown'}; {made.skipped} were left out: {made.skipped_background} on "
        f"background, {made.skipped_other_segment} on another segment, {made.skipped_outside} outside or without EM",
        f"code {made.code_version}; {counted(len(manifest.shards), 'shard')}",
    ]
    lines += [f"extra column {name} ({kind})" for name, kind in manifest.extra.items()]
    if len(stored):
        lines.append(_extent(stored))
    return [*lines, *stored.damage]


def _extent(stored: StoredTable) -> str:
    boxes = np.concatenate([reader.boxes() for reader in stored.readers()])
    low, high = boxes[:, 0].min(axis=0) / 1000, boxes[:, 1].max(axis=0) / 1000
    return f"from {low[0]:.1f}, {low[1]:.1f}, {low[2]:.1f} to {high[0]:.1f}, {high[1]:.1f}, {high[2]:.1f} um (x, y, z)"


def _verify(options: argparse.Namespace) -> list[str]:
    stored = open_stored(options.table)
    wrong = [*damaged_files(stored), *broken_rows(stored)]
    unseen = [sentence for sentence in stored.damage if not any(file in sentence for file in _files(wrong))]
    for sentence in [*wrong, *unseen]:
        print(sentence)
    for sentence in _at_one_place(stored):
        print(sentence)
    if wrong or unseen:
        raise TableError(f"{options.table} has {len(wrong) + len(unseen)} faults: take what is damaged from a copy")
    checked = "" if all(_has_checksums(stored)) else "; a table of format version 1 has no checksums"
    shards = counted(len(stored.manifest.shards), "shard")
    return [f"{options.table}: {counted(len(stored), 'row')} in {shards}, all whole{checked}"]


def _at_one_place(stored: StoredTable) -> list[str]:
    """No fault, for skeletons may have such nodes, but a sign of rows that were written twice."""
    count, example = rows_at_one_place(stored)
    if not count:
        return []
    return [
        f"note: {counted(count, 'row')} {verb(count, 'lies', 'lie')} where another one of the same segment "
        f"lies, such as in segment {example}"
    ]


def _files(sentences: list[str]) -> list[str]:
    return [sentence.partition("file ")[2].partition(":")[0] for sentence in sentences if "file " in sentence]


def _has_checksums(stored: StoredTable) -> list[bool]:
    return [column.crc32 is not None for shard in stored.manifest.shards for column in shard.columns.values()]


def _convert(options: argparse.Namespace) -> list[str]:
    ending = Path(options.source).suffix.lower()
    if ending in _FILE_ENDINGS:
        if options.out.suffix.lower() in _FILE_ENDINGS:
            raise TableError("a file is made a table, and a table a file: give a folder for one of them")
        sheet = read_csv(Path(options.source)) if ending == ".csv" else read_arrow(Path(options.source))
        like = open_stored(options.like).provenance if options.like else None
        table = table_of(sheet, like, options.keep_first)
        table.save(options.out, options.dtype or "float32")
        left_out = len(sheet.segment_ids) - len(table)
        note = f"; {left_out} at the position of another row of their segment were left out" if left_out else ""
        return [f"{counted_are(len(table), 'row')} in {options.out}{note}", *_at_one_place(open_stored(options.out))]
    stored = open_stored(options.source)
    if options.out.suffix.lower() in _FILE_ENDINGS:
        if options.dtype:
            raise TableError("--dtype is for tables: files have float32")
        for sentence in stored.damage:
            raise TableError(f"a damaged table is not converted: {sentence}")
        count = _write(options.out, blocks_of(stored), stored.dimensions, stored.provenance)
    else:
        merge_tables([stored], options.out, options.dtype)
        count = len(stored)
    return [f"{counted_are(count, 'row')} in {options.out}"]


def _sample(options: argparse.Namespace) -> list[str]:
    if options.count < 1:
        raise TableError(f"a sample of {options.count} rows: take 1 or more")
    stored = open_stored(options.table)
    rows = stored.sample(options.count, options.seed, options.by)
    for sentence in stored.damage:
        print(sentence, file=sys.stderr)
    if options.out.suffix.lower() in _FILE_ENDINGS:
        _write(options.out, [block_of(rows)], stored.dimensions, stored.provenance)
    else:
        _save(options.out, rows, stored)
    return [f"{len(rows)} of {len(stored)} rows are in {options.out}"]


def _save(out: Path, rows: Rows, stored: StoredTable) -> None:
    columns = (rows.segment_ids, rows.node_ids, rows.positions_nm, rows.embeddings, rows.edges)
    build_table(*columns, stored.provenance, rows.extra).save(out, stored.manifest.storage)


def _merge(options: argparse.Namespace) -> list[str]:
    merge_tables(
        [open_stored(place) for place in options.tables], options.out, options.dtype, same_volumes=options.same_volumes
    )
    return [f"{counted(len(open_stored(options.out)), 'row')} of {len(options.tables)} tables are in {options.out}"]


def _compact(options: argparse.Namespace) -> list[str]:
    before = len(open_stored(options.table).manifest.shards)
    compact_table(options.table)
    return [f"{options.table} has one shard, and had {before}"]


def _write(out: Path, blocks: Iterable[Block], dimensions: int, provenance: Provenance) -> int:
    write = write_csv if out.suffix.lower() == ".csv" else write_arrow
    return write(out, blocks, dimensions, provenance)


if __name__ == "__main__":
    sys.exit(main())
