// What the scatter's points are coloured by: a byte for each row, the colours of the bytes, and a scale to read them by.
// What the page has columns for is made here; the rest the server makes.

import { CELLS, colorsOf, HIGHEST, NOTHING, NUMBERS, OTHERS, wordColor, type Ramp } from "./colormap";
import type { Prediction, Rows } from "./columns";
import { NO_CLASS, rgbOf, type RGB } from "./paint";
import type { Axis, ClassSpec, Labels } from "./protocol";
import type { Colored } from "./protocol_coloring";
import { classesOf, taskOf, type State } from "./state";

export const BY_CLASS = "class";
export const BY_CLUSTER = "cluster";
/** What colours by class are of, where a figure or a screen reader says it. */
export const CLASS_TITLE = "predicted class";
const AXES: readonly Axis[] = ["x", "y", "z"];

/** A column that the server has made. */
export interface ColorColumn {
  readonly made: Colored;
  readonly codes: Uint8Array;
}

export interface Swatch {
  readonly name: string;
  readonly rgb: RGB;
}

export type Scale =
  | {
      readonly kind: "numbers";
      readonly title: string;
      readonly unit: string;
      /** null where no row has a number. */
      readonly low: number | null;
      readonly high: number | null;
      /** Whether some rows lie outside and have the colour of that end. */
      readonly below: boolean;
      readonly above: boolean;
      readonly missing: number;
      readonly note: string;
      readonly ramp: Ramp;
    }
  | {
      readonly kind: "words";
      readonly title: string;
      readonly swatches: readonly Swatch[];
      readonly others: boolean;
      readonly missing: number;
      readonly note: string;
    };

export interface Tint {
  readonly codes: Uint8Array;
  /** RGBA of every code. */
  readonly colors: Uint8Array;
  readonly scale: Scale;
}

export interface Choice {
  readonly name: string;
  readonly title: string;
}

/** All that one may colour by. */
export function choicesOf(state: State): Choice[] {
  return [
    { name: BY_CLASS, title: "class" },
    { name: "label", title: "label" },
    { name: "confidence", title: "confidence" },
    ...state.colorings.map(({ name, title }) => ({ name, title })),
    { name: "segment", title: "cell" },
    ...AXES.map((name) => ({ name, title: axisTitle(name, depthAxisOf(state)) })),
  ];
}

/** Along which the project's tissue changes with depth. */
export function depthAxisOf(state: State): Axis {
  return state.hello?.depth_axis ?? "z";
}

/** The name of a coordinate; other names stay as they are. */
export function axisTitle(name: string, depthAxis: Axis): string {
  return name === depthAxis ? `${name} (depth)` : name;
}

/** Whether it is the server who makes the column. */
export function isServers(state: State, name = state.coloring): boolean {
  return state.colorings.some((known) => known.name === name);
}

/** What the tint is made of: as long as these are the same, so is it. */
export function ingredients(state: State): readonly unknown[] {
  const { coloring, prediction, rows, task } = state;
  if (coloring === BY_CLASS) return [coloring];
  if (coloring === "label") return [coloring, state.labels[task], rows, classesOf(state)];
  if (coloring === "confidence") return [coloring, prediction, state.ramp];
  return [coloring, isServers(state) ? state.colorColumn : rows, state.ramp];
}

/** How to colour; null by class, and while what it takes is under way. */
export function tintOf(state: State): Tint | null {
  const tint = plainTintOf(state);
  if (tint?.scale.kind !== "numbers") return tint;
  return { ...tint, colors: NUMBERS[state.ramp], scale: { ...tint.scale, ramp: state.ramp } };
}

function plainTintOf(state: State): Tint | null {
  const { coloring, prediction, rows, colorColumn } = state;
  if (coloring === "label") {
    const labels = state.labels[state.task];
    return labels && rows ? byLabel(labels, rows, classesOf(state), taskOf(state)?.unit === "segment") : null;
  }
  if (coloring === "confidence") return prediction && byConfidence(prediction);
  if (coloring === "segment") return rows && byCell(rows);
  const axis = AXES.findIndex((name) => name === coloring);
  if (axis >= 0) return rows && byPosition(rows, axis, axisTitle(coloring, depthAxisOf(state)));
  return colorColumn?.made.name === coloring && coloring !== BY_CLASS ? byColumn(colorColumn) : null;
}

export function byColumn({ made, codes }: ColorColumn): Tint {
  const title = made.name.replace(/^extra:/, "");
  const { missing, note, low, high, below, above } = made;
  if (!made.names.length) {
    return { codes, colors: NUMBERS.viridis, scale: { kind: "numbers", title, unit: "", low, high, below, above, missing, note, ramp: "viridis" } };
  }
  const swatches = made.names.map((name, index) => ({ name, rgb: wordColor(index) }));
  const others = codes.includes(OTHERS);
  const colors = colorsOf((code) => swatches[code]?.rgb ?? null);
  return { codes, colors, scale: { kind: "words", title, swatches, others, missing, note } };
}

export function byLabel(labels: Labels, rows: Rows, classes: readonly ClassSpec[], wholeCells: boolean): Tint {
  const { table } = rows;
  const codes = new Uint8Array(table.rows).fill(NOTHING);
  labels.rows.forEach((row, i) => {
    if (row >= table.rows) return;
    for (const each of wholeCells ? table.rowsOf(table.indexOfRow(row)) : [row]) codes[each] = labels.classes[i];
  });
  const swatches = classes.map(({ name, color }) => ({ name, rgb: rgbOf(color) }));
  const colors = colorsOf((code) => swatches[code]?.rgb ?? null);
  const missing = codes.reduce((count, code) => count + Number(code === NOTHING), 0);
  return { codes, colors, scale: { kind: "words", title: "label", swatches, others: false, missing, note: "" } };
}

export function byConfidence({ classes, confidences }: Prediction): Tint {
  const codes = new Uint8Array(classes.length);
  let missing = 0;
  for (let row = 0; row < codes.length; row++) {
    const known = classes[row] !== NO_CLASS;
    codes[row] = known ? Math.round((confidences[row] * HIGHEST) / 255) : NOTHING;
    if (!known) missing += 1;
  }
  return { codes, colors: NUMBERS.viridis, scale: numbers("confidence", "", 0, 1, missing) };
}

/** By one of x, y, z. */
export function byPosition({ table, positions_nm }: Rows, axis: number, title: string): Tint {
  let [low, high] = [Infinity, -Infinity];
  for (let row = 0; row < table.rows; row++) {
    const value = positions_nm[3 * row + axis];
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const codes = new Uint8Array(table.rows);
  const step = HIGHEST / (high - low || 1);
  for (let row = 0; row < table.rows; row++) codes[row] = Math.round((positions_nm[3 * row + axis] - low) * step);
  const known = table.rows > 0;
  const scale = numbers(title, "µm", known ? low / 1000 : null, known ? high / 1000 : null, 0);
  return { codes, colors: NUMBERS.viridis, scale };
}

export function byCell({ table }: Rows): Tint {
  const codes = Uint8Array.from({ length: table.rows }, (_, row) => table.indexOfRow(row) % OTHERS);
  const note = "a colour for each cell; colours repeat";
  return { codes, colors: CELLS, scale: { kind: "words", title: "cell", swatches: [], others: false, missing: 0, note } };
}

/** Makes the tint of a state, and keeps the newest. */
export type Tints = (state: State) => Tint | null;

export function newTints(): Tints {
  let made: readonly unknown[] = [];
  let tint: Tint | null = null;
  return (state) => {
    const now = ingredients(state);
    if (now.length !== made.length || now.some((part, i) => part !== made[i])) [made, tint] = [now, tintOf(state)];
    return tint;
  };
}

/** What the colour of a row stands for. */
export function valueText({ codes, scale }: Tint, row: number): string {
  const code = codes[row];
  if (scale.kind === "words") {
    if (!scale.swatches.length) return "";
    return `${scale.title} ${code === NOTHING ? "none" : (scale.swatches[code]?.name ?? "another")}`;
  }
  const { low, high, unit, title, below, above } = scale;
  if (code === NOTHING || low === null || high === null) return `${title} unknown`;
  const end = code === 0 && below ? "≤ " : code === HIGHEST && above ? "≥ " : "";
  return `${title} ${end}${shortNumber(low + ((high - low) * code) / HIGHEST)}${unit && ` ${unit}`}`;
}

/** A number as scales have it: three digits that count, and no more. */
export function shortNumber(value: number): string {
  const size = Math.abs(value);
  if (value === 0) return "0";
  return size >= 1e5 || size < 1e-3 ? value.toExponential(1) : String(Number(value.toPrecision(size >= 1000 ? 4 : 3)));
}

function numbers(title: string, unit: string, low: number | null, high: number | null, missing: number): Scale {
  return { kind: "numbers", title, unit, low, high, below: false, above: false, missing, note: "", ramp: "viridis" };
}
