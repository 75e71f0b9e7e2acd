// The evaluation's first page: the figures, and whether more labels would change them.

import { element } from "../element";
import { curveChart, reliabilityChart, stoppingChart } from "../evaluation_charts";
import { calibrationText, f1Text, intervalText, shareText } from "../evaluation_figures";
import type { Estimate, EvaluationReady } from "../protocol_evaluation";

export function overview(ready: EvaluationReady): HTMLElement[] {
  const { figures, audit, stopping, curve } = ready;
  const parts: HTMLElement[] = [];
  if (figures) {
    const volume = audit?.accuracy ?? null;
    parts.push(
      element(
        "div",
        { class: "tiles" },
        tile("Macro F1", figures.macro_f1, f1Text, "mean over the classes"),
        tile("Accuracy", figures.accuracy, shareText, "of the labels"),
        tile("In the volume", volume, shareText, "by audit labels alone", `${audit?.labels ?? 0} audit labels`),
      ),
      element("p", {}, ready.meaning),
    );
  }
  if (audit) parts.push(element("p", {}, element("strong", {}, "Audit: "), `${audit.sentence}.`));
  const charts: HTMLElement[] = [];
  if (curve.length > 1) {
    charts.push(framed("Learning curve", curveChart(curve), "On the labels of now, after each part of the history."));
  }
  if (figures) {
    const said = calibrationText(figures.ece, figures.ece_by_chance);
    charts.push(framed("Is the confidence right?", reliabilityChart(figures.bins), said));
  }
  if (stopping) {
    const { sentence, settled, shares } = stopping;
    const verdict = settled ? " The predictions have settled: more labels like these change little." : "";
    const said = `${sentence[0].toUpperCase()}${sentence.slice(1)}.${verdict}`;
    if (shares.length) charts.push(framed("Does labelling still change it?", stoppingChart(stopping), said));
    else parts.push(element("p", {}, element("strong", {}, "When to stop: "), said));
  }
  parts.push(element("div", { class: "charts" }, ...charts));
  return parts;
}

function tile(
  name: string,
  estimate: Estimate | null,
  text: (value: number) => string,
  of: string,
  missing = "no figure",
): HTMLElement {
  return element(
    "div",
    { class: "tile" },
    element("span", { class: "name" }, name),
    element("span", { class: estimate ? "value" : "value none" }, estimate ? text(estimate.value) : "too few"),
    element("span", { class: "of" }, estimate ? `[${intervalText(estimate, text)}]` : missing),
    element("span", { class: "of" }, of),
  );
}

function framed(title: string, chart: Node, text: string): HTMLElement {
  return element("div", { class: "framed" }, element("h3", {}, title), chart, element("p", {}, text));
}
