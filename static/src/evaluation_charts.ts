// The evaluation panel's small charts: SVG made here, told apart by shape and lightness, not by hue alone.

import {
  curveText,
  linear,
  logarithmic,
  logTicks,
  reliabilityText,
  shareText,
  shareTicks,
  stoppingText,
  type Scale,
} from "./evaluation_figures";
import type { ConfidenceBin, CurvePoint, Stopping } from "./protocol_evaluation";

const NAMESPACE = "http://www.w3.org/2000/svg";
const WIDTH = 240;
const HEIGHT = 170;
const LEFT = 50;
const RIGHT = 16;
const TOP = 8;
const BOTTOM = 36;
const X = [LEFT, WIDTH - RIGHT] as const;
const Y = [HEIGHT - BOTTOM, TOP] as const;

type Attributes = Readonly<Record<string, string | number>>;

function svg(tag: string, attributes: Attributes, ...children: (Node | string)[]): SVGElement {
  const made = document.createElementNS(NAMESPACE, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  made.append(...children);
  return made;
}

function chart(text: string, ...children: SVGElement[]): SVGElement {
  return svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "chart", role: "img", "aria-label": text }, ...children);
}

function hint(element: SVGElement, text: string): SVGElement {
  element.append(svg("title", {}, text));
  return element;
}

interface Axis {
  readonly scale: Scale;
  readonly ticks: readonly number[];
  readonly name: string;
  text(value: number): string;
}

function axes(x: Axis, y: Axis): SVGElement {
  const [left, right] = X;
  const [bottom, top] = Y;
  const lines = y.ticks.map((tick) => svg("line", { class: "grid", x1: left, x2: right, y1: y.scale(tick), y2: y.scale(tick) }));
  const sides = y.ticks.map((tick) => svg("text", { x: left - 5, y: y.scale(tick) + 3.5, "text-anchor": "end" }, y.text(tick)));
  const below = x.ticks.map((tick) => svg("text", { x: x.scale(tick), y: bottom + 14, "text-anchor": "middle" }, x.text(tick)));
  const middle = (bottom + top) / 2;
  const names = [
    svg("text", { class: "axis", x: (left + right) / 2, y: HEIGHT - 5, "text-anchor": "middle" }, x.name),
    svg("text", { class: "axis", transform: `translate(9 ${middle}) rotate(-90)`, "text-anchor": "middle" }, y.name),
  ];
  return svg("g", {}, ...lines, ...sides, ...below, ...names);
}

export function curveChart(points: readonly CurvePoint[]): SVGElement {
  const counts = points.map((point) => Math.max(1, point.labels));
  const [low, high] = [Math.min(...counts), Math.max(...counts, Math.min(...counts) + 1)];
  const x = logarithmic([low, high], X);
  const ticks = shareTicks(Math.max(0, Math.min(...points.map((point) => point.macro_f1.low))), 1);
  const y = linear([ticks[0], 1], Y);
  const at = (point: CurvePoint, value: number): string => `${x(Math.max(1, point.labels))},${y(value)}`;
  const upper = points.map((point) => at(point, point.macro_f1.high));
  const lower = points.map((point) => at(point, point.macro_f1.low)).reverse();
  const dots = points.map((point) =>
    hint(
      svg("circle", { class: "dot", cx: x(Math.max(1, point.labels)), cy: y(point.macro_f1.value), r: 2.6 }),
      `${point.labels} labels: ${point.macro_f1.value.toFixed(2)} (${point.macro_f1.low.toFixed(2)} to ${point.macro_f1.high.toFixed(2)})`,
    ),
  );
  return chart(
    curveText(points),
    axes(
      { scale: x, ticks: logTicks(low, high), name: "labels", text: String },
      { scale: y, ticks, name: "macro F1", text: (tick) => tick.toFixed(1 + Number(ticks[1] - ticks[0] < 0.1)) },
    ),
    svg("polygon", { class: "band", points: [...upper, ...lower].join(" ") }),
    svg("polyline", { class: "line", points: points.map((point) => at(point, point.macro_f1.value)).join(" ") }),
    ...dots,
  );
}

export function reliabilityChart(bins: readonly ConfidenceBin[]): SVGElement {
  const filled = bins.filter((bin) => bin.accuracy && bin.confidence !== null);
  const first = Math.min(0.8, ...filled.map((bin) => bin.low));
  const ticks = shareTicks(first, 1);
  const x = linear([ticks[0], 1], X);
  const y = linear([0, 1], Y);
  const most = Math.max(1, ...filled.map((bin) => bin.count));
  const marks = filled.map((bin) => {
    const at = x(bin.confidence ?? 0);
    const { value, low, high } = bin.accuracy ?? { value: 0, low: 0, high: 0 };
    const mark = svg(
      "g",
      {},
      svg("line", { class: "whisker", x1: at, x2: at, y1: y(low), y2: y(high) }),
      svg("circle", { class: "dot", cx: at, cy: y(value), r: 2.5 + 4 * Math.sqrt(bin.count / most) }),
    );
    return hint(mark, `${bin.count} labels with ${shareText(bin.low)} to ${shareText(bin.high)}: ${shareText(value)} right`);
  });
  return chart(
    reliabilityText(bins),
    axes(
      { scale: x, ticks, name: "confidence", text: (tick) => `${Math.round(100 * tick)} %` },
      { scale: y, ticks: [0, 0.5, 1], name: "share right", text: (tick) => `${Math.round(100 * tick)} %` },
    ),
    svg("line", { class: "ideal", x1: x(ticks[0]), y1: y(ticks[0]), x2: x(1), y2: y(1) }),
    ...marks,
  );
}

export function stoppingChart(stopping: Stopping): SVGElement {
  const { shares, apart } = stopping;
  const ticks = shareTicks(0, Math.max(0.01, ...shares));
  const y = linear([0, ticks.at(-1) ?? 1], Y);
  const step = (X[1] - X[0]) / shares.length;
  const bars = shares.map((share, i) =>
    hint(
      svg("rect", {
        class: "column",
        x: X[0] + i * step + 0.15 * step,
        width: 0.7 * step,
        y: Math.min(y(share), Y[0] - 1),
        height: Math.max(1, Y[0] - y(share)),
      }),
      shareText(share, 1),
    ),
  );
  const place = (i: number): number => X[0] + (i + 0.5) * step;
  return chart(
    stoppingText(stopping),
    axes(
      {
        scale: place,
        ticks: shares.map((_, i) => i),
        name: `labels ago, by ${apart}`,
        text: (i) => `${(shares.length - 1 - i) * apart}`,
      },
      { scale: y, ticks, name: "changed", text: (tick) => `${Number((100 * tick).toFixed(1))} %` },
    ),
    ...bars,
  );
}
