"""Work that must be done once before the app can start, each piece in a process of its own behind a progress bar.

A process of its own, so that torch and numba are never loaded into the app, and their memory is given back.
"""

import multiprocessing
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection

from tqdm import tqdm

from segclr.errors import SegclrError, WorkerDied
from segclr_viewer.child_process import wait_without_spinning

# What a piece of work calls to tell how far it is: a few words, and the share that is done (0 to 1).
Progress = Callable[[str, float], None]


def run_with_progress(title: str, work: Callable[..., None], *arguments: object) -> None:
    """Run ``work(*arguments, progress)`` in a new process and draw its progress on the terminal.

    Args:
        title: what is being done, for the bar and for error messages.
        work: a module-level function; it and its arguments are pickled to the new process.
        *arguments: passed on.

    Raises:
        SegclrError: the one that ``work`` raised, or WorkerDied when its process ended in any other way.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(theirs, work, arguments), daemon=True)
    process.start()
    theirs.close()
    failure: Exception | None = None
    finished = False
    with tqdm(total=100, desc=title, bar_format="{desc}: {percentage:3.0f}% |{bar}| {elapsed}{postfix}") as bar:
        while not finished:
            try:
                message = ours.recv()
            except EOFError:
                break
            if isinstance(message, Exception):
                failure = message
            elif message is None:
                finished = True
            else:
                text, share = message
                bar.set_postfix_str(text, refresh=False)
                bar.n = min(100, round(100 * share))
                bar.refresh()
        if finished and failure is None:
            bar.n = 100
            bar.set_postfix_str("", refresh=True)
    process.join()
    if failure is not None:
        raise failure
    if not finished:
        raise WorkerDied(f"{title} stopped: its process ended (exit code {process.exitcode}); is there memory left?")


def _run(pipe: Connection, work: Callable[..., None], arguments: tuple[object, ...]) -> None:
    """Body of the new process: the work, then None, or the error in words."""
    wait_without_spinning()
    try:
        work(*arguments, lambda text, share: pipe.send((text, share)))
    except SegclrError as error:
        pipe.send(error)
    except KeyboardInterrupt:
        return
    except Exception as error:
        traceback.print_exc()
        pipe.send(SegclrError(f"unexpected {type(error).__name__}: {error} (details above)"))
    pipe.send(None)
