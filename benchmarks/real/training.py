"""Training the encoders that are asked, and how much processor time that took."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path

from segclr.encoder.checkpoint import CheckpointSpec, read_spec
from segclr.training.config import TrainingConfig
from segclr.training.loop import Progress, train
from segclr.training.volumes import open_volumes

_SAID_EVERY = 50  # steps


@dataclass(frozen=True, slots=True)
class Trained:
    """A checkpoint and what it cost; ``cpu_s`` sums over all runs that it took, readers included."""

    spec: CheckpointSpec
    cpu_s: float


def trained(config: TrainingConfig) -> Trained:
    """Train to the end, or find the encoder trained; an interrupted run goes on.

    Raises:
        SegclrError: As ``segclr.training.loop.train``.
    """
    costs = Path(config.output) / "cost.json"
    before: float = json.loads(costs.read_text())["cpu_s"] if costs.exists() else 0.0
    steps: list[int] = []
    started = time.process_time()

    def note(progress: Progress) -> None:
        steps.append(progress.step)
        if progress.step % _SAID_EVERY == 0:
            print(f"step {progress.step}/{progress.steps}  loss {progress.mean_loss:.3f}", flush=True)

    try:
        checkpoint = train(config, open_volumes(config, print), note)
    finally:
        if steps:
            before += time.process_time() - started
            costs.write_text(json.dumps({"cpu_s": before}))
    return Trained(read_spec(checkpoint), before)
