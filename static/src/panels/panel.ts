// What a panel is: something built once, then told each new state.

import type { Target } from "../state";
import type { Event } from "../store";

export interface Actions {
  /** Change the page's own state. */
  dispatch(event: Event): void;
  /** Label the target with a class of the active task, or take its label back (null). */
  label(target: Target, classIndex: number | null): void;
  undo(): void;
  redo(): void;
  switchTask(name: string): void;
  clear(): void;
  /** Run the encoder at the target's position. */
  embed(target: Target): void;
  help(): void;
}

/** Run `update` only when one of the values that it shows has changed. */
export function whenChanged<T extends readonly unknown[]>(update: (...values: T) => void): (...values: T) => void {
  let last: T | null = null;
  return (...values) => {
    if (last && values.every((value, i) => value === last?.[i])) return;
    last = values;
    update(...values);
  };
}
