// The evaluation panel's numbers, ready to be drawn, said or written to a file. No DOM here.

import type { ClassSpec } from "./protocol";
import type { ConfidenceBin, ConfusionCell, CurvePoint, Estimate, EvaluationReady, Stopping } from "./protocol_evaluation";

/** From a value to a coordinate. */
export type Scale = (value: number) => number;

export function linear([low, high]: readonly [number, number], [from, to]: readonly [number, number]): Scale {
  const span = high - low || 1;
  return (value) => from + ((value - low) / span) * (to - from);
}

export function logarithmic([low, high]: readonly [number, number], range: readonly [number, number]): Scale {
  const scale = linear([Math.log(low), Math.log(high)], range);
  return (value) => scale(Math.log(value));
}

/** 1, 2 and 5 times powers of ten from `low` to `high`, thinned to at most `most`. */
export function logTicks(low: number, high: number, most = 5): number[] {
  const ticks: number[] = [];
  for (let power = 1; power <= high; power *= 10) {
    for (const times of [1, 2, 5]) if (times * power >= low && times * power <= high) ticks.push(times * power);
  }
  const every = Math.ceil(ticks.length / most);
  return ticks.filter((_, i) => (ticks.length - 1 - i) % every === 0);
}

/** Round numbers from at or below `low` to at or above `high`, both at most 1, so that there are two to six. */
export function shareTicks(low: number, high: number): number[] {
  const step = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5].find((size) => (high - low) / size <= 4.5) ?? 0.5;
  const first = Math.floor(low / step + 1e-9);
  const last = Math.ceil(high / step - 1e-9);
  return Array.from({ length: Math.max(last, first + 1) - first + 1 }, (_, i) => Number(((first + i) * step).toFixed(4)));
}

/** A share as text: certainty is never rounded up, nor little down to nothing. */
export function shareText(share: number, decimals = 0): string {
  const step = 10 ** -decimals;
  if (share > 0 && 100 * share < step / 2) return `< ${step.toFixed(decimals)} %`;
  if (share < 1 && 100 * share >= 100 - step / 2) return `> ${(100 - step).toFixed(decimals)} %`;
  return `${(100 * share).toFixed(decimals)} %`;
}

export function f1Text(value: number): string {
  return value < 1 ? Math.min(value, 0.99).toFixed(2) : "1.00";
}

export function intervalText(estimate: Estimate, text: (value: number) => string): string {
  return `${text(estimate.low)} to ${text(estimate.high)}`;
}

export function cellAt(cells: readonly ConfusionCell[], given: number, predicted: number): ConfusionCell | null {
  return cells.find((cell) => cell.given === given && cell.predicted === predicted) ?? null;
}

/** Of each row of the confusion matrix, how many labels it has. */
export function rowTotals(cells: readonly ConfusionCell[], classes: number): number[] {
  const totals = new Array<number>(classes).fill(0);
  for (const cell of cells) totals[cell.given] += cell.count;
  return totals;
}

/** The learning curve in words. */
export function curveText(points: readonly CurvePoint[]): string {
  const first = points[0];
  const last = points.at(-1);
  if (!first || !last) return "There is no learning curve yet.";
  const steps = points.map((point) => `${point.labels} labels ${f1Text(point.macro_f1.value)}`).join(", ");
  return `Macro F1 by number of labels: ${steps}.`;
}

export function reliabilityText(bins: readonly ConfidenceBin[]): string {
  const filled = bins.filter((bin) => bin.accuracy !== null && bin.confidence !== null);
  const said = filled.map((bin) => {
    const right = shareText(bin.accuracy?.value ?? 0);
    return `at ${shareText(bin.confidence ?? 0)} confidence ${right} of ${bin.count} are right`;
  });
  return `Reliability: ${said.join(", ")}.`;
}

export function stoppingText(stopping: Stopping): string {
  const shares = stopping.shares.map((share) => shareText(share, 1)).join(", ");
  return `Predictions changed by each batch of ${stopping.apart} labels, the newest last: ${shares}.`;
}

/** Whether the calibration error is more than chance alone would show. */
export function calibrationText(ece: number, byChance: number): string {
  const error = `Calibration error ${shareText(ece, 1)}; chance alone would show ${shareText(byChance, 1)}`;
  return ece <= 1.5 * byChance ? `${error}: nothing speaks against the confidences.` : `${error}.`;
}

/** All figures as lines of a table: one line per figure, with its interval and what it is of. */
export function csvOf(ready: EvaluationReady, classes: readonly ClassSpec[]): string {
  const lines: (string | number)[][] = [["figure", "class", "predicted_as", "value", "low", "high", "labels"]];
  const name = (index: number): string => classes[index]?.name ?? String(index);
  const add = (figure: string, of: string, estimate: Estimate | null, labels: number | string): void => {
    if (estimate) lines.push([figure, of, "", estimate.value, estimate.low, estimate.high, labels]);
  };
  const { figures, audit, stopping } = ready;
  if (figures) {
    add("macro_f1", "", figures.macro_f1, figures.tested);
    add("accuracy", "", figures.accuracy, figures.tested);
    figures.classes.forEach((scores, index) => {
      add("f1", name(index), scores.f1, scores.labels);
      add("precision", name(index), scores.precision, scores.predicted);
      add("recall", name(index), scores.recall, scores.labels);
    });
    for (const { given, predicted, count } of figures.confusion) {
      lines.push(["confusion", name(given), name(predicted), count, "", "", count]);
    }
    lines.push(["calibration_error", "", "", figures.ece, "", "", figures.tested]);
    lines.push(["calibration_error_by_chance", "", "", figures.ece_by_chance, "", "", figures.tested]);
  }
  if (audit) add("audit_accuracy", "", audit.accuracy, audit.labels);
  for (const point of ready.curve) add("macro_f1_by_labels", "", point.macro_f1, point.labels);
  for (const share of stopping?.shares ?? []) lines.push(["predictions_changed", "", "", share, "", "", stopping?.apart ?? 0]);
  for (const { label, suggested, doubt } of ready.suspects) {
    const at = ready.labels[label];
    lines.push(["likely_error", name(at.class), suggested === null ? "" : name(suggested), doubt, "", "", at.uuid]);
  }
  return lines.map((line) => line.map(quoted).join(",")).join("\r\n") + "\r\n";
}

/** Spreadsheets take what begins with one of =+-@ for a formula. */
function quoted(field: string | number): string {
  if (typeof field === "number") return String(field);
  const text = /^[=+\-@]/.test(field) ? `'${field}` : field;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function fileName(ready: EvaluationReady, extension: string): string {
  return `evaluation-${ready.task.replaceAll(/[^A-Za-z0-9]+/g, "-")}-${ready.seq}.${extension}`;
}
