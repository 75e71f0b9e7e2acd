"""Memory between steps."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

MODEL = Path(__file__).resolve().parents[3] / "model"
MEASURE = """
import resource
import numpy as np
from segclr.training.memory import keep_freed_memory

def pages_cleared():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(4):
        np.ones(40_000_000, np.uint8)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

given_back = pages_cleared()
told = keep_freed_memory()
pages_cleared()
print(given_back, told, pages_cleared())
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only glibc can be told")
def test_what_one_step_frees_the_next_one_gets_without_the_system_clearing_it_again() -> None:
    environment = {**os.environ, "PYTHONPATH": str(MODEL)}
    done = subprocess.run([sys.executable, "-c", MEASURE], capture_output=True, text=True, check=True, env=environment)
    given_back, told, kept = done.stdout.split()
    assert told == "True"
    assert int(kept) < 0.2 * int(given_back)
