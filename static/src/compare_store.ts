// Two selections compared: A, which is kept, and B, the present one. A part of the reducer in store.ts.

import type { Comparison } from "./protocol_comparing";
import type { SelectionKept } from "./protocol_views";
import type { State } from "./state";

export interface Comparing {
  readonly task: string;
  readonly open: boolean;
  /** The first selection, null while it is being kept. */
  readonly first: SelectionKept | null;
  /** The request that keeps it, and the selection on screen that it is. */
  readonly keeping: string;
  readonly made: string;
  /** Not yet answered. */
  readonly request: string | null;
  readonly ready: Comparison | null;
}

export type CompareEvent =
  | { type: "compare-begun"; keeping: string; made: string }
  | { type: "compare-first"; first: SelectionKept }
  | { type: "compare-shown"; made: string }
  | { type: "compare-asked"; request: string }
  | { type: "compare-turned"; open: boolean };

export function compareReduce(state: State, event: CompareEvent): State {
  if (event.type === "compare-begun") {
    const { keeping, made } = event;
    const clusters = state.clusters && { ...state.clusters, open: false };
    return { ...state, clusters, comparing: { task: state.task, open: true, first: null, keeping, made, request: null, ready: null } };
  }
  const { comparing } = state;
  if (!comparing) return state;
  switch (event.type) {
    case "compare-first":
      return { ...state, comparing: { ...comparing, first: event.first } };
    case "compare-shown":
      return { ...state, comparing: { ...comparing, made: event.made } };
    case "compare-asked":
      return { ...state, comparing: { ...comparing, request: event.request } };
    case "compare-turned": {
      const clusters = event.open && state.clusters ? { ...state.clusters, open: false } : state.clusters;
      return { ...state, clusters, comparing: { ...comparing, open: event.open } };
    }
  }
}

/** The answer to this page's newest question. */
export function comparisonCame(state: State, ready: Comparison): State {
  const { comparing } = state;
  return comparing?.request === ready.request ? { ...state, comparing: { ...comparing, ready, request: null } } : state;
}

export function compareRefused(comparing: Comparing | null, request: string): Comparing | null {
  if (comparing?.keeping === request) return null;
  return comparing?.request === request ? { ...comparing, request: null } : comparing;
}
