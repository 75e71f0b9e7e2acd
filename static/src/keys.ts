// What a key press on the page means. The same keys pressed in the viewer are handled by Neuroglancer's own actions,
// but for those that are the page's alone, and for all of them while the queue runs.

import type { ClassSpec } from "./protocol";
import type { Keys, Mark } from "./protocol_queue";

export interface KeyPress {
  readonly key: string;
  readonly code: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly shiftKey: boolean;
  readonly altKey: boolean;
  readonly repeat: boolean;
}

export type Command =
  | { readonly kind: "label"; readonly class: number }
  | { readonly kind: "mark"; readonly mark: Mark }
  | { readonly kind: "take-back" }
  | { readonly kind: "queue" }
  | { readonly kind: "skip" }
  | { readonly kind: "back" }
  | { readonly kind: "forward" }
  | { readonly kind: "neighbours" }
  | { readonly kind: "label-selection" }
  | { readonly kind: "accept" }
  | { readonly kind: "evaluation" }
  | { readonly kind: "people" }
  | { readonly kind: "others" }
  | { readonly kind: "places" }
  | { readonly kind: "comment" }
  | { readonly kind: "similar" }
  | { readonly kind: "clusters" }
  | { readonly kind: "follow" }
  | { readonly kind: "pin" }
  | { readonly kind: "tool" }
  | { readonly kind: "find" }
  | { readonly kind: "views" }
  | { readonly kind: "review"; readonly verdict: "agree" | "disagree" }
  | { readonly kind: "step"; readonly by: 1 | -1 }
  | { readonly kind: "undo" }
  | { readonly kind: "redo" }
  | { readonly kind: "escape" }
  | { readonly kind: "help" };

/** KeyboardEvent.key, in small letters, of the keys that a project file calls by a name. */
const NAMED: Readonly<Record<string, string>> = {
  left: "arrowleft",
  right: "arrowright",
  up: "arrowup",
  down: "arrowdown",
  comma: ",",
  period: ".",
  semicolon: ";",
  slash: "/",
  minus: "-",
  equal: "=",
  quote: "'",
};
const SHOWN: Readonly<Record<string, string>> = {
  left: "←",
  right: "→",
  up: "↑",
  down: "↓",
  comma: ",",
  period: ".",
  semicolon: ";",
  slash: "/",
  minus: "-",
  equal: "=",
  quote: "'",
  enter: "Enter",
  none: "–",
};

const COMMANDS: Readonly<Record<keyof Keys, Command>> = {
  queue: { kind: "queue" },
  skip: { kind: "skip" },
  unsure: { kind: "mark", mark: "unsure" },
  bad_segmentation: { kind: "mark", mark: "bad_segmentation" },
  back: { kind: "back" },
  forward: { kind: "forward" },
  take_back: { kind: "take-back" },
  neighbours: { kind: "neighbours" },
  label_selection: { kind: "label-selection" },
  accept: { kind: "accept" },
  evaluation: { kind: "evaluation" },
  people: { kind: "people" },
  others: { kind: "others" },
  places: { kind: "places" },
  comment: { kind: "comment" },
  similar: { kind: "similar" },
  clusters: { kind: "clusters" },
  follow: { kind: "follow" },
  pin: { kind: "pin" },
  tool: { kind: "tool" },
  find: { kind: "find" },
  views: { kind: "views" },
  agree: { kind: "review", verdict: "agree" },
  disagree: { kind: "review", verdict: "disagree" },
};

/** Keys that go through a list where they mean nothing else. */
const STEPS: Readonly<Record<string, 1 | -1>> = { j: 1, arrowdown: 1, k: -1, arrowup: -1 };

/** How a key is written on the page. */
export function keyName(key: string): string {
  return SHOWN[key] ?? key.toUpperCase();
}

function stepOf(key: string, classes: readonly ClassSpec[], keys: Keys | null): Command | null {
  const by = STEPS[key];
  const taken = classes.some((spec) => spec.key === key) || Object.values(keys ?? {}).some((name) => (NAMED[name] ?? name) === key);
  return by && !taken ? { kind: "step", by } : null;
}

/** The command of a key press, or null when the key is not ours. A key held down labels once. */
export function commandOf(press: KeyPress, classes: readonly ClassSpec[], keys: Keys | null): Command | null {
  const key = press.key.toLowerCase();
  if (press.ctrlKey || press.metaKey) {
    if (press.altKey) return null;
    if (key === "z") return { kind: press.shiftKey ? "redo" : "undo" };
    return key === "y" && !press.shiftKey ? { kind: "redo" } : null;
  }
  if (press.altKey) return null;
  if (key === "escape") return { kind: "escape" };
  const step = stepOf(key, classes, keys);
  if (step) return step;
  if (press.repeat) return null;
  const byKey = classes.findIndex((spec) => spec.key.toLowerCase() === key);
  if (byKey >= 0) return { kind: "label", class: byKey };
  for (const name of Object.keys(COMMANDS) as (keyof Keys)[]) {
    const wanted = keys?.[name] ?? "";
    if ((NAMED[wanted] ?? wanted) === key) return COMMANDS[name];
  }
  // keyboards that give digits with Shift only (French), and the number pad
  const digit = /^(?:Digit|Numpad)(\d)$/.exec(press.code)?.[1];
  const byCode = classes.findIndex((spec) => spec.key === digit);
  if (byCode >= 0) return { kind: "label", class: byCode };
  if (key === "?") return { kind: "help" };
  return ["backspace", "delete"].includes(key) ? { kind: "take-back" } : null;
}
