"""Predict all rows of a table with a head, in blocks; killed at any moment, the same command goes on.

On this machine ``python -m segclr.predictions.predict TABLE HEAD.npz OUT [--workers N]``, on a Dask cluster
``python -m segclr.predictions.predict TABLE HEAD.npz OUT --scheduler tcp://HOST:8786``.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from segclr.commands import GOES_ON, exit_status
from segclr.embeddings.bulk.job import JobFolder
from segclr.embeddings.bulk.workers import add_worker_options, chosen_workers
from segclr.errors import ProjectError
from segclr.predictions.blocks import PredictionWork
from segclr.predictions.running import Predicted, run_prediction
from segclr.predictions.settings import ROWS_AT_ONCE, PredictionSettings, table_named
from segclr.wording import counted


def main(arguments: list[str] | None = None) -> int:
    """Run the command; an expected failure is one line on standard error, and blocks that failed are listed there."""
    parser = _parser()
    options = parser.parse_args(arguments)
    return exit_status(parser.prog, lambda: _run(options), GOES_ON)


def _run(options: argparse.Namespace) -> int:
    if options.rows_at_once < 1:
        raise ProjectError(f"--rows-at-once is {options.rows_at_once}: it must be 1 or more")
    head, out = options.head.resolve(), options.out.resolve()
    settings = PredictionSettings(table_named(options.table), str(head), str(out), options.rows_at_once)
    stored = settings.open_table()
    settings.open_head(stored)  # what would make every block fail is looked at before any is begun
    with chosen_workers(PredictionWork(settings), options.workers, options.scheduler, _say) as workers:
        predicted = run_prediction(settings, workers, options.retries, _say)
    return _told(predicted, out)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m segclr.predictions.predict",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("table", metavar="TABLE", help="folder or address of a table, or the project file that has it")
    parser.add_argument("head", type=Path, metavar="HEAD.npz", help="what `segclr-labels export-head` wrote")
    parser.add_argument("out", type=Path, metavar="OUT", help="folder for the predictions")
    parser.add_argument(
        "--rows-at-once", type=int, default=ROWS_AT_ONCE, metavar="N", help="rows of a block (%(default)s)"
    )
    add_worker_options(parser)
    return parser


def _told(predicted: Predicted, out: Path) -> int:
    print(f"{predicted.rows - predicted.without} of {predicted.rows} rows have predictions in {out}")
    for block, why in sorted(predicted.failed.items()):
        print(f"block {block} is not predicted: {why}", file=sys.stderr)
    if predicted.failed:
        folder = JobFolder.beside(out).path
        print(
            f"{counted(len(predicted.failed), 'block')} failed; the same command tries again ({folder} has the others)",
            file=sys.stderr,
        )
    return 1 if predicted.failed else 0


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
