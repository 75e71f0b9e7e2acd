// A view of the page as a link: task, colours, hidden classes and both cameras, in the address after the "#". It holds no
// token: whoever opens it needs to be signed in. What a link says is checked before anything follows it.

import { BY_CLASS } from "./coloring";
import type { Camera } from "./scatter/camera";
import { classesOf, classIdOf, type State } from "./state";

const MARK = "#view=";
const VERSION = 1;

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
  readonly density: boolean;
  readonly threshold: number;
  /** Ids of the hidden classes. */
  readonly hidden: readonly string[];
  /** The layout that the scatter's camera is of. */
  readonly layout: string;
  readonly scatter: Camera;
  readonly viewer: ViewerPose | null;
}

export function viewOf(state: State, scatter: Camera, viewer: ViewerPose | null): View {
  const { task, coloring, density, threshold, layout } = state;
  const hidden = [...state.hidden].filter((index) => index < classesOf(state).length).map((index) => classIdOf(state, index));
  return { task, coloring, density, threshold, hidden, layout: layout?.id ?? "", scatter, viewer };
}

export function hashOf(view: View): string {
  return MARK + encodeURIComponent(JSON.stringify({ v: VERSION, ...view }));
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
    density: raw["density"] === true,
    threshold: Math.min(1, Math.max(0, numberIn(raw["threshold"]))),
    hidden: hidden.map(textIn),
    layout: textIn(raw["layout"]),
    scatter: { x: numberIn(camera["x"]), y: numberIn(camera["y"]), zoom },
    viewer: viewer && {
      position: numbersIn(viewer["position"], 3),
      flat: numberIn(viewer["flat"]),
      deep: numberIn(viewer["deep"]),
      sections: viewer["sections"] === null ? null : numbersIn(viewer["sections"], 4),
      space: viewer["space"] === null ? null : numbersIn(viewer["space"], 4),
    },
  };
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
