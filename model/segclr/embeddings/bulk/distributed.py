"""Blocks done by a Dask cluster: one that runs already, or one of this machine's processes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import dask
from distributed import Client, Future, LocalCluster, WorkerPlugin, as_completed, get_worker

from segclr.embeddings.bulk.engine import Doer, Outcome, Work, attempt
from segclr.errors import ProjectError, SegclrError

_NAME = "segclr-bulk"

# a scheduler hands out no more than what workers can do at once, so that one that dies loses a block alone
_SETTINGS = {"distributed.scheduler.worker-saturation": 1.0, "distributed.worker.daemon": True}


class _DoerOfWorker(WorkerPlugin):  # type: ignore[misc]  # Dask is not typed
    """What a worker keeps from block to block, such as volumes and an encoder: made at its first block."""

    name = _NAME

    def __init__(self, work: Work) -> None:
        self._work = work
        self._doer: Doer | None = None

    def doer(self) -> Doer:
        if self._doer is None:
            self._doer = self._work.open()
        return self._doer


@dataclass(frozen=True, slots=True)
class DaskWorkers:
    """A client of a cluster; made by `local_workers` or `workers_of`."""

    client: Client
    dashboard: str

    def outcomes(self, blocks: Iterable[int]) -> Iterator[Outcome]:
        """Do blocks, in any order. One whose worker dies again and again has failed."""
        futures = {self.client.submit(_do, block, priority=-block, pure=False): block for block in blocks}
        for future in as_completed(futures):
            block = futures.pop(future)
            yield _outcome(future, block)
            future.release()


def _outcome(future: Future, block: int) -> Outcome:
    try:
        found: Outcome = future.result()
    except Exception as error:  # of Dask: what the work raises is an outcome
        return Outcome(block, 0, f"its worker was lost: {type(error).__name__}: {error}")
    return found


@contextmanager
def local_workers(work: Work, count: int, dashboard: str = ":8787") -> Iterator[DaskWorkers]:
    """Start a cluster of this machine's processes, each doing one block at a time; they end with it.

    Args:
        dashboard: address that the dashboard listens at; another one if it is taken.

    Raises:
        ProjectError: There shall be no worker.
    """
    if count < 1:
        raise ProjectError(f"--workers is {count}: it must be 1 or more")
    with ExitStack() as stack:
        stack.enter_context(dask.config.set(_SETTINGS))
        cluster = stack.enter_context(
            LocalCluster(
                n_workers=count, threads_per_worker=1, processes=True, memory_limit=0, dashboard_address=dashboard
            )
        )
        client = stack.enter_context(Client(cluster))
        yield _registered(client, work)


@contextmanager
def workers_of(work: Work, scheduler: str) -> Iterator[DaskWorkers]:
    """Use the workers of a cluster that runs already, such as of SLURM or Kubernetes; each of one thread.

    Raises:
        ProjectError: Nobody answers there.
    """
    try:
        client = Client(scheduler, timeout="20s")
    except (OSError, ValueError, TimeoutError) as error:
        raise ProjectError(
            f"no Dask scheduler answers at {scheduler} ({error}): give the address that it printed when it started, "
            "such as tcp://10.0.0.5:8786"
        ) from None
    with client:
        _check_threads(client)
        yield _registered(client, work)


def _check_threads(client: Client) -> None:
    threads = client.nthreads()
    several = [address for address, count in threads.items() if count != 1]
    if several:
        raise ProjectError(
            f"the worker {several[0]} does {threads[several[0]]} tasks at once, but must do one: start workers "
            "with --nthreads 1"
        )


def _registered(client: Client, work: Work) -> DaskWorkers:
    client.register_plugin(_DoerOfWorker(work))
    return DaskWorkers(client, client.dashboard_link)


def _do(block: int) -> Outcome:
    """Body of a task, on a worker."""
    plugin = get_worker().plugins[_NAME]
    try:
        doer = plugin.doer()
    except SegclrError as error:
        return Outcome(block, 0, str(error))
    return attempt(doer, block)
