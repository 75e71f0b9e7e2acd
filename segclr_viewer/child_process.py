"""Processes that do the app's heavy work: they leave Ctrl+C to the app, and end when it ends, however it does."""

import logging
import multiprocessing
import os
import signal
import threading
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.process import BaseProcess


def new_child(niceness: int = 0) -> ProcessPoolExecutor:
    """One new process that takes one job after the other.

    Args:
        niceness: how far it steps back behind the app where there are few cores.
    """
    return ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), begin_child, (niceness,))


def end_child(child: ProcessPoolExecutor) -> None:
    """End the process at once, whatever it is at."""
    processes = list((child._processes or {}).values())  # there is no public way to end what is under way
    child.shutdown(wait=False, cancel_futures=True)
    for process in processes:
        process.terminate()


def begin_child(niceness: int = 0) -> None:
    """First thing in a new process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(niceness)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")  # as cli.py does for the app
    wait_without_spinning()
    app = multiprocessing.parent_process()
    if app is not None:
        threading.Thread(target=_end_with, args=(app,), daemon=True).start()


def wait_without_spinning() -> None:
    """Let OpenMP's threads sleep where they wait for each other; to be called before torch is loaded.

    Where other processes want the cores too, threads that spin take them several times as long.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def _end_with(app: BaseProcess) -> None:
    app.join()
    os._exit(1)
