"""Several processes that train together: the same numbers as one, one voice, and no hang."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from segclr.encoder.checkpoint import read_spec
from segclr.training.__main__ import main
from segclr.training.journal import read_log
from segclr.training.loader import Share
from segclr.training.ranks import alone
from tests.segclr.training.gradients_of_a_rank import of_a_step, of_norms

pytestmark = pytest.mark.torch

HERE = Path(__file__).parent
MODEL = HERE.parents[2] / "model"
TOLD = ("MASTER_ADDR", "MASTER_PORT", "RANK", "LOCAL_RANK", "WORLD_SIZE")  # by torchrun itself
SECONDS = 120  # a loaded machine may take long to import torch twice


def environment(rank: int, count: int, port: int) -> dict[str, str]:
    """What torchrun tells a process."""
    return {
        **os.environ,
        "PYTHONPATH": str(MODEL),
        "OMP_NUM_THREADS": "1",
        "CUDA_VISIBLE_DEVICES": "",
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "RANK": str(rank),
        "LOCAL_RANK": str(rank),
        "WORLD_SIZE": str(count),
    }


def start(arguments: list[str], count: int = 2) -> list[subprocess.Popen[str]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return [
        subprocess.Popen(
            [sys.executable, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(rank, count, port),
        )
        for rank in range(count)
    ]


def written(folder: Path, world, more: str = "") -> Path:
    path = folder / "config.toml"
    path.write_text(
        f"""
output = "run"
steps = 4
pairs = 8
distance_buckets_um = [0, 2]
save_every_steps = 2
{more}
[view]
size = 9
resolution_nm = {list(world.resolution_nm)}
[encoder]
widths = [4]
blocks = [1]
stem_kernel = 3
[[volume]]
em = "{world.em_url}"
segmentation = "{world.segmentation_url}"
skeletons = "{world.skeletons_url}"
"""
    )
    return path


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, NDArray[np.floating]]]:
    """What two ranks found with one batch."""
    folder = tmp_path_factory.mktemp("ranks")
    for process in start([str(HERE / "gradients_of_a_rank.py"), str(folder)]):
        _, errors = process.communicate(timeout=SECONDS)
        assert process.returncode == 0, errors
    return [dict(np.load(folder / f"rank{index}.npz")) for index in range(2)]


# the chunks of two ranks hold these pairs: the first halves of both shares, then the second ones
@pytest.mark.parametrize(
    ("name", "accumulate", "rows"), [("whole", 1, [*range(12)]), ("chunks", 2, [0, 1, 2, 6, 7, 8, 3, 4, 5, 9, 10, 11])]
)
def test_two_processes_have_the_gradients_of_one_with_the_whole_batch(
    two: list[dict[str, NDArray[np.floating]]], name: str, accumulate: int, rows: list[int]
) -> None:
    expected = of_a_step(alone(), accumulate, rows)
    largest = max(np.linalg.norm(values) for key, values in expected.items() if key.startswith("gradient"))
    for key, values in expected.items():
        found = [rank[f"{name} {key}"] for rank in two]
        assert np.array_equal(found[0], found[1]), key  # to the bit: the networks stay equal
        # sums in another order: two digits above float32's own; a bias before a norm has no gradient but rounding
        assert np.linalg.norm(found[0] - values) <= 1e-4 * np.linalg.norm(values) + 1e-6 * largest, key


def test_a_norm_over_two_ranks_is_exactly_that_over_the_whole_batch(
    two: list[dict[str, NDArray[np.floating]]],
) -> None:
    for key, expected in of_norms(False, Share()).items():
        parts = [rank[f"norm {key}"] for rank in two]
        kind = key.split()[1]
        joined = {"rows": np.concatenate(parts) if parts[0].ndim else parts, "sum": sum(parts), "same": parts[1]}
        np.testing.assert_allclose(joined[kind], expected, rtol=1e-9, atol=1e-9, err_msg=key)


def test_torchrun_gives_the_losses_of_one_process_and_one_voice(world, tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    assert main([str(written(tmp_path / "one", world))]) == 0
    launcher = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2", "--standalone"]
    command = [*launcher, "-m", "segclr.training", str(written(tmp_path / "two", world))]
    bare = {name: value for name, value in environment(0, 1, 0).items() if name not in TOLD}
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=bare, timeout=2 * SECONDS)
    assert len(re.findall("step 4/4", done.stdout)) == 1
    assert done.stdout.count('{"view"') == 1
    logs = [read_log(tmp_path / name / "run" / "log.csv", 4) for name in ("one", "two")]
    assert [row.step for row in logs[1]] == [1, 2, 3, 4]
    for one, two in zip(*logs, strict=True):
        assert (two.loss, two.alignment, two.uniformity) == pytest.approx(
            (one.loss, one.alignment, one.uniformity), rel=1e-3
        )
    specs = [read_spec(tmp_path / name / "run" / "encoder.safetensors") for name in ("one", "two")]
    assert specs[0].encoder == specs[1].encoder
    assert sorted(path.name for path in (tmp_path / "two" / "run").iterdir()) == [
        "encoder.safetensors",
        "log.csv",
        "state.safetensors",
    ]


def test_a_rank_that_dies_ends_the_run_with_one_sentence(world, tmp_path: Path) -> None:
    path = written(tmp_path, world).read_text().replace("steps = 4", "steps = 1_000_000")
    (tmp_path / "config.toml").write_text(path)
    first, second = start(["-m", "segclr.training", str(tmp_path / "config.toml")])
    assert first.stdout is not None
    while "step 20/" not in first.stdout.readline():
        assert first.poll() is None
    second.send_signal(signal.SIGKILL)
    began = time.monotonic()
    _, errors = first.communicate(timeout=SECONDS)
    second.communicate()
    assert time.monotonic() - began < SECONDS
    assert first.returncode == 1
    assert errors.count("\n") == 1
    assert errors.startswith("another process of this training has ended")


def test_a_mistake_is_told_once_however_many_ranks_see_it(world, tmp_path: Path) -> None:
    path = written(tmp_path, world, more="accumulate = 8")
    processes = start(["-m", "segclr.training", str(path)])
    told = "".join(process.communicate(timeout=SECONDS)[1] for process in processes)
    assert [process.returncode for process in processes] == [1, 1]
    assert told.strip() == (
        "8 pairs cannot be shared equally by 2 processes in 8 chunks each: make pairs a multiple of 16"
    )
