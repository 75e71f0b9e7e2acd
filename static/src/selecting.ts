// The selection's part of the state: asked for here, answered by the server, which holds the one of all windows.

import type { Coordinates } from "./columns";
import type { Selection } from "./protocol";
import { bitsOf, countBits, emptyBits } from "./scatter/bits";
import { lasso } from "./scatter/lasso";
import type { Selected, State } from "./state";

const NOTHING = {
  request: "",
  origin: "start",
  polygon: null,
  row_total: 0,
  segments: [],
  segment_total: 0,
  marks: [],
  mark_rows: [],
  note: "",
  waiting: false,
} as const;

export function selection(state: State, message: Selection): State {
  const place = state.selecting.indexOf(message.request);
  const late = place >= 0 && place < state.selecting.length - 1;
  const selecting = place >= 0 ? state.selecting.slice(place + 1) : state.selecting;
  if (late || !state.hello) return { ...state, selecting };
  if (message.origin === "clear") return { ...state, selecting, lit: null, selected: null };
  const { request, origin, row_total, segments, segment_total, marks, mark_rows, note } = message;
  const shown = { request, origin, row_total, segments, segment_total, marks, mark_rows, note };
  return { ...state, selecting, lit: null, selected: { ...shown, ...foundBy(state, message), waiting: false } };
}

/** Rows as told; of a lasso those that the page has found already, or finds from the polygon once it has the layout. */
function foundBy(state: State, message: Selection): Pick<Selected, "bits" | "polygon"> {
  const total = state.hello?.rows ?? 0;
  if (message.rows) return { bits: bitsOf(message.rows, total), polygon: null };
  if (state.selected?.request === message.request) return { bits: state.selected.bits, polygon: null };
  const { coordinates } = state;
  if (message.polygon && coordinates?.id === message.layout) {
    return { bits: lasso(coordinates.x, coordinates.y, message.polygon), polygon: null };
  }
  const coming = message.layout === state.layout?.id ? message.polygon : null;
  return { bits: bitsOf(message.mark_rows, total), polygon: coming };
}

export function located(state: State, coordinates: Coordinates): State {
  const { selected } = state;
  if (!selected?.polygon) return { ...state, coordinates };
  const bits = lasso(coordinates.x, coordinates.y, selected.polygon);
  return { ...state, coordinates, selected: { ...selected, bits, polygon: null } };
}

export function lassoed(request: string, bits: Uint32Array): Selected {
  return { ...NOTHING, request, origin: "lasso", bits, row_total: countBits(bits), waiting: true };
}

/** The segments that the project opens with: shown in the viewer, with no row standing out in the scatter. */
export function started(segments: readonly string[], rows: number): Selected {
  return { ...NOTHING, bits: emptyBits(rows), segments, segment_total: segments.length };
}

export function asking(state: State, request: string): State {
  return { ...state, selecting: [...state.selecting, request] };
}

/** The viewer keeps its selection while a page is reloaded, and opens with one: it is taken over as it is. */
export function viewerReady(state: State, cells: readonly string[]): State {
  const adopts = state.hello !== null && (state.selected === null || state.selected.origin === "start");
  const selected = adopts && cells.length ? started(cells, state.hello.rows) : state.selected;
  return { ...state, viewerReady: true, selected };
}
