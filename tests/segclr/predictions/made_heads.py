"""Heads made up for tests of predictions."""

import numpy as np

from segclr.heads.linear import LinearHead
from segclr.heads.mahalanobis import Mahalanobis
from segclr.heads.task_head import HeadOrigin, TaskHead
from tests.segclr.embeddings.made_tables import MADE

CLASSES = ("axon", "myelinated axon", "spine")


def made_head(*, unit: str = "node", radius_um: float = 0.0, dimensions: int = 6, seed: int = 4) -> TaskHead:
    """A head of three classes for the tables of `made_tables`."""
    rng = np.random.default_rng(seed)
    novelty = Mahalanobis(np.zeros(dimensions), np.eye(dimensions), np.zeros((2, dimensions)), None)
    weights = rng.normal(size=(3, dimensions)) * 2
    head = LinearHead(3, rng.normal(size=dimensions), np.ones(dimensions), weights, rng.normal(size=3), 1.3, novelty)
    origin = HeadOrigin(
        stamp="00ff00ff00ff00ff",
        task="part",
        unit="segment" if unit == "segment" else "node",
        classes=CLASSES,
        colors=("#56b4e9", "#e69f00", "#009e73"),
        aggregation_radius_um=radius_um,
        encoder_hash=MADE.encoder_hash,
        cutout=MADE.cutout,
        segmentation="v1",
        log_position=12,
    )
    return TaskHead(head, origin)
