"""docs/real_data.md: every figure is printed by the program."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.real.items import Items
from benchmarks.real.ranking import (
    DEEP,
    Question,
    Ranking,
    by_chance,
    cosines,
    mean_over_groups,
    nearness,
    rank,
)
from benchmarks.real.training import Trained
from benchmarks.science.tables import bullet, prose, table
from segclr.training.config import TrainingConfig

_HEADS = [
    "",
    "nearest",
    f"{DEEP} nearest",
    "average precision",
    "encoder minus this",
    "area under ROC",
    "encoder minus this",
]


@dataclass(frozen=True, slots=True, eq=False)
class Study:
    """One volume: what was trained, and the features by name, the encoder's first."""

    title: str
    words: tuple[str, ...]  # how it was done
    config: TrainingConfig
    encoder: Trained
    items: Items
    features: dict[str, NDArray[np.float32]]


def document(studies: Sequence[Study], header: Sequence[str], quick: bool) -> str:
    """The whole page, in Markdown."""
    parts = [
        "# Real data" + (" (QUICK: a trial run, its figures mean nothing)" if quick else ""),
        prose(
            "`python -m benchmarks real` trains two encoders and writes this page, its words included. The data are "
            "not part of the repository: they are read from `../shared/data` beside the checkout."
        ),
        "\n".join(bullet(verdict(study, question)) for study in studies for question in study.items.questions),
        "## How it was measured",
        "\n".join(bullet(line) for line in (*header, *HOW)),
        *[part for study in studies for part in section(study)],
    ]
    return "\n\n".join(parts) + "\n"


def verdict(study: Study, question: Question) -> str:
    """Whether the encoder is ahead of what it is compared with, in a sentence."""
    areas = {name: rank(cosines(values), question).area for name, values in study.features.items()}
    found = {name: mean_over_groups(area, question.group) for name, area in areas.items()}
    own, *others = areas
    best = max(others, key=lambda name: found[name].value)
    ahead = mean_over_groups(areas[own] - areas[best], question.group)
    how = "ahead of" if ahead.low > 0 else "behind" if ahead.high < 0 else "not told apart from"
    return (
        f"{study.title}, among {question.name}: area under ROC {found[own]}, **{how}** the best of the others ({best}, "
        f"{found[best]})."
    )


HOW = (
    "Both volumes have no truth but who belongs together, so that is what is asked, although it is not what SegCLR is "
    "good at: embeddings are said to tell type and compartment, hardly which cell.",
    "The encoder is trained on one half of the volume, without labels, and asked about segments that lie wholly in the "
    "other half. What it is compared with sees the same views: the same network *untrained*, *hand-made* features "
    "(size, surface, principal axes, grey histogram) and *PCA* (64 components) of the masked view. The untrained "
    "network's BatchNorms and PCA take their statistics from the very views that are asked about, which favours them. "
    "All features are standardised over these views and compared by cosine.",
    "*Nearest in space* looks at positions alone: it is no rival, but says how much neighbourhood gives away. *By "
    "chance* is a random order, computed exactly.",
    f"*Nearest*: how often the nearest is right. *{DEEP} nearest*: share of the {DEEP} nearest that is right, of as "
    "many as can be. *Average precision*: of the whole ranking, 1 if all that is right comes first. *Area under ROC*: "
    "how often something right comes before something wrong, 0.5 by chance. All are means over groups (bodies or "
    "segments) of the means over their members; in brackets, 95 % intervals from 2,000 bootstrap draws of the groups. "
    "Differences are taken group by group.",
)


def section(study: Study) -> list[str]:
    """One volume's part of the page."""
    config, record = study.config, study.encoder.spec.training
    view = " x ".join(f"{edge:g}" for edge in config.view.resolution_nm)
    trained = (
        f"Encoder {study.encoder.spec.hash}: {config.view.size}³ voxels of {view} nm, {record.steps:,} steps of "
        f"{config.pairs} pairs, {study.encoder.cpu_s / 60:.1f} minutes of processor time on one thread; mean loss of "
        f"the last 50 steps {record.loss:.2f}, by chance {np.log(2 * config.pairs - 1):.2f}."
    )
    parts = [f"## {study.title}", "\n".join(bullet(line) for line in (*study.words, trained, *study.items.facts))]
    for question in study.items.questions:
        parts += [asked(question), table(_HEADS, rows(study, question))]
    return parts


def asked(question: Question) -> str:
    """What a table answers, and how large the question is."""
    return prose(
        f"**Among {question.name}**: {len(question.asked):,} asked, in {question.groups} groups; "
        f"{question.allowed.sum(axis=1).mean():,.0f} ranked for each, of which {question.right.sum(axis=1).mean():.1f} "
        "are right."
    )


def rows(study: Study, question: Question) -> list[list[str]]:
    """The encoder, what it is compared with, and what a row of chance and of positions would be."""
    rankings = {name: rank(cosines(values), question) for name, values in study.features.items()}
    encoder = next(iter(rankings.values()))
    centres = study.items.mean(study.items.positions_nm).astype(np.float64)
    rankings["*nearest in space*"] = rank(nearness(centres), question)
    rankings["*by chance*"] = by_chance(question)
    return [[name, *_figures(ranking, encoder, question)] for name, ranking in rankings.items()]


def _figures(ranking: Ranking, encoder: Ranking, question: Question) -> list[str]:
    def mean(figures: NDArray[np.float64]) -> str:
        return str(mean_over_groups(figures, question.group))

    def ahead(own: NDArray[np.float64], its: NDArray[np.float64]) -> str:
        if ranking is encoder:
            return ""
        found = mean_over_groups(own - its, question.group)
        return f"{found.value:+.3f} ({found.low:+.3f} to {found.high:+.3f})"

    return [
        mean(ranking.first),
        mean(ranking.deep),
        mean(ranking.precision),
        ahead(encoder.precision, ranking.precision),
        mean(ranking.area),
        ahead(encoder.area, ranking.area),
    ]
