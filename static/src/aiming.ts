// What the keys label: the target.

import { whereabouts, type State, type Target } from "./state";

/** With another target; its segment is lit in the viewer. */
export function aimed(state: State, target: Target | null): State {
  const lit = target ? (whereabouts(state, target)?.segment_id ?? null) : null;
  return { ...state, target, lit };
}
