"""The curves of docs/queue.md."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

from benchmarks.queue.findings import Setting
from benchmarks.science.figures import BLUE, DPI, GREY, MARKERS, ORANGE, WIDTH_IN

_COLOURS = (BLUE, GREY, ORANGE)
_FEWEST = 10  # labels from which the curves are drawn


def draw_curves(path: Path, settings: Sequence[Setting]) -> None:
    """Macro F1 against labels, one panel per setting, with the goal as a line."""
    figure = Figure((WIDTH_IN, 2.5 * ((len(settings) + 1) // 2) + 0.4), dpi=DPI, layout="constrained")
    panels = figure.subplots((len(settings) + 1) // 2, 2, squeeze=False)
    for panel in panels.flat[len(settings) :]:
        panel.set_visible(False)
    for panel, setting in zip(panels.flat, settings, strict=False):
        panel.axhline(setting.goal, color=GREY, linewidth=0.8, linestyle=":")
        for curve, colour, marker in zip(setting.curves, _COLOURS, MARKERS, strict=False):
            shown = curve.labels >= _FEWEST
            mean, deviation = curve.f1.mean(axis=0), curve.f1.std(axis=0)
            panel.fill_between(
                curve.labels[shown],
                (mean - deviation)[shown],
                (mean + deviation)[shown],
                color=colour,
                alpha=0.15,
                linewidth=0,
            )
            panel.plot(
                curve.labels[shown],
                mean[shown],
                color=colour,
                marker=marker,
                markevery=6,
                markersize=3,
                label=curve.name,
            )
        panel.set_xscale("log")
        panel.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
        panel.xaxis.set_minor_formatter(NullFormatter())
        wrong = f", {setting.error_rate:.0%} wrong" if setting.error_rate else ""
        panel.set_title(f"{setting.task}{wrong}")
        panel.set_xlabel("labels")
        panel.set_ylabel("macro F1")
    handles, names = panels.flat[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper left", ncols=len(names))
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Software": None})
