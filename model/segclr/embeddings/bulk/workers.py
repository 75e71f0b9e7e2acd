"""Which processes do the blocks of a job, as commands are told."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager

from segclr.embeddings.bulk.engine import Report, ThisProcess, Work, Workers
from segclr.errors import ProjectError


def add_worker_options(parser: argparse.ArgumentParser) -> None:
    """Let a command take `--retries`, and `--workers` or `--scheduler`."""
    parser.add_argument("--retries", type=int, default=2, help="of a block that fails (%(default)s)")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--workers", type=int, metavar="N", help="processes of this machine, by Dask")
    where.add_argument("--scheduler", metavar="ADDRESS", help="of a Dask cluster that runs already")


@contextmanager
def chosen_workers(
    work: Work, count: int | None, scheduler: str | None, say: Report, here: Workers | None = None
) -> Iterator[Workers]:
    """Give what does the blocks: this process if neither a number of processes nor a cluster is named.

    Args:
        here: does them in this process; None for one after the other.

    Raises:
        ProjectError: Dask is not installed, or no scheduler answers.
    """
    if count is None and scheduler is None:
        yield here or ThisProcess(work)
        return
    try:
        from segclr.embeddings.bulk.distributed import local_workers, workers_of  # optional
    except ImportError:
        raise ProjectError(
            "--workers and --scheduler need Dask: pip install 'segclr-viewer[distributed]', or leave them out"
        ) from None
    with workers_of(work, scheduler) if scheduler is not None else local_workers(work, count or 0) as workers:
        say(f"dashboard: {workers.dashboard}")
        yield workers
