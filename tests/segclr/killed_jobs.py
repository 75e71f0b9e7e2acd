"""A job that is killed again and again, as a scheduler or a power cut would end it."""

import random
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def kill_and_finish(module: str, arguments: Sequence[str], kills: int, steps: int, step_s: float) -> None:
    """Run a module of the tests, kill it several times, and let it finish.

    Args:
        steps: it prints a line a step; it is killed after 1 to so many.
        step_s: about as long as a step takes, so that it dies anywhere in one.
    """
    command = [sys.executable, "-m", module, *arguments]
    environment = {"PYTHONPATH": f"{ROOT}:{ROOT / 'model'}", "OMP_NUM_THREADS": "1", "PATH": ""}
    rng, killed = random.Random(), 0
    for _ in range(kills):
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, cwd=ROOT) as process:
            assert process.stdout is not None
            for _ in range(rng.randint(1, steps)):
                process.stdout.readline()
            with suppress(subprocess.TimeoutExpired):
                process.wait(rng.uniform(0, step_s))
            process.kill()
            process.wait()
            killed += process.returncode == -9
    assert killed > 1
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
