"""What an embedding does when the EM changes in ways that say nothing about the cell.

The EM is changed before the segment is masked, as it would be in a real volume. Distances are given as a share of the
distance between unlike places: a cosine hides most of a change.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from benchmarks.science import scores
from benchmarks.science.places import cutouts
from benchmarks.science.scores import Spread, spread
from benchmarks.science.splits import Split
from benchmarks.science.study import SUBCOMPARTMENT, Study
from segclr.heads.evaluation import macro_f1
from segclr.heads.linear import LinearHead, fit_head

HEADS = 5  # splits on which F1 is taken
_BATCH = 256
Change = Callable[[NDArray[np.float32], np.random.Generator], NDArray[np.float32]]
"""(z, y, x) EM from 0 to 255 and a source of randomness -> the changed EM."""


@dataclass(frozen=True, slots=True)
class Robustness:
    """How much one change does.

    Attributes:
        distance: median distance between the embedding before and after, over the median distance of two places.
        cosine: median cosine of the two.
        retained: share of places whose nearest neighbour of another cell is the same as before.
        f1: subcompartments, of linear heads that have learnt unchanged places of other cells.
    """

    name: str
    distance: float
    cosine: float
    retained: float
    f1: Spread


def robustness(study: Study) -> list[Robustness]:
    """Each change by itself, after "unchanged"."""
    rows = np.sort(np.random.default_rng(0).permutation(len(study.places))[: study.settings.changed_places])
    em, mask = _em_and_mask(study, rows)
    embed = study.model.embed
    content = study.spec.cutout.content
    before = study.encoder.values[rows]
    task, values = study.tasks[SUBCOMPARTMENT], study.encoder.values

    def fit(split: Split) -> LinearHead:
        train = split.train
        cells = study.places.cell[train].astype(np.uint64)
        return fit_head(values[train], task.classes[train], cells, len(task.class_names)).head

    heads = scores.in_parallel(fit, study.splits[:HEADS], study.threads)
    measured = []
    for name, change in CHANGES.items():
        rng = np.random.default_rng(0)
        after = np.concatenate(
            [
                embed(_changed(em[start : start + _BATCH], mask[start : start + _BATCH], change, rng, content))
                for start in range(0, len(em), _BATCH)
            ]
        )
        measured.append(_measure(study, name, rows, before, after, heads))
    return measured


def noise(strength: float) -> Change:
    """Independent Gaussian noise in every voxel, in grey levels."""
    return lambda em, rng: em + strength * rng.standard_normal(em.shape, np.float32)


def brightness(offset: float) -> Change:
    """An offset in grey levels, up or down."""
    return lambda em, rng: em + offset * rng.choice((-1, 1))


def contrast(share: float) -> Change:
    """More or less contrast round mid-grey."""
    return lambda em, rng: (em - 128) * (1 + share * rng.choice((-1, 1))) + 128


def blur(voxels: float) -> Change:
    """A Gaussian blur within the sections, as of a beam out of focus."""
    return lambda em, rng: gaussian_filter(em, (0, voxels, voxels))


def uneven_sections(strength: float) -> Change:
    """Every section its own brightness, in grey levels (standard deviation)."""
    return lambda em, rng: em + strength * rng.standard_normal((len(em), 1, 1)).astype(np.float32)


def lost_sections(count: int, repeated: bool) -> Change:
    """Neighbouring sections in the middle half of the view are black, or repeat the section before them."""

    def change(em: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
        first = int(rng.integers(len(em) // 4, 3 * len(em) // 4))
        changed = em.copy()
        changed[first : first + count] = em[first - 1] if repeated else 0
        return changed

    return change


CHANGES: dict[str, Change] = {
    "unchanged": lambda em, rng: em,
    "noise, s.d. 10 grey levels": noise(10),
    "noise, s.d. 25": noise(25),
    "brightness ± 10 grey levels": brightness(10),
    "brightness ± 25": brightness(25),
    "contrast ± 10 %": contrast(0.1),
    "contrast ± 25 %": contrast(0.25),
    "blur, s.d. 1 voxel": blur(1),
    "sections uneven, s.d. 10": uneven_sections(10),
    "one section black": lost_sections(1, repeated=False),
    "one section repeated": lost_sections(1, repeated=True),
    "three sections black": lost_sections(3, repeated=False),
}


def _changed(
    em: NDArray[np.uint8], mask: NDArray[np.bool_], change: Change, rng: np.random.Generator, content: str
) -> NDArray[np.uint8]:
    """Change unmasked views and show them as the encoder wants them: (b, z, y, x) uint8."""
    if content == "mask":
        return mask.view(np.uint8) * np.uint8(255)
    changed = np.stack([np.rint(np.clip(change(view.astype(np.float32), rng), 0, 255)).astype(np.uint8) for view in em])
    return changed * mask if content == "masked_em" else changed


def _em_and_mask(study: Study, rows: NDArray[np.int64]) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Unmasked EM and the segment's mask round each place."""
    em: list[NDArray[np.uint8]] = []
    mask: list[NDArray[np.uint8]] = []
    start = 0
    for block in study.places.blocks:
        own = rows[(rows >= start) & (rows < start + len(block))] - start
        for spec, found in ((replace(block.cutout, content="em"), em), (replace(block.cutout, content="mask"), mask)):
            found.append(cutouts(block.folder, spec, block.segment_ids[own], block.positions_nm[own]))
        start += len(block)
    return np.concatenate(em), np.concatenate(mask) > 0


def _measure(
    study: Study,
    name: str,
    rows: NDArray[np.int64],
    before: NDArray[np.float32],
    after: NDArray[np.float32],
    heads: list[LinearHead],
) -> Robustness:
    cells = study.places.cell[rows]
    scale = before.std(axis=0)
    old, new = before / scale, after / scale
    squares = (old**2).sum(axis=1)
    apart = np.sqrt(np.maximum(squares[:, None] + squares - 2 * old @ old.T, 0))
    typical = float(np.median(apart[np.triu_indices(len(old), 1)]))
    classes = study.tasks[SUBCOMPARTMENT].classes[rows]
    f1s = []
    for head, split in zip(heads, study.splits[:HEADS], strict=True):
        tested = np.isin(rows, split.test)
        f1s.append(macro_f1(head.predict(after[tested]).argmax(axis=1), classes[tested]))
    lengths = np.linalg.norm(before, axis=1) * np.linalg.norm(after, axis=1)
    return Robustness(
        name,
        distance=float(np.median(np.linalg.norm(new - old, axis=1)) / typical),
        cosine=float(np.median((before * after).sum(axis=1) / lengths)),
        retained=float((_nearest(old, old, cells) == _nearest(new, old, cells)).mean()),
        f1=spread(f1s),
    )


def _nearest(asked: NDArray[np.float32], among: NDArray[np.float32], cells: NDArray[np.int64]) -> NDArray[np.int64]:
    """The row of `among` nearest to each asked one, of another cell."""
    distances = (among**2).sum(axis=1) - 2 * asked @ among.T
    distances[cells[:, None] == cells] = np.inf
    nearest: NDArray[np.int64] = distances.argmin(axis=1)
    return nearest
