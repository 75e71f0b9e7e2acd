"""What storing embeddings in fewer bits costs a classifier: macro F1 of the linear head on unseen cells."""

from __future__ import annotations

import os
from pathlib import Path
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from benchmarks import report
from benchmarks.science import command, features, places, scores, splits
from benchmarks.science.store import Store
from benchmarks.science.study import Settings, tasks_of
from segclr.embeddings.storage.precision import Storage, in_blocks, rounded, scale_of
from segclr.encoder.checkpoint import DEMO_CHECKPOINT
from segclr.encoder.inference import load_encoder
from segclr.heads.evaluation import macro_f1

SEEDS = (203, 204, 205)
SPLITS = 20


def measured(runs: Path | None) -> list[report.Row]:
    """Fit and test on the embeddings as they are read again from each storage; the same cells in every split."""
    folder = runs or command.RUNS
    settings = Settings(SEEDS)
    store, encoder = Store(folder / "cache"), load_encoder(DEMO_CHECKPOINT)
    found = places.gather(store, folder / "blocks", settings.seeds, settings.size_voxels, encoder.spec.cutout)
    embeddings = features.embedded(store, found, encoder).values
    dealt = splits.splits_by_cell(found.cell, found.cell_type, found.subcompartment, SPLITS)
    rows = []
    for task in tasks_of(found).values():
        plain: list[float] = []
        for storage in get_args(Storage):
            values = _stored(embeddings, storage)
            known = scores.Labelled(values, task.classes, found.cell.astype(np.uint64), len(task.class_names))

            def one(split: splits.Split, known: scores.Labelled = known) -> float:
                predicted = scores.linear(known.at(split.train), known.features[split.test])
                return macro_f1(predicted, known.classes[split.test])

            f1s = scores.in_parallel(one, dealt, os.cpu_count() or 1)
            plain = plain or f1s
            rows.append(_row(task.name, storage, f1s, plain, _error(values, embeddings)))
    return rows


def _stored(embeddings: NDArray[np.float32], storage: Storage) -> NDArray[np.float32]:
    return rounded(embeddings, storage, scale_of(in_blocks(embeddings), embeddings.shape[1], storage))


def _error(values: NDArray[np.float32], embeddings: NDArray[np.float32]) -> float:
    """Root mean square error as a share of the spread between embeddings."""
    spread = np.sqrt(((embeddings - embeddings.mean(axis=0)) ** 2).mean())
    return float(np.sqrt(((values - embeddings) ** 2).mean()) / spread)


def _row(task: str, storage: Storage, f1s: list[float], plain: list[float], error: float) -> report.Row:
    change = np.array(f1s) - plain
    note = f"{np.mean(f1s):.4f}; {SPLITS} splits by cell, sd {np.std(f1s, ddof=1):.3f}"
    if storage != "float32":
        worst, best = change.min(), change.max()
        note = (
            f"{np.mean(f1s):.4f}; against float32 {change.mean():+.4f}, from {worst:+.4f} to {best:+.4f} in one split; "
            f"error {100 * error:.2g} % of the spread"
        )
    return report.Row(f"macro F1, {task}, embeddings in {storage}", float(np.mean(f1s)), "", "", note)
