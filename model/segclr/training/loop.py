"""The training loop: steps, schedule, log and resumable state; no printing."""

import csv
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from segclr.encoder.checkpoint import TrainingRecord
from segclr.encoder.resnet import SegclrResNet
from segclr.encoder.weights import save_checkpoint
from segclr.errors import ProjectError
from segclr.training.config import TrainingConfig
from segclr.training.contrastive import nt_xent
from segclr.training.loader import Batch, Share, batches
from segclr.training.pairs import find_pairs
from segclr.training.state import load_state, save_state
from segclr.training.volumes import TrainingVolume

CHECKPOINT, STATE, LOG = "encoder.safetensors", "state.safetensors", "loss.csv"
_SMOOTHING = 50  # steps whose mean loss is reported


@dataclass(frozen=True, slots=True)
class Progress:
    """What one step leaves to say."""

    step: int  # steps done
    steps: int
    loss: float
    mean_loss: float  # of the last steps
    steps_per_second: float
    seconds_left: float
    waiting_share: float  # of the time, for the readers


def train(
    config: TrainingConfig, volumes: Sequence[TrainingVolume], report: Callable[[Progress], None] = lambda _: None
) -> Path:
    """Train, or go on training where an earlier run with the same settings stopped.

    Args:
        config: The settings; ``output`` is the folder of log, state and checkpoint.
        volumes: What to train on.
        report: Called after every step.

    Returns:
        The checkpoint.

    Raises:
        CheckpointMismatch: The output folder holds a run with other settings.
        ProjectError: The skeletons hold no pair, or the loss is no number any more.
    """
    output = Path(config.output)
    output.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(config.threads)
    pairs = find_pairs(
        volumes, config.view.resolution_nm, config.distance_buckets_um, np.random.default_rng(config.seed)
    )
    trainer = Trainer(config)
    done = (
        load_state(output / STATE, trainer.network, trainer.optimiser, config.result_json())
        if (output / STATE).exists()
        else 0
    )
    losses = _read_log(output / LOG, done)
    started, waited = time.monotonic(), 0.0
    with (output / LOG).open("w", newline="") as file:
        log = csv.writer(file)
        log.writerow(["step", "loss"])
        log.writerows((step + 1, repr(loss)) for step, loss in enumerate(losses))
        source = batches(config, volumes, pairs, done, Share())
        for step in range(done, config.steps):
            asked = time.monotonic()
            batch = next(source)
            waited += time.monotonic() - asked
            losses.append(trainer.step(batch, step))
            if not math.isfinite(losses[-1]):
                raise ProjectError(
                    f'the loss is {losses[-1]} at step {step + 1}: go on with precision = "float32" or a smaller '
                    f"learning_rate in another output folder; {output / CHECKPOINT} holds the last saved step"
                )
            log.writerow([step + 1, repr(losses[-1])])
            file.flush()
            if (step + 1) % config.save_every_steps == 0 or step + 1 == config.steps:
                save_state(output / STATE, trainer.network, trainer.optimiser, step + 1, config.result_json())
                _save(config, trainer.network, step + 1, losses)
            seconds = time.monotonic() - started
            rate = (step + 1 - done) / seconds
            mean_loss = float(np.mean(losses[-_SMOOTHING:]))
            report(
                Progress(
                    step + 1,
                    config.steps,
                    losses[-1],
                    mean_loss,
                    rate,
                    (config.steps - step - 1) / rate,
                    waited / seconds,
                )
            )
    return output / CHECKPOINT


class Trainer:
    """Network and optimiser, and how one batch changes them."""

    def __init__(self, config: TrainingConfig) -> None:
        self.config = config
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        torch.manual_seed(config.seed)
        network = SegclrResNet(config.encoder_config()).to(self.device)
        self.network: SegclrResNet = network.to(memory_format=torch.channels_last_3d)  # type: ignore[call-overload]
        decayed = [p for p in network.parameters() if p.ndim > 1]
        others = [p for p in network.parameters() if p.ndim <= 1]  # BatchNorm: shrinking it would do nothing good
        self.optimiser = torch.optim.AdamW(
            [{"params": decayed, "weight_decay": config.weight_decay}, {"params": others, "weight_decay": 0.0}],
            lr=config.learning_rate,
        )

    def step(self, batch: Batch, step: int) -> float:
        """One update.

        Returns:
            The loss before it.
        """
        self.network.train()
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate(self.config, step)
        views = torch.from_numpy(batch.views).to(self.device).unsqueeze(1).float().div_(255)
        segment = torch.from_numpy(batch.segment).to(self.device)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.config.precision == "bfloat16"):
            projections = self.network.project(self.network(views))
        first, second = projections.float().chunk(2)
        loss = nt_xent(first, second, self.config.temperature, segment)
        self.optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.network.parameters(), 10.0)
        self.optimiser.step()
        return float(loss.detach())


def learning_rate(config: TrainingConfig, step: int) -> float:
    """A straight warm-up, then half a cosine down to zero."""
    if step < config.warmup_steps:
        return config.learning_rate * (step + 1) / config.warmup_steps
    share = (step - config.warmup_steps) / max(1, config.steps - config.warmup_steps)
    return config.learning_rate * 0.5 * (1 + math.cos(math.pi * share))


def _save(config: TrainingConfig, network: SegclrResNet, steps: int, losses: list[float]) -> None:
    if config.phantom is None:
        data = ", ".join(volume.segmentation for volume in config.volume)
    else:
        data = f"generated blocks, seeds {', '.join(map(str, config.phantom.seeds))}"
    record = TrainingRecord(
        data=data,
        steps=steps,
        pairs_per_step=config.pairs,
        temperature=config.temperature,
        learning_rate=config.learning_rate,
        seed=config.seed,
        loss=float(np.mean(losses[-_SMOOTHING:])),
    )
    save_checkpoint(Path(config.output) / CHECKPOINT, network, config.cutout_spec(), record)


def _read_log(path: Path, steps: int) -> list[float]:
    """Losses of the steps that the state has seen; a run that broke off may have logged more."""
    if steps == 0 or not path.exists():
        return []
    with path.open(newline="") as file:
        return [float(row["loss"]) for row in csv.DictReader(file)][:steps]
