// The selection's part of the state: asked for here, answered by the server, which holds the one of all windows.

import type { Selection } from "./protocol_selection";
import { bitsOf, countBits, emptyBits } from "./scatter/bits";
import type { Selected, State } from "./state";

const NOTHING = {
  request: "",
  origin: "start",
  mask: null,
  stored: null,
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
  const selectionSteps = { back: message.can_back, forward: message.can_forward };
  const next = { ...state, selecting, selectionSteps, lit: null };
  if (message.origin === "clear") return { ...next, selected: null };
  const { request, origin, row_total, segments, segment_total, marks, mark_rows, note } = message;
  const shown = { request, origin, row_total, segments, segment_total, marks, mark_rows, note };
  return { ...next, selected: { ...shown, ...foundBy(state, message), stored: message.mask, waiting: false } };
}

/** The rows that this page has found already; else those that are marked, until the mask is there. */
function foundBy(state: State, message: Selection): Pick<Selected, "bits" | "mask"> {
  if (state.selected?.request === message.request) return { bits: state.selected.bits, mask: null };
  const bits = bitsOf(message.mark_rows, state.hello?.rows ?? 0);
  return { bits, mask: message.row_total > message.mark_rows.length ? message.mask : null };
}

export function masked(state: State, mask: string, bits: Uint32Array): State {
  const { selected } = state;
  return selected?.mask === mask ? { ...state, selected: { ...selected, bits, mask: null } } : state;
}

/** Found here, before the server has answered. */
export function drawn(request: string, bits: Uint32Array): Selected {
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
