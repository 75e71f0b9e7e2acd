"""Embed the nodes of a whole project, in blocks; killed at any moment, the same command goes on.

On this machine ``python -m segclr.embeddings.embed PROJECT.toml [--workers N]``, on a Dask cluster
``python -m segclr.embeddings.embed PROJECT.toml --scheduler tcp://HOST:8786``.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from segclr.commands import GOES_ON, exit_status
from segclr.embeddings.bulk.blocks import EmbeddingWork, Load
from segclr.embeddings.bulk.job import JobFolder
from segclr.embeddings.bulk.running import Finished, run_job
from segclr.embeddings.bulk.settings import BulkSettings, read_settings
from segclr.embeddings.bulk.side_by_side import SideBySide
from segclr.embeddings.bulk.workers import add_worker_options, chosen_workers
from segclr.encoder.checkpoint import CheckpointSpec, check_against, read_spec
from segclr.wording import counted


def main(arguments: list[str] | None = None) -> int:
    """Run the command; an expected failure is one line on standard error, and blocks that failed are listed there."""
    parser = _parser()
    options = parser.parse_args(arguments)
    return exit_status(parser.prog, lambda: _run(options), GOES_ON)


def _run(options: argparse.Namespace) -> int:
    settings = read_settings(options.project, options.min_voxels, options.min_path_um, options.block_um)
    spec = _checked_encoder(settings)
    threads = options.threads
    if threads is None and options.workers is not None:
        threads = max(1, (os.cpu_count() or 1) // max(1, options.workers))
    work = EmbeddingWork(settings, Load(threads), options.batch, options.readers)
    with chosen_workers(work, options.workers, options.scheduler, _say, SideBySide(work)) as workers:
        finished = run_job(work, spec, workers, options.retries, _say)
    return _told(finished, settings)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m segclr.embeddings.embed",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("project", type=Path, metavar="PROJECT.toml", help="volumes, skeletons, encoder, table")
    parser.add_argument("--min-voxels", type=int, default=1000, help="of segments without skeletons (%(default)s)")
    parser.add_argument("--min-path-um", type=float, default=0.0, help="leave out shorter skeletons (%(default)s)")
    parser.add_argument("--block-um", type=float, help="least edge of a block (default: four cutouts)")
    parser.add_argument("--batch", type=int, default=32, help="cutouts that the encoder gets at a time (%(default)s)")
    parser.add_argument("--readers", type=int, default=2, help="threads that read and cut (%(default)s)")
    parser.add_argument("--threads", type=int, help="CPU threads of an encoder (default: the cores, shared)")
    add_worker_options(parser)
    return parser


def _checked_encoder(settings: BulkSettings) -> CheckpointSpec:
    """Look at what would make every block fail before any is begun."""
    spec = read_spec(Path(settings.checkpoint))
    check_against(spec, settings.open_em(), settings.open_segmentation())
    return spec


def _told(finished: Finished, settings: BulkSettings) -> int:
    print(f"{counted(finished.rows, 'row')} in {settings.table_folder}")
    for block, why in sorted(finished.failed.items()):
        print(f"block {block} is not in the table: {why}", file=sys.stderr)
    if finished.failed:
        folder = JobFolder.beside(Path(settings.table_folder)).path
        print(
            f"{counted(len(finished.failed), 'block')} failed; the same command tries again ({folder} has the others)",
            file=sys.stderr,
        )
    return 1 if finished.failed else 0


def _say(text: str) -> None:
    print(text, flush=True)
