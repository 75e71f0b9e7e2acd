"""What changes the weights: AdamW or LARS, under a cosine schedule with warm-up."""

import math

import torch
from torch import nn

from segclr.training.config import TrainingConfig
from segclr.training.lars import Lars


def build_optimiser(config: TrainingConfig, network: nn.Module) -> torch.optim.Optimizer:
    """The optimiser that the settings name; weights decay, biases and BatchNorm do not: to shrink them does no good."""
    decayed = {"params": [p for p in network.parameters() if p.ndim > 1], "weight_decay": config.weight_decay}
    others = {"params": [p for p in network.parameters() if p.ndim <= 1], "weight_decay": 0.0}
    if config.optimiser == "lars":
        return Lars([{**decayed, "adapt": True}, {**others, "adapt": False}], config.learning_rate)
    return torch.optim.AdamW([decayed, others], lr=config.learning_rate)


def learning_rate(config: TrainingConfig, step: int) -> float:
    """A straight warm-up, then half a cosine down to zero."""
    if step < config.warmup_steps:
        return config.learning_rate * (step + 1) / config.warmup_steps
    share = (step - config.warmup_steps) / max(1, config.steps - config.warmup_steps)
    return config.learning_rate * 0.5 * (1 + math.cos(math.pi * share))
