"""The fully supervised rival: the encoder's own architecture with a linear layer, trained from scratch on n labels.

It sees the same cutouts with the same labels as the linear head on embeddings, in the demo encoder's augmentations.
A fifth of the labels, by cell, is held back; training goes on until macro F1 on these has not improved for some time,
first at the full and then at a tenth of the learning rate, and the best weights are taken.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from benchmarks.science.places import Places
from benchmarks.science.splits import Split
from segclr.em.cutout import CutoutSpec
from segclr.encoder.config import EncoderConfig, LegacyConfig
from segclr.encoder.network import build_network
from segclr.heads.evaluation import macro_f1
from segclr.training.augmentation import augment_view
from segclr.training.config import Augmentation

AUGMENTATION = Augmentation(contrast=0.06, brightness=0.06, gamma_octaves=0.15)  # as the demo encoder was trained
FEWEST_TO_VALIDATE = 40  # labels; with fewer, training takes a fixed number of steps
BLIND_STEPS = 150
VALIDATION_SHARE = 0.2
LEARNING_RATES = (2e-3, 2e-4)
PATIENCE = 6  # checks without a better validation score, per learning rate
MOST_STEPS = 1500  # per learning rate
LARGEST_BATCH = 64
_TEST_BATCH = 128


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one training came to.

    Attributes:
        f1: macro F1 on the split's test cells.
        steps: taken in all.
        stopped_early: False where the most steps were reached while it may still have improved.
        cpu_s: processor time of the thread.
    """

    f1: float
    steps: int
    stopped_early: bool
    cpu_s: float


class Rival:
    """A network that learns classes from labelled cutouts; several may be trained at once, one per thread."""

    def __init__(
        self, encoder: EncoderConfig | LegacyConfig, cutout: CutoutSpec, places: Places, class_count: int
    ) -> None:
        self._encoder = encoder
        self._places = places
        self._class_count = class_count
        same_xy = cutout.resolution_nm[0] == cutout.resolution_nm[1]
        self._transpose = same_xy
        self._content = cutout.content
        self._one_at_a_time = threading.Lock()  # torch has one random state for all threads

    def learn(self, split: Split, labelled: NDArray[np.int64], classes: NDArray[np.int64], seed: int) -> Outcome:
        """Train on some rows and test on the split's test cells.

        Args:
            labelled: (k,) rows of the split's train side.
            classes: (n,) of all rows.
        """
        started = time.thread_time()
        rng = np.random.default_rng(seed)
        learn, validate = hold_back(labelled, self._places.cell, rng)
        network = self._fresh(seed)
        images, wanted = self._places.images(learn), classes[learn]
        weights = _sample_weights(wanted)
        batch = int(np.clip(len(learn) // 8, min(8, len(learn)), LARGEST_BATCH))
        steps, stopped = 0, True
        best, best_state = (-1.0, 0.0), _copy(network)
        for rate in LEARNING_RATES:
            optimiser = torch.optim.AdamW(network.parameters(), lr=rate, weight_decay=1e-2)
            if len(validate) == 0:
                for _ in range(BLIND_STEPS):
                    self._step(network, optimiser, images, wanted, weights, batch, rng)
                steps += BLIND_STEPS
                continue
            every = int(np.clip(len(learn) / batch, 20, 100))
            waited = 0
            for step in range(MOST_STEPS):
                self._step(network, optimiser, images, wanted, weights, batch, rng)
                steps += 1
                if (step + 1) % every:
                    continue
                score = self._score(network, validate, classes)
                waited = 0 if score > best else waited + 1
                if score > best:
                    best, best_state = score, _copy(network)
                if waited == PATIENCE:
                    break
            else:
                stopped = False
            network.load_state_dict(best_state)
        predicted = self._logits(network, split.test).argmax(axis=1)
        return Outcome(macro_f1(predicted, classes[split.test]), steps, stopped, time.thread_time() - started)

    def _fresh(self, seed: int) -> nn.Module:
        with self._one_at_a_time:
            torch.manual_seed(seed)
            encoder = build_network(self._encoder)
            network = nn.Sequential(encoder, nn.Linear(self._encoder.embedding_dim, self._class_count))
        return network.to(memory_format=torch.channels_last_3d)  # type: ignore[call-overload,no-any-return]  # stub

    def _step(
        self,
        network: nn.Module,
        optimiser: torch.optim.Optimizer,
        images: NDArray[np.uint8],
        wanted: NDArray[np.int64],
        weights: NDArray[np.float32],
        batch: int,
        rng: np.random.Generator,
    ) -> None:
        rows = rng.choice(len(images), batch, replace=False)
        views = np.stack([self._augmented(images[row], rng) for row in rows])
        network.train()
        logits = network(torch.from_numpy(views).unsqueeze(1).float().div_(255))
        losses = functional.cross_entropy(logits, torch.from_numpy(wanted[rows]), reduction="none")
        share = torch.from_numpy(weights[rows])
        optimiser.zero_grad()
        ((losses * share).sum() / share.sum()).backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.parameters(), 10.0)
        optimiser.step()

    def _augmented(self, image: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
        """Grey changes within the segment, flips, and x for y."""
        if self._content == "mask":
            return augment_view(image, image > 0, Augmentation(0.0, 0.0, 0.0), self._transpose, rng)
        mask = image > 0 if self._content == "masked_em" else None
        return augment_view(image, mask, AUGMENTATION, self._transpose, rng)

    def _score(self, network: nn.Module, rows: NDArray[np.int64], classes: NDArray[np.int64]) -> tuple[float, float]:
        """Macro F1, and for equal ones the mean log likelihood."""
        logits = self._logits(network, rows)
        likelihood = -float(functional.cross_entropy(torch.from_numpy(logits), torch.from_numpy(classes[rows])))
        return macro_f1(logits.argmax(axis=1), classes[rows]), likelihood

    def _logits(self, network: nn.Module, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        network.eval()
        parts = []
        with torch.inference_mode():
            for start in range(0, len(rows), _TEST_BATCH):
                images = self._places.images(rows[start : start + _TEST_BATCH])
                parts.append(network(torch.from_numpy(images).unsqueeze(1).float().div_(255)).numpy())
        return np.concatenate(parts)


def hold_back(
    labelled: NDArray[np.int64], cell: NDArray[np.int64], rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Divide labelled rows by cell into those to learn from and those to validate on: none of few labels.

    Args:
        cell: (n,) of all rows.
    """
    if len(labelled) < FEWEST_TO_VALIDATE:
        return labelled, labelled[:0]
    cells = rng.permutation(np.unique(cell[labelled]))
    sizes = np.array([(cell[labelled] == one).sum() for one in cells])
    held = cells[: 1 + int(np.searchsorted(np.cumsum(sizes), VALIDATION_SHARE * len(labelled)))]
    validating = np.isin(cell[labelled], held)
    return labelled[~validating], labelled[validating]


def _sample_weights(classes: NDArray[np.int64]) -> NDArray[np.float32]:
    """The inverse square root of the class's count, as in the linear head."""
    counts = np.bincount(classes)
    return (1 / np.sqrt(counts[classes])).astype(np.float32)


def _copy(network: nn.Module) -> dict[str, torch.Tensor]:
    return {name: tensor.detach().clone() for name, tensor in network.state_dict().items()}
