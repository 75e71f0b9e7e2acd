"""docs/queue.md: every figure printed by the program."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.queue.cost import BATCH, ROWS, Cost
from benchmarks.queue.findings import REACHED, Check, Curve, Rare, Setting
from benchmarks.queue.measure import BLIND, INFORMED, MARGIN, QUEUE, Amount
from benchmarks.science.scores import spread
from benchmarks.science.tables import bullet, prose, table
from segclr.queue.settings import DEFAULT, FOR_SEGMENTS, QueueSettings

_SHOWN = (20, 50, 100, 200, 400, 800, 1600)
_STRATEGIES = ("uncertainty", "balance", "novelty", "diversity", "random")
_EARLY = (20, 50, 100, 200, 400)


@dataclass(frozen=True, slots=True)
class Findings:
    """All that was measured."""

    settings: list[Setting]
    rare: list[Rare]
    checks: list[Check]
    costs: list[Cost]


def document(findings: Findings, amount: Amount, header: Iterable[str]) -> str:
    """The whole page, in Markdown."""
    parts = [
        *_introduction(amount, header),
        *_needed(findings.settings),
        *_curves(findings.settings),
        *_ahead(findings.settings),
        *_rare(findings.rare, amount),
        *_flown(findings.settings),
        *_checked(findings.checks),
        *_costs(findings.costs),
    ]
    return "\n\n".join(parts) + "\n"


def tried(settings: Sequence[Setting], header: Iterable[str]) -> str:
    """The page of other ways to choose, in Markdown."""
    rows = [
        [
            f"{setting.task}: {curve.name}",
            str(setting.needed(curve)),
            *[_ahead_of_blind(setting, curve, labels) for labels in _EARLY],
            f"{curve.flown_nm.mean() / 1e3:.1f} µm",
        ]
        for setting in settings
        for curve in setting.curves
    ]
    parts = [
        "# Ways to choose that were tried",
        prose(
            "`python -m benchmarks queue --mixes` writes this page. The queue's defaults were chosen on these blocks, "
            "which are others than those that [it is measured on](queue.md)."
        ),
        "\n".join(bullet(point) for point in (*header, f"{len(settings[0].all_labels)} repeats, dealt to the volumes")),
        prose(
            f"*Needed*: labels until macro F1 reaches {REACHED:.0%} of what all labels give, with the 90 % interval of "
            "resampled volumes. Beside it macro F1 at a number of labels: of blind choice itself, and of the others by "
            "how much they are above it, with the standard error over the volumes. Mixes are shares of uncertainty / "
            f"balance / novelty / diversity / random: the default of places is {_shares(DEFAULT)}, of segments "
            f"{_shares(FOR_SEGMENTS)}. *Truth-balanced* knows what no queue can: it draws blindly from "
            "the class that has the fewest labels."
        ),
        table(["way", "needed", *[f"{labels}" for labels in _EARLY], "flown per label"], rows),
    ]
    return "\n\n".join(parts) + "\n"


def _ahead_of_blind(setting: Setting, curve: Curve, labels: int) -> str:
    """By how much a curve is above blind choice; of blind choice the score itself."""
    blind = next(one for one in setting.curves if one.name == BLIND)
    if labels > curve.labels[-1] * 1.05:
        return ""
    if curve is blind:
        return f"{curve.at(labels):.3f}"
    ahead = setting.ahead(curve, blind, labels)
    return f"{ahead.mean():+.3f}" + (f" ± {ahead.std(ddof=1) / np.sqrt(len(ahead)):.3f}" if len(ahead) > 1 else "")


def _introduction(amount: Amount, header: Iterable[str]) -> list[str]:
    points = [
        *header,
        f"{amount.repeats} repeats, dealt out to the volumes. In each a quarter of the cells of every type is held "
        "out, and macro F1 is measured on these; the expert labels places of the others.",
        "*all labels*: the head fitted to everything that the queue could ask. *random*: blind choice. *uncertainty*: "
        "the smallest margins first, and nothing else.",
        f"*queue*: the app's default. Places (subcompartments): {_mix(DEFAULT)}. Segments (cell types): "
        f"{_mix(FOR_SEGMENTS)}. And {DEFAULT.audit:.0%} of all items blind, for the audit.",
        f"The head is fitted and the choice made anew after every {amount.pace.batch} labels, and after every "
        f"{amount.pace.growth:.0%} more once that is more.",
        "Segments (cell types) are asked about once, at their most typical place, and scored as they are painted.",
    ]
    return [
        "# The labelling queue",
        prose(
            "`python -m benchmarks queue` writes this page, its words included. A simulated expert, who knows the "
            "truth of **generated blocks**, labels what the queue asks: does it take fewer labels than blind choice?"
        ),
        "\n".join(bullet(point) for point in points),
    ]


def _needed(settings: Sequence[Setting]) -> list[str]:
    rows = []
    for setting in settings:
        needed = {curve.name: setting.needed(curve) for curve in setting.curves}
        rows.append(
            [
                _title(setting),
                f"{setting.askable:,.0f}",
                str(spread(setting.all_labels.tolist())),
                f"{setting.goal:.3f}",
                *[str(needed[name]) for name in (QUEUE, BLIND, MARGIN)],
                _ratio(needed[QUEUE].labels, needed[BLIND].labels),
            ]
        )
    return [
        f"## Labels needed for {REACHED:.0%} of what all labels give",
        prose(
            "First number of labels at which the mean over the repeats reaches the goal; in brackets the 90 % interval "
            "of resampled volumes and, within these, repeats. The goal set for the queue is a ratio of at most 0.5 to "
            "random."
        ),
        table(
            ["task", "can be asked", "F1, all labels", "goal", QUEUE, BLIND, MARGIN, "queue / random"],
            rows,
        ),
    ]


def _curves(settings: Sequence[Setting]) -> list[str]:
    rows = []
    for setting in settings:
        for curve in setting.curves:
            at = [f"{curve.at(labels):.3f}" if labels <= curve.labels[-1] * 1.05 else "" for labels in _SHOWN]
            rows.append([f"{_title(setting)}: {curve.name}", *at])
    caption = "Macro F1 on held-out cells against labels; band: s.d. of the repeats; dots: the goal."
    return [
        "## Macro F1 against labels",
        table(["", *[f"{labels:,}" for labels in _SHOWN]], rows),
        f"![{caption}](images/queue_curves.png)\n\n*{caption}*",
    ]


def _ahead(settings: Sequence[Setting]) -> list[str]:
    rows = []
    for setting in settings:
        queue, blind = setting.curves[:2]
        for labels in _EARLY:
            by_volume = [f"{ahead:+.3f}" for ahead in setting.ahead(queue, blind, labels).tolist()]
            rows.append([_title(setting), f"{labels}", _ahead_of_blind(setting, queue, labels), *by_volume])
    return [
        "## The queue beside blind choice, volume by volume",
        prose(
            "Macro F1 of the queue less that of blind choice: the mean with its standard error over the volumes, and "
            "on each volume."
        ),
        table(["task", "labels", "mean", *[f"{volume + 1}" for volume in range(settings[0].volumes)]], rows),
    ]


def _rare(found: Sequence[Rare], amount: Amount) -> list[str]:
    if not found:
        return []
    ways = (QUEUE, BLIND, MARGIN, INFORMED)
    rows = []
    for task in dict.fromkeys(one.task for one in found):
        own = [one for one in found if one.task == task]
        means = [{name: float(one.found[name].mean()) for name in ways} for one in own]
        total = {name: float(np.mean([one[name] for one in means])) for name in ways}
        for title, needed in zip([*[one.class_name for one in own], "mean"], [*means, total], strict=True):
            labels = [f"{needed[name]:,.0f}" for name in ways]
            ratios = [f"{needed[name] / needed[BLIND]:.2f}" for name in (QUEUE, INFORMED)]
            rows.append([f"{task}: {title}", *labels, *ratios])
    return [
        "## Finding a rare class",
        prose(
            f"One class after the other is thinned to {amount.rare_share:.0%} of what can be asked, "
            f"{amount.rare_repeats} times each, on the volumes in turn. Labels until {amount.rare_found} examples of "
            f"it are found. The goal set is a ratio of 0.2. *{INFORMED}*: a head that was fitted to all labels of all "
            "other segments is asked where the class is likeliest. A queue, which begins without a label, can hardly "
            "do better."
        ),
        table(["thinned class", *ways, f"{QUEUE} / {BLIND}", f"{INFORMED} / {BLIND}"], rows),
    ]


def _flown(settings: Sequence[Setting]) -> list[str]:
    rows = [
        [_title(setting), *[f"{curve.flown_nm.mean() / 1e3:.1f} µm" for curve in setting.curves]]
        for setting in settings
        if not setting.error_rate
    ]
    return [
        "## How far the expert flies",
        prose("Distance per label over the first hundred labels. The blocks, each about 10 µm wide, lie side by side."),
        table(["task", QUEUE, BLIND, MARGIN], rows),
    ]


def _checked(checks: Sequence[Check]) -> list[str]:
    rows = [[one.task, f"{one.labels}", _yes(one.same_rows), _yes(one.same_head)] for one in checks]
    return [
        "## Through the app's session",
        prose(
            "The repeats take a fast path: the queue and the head without the app. Here it is compared with the app's "
            "session, which is asked for its queue and sent its label requests, with the label log on disk: whether "
            "both asked the same places in the same order, and whether the session's head is the same to the bit as "
            "one fitted to these labels on the fast path."
        ),
        table(["task", "labels", "same places", "same head"], rows),
    ]


def _costs(found: Sequence[Cost]) -> list[str]:
    rows = [
        [
            f"{one.labels:,}",
            *[f"{cost:.0f} ms" for cost in (one.draw, one.assess, one.propose, one.draw + one.assess + one.propose)],
        ]
        for one in found
    ]
    return [
        "## What choosing costs",
        prose(
            f"Processor time for the next {BATCH} items of a table of {ROWS:,} rows. *Draw*: the pool of candidates; "
            "*assess*: what the head says of them; *propose*: the choice."
        ),
        table(["labels", "draw", "assess", "propose", "together"], rows),
    ]


def _mix(settings: QueueSettings) -> str:
    return ", ".join(f"{name} {getattr(settings, name):.0%}" for name in _STRATEGIES)


def _shares(settings: QueueSettings) -> str:
    return " / ".join(f"{100 * getattr(settings, name):.0f}" for name in _STRATEGIES)


def _title(setting: Setting) -> str:
    return setting.task + (f", {setting.error_rate:.0%} wrong answers" if setting.error_rate else "")


def _ratio(labels: float | None, to: float | None) -> str:
    return "" if labels is None or to is None else f"{labels / to:.2f}"


def _yes(is_so: bool) -> str:
    return "yes" if is_so else "**no**"
