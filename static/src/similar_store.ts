// More like this: what is asked, what was answered, and the picture that is chosen. A part of the reducer in store.ts.

import { aimed } from "./aiming";
import type { Exploring, Scope, SimilarReady } from "./protocol_explore";
import type { Ball } from "./protocol_selection";
import type { State } from "./state";

/** A change of one of its parts is another question. */
export interface Asked {
  readonly scope: Scope;
  /** The row in question, null for the selection. */
  readonly row: number | null;
  /** Only points predicted as this class (its id), of this segment, and within this ball of the volume. */
  readonly class: string | null;
  readonly segment: string | null;
  readonly within: Ball | null;
  readonly once: boolean;
  readonly count: number;
}

export interface Similar {
  readonly task: string;
  readonly open: boolean;
  readonly asked: Asked;
  /** Not yet answered. */
  readonly request: string | null;
  /** What is being done for it. */
  readonly doing: string;
  readonly ready: SimilarReady | null;
  /** The picture that is chosen, -1 for none. */
  readonly at: number;
}

export type SimilarEvent =
  | { type: "similar-opened"; scope: Scope; row: number | null }
  | { type: "similar-closed" }
  | { type: "similar-changed"; change: Partial<Asked> }
  | { type: "similar-asked"; request: string }
  | { type: "similar-at"; at: number };

export const COUNT = 60;
const USUAL: Asked = { scope: "point", row: null, class: null, segment: null, within: null, once: true, count: COUNT };

export function similarReduce(state: State, event: SimilarEvent): State {
  const { similar } = state;
  if (event.type === "similar-opened") {
    const kept = similar?.task === state.task ? similar.asked : USUAL;
    const asked = { ...kept, scope: event.scope, row: event.row, count: COUNT };
    const fresh = { task: state.task, open: true, asked, request: null, doing: "", ready: null, at: -1 };
    const evaluation = state.evaluation && { ...state.evaluation, open: false };
    const listing = state.listing && { ...state.listing, open: false };
    return { ...state, evaluation, listing, similar: fresh };
  }
  if (!similar) return state;
  switch (event.type) {
    case "similar-closed":
      return { ...state, similar: { ...similar, open: false } };
    case "similar-changed":
      return { ...state, similar: { ...similar, asked: { ...similar.asked, ...event.change } } };
    case "similar-asked":
      return { ...state, similar: { ...similar, request: event.request, doing: "" } };
    case "similar-at": {
      const row = similar.ready?.rows[event.at];
      if (row === undefined) return state;
      return aimed({ ...state, similar: { ...similar, at: event.at } }, { kind: "row", row });
    }
  }
}

/** The answer to this page's newest question; others are passed over. What was chosen stays chosen if it is there. */
export function similarCame(state: State, ready: SimilarReady): State {
  const { similar } = state;
  if (!similar || similar.request !== ready.request) return state;
  const chosen = similar.ready?.rows[similar.at];
  const at = chosen === undefined ? -1 : ready.rows.indexOf(chosen);
  return { ...state, similar: { ...similar, ready, request: null, doing: "", at } };
}

export function similarDoing(similar: Similar | null, news: Exploring): Similar | null {
  return similar?.request === news.request ? { ...similar, doing: news.text } : similar;
}

/** A request was refused: what was answered to another question is not shown as its answer. */
export function similarRefused(similar: Similar | null, request: string): Similar | null {
  return similar?.request === request ? { ...similar, request: null, doing: "", ready: null, at: -1 } : similar;
}

/** Whether the keys label the picture that is chosen in the open gallery. */
export function isChosenAlike({ similar, target }: State): boolean {
  return similar?.open === true && target?.kind === "row" && similar.ready?.rows[similar.at] === target.row;
}
