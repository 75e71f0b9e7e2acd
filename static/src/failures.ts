// Failures that the user is told.

import type { State } from "./state";

const FAILURES_SHOWN = 3;

/** The same sentence twice in a row is one line with a count. */
export function failed(state: State, text: string): State {
  const last = state.failures.at(-1);
  const number = (last?.number ?? 0) + 1;
  if (last?.text === text) {
    return { ...state, failures: [...state.failures.slice(0, -1), { number, text, times: last.times + 1 }] };
  }
  return { ...state, failures: [...state.failures, { number, text, times: 1 }].slice(-FAILURES_SHOWN) };
}
