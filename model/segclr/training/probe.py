"""A linear probe: how well a straight cut through the embeddings tells known classes apart while training goes on.

Labels are for this report alone. A few hundred labelled places are drawn once, as many of each class; half of the cells
are for fitting, the rest is held out. Training does see the held-out cells' views, unlabelled.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segclr.training.config import TrainingConfig
from segclr.training.labelled_places import LabelledPlace
from segclr.training.volumes import TrainingVolume

_PLACES = 600  # on both sides together
_SPLITS = 50  # tried
_RIDGE = 0.01  # penalty, per place

Embed = Callable[[NDArray[np.uint8]], NDArray[np.float32]]


@dataclass(frozen=True, slots=True, eq=False)
class Probe:
    """Places to fit on and places held out, of the same classes and of different cells."""

    config: TrainingConfig
    volumes: Sequence[TrainingVolume]
    fitted: tuple[LabelledPlace, ...]
    held_out: tuple[LabelledPlace, ...]

    def score(self, embed: Embed) -> float:
        """Macro F1 on the held-out places.

        Args:
            embed: Masked cutouts (B, z, y, x) uint8 to embeddings (B, E).
        """
        kinds = sorted({place.kind for place in self.fitted})
        fitted, held_out = (
            np.array([kinds.index(place.kind) for place in places]) for places in (self.fitted, self.held_out)
        )
        predicted = ridge_classes(self._embedded(self.fitted, embed), fitted, self._embedded(self.held_out, embed))
        return macro_f1(held_out, predicted)

    def _embedded(self, places: tuple[LabelledPlace, ...], embed: Embed) -> NDArray[np.float64]:
        chunk = max(1, 2 * self.config.pairs // self.config.accumulate)  # as much as a training step holds at once
        parts = [
            embed(np.stack([self._cutout(place) for place in places[start : start + chunk]]))
            for start in range(0, len(places), chunk)
        ]
        return np.concatenate(parts).astype(np.float64)

    def _cutout(self, place: LabelledPlace) -> NDArray[np.uint8]:
        image, mask = self.volumes[place.volume].cut(place.voxel, place.segment, self.config.view.size)
        return image if self.config.view.content == "em" else image * mask


def make_probe(
    config: TrainingConfig, volumes: Sequence[TrainingVolume], places: Sequence[LabelledPlace]
) -> Probe | None:
    """Draw the places; None where no two classes have cells on both sides of any split."""
    if not places:
        return None
    rng = np.random.default_rng(config.seed)
    kinds, kind = np.unique([place.kind for place in places], return_inverse=True)
    cells, cell = np.unique([(place.volume, place.cell) for place in places], axis=0, return_inverse=True)
    best: tuple[tuple[int, int], NDArray[np.bool_]] | None = None
    for _ in range(_SPLITS):
        held_out = np.isin(np.arange(len(cells)), rng.permutation(len(cells))[: len(cells) // 2])[cell]
        smaller = np.minimum(*(np.bincount(kind[side], minlength=len(kinds)) for side in (held_out, ~held_out)))
        merit = int((smaller > 0).sum()), int(np.minimum(smaller, _PLACES // 2 // len(kinds)).sum())
        if merit[0] > 1 and (best is None or merit > best[0]):
            best = merit, held_out
    if best is None:
        return None
    held_out = best[1]
    shared = np.flatnonzero([{True, False} == set(held_out[kind == row].tolist()) for row in range(len(kinds))])
    fitted_rows, held_out_rows = (_balanced(kind, shared, side, rng) for side in (~held_out, held_out))
    return Probe(
        config, volumes, tuple(places[row] for row in fitted_rows), tuple(places[row] for row in held_out_rows)
    )


def ridge_classes(
    fitted: NDArray[np.float64], classes: NDArray[np.int64], others: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Classes by one-vs-rest ridge regression, in closed form.

    Args:
        fitted: (n, E).
        classes: (n,) from 0.
        others: (m, E).

    Returns:
        (m,) the class with the largest answer.
    """
    mean, spread = fitted.mean(0), fitted.std(0) + 1e-12
    design = np.column_stack([(fitted - mean) / spread, np.ones(len(fitted))])
    penalty = np.eye(design.shape[1]) * _RIDGE * len(fitted)
    penalty[-1, -1] = 0
    targets = np.eye(classes.max() + 1)[classes]
    weights = np.linalg.lstsq(design.T @ design + penalty, design.T @ targets, rcond=None)[0]
    predicted: NDArray[np.int64] = (np.column_stack([(others - mean) / spread, np.ones(len(others))]) @ weights).argmax(
        1
    )
    return predicted


def macro_f1(truth: NDArray[np.int64], predicted: NDArray[np.int64]) -> float:
    """Mean over the true classes of 2 hits / (members + predictions)."""
    scores = [
        2 * np.sum((truth == kind) & (predicted == kind)) / (np.sum(truth == kind) + np.sum(predicted == kind))
        for kind in np.unique(truth)
    ]
    return float(np.mean(scores))


def _balanced(
    kind: NDArray[np.int64], kinds: NDArray[np.int64], side: NDArray[np.bool_], rng: np.random.Generator
) -> NDArray[np.int64]:
    """Rows of one side, at most as many of each kind as fill the probe."""
    each = _PLACES // 2 // len(kinds)
    return np.concatenate([rng.permutation(np.flatnonzero(side & (kind == row)))[:each] for row in kinds])
