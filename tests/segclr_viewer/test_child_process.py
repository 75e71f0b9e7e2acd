"""Child processes: a real app that is killed, and the child it leaves behind."""

import contextlib
import logging
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from segclr_viewer.child_process import new_child

ROOT = Path(__file__).resolve().parents[2]
APP = """
import os, time
from segclr_viewer.child_process import new_child
if __name__ == "__main__":
    pool = new_child()
    print(pool.submit(os.getpid).result(), flush=True)
    time.sleep(600)
"""


def test_a_child_ends_when_the_app_is_killed(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(APP)
    paths = os.pathsep.join([str(ROOT), str(ROOT / "model")])
    with subprocess.Popen(
        [sys.executable, tmp_path / "app.py"], stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": paths}
    ) as app:
        assert app.stdout is not None
        child = int(app.stdout.readline())
        os.kill(child, 0)  # it is there
        app.kill()
        try:
            # the child holds the other end of this pipe, too: it is at its end when both have ended
            assert app.communicate(timeout=30)[0] == ""
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)


def test_a_child_leaves_ctrl_c_to_the_app_and_steps_back() -> None:
    pool = new_child(niceness=3)
    try:
        child = pool.submit(os.getpid).result(60)
        os.kill(child, signal.SIGINT)
        assert pool.submit(os.getpid).result(60) == child
        assert pool.submit(os.nice, 0).result(60) == min(os.nice(0) + 3, 19)
    finally:
        pool.shutdown()


def test_what_a_child_logs_is_seen_in_the_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    pool = new_child()
    try:
        pool.submit(logging.info, "the encoder runs on %s", "a slide rule").result(60)
    finally:
        pool.shutdown()
    assert capfd.readouterr().err == "INFO root: the encoder runs on a slide rule\n"
