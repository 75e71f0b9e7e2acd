"""Which engine is taken, and what every engine must keep."""

import gc
import os
import subprocess
import sys
import weakref
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from segclr.encoder import engine_choice, engines
from segclr.encoder.checkpoint import DEMO_CHECKPOINT
from segclr.encoder.engine_choice import (
    Choice,
    EngineName,
    choose_engine,
    error_to_spread,
    has_bfloat16_units,
    probe,
)
from segclr.encoder.engines import RowwiseLinear, TorchEngine, torch_threads
from segclr.encoder.weights import load_network
from segclr.errors import EngineUnavailable

pytestmark = [
    pytest.mark.torch,
    pytest.mark.skipif(torch.cuda.is_available(), reason="a GPU is taken where there is one"),
]
SIZE = 33
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def network() -> nn.Module:
    """The demo's: bfloat16 can only be judged on trained weights."""
    torch.set_num_threads(2)
    return load_network(DEMO_CHECKPOINT)[0]


@pytest.fixture(scope="module", params=["openvino-float32", "openvino-bfloat16", "torch-bfloat16", "torch-float32"])
def made(request: pytest.FixtureRequest, network: nn.Module) -> tuple[str, Choice]:
    name: EngineName = request.param
    if name.startswith("openvino"):
        pytest.importorskip("openvino", reason="the extra openvino is not installed")
    if name.endswith("bfloat16") and not has_bfloat16_units():
        pytest.skip("this processor has no bfloat16")
    return name, choose_engine(network, SIZE, name)


def cutouts(count: int) -> NDArray[np.uint8]:
    """Plates of many thicknesses and greys, with noise."""
    rng = np.random.default_rng(5)
    images = np.zeros((count, SIZE, SIZE, SIZE), np.uint8)
    for image in images:
        first, last, mean = rng.integers(2, 15), rng.integers(17, 31), rng.integers(60, 200)
        image[:, first:last, first:] = rng.normal(mean, 30, image[:, first:last, first:].shape).clip(1, 255)
    return images


def test_every_engine_gives_a_cutout_the_same_bits_alone_and_among_others(made: tuple[str, Choice]) -> None:
    images = cutouts(11)
    together = made[1].engine.embed(images)
    assert together.shape == (11, 64)
    assert together.dtype == np.float32
    for row in range(len(images)):
        assert np.array_equal(made[1].engine.embed(images[row : row + 1])[0], together[row])


def test_every_engine_gives_what_plain_pytorch_gives_within_its_precision(
    made: tuple[str, Choice], network: nn.Module
) -> None:
    images = cutouts(12)
    with torch.inference_mode(), torch_threads(1):
        exact = network(torch.from_numpy(images).unsqueeze(1).float() / 255).numpy()
    name, choice = made
    error = error_to_spread(choice.engine.embed(images), exact)
    assert error <= 5e-6 if name.endswith("float32") else 1e-3 < error <= 0.03  # the budget: 3 %


def test_the_description_names_threads_library_and_precision(made: tuple[str, Choice]) -> None:
    name, choice = made
    library = "OpenVINO" if name.startswith("openvino") else "PyTorch"
    stem = " with space-to-depth stem" if name.endswith("bfloat16") else ""
    assert choice.engine.description == f"CPU, 2 threads, {library} {name.partition('-')[2]}{stem}"
    assert choice.reason == "as asked for"


@pytest.mark.parametrize("widths", [(6, 6), (33, 47), (64, 64)])
def test_a_row_of_a_head_does_not_depend_on_its_place_in_the_batch(widths: tuple[int, int]) -> None:
    torch.manual_seed(0)
    linear = nn.Linear(*widths)
    rowwise = RowwiseLinear(linear)
    rows = torch.randn(4, widths[0])
    with torch.inference_mode():
        together = rowwise(rows)
        torch.testing.assert_close(together, linear(rows))
        for place in range(4):
            moved = torch.zeros_like(rows)
            moved[0] = rows[place]
            assert torch.equal(rowwise(moved)[0], together[place])


def test_small_networks_run_in_openvino_and_in_float32(network: nn.Module) -> None:
    pytest.importorskip("openvino", reason="the extra openvino is not installed")
    choice = choose_engine(network, SIZE)
    assert "OpenVINO float32" in choice.engine.description
    assert "small" in choice.reason


def test_large_networks_run_in_bfloat16_where_the_processor_has_it(
    network: nn.Module, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("openvino", reason="the extra openvino is not installed")
    if not has_bfloat16_units():
        pytest.skip("this processor has no bfloat16")
    monkeypatch.setattr(engine_choice, "_LARGE_GFLOP", 0.0)
    choice = choose_engine(network, SIZE)
    assert "OpenVINO bfloat16 with space-to-depth stem" in choice.engine.description
    assert choice.reason == "the fastest that this machine has"
    monkeypatch.setattr(engine_choice, "has_bfloat16_units", lambda: False)
    assert "float32" in choose_engine(network, SIZE).engine.description


def test_the_weights_that_openvino_reads_live_as_long_as_its_engine(
    network: nn.Module, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("openvino", reason="the extra openvino is not installed")
    from segclr.encoder import openvino_engine

    prepared: list[weakref.ref[nn.Module]] = []

    def remembered(*arguments: object, **options: object) -> nn.Module:
        made = engines.for_inference(*arguments, **options)  # type: ignore[arg-type]
        prepared.append(weakref.ref(made))
        return made

    monkeypatch.setattr(openvino_engine, "for_inference", remembered)
    engine = openvino_engine.OpenvinoEngine(network, SIZE, torch.float32, 0.01)
    gc.collect()
    assert prepared[0]() is not None
    del engine
    gc.collect()
    assert prepared[0]() is None


def test_without_openvino_pytorch_is_taken_and_the_reason_says_what_to_install(
    network: nn.Module, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "segclr.encoder.openvino_engine", raising=False)
    monkeypatch.setitem(sys.modules, "openvino", None)  # an import of it fails
    choice = choose_engine(network, SIZE)
    assert "PyTorch float32" in choice.engine.description
    assert "not installed" in choice.reason
    assert "[openvino]" in choice.reason
    with pytest.raises(EngineUnavailable, match="not installed"):
        choose_engine(network, SIZE, "openvino-float32")


def test_an_engine_that_changes_the_embeddings_is_left_out(network: nn.Module, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = nn.Sequential(network, nn.Threshold(0.0, 0.0))
    makers = {**engine_choice._MAKERS, "openvino-float32": lambda *_: TorchEngine(wrong, torch.float32, 0.0)}
    monkeypatch.setattr(engine_choice, "_MAKERS", makers)
    choice = choose_engine(network, SIZE)
    assert "plain PyTorch" in choice.reason
    assert "openvino-float32 left out: its error is" in choice.reason
    assert probe(network, SIZE).error(choice.engine) < 1e-5
    with pytest.raises(EngineUnavailable, match="of the spread between cutouts"):
        choose_engine(network, SIZE, "openvino-float32")


def test_an_engine_that_lacks_a_layer_is_left_out(network: nn.Module, monkeypatch: pytest.MonkeyPatch) -> None:
    lacking = nn.Sequential(network, nn.Linear(65, 1))
    makers = {**engine_choice._MAKERS, "openvino-float32": lambda *_: TorchEngine(lacking, torch.float32, 0.0)}
    monkeypatch.setattr(engine_choice, "_MAKERS", makers)
    assert "openvino-float32 left out: it cannot run this network" in choose_engine(network, SIZE).reason


def test_an_engine_that_gives_no_numbers_is_left_out(network: nn.Module, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = nn.Sequential(network, nn.Threshold(1e9, float("nan")))
    makers = {**engine_choice._MAKERS, "openvino-float32": lambda *_: TorchEngine(broken, torch.float32, 0.0)}
    monkeypatch.setattr(engine_choice, "_MAKERS", makers)
    assert "plain PyTorch" in choose_engine(network, SIZE).reason


def test_engines_that_are_unknown_or_not_here_are_refused(network: nn.Module) -> None:
    with pytest.raises(EngineUnavailable, match='no engine "openvino"') as refused:
        choose_engine(network, SIZE, "openvino")  # type: ignore[arg-type]
    assert all(name in str(refused.value) for name in get_args(EngineName))
    with pytest.raises(EngineUnavailable, match="no GPU"):
        choose_engine(network, SIZE, "cuda-bfloat16")


def test_the_error_is_measured_against_the_spread_and_not_against_the_length() -> None:
    rng = np.random.default_rng(0)
    exact = (1000 + rng.normal(size=(500, 64))).astype(np.float32)
    other = (exact + rng.normal(scale=0.5, size=exact.shape)).astype(np.float32)
    assert error_to_spread(other, exact) == pytest.approx(0.5, rel=0.02)  # their cosine is above 0.9999
    assert error_to_spread(exact, exact) == 0
    assert error_to_spread(np.ones((2, 3), np.float32), np.zeros((2, 3), np.float32)) == 1


def test_openvino_tells_nobody_that_it_is_used(tmp_path: Path) -> None:
    pytest.importorskip("openvino", reason="the extra openvino is not installed")
    code = (
        "import sys, segclr.encoder.openvino_engine\n"
        "print([name for name in sys.modules if name.startswith('openvino_telemetry.')])\n"
        "from openvino.tools.ovc import telemetry_utils; print(telemetry_utils.tm.__name__)"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "model"), "HOME": str(tmp_path), "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    assert done.stdout.split() == ["[]", "openvino.tools.ovc.telemetry_stub"]
    assert list(tmp_path.iterdir()) == [], "something was noted in the user's home folder"
