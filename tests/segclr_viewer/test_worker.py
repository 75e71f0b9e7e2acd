"""The encoder's process, with a small embedder in it: answers in order, errors in words, back after a kill."""

import multiprocessing
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from segclr.em.geometry import XYZ
from segclr.errors import NoSegment, SegclrError, VolumeUnavailable, WorkerDied
from segclr_viewer.ports import Embedded
from segclr_viewer.worker import Embedder, EncoderWorker

BIG = 2**63 + 5
PATIENCE_S = 30  # only a failing test waits that long


@dataclass(frozen=True)
class SmallEmbedder:
    """Answers with the position as embedding and its process id as a time; some positions are trouble."""

    device: str = "abacus"

    def embed(self, position_nm: XYZ, segment_id: int | None) -> Embedded:
        x = position_nm[0]
        if x == -1:
            raise NoSegment("background")
        if x == -2:
            raise ZeroDivisionError("by zero")
        if x == -3:
            os.kill(os.getpid(), signal.SIGKILL)
        planes = tuple(np.full(shape, 7, np.uint8) for shape in ((3, 4), (2, 4), (2, 3)))
        return Embedded(segment_id or BIG, position_nm, np.array(position_nm, np.float32), planes, {"pid": os.getpid()})  # type: ignore[arg-type]


def load_small() -> Embedder:
    return SmallEmbedder()


def load_nothing() -> Embedder:
    raise VolumeUnavailable("there is no volume at file:///nowhere")


def load_and_die() -> Embedder:
    os._exit(3)


def load_for_ever() -> Embedder:
    threading.Event().wait()
    raise AssertionError


@dataclass
class Loop:
    """The session's thread: runs what is posted when the test says so."""

    posted: "queue.Queue[Callable[[], None]]" = field(default_factory=queue.Queue)
    seen: list[object] = field(default_factory=list)

    def until(self, count: int) -> list[object]:
        while len(self.seen) < count:
            self.posted.get(timeout=PATIENCE_S)()
        return self.seen

    def worker(self, load: Callable[[], Embedder]) -> EncoderWorker:
        return EncoderWorker(load, self.posted.put, self.seen.append, self.seen.append)

    def ask(self, worker: EncoderWorker, x: float, segment_id: int | None = None) -> None:
        worker.embed((x, 2.0, 3.0), segment_id, self.seen.append, self.seen.append)


@pytest.fixture
def loop() -> Loop:
    return Loop()


@pytest.fixture
def worker(loop: Loop) -> Iterator[EncoderWorker]:
    """A worker that the test may kill or close."""
    worker = loop.worker(load_small)
    assert loop.until(1) == ["abacus"]
    loop.seen.clear()
    yield worker
    worker.close()


@pytest.fixture(scope="module")
def shared() -> Iterator[tuple[Loop, EncoderWorker]]:
    """A worker that goes on."""
    loop = Loop()
    worker = loop.worker(load_small)
    assert loop.until(1) == ["abacus"]
    yield loop, worker
    worker.close()


@pytest.fixture
def living(shared: tuple[Loop, EncoderWorker]) -> tuple[Loop, EncoderWorker]:
    shared[0].seen.clear()
    return shared


def pid_of(answer: object) -> int:
    assert isinstance(answer, Embedded), answer
    return int(answer.stages_ms["pid"])


def test_places_are_embedded_in_another_process_and_in_order(living: tuple[Loop, EncoderWorker]) -> None:
    loop, worker = living
    for x in range(10):
        loop.ask(worker, float(x), None if x else 5)
    answers = loop.until(10)
    assert [answer.position_nm[0] for answer in answers if isinstance(answer, Embedded)] == list(range(10))
    assert [answer.segment_id for answer in answers if isinstance(answer, Embedded)] == [5] + [BIG] * 9
    assert {pid_of(answer) for answer in answers}.isdisjoint({os.getpid()})


def test_nothing_is_answered_on_a_thread_that_is_not_the_sessions(living: tuple[Loop, EncoderWorker]) -> None:
    loop, worker = living
    loop.ask(worker, 1.0)
    answer = loop.posted.get(timeout=PATIENCE_S)
    assert loop.seen == []
    answer()
    assert len(loop.seen) == 1


def test_errors_of_a_place_are_told_and_the_process_goes_on(living: tuple[Loop, EncoderWorker]) -> None:
    loop, worker = living
    for x in (-1.0, -2.0, 1.0):
        loop.ask(worker, x)
    background, unexpected, fine = loop.until(3)
    assert isinstance(background, NoSegment)
    assert isinstance(unexpected, SegclrError)
    assert "ZeroDivisionError: by zero" in str(unexpected)
    assert "\n" not in str(unexpected)
    assert isinstance(fine, Embedded)


def test_a_killed_process_fails_what_it_was_asked_and_the_next_click_works(loop: Loop, worker: EncoderWorker) -> None:
    loop.ask(worker, 1.0)
    first = pid_of(loop.until(1)[0])
    loop.ask(worker, -3.0)  # the process kills itself with this and one more question pending
    loop.ask(worker, 2.0)
    _, one, other = loop.until(3)
    assert isinstance(one, WorkerDied)
    assert one is other
    assert "it was restarted: click again" in str(one)
    loop.seen.clear()
    loop.ask(worker, 4.0)
    device, answer = loop.until(2)
    assert device == "abacus"
    assert isinstance(answer, Embedded)
    assert pid_of(answer) != first


def test_a_process_that_was_killed_while_idle_is_replaced(loop: Loop, worker: EncoderWorker) -> None:
    loop.ask(worker, 1.0)
    pid = pid_of(loop.until(1)[0])
    os.kill(pid, signal.SIGKILL)
    answers: list[object] = []
    while not any(isinstance(answer, Embedded) for answer in answers):  # the first may still meet the dead process
        loop.seen.clear()
        loop.ask(worker, 2.0)
        while not any(isinstance(answer, Embedded | WorkerDied) for answer in loop.seen):
            loop.posted.get(timeout=PATIENCE_S)()
        answers += loop.seen
    assert sum(isinstance(answer, WorkerDied) for answer in answers) <= 1
    assert pid_of(next(answer for answer in answers if isinstance(answer, Embedded))) != pid


def test_an_encoder_that_cannot_be_loaded_is_told_at_once_and_at_every_click(loop: Loop) -> None:
    worker = loop.worker(load_nothing)
    loop.ask(worker, 1.0)
    assert [str(answer) for answer in loop.until(2)] == ["there is no volume at file:///nowhere"] * 2
    assert all(isinstance(answer, VolumeUnavailable) for answer in loop.seen)
    worker.close()


def test_a_process_that_dies_while_loading_is_not_started_for_ever(loop: Loop) -> None:
    worker = loop.worker(load_and_die)
    assert isinstance(loop.until(1)[0], WorkerDied)
    answers: list[object] = []
    worker.embed((1.0, 2.0, 3.0), None, answers.append, answers.append)
    while not answers:
        loop.posted.get(timeout=PATIENCE_S)()
    assert isinstance(answers[0], WorkerDied)
    assert len(loop.seen) == 1  # no start of its own accord came before the click's
    worker.close()


def test_closing_ends_the_process_and_nothing_more_is_answered(loop: Loop, worker: EncoderWorker) -> None:
    loop.ask(worker, 1.0)
    pid = pid_of(loop.until(1)[0])
    process = next(child for child in multiprocessing.active_children() if child.pid == pid)
    loop.ask(worker, 2.0)
    worker.close()
    process.join(PATIENCE_S)
    with pytest.raises(ProcessLookupError):  # its exit code may have gone to the pool's own thread
        os.kill(process.pid or 0, 0)
    while not loop.posted.empty():
        loop.posted.get()()
    assert len(loop.seen) == 1


def test_closing_does_not_wait_for_an_encoder_that_is_being_loaded(loop: Loop) -> None:
    before = set(multiprocessing.active_children())
    worker = loop.worker(load_for_ever)
    (process,) = set(multiprocessing.active_children()) - before
    worker.close()
    process.join(PATIENCE_S)
    with pytest.raises(ProcessLookupError):  # its exit code may have gone to the pool's own thread
        os.kill(process.pid or 0, 0)
    assert loop.seen == []


START_AND_TELL = """
import queue, sys
from tests.segclr_viewer.test_worker import load_small
from segclr_viewer.worker import EncoderWorker
if __name__ == "__main__":
    posted = queue.Queue()
    seen = []
    worker = EncoderWorker(load_small, posted.put, seen.append, seen.append)
    posted.get()()
    print(seen[0], flush=True)
    sys.stdin.read()
"""


def test_a_killed_app_leaves_no_encoder_behind(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[2]
    script = tmp_path / "app.py"
    script.write_text(START_AND_TELL)
    environment = {"PYTHONPATH": f"{root}:{root / 'model'}"}
    command = [sys.executable, str(script)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, env=environment, text=True) as app:
        assert app.stdout is not None
        assert app.stdout.readline() == "abacus\n"
        app.kill()
        app.communicate(timeout=PATIENCE_S)  # returns when the last process that holds the pipe has ended
