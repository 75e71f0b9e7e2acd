"""The figures of docs/science.md. The only file that imports matplotlib."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter
from numpy.typing import NDArray

from benchmarks.science.curves import LinearPoint, RadiusCurve, Score, SupervisedPoint
from benchmarks.science.robustness import Robustness

# Okabe and Ito's palette: told apart by colour-blind readers, and by lightness in print
BLACK, ORANGE, BLUE, GREEN, PURPLE, GREY = "#000000", "#d55e00", "#0072b2", "#009e73", "#cc79a7", "#777777"
SKY = "#56b4e9"
COLOURS = (BLUE, SKY, GREY, GREEN, ORANGE, PURPLE)
MANY = (BLUE, ORANGE, GREEN, BLACK, PURPLE, SKY, "#e69f00")
DASHES = ("-", "--", "-.")
MARKERS = ("o", "P", "s", "^", "D", "v")
DPI = 160
WIDTH_IN = 5.0  # 800 pixels
STYLE: dict[Any, Any] = {  # matplotlib knows its keys by name alone
    "font.size": 9,
    "axes.labelsize": 9,
    "axes.titlesize": 9,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "legend.fontsize": 9,
    "legend.frameon": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "lines.linewidth": 1.5,
    "lines.markersize": 4.5,
    "errorbar.capsize": 2,
}


def style() -> AbstractContextManager[None]:
    """Draw within this: one font size, no frames."""
    return mpl.rc_context(STYLE)


def draw_labels_curve(
    path: Path, points: Sequence[LinearPoint], rival: Sequence[SupervisedPoint], baseline: Score | None
) -> None:
    """Macro F1 against the number of labels: the linear head, the network from scratch, and the best baseline."""
    figure, axes = _axes(3.3)
    x, mean, sd = _columns([(point.labels, point.f1.mean, point.f1.sd) for point in points])
    axes.fill_between(x, mean - sd, mean + sd, color=BLUE, alpha=0.2, linewidth=0)
    axes.plot(x, mean, color=BLUE, marker="o", label="linear head on embeddings")
    x, mean, sd = _columns([(point.labels, point.f1.mean, point.f1.sd) for point in rival])
    axes.errorbar(x, mean, sd, color=ORANGE, marker="s", label="same network, supervised from scratch")
    if baseline is not None:
        axes.axhline(baseline.f1.mean, color=GREEN, linestyle="--", label=f"{baseline.name}, all labels")
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel("labels")
    axes.set_ylabel("macro F1, 5 subcompartments")
    axes.set_ylim(0, 1)
    axes.legend(loc="upper left")
    _save(figure, path)


def draw_radius_curve(path: Path, curve: RadiusCurve) -> None:
    """Macro F1 of cell types against the radius of the mean."""
    figure, axes = _axes(3.6)
    for index, name in enumerate(score.name for score in curve.scores[0]):
        of_radius = [scores[index].f1 for scores in curve.scores]
        mean, sd = np.array([f1.mean for f1 in of_radius]), np.array([f1.sd for f1 in of_radius])
        shift = 0.12 * (index - 2.5)  # so that the bars of one radius do not hide each other
        radii = np.array(curve.radii_um) + shift
        axes.errorbar(radii, mean, sd, color=COLOURS[index], marker=MARKERS[index], label=name)
    axes.set_xlabel("radius of the mean (µm)")
    axes.set_ylabel("macro F1, 9 cell types")
    axes.set_xticks(curve.radii_um, [f"{radius:g}" for radius in curve.radii_um])
    axes.set_ylim(0, 1)
    figure.legend(loc="outside upper left", ncols=2)
    _save(figure, path)


def draw_confusion(path: Path, counts: NDArray[np.int64], names: Sequence[str]) -> None:
    """What each class is taken for: rows of the truth, in per cent of the row."""
    share = 100 * counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    side = WIDTH_IN * min(1.0, 0.5 + 0.06 * len(names))
    figure = Figure((WIDTH_IN, side), dpi=DPI, layout="constrained")
    axes = figure.add_subplot()
    axes.imshow(share, cmap="Blues", vmin=0, vmax=100)
    for row in range(len(names)):
        for column in range(len(names)):
            if share[row, column] >= 0.5:
                light = share[row, column] > 55
                text = f"{share[row, column]:.0f}"
                axes.text(column, row, text, ha="center", va="center", color="white" if light else "black")
    axes.set_xticks(range(len(names)), names, rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(names)), names)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_xlabel("predicted (% of the true class)")
    axes.set_ylabel("true class")
    _save(figure, path)


def draw_robustness(path: Path, rows: Sequence[Robustness]) -> None:
    """How far a change moves an embedding, and what is left of the neighbours, side by side."""
    shown = [row for row in rows if row.name != "unchanged"]
    figure = Figure((WIDTH_IN, 0.6 + 0.24 * len(shown)), dpi=DPI, layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    at = np.arange(len(shown))[::-1]
    left.barh(at, [row.distance for row in shown], color=BLUE, height=0.6)
    left.set_xlabel("moved (1 = the distance\nof two places)")
    right.barh(at, [100 * row.retained for row in shown], color=GREEN, height=0.6)
    right.set_xlabel("nearest neighbour\nkept (%)")
    right.set_xlim(0, 100)
    left.set_yticks(at, [row.name for row in shown])
    for axes in (left, right):
        axes.tick_params(axis="y", length=0)
    _save(figure, path)


def draw_roc(path: Path, curves: Sequence[tuple[str, NDArray[np.float64], NDArray[np.float64]]]) -> None:
    """ROC curves: (name, false positive rate, true positive rate); those of one head have one dash."""
    figure, axes = _axes(4.4)
    heads = list(dict.fromkeys(name.partition(",")[0] for name, _, _ in curves))
    for index, (name, false_rate, true_rate) in enumerate(curves):
        dash = DASHES[heads.index(name.partition(",")[0]) % len(DASHES)]
        axes.plot(100 * false_rate, 100 * true_rate, dash, color=MANY[index % len(MANY)], label=name)
    axes.plot([0, 100], [0, 100], color=GREY, linewidth=0.8, linestyle=":")
    axes.set_xlabel("glia taken for unknown (%)")
    axes.set_ylabel("neurons recognised as unknown (%)")
    axes.set_xlim(0, 100)
    axes.set_ylim(0, 100)
    figure.legend(loc="outside upper left", ncols=2)
    _save(figure, path)


def _axes(height_in: float) -> tuple[Figure, Axes]:
    figure = Figure((WIDTH_IN, height_in), dpi=DPI, layout="constrained")
    axes = figure.add_subplot()
    axes.grid(axis="y", color="#e6e6e6", linewidth=0.8)
    axes.set_axisbelow(True)
    return figure, axes


def _columns(rows: Sequence[tuple[float, float, float]]) -> NDArray[np.float64]:
    return np.array(rows, np.float64).reshape(-1, 3).T


def _save(figure: Figure, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Software": None})
