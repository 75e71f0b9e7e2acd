"""docs/science.md: one table per question, every figure printed by the program."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.science.calibration import Calibration
from benchmarks.science.curves import (
    ClassF1s,
    LinearPoint,
    RadiusCurve,
    Score,
    SupervisedPoint,
    best_rival,
    labels_needed,
)
from benchmarks.science.ood import COVERAGE, MOST_LABELS, Detection
from benchmarks.science.retrieval import NEIGHBOURS, Retrieved
from benchmarks.science.robustness import Robustness
from benchmarks.science.scores import Spread, spread
from benchmarks.science.study import CELL_TYPE, SUBCOMPARTMENT, Study

_LINE = 120


@dataclass(frozen=True, slots=True)
class Findings:
    """The answers to all questions."""

    linear: list[LinearPoint]
    supervised: list[SupervisedPoint]
    all_labels: list[Score]
    by_class: list[ClassF1s]
    radius: RadiusCurve
    detection: list[Detection]
    calibration: list[Calibration]
    retrieval: list[Retrieved]
    robustness: list[Robustness]


def document(study: Study, findings: Findings, header: Iterable[str]) -> str:
    """The whole page, in Markdown."""
    parts = [
        *introduction(study, header),
        *summary(findings),
        *labels_section(study, findings.linear, findings.supervised, findings.all_labels),
        *classes_section(study, findings.by_class),
        *radius_section(study, findings.radius),
        *detection_section(findings.detection),
        *calibration_section(findings.calibration),
        *retrieval_section(findings.retrieval),
        *robustness_section(study, findings.robustness),
    ]
    return "\n\n".join(parts) + "\n"


def introduction(study: Study, header: Iterable[str]) -> list[str]:
    """What was measured, on what, by which commit."""
    seeds = ", ".join(map(str, study.settings.seeds))
    size = " x ".join(map(str, study.settings.size_voxels))
    cells = len(np.unique(study.places.cell))
    points = [
        *header,
        f"held-out blocks: seeds {seeds} of {size} voxels; {len(study.places):,} places (skeleton nodes) of {cells:,} "
        "cells",
        f"Splits are by cell: {len(study.splits)} times, a quarter of the cells of every type is held out, and a "
        "classifier is tested on these alone. Figures are macro F1, mean ± standard deviation over the splits, unless "
        "said otherwise. The splits share cells: the deviation says how much the choice of cells matters and is no "
        "standard error.",
        "What the encoder is compared with sees the same cutouts: *hand-made* features (size, surface, principal axes, "
        "and mean, spread, histogram and percentiles of grey), the same network *untrained*, and *PCA* (64 components) "
        "of the raw masked cutout. *linear* is the product's linear head, *logistic* plain logistic regression, which "
        "suits hand-made features better, *forest* a random forest of 150 trees.",
    ]
    return [
        "# The evidence" + (" (QUICK: a trial run, its figures mean little)" if study.settings.quick else ""),
        prose(
            "`python -m benchmarks science` writes this page, its words included, and its figures. Everything is "
            "measured on **generated blocks**, not on brains: what holds here need not hold there."
        ),
        "\n".join(bullet(point) for point in points),
    ]


def summary(findings: Findings) -> list[str]:
    """Whether the encoder is better than what it is compared with, before any detail."""
    at_ten = findings.radius.scores[findings.radius.radii_um.index(10.0)]
    points = [
        f"Subcompartments, all labels: {verdict(findings.all_labels)}. With the same classifier for both, a forest: "
        f"{verdict([score for score in findings.all_labels if score.classifier == 'forest'])}.",
        f"Cell types, mean within 10 µm, all labels: {verdict(at_ten)}.",
    ]
    if findings.supervised:
        most = findings.supervised[-1]
        needed = labels_needed(findings.linear, most.f1.mean)
        as_many = "never reaches as much" if needed is None else f"reaches as much with {needed:,.0f}"
        points.append(
            f"The same network, supervised from scratch, comes to {most.f1} with {most.labels:,.0f} labels; the linear "
            f"head on embeddings {as_many}."
        )
    return ["\n".join(bullet(point) for point in points)]


def labels_section(
    study: Study, linear: list[LinearPoint], rival: list[SupervisedPoint], all_labels: list[Score]
) -> list[str]:
    """Question 1."""
    outcomes = [outcome for point in rival for outcome in point.outcomes]
    finished = sum(outcome.stopped_early for outcome in outcomes)
    minutes = sum(outcome.cpu_s for outcome in outcomes) / 60
    rows = [[f"{point.labels:,.0f}", str(point.f1), *_rival_cells(linear, rival, point.labels)] for point in linear]
    return [
        "## 1. How many labels are needed",
        prose(
            "Subcompartments of single places. Labels are drawn class by class in turn. The rival is the encoder's own "
            "architecture with a linear layer, trained from scratch on the same labels of the same splits, with flips "
            "and the demo encoder's grey augmentation, and early stopping on a fifth of the labels by cell. It was "
            f"trained as often as the column says, {len(outcomes)} times in all, in {minutes:.0f} minutes of processor "
            f"time; {finished} trainings came to an end by themselves, {len(outcomes) - finished} were stopped at the "
            "most steps. *Needed*: labels with which the linear head is as good as the rival with the row's."
        ),
        table(["labels", "linear head on embeddings", "supervised from scratch", "trained", "needed"], rows),
        figure(
            "labels",
            "Generated blocks. Macro F1 of five subcompartments against labels; band and bars: s.d. of splits.",
        ),
        "With all labels of the train side:",
        table(["", "macro F1", "encoder minus this, by split"], _beside(all_labels)),
    ]


def classes_section(study: Study, found: list[ClassF1s]) -> list[str]:
    """Question 1, class by class."""
    task = study.tasks[SUBCOMPARTMENT]
    classes = range(len(task.class_names))
    places = [int((task.classes == index).sum()) for index in classes]
    cells = [len(np.unique(study.places.cell[task.classes == index])) for index in classes]
    counts = ["places (cells)", *[f"{n:,} ({m:,})" for n, m in zip(places, cells, strict=True)]]
    return [
        "F1 of each class, the same splits and labels:",
        table(["", *task.class_names], [*[[one.name, *map(str, one.f1s)] for one in found], counts]),
    ]


def radius_section(study: Study, curve: RadiusCurve) -> list[str]:
    """Question 2."""
    rows = [
        [score.name, *[str(scores[index].f1) for scores in curve.scores]] for index, score in enumerate(curve.scores[0])
    ]
    return [
        "## 2. Over how far to average",
        prose(
            f"Macro F1 of {len(study.tasks[CELL_TYPE].class_names)} cell types, from the mean over the segment's nodes "
            "within a radius. The blocks are about 10 µm wide: beyond that there is little to add."
        ),
        table(["", *[f"{radius:g} µm" for radius in curve.radii_um]], rows),
        figure("radius", "Generated blocks. Macro F1 of nine cell types against the radius; bars: s.d. of splits."),
        figure("confusion", "Generated blocks. What each type is taken for at 10 µm, in per cent of its places."),
    ]


def detection_section(found: list[Detection]) -> list[str]:
    """Question 3."""
    rows = [[one.name, str(one.auroc), str(one.f1), str(one.accepted), str(one.auroc.count)] for one in found]
    return [
        "## 3. Does it notice what it was never shown",
        prose(
            f"Heads that learnt the glia types alone, from at most {MOST_LABELS} labels, asked about glia and neurons "
            "of unseen cells, half of each; means within 10 µm. AUROC needs no threshold; that of F1 is chosen on "
            f"held-out cells of the glia that the head learnt, for {COVERAGE:.0%} of them to be accepted, and *glia "
            "accepted* says what became of that."
        ),
        table(["head, score", "AUROC", 'macro F1 with "unknown"', "glia accepted", "splits"], rows),
        figure("unknown", "Generated blocks. Neurons recognised against glia lost, mean over the splits."),
    ]


def calibration_section(rows: list[Calibration]) -> list[str]:
    """Question 4."""
    cells = [
        [
            f"{row.task}, {row.radius_um:g} µm",
            f"{row.labels:,.0f}",
            str(row.before),
            str(row.after),
            str(row.temperature),
        ]
        for row in rows
    ]
    return [
        "## 4. Do the probabilities mean what they say",
        prose(
            "Expected calibration error (ten bins) on the test cells, at temperature 1 and at the temperature that the "
            "head found on held-out folds of its own labels."
        ),
        table(["task", "labels", "before", "after", "temperature"], cells),
    ]


def retrieval_section(found: list[Retrieved]) -> list[str]:
    """Question 5."""
    asked = list(dict.fromkeys((one.task, one.radius_um) for one in found))
    names = list(dict.fromkeys(one.features for one in found))
    figures = {(one.features, one.task, one.radius_um): one for one in found}
    rows = [[name, *[f"{figures[name, *which].precision:.3f}" for which in asked]] for name in names]
    rows.append(["by chance", *[f"{figures[names[0], *which].by_chance:.3f}" for which in asked]])
    return [
        "## 5. Is what lies near alike",
        prose(
            f"Share of the {NEIGHBOURS} nearest places of other cells that have the same class, mean over the classes; "
            "no classifier, all places of all blocks. Distances are Euclidean after scaling every dimension to unit "
            "variance."
        ),
        table(["", *[f"{task}, {radius:g} µm" for task, radius in asked]], rows),
    ]


def robustness_section(study: Study, rows: list[Robustness]) -> list[str]:
    """Question 6."""
    cells = [[row.name, f"{row.distance:.2f}", f"{row.cosine:.3f}", f"{row.retained:.0%}", str(row.f1)] for row in rows]
    return [
        "## 6. What a worse image does",
        prose(
            f"The EM of {study.settings.changed_places:,} places is changed before the segment is masked. *Moved*: "
            "median distance between the embeddings before and after, over the median distance of two places; beside "
            "it the median cosine. *Neighbour kept*: the nearest place of another cell is the same. F1: "
            f"subcompartments of test cells, by heads fitted to unchanged places on {rows[0].f1.count} splits."
        ),
        table(["change", "moved", "cosine", "neighbour kept", "macro F1"], cells),
        figure("robustness", "Generated blocks. How far a change of the EM moves embeddings, and neighbours kept."),
    ]


def prose(text: str) -> str:
    """A paragraph in lines that fit the page."""
    return textwrap.fill(text, _LINE, break_long_words=False, break_on_hyphens=False)


def bullet(text: str) -> str:
    """One point of a list."""
    return textwrap.fill(
        text, _LINE, initial_indent="- ", subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
    )


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; the first column is left-aligned, the others right."""
    lines = [heads, ["---"] + ["--:"] * (len(heads) - 1), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def figure(name: str, caption: str) -> str:
    """A picture of this run and what it shows."""
    return f"![{caption}](images/science_{name}.png)\n\n*{caption}*"


def verdict(found: Sequence[Score]) -> str:
    """Whether the encoder (the first) is ahead of the best of the others, in half a sentence."""
    encoder, best = found[0], best_rival(found)
    ahead = _ahead(encoder, best)
    wins = sum(own > other for own, other in zip(encoder.f1s, best.f1s, strict=True))
    how = "ahead of" if ahead.mean > 0 else "behind"
    return (
        f"the encoder ({encoder.f1}) is **{how}** the best of the others ({best.name}, {best.f1}) by "
        f"{abs(ahead.mean):.3f}, and ahead on {wins} of {len(encoder.f1s)} splits"
    )


def _beside(found: Sequence[Score]) -> list[list[str]]:
    encoder = found[0]
    rows = [[encoder.name, str(encoder.f1), ""]]
    for score in found[1:]:
        ahead = _ahead(encoder, score)
        rows.append([score.name, str(score.f1), f"{ahead.mean:+.3f} ± {ahead.sd:.3f}"])
    return rows


def _ahead(encoder: Score, other: Score) -> Spread:
    return spread([own - its for own, its in zip(encoder.f1s, other.f1s, strict=True)])


def _rival_cells(linear: list[LinearPoint], rival: list[SupervisedPoint], labels: float) -> list[str]:
    """The rival's part of a row of the table: F1, repeats, labels that the linear head needs for as much."""
    nearest = min(rival, key=lambda point: abs(np.log(point.labels / labels)))
    if abs(np.log(nearest.labels / labels)) > 0.1:
        return ["", "", ""]
    needed = labels_needed(linear, nearest.f1.mean)
    if needed is None:
        said = f"more than {linear[-1].labels:,.0f}"
    elif needed <= linear[0].labels:
        said = f"at most {needed:,.0f}"
    else:
        said = f"{needed:,.0f} (1/{nearest.labels / needed:,.1f})"
    return [str(nearest.f1), str(len(nearest.outcomes)), said]
