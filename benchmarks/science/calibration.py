"""Do the probabilities mean what they say, on cells that neither the head nor its temperature has seen?"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import partial

import numpy as np

from benchmarks.science import scores
from benchmarks.science.scores import Spread, spread
from benchmarks.science.splits import Split, draw_labels
from benchmarks.science.store import source_key
from benchmarks.science.study import CELL_TYPE, SUBCOMPARTMENT, Study
from segclr.heads.calibration import calibration_error, softmax
from segclr.heads.linear import fit_head


@dataclass(frozen=True, slots=True)
class Calibration:
    """Expected calibration error (ten bins) of the linear head at temperature 1 and at the fitted one."""

    task: str
    radius_um: float
    labels: float
    before: Spread
    after: Spread
    temperature: Spread


def calibration(study: Study) -> list[Calibration]:
    """For few and for many labels, of both tasks."""
    rows = []
    for task, radius_um in ((SUBCOMPARTMENT, 0.0), (CELL_TYPE, 10.0)):
        for count in (300, 10_000):
            result = study.store.floats(
                f"scores/{study.key(study.encoder, source_key(sys.modules[__name__]), task, radius_um, count)}",
                partial(_measure, study, task, radius_um, count),
            )
            labels, before, after, temperature = np.array(result).reshape(4, -1)
            rows.append(
                Calibration(
                    task,
                    radius_um,
                    float(labels.mean()),
                    spread(before.tolist()),
                    spread(after.tolist()),
                    spread(temperature.tolist()),
                )
            )
    return rows


def _measure(study: Study, task: str, radius_um: float, count: int) -> list[float]:
    """Labels, errors before and after, temperature: each of all splits."""
    classes, cells = study.tasks[task].classes, study.places.cell.astype(np.uint64)
    class_count = len(study.tasks[task].class_names)
    values = study.encoder.averaged(study.places, radius_um)

    def one(split: Split) -> tuple[float, float, float, float]:
        labelled = draw_labels(split.train, classes, count, np.random.default_rng([split.number, count]))
        head = fit_head(values[labelled], classes[labelled], cells[labelled], class_count).head
        logits = head.logits(values[split.test].astype(np.float64))
        wanted = classes[split.test]
        before = calibration_error(softmax(logits), wanted)
        after = calibration_error(softmax(logits, head.temperature), wanted)
        return float(len(labelled)), before, after, head.temperature

    return np.array(scores.in_parallel(one, study.splits, study.threads)).T.ravel().tolist()
