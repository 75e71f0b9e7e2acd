"""The training loop on a tiny volume."""

import csv
import math
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import torch

from segclr.encoder.checkpoint import read_spec
from segclr.encoder.inference import load_encoder
from segclr.errors import CheckpointMismatch, ProjectError
from segclr.training import loop
from segclr.training.config import TrainingConfig
from segclr.training.journal import read_log
from segclr.training.loader import Batch
from segclr.training.loop import LOG, STATE, Progress, train
from segclr.training.optimiser import learning_rate
from segclr.training.state import load_state, save_state
from segclr.training.trainer import StepResult, Trainer
from segclr.training.volumes import TrainingVolume, open_volumes

pytestmark = pytest.mark.torch


def losses(config: TrainingConfig) -> list[float]:
    with (Path(config.output) / LOG).open(newline="") as file:
        return [float(row["loss"]) for row in csv.DictReader(file)]


class Stop(Exception):  # noqa: N818
    """The user has seen enough."""


def stop_after(steps: int) -> "object":
    def report(progress: Progress) -> None:
        if progress.step == steps:
            raise Stop

    return report


def test_the_loss_falls(config: TrainingConfig, volume: TrainingVolume) -> None:
    longer = replace(config, steps=40, save_every_steps=40)
    train(longer, [volume])
    curve = losses(longer)
    assert len(curve) == 40
    assert np.mean(curve[-8:]) < 0.8 * np.mean(curve[:8])


@pytest.mark.parametrize(("optimiser", "accumulate"), [("adamw", 1), ("lars", 2)])
def test_a_resumed_run_has_the_same_losses_and_weights(
    config: TrainingConfig, volume: TrainingVolume, tmp_path: Path, optimiser: Literal["adamw", "lars"], accumulate: int
) -> None:
    config = replace(config, optimiser=optimiser, accumulate=accumulate)
    whole = train(config, [volume])
    broken = replace(config, output=str(tmp_path / "broken"))
    with pytest.raises(Stop):
        train(broken, [volume], stop_after(7))  # two steps after the last state
    assert len(losses(broken)) == 7
    resumed_steps: list[int] = []
    resumed = train(broken, [volume], lambda progress: resumed_steps.append(progress.step))
    assert resumed_steps == [6, 7, 8, 9, 10]
    assert losses(broken) == losses(config)
    assert resumed.read_bytes() == whole.read_bytes()


def test_a_finished_run_is_left_as_it_is(config: TrainingConfig, volume: TrainingVolume) -> None:
    before = train(config, [volume]).read_bytes()
    curve = losses(config)
    assert train(config, [volume]).read_bytes() == before
    assert losses(config) == curve


def test_the_checkpoint_tells_how_it_was_trained_and_embeds(config: TrainingConfig, volume: TrainingVolume) -> None:
    path = train(config, [volume])
    spec = read_spec(path)
    assert (spec.training.steps, spec.training.pairs_per_step, spec.cutout) == (10, 8, config.cutout_spec())
    assert spec.training.loss == pytest.approx(np.mean(losses(config)))
    assert load_encoder(path, threads=1).embed(np.ones((1, 9, 9, 9), np.uint8)).shape == (1, 64)


def test_other_settings_are_not_mixed_with_an_earlier_run(config: TrainingConfig, volume: TrainingVolume) -> None:
    train(config, [volume])
    with pytest.raises(CheckpointMismatch, match="other settings"):
        train(replace(config, learning_rate=1e-4), [volume])


def test_a_damaged_state_is_named(config: TrainingConfig, volume: TrainingVolume) -> None:
    train(config, [volume])
    state = Path(config.output) / STATE
    state.write_bytes(state.read_bytes()[:-10])
    with pytest.raises(CheckpointMismatch, match=r"state\.safetensors cannot be read"):
        train(config, [volume])


def test_a_loss_that_is_no_number_ends_the_run_and_keeps_the_last_state(
    config: TrainingConfig, volume: TrainingVolume, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = Trainer.step
    lost = StepResult(math.nan, 0.0, 0.0)
    monkeypatch.setattr(Trainer, "step", lambda self, batch, step: lost if step == 6 else honest(self, batch, step))
    with pytest.raises(ProjectError, match="loss is nan at step 7"):
        train(config, [volume])
    assert len(losses(config)) == 6
    assert read_spec(Path(config.output) / loop.CHECKPOINT).training.steps == 5


def test_bfloat16_stays_near_float32(config: TrainingConfig, volume: TrainingVolume, tmp_path: Path) -> None:
    train(config, [volume])
    half = replace(config, precision="bfloat16", output=str(tmp_path / "half"))
    train(half, [volume])
    assert losses(half)[0] != losses(config)[0]
    assert losses(half)[0] == pytest.approx(losses(config)[0], rel=0.1)


@pytest.mark.parametrize("content", ["em", "mask"])
def test_unmasked_em_and_masks_alone_can_be_learnt_from(
    config: TrainingConfig, world, content: Literal["em", "mask"]
) -> None:
    other = replace(config, view=replace(config.view, content=content), steps=20, save_every_steps=20)
    checkpoint = train(other, open_volumes(other, print))
    assert read_spec(checkpoint).cutout.content == content
    curve = losses(other)
    assert np.isfinite(curve).all()
    assert np.mean(curve[-5:]) < np.mean(curve[:5])


@pytest.fixture
def labelled(config: TrainingConfig, world, tmp_path: Path) -> TrainingConfig:
    """Every skeleton node labelled by whether its segment is one of the two darker ones."""
    lines = [
        f"{x},{y},{z},{segment_id},{'dark' if segment_id < 720575940600001954 else 'bright'}"
        for segment_id, skeleton in world.skeletons.items()
        for x, y, z in skeleton.nodes_nm
    ]
    (tmp_path / "places.csv").write_text("x_nm,y_nm,z_nm,segment_id,class\n" + "\n".join(lines))
    return replace(config, volume=(replace(config.volume[0], labels=str(tmp_path / "places.csv")),))


def test_the_probe_reports_and_changes_nothing(
    config: TrainingConfig, labelled: TrainingConfig, volume: TrainingVolume, tmp_path: Path
) -> None:
    plain = train(config, [volume])
    seen: list[Progress] = []
    probed = replace(labelled, output=str(tmp_path / "probed"), probe_every_steps=4)
    assert train(probed, [volume], seen.append).read_bytes() == plain.read_bytes()
    assert losses(probed) == losses(config)
    rows = read_log(tmp_path / "probed" / LOG, 10)
    assert [row.step for row in rows if row.probe_f1 is not None] == [4, 8, 10]
    assert [progress.probe_f1 for progress in seen[:3]] == [None] * 3
    assert seen[4].probe_f1 == rows[3].probe_f1
    assert all(0 <= row.probe_f1 <= 1 for row in rows if row.probe_f1 is not None)


def test_labels_that_do_not_suffice_are_told(labelled: TrainingConfig, volume: TrainingVolume) -> None:
    path = Path(labelled.volume[0].labels or "")
    path.write_text(path.read_text().replace("dark", "bright"))
    with pytest.raises(ProjectError, match="two classes need places on two segments each"):
        train(labelled, [volume])
    train(replace(labelled, probe_every_steps=0), [volume])


def test_the_log_has_a_line_for_every_step(config: TrainingConfig, volume: TrainingVolume) -> None:
    seen: list[Progress] = []
    train(config, [volume], seen.append)
    rows = read_log(Path(config.output) / LOG, config.steps)
    assert [row.step for row in rows] == list(range(1, 11))
    assert [row.learning_rate for row in rows] == [learning_rate(config, step) for step in range(10)]
    assert [(row.loss, row.alignment, row.uniformity) for row in rows] == [
        (progress.loss, progress.alignment, progress.uniformity) for progress in seen
    ]
    assert all(0 < row.alignment < 4 and row.uniformity < 0 for row in rows)
    assert seen[-1].seconds_left == 0
    assert all(0 <= row.waiting_share <= 1 and row.cutouts_per_second > 0 for row in rows)


def test_the_state_of_an_optimiser_comes_back_whole(config: TrainingConfig, tmp_path: Path) -> None:
    first, second = (Trainer(replace(config, optimiser="lars")) for _ in range(2))
    rng = np.random.default_rng(0)
    first.step(Batch(rng.integers(0, 256, (16, 9, 9, 9), np.uint8), np.arange(8)), 0)
    save_state(tmp_path / "state", first.network, first.optimiser, 1, "{}")
    assert load_state(tmp_path / "state", second.network, second.optimiser, "{}") == 1
    for one, two in zip(first.network.parameters(), second.network.parameters(), strict=True):
        assert torch.equal(one, two)
        assert torch.equal(first.optimiser.state[one]["momentum"], second.optimiser.state[two]["momentum"])
        assert first.optimiser.state[one]["momentum"].abs().max() > 0
