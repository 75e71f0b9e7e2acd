"""Does a head notice what it was never shown? Heads that know glia alone are asked about glia and neurons.

Half of each, as in the SegCLR paper (figure 5), on means within 10 um. A head calls unknown what lies above a
threshold, and the threshold is chosen on held-out cells of the glia it knows, for 95 % of them to be accepted: neurons
play no part in it.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from benchmarks.science import detectors
from benchmarks.science.detectors import DETECTORS, Detector
from benchmarks.science.scores import Labelled, Spread, in_parallel, in_processes, spread
from benchmarks.science.splits import Split, draw_labels
from benchmarks.science.store import source_key
from benchmarks.science.study import CELL_TYPE, SUBCOMPARTMENT, Study
from segclr.heads.evaluation import fold_of, macro_f1

RADIUS_UM = 10.0
COVERAGE = 0.95
MOST_LABELS = 600  # a day of labelling; SNGP takes half a minute of processor time for them
ROC_GRID = np.linspace(0, 1, 101)


@dataclass(frozen=True, slots=True, eq=False)
class Detection:
    """How well one score tells the unknown from the known.

    Attributes:
        f1: macro F1 over the glia types and "unknown".
        accepted: share of the tested glia that is not called unknown; the threshold was chosen for 0.95.
        roc: (101,) share of neurons found, at the shares of glia of ``ROC_GRID`` lost; the mean over the splits.
    """

    name: str
    auroc: Spread
    f1: Spread
    accepted: Spread
    roc: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class _Question:
    """What is learnt and asked on one split; classes are 0 to G - 1, and G is "unknown"."""

    learn: Labelled
    ask: NDArray[np.float32]
    ask_classes: NDArray[np.int64]
    seed: int


@dataclass(frozen=True, slots=True, eq=False)
class _Answer:
    auroc: float
    f1: float
    accepted: float
    roc: NDArray[np.float64]


def glia_types(study: Study) -> list[int]:
    """The cell types most of whose places are glia."""
    places, glia = study.places, study.tasks[SUBCOMPARTMENT].class_names.index("glia")
    is_glia = places.subcompartment == glia
    return [int(index) for index in np.unique(places.cell_type) if is_glia[places.cell_type == index].mean() > 0.5]


def detection(study: Study) -> list[Detection]:
    """All detectors; those that are trained by gradient descent on fewer splits."""
    values = study.encoder.averaged(study.places, RADIUS_UM)
    known = glia_types(study)
    found = []
    for detector in DETECTORS:
        splits = study.splits[: study.settings.deep_heads] if detector.deep else study.splits
        code = source_key(sys.modules[__name__], detectors)
        name = f"scores/{study.key(study.encoder, code, detector.name, len(splits))}"
        stored = study.store.floats(name, partial(_measure, study, detector, splits, values, known))
        answers = np.array(stored).reshape(len(splits), len(detector.scores), -1)
        for index, score in enumerate(detector.scores):
            auroc, f1, accepted = answers[:, index, :3].T
            roc = answers[:, index, 3:].mean(axis=0)
            found.append(Detection(f"{detector.name}, {score}", spread(auroc), spread(f1), spread(accepted), roc))
    return found


def _measure(
    study: Study, detector: Detector, splits: Sequence[Split], values: NDArray[np.float32], known: list[int]
) -> list[float]:
    """For every split and score: AUROC, F1, share accepted, and the ROC curve."""
    questions = [_question(study, split, values, known) for split in splits]
    ask = partial(_ask, detector)
    run = in_processes if detector.deep else in_parallel
    return [
        figure
        for answers in run(ask, questions, study.threads)
        for answer in answers
        for figure in (answer.auroc, answer.f1, answer.accepted, *answer.roc.tolist())
    ]


def _question(study: Study, split: Split, values: NDArray[np.float32], known: list[int]) -> _Question:
    places = study.places
    new_class = np.full(len(study.tasks[CELL_TYPE].class_names), len(known))
    new_class[known] = np.arange(len(known))
    classes = new_class[places.cell_type]
    rng = np.random.default_rng(split.number)
    learn = draw_labels(split.train[classes[split.train] < len(known)], classes, MOST_LABELS, rng)
    glia, neurons = (split.test[(classes[split.test] < len(known)) == is_known] for is_known in (True, False))
    count = min(len(glia), len(neurons))
    ask = np.concatenate([rng.permutation(rows)[:count] for rows in (glia, neurons)])
    everywhere = Labelled(values, classes, places.cell.astype(np.uint64), len(known))
    return _Question(everywhere.at(learn), values[ask], classes[ask], split.number)


def _ask(detector: Detector, question: _Question) -> list[_Answer]:
    unknown = question.learn.class_count
    predicted, scores = detector.fit(question.learn, question.seed)(question.ask)
    held_out = _held_out_scores(question, detector)
    is_unknown = question.ask_classes == unknown
    answers = []
    for name in detector.scores:
        said = np.where(scores[name] > _threshold(held_out[name]), unknown, predicted)
        lost, found = roc_curve(scores[name], is_unknown)
        answers.append(
            _Answer(
                auroc=float(roc_auc_score(is_unknown, scores[name])),
                f1=macro_f1(said, question.ask_classes),
                accepted=float((said[~is_unknown] != unknown).mean()),
                roc=np.interp(ROC_GRID, lost, found),
            )
        )
    return answers


def _held_out_scores(question: _Question, detector: Detector) -> Mapping[str, NDArray[np.float64]]:
    """Scores of the known places, each by a head that has not seen the place's cell; NaN if it knows not the class."""
    known = question.learn
    folds = fold_of(known.cells, question.seed) % detector.folds
    held_out = {name: np.full(len(folds), np.nan) for name in detector.scores}
    for fold in np.unique(folds):
        rest = folds != fold
        asked = ~rest & np.isin(known.classes, known.classes[rest])
        if not asked.any():
            continue
        _, scores = detector.fit(known.at(rest), question.seed)(known.features[asked])
        for name in detector.scores:
            held_out[name][asked] = scores[name]
    return held_out


def _threshold(scores: NDArray[np.float64]) -> float:
    """Below which the share of held-out places lies; NaN are places that were not held out."""
    return float(np.nanquantile(scores, COVERAGE))


def roc_curve(
    scores: NDArray[np.float64], positive: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """False and true positive rates as the threshold falls, from (0, 0) to (1, 1); equal scores fall together."""
    order = np.argsort(-scores, kind="stable")
    last_of_equals = np.append(np.diff(scores[order]) != 0, True)
    found = np.cumsum(positive[order])[last_of_equals] / positive.sum()
    lost = np.cumsum(~positive[order])[last_of_equals] / (~positive).sum()
    return np.append(0, lost), np.append(0, found)
