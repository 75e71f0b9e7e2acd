// What a key press on the page means. The same keys pressed in the viewer are handled by Neuroglancer's own actions.

import type { ClassSpec } from "./protocol";

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
  | { readonly kind: "take-back" }
  | { readonly kind: "undo" }
  | { readonly kind: "redo" }
  | { readonly kind: "escape" }
  | { readonly kind: "help" };

/** The command of a key press, or null when the key is not ours. A key held down labels once. */
export function commandOf(press: KeyPress, classes: readonly ClassSpec[]): Command | null {
  const key = press.key.toLowerCase();
  if (press.ctrlKey || press.metaKey) {
    if (press.altKey) return null;
    if (key === "z") return { kind: press.shiftKey ? "redo" : "undo" };
    return key === "y" && !press.shiftKey ? { kind: "redo" } : null;
  }
  if (press.altKey) return null;
  if (key === "escape") return { kind: "escape" };
  if (press.repeat) return null;
  const byKey = classes.findIndex((spec) => spec.key.toLowerCase() === key);
  if (byKey >= 0) return { kind: "label", class: byKey };
  // keyboards that give digits with Shift only (French), and the number pad
  const digit = /^(?:Digit|Numpad)(\d)$/.exec(press.code)?.[1];
  const byCode = classes.findIndex((spec) => spec.key === digit);
  if (byCode >= 0) return { kind: "label", class: byCode };
  if (key === "?") return { kind: "help" };
  return ["x", "backspace", "delete"].includes(key) ? { kind: "take-back" } : null;
}
