"""The training loop: steps, log, checkpoint and resumable state; no printing."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from segclr.encoder.checkpoint import TrainingRecord
from segclr.encoder.weights import save_checkpoint
from segclr.errors import ProjectError
from segclr.training.config import TrainingConfig
from segclr.training.journal import Journal, LogRow, last_probe, mean_loss, read_log
from segclr.training.labelled_places import labelled_places
from segclr.training.loader import Share, batches
from segclr.training.optimiser import learning_rate
from segclr.training.pairs import find_pairs
from segclr.training.probe import Probe, make_probe
from segclr.training.ranks import Ranks, alone
from segclr.training.state import load_state, save_state
from segclr.training.trainer import StepResult, Trainer
from segclr.training.volumes import TrainingVolume

CHECKPOINT, STATE, LOG = "encoder.safetensors", "state.safetensors", "log.csv"
_SMOOTHING = 50  # steps whose mean loss is reported


@dataclass(frozen=True, slots=True)
class Progress:
    """What one step leaves to say."""

    step: int  # steps done
    steps: int
    loss: float
    mean_loss: float  # of the last steps
    alignment: float  # of this batch, see ``contrastive``
    uniformity: float
    probe_f1: float | None  # the latest; None where nothing is labelled, or not yet
    cutouts_per_second: float  # of all ranks together
    seconds_left: float
    waiting_share: float  # of the time, for the readers


def train(
    config: TrainingConfig,
    volumes: Sequence[TrainingVolume],
    report: Callable[[Progress], None] = lambda _: None,
    ranks: Ranks | None = None,
) -> Path:
    """Train, or go on training where an earlier run with the same settings stopped.

    Args:
        config: The settings; ``output`` is the folder of log, state and checkpoint.
        volumes: What to train on, as ``open_volumes`` gives it.
        report: Called after every step, on the first rank alone.
        ranks: The processes that share the work; each calls this with the same settings. The first one writes.

    Returns:
        The checkpoint.

    Raises:
        CheckpointMismatch: The output folder holds a run with other settings.
        ProjectError: The skeletons hold no pair, the loss is no number any more, or the memory is too small.
        WorkerDied: Another rank ended.
    """
    ranks = alone() if ranks is None else ranks
    _check_shares(config, ranks)
    output = Path(config.output)
    output.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(config.threads)
    pairs = find_pairs(
        volumes, config.view.resolution_nm, config.distance_buckets_um, np.random.default_rng(config.seed)
    )
    trainer = Trainer(config, ranks)
    done = (
        load_state(output / STATE, trainer.network, trainer.optimiser, config.result_json())
        if (output / STATE).exists()
        else 0
    )
    ranks.wait_for_all()  # nobody may write a state that others are still to read
    recorder = _Recorder(config, trainer, volumes, done, report) if ranks.is_first else None
    source = batches(config, volumes, pairs, done, Share(ranks.index, ranks.count))
    try:
        for step in range(done, config.steps):
            asked = time.monotonic()
            batch = next(source)
            waited = time.monotonic() - asked
            result = trainer.step(batch, step)
            if not math.isfinite(result.loss):
                raise ProjectError(
                    f'the loss is {result.loss} at step {step + 1}: go on with precision = "float32" or a smaller '
                    f"learning_rate in another output folder; {output / CHECKPOINT} holds the last saved step"
                )
            if recorder is not None:
                recorder.note(step + 1, result, waited)
    finally:
        source.close()
        if recorder is not None:
            recorder.close()
    return output / CHECKPOINT


class _Recorder:
    """What the first rank keeps of a run: log, state, checkpoint and the figures of the progress line."""

    def __init__(
        self,
        config: TrainingConfig,
        trainer: Trainer,
        volumes: Sequence[TrainingVolume],
        done: int,
        report: Callable[[Progress], None],
    ) -> None:
        self._config, self._trainer, self._done, self._report = config, trainer, done, report
        self._probe = _probe(config, volumes)
        output = Path(config.output)
        self._rows = read_log(output / LOG, done)
        self._file = (output / LOG).open("w", newline="", encoding="utf-8")
        self._journal = Journal(self._file, self._rows)
        self._started, self._waited = time.monotonic(), 0.0

    def note(self, step: int, result: StepResult, waited: float) -> None:
        """Write and report a step; probe and save where it is time to.

        Args:
            step: Steps done.
            waited: Seconds that the batch came late.
        """
        config = self._config
        self._waited += waited
        interval = config.probe_interval
        probed = self._probe is not None and (step % interval == 0 or step == config.steps)
        f1 = self._probe.score(self._trainer.embed) if probed and self._probe is not None else None
        seconds = time.monotonic() - self._started
        steps_per_second = (step - self._done) / seconds
        row = LogRow(
            step,
            result.loss,
            result.alignment,
            result.uniformity,
            learning_rate(config, step - 1),
            f1,
            2 * config.pairs * steps_per_second,
            self._waited / seconds,
        )
        self._rows.append(row)
        self._journal.write(row)
        if step % config.save_every_steps == 0 or step == config.steps:
            self._save(step)
        self._report(
            Progress(
                step,
                config.steps,
                row.loss,
                mean_loss(self._rows, _SMOOTHING),
                row.alignment,
                row.uniformity,
                last_probe(self._rows),
                row.cutouts_per_second,
                (config.steps - step) / steps_per_second,
                row.waiting_share,
            )
        )

    def close(self) -> None:
        self._file.close()

    def _save(self, step: int) -> None:
        config, trainer, output = self._config, self._trainer, Path(self._config.output)
        save_state(output / STATE, trainer.network, trainer.optimiser, step, config.result_json())
        record = TrainingRecord(
            data=_data_in_words(config),
            steps=step,
            pairs_per_step=config.pairs,
            temperature=config.temperature,
            learning_rate=config.learning_rate,
            seed=config.seed,
            loss=mean_loss(self._rows, _SMOOTHING),
        )
        save_checkpoint(output / CHECKPOINT, trainer.network, config.cutout_spec(), record)


def _check_shares(config: TrainingConfig, ranks: Ranks) -> None:
    parts = ranks.count * config.accumulate
    if config.pairs % parts:
        raise ProjectError(
            f"{config.pairs} pairs cannot be shared equally by {ranks.count} processes in {config.accumulate} chunks "
            f"each: make pairs a multiple of {parts}"
        )


def _probe(config: TrainingConfig, volumes: Sequence[TrainingVolume]) -> Probe | None:
    """The probe, where it is wanted and places are labelled.

    Raises:
        ProjectError: The labels that the settings name do not suffice.
    """
    if not config.probe_interval:
        return None
    probe = make_probe(config, volumes, labelled_places(config, volumes))
    if probe is None and any(volume.labels is not None for volume in config.volume):
        raise ProjectError(
            "the labels do not suffice for a probe: two classes need places on two segments each; add some, or set "
            "probe_every_steps = 0"
        )
    return probe


def _data_in_words(config: TrainingConfig) -> str:
    if config.phantom is None:
        return ", ".join(volume.segmentation for volume in config.volume)
    return f"generated blocks, seeds {', '.join(map(str, config.phantom.seeds))}"
