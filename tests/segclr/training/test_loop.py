"""The training loop on a tiny volume."""

import csv
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from segclr.encoder.checkpoint import read_spec
from segclr.encoder.inference import load_encoder
from segclr.errors import CheckpointMismatch, ProjectError
from segclr.training import loop
from segclr.training.config import TrainingConfig
from segclr.training.loop import LOG, STATE, Progress, train
from segclr.training.trainer import StepResult, Trainer
from segclr.training.volumes import TrainingVolume

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


def test_a_resumed_run_has_the_same_losses_and_weights(
    config: TrainingConfig, volume: TrainingVolume, tmp_path: Path
) -> None:
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
