// A view of the page: task, colours, hidden classes, both cameras, the selection (which the server keeps under a name) and the
// target. It is kept under a name, or stands in the address after the "#". It holds no token: whoever opens it needs to be
// signed in. What a view says is checked before anything follows it.

import { BY_CLASS } from "./coloring";
import type { Ramp } from "./colormap";
import type { Camera } from "./scatter/camera";
import type { Rows } from "./columns";
import { classesOf, classIdOf, whereabouts, type State } from "./state";

const MARK = "#view=";
const VERSION = 1;
const MOST_CELLS = 200;
const KEPT = /^[0-9a-f]{24}$/;

/** Where the viewer looks: position in voxels, nm-free scales and orientations as the viewer counts them. */
export interface ViewerPose {
  readonly position: readonly number[];
  readonly flat: number;
  readonly deep: number;
  /** Quaternions; null where the view is not turned. */
  readonly sections: readonly number[] | null;
  readonly space: readonly number[] | null;
}

export interface View {
  readonly task: string;
  readonly coloring: string;
  /** Of the second picture beside the first, null without one. */
  readonly beside: string | null;
  readonly density: boolean;
  /** The colours of numbers. */
  readonly ramp: Ramp;
  readonly threshold: number;
  /** Ids of the hidden classes. */
  readonly hidden: readonly string[];
  /** The layout that the scatter's camera is of, and the stamp that it is kept under, empty for principal components. */
  readonly layout: string;
  readonly stamp: string;
  readonly scatter: Camera;
  readonly viewer: ViewerPose | null;
  /** The name that the server keeps the selection under; null where there is none, and the viewer shows these cells. */
  readonly selection: string | null;
  readonly cells: readonly string[];
  /** The point that keys label: by its place, since of a large table its number is not the same in another run. */
  readonly target: Spot | null;
}

export interface Spot {
  readonly segment: string;
  readonly position_nm: readonly number[];
}

export interface Cameras {
  readonly scatter: Camera;
  readonly viewer: ViewerPose | null;
}

/** `selection`: the name that the server keeps it under, null where nothing is selected. */
export function viewOf(state: State, cameras: Cameras, selection: string | null): View {
  const { task, coloring, beside, density, ramp, threshold, layout, layouts, selected, target } = state;
  const hidden = [...state.hidden].filter((index) => index < classesOf(state).length).map((index) => classIdOf(state, index));
  return {
    task,
    coloring,
    beside,
    density,
    ramp,
    threshold,
    hidden,
    layout: layout?.id ?? "",
    stamp: layouts?.shown ?? "",
    ...cameras,
    selection,
    cells: selection === null ? (selected?.segments ?? []).slice(0, MOST_CELLS) : [],
    target: target?.kind === "row" ? spotOf(state, target.row) : null,
  };
}

function spotOf(state: State, row: number): Spot | null {
  const place = whereabouts(state, { kind: "row", row });
  return place && { segment: place.segment_id, position_nm: [...place.position_nm] };
}

/** The point at a place, -1 where there is none. */
export function pointAt({ segment, position_nm: [x, y, z] }: Spot, { table, positions_nm }: Rows): number {
  for (let row = 0; row < table.rows; row++) {
    const same = positions_nm[3 * row] === x && positions_nm[3 * row + 1] === y && positions_nm[3 * row + 2] === z;
    if (same && table.idOfRow(row) === segment) return row;
  }
  return -1;
}

/** A view as it is kept, and as it stands in an address. */
export function textOf(view: View): string {
  return JSON.stringify({ v: VERSION, ...view });
}

export function hashOf(view: View): string {
  return MARK + encodeURIComponent(textOf(view));
}

/** The view that was kept. Throws a sentence for one that cannot be read. */
export function viewFrom(text: string): View {
  try {
    return checked(JSON.parse(text) as Record<string, unknown>);
  } catch {
    throw new Error("The view cannot be read: it was made by another version.");
  }
}

/** The view in an address; null where there is none. Throws a sentence for one that cannot be read. */
export function viewIn(hash: string): View | null {
  if (!hash.startsWith(MARK)) return null;
  try {
    return checked(JSON.parse(decodeURIComponent(hash.slice(MARK.length))) as Record<string, unknown>);
  } catch {
    throw new Error("The link's view cannot be read: it was cut short, or made by another version.");
  }
}

function checked(raw: Record<string, unknown>): View {
  if (raw["v"] !== VERSION) throw new Error();
  const camera = raw["scatter"] as Record<string, unknown>;
  const viewer = raw["viewer"] as Record<string, unknown> | null;
  const hidden = raw["hidden"];
  if (!Array.isArray(hidden)) throw new Error();
  const zoom = numberIn(camera["zoom"]);
  if (zoom <= 0) throw new Error();
  return {
    task: textIn(raw["task"]),
    coloring: textIn(raw["coloring"] ?? BY_CLASS),
    beside: raw["beside"] == null ? null : textIn(raw["beside"]),
    density: raw["density"] === true,
    ramp: raw["ramp"] === "cividis" ? "cividis" : "viridis",
    threshold: Math.min(1, Math.max(0, numberIn(raw["threshold"]))),
    hidden: hidden.map(textIn),
    layout: textIn(raw["layout"]),
    stamp: textIn(raw["stamp"] ?? ""),
    scatter: { x: numberIn(camera["x"]), y: numberIn(camera["y"]), zoom },
    viewer: viewer && {
      position: numbersIn(viewer["position"], 3),
      flat: numberIn(viewer["flat"]),
      deep: numberIn(viewer["deep"]),
      sections: viewer["sections"] === null ? null : numbersIn(viewer["sections"], 4),
      space: viewer["space"] === null ? null : numbersIn(viewer["space"], 4),
    },
    selection: keptIn(raw["selection"] ?? null),
    cells: cellsIn(raw["cells"] ?? []),
    target: spotIn(raw["target"]),
  };
}

function keptIn(value: unknown): string | null {
  if (value === null) return null;
  const name = textIn(value);
  if (!KEPT.test(name)) throw new Error();
  return name;
}

function cellsIn(value: unknown): string[] {
  if (!Array.isArray(value) || value.length > MOST_CELLS) throw new Error();
  return value.map((cell) => {
    const text = textIn(cell);
    if (!/^[0-9]{1,20}$/.test(text)) throw new Error();
    return text;
  });
}

function spotIn(value: unknown): Spot | null {
  if (value == null) return null;
  if (typeof value !== "object") throw new Error();
  const { segment, position_nm } = value as Record<string, unknown>;
  return { segment: cellsIn([segment])[0], position_nm: numbersIn(position_nm, 3) };
}

function numberIn(value: unknown): number {
  if (typeof value !== "number" || !Number.isFinite(value)) throw new Error();
  return value;
}

function textIn(value: unknown): string {
  if (typeof value !== "string" || value.length > 200) throw new Error();
  return value;
}

function numbersIn(value: unknown, count: number): number[] {
  if (!Array.isArray(value) || value.length !== count) throw new Error();
  return value.map(numberIn);
}
