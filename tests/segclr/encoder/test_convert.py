"""Taking over released weights: from a TensorFlow checkpoint to one of this program."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from segclr.em.cutout import CutoutSpec
from segclr.encoder.checkpoint import TrainingRecord
from segclr.encoder.config import LegacyConfig
from segclr.encoder.convert import main, variables
from segclr.encoder.tf_bundle import open_bundle
from segclr.encoder.weights import load_network
from segclr.errors import CheckpointMismatch
from tests.segclr.encoder import golden_legacy as golden
from tests.segclr.encoder.bundle_writer import GRAPH, write_bundle

pytestmark = pytest.mark.torch
GOLDEN_FOLDER = Path(__file__).resolve().parents[4] / "shared" / "reference" / "segclr_golden"
OPTIONS = ["--resolution-nm", "32", "32", "33", "--data", "H01", "--steps", "355200"]
COUNTER = "save_counter/.ATTRIBUTES/VARIABLE_VALUE"


def key_of(name: str) -> str:
    return f"_tf1_style_var_store/_vars/{name.replace('/', '.S')}/.ATTRIBUTES/VARIABLE_VALUE"


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A checkpoint as it was released, with the golden weights and one variable more."""
    tensors: dict[str, NDArray[np.generic]] = {key_of(name): value for name, value in golden.variables().items()}
    tensors |= {COUNTER: np.array(1), key_of("global_step"): np.array(355_200)}
    prefix = write_bundle(tmp_path_factory.mktemp("released") / "model.ckpt-355200", tensors, compress=True)
    yield prefix
    prefix.with_name(prefix.name + ".data-00000-of-00001").unlink()  # 135 MB


def test_the_command_writes_a_checkpoint_with_the_golden_embedding(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "h01.safetensors"
    assert main([str(source), str(target), *OPTIONS, "--ignore", "global_step"]) == 0
    network, spec = load_network(target)
    assert capsys.readouterr().out == f"{spec}\n{target}\n"
    assert spec.encoder == LegacyConfig()
    assert spec.cutout == CutoutSpec(129, (32.0, 32.0, 33.0), "masked_em")
    assert spec.training == TrainingRecord("H01", 355_200)
    assert spec.training.temperature is None  # a released checkpoint does not tell
    with torch.inference_mode():
        embedding = network(torch.from_numpy(golden.image())[None, None])[0]
    np.testing.assert_allclose(embedding.numpy(), golden.numbers(golden.EMBEDDING), atol=1e-4, rtol=0)
    target.unlink()  # 135 MB


def test_a_variable_that_the_network_does_not_know_is_named_unless_told_to_ignore_it(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "h01.safetensors"
    assert main([str(source), str(target), *OPTIONS]) == 1
    assert capsys.readouterr().err == "these are not the tensors of the released network; extra: global_step\n"
    assert not target.exists()


def test_the_keys_are_those_of_the_reference_folder(source: Path) -> None:
    if not GOLDEN_FOLDER.is_dir():
        pytest.skip("no golden vector beside the checkout (shared/reference/segclr_golden)")
    listed = {}
    for line in (GOLDEN_FOLDER / "checkpoint_keys.txt").read_text().splitlines():
        key, _, shape = line.partition(" ")
        listed[key] = tuple(int(edge) for edge in shape[1:-1].split(",") if edge)
    found = {key: entry.shape for key, entry in open_bundle(source).entries.items() if "global_step" not in key}
    assert found == listed


def test_a_checkpoint_that_was_saved_under_a_name_has_the_same_variables(tmp_path: Path) -> None:
    value = np.ones(3, np.float32)
    keys = {"model/" + key_of("head/nl_0/dense/kernel"): value, COUNTER: np.array(1), "other": value}
    assert variables(open_bundle(write_bundle(tmp_path / "named", keys))) == {
        "head/nl_0/dense/kernel": "model/" + key_of("head/nl_0/dense/kernel"),
        "other": "other",
    }


def test_a_variable_under_two_names_is_refused(tmp_path: Path) -> None:
    value = np.ones(3, np.float32)
    bundle = open_bundle(
        write_bundle(tmp_path / "twice", {key_of("a/bias"): value, "model/" + key_of("a/bias"): value})
    )
    with pytest.raises(CheckpointMismatch, match=r"same variable twice, as _tf1_.*a\.Sbias/.* and as model/_tf1_"):
        variables(bundle)


def test_a_checkpoint_of_something_else_is_refused(tmp_path: Path) -> None:
    bundle = open_bundle(write_bundle(tmp_path / "other", {"encoder/kernel": np.ones(3, np.float32)}))
    with pytest.raises(
        CheckpointMismatch, match=rf"none of its 2 keys contains _tf1_.*first are {GRAPH}, encoder/kern"
    ):
        variables(bundle)


@pytest.mark.parametrize("size", ["128", "131"])
def test_a_view_that_does_not_fit_the_network_is_refused(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], size: str
) -> None:
    assert main([str(source), str(tmp_path / "out"), *OPTIONS, "--size", size]) == 1
    error = capsys.readouterr().err
    assert "odd" in error
    assert f" {size} voxels" in error
    assert error.count("\n") == 1


def test_a_missing_checkpoint_is_told_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "absent"), str(tmp_path / "out"), *OPTIONS]) == 1
    assert capsys.readouterr().err.startswith(f"{tmp_path / 'absent.index'} cannot be read: No such file")


def test_a_folder_that_cannot_be_written_is_told_in_one_line(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "absent" / "out.safetensors"
    assert main([str(source), str(target), *OPTIONS, "--ignore", "global_step"]) == 1
    assert capsys.readouterr().err == f"{target} cannot be written: No such file or directory\n"


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (["--resolution-nm", "0", "32", "33"], "0 is no length in nm"),
        (["--resolution-nm", "32", "nan", "33"], "nan is no length in nm"),
        (["--steps", "0"], "0 is no number of training steps"),
        (["--content", "edges"], "invalid choice: 'edges'"),
    ],
)
def test_impossible_options_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], text: str
) -> None:
    with pytest.raises(SystemExit):
        main([str(tmp_path / "model"), str(tmp_path / "out"), *OPTIONS, *options])
    assert text in capsys.readouterr().err
