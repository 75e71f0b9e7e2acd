"""Kills a labelling process at random moments, and looks every time at what the log holds."""

import multiprocessing
import random
import signal
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from segclr_viewer.log.events import LabelEvent, SavedPlace
from segclr_viewer.log.store import LabelStore
from tests.crash.writer import Append, append_number, write

KILLS_PER_LOG = 50  # then a new one is begun, so that looking at it stays quick
LONGEST_LIFE_S = 0.2
SHARE_KILLED_WHILE_STARTING = 0.3
SECONDS_TO_START = 60.0


@dataclass(slots=True)
class Tally:
    """What was seen so far. Of what comes after `retried` there must never be any."""

    kills: int = 0
    acknowledged: int = 0
    retried: int = 0
    lost: int = 0
    doubled: int = 0
    torn: int = 0
    misplaced: int = 0
    damaged: int = 0
    seconds: float = 0.0

    @property
    def spotless(self) -> bool:
        """Whether the log kept every promise."""
        return not (self.lost or self.doubled or self.torn or self.misplaced or self.damaged)

    def __str__(self) -> str:
        return (
            f"{self.kills:,} kills, {self.acknowledged:,} events acknowledged, {self.retried:,} appends sent again: "
            f"{self.lost} lost, {self.doubled} doubled, {self.torn} torn groups, {self.misplaced} out of order, "
            f"{self.damaged} logs damaged; {self.seconds:.0f} s"
        )


def kill_many(folder: Path, kills: int, seed: int) -> Tally:
    """Start a labelling process and kill it, again and again; the logs are left in `folder`."""
    context = multiprocessing.get_context("forkserver")  # a process that has imported all is only forked
    context.set_forkserver_preload(["tests.crash.writer"])
    rng, tally, started = random.Random(seed), Tally(), time.perf_counter()
    acknowledged: list[Append] = []
    retry: Append | None = None
    for run in range(kills):
        path = folder / f"labels-{run // KILLS_PER_LOG}.sqlite"
        if run % KILLS_PER_LOG == 0:
            acknowledged, retry = [], None
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(target=write, args=(path, run, retry, theirs), daemon=True)
        process.start()
        theirs.close()
        if rng.random() > SHARE_KILLED_WHILE_STARTING and not ours.poll(SECONDS_TO_START):
            raise RuntimeError("the labelling process does not start")
        time.sleep(rng.uniform(0, LONGEST_LIFE_S))
        process.kill()
        process.join()
        if process.exitcode != -signal.SIGKILL:
            raise RuntimeError(f"the labelling process ended by itself, with {process.exitcode}")
        told = _all_told(ours)
        acknowledged += told
        tally.kills += 1
        tally.retried += retry in told
        tally.acknowledged += sum(len(append_number(*append)[0]) for append in told)
        _look(path, acknowledged, tally, as_app=not acknowledged or rng.random() < 0.5)
        # during this append it died: nobody knows whether it was stored
        retry = (run, sum(of_run == run for of_run, _ in told))
    tally.seconds = time.perf_counter() - started
    return tally


def _all_told(acknowledged: Connection) -> list[Append]:
    """All that a dead process had said before its death."""
    told: list[Append] = []
    with acknowledged:
        try:
            while True:
                told.append(acknowledged.recv())
        except (EOFError, OSError):  # an answer that was cut off reached nobody
            return told


def _look(path: Path, acknowledged: list[Append], tally: Tally, as_app: bool) -> None:
    """Compare a log with what was acknowledged; as a reader, which leaves the file as it is, or as the next app."""
    with closing(LabelStore.open(path, reader=not as_app)) as store:
        events, places = store.events(), store.places()
        tally.damaged += store._connection.execute("PRAGMA integrity_check").fetchall() != [("ok",)]
    compare(acknowledged, events, places, tally)


def compare(acknowledged: list[Append], events: list[LabelEvent], places: list[SavedPlace], tally: Tally) -> None:
    """Count what is wrong with a log."""
    expected = [event.uuid for append in acknowledged for event in append_number(*append)[0]]
    stored = Counter(event.uuid for event in events)
    tally.lost += sum(uuid not in stored for uuid in expected)
    tally.doubled += sum(stored.values()) - len(stored)
    wanted = set(expected)
    present = [event.uuid for event in events if event.uuid in wanted]
    tally.misplaced += present != [uuid for uuid in expected if uuid in stored]

    sizes = Counter(uuid.rpartition("-")[0] for uuid in stored)
    whole = {uuid.rpartition("-")[0]: int(uuid.rpartition("/")[2]) for uuid in stored}
    tally.torn += sum(sizes[group] != size for group, size in whole.items())
    saved = {place.position_nm for place in places}
    for group in whole:
        run, number = map(int, group.split("-"))
        wanted_places = {place.position_nm for place in append_number(run, number)[1]}
        tally.torn += not wanted_places <= saved
        saved -= wanted_places
    tally.torn += len(saved)  # places whose labels are not there
